import { createHash } from 'node:crypto';
import { MigrationExecutor, type DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';

/** One step of a schema's history, as SQL. Names sort in the order of execution: `0001-events`. Never edited once released. */
export interface Migration { name: string; up: string }

/** Where TypeORM notes what has been executed, one table for all services of a database. */
export const migrationsSchema = 'pataka';

// Any fixed number: it only has to be the same in every process that shares the database.
const MIGRATION_LOCK = 7_142_019_531;
// TypeORM orders by a time stamp at the end of the name. Ours are ordered by name: one stamp for all keeps that order.
const STAMP = '1700000000000';

/** Migration classes for TypeORM. The statement's hash is part of the name, because two services may use the same name for different tables. */
export const migrationClasses = (migrations: readonly Migration[]): (new () => MigrationInterface)[] =>
  [...migrations].sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name))).map(({ name, up }) => class implements MigrationInterface {
    readonly name = `${name}-${createHash('sha256').update(up).digest('hex').slice(0, 12)}-${STAMP}`;
    async up(runner: QueryRunner): Promise<void> {
      await runner.query(up);
    }
    async down(): Promise<void> {
      throw new Error(`${this.name} cannot be undone: restore a backup`);
    }
  });

/** Executes what has not been executed; others that start at the same time wait. */
export const migrate = async (dataSource: DataSource): Promise<void> => {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.query('SET statement_timeout = 0');
    await runner.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await runner.query(`CREATE SCHEMA IF NOT EXISTS ${migrationsSchema}`);
    const executor = new MigrationExecutor(dataSource, runner);
    executor.transaction = 'each';
    await executor.executePendingMigrations();
    await runner.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
    await runner.query('RESET statement_timeout');
  } finally {
    await runner.release();
  }
};
