import { createHash } from 'node:crypto';
import type { DataSource, QueryRunner } from 'typeorm';

/** One step of a schema's history, as SQL. Names sort in the order of execution: `0001-events`. Never edited once released. */
export interface Migration { name: string; up: string }

/** Where it is noted what has been executed, one table for all services of a database. */
const SCHEMA = 'pataka';

// Any fixed number: it only has to be the same in every process that shares the database.
const MIGRATION_LOCK = 7_142_019_531;
// The table is TypeORM's, which orders by a time stamp at the end of the name; ours are ordered by name.
const TABLE = `${SCHEMA}.migrations`;
const STAMP = '1700000000000';

/** The statement's hash is part of the name, because two services may use the same name for different tables. */
const notedNameOf = ({ name, up }: Migration): string => `${name}-${createHash('sha256').update(up).digest('hex').slice(0, 12)}-${STAMP}`;

const execute = async (runner: QueryRunner, migration: Migration): Promise<void> => {
  await runner.startTransaction();
  try {
    await runner.query(migration.up);
    await runner.query(`INSERT INTO ${TABLE} ("timestamp", name) VALUES ($1, $2)`, [STAMP, notedNameOf(migration)]);
    await runner.commitTransaction();
  } catch (error) {
    await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  }
};

const executePending = async (runner: QueryRunner, migrations: readonly Migration[]): Promise<void> => {
  await runner.query(`CREATE SCHEMA IF NOT EXISTS ${SCHEMA}`);
  await runner.query(`CREATE TABLE IF NOT EXISTS ${TABLE} (id serial PRIMARY KEY, "timestamp" bigint NOT NULL, name varchar NOT NULL)`);
  const noted = await runner.query(`SELECT name FROM ${TABLE}`) as { name: string }[];
  const executed = new Set(noted.map(({ name }) => name));
  const inOrder = [...migrations].sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
  for (const migration of inOrder) if (!executed.has(notedNameOf(migration))) await execute(runner, migration);
};

/**
 * Executes what has not been executed, each in a transaction of its own; others that start at the same time wait. TypeORM's own executor does
 * the same through its query and schema builders, which no process needs for anything else and which take a megabyte of each.
 */
export const migrate = async (dataSource: DataSource, migrations: readonly Migration[]): Promise<void> => {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.query('SET statement_timeout = 0');
    await runner.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await executePending(runner, migrations);
    await runner.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
    await runner.query('RESET statement_timeout');
  } finally {
    await runner.release();
  }
};
