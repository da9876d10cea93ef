import type { Sql } from './database';
import type { EventBatch } from './event-batch';
import type { FillLane } from './projection';
import type { BuildingGeneration, Range } from './projection-runner-generation';
import { isFaultOfEvent } from './projection-runner-write';

/** How far a lane has come in one of its partitions. */
export interface LaneStep { topic: string; partition: number; nextOffset: string; events: number }

/** One lane of a fill, as it can be told to another thread. */
export interface LaneWork { projection: string; generation: number; lane: number; ranges: Range[]; until?: string | undefined }

const TRIES = 3;

/** Takes the ranges of one lane, one after the other; answers those that could not be written, for `apply` to find out why once all others are in. */
export const fillLane = async (generation: BuildingGeneration, { lane: number, ranges }: LaneWork, signal: AbortSignal, onStep: (step: LaneStep) => void): Promise<Range[]> => {
  const lane = generation.parts.projection.fill!.open(generation.schema, number);
  const { database } = generation.parts;
  const flush = async (): Promise<void> => (await database.transaction((sql) => lane.flush(sql), { unhurried: true }))();
  const putOff: Range[] = [];
  for (const range of ranges) {
    for await (const batch of generation.batches(range)) {
      signal.throwIfAborted();
      if (!(await takes(generation, lane, batch))) putOff.push({ topic: batch.topic, partition: batch.partition, from: batch.firstOffset, until: batch.nextOffset });
      onStep({ topic: batch.topic, partition: batch.partition, nextOffset: batch.nextOffset, events: batch.events.length });
      if (lane.full()) await flush();
    }
  }
  await flush();
  return putOff;
};

/** Whether the lane could take the batch; its checkpoint has moved in either case. */
const takes = async (generation: BuildingGeneration, lane: FillLane, batch: EventBatch): Promise<boolean> => {
  const claimed = <T>(work: (sql: Sql) => Promise<T>): Promise<T> => generation.parts.database.transaction(async (sql) => {
    await generation.claim(sql, batch);
    return work(sql);
  });
  for (let attempt = 1; ; attempt += 1) {
    try {
      (await claimed((sql) => lane.take(sql, batch)))();
      return true;
    } catch (error) {
      if (!isFaultOfEvent(error)) throw error;
      if (attempt < TRIES) continue;
      await claimed(async () => undefined);
      return false;
    }
  }
};
