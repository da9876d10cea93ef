import type { Sql } from './database';
import { quoted } from './database-rows';
import type { EventBatch } from './event-batch';
import type { Projection, RowProjection } from './projection';

/** Locks the rows of all keys, in key order. Missing ones get a placeholder (JSON null), so that two partitions that meet at a new key wait for each other. */
const lockRows = async <Row>(sql: Sql, table: string, keys: readonly string[]): Promise<Map<string, Row | null>> => {
  const found = await sql.query<{ key: string; row: Row | null }>(`SELECT key, row FROM ${table} WHERE key = ANY($1) ORDER BY key FOR UPDATE`, [keys]);
  const rows = new Map(found.map(({ key, row }) => [key, row]));
  const made = await sql.query<{ key: string; row: Row | null }>(
    `INSERT INTO ${table} (key, row) SELECT key, 'null' FROM unnest($1::text[]) AS key ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING key, row`,
    [keys.filter((key) => !rows.has(key))],
  );
  for (const { key, row } of made) rows.set(key, row);
  return rows;
};

/** Groups the events of a batch by the row they concern; keys sorted. */
const byKey = <Row extends object>(definition: RowProjection<Row>, batch: EventBatch): Map<string, EventBatch['events']> => {
  const groups = new Map<string, EventBatch['events']>();
  for (const event of batch.events) {
    const key = definition.keyOf(event);
    if (key === null) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [event]);
    else group.push(event);
  }
  return new Map([...groups].sort(([a], [b]) => (a < b ? -1 : 1)));
};

/** A projection with one table `rows(key, row)`: a JSON document per key, folded by `evolve`; null deletes. */
export const rowProjection = <Row extends object>(definition: RowProjection<Row>): Projection => ({
  name: definition.name,
  topics: definition.topics,
  tables: ['rows'],
  create: (schema) => `CREATE TABLE ${quoted(schema)}.rows (key text COLLATE "C" PRIMARY KEY, row jsonb NOT NULL)`,
  apply: async (sql, schema, batch) => {
    const table = `${quoted(schema)}.rows`;
    const groups = byKey(definition, batch);
    if (groups.size === 0) return [];
    const before = await lockRows<Row>(sql, table, [...groups.keys()]);
    const after = [...groups].map(([key, events]) => [key, events.reduce<Row | null>((row, event) => definition.evolve(row, event), before.get(key) ?? null)] as const);
    const kept = after.filter(([, row]) => row !== null);
    await sql.query(`UPDATE ${table} t SET row = n.row FROM unnest($1::text[], $2::jsonb[]) AS n(key, row) WHERE t.key = n.key`, [kept.map(([key]) => key), kept.map(([, row]) => JSON.stringify(row))]);
    const removed = after.filter(([, row]) => row === null).map(([key]) => key);
    if (removed.length > 0) await sql.query(`DELETE FROM ${table} WHERE key = ANY($1)`, [removed]);
    return [];
  },
});
