import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { asUnavailable, isAway, isCollision } from './database-errors';
import { DatabaseListener } from './database-listener';
import { migrate, type Migration } from './database-migrations';
import { inTransaction, Session, StaleConnection, type TransactionOptions } from './database-session';

export type { Migration } from './database-migrations';
export type { TransactionOptions } from './database-session';

/**
 * What can run SQL: the database itself, or a transaction in it. Parameters are `$1`…; bigint and numeric come back as strings, timestamptz
 * as Date, jsonb parsed. A JavaScript array is an SQL array: give a JSON array as text.
 */
export interface Sql {
  query<Row = Record<string, unknown>>(text: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /**
   * Adds rows in bulk, three times faster than INSERT. `into` is a table with its columns: `schema.table (a, b)`; `rows` is COPY's text format: tabs
   * between cells, a newline after each row, `\\N` for null. A row that breaks a constraint fails them all.
   */
  copy(into: string, rows: string): Promise<void>;
}

/** How to reach a database, and what it has to hold. */
export interface DatabaseOptions {
  url: string;
  /** Shown in pg_stat_activity. */
  name: string;
  migrations: readonly Migration[];
  /** Connections at most; default 8. */
  poolSize?: number;
  /** A statement that takes longer ends in `Unavailable`; default 60 s. */
  statementTimeoutMs?: number;
}

const CONNECT_TIMEOUT_MS = 5_000;
const MOST_RETRIES = 5;
const PROBE_AFTER_MS = 5_000;

/**
 * PostgreSQL. Connects and migrates on first use; every method rejects with `Unavailable` while PostgreSQL is away, and works again once
 * it is back, without anyone's doing.
 */
export class Database implements Sql {
  private source: DataSource | null = null;
  private opening: Promise<DataSource> | null = null;
  private closed = false;
  private answering = false;
  private lastAskedAt = 0;
  private readonly listener: DatabaseListener;

  private constructor(private readonly options: Required<DatabaseOptions>) {
    this.listener = new DatabaseListener(options.url, options.name);
  }

  static create(options: DatabaseOptions): Database {
    return new Database({ poolSize: 8, statementTimeoutMs: 60_000, ...options });
  }

  /** Resolves once connected and migrated. */
  async ready(): Promise<void> {
    await this.open();
  }

  /** Whether PostgreSQL answered when it was last asked. Asks again by itself, so that an idle process notices too. */
  healthy(): boolean {
    if (!this.closed && performance.now() - this.lastAskedAt > (this.answering ? PROBE_AFTER_MS : 1_000)) {
      this.lastAskedAt = performance.now();
      this.query('SELECT 1').catch(() => undefined);
    }
    return this.answering;
  }

  async query<Row = Record<string, unknown>>(text: string, parameters?: readonly unknown[]): Promise<Row[]> {
    try {
      return await this.withSession(undefined, (session) => session.query<Row>(text, parameters));
    } catch (error) {
      throw this.judged(error);
    }
  }

  async copy(into: string, rows: string): Promise<void> {
    try {
      await this.withSession(undefined, (session) => session.copy(into, rows));
    } catch (error) {
      throw this.judged(error);
    }
  }

  /**
   * Runs `work` in one transaction. Serialization failures, deadlocks and lock time-outs run it again, at most five times; so it must have no
   * effect but in `sql`. After a failure during COMMIT (`Unavailable`) nobody knows whether it was committed.
   */
  async transaction<T>(work: (sql: Sql) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const endsAt = options.deadlineMs === undefined ? undefined : performance.now() + options.deadlineMs;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.withSession(endsAt, (session) => inTransaction(session, work, options));
      } catch (error) {
        const over = endsAt !== undefined && performance.now() >= endsAt;
        if (over || !this.mayTryAgain(error, attempt)) throw this.judged(error instanceof StaleConnection ? error.cause : error);
        if (isCollision(error)) await sleep(Math.random() * 20 * 2 ** attempt);
      }
    }
  }

  /**
   * Calls `onNotify` with the payload of each NOTIFY on a channel, and with '' after every reconnection, when some may have been missed.
   * Resolves to a function that stops it.
   */
  listen(channel: string, onNotify: (payload: string) => void): Promise<() => Promise<void>> {
    return this.listener.listen(channel, onNotify);
  }

  /** Ends every connection; running statements are waited for. */
  async close(): Promise<void> {
    this.closed = true;
    this.answering = false;
    await this.listener.close();
    const source = await this.opening?.catch(() => null) ?? this.source;
    this.source = null;
    await source?.destroy();
  }

  private async withSession<T>(endsAt: number | undefined, work: (session: Session) => Promise<T>): Promise<T> {
    const session = new Session(await this.open(), this.options.statementTimeoutMs);
    const timer = endsAt === undefined ? undefined : setTimeout(() => session.abort(), Math.max(0, endsAt - performance.now()));
    try {
      await session.connect();
      const result = await work(session);
      this.note(true);
      return result;
    } finally {
      clearTimeout(timer);
      await session.release();
    }
  }

  private open(): Promise<DataSource> {
    if (this.closed) return Promise.reject(new Error(`database ${this.options.name} is closed`));
    if (this.source !== null) return Promise.resolve(this.source);
    this.opening ??= this.connect().finally(() => (this.opening = null));
    return this.opening;
  }

  private async connect(): Promise<DataSource> {
    const source = new DataSource(this.dataSourceOptions());
    try {
      await source.initialize();
      await migrate(source, this.options.migrations);
    } catch (error) {
      if (source.isInitialized) await source.destroy().catch(() => undefined);
      throw this.judged(error);
    }
    this.note(true);
    this.source = source;
    return source;
  }

  private dataSourceOptions() {
    const { url, name, poolSize, statementTimeoutMs } = this.options;
    return {
      type: 'postgres' as const, url, poolSize, applicationName: name, connectTimeoutMS: CONNECT_TIMEOUT_MS, entities: [], logging: false as const, installExtensions: false,
      poolErrorHandler: () => this.note(false),
      // A process that hangs in a transaction must not keep its locks for ever.
      extra: { statement_timeout: statementTimeoutMs, idle_in_transaction_session_timeout: statementTimeoutMs, keepAlive: true },
    };
  }

  private mayTryAgain(error: unknown, attempt: number): boolean {
    // After a restart of PostgreSQL every idle connection may be dead.
    if (error instanceof StaleConnection) return attempt < this.options.poolSize;
    return attempt < MOST_RETRIES && isCollision(error);
  }

  private judged(error: unknown): unknown {
    if (isAway(error)) this.note(false);
    return asUnavailable(error);
  }

  private note(answering: boolean): void {
    this.answering = answering && !this.closed;
    this.lastAskedAt = performance.now();
  }
}
