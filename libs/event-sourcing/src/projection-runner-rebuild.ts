import type { Checkpoint } from './checkpoint';
import type { Sql } from './database';
import { FillThreads, type FillThread } from './fill-threads';
import type { Fill, Progress } from './projection';
import { fillLane, type LaneStep, type LaneWork } from './projection-runner-fill';
import { BuildingGeneration, type BuildParts, type Range } from './projection-runner-generation';
import { applyInParts, writeBatch } from './projection-runner-write';

/** What a rebuild works with. */
export interface RebuildParts extends BuildParts {
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
  fillThread?: FillThread | undefined;
}

const CONCURRENCY = 3;
// A thread takes about a second of processor time to start.
const WORTH_THREADS = 10_000;

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
  events = 0;
  private readonly building: BuildingGeneration;
  private done = 0;
  private total = 0;
  private indexed = false;
  private readonly low = new Map<string, string>();
  private readonly next = new Map<string, string>();

  constructor(private readonly parts: RebuildParts, readonly generation: number) {
    this.building = new BuildingGeneration(parts, generation);
  }

  get schema(): string {
    return this.building.schema;
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
    const { topics, fill } = this.parts.projection;
    this.total = this.done + this.behind(ends);
    const wanted = ends.filter(({ topic }) => topics.includes(topic)).sort((a, b) => topics.indexOf(a.topic) - topics.indexOf(b.topic));
    if (this.indexed) await this.concurrently(wanted, CONCURRENCY, (end, signal) => this.advanceOne(end, signal));
    else await this.fill(fill, wanted);
  }

  /**
   * Brings this generation to the same offsets within a transaction that holds the live checkpoints. Believes only the checkpoints of that
   * transaction, since it may be run again.
   */
  async catchUp(sql: Sql, ends: readonly Checkpoint[]): Promise<void> {
    for (const { topic, partition, offset } of ends.filter((end) => this.parts.projection.topics.includes(end.topic))) {
      const from = (await this.building.at(sql, topic, partition)) ?? this.low.get(`${topic}/${partition}`) ?? '0';
      for await (const batch of this.building.batches({ topic, partition, from, until: offset })) {
        await this.building.claim(sql, batch);
        await applyInParts(sql, this.parts.projection, this.schema, batch);
      }
    }
  }

  /** The first of a rebuild: the tables are empty and have no indexes yet. */
  private async fill(fill: Fill | undefined, ends: readonly Checkpoint[]): Promise<void> {
    const { first, lanes } = inLanes(fill, ends);
    await this.concurrently(first, CONCURRENCY, (end, signal) => this.advanceOne(end, signal));
    const putOff = await this.fillLanes([...lanes].map(([lane, parts]) => ({
      projection: this.parts.projection.name, generation: this.generation, lane, ranges: parts.map((end) => this.rangeTo(end)), until: this.parts.until,
    })));
    await this.index();
    await fill?.finish(this.parts.database, this.schema);
    for (const range of putOff) await this.applyRange(range);
  }

  private async fillLanes(works: readonly LaneWork[]): Promise<Range[]> {
    const records = works.flatMap(({ ranges }) => ranges).reduce((sum, { from, until }) => sum + Number(BigInt(until) - BigInt(from)), 0);
    const { fillThread } = this.parts;
    const threads = fillThread === undefined || records < WORTH_THREADS ? null : new FillThreads(fillThread, works.length);
    const putOff: Range[] = [];
    try {
      await this.concurrently(works, threads?.size ?? CONCURRENCY, async (work, signal) => {
        const onStep = (step: LaneStep): void => this.advanceTo(step);
        putOff.push(...(await (threads?.fill(work, signal, onStep) ?? fillLane(this.building, work, signal, onStep))));
      });
    } finally {
      await threads?.close();
    }
    return putOff;
  }

  private async index(): Promise<void> {
    const ddl = this.parts.projection.index?.(this.schema);
    if (ddl !== undefined) await this.parts.database.transaction((sql) => sql.query(ddl), { unhurried: true });
    this.indexed = true;
  }

  private async applyRange(range: Range): Promise<void> {
    for await (const batch of this.building.batches(range)) {
      await writeBatch(this.parts.database, this.parts.projection, { claim: async () => ({ schema: this.schema, batch }), conclude: async () => undefined });
    }
  }

  private async concurrently<Work>(works: readonly Work[], concurrency: number, act: (work: Work, signal: AbortSignal) => Promise<void>): Promise<void> {
    const waiting = [...works];
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, ...(this.parts.signal === undefined ? [] : [this.parts.signal])]);
    const worker = async (): Promise<void> => {
      for (let work = waiting.shift(); work !== undefined; work = waiting.shift()) await act(work, signal);
    };
    // Nobody may still be writing when a failed generation is dropped.
    const workers = await Promise.allSettled(Array.from({ length: concurrency }, () => worker().catch((error: unknown) => {
      stop.abort(error);
      throw error;
    })));
    signal.throwIfAborted();
    for (const outcome of workers) if (outcome.status === 'rejected') throw outcome.reason;
  }

  private async advanceOne(end: Checkpoint, signal: AbortSignal): Promise<void> {
    for await (const batch of this.building.batches(this.rangeTo(end))) {
      signal.throwIfAborted();
      await writeBatch(this.parts.database, this.parts.projection, {
        claim: async (sql) => {
          await this.building.claim(sql, batch);
          return { schema: this.schema, batch };
        },
        conclude: async () => undefined,
      });
      this.advanceTo({ topic: batch.topic, partition: batch.partition, nextOffset: batch.nextOffset, events: batch.events.length });
    }
  }

  private advanceTo({ topic, partition, nextOffset, events }: LaneStep): void {
    const before = this.placed(topic, partition);
    this.next.set(`${topic}/${partition}`, nextOffset);
    this.events += events;
    this.done += Number(BigInt(nextOffset) - BigInt(before));
    this.parts.onProgress?.({ done: this.done, total: Math.max(this.total, this.done), note: `${topic}/${partition}` });
  }

  private rangeTo({ topic, partition, offset }: Checkpoint): Range {
    return { topic, partition, from: this.placed(topic, partition), until: offset };
  }

  private placed(topic: string, partition: number): string {
    return this.next.get(`${topic}/${partition}`) ?? this.low.get(`${topic}/${partition}`) ?? '0';
  }
}
