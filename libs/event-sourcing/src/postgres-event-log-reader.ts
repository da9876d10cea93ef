import type { Subscription } from './event-log';
import { asError, Backoff, pause } from './log-backoff';
import { DEFAULT_MAX_RECORDS, deliver } from './log-delivery';
import type { LogDatabase, LogTopic } from './postgres-event-log-database';
import { type PartitionHeads, slotOf } from './postgres-event-log-heads';
import { readPage } from './postgres-event-log-pages';

// Every partition has a batch under way at a time: what is far behind must neither fill the memory nor keep what is new waiting.
const BATCH_BYTES = 1024 * 1024;

/** Reads one partition for one subscription, from its checkpoint on, until it is stopped. */
export class PartitionReader {
  readonly ended: Promise<void>;
  /** Offset of the next record to hand over; undefined until the checkpoint is known. */
  next: bigint | undefined;
  private readonly stopping = new AbortController();
  private readonly backoff = new Backoff();

  constructor(
    readonly topic: LogTopic,
    readonly partition: number,
    private readonly subscription: Subscription,
    private readonly database: LogDatabase,
    private readonly heads: PartitionHeads,
  ) {
    this.ended = this.run();
  }

  /** Lets the batch under way finish and reads no other. */
  stop(): void {
    this.stopping.abort();
  }

  get stopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        this.next ??= BigInt((await this.subscription.position?.(this.topic.name, this.partition)) ?? 0);
        await this.heads.grown(slotOf(this.topic.id, this.partition), this.next, signal);
        if (!signal.aborted) await this.step(this.next);
      } catch (error) {
        this.subscription.onState?.('failing', asError(error));
        await pause(this.backoff.next(), signal);
      }
    }
  }

  private async step(from: bigint): Promise<void> {
    const { topic, partition, subscription } = this;
    const head = this.heads.get(slotOf(topic.id, partition));
    const maxRecords = subscription.maxRecords ?? DEFAULT_MAX_RECORDS;
    const records = await readPage(this.database, { topic, partition, from, until: head, maxRecords, maxBytes: BATCH_BYTES });
    const last = records.at(-1);
    // Retention or compaction may have taken everything up to the head.
    if (!last) return void (this.next = head);
    const nextOffset = String(BigInt(last.offset) + 1n);
    const batch = { topic: topic.name, partition, records, nextOffset, highWatermark: String(head) };
    const delivered = await deliver(subscription, batch, this.backoff, this.stopping.signal);
    if (delivered !== 'stopped') this.next = delivered.next;
  }
}
