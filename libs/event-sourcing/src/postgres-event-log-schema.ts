import type { Pool } from 'pg';

/** Name of the schema; also of the advisory lock that guards its making. */
export const LOG_SCHEMA = 'pataka_log';

/**
 * `partitions.next_offset` is the counter under whose row lock offsets are given, so that offset order is commit order. Values are
 * not compressed by the database: batches are read far more often than disks are full, and pglz costs more than the rest of an insert. A value
 * stays in its row up to a page's size: in a table of their own values of 2 KB, as ingestion makes them, take six times as long to read.
 */
const tables = `
create schema if not exists pataka_log;
create table pataka_log.topics (
  id int generated always as identity primary key, name text not null unique,
  partitions int not null, cleanup text not null, retention_ms bigint not null);
create table pataka_log.partitions (
  topic_id int not null references pataka_log.topics, partition int not null,
  next_offset bigint not null default 0, low_offset bigint not null default 0,
  primary key (topic_id, partition)) with (fillfactor = 40);
create table pataka_log.records (
  topic_id int not null, partition int not null, "offset" bigint not null,
  at bigint not null, key bytea, headers text not null, value bytea,
  primary key (topic_id, partition, "offset"));
alter table pataka_log.records alter column value set storage external;
alter table pataka_log.records set (toast_tuple_target = 8160);
create table pataka_log.group_offsets (
  group_name text not null, topic_id int not null references pataka_log.topics, partition int not null,
  next_offset bigint not null, updated_at timestamptz not null default clock_timestamp(),
  primary key (group_name, topic_id, partition)) with (fillfactor = 40);
create table pataka_log.members (
  group_name text not null, member_id uuid not null, topics text[] not null,
  session_pid int not null, session_start timestamptz not null, seen_at timestamptz not null,
  primary key (group_name, member_id)) with (fillfactor = 40);
`;

/** Makes the schema if it is not there. Many processes may do it at once: one does, the others wait for it. */
export const createLogSchema = async (pool: Pool): Promise<void> => {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [LOG_SCHEMA]);
    const { rows } = await client.query<{ made: boolean }>(`select to_regclass('pataka_log.members') is not null as made`);
    if (rows[0]?.made !== true) await client.query(tables);
    await client.query('commit');
    client.release();
  } catch (error) {
    client.release(error as Error);
    throw error;
  }
};
