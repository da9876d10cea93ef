import type { Batch, Consumer, EachBatchPayload } from 'kafkajs';
import type { RecordBatch, Subscription } from './event-log';
import { asError, Backoff } from './log-backoff';
import { DEFAULT_MAX_RECORDS } from './log-delivery';
import { toLogRecord } from './kafka-event-log-records';

// Well below the rebalance timeout, and often enough for a session of 10 s.
const HEARTBEAT_MS = 1_000;

/**
 * One partition of one running consumer. The driver decides when there is a batch; where reading stands is decided here: by the
 * reader's checkpoint at first, then by what has taken effect. Anything else the driver brings is skipped or sought again.
 */
export class PartitionDelivery {
  /** Offset of the next record to hand over; undefined until the checkpoint was asked for. */
  next: bigint | undefined;
  private sought: bigint | undefined;
  private busy: Promise<void> = Promise.resolve();
  private readonly backoff = new Backoff();
  private resume: NodeJS.Timeout | undefined;

  constructor(
    private readonly topic: string,
    private readonly partition: number,
    private readonly subscription: Subscription,
    private readonly consumer: Consumer,
    private readonly stopping: AbortSignal,
  ) {}

  /** The partition may have been another member's meanwhile: ask for the checkpoint again. */
  forget(): void {
    this.next = undefined;
    this.sought = undefined;
  }

  /** When the consumer is gone: ends the wait after a failure, and waits for the batch under way. */
  async end(): Promise<void> {
    clearTimeout(this.resume);
    await this.busy;
    clearTimeout(this.resume);
  }

  /** Takes one batch of the driver. Batches of a partition never overlap, whatever the driver does. */
  take(payload: EachBatchPayload): Promise<void> {
    const taken = this.busy.then(() => this.takeNow(payload));
    this.busy = taken.catch(() => undefined);
    return taken;
  }

  private async takeNow(payload: EachBatchPayload): Promise<void> {
    const ended = (): boolean => this.stopping.aborted || !payload.isRunning() || payload.isStale();
    if (ended()) return;
    let lost: unknown;
    const beat = setInterval(() => void payload.heartbeat().catch((error: unknown) => (lost = error)), HEARTBEAT_MS);
    try {
      const from = await this.placeOf(payload);
      if (from !== undefined) await this.handOver(payload, from, () => lost !== undefined || ended());
    } catch (error) {
      this.postpone(asError(error));
    } finally {
      clearInterval(beat);
    }
    // Told by the heartbeat that the group is rebalancing: the driver has to know, and joins again.
    if (lost !== undefined) throw lost;
  }

  /** Where to begin in the batch; undefined when there is nothing in it for us. */
  private async placeOf({ batch, resolveOffset }: EachBatchPayload): Promise<bigint | undefined> {
    this.next ??= BigInt((await this.subscription.position?.(this.topic, this.partition)) ?? 0);
    const first = BigInt(batch.firstOffset() ?? 0);
    const last = BigInt(batch.lastOffset());
    if (first <= this.next && this.next <= last) return this.next;
    if (this.sought !== this.next) {
      this.seek(this.next);
      return undefined;
    }
    // Already sought, and still elsewhere: what lies between is gone for good, or comes before and is passed over.
    if (first > this.next) return first;
    resolveOffset(batch.lastOffset());
    return undefined;
  }

  private async handOver(payload: EachBatchPayload, from: bigint, ended: () => boolean): Promise<void> {
    for (const batch of this.chunks(payload.batch, from)) {
      if (ended()) return;
      const outcome = await this.subscription.onBatch(batch);
      this.backoff.reset();
      this.subscription.onState?.('reading');
      if (outcome) return this.seek(BigInt(outcome.seek));
      this.next = BigInt(batch.nextOffset);
      payload.resolveOffset(String(this.next - 1n));
    }
  }

  private chunks({ messages, highWatermark }: Batch, from: bigint): RecordBatch[] {
    const { topic, partition } = this;
    const start = messages.findIndex(({ offset }) => BigInt(offset) >= from);
    const size = this.subscription.maxRecords ?? DEFAULT_MAX_RECORDS;
    const chunks: RecordBatch[] = [];
    for (let i = start; i >= 0 && i < messages.length; i += size) {
      const records = messages.slice(i, i + size).map((message) => toLogRecord(topic, partition, message));
      const nextOffset = String(BigInt(records.at(-1)?.offset ?? from) + 1n);
      chunks.push({ topic, partition, records, nextOffset, highWatermark });
    }
    return chunks;
  }

  private seek(offset: bigint): void {
    this.next = offset;
    this.sought = offset;
    this.consumer.seek({ topic: this.topic, partition: this.partition, offset: String(offset) });
  }

  /** After a failure only this partition waits; to wait inside the batch would hold up all the others. */
  private postpone(error: Error): void {
    this.subscription.onState?.('failing', error);
    const { topic, partition } = this;
    this.consumer.pause([{ topic, partitions: [partition] }]);
    this.resume = setTimeout(() => {
      if (this.stopping.aborted) return;
      try {
        if (this.next !== undefined) this.seek(this.next);
        this.consumer.resume([{ topic, partitions: [partition] }]);
      } catch {
        // The consumer is gone: its successor begins at the checkpoint.
      }
    }, this.backoff.next());
  }
}
