import type { Sql } from './database';

/** A column with its PostgreSQL type as in a cast: `bigint`, `jsonb`, `timestamptz`, `bytea`. Array types cannot be unnested. */
export interface Column { name: string; type: string }

/**
 * An identifier in double quotes, for text that goes into SQL: a schema's name, a table's, a column's.
 * @throws RangeError beyond 63 bytes, which PostgreSQL would cut off in silence.
 */
export const quoted = (identifier: string): string => {
  if (Buffer.byteLength(identifier) > 63) throw new RangeError(`"${identifier}" is longer than the 63 bytes that PostgreSQL keeps of a name`);
  return `"${identifier.replaceAll('"', '""')}"`;
};

const arrayOf = (column: Column, values: unknown[]): unknown[] => {
  if (column.type !== 'json' && column.type !== 'jsonb') return values;
  // pg would write a JSON array as an array of SQL.
  return values.map((value) => (value === undefined || value === null ? null : JSON.stringify(value)));
};

/**
 * Inserts many rows by one statement with one parameter per column. `table` is as written in SQL (quoted where needed); values of a
 * json column are given as JavaScript values, null being SQL's; `suffix` may add ON CONFLICT and RETURNING.
 */
export const insertRows = async <Row = Record<string, unknown>>(
  sql: Sql, table: string, columns: readonly Column[], rows: readonly (readonly unknown[])[], suffix = '',
): Promise<Row[]> => {
  if (rows.length === 0) return [];
  const names = columns.map(({ name }) => quoted(name)).join(', ');
  const arrays = columns.map(({ type }, index) => `$${index + 1}::${type}[]`).join(', ');
  const parameters = columns.map((column, index) => arrayOf(column, rows.map((row) => row[index])));
  return sql.query<Row>(`INSERT INTO ${table} (${names}) SELECT * FROM unnest(${arrays}) ${suffix}`, parameters);
};
