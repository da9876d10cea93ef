import type { Checkpoint, Checkpoints } from './checkpoint';
import { decodeBatch } from './cloud-event-decode';
import type { Database, Sql } from './database';
import type { EventBatch } from './event-batch';
import type { EventLog } from './event-log';
import type { Generations } from './generations';
import type { Fill, FillLane, Progress, Projection } from './projection';
import { batchOf } from './projection-runner-batch';
import { applyInParts, isFaultOfEvent, writeBatch } from './projection-runner-write';

/** What a rebuild works with. */
export interface RebuildParts {
  database: Database;
  log: EventLog;
  checkpoints: Checkpoints;
  generations: Generations;
  projection: Projection;
  /** Leaves out what happened after this instant. */
  until?: string | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
}

const CONCURRENCY = 3;
const TRIES = 3;

/** Records of a partition: `from` inclusive, `until` exclusive. */
interface Range { topic: string; partition: number; from: string; until: string }

const byTopic = (ends: readonly Checkpoint[], topics: readonly string[]): Checkpoint[] => [...ends].sort((a, b) => topics.indexOf(a.topic) - topics.indexOf(b.topic));

/** Partitions by the lane that reads them, and those that come before all lanes. */
const inLanes = (fill: Fill | undefined, ends: readonly Checkpoint[]): { first: Checkpoint[]; lanes: Map<number, Checkpoint[]> } => {
  const lanes = new Map<number, Checkpoint[]>();
  const first: Checkpoint[] = [];
  for (const end of ends) {
    const lane = fill?.laneOf(end.topic, end.partition) ?? null;
    if (lane === null) first.push(end);
    else lanes.set(lane, [...(lanes.get(lane) ?? []), end]);
  }
  return { first, lanes };
};

/** Fills one generation of a projection from the beginning of the log. What is refused was refused when it was live, so it makes no dead letters again. */
export class Rebuild {
  readonly schema: string;
  events = 0;
  private done = 0;
  private total = 0;
  private indexed = false;
  private readonly putOff: Range[] = [];
  private readonly low = new Map<string, string>();
  private readonly next = new Map<string, string>();

  constructor(private readonly parts: RebuildParts, readonly generation: number) {
    this.schema = parts.generations.schemaOf(parts.projection.name, generation);
  }

  /** Ends of all partitions as of now. */
  async ends(): Promise<Checkpoint[]> {
    const ends = await Promise.all(this.parts.projection.topics.map(async (topic) =>
      (await this.parts.log.offsets(topic)).map(({ partition, low, high }) => {
        if (!this.low.has(`${topic}/${partition}`)) this.low.set(`${topic}/${partition}`, low);
        return { topic, partition, offset: high };
      })));
    return ends.flat();
  }

  /** Records between here and there. */
  behind(ends: readonly Checkpoint[]): number {
    return ends.reduce((sum, { topic, partition, offset }) => sum + Math.max(0, Number(BigInt(offset) - BigInt(this.placed(topic, partition)))), 0);
  }

  /** Applies everything up to these offsets, some partitions at a time. */
  async advance(ends: readonly Checkpoint[]): Promise<void> {
    this.total = this.done + this.behind(ends);
    const wanted = ends.filter(({ topic }) => this.parts.projection.topics.includes(topic));
    if (this.indexed) return this.concurrently(wanted, (end, signal) => this.advanceOne(end, signal));
    await this.fill(this.parts.projection.fill, wanted);
  }

  /** The first of a rebuild: the tables are empty and have no indexes yet. */
  private async fill(fill: Fill | undefined, ends: readonly Checkpoint[]): Promise<void> {
    const { first, lanes } = inLanes(fill, ends);
    await this.concurrently(first, (end, signal) => this.advanceOne(end, signal));
    await this.concurrently([...lanes], ([lane, parts], signal) => this.fillLane(fill!.open(this.schema, lane), parts, signal));
    await this.index();
    await fill?.finish(this.parts.database, this.schema);
    for (const range of this.putOff.splice(0)) await this.applyRange(range);
  }

  private async index(): Promise<void> {
    const ddl = this.parts.projection.index?.(this.schema);
    if (ddl !== undefined) await this.parts.database.transaction((sql) => sql.query(ddl), { unhurried: true });
    this.indexed = true;
  }

  private async fillLane(lane: FillLane, ends: readonly Checkpoint[], signal: AbortSignal): Promise<void> {
    const flush = async (): Promise<void> => (await this.parts.database.transaction((sql) => lane.flush(sql), { unhurried: true }))();
    for (const { topic, partition, offset } of byTopic(ends, this.parts.projection.topics)) {
      for await (const batch of this.batches(topic, partition, this.placed(topic, partition), offset)) {
        signal.throwIfAborted();
        await this.take(lane, batch);
        this.advanceTo(batch);
        if (lane.full()) await flush();
      }
    }
    await flush();
  }

  private async take(lane: FillLane, batch: EventBatch): Promise<void> {
    const claimed = <T>(work: (sql: Sql) => Promise<T>): Promise<T> => this.parts.database.transaction(async (sql) => {
      await this.claim(sql, batch);
      return work(sql);
    });
    for (let attempt = 1; ; attempt += 1) {
      try {
        return (await claimed((sql) => lane.take(sql, this.upToInstant(batch))))();
      } catch (error) {
        if (!isFaultOfEvent(error)) throw error;
        if (attempt < TRIES) continue;
        // Some event in it cannot be written: which one is found out when the others are in.
        await claimed(async () => undefined);
        this.putOff.push({ topic: batch.topic, partition: batch.partition, from: batch.firstOffset, until: batch.nextOffset });
        return;
      }
    }
  }

  private async applyRange({ topic, partition, from, until }: Range): Promise<void> {
    for await (const batch of this.batches(topic, partition, from, until)) {
      await writeBatch(this.parts.database, this.parts.projection, {
        claim: async () => ({ schema: this.schema, batch: this.upToInstant(batch) }), conclude: async () => undefined,
      });
    }
  }

  private async concurrently<Work>(works: readonly Work[], act: (work: Work, signal: AbortSignal) => Promise<void>): Promise<void> {
    const waiting = [...works];
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, ...(this.parts.signal === undefined ? [] : [this.parts.signal])]);
    const worker = async (): Promise<void> => {
      for (let work = waiting.shift(); work !== undefined; work = waiting.shift()) await act(work, signal);
    };
    // Nobody may still be writing when a failed generation is dropped.
    const workers = await Promise.allSettled(Array.from({ length: CONCURRENCY }, () => worker().catch((error: unknown) => {
      stop.abort(error);
      throw error;
    })));
    signal.throwIfAborted();
    for (const outcome of workers) if (outcome.status === 'rejected') throw outcome.reason;
  }

  /**
   * Brings this generation to the same offsets within a transaction that holds the live checkpoints. Believes only the checkpoints of that
   * transaction, since it may be run again.
   */
  async catchUp(sql: Sql, ends: readonly Checkpoint[]): Promise<void> {
    for (const { topic, partition, offset } of ends.filter((end) => this.parts.projection.topics.includes(end.topic))) {
      const from = (await this.parts.checkpoints.find(sql, this.place(topic, partition))) ?? this.low.get(`${topic}/${partition}`) ?? '0';
      for await (const batch of this.batches(topic, partition, from, offset)) {
        await this.claim(sql, batch);
        await applyInParts(sql, this.parts.projection, this.schema, batch);
      }
    }
  }

  private async advanceOne(end: Checkpoint, signal: AbortSignal): Promise<void> {
    for await (const batch of this.batches(end.topic, end.partition, this.placed(end.topic, end.partition), end.offset)) {
      signal.throwIfAborted();
      await writeBatch(this.parts.database, this.parts.projection, {
        claim: async (sql) => {
          await this.claim(sql, batch);
          return { schema: this.schema, batch: this.upToInstant(batch) };
        },
        conclude: async () => undefined,
      });
      this.advanceTo(batch);
    }
  }

  private async *batches(topic: string, partition: number, from: string, until: string): AsyncIterable<EventBatch> {
    if (BigInt(from) >= BigInt(until)) return;
    for await (const records of this.parts.log.read(topic, partition, from, until)) yield decodeBatch(records);
  }

  private place(topic: string, partition: number) {
    return { projection: this.parts.projection.name, generation: this.generation, topic, partition };
  }

  private async claim(sql: Sql, batch: EventBatch): Promise<void> {
    const place = this.place(batch.topic, batch.partition);
    const moved = await this.parts.checkpoints.move(sql, place, await this.parts.checkpoints.find(sql, place), batch.nextOffset);
    if (!moved) throw new Error(`someone else fills ${this.schema}`);
  }

  private advanceTo(batch: EventBatch): void {
    const before = this.placed(batch.topic, batch.partition);
    this.next.set(`${batch.topic}/${batch.partition}`, batch.nextOffset);
    this.events += batch.events.length;
    this.done += Number(BigInt(batch.nextOffset) - BigInt(before));
    this.parts.onProgress?.({ done: this.done, total: Math.max(this.total, this.done), note: `${batch.topic}/${batch.partition}` });
  }

  private upToInstant(batch: EventBatch): EventBatch {
    if (this.parts.until === undefined) return batch;
    const until = Date.parse(this.parts.until);
    return batchOf(batch, batch.events.filter(({ time, record }) => (time === null ? record.timestamp : Date.parse(time)) <= until));
  }

  private placed(topic: string, partition: number): string {
    return this.next.get(`${topic}/${partition}`) ?? this.low.get(`${topic}/${partition}`) ?? '0';
  }
}
