import { DomainError } from '@pataka/contracts';
import type { Database } from './database';
import type { Migration } from './database-migrations';
import { quoted } from './database-rows';
import type { EventLog } from './event-log';
import type { ProjectionRunner } from './projection-runner';

/** The last rebuild of a projection that was asked for over HTTP, in whatever process. `stopped`: its process has gone silent. */
export interface RebuildStatus {
  state: 'running' | 'done' | 'failed' | 'stopped';
  done: number; total: number; note: string; events: number | null; startedBy: string; startedAt: string; endedAt: string | null; error: string | null;
}

/** A projection as operators see it. `lag` is how many records of the log it has yet to take. */
export interface ProjectionStatus { name: string; rebuildable: boolean; lag: number; rebuild: RebuildStatus | null }

interface Row {
  name: string; state: RebuildStatus['state']; done: string; total: string; note: string; events: string | null; started_by: string; started_at: Date; ended_at: Date | null; error: string | null; beat_at: Date;
}

const BEAT_MS = 1_000;
const SILENT_MS = 30_000;

/** DDL of what is noted of rebuilds. */
export const rebuildMigrations = (schema: string): Migration[] => [{
  name: '0003-rebuilds',
  up: `CREATE TABLE ${quoted(schema)}.rebuilds (
    name text PRIMARY KEY, state text NOT NULL, done bigint NOT NULL DEFAULT 0, total bigint NOT NULL DEFAULT 0, note text NOT NULL DEFAULT '', events bigint,
    started_by text NOT NULL, started_at timestamptz NOT NULL, ended_at timestamptz, error text, beat_at timestamptz NOT NULL)`,
}];

/** Rebuilds in the background, with their progress in the database, so that any process of the service can tell it. */
export class Rebuilds {
  private readonly table: string;
  private readonly ended = new AbortController();
  private readonly running = new Set<Promise<void>>();

  constructor(private readonly parts: { database: Database; schema: string; runner: ProjectionRunner; log: EventLog; now: () => number; onError: (error: Error) => void }) {
    this.table = `${quoted(parts.schema)}.rebuilds`;
  }

  async list(): Promise<ProjectionStatus[]> {
    const { runner, database } = this.parts;
    const rebuildable = new Set(runner.rebuildable());
    const rows = new Map((await database.query<Row>(`SELECT * FROM ${this.table}`)).map((row) => [row.name, row]));
    return Promise.all(runner.names().map(async (name) => {
      const row = rows.get(name);
      return { name, rebuildable: rebuildable.has(name), lag: await this.lagOf(name), rebuild: row === undefined ? null : this.statusOf(row) };
    }));
  }

  /**
   * Begins; its progress is in `list`.
   * @throws DomainError `not-found`, or `illegal-transition` where one is under way or there is nothing to rebuild
   */
  async start(name: string, startedBy: string): Promise<RebuildStatus> {
    const { runner, database } = this.parts;
    if (!runner.names().includes(name)) throw new DomainError('not-found', `There is no projection "${name}"; there are ${runner.rebuildable().join(', ')}`);
    if (!runner.rebuildable().includes(name)) throw new DomainError('illegal-transition', `${name} has effects in the world and is never replayed`);
    const now = new Date(this.parts.now());
    const [row] = await database.query<Row>(
      `INSERT INTO ${this.table} AS r (name, state, started_by, started_at, beat_at) VALUES ($1, 'running', $2, $3, $3)
       ON CONFLICT (name) DO UPDATE SET state = 'running', done = 0, total = 0, note = '', events = NULL, started_by = excluded.started_by, started_at = excluded.started_at, ended_at = NULL, error = NULL, beat_at = excluded.beat_at
       WHERE r.state <> 'running' OR r.beat_at < $4 RETURNING *`,
      [name, startedBy, now, new Date(now.getTime() - SILENT_MS)],
    );
    if (row === undefined) throw new DomainError('illegal-transition', `${name} is being rebuilt already`);
    const work = this.run(name).catch(this.parts.onError).finally(() => this.running.delete(work));
    this.running.add(work);
    return this.statusOf(row);
  }

  /** Calls off what is under way; the live projections stay as they are. */
  async stop(): Promise<void> {
    this.ended.abort(new Error('the service is stopping'));
    await Promise.all(this.running);
  }

  private async run(name: string): Promise<void> {
    let latest = { done: 0, total: 0, note: '' };
    const beat = setInterval(() => void this.write(name, 'done = $2, total = $3, note = $4', [latest.done, latest.total, latest.note]).catch(this.parts.onError), BEAT_MS);
    try {
      const { events } = await this.parts.runner.replay(name, { signal: this.ended.signal, onProgress: (progress) => { latest = progress; } });
      clearInterval(beat);
      await this.write(name, `state = 'done', done = $2, total = $2, note = '', events = $3, ended_at = now()`, [latest.total, events]);
    } catch (error) {
      clearInterval(beat);
      const told = error instanceof DomainError ? error.message : 'It failed on our side: the service’s log says why';
      await this.write(name, `state = 'failed', error = $2, ended_at = now()`, [told]);
      if (!(error instanceof DomainError) && !this.ended.signal.aborted) throw error;
    }
  }

  private async write(name: string, set: string, values: readonly unknown[]): Promise<void> {
    await this.parts.database.query(`UPDATE ${this.table} SET ${set}, beat_at = $${values.length + 2} WHERE name = $1`, [name, ...values, new Date(this.parts.now())]);
  }

  private async lagOf(name: string): Promise<number> {
    const { runner, log } = this.parts;
    const checkpoints = new Map((await runner.checkpoints(name)).map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]));
    let lag = 0;
    for (const topic of runner.topicsOf(name)) {
      for (const { partition, low, high } of await log.offsets(topic)) {
        lag += Math.max(0, Number(BigInt(high) - BigInt(checkpoints.get(`${topic}/${partition}`) ?? low)));
      }
    }
    return lag;
  }

  private statusOf(row: Row): RebuildStatus {
    const silent = row.state === 'running' && row.beat_at.getTime() < this.parts.now() - SILENT_MS;
    return {
      state: silent ? 'stopped' : row.state, done: Number(row.done), total: Number(row.total), note: row.note, events: row.events === null ? null : Number(row.events), startedBy: row.started_by,
      startedAt: row.started_at.toISOString(), endedAt: row.ended_at?.toISOString() ?? null, error: row.error,
    };
  }
}
