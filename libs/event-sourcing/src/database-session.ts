import { pipeline } from 'node:stream/promises';
import { from as copyFrom, type CopyStreamQuery } from 'pg-copy-streams';
import type { DataSource, QueryRunner } from 'typeorm';
import type { Sql } from './database';
import { asUnavailable } from './database-errors';
import { Unavailable } from './unavailable';

/** The part of pg's client that ends a connection at once, whatever it waits for, and that takes rows in bulk. */
interface PgClient { connection: { stream: { destroy(): void } }; query(copy: CopyStreamQuery): CopyStreamQuery }

/** What a transaction may ask for beside the defaults. */
export interface TransactionOptions {
  isolation?: 'READ COMMITTED' | 'REPEATABLE READ' | 'SERIALIZABLE';
  /** Ends in `Unavailable` after this time, waiting for a connection included. */
  deadlineMs?: number;
  /** For long work: no time limit on a statement, and none on idleness between two. */
  unhurried?: boolean;
}

const GRACE_MS = 5_000;

/** One connection checked out of the pool. */
export class Session implements Sql {
  private readonly runner: QueryRunner;
  private client: PgClient | null = null;
  private connecting: Promise<unknown> = Promise.resolve();
  private expired = false;
  private hurried = true;
  private stopWaiting: () => void = () => undefined;

  constructor(dataSource: DataSource, private readonly statementTimeoutMs: number) {
    this.runner = dataSource.createQueryRunner();
  }

  /** Waits for a connection of the pool, or for `abort`. */
  async connect(): Promise<void> {
    const connecting = this.runner.connect() as Promise<PgClient>;
    this.connecting = connecting;
    await new Promise<void>((resolve, reject) => {
      this.stopWaiting = resolve;
      connecting.then((client) => resolve(void (this.client = client)), reject);
    });
    this.refuseWhenExpired();
  }

  begin(isolation: TransactionOptions['isolation']): Promise<void> {
    return this.guarded(() => this.runner.startTransaction(isolation));
  }

  commit(): Promise<void> {
    return this.guarded(() => this.runner.commitTransaction());
  }

  /** Never throws: a connection that cannot roll back is dropped, and PostgreSQL rolls back by itself. */
  async rollback(): Promise<void> {
    if (this.runner.isTransactionActive) await this.guarded(() => this.runner.rollbackTransaction()).catch(() => this.abort());
  }

  async query<Row = Record<string, unknown>>(text: string, parameters?: readonly unknown[]): Promise<Row[]> {
    try {
      const result = await this.guarded(() => this.runner.query(text, parameters as unknown[] | undefined, true));
      return (result.records ?? []) as Row[];
    } catch (error) {
      // A collision keeps its code, for `transaction` to see that it may try again.
      throw this.expired ? new Unavailable('database', { cause: error }) : error;
    }
  }

  async copy(into: string, rows: string): Promise<void> {
    try {
      await this.guarded(() => pipeline([rows], this.client!.query(copyFrom(`COPY ${into} FROM STDIN`))));
    } catch (error) {
      throw this.expired ? new Unavailable('database', { cause: error }) : error;
    }
  }

  async unhurried(): Promise<void> {
    await this.query('SET LOCAL statement_timeout = 0');
    await this.query('SET LOCAL idle_in_transaction_session_timeout = 0');
    this.hurried = false;
  }

  /** Ends the connection at once: the statement under way fails, and the pool replaces it. */
  abort(): void {
    this.expired = true;
    this.stopWaiting();
    this.client?.connection.stream.destroy();
  }

  /** Gives the connection back; one that is still on its way, as soon as it comes. */
  async release(): Promise<void> {
    const released = this.connecting.then(() => this.runner.release(), () => this.runner.release());
    if (this.client !== null) await released;
  }

  /** A connection into a black hole never answers; PostgreSQL's own time-out cannot be heard there. */
  private async guarded<T>(work: () => Promise<T>): Promise<T> {
    this.refuseWhenExpired();
    if (!this.hurried) return work();
    const timer = setTimeout(() => this.abort(), this.statementTimeoutMs + GRACE_MS);
    try {
      return await work();
    } finally {
      clearTimeout(timer);
    }
  }

  private refuseWhenExpired(): void {
    if (this.expired) throw new Unavailable('database', { cause: new Error('the time for this is over') });
  }
}

/** Runs `work` in a transaction of one session; throws driver errors as they are, for the caller to judge. */
export const inTransaction = async <T>(session: Session, work: (sql: Sql) => Promise<T>, options: TransactionOptions): Promise<T> => {
  try {
    await session.begin(options.isolation);
  } catch (error) {
    throw new StaleConnection(error);
  }
  try {
    if (options.unhurried === true) await session.unhurried();
    const result = await work(session);
    await session.commit();
    return result;
  } catch (error) {
    await session.rollback();
    throw error;
  }
};

/** A pooled connection turned out to be dead before anything was done on it: another one may do. */
export class StaleConnection extends Error {
  constructor(cause: unknown) {
    super('the connection was dead', { cause: asUnavailable(cause) });
  }
}
