import type { Sql } from './database';
import { quoted } from './database-rows';

/** Rows of a table and a checksum over them that does not depend on their order. */
export interface TableChecksum { table: string; rows: number; checksum: string }

const checksumOf = async (sql: Sql, schema: string, table: string): Promise<TableChecksum> => {
  const columns = await sql.query<{ column_name: string }>(
    "SELECT column_name FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2 AND column_name NOT LIKE '\\_%' ORDER BY column_name", [schema, table]);
  if (columns.length === 0) throw new Error(`${schema}.${table} is not there or has no columns to compare`);
  const row = `ROW(${columns.map(({ column_name }) => `t.${quoted(column_name)}`).join(', ')})::text`;
  // Two sums of differently seeded 64-bit hashes: 128 bits, whatever the order of the rows.
  const [sums] = await sql.query<{ rows: string; one: string; two: string }>(
    `SELECT count(*) AS rows, coalesce(sum(hashtextextended(r, 1)), 0) AS one, coalesce(sum(hashtextextended(r, 2)), 0) AS two
     FROM (SELECT ${row} AS r FROM ${quoted(schema)}.${quoted(table)} t) AS canonical`);
  return { table, rows: Number(sums?.rows), checksum: `${sums?.rows}:${sums?.one}:${sums?.two}` };
};

/** Checksums of tables in a schema, over every column whose name does not begin with `_`. */
export const checksums = async (sql: Sql, schema: string, tables: readonly string[]): Promise<TableChecksum[]> => {
  const all: TableChecksum[] = [];
  for (const table of tables) all.push(await checksumOf(sql, schema, table));
  return all;
};
