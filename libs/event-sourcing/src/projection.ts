import type { Database, Sql } from './database';
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
  /** DDL of what reading and `apply` need beside, such as secondary indexes: made at once for the live generation, after the fill for a rebuilt one. */
  index?(schema: string): string;
  fill?: Fill;
  apply(sql: Sql, schema: string, batch: EventBatch): Promise<Refused[]>;
  /** Called after a committed batch of the live generation, for caches and notifications; never in replay. */
  committed?(batch: EventBatch): void;
}

/**
 * A faster way into an empty generation than `apply`. Nobody else writes to that generation, and a failure begins it anew, so that a lane may hold
 * back in memory what it has not written yet. What it leaves in the tables after `finish` must be what `apply` would have left.
 */
export interface Fill {
  /** Partitions of one lane are read one after the other, in the order of `topics`; null for those that `apply` takes before any lane begins. */
  laneOf(topic: string, partition: number): number | null;
  open(schema: string, lane: number): FillLane;
  /** Once all lanes are written and `index` has been run: does what they have put off. */
  finish(database: Database, schema: string): Promise<void>;
}

/** One writer of a fill. */
export interface FillLane {
  /** Takes a batch in the transaction that moves the checkpoint; what it resolves to is called once that is committed. Refused events are left out. */
  take(sql: Sql, batch: EventBatch): Promise<() => void>;
  /** Whether it holds as much as it may. */
  full(): boolean;
  /** Writes what it holds; what it resolves to is called once that is committed. */
  flush(sql: Sql): Promise<() => void>;
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
