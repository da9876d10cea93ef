import type { Checkpoints } from './checkpoint';
import type { Database, Sql } from './database';
import { quoted } from './database-rows';
import type { Projection } from './projection';

/** What a generation is for: `shadow` is kept for its caller to read, `retired` waits to be dropped. */
export type GenerationStatus = 'live' | 'building' | 'shadow' | 'retired';

/** DDL of the generations of a service. */
export const generationsTable = (schema: string): string => `
  CREATE TABLE IF NOT EXISTS ${quoted(schema)}.generations (
    projection text NOT NULL,
    generation int NOT NULL,
    status text NOT NULL CHECK (status IN ('live', 'building', 'shadow', 'retired')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (projection, generation)
  );
  CREATE UNIQUE INDEX IF NOT EXISTS generations_one_live ON ${quoted(schema)}.generations (projection) WHERE status = 'live';`;

/** Channel that tells every process that another generation is live; the payload is the projection's name. */
export const generationsChannel = (schema: string): string => `${schema}_generations`;

/** The generations of a service's projections: which there are, which is live, and the PostgreSQL schema of each. */
export class Generations {
  private readonly table: string;

  constructor(private readonly database: Database, private readonly schema: string, private readonly checkpoints: Checkpoints) {
    this.table = `${quoted(schema)}.generations`;
  }

  schemaOf(projection: string, generation: number): string {
    return `${this.schema}_${projection.replaceAll('-', '_')}_g${generation}`;
  }

  async live(sql: Sql, projection: string): Promise<number | null> {
    const [row] = await sql.query<{ generation: number }>(`SELECT generation FROM ${this.table} WHERE projection = $1 AND status = 'live'`, [projection]);
    return row?.generation ?? null;
  }

  /**
   * An SQL expression: the checkpoints of a generation as JSON, offset by topic and partition, or null once it is no longer live. In one statement with what is
   * read of its tables, these are the offsets of that.
   */
  offsetsSql(projection: string, generation: number): string {
    return `(SELECT ${this.checkpoints.offsetsSql(projection, generation)} FROM ${this.table} WHERE projection = '${projection}' AND generation = ${generation} AND status = 'live')`;
  }

  /** The live generation; the first is made here, by whoever comes first. */
  async ensureLive(projection: Projection): Promise<number> {
    return (await this.live(this.database, projection.name)) ?? this.database.transaction(async (sql) => {
      await sql.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`pataka generations ${this.schema} ${projection.name}`]);
      return (await this.live(sql, projection.name)) ?? this.make(sql, projection, 'live');
    });
  }

  /** A new, empty generation after all others. */
  create(projection: Projection, status: GenerationStatus): Promise<number> {
    return this.database.transaction((sql) => this.make(sql, projection, status));
  }

  /** Whether a generation is live, and stays so until the transaction ends. */
  async holdLive(sql: Sql, projection: string, generation: number): Promise<boolean> {
    const held = await sql.query(`SELECT 1 FROM ${this.table} WHERE projection = $1 AND generation = $2 AND status = 'live' FOR SHARE`, [projection, generation]);
    return held.length === 1;
  }

  /** Begins a swap: nobody can begin to read a new partition for the live generation any more. To be followed by `promote`. */
  async retire(sql: Sql, projection: string): Promise<number> {
    const [row] = await sql.query<{ generation: number }>(`UPDATE ${this.table} SET status = 'retired' WHERE projection = $1 AND status = 'live' RETURNING generation`, [projection]);
    if (row === undefined) throw new Error(`${projection} has no live generation`);
    return row.generation;
  }

  /** Ends a swap. Consumers of the retired generation find their checkpoint gone and look again. */
  async promote(sql: Sql, projection: string, retired: number, next: number): Promise<void> {
    await sql.query(`UPDATE ${this.table} SET status = 'live' WHERE projection = $1 AND generation = $2`, [projection, next]);
    await this.checkpoints.remove(sql, projection, retired);
    await sql.query('SELECT pg_notify($1, $2)', [generationsChannel(this.schema), projection]);
  }

  /** Removes a generation with its tables. Waits for readers, at most for the lock time-out. */
  async drop(projection: string, generation: number): Promise<void> {
    await this.database.transaction(async (sql) => {
      await sql.query("SET LOCAL lock_timeout = '1s'");
      await sql.query(`DROP SCHEMA IF EXISTS ${quoted(this.schemaOf(projection, generation))} CASCADE`);
      await this.checkpoints.remove(sql, projection, generation);
      await sql.query(`DELETE FROM ${this.table} WHERE projection = $1 AND generation = $2 AND status <> 'live'`, [projection, generation]);
    });
  }

  /** Removes what interrupted work has left, and shadows that nobody has dropped for a day. Only while nobody else builds. */
  async dropGarbage(projection: string): Promise<void> {
    const garbage = await this.database.query<{ generation: number }>(
      `SELECT generation FROM ${this.table} WHERE projection = $1 AND (status IN ('building', 'retired') OR status = 'shadow' AND created_at < now() - interval '1 day')`, [projection]);
    for (const { generation } of garbage) await this.drop(projection, generation);
  }

  /** Removes a shadow by the name of its schema; nothing when there is none of that name. */
  async dropShadow(projection: string, schema: string): Promise<void> {
    const shadows = await this.database.query<{ generation: number }>(`SELECT generation FROM ${this.table} WHERE projection = $1 AND status = 'shadow'`, [projection]);
    for (const { generation } of shadows) if (this.schemaOf(projection, generation) === schema) await this.drop(projection, generation);
  }

  private async make(sql: Sql, projection: Projection, status: GenerationStatus): Promise<number> {
    const [row] = await sql.query<{ generation: number }>(
      `INSERT INTO ${this.table} (projection, generation, status)
       SELECT $1, coalesce(max(generation), 0) + 1, $2 FROM ${this.table} WHERE projection = $1 RETURNING generation`, [projection.name, status]);
    if (row === undefined) throw new Error(`no generation of ${projection.name} could be made`);
    await this.checkpoints.remove(sql, projection.name, row.generation);
    const schema = this.schemaOf(projection.name, row.generation);
    // Filling a table that has its indexes costs twice as much as making them afterwards.
    const ddl = projection.tables.length === 0 ? '' : `${projection.create(schema)}; ${status === 'live' ? (projection.index?.(schema) ?? '') : ''}`;
    if (ddl !== '') await sql.query(`CREATE SCHEMA ${quoted(schema)}; ${ddl}`);
    return row.generation;
  }
}
