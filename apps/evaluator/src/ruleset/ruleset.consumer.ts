import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { type AccessChange, flagChangeOf, type MetricChange, type SegmentChange, topics } from '@pataka/contracts';
import type { EventBatch, ReceivedEvent } from '@pataka/event-sourcing';
import { RulesetFollower } from './ruleset-follower';

/** Every evaluator needs every change, so these are read by all and shared by none. */
const following = { group: 'evaluator-rules', broadcast: true };

@Controller()
export class RulesetConsumer {
  constructor(@Inject(RulesetFollower) private readonly follower: RulesetFollower) {}

  @EventPattern(topics.flagChanges.name, undefined, following)
  flagChanges(@Payload() batch: EventBatch): void {
    this.#each(batch, (event, position) => this.follower.state.applyFlagChange(flagChangeOf(event.schemaVersion, event.data), position));
  }

  @EventPattern(topics.segmentChanges.name, undefined, following)
  segmentChanges(@Payload() batch: EventBatch): void {
    this.#each(batch, (event, position) => this.follower.state.applySegmentChange(event.data as unknown as SegmentChange, position));
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
    for (const event of batch.events) this.follower.clientRules.metricChanged((event.data as unknown as MetricChange).metric);
  }

  #each(batch: EventBatch, apply: (event: ReceivedEvent, position: number) => void): void {
    for (const event of batch.events) {
      try {
        apply(event, event.position ?? 0);
      } catch (error) {
        // One record that cannot be understood must not keep the newer rules from being served.
        this.follower.onUnreadable(event, error as Error);
        if (event.position !== null) this.follower.state.seen(event.position);
      }
    }
    this.follower.reached(batch);
  }
}
