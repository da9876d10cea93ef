import type { EventMeta, JsonObject } from '@pataka/contracts';
import type { Stored } from './aggregate';
import { insertRows } from './database-rows';
import type { Sql } from './database';

/** A row of `events` as selected by `eventColumns`. */
interface EventRow {
  position: string; stream_id: string; version: number; event_id: string; type: string; schema_version: number;
  data: JsonObject; meta: EventMeta; instant: string; prev_hash: string; hash: string;
}

/** Columns of a stored event. The instant is read to the microsecond, so that no change of it escapes the hash. */
export const eventColumns = `position, stream_id, version, event_id, type, schema_version, data, meta,
  to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS instant, encode(prev_hash, 'hex') AS prev_hash, encode(hash, 'hex') AS hash`;

const storedOf = (row: EventRow): Stored => ({
  type: row.type,
  data: row.data,
  id: row.event_id,
  streamId: row.stream_id,
  version: row.version,
  position: Number(row.position),
  schemaVersion: row.schema_version,
  at: row.instant.replace(/000Z$/, 'Z'),
  meta: row.meta,
  prevHash: row.prev_hash,
  hash: row.hash,
});

/** Reads events: `rest` is what follows FROM events. */
export const selectEvents = async (sql: Sql, table: string, rest: string, parameters: readonly unknown[]): Promise<Stored[]> =>
  (await sql.query<EventRow>(`SELECT ${eventColumns} FROM ${table} ${rest}`, parameters)).map(storedOf);

const columns = [
  { name: 'position', type: 'bigint' }, { name: 'stream_id', type: 'text' }, { name: 'version', type: 'int' }, { name: 'event_id', type: 'uuid' },
  { name: 'type', type: 'text' }, { name: 'schema_version', type: 'int' }, { name: 'data', type: 'jsonb' }, { name: 'meta', type: 'jsonb' },
  { name: 'at', type: 'timestamptz' }, { name: 'prev_hash', type: 'bytea' }, { name: 'hash', type: 'bytea' },
];

/** Writes events as they are. */
export const insertEvents = async (sql: Sql, table: string, events: readonly Stored[]): Promise<void> => {
  await insertRows(sql, table, columns, events.map((event) => [
    event.position, event.streamId, event.version, event.id, event.type, event.schemaVersion, event.data, event.meta, event.at,
    Buffer.from(event.prevHash, 'hex'), Buffer.from(event.hash, 'hex'),
  ]));
};
