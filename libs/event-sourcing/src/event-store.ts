import type { EventMeta, JsonObject, ServiceName } from '@pataka/contracts';
import type { Aggregate, DomainEvent, Stored } from './aggregate';
import type { Database, Sql } from './database';
import type { Migration } from './database-migrations';
import { quoted } from './database-rows';
import { IdempotentAnswers } from './event-store-idempotency';
import { insertEvents, selectEvents } from './event-store-rows';
import { eventStoreMigrations } from './event-store-tables';
import { verifyEvents } from './event-store-verify';
import { hashOf } from './hash-chain';
import { Unavailable } from './unavailable';
import { uuidv7 } from './uuid';

/** Where a service's events live, and what it needs to make them. */
export interface EventStoreOptions {
  database: Database;
  schema: string;
  service: ServiceName;
  /** Advisory lock that serialises the commands of this service; another number for each. */
  lockId: number;
  ids?: () => string;
  now?: () => string;
}

/** A row of the inline read model. */
export interface DocumentRow<Document = JsonObject> { key: string; version: number; document: Document }

/** An aggregate of whatever types, for the folds that verify documents. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- states and commands differ by aggregate and are never looked into
export type AnyAggregate = Aggregate<any, any, any>;

/** What came of checking a store: every fault in words, at most 100. */
export interface StoreReport { events: number; faults: string[] }

const COMMAND_DEADLINE_MS = 5_000;

/**
 * Events of one service, in order and for ever, with the documents folded from them and the outbox. Commands are serialised by an advisory
 * lock, so positions are gap-free and in commit order. Write through `handle`.
 */
export class EventStore {
  readonly schema: string;
  readonly service: ServiceName;
  readonly now: () => string;
  readonly answers: IdempotentAnswers;
  private readonly database: Database;
  private readonly lockId: number;
  private readonly ids: () => string;
  private readonly listeners = new Set<() => void>();
  private readonly aggregates = new Map<string, AnyAggregate>();
  private queue: Promise<unknown> = Promise.resolve();

  constructor(options: EventStoreOptions) {
    this.database = options.database;
    this.schema = options.schema;
    this.service = options.service;
    this.lockId = options.lockId;
    this.ids = options.ids ?? uuidv7;
    this.now = options.now ?? (() => new Date().toISOString());
    this.answers = new IdempotentAnswers(this.table('idempotency'));
  }

  static migrations(schema: string): Migration[] {
    return eventStoreMigrations(schema);
  }

  /** Makes `verify` fold this category; `handle` does it by itself. */
  register(aggregate: AnyAggregate): void {
    this.aggregates.set(aggregate.category, aggregate);
  }

  /** Calls the listener after every commit that appended events in this process. Returns what ends that. */
  onAppended(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** All events of a stream in order, up to an instant (inclusive). As stored: see `fold` for upcasting. */
  load(streamId: string, options: { until?: string; sql?: Sql } = {}): Promise<Stored[]> {
    const sql = options.sql ?? this.database;
    return selectEvents(sql, this.table('events'), 'WHERE stream_id = $1 AND ($2::timestamptz IS NULL OR at <= $2) ORDER BY version', [streamId, options.until ?? null]);
  }

  /** A page of a stream's events. */
  history(streamId: string, options: { after?: number; limit?: number } = {}): Promise<Stored[]> {
    return selectEvents(this.database, this.table('events'), 'WHERE stream_id = $1 AND version > $2 ORDER BY version LIMIT $3', [streamId, options.after ?? 0, options.limit ?? 100]);
  }

  /** A page of all events of the service, by position. */
  all(options: { after?: number; limit?: number } = {}): Promise<Stored[]> {
    return selectEvents(this.database, this.table('events'), 'WHERE position > $1 ORDER BY position LIMIT $2', [options.after ?? 0, options.limit ?? 100]);
  }

  /** The same, newest first; `before` is the last position of the page before. */
  newest(options: { before?: number; limit?: number } = {}): Promise<Stored[]> {
    return selectEvents(this.database, this.table('events'), 'WHERE position < $1 ORDER BY position DESC LIMIT $2', [options.before ?? Number.MAX_SAFE_INTEGER, options.limit ?? 100]);
  }

  /** A page of documents in key order; `after` is the last key of the page before. Without `limit` all of them. */
  documents<D = JsonObject>(category: string, options: { prefix?: string; after?: string; limit?: number; sql?: Sql } = {}): Promise<DocumentRow<D>[]> {
    const { prefix = '', after = '', limit = null, sql = this.database } = options;
    return sql.query<DocumentRow<D>>(
      `SELECT key, version, document FROM ${this.table('documents')}
       WHERE category = $1 AND key > $2 AND key >= $3 AND starts_with(key, $3) ORDER BY key LIMIT $4`,
      [category, after, prefix, limit],
    );
  }

  async document<D = JsonObject>(category: string, key: string, sql: Sql = this.database): Promise<DocumentRow<D> | null> {
    const [row] = await sql.query<DocumentRow<D>>(`SELECT key, version, document FROM ${this.table('documents')} WHERE category = $1 AND key = $2`, [category, key]);
    return row ?? null;
  }

  /** The document whose key is the same but for upper and lower case: is a key taken? */
  async documentAnyCase<D = JsonObject>(category: string, key: string, sql: Sql = this.database): Promise<DocumentRow<D> | null> {
    const [row] = await sql.query<DocumentRow<D>>(`SELECT key, version, document FROM ${this.table('documents')} WHERE category = $1 AND lower(key) = lower($2)`, [category, key]);
    return row ?? null;
  }

  /** Position of the newest event, 0 without any. */
  async position(sql: Sql = this.database): Promise<number> {
    const [head] = await sql.query<{ position: string }>(`SELECT position FROM ${this.table('event_head')}`);
    return Number(head?.position ?? 0);
  }

  /** Checks hash chain, positions, versions, and that the documents of registered aggregates are the fold of their events. Changes nothing. */
  verify(): Promise<StoreReport> {
    const tables = { events: this.table('events'), head: this.table('event_head'), documents: this.table('documents') };
    return this.database.transaction((sql) => verifyEvents(sql, tables, this.aggregates), { isolation: 'REPEATABLE READ', unhurried: true });
  }

  /** Runs one command of the service at a time, in a transaction. Waits in this process first, so that commands do not use up the pool. */
  serialised<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    const endsAt = performance.now() + COMMAND_DEADLINE_MS;
    const result = this.queue.then(() => {
      const deadlineMs = endsAt - performance.now();
      if (deadlineMs <= 0) throw new Unavailable('database', { cause: new Error('too many commands are waiting') });
      return this.database.transaction(async (sql) => {
        await sql.query('SELECT pg_advisory_xact_lock($1)', [this.lockId]);
        return work(sql);
      }, { deadlineMs });
    });
    this.queue = result.catch(() => undefined);
    return result;
  }

  /** Appends events to a stream that is at `version`; only under `serialised`. */
  async append(sql: Sql, streamId: string, version: number, events: readonly (DomainEvent & { schemaVersion: number })[], meta: EventMeta): Promise<Stored[]> {
    const [head] = await sql.query<{ position: string; hash: string }>(`SELECT position, encode(hash, 'hex') AS hash FROM ${this.table('event_head')} FOR UPDATE`);
    if (head === undefined) throw new Error(`${this.schema}.event_head is empty: the store has been tampered with`);
    const at = this.now();
    let prevHash = head.hash;
    const stored = events.map((event, index): Stored => {
      // As it will be read again: what JSON drops is dropped before the hash is taken.
      const data = JSON.parse(JSON.stringify(event.data)) as object;
      const facts = { id: this.ids(), streamId, version: version + index + 1, position: Number(head.position) + index + 1, schemaVersion: event.schemaVersion, at: new Date(at).toISOString(), meta };
      const hash = hashOf(prevHash, { ...facts, type: event.type, data });
      const whole = { type: event.type, data, ...facts, prevHash, hash };
      prevHash = hash;
      return whole;
    });
    await insertEvents(sql, this.table('events'), stored);
    await sql.query(`UPDATE ${this.table('event_head')} SET position = $1, hash = $2`, [stored.at(-1)?.position ?? head.position, Buffer.from(prevHash, 'hex')]);
    return stored;
  }

  /** Writes or removes (null) the document of a stream; only under `serialised`. */
  async keepDocument(sql: Sql, category: string, row: { key: string; version: number; position: number; document: object | null }): Promise<void> {
    if (row.document === null) {
      await sql.query(`DELETE FROM ${this.table('documents')} WHERE category = $1 AND key = $2`, [category, row.key]);
      return;
    }
    await sql.query(
      `INSERT INTO ${this.table('documents')} (category, key, version, position, document) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (category, key) DO UPDATE SET version = excluded.version, position = excluded.position, document = excluded.document`,
      [category, row.key, row.version, row.position, JSON.stringify(row.document)],
    );
  }

  /** Tells the listeners of `onAppended`. */
  announce(): void {
    for (const listener of this.listeners) listener();
  }

  private table(name: string): string {
    return `${quoted(this.schema)}.${name}`;
  }
}
