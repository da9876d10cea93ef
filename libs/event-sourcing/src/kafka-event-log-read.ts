import { randomUUID } from 'node:crypto';
import { AssignerProtocol, type Batch, type Consumer, type PartitionAssigner } from 'kafkajs';
import type { RecordBatch } from './event-log';
import { pause } from './log-backoff';
import { DEFAULT_MAX_RECORDS } from './log-delivery';
import { createKafka, type KafkaEventLogOptions } from './kafka-event-log-client';
import { toLogRecord } from './kafka-event-log-records';
import { Unavailable } from './unavailable';

/** A stretch of one partition: `from` inclusive, `until` exclusive, both within what the log has. */
export interface Stretch { topic: string; partition: number; from: bigint; until: bigint }

const NO_PROGRESS_MS = 30_000;
const RETRY_MS = 500;

/** The driver has no consumer without a group; this one's only member gets only the partition that is to be read. */
const only = (topic: string, partition: number): PartitionAssigner => () => ({
  name: 'PatakaOnePartition', version: 0,
  assign: ({ members }) => Promise.resolve(members.map(({ memberId }) => ({
    memberId, memberAssignment: AssignerProtocol.MemberAssignment.encode({ version: 0, assignment: { [topic]: [partition] }, userData: Buffer.alloc(0) }),
  }))),
  protocol: ({ topics }) => ({
    name: 'PatakaOnePartition', metadata: AssignerProtocol.MemberMetadata.encode({ version: 0, topics, userData: Buffer.alloc(0) }),
  }),
});

/** Passes batches from the driver's callback to the reader one at a time, so that the driver fetches no faster than is read. */
class Handoff {
  private offered: { batch: Batch; taken: () => void } | undefined;
  private ended = false;
  private failure: Error | undefined;
  private wake: () => void = () => undefined;

  async offer(batch: Batch): Promise<void> {
    if (this.ended) return;
    await new Promise<void>((taken) => {
      this.offered = { batch, taken };
      this.wake();
    });
  }

  end(failure?: Error): void {
    this.ended = true;
    this.failure ??= failure;
    this.offered?.taken();
    this.wake();
  }

  /** The next batch; undefined at the end. Rejects after a failure, or when nothing comes for too long. */
  async take(): Promise<Batch | undefined> {
    const deadline = AbortSignal.timeout(NO_PROGRESS_MS);
    while (!this.offered && !this.ended && !deadline.aborted) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        deadline.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    if (this.failure) throw this.failure;
    if (deadline.aborted && !this.offered) throw new Error('no record came');
    const batch = this.offered?.batch;
    this.offered?.taken();
    this.offered = undefined;
    return batch;
  }
}

const begin = async (consumer: Consumer, { topic, partition, from, until }: Stretch, handoff: Handoff): Promise<void> => {
  consumer.on(consumer.events.CRASH, ({ payload }) => handoff.end(payload.error));
  // The last offsets may hold no record (compacted away, marks of transactions): the driver passes them by with this event alone.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    if (BigInt(payload.lastOffset) + 1n >= until) handoff.end();
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch, isStale }) => {
      if (!isStale()) await handoff.offer(batch);
    },
  });
  consumer.seek({ topic, partition, offset: String(from) });
};

const toBatches = function* ({ messages, highWatermark }: Batch, { topic, partition, from, until }: Stretch): Generator<RecordBatch> {
  const wanted = messages.filter(({ offset }) => BigInt(offset) >= from && BigInt(offset) < until);
  for (let i = 0; i < wanted.length; i += DEFAULT_MAX_RECORDS) {
    const records = wanted.slice(i, i + DEFAULT_MAX_RECORDS).map((message) => toLogRecord(topic, partition, message));
    yield { topic, partition, records, nextOffset: String(BigInt(records.at(-1)?.offset ?? from) + 1n), highWatermark };
  }
};

const readOnce = async function* (options: KafkaEventLogOptions, stretch: Stretch): AsyncGenerator<RecordBatch> {
  const handoff = new Handoff();
  const consumer = createKafka(options).consumer({
    groupId: `pataka-read-${randomUUID()}`, partitionAssigners: [only(stretch.topic, stretch.partition)], allowAutoTopicCreation: false,
    maxWaitTimeInMs: 200, maxBytesPerPartition: 4 * 1024 * 1024, retry: { retries: 3, restartOnFailure: () => Promise.resolve(false) },
  });
  try {
    await begin(consumer, stretch, handoff);
    for (let next = stretch.from; next < stretch.until; ) {
      const taken = await handoff.take();
      if (!taken) return;
      yield* toBatches(taken, { ...stretch, from: next });
      const after = BigInt(taken.lastOffset()) + 1n;
      if (after > next) next = after;
    }
  } finally {
    handoff.end();
    await consumer.disconnect().catch(() => undefined);
  }
};

/** Reads a stretch of a partition. Goes on where it was when the connection breaks; rejects with Unavailable when nothing comes for long. */
export const readStretch = async function* (options: KafkaEventLogOptions, stretch: Stretch): AsyncGenerator<RecordBatch> {
  let next = stretch.from;
  let progressAt = performance.now();
  while (next < stretch.until) {
    try {
      for await (const batch of readOnce(options, { ...stretch, from: next })) {
        next = BigInt(batch.nextOffset);
        yield batch;
        progressAt = performance.now();
      }
      return;
    } catch (cause) {
      if (performance.now() - progressAt > NO_PROGRESS_MS) throw new Unavailable('event-log', { cause });
      await pause(RETRY_MS);
    }
  }
};
