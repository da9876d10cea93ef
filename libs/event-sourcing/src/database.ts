/** What can run SQL: the database itself, or a transaction in it. Parameters are `$1`…; bigint and numeric come back as strings. */
export interface Sql {
  query<Row = Record<string, unknown>>(text: string, parameters?: readonly unknown[]): Promise<Row[]>;
}
