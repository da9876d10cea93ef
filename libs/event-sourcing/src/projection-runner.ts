import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '@pataka/contracts';
import { Checkpoints, checkpointsTable, type Checkpoint } from './checkpoint';
import { Generations, generationsChannel, generationsTable } from './generations';
import type { Database } from './database';
import type { Migration } from './database-migrations';
import type { EventBatch } from './event-batch';
import type { EventLog } from './event-log';
import type { FillThread } from './fill-threads';
import { outboxTable } from './outbox-relay-table';
import { isProcessManager } from './process-manager';
import type { Progress, Projection, VerifyReport } from './projection';
import { checksums } from './projection-runner-checksum';
import { LiveWriter, type Applied } from './projection-runner-live';
import { fillLane, type LaneStep, type LaneWork } from './projection-runner-fill';
import { BuildingGeneration, type Range } from './projection-runner-generation';
import { Rebuild, type RebuildParts } from './projection-runner-rebuild';
import { rebuildMigrations } from './rebuilds';

/** The projections of a service, and where they read and write. */
export interface ProjectionRunnerOptions {
  database: Database;
  /** The service's schema: checkpoints, generations and the outbox are there. */
  schema: string;
  log: EventLog;
  projections: readonly Projection[];
  service: string;
  /** How long readers of a replaced generation may take before its tables go; default 2 s. */
  graceMs?: number;
  now?: () => string;
  /** For the lanes of a long fill; without it they share this thread. */
  fillThread?: FillThread;
}

/** What a replay may be asked for. */
export interface ReplayOptions {
  /** An instant: builds a shadow of what was then, and swaps nothing. The caller reads it and calls `dropSchema`. */
  until?: string;
  onProgress?: (progress: Progress) => void;
  signal?: AbortSignal;
}

/** Offsets of the next records to apply, by topic and partition. */
export type Offsets = Record<string, Record<string, string>>;

const CACHE_MS = 1_000;
const CLOSE_ENOUGH = 5_000;
const MOST_ROUNDS = 20;

/** Runs projections and process managers: applies each batch once, rebuilds beside the live tables, and proves that both are equal. */
export class ProjectionRunner {
  private readonly database: Database;
  private readonly projections: ReadonlyMap<string, Projection>;
  private readonly checkpointsTable: Checkpoints;
  private readonly generations: Generations;
  private readonly writer: LiveWriter;
  private readonly lives = new Map<string, { generation: number; readAt: number }>();
  private listening: Promise<unknown> | null = null;

  constructor(private readonly options: ProjectionRunnerOptions) {
    this.database = options.database;
    this.projections = new Map(options.projections.map((projection) => [projection.name, projection]));
    this.checkpointsTable = new Checkpoints(options.schema);
    this.generations = new Generations(options.database, options.schema, this.checkpointsTable);
    this.writer = new LiveWriter({
      database: options.database, schema: options.schema, log: options.log, checkpoints: this.checkpointsTable, generations: this.generations,
      now: options.now ?? (() => new Date().toISOString()),
    });
  }

  static migrations(schema: string): Migration[] {
    return [{ name: '0002-projections', up: `${outboxTable(schema)} ${checkpointsTable(schema)} ${generationsTable(schema)}` }, ...rebuildMigrations(schema)];
  }

  /** Called after each batch of a live generation that has taken effect. */
  onApplied(listener: (projection: string, applied: Applied) => void): void {
    this.writer.onApplied(listener);
  }

  names(): string[] {
    return [...this.projections.keys()];
  }

  /** What a projection reads. */
  topicsOf(name: string): readonly string[] {
    return this.projection(name).topics;
  }

  /** Names of those with tables, which a replay rebuilds; process managers have none. */
  rebuildable(): string[] {
    return [...this.projections.values()].filter(({ tables }) => tables.length > 0).map(({ name }) => name);
  }

  /** Offset of the next record the live generation wants, '0' before the first. */
  async position(name: string, topic: string, partition: number): Promise<string> {
    const generation = await this.generations.ensureLive(this.projection(name));
    return (await this.checkpointsTable.find(this.database, { projection: name, generation, topic, partition })) ?? '0';
  }

  /** Where the live generation is, in every partition it has met. */
  async checkpoints(name: string): Promise<Checkpoint[]> {
    return this.checkpointsTable.list(this.database, name, await this.generations.ensureLive(this.projection(name)));
  }

  /**
   * Applies a batch to the live generation: rows, dead letters and checkpoint in one transaction. Records before the checkpoint are skipped;
   * `{ seek }` when the checkpoint is elsewhere. A poison event goes to dead letters after three tries; the others of its batch take effect.
   */
  apply(name: string, batch: EventBatch): Promise<void | { seek: string }> {
    return this.writer.apply(this.projection(name), batch);
  }

  /** The same for several batches of one topic, each of another partition; in one transaction where that can be, which is several times cheaper for many small ones. */
  async applyTogether(name: string, batches: readonly EventBatch[]): Promise<(void | { seek: string })[]> {
    const projection = this.projection(name);
    if (batches.length > 1 && !isProcessManager(projection) && (await this.writer.applyTogether(projection, batches))) return batches.map(() => undefined);
    return Promise.all(batches.map((batch) => this.writer.apply(projection, batch)));
  }

  /** For threads of a fill (see `serveLanes`): takes one lane of a generation that another thread builds. */
  fillLane(work: LaneWork, onStep: (step: LaneStep) => void): Promise<Range[]> {
    const projection = this.projection(work.projection) as Projection;
    const { database, generations } = this;
    const parts = { database, generations, projection, log: this.options.log, checkpoints: this.checkpointsTable, until: work.until };
    return fillLane(new BuildingGeneration(parts, work.generation), work, new AbortController().signal, onStep);
  }

  /** PostgreSQL schema of the live generation, for reads. Ask before every read: it changes with a replay. */
  async liveSchema(name: string): Promise<string> {
    return this.generations.schemaOf(name, await this.live(name));
  }

  /**
   * Reads the live generation together with the offsets it is at, in one statement: `read` gets its schema, and `offsets`, an expression to select beside the
   * rest under that name. It is called again where a replay has swapped generations meanwhile.
   */
  async readLive<Row extends { offsets: Offsets | null }>(name: string, read: (live: { schema: string; offsets: string }) => Promise<Row>): Promise<Row & { offsets: Offsets }> {
    for (;;) {
      const generation = await this.live(name);
      const row = await read({ schema: this.generations.schemaOf(name, generation), offsets: this.generations.offsetsSql(name, generation) });
      if (row.offsets !== null) return { ...row, offsets: row.offsets };
      this.lives.delete(name);
    }
  }

  /** Fills a new generation from the whole log while the live one goes on, makes it live in one transaction, and drops the old one. */
  async replay(name: string, options: ReplayOptions = {}): Promise<{ schema: string; events: number }> {
    return this.rebuilding(name, options, options.until === undefined ? 'building' : 'shadow', async (rebuild) => {
      await rebuild.advance(await rebuild.ends());
      if (options.until === undefined) await this.goLive(name, rebuild);
      return { schema: rebuild.schema, events: rebuild.events };
    });
  }

  /** Drops a shadow that `replay` with `until` has built. */
  dropSchema(name: string, schema: string): Promise<void> {
    return this.generations.dropShadow(name, schema);
  }

  /** Rebuilds up to the live checkpoints in the shadow and compares checksums table by table. Stops nothing and changes nothing. */
  async verify(name: string, onProgress?: (progress: Progress) => void): Promise<VerifyReport> {
    const { tables } = this.projection(name);
    if (tables.length === 0) return { projection: name, equal: true, tables: [] };
    return this.rebuilding(name, { onProgress }, 'building', async (rebuild) => {
      const live = await this.snapshot(name);
      await rebuild.ends();
      await rebuild.advance(live.checkpoints);
      const rebuilt = await this.database.transaction((sql) => checksums(sql, rebuild.schema, tables), { unhurried: true });
      const compared = live.tables.map(({ table, rows, checksum }, index) => ({ table, live: checksum, rebuilt: rebuilt[index]?.checksum ?? '', rows }));
      await this.generations.drop(name, rebuild.generation);
      return { projection: name, equal: compared.every((table) => table.live === table.rebuilt), tables: compared };
    });
  }

  private async snapshot(name: string) {
    const generation = await this.generations.ensureLive(this.projection(name));
    return this.database.transaction(async (sql) => ({
      checkpoints: await this.checkpointsTable.list(sql, name, generation),
      tables: await checksums(sql, this.generations.schemaOf(name, generation), this.projection(name).tables),
    }), { isolation: 'REPEATABLE READ', unhurried: true });
  }

  private async goLive(name: string, rebuild: Rebuild): Promise<void> {
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      const ends = await rebuild.ends();
      await rebuild.advance(ends);
      if (rebuild.behind(await rebuild.ends()) < CLOSE_ENOUGH) break;
    }
    const before = await this.database.transaction(async (sql) => {
      const retired = await this.generations.retire(sql, name);
      // From here on the live consumers wait, so what is missing is little and does not grow.
      await rebuild.catchUp(sql, await this.checkpointsTable.list(sql, name, retired, true));
      await this.generations.promote(sql, name, retired, rebuild.generation);
      return retired;
    }, { unhurried: true });
    this.lives.clear();
    await sleep(this.options.graceMs ?? 2_000);
    // Readers that hold on longer than that keep their tables: the next replay drops them.
    await this.generations.drop(name, before).catch(() => undefined);
  }

  /** One rebuild of a projection at a time, in whatever process; garbage goes before it, and after it when it fails. */
  private async rebuilding<T>(
    name: string, options: Pick<RebuildParts, 'until' | 'signal' | 'onProgress'>, status: 'building' | 'shadow', work: (rebuild: Rebuild) => Promise<T>,
  ): Promise<T> {
    const projection = this.projection(name);
    if (isProcessManager(projection)) throw new DomainError('illegal-transition', `${name} has effects in the world and is never replayed`);
    await this.generations.ensureLive(projection);
    return this.database.transaction(async (sql) => {
      const [lock] = await sql.query<{ mine: boolean }>('SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS mine', [`pataka rebuild ${this.options.schema} ${name}`]);
      if (lock?.mine !== true) throw new DomainError('illegal-transition', `${name} is being rebuilt already`);
      await this.generations.dropGarbage(name);
      const generation = await this.generations.create(projection, status);
      const { database, generations } = this;
      try {
        return await work(new Rebuild({ ...options, database, generations, projection, log: this.options.log, checkpoints: this.checkpointsTable, fillThread: this.options.fillThread }, generation));
      } catch (error) {
        await this.generations.drop(name, generation).catch(() => undefined);
        throw error;
      }
    }, { unhurried: true });
  }

  private async live(name: string): Promise<number> {
    this.listening ??= this.database.listen(generationsChannel(this.options.schema), () => this.lives.clear());
    const cached = this.lives.get(name);
    if (cached !== undefined && performance.now() - cached.readAt < CACHE_MS) return cached.generation;
    const readAt = performance.now();
    const generation = await this.generations.ensureLive(this.projection(name));
    this.lives.set(name, { generation, readAt });
    return generation;
  }

  private projection(name: string): Projection {
    const projection = this.projections.get(name);
    if (projection === undefined) throw new DomainError('not-found', `there is no projection ${name}`);
    return projection;
  }
}
