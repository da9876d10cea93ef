import type { Sql } from './database';
import type { EventBatch, Refused } from './event-batch';

/** Shows how far long work has come. */
export interface Progress { done: number; total: number; note: string }

/**
 * Tables and the handler that fills them. Its tables live in a schema per generation, named by the runner: write `schema.table` everywhere.
 * `apply` must be deterministic in the log and must not read clocks or other tables. It runs in the transaction that also moves the
 * checkpoint, so a batch is applied once. What it returns goes to dead letters in that same transaction.
 */
export interface Projection {
  /** kebab-case; also the consumer group. */
  name: string;
  topics: readonly string[];
  /** Names of the tables, for checksums; every column counts but those named `_…`. */
  tables: readonly string[];
  /** DDL that makes the tables in `schema` (already created, empty). */
  create(schema: string): string;
  apply(sql: Sql, schema: string, batch: EventBatch): Promise<Refused[]>;
  /** Called after a committed batch of the live generation, for caches and notifications; never in replay. */
  committed?(batch: EventBatch): void;
}

/** One row's worth of a projection that keeps a document per key; `null` deletes. */
export interface RowProjection<Row extends object> {
  name: string;
  topics: readonly string[];
  keyOf(event: EventBatch['events'][number]): string | null;
  evolve(row: Row | null, event: EventBatch['events'][number]): Row | null;
}

/** Table by table: rows and checksum of the live generation and of its rebuild. */
export interface VerifyReport { projection: string; equal: boolean; tables: { table: string; live: string; rebuilt: string; rows: number }[] }
