import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { type AccessChange, flagChangeOf, type KeyListChunk, type MetricChange, type SegmentChange, topics } from '@pataka/contracts';
import { type EventBatch, type ReceivedEvent, Unavailable } from '@pataka/event-sourcing';
import { KeyListFollower } from '../lists/key-list-follower';
import { RulesetFollower } from './ruleset-follower';

/** Every evaluator needs every change, so these are read by all and shared by none. */
const following = { group: 'evaluator-rules', broadcast: true };

@Controller()
export class RulesetConsumer {
  constructor(@Inject(RulesetFollower) private readonly follower: RulesetFollower, @Inject(KeyListFollower) private readonly lists: KeyListFollower) {}

  @EventPattern(topics.flagChanges.name, undefined, following)
  flagChanges(@Payload() batch: EventBatch): void {
    this.#each(batch, (event, position) => this.follower.state.applyFlagChange(flagChangeOf(event.schemaVersion, event.data), position));
  }

  @EventPattern(topics.segmentChanges.name, undefined, following)
  async segmentChanges(@Payload() batch: EventBatch): Promise<void> {
    for (const event of batch.events) {
      try {
        await this.#segmentChange(event.data as unknown as SegmentChange | KeyListChunk, event.position ?? 0);
      } catch (error) {
        // Without its list a segment must not change; the batch comes again.
        if (error instanceof Unavailable) throw error;
        this.#passOver(event, error as Error);
      }
    }
    this.follower.reached(batch);
  }

  @EventPattern(topics.accessChanges.name, undefined, following)
  accessChanges(@Payload() batch: EventBatch): void {
    this.#each(batch, (event, position) => {
      this.follower.access.apply(event.data as unknown as AccessChange, position);
      this.follower.state.seen(position);
    });
  }

  @EventPattern(topics.metricChanges.name, undefined, following)
  metricChanges(@Payload() batch: EventBatch): void {
    // Never noted as reached: the snapshot holds no metrics, so every start reads the few there are from the beginning.
    for (const event of batch.events) {
      // Corrections of the evidence share the topic.
      const { metric } = event.data as unknown as Partial<MetricChange>;
      if (metric !== undefined) this.follower.clientRules.metricChanged(metric);
    }
    if (BigInt(batch.nextOffset) >= BigInt(batch.highWatermark)) this.follower.clientRules.metricsRead();
  }

  async #segmentChange(change: SegmentChange | KeyListChunk, position: number): Promise<void> {
    const { state } = this.follower;
    if (change.kind === 'segment-list') {
      if (state.isNews('segment', change.key, position)) this.lists.chunk(change);
      return state.seen(position);
    }
    const listed = change.kind === 'segment' && state.isNews('segment', change.key, position);
    if (listed) await this.lists.prepare(change, state.segment(change.key));
    state.applySegmentChange(change, position);
    if (listed) this.lists.settle(change.key, state.segments());
  }

  #each(batch: EventBatch, apply: (event: ReceivedEvent, position: number) => void): void {
    for (const event of batch.events) {
      try {
        apply(event, event.position ?? 0);
      } catch (error) {
        this.#passOver(event, error as Error);
      }
    }
    this.follower.reached(batch);
  }

  /** One record that cannot be understood must not keep the newer rules from being served. */
  #passOver(event: ReceivedEvent, error: Error): void {
    this.follower.onUnreadable(event, error);
    if (event.position !== null) this.follower.state.seen(event.position);
  }
}
