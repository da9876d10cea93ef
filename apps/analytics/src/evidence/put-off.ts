import type { Sql } from '@pataka/event-sourcing';
import type { ConversionRow, ExposureRow } from './archive-row';
import { copyRows } from './sql-arrays';

export type PutOffRow = ExposureRow | ConversionRow;

const PAGE = 5_000;

const textOf = (row: PutOffRow): string => JSON.stringify('value' in row ? { ...row, value: row.value.toString() } : row);
const rowOf = (row: ExposureRow | (Omit<ConversionRow, 'value'> & { value: string })): PutOffRow => ('value' in row ? { ...row, value: BigInt(row.value) } : row);

/** Rows that a fill could not take on its way, until its end. */
export class PutOff {
  constructor(private readonly sql: Pick<Sql, 'query' | 'copy'>, private readonly schema: string) {}

  async add(topic: string, rows: readonly PutOffRow[]): Promise<void> {
    if (rows.length > 0) await this.sql.copy(`${this.schema}.put_off (topic, archive_row)`, copyRows(rows, () => topic, textOf));
  }

  /** The next rows of one topic after an id; null at the end. */
  async page(after: string): Promise<{ topic: string; rows: PutOffRow[]; last: string } | null> {
    const found = await this.sql.query<{ id: string; topic: string; archive_row: Parameters<typeof rowOf>[0] }>(
      `select id, topic, archive_row from ${this.schema}.put_off where id > $1 order by id limit $2`, [after, PAGE]);
    const topic = found[0]?.topic;
    if (topic === undefined) return null;
    const end = found.findIndex((row) => row.topic !== topic);
    const page = end < 0 ? found : found.slice(0, end);
    return { topic, rows: page.map((row) => rowOf(row.archive_row)), last: page.at(-1)!.id };
  }
}
