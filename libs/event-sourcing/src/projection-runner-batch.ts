import type { EventBatch, ReceivedEvent, Refused } from './event-batch';

const atOrAfter = (offset: string, from: bigint): boolean => BigInt(offset) >= from;

/** What of a batch lies at or after an offset. */
export const sliceFrom = (batch: EventBatch, from: bigint): EventBatch => {
  if (BigInt(batch.firstOffset) >= from) return batch;
  const records = batch.records.filter(({ offset }) => atOrAfter(offset, from));
  return {
    ...batch,
    records,
    events: batch.events.filter(({ record }) => atOrAfter(record.offset, from)),
    refused: batch.refused.filter(({ record }) => atOrAfter(record.offset, from)),
    firstOffset: records[0]?.offset ?? String(from),
  };
};

/** A batch of some events of another, for handlers that take a batch; what was refused stays with the whole. */
export const batchOf = (batch: EventBatch, events: ReceivedEvent[]): EventBatch => {
  const records = [...new Set(events.map(({ record }) => record))];
  return { ...batch, events, records, refused: [], firstOffset: records[0]?.offset ?? batch.firstOffset };
};

/** A batch in pieces of at most `size` records, in order; the last ends where the batch does. */
export const piecesOf = (batch: EventBatch, size: number): EventBatch[] => {
  const pieces: EventBatch[] = [];
  for (let start = 0; start < batch.records.length; start += size) {
    const records = batch.records.slice(start, start + size);
    const members = new Set(records);
    const next = batch.records[start + size];
    pieces.push({
      ...batch, records,
      events: batch.events.filter(({ record }) => members.has(record)),
      refused: batch.refused.filter(({ record }) => members.has(record)),
      firstOffset: records[0]?.offset ?? batch.firstOffset,
      nextOffset: next?.offset ?? batch.nextOffset,
    });
  }
  return pieces.length > 0 ? pieces : [batch];
};

/** One batch of several of one topic. Its place in the log is that of the first. */
export const merged = ([first, ...others]: readonly [EventBatch, ...EventBatch[]]): EventBatch => {
  if (others.length === 0) return first;
  const parts = [first, ...others];
  return { ...first, records: parts.flatMap(({ records }) => records), events: parts.flatMap(({ events }) => events), refused: parts.flatMap(({ refused }) => refused) };
};

/** What a batch is to a reader whose checkpoint is `at` (null: it has none yet). */
export type Place = { kind: 'done' } | { kind: 'elsewhere'; at: string } | { kind: 'gap'; at: string | null } | { kind: 'due'; batch: EventBatch };

/**
 * Places a batch by its offsets. Offsets may have holes (compaction), so a batch that begins after the checkpoint is a gap only until someone has
 * looked that nothing lies between: `holeAt` is the checkpoint for which that was done.
 */
export const placeOf = (batch: EventBatch, at: string | null, holeAt: string | null | undefined): Place => {
  const first = BigInt(batch.firstOffset);
  const next = BigInt(batch.nextOffset);
  const checkpoint = BigInt(at ?? 0);
  if (at !== null && next === checkpoint) return { kind: 'done' };
  if (at !== null && next < checkpoint) return { kind: 'elsewhere', at };
  if (first > checkpoint && holeAt !== at) return { kind: 'gap', at };
  return { kind: 'due', batch: sliceFrom(batch, checkpoint) };
};

/** An event that cannot be applied, with why. */
export const refusalOf = (event: ReceivedEvent, error: unknown): Refused => ({
  record: event.record, index: event.index, reason: (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 1_000),
});
