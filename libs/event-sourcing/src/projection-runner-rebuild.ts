import type { Checkpoint, Checkpoints } from './checkpoint';
import { decodeBatch } from './cloud-event-decode';
import type { Database, Sql } from './database';
import type { EventBatch } from './event-batch';
import type { EventLog } from './event-log';
import type { Generations } from './generations';
import type { Progress, Projection } from './projection';
import { batchOf } from './projection-runner-batch';
import { applyInParts, writeBatch } from './projection-runner-write';

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

/** Fills one generation of a projection from the beginning of the log. What is refused was refused when it was live, so it makes no dead letters again. */
export class Rebuild {
  readonly schema: string;
  events = 0;
  private done = 0;
  private total = 0;
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
    const waiting = ends.filter(({ topic }) => this.parts.projection.topics.includes(topic));
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, ...(this.parts.signal === undefined ? [] : [this.parts.signal])]);
    const work = async (): Promise<void> => {
      for (let end = waiting.shift(); end !== undefined; end = waiting.shift()) await this.advanceOne(end, signal);
    };
    // Nobody may still be writing when a failed generation is dropped.
    const workers = await Promise.allSettled(Array.from({ length: CONCURRENCY }, () => work().catch((error: unknown) => {
      stop.abort(error);
      throw error;
    })));
    signal.throwIfAborted();
    for (const worker of workers) if (worker.status === 'rejected') throw worker.reason;
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
