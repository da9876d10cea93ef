import type { Sql } from './database';
import { quoted } from './database-rows';

/** One reader's place in one partition. */
export interface Place { projection: string; generation: number; topic: string; partition: number }

/** A checkpoint: the offset of the next record to apply. */
export interface Checkpoint { topic: string; partition: number; offset: string }

/** DDL of the checkpoints of a service. */
export const checkpointsTable = (schema: string): string => `
  CREATE TABLE IF NOT EXISTS ${quoted(schema)}.checkpoints (
    projection text NOT NULL,
    generation int NOT NULL,
    topic text NOT NULL,
    partition int NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (projection, generation, topic, partition)
  );`;

/** How far each generation of each projection has come. */
export class Checkpoints {
  private readonly table: string;

  constructor(schema: string) {
    this.table = `${quoted(schema)}.checkpoints`;
  }

  async find(sql: Sql, { projection, generation, topic, partition }: Place): Promise<string | null> {
    const [row] = await sql.query<{ next_offset: string }>(
      `SELECT next_offset FROM ${this.table} WHERE projection = $1 AND generation = $2 AND topic = $3 AND partition = $4`, [projection, generation, topic, partition]);
    return row?.next_offset ?? null;
  }

  /** Compare and set: false when the checkpoint is not `from` (null: not there). Whoever gets true holds the row until the transaction ends. */
  async move(sql: Sql, { projection, generation, topic, partition }: Place, from: string | null, to: string): Promise<boolean> {
    const place = [projection, generation, topic, partition, to];
    const moved = from === null
      ? await sql.query(`INSERT INTO ${this.table} (projection, generation, topic, partition, next_offset) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING 1`, place)
      : await sql.query(`UPDATE ${this.table} SET next_offset = $5 WHERE projection = $1 AND generation = $2 AND topic = $3 AND partition = $4 AND next_offset = $6 RETURNING 1`, [...place, from]);
    return moved.length === 1;
  }

  /** Compare and set of several places of one generation: false unless every one of them was at `from`. */
  async moveAll(sql: Sql, projection: string, generation: number, moves: readonly { topic: string; partition: number; from: string; to: string }[]): Promise<boolean> {
    const moved = await sql.query(
      `UPDATE ${this.table} c SET next_offset = m.next FROM unnest($3::text[], $4::int[], $5::bigint[], $6::bigint[]) AS m(topic, partition, at, next)
       WHERE c.projection = $1 AND c.generation = $2 AND c.topic = m.topic AND c.partition = m.partition AND c.next_offset = m.at RETURNING 1`,
      [projection, generation, moves.map(({ topic }) => topic), moves.map(({ partition }) => partition), moves.map(({ from }) => from), moves.map(({ to }) => to)]);
    return moved.length === moves.length;
  }

  /** All checkpoints of a generation; `lock` stops its consumers until the transaction ends. */
  list(sql: Sql, projection: string, generation: number, lock = false): Promise<Checkpoint[]> {
    return sql.query<Checkpoint>(
      `SELECT topic, partition, next_offset AS "offset" FROM ${this.table} WHERE projection = $1 AND generation = $2 ORDER BY topic, partition ${lock ? 'FOR UPDATE' : ''}`,
      [projection, generation]);
  }

  /** An SQL expression: all checkpoints of a generation as JSON, offset by topic and partition. */
  offsetsSql(projection: string, generation: number): string {
    return `(SELECT coalesce(json_object_agg(topic, offsets ORDER BY topic), '{}') FROM (
      SELECT topic, json_object_agg(partition, next_offset::text ORDER BY partition) AS offsets FROM ${this.table}
      WHERE projection = '${projection}' AND generation = ${generation} GROUP BY topic) AS topics)`;
  }

  async remove(sql: Sql, projection: string, generation: number): Promise<void> {
    await sql.query(`DELETE FROM ${this.table} WHERE projection = $1 AND generation = $2`, [projection, generation]);
  }
}
