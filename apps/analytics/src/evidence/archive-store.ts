import type { Sql } from '@pataka/event-sourcing';
import { staysBefore, type ConversionRow, type ExposureRow } from './archive-row';
import type { ConversionFact, ExposureFact } from './evidence.fold';
import { arrayOf, columnsOf } from './sql-arrays';

interface Archived { id: string; at: number; hash: string }
/** What came of archiving: rows that are new, and rows that are to take the place of a copy that came before. */
export interface Archiving<Row> { fresh: Row[]; smaller: Row[] }

interface ExposureRecord { id: string; at: string; target_key: string; unit: string; experiment: string; variant: string; phase: number | null }
interface ConversionRecord { id: string; at: string; key: string; metric: string; value: string; experiment: string | null; environment: string | null }

const exposureColumns = 'id, at, hash, target_key, unit, experiment, variant, phase, environment, payload';
const conversionColumns = 'id, at, hash, key, target_key, unit, metric, value, experiment, environment, payload';

const exposureValues = (rows: readonly ExposureRow[]): string[] => columnsOf<ExposureRow>(
  rows, (row) => row.id, (row) => row.at, (row) => row.hash, (row) => row.targetKey, (row) => row.unit, (row) => row.experiment, (row) => row.variant,
  (row) => row.phase, (row) => row.environment, (row) => row.payload,
);
const conversionValues = (rows: readonly ConversionRow[]): string[] => columnsOf<ConversionRow>(
  rows, (row) => row.id, (row) => row.at, (row) => row.hash, (row) => row.key, (row) => row.targetKey, (row) => row.unit, (row) => row.metric,
  (row) => row.value, (row) => row.experiment, (row) => row.environment, (row) => row.payload,
);
const exposureTypes = '$1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[], $9::text[], $10::jsonb[]';
const conversionTypes = '$1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::text[], $10::text[], $11::jsonb[]';

/** One copy of each event, the one that stays; in order of id, so that writers meet in one order. */
const distinct = <Row extends Archived>(rows: readonly Row[]): Row[] => {
  const byId = new Map<string, Row>();
  for (const row of rows) {
    const held = byId.get(row.id);
    if (held === undefined || staysBefore(row, held)) byId.set(row.id, row);
  }
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
};

/** The archives of raw events: each event once, whichever copy came first. */
export class ArchiveStore {
  constructor(private readonly sql: Sql, private readonly schema: string) {}

  addExposures(rows: readonly ExposureRow[]): Promise<Archiving<ExposureRow>> {
    return this.add('exposure_archive', exposureColumns, exposureTypes, distinct(rows), exposureValues);
  }

  addConversions(rows: readonly ConversionRow[]): Promise<Archiving<ConversionRow>> {
    return this.add('conversion_archive', conversionColumns, conversionTypes, distinct(rows), conversionValues);
  }

  replaceExposures(rows: readonly ExposureRow[]): Promise<void> {
    return this.replace('exposure_archive', exposureColumns, exposureTypes, rows, exposureValues);
  }

  replaceConversions(rows: readonly ConversionRow[]): Promise<void> {
    return this.replace('conversion_archive', conversionColumns, conversionTypes, rows, conversionValues);
  }

  /** Rows that would still take the place of what is archived. */
  async stillSmaller<Row extends Archived>(table: string, rows: readonly Row[]): Promise<Row[]> {
    if (rows.length === 0) return [];
    const held = await this.sql.query<{ id: string; at: string; hash: string }>(`select id, at, hash from ${this.schema}.${table} where id = any($1::uuid[])`, [arrayOf(rows.map((row) => row.id))]);
    const copies = new Map(held.map(({ id, at, hash }) => [id, { at: Number(at), hash }]));
    return rows.filter((row) => copies.has(row.id) && staysBefore(row, copies.get(row.id)!));
  }

  async exposuresOf(units: readonly string[]): Promise<ExposureFact[]> {
    if (units.length === 0) return [];
    return (await this.exposures('unit = any($1::text[])', units)).map(exposureFact);
  }

  async exposuresById(ids: readonly string[]): Promise<ExposureFact[]> {
    return (await this.exposures('id = any($1::uuid[])', ids)).map(exposureFact);
  }

  async conversionsOf(keys: readonly string[]): Promise<ConversionFact[]> {
    if (keys.length === 0) return [];
    return (await this.conversions('key = any($1::text[])', keys)).map(conversionFact);
  }

  async conversionsById(ids: readonly string[]): Promise<ConversionFact[]> {
    return (await this.conversions('id = any($1::uuid[])', ids)).map(conversionFact);
  }

  async hasExposureWithoutPhase(experiment: string): Promise<boolean> {
    const rows = await this.sql.query(`select 1 from ${this.schema}.exposure_archive where experiment = $1 and phase is null limit 1`, [experiment]);
    return rows.length > 0;
  }

  private exposures(condition: string, values: readonly string[]): Promise<ExposureRecord[]> {
    return this.sql.query(`select id, at, target_key, unit, experiment, variant, phase from ${this.schema}.exposure_archive where ${condition}`, [arrayOf(values)]);
  }

  private conversions(condition: string, values: readonly string[]): Promise<ConversionRecord[]> {
    return this.sql.query(`select id, at, key, metric, value, experiment, environment from ${this.schema}.conversion_archive where ${condition}`, [arrayOf(values)]);
  }

  private async add<Row extends Archived>(table: string, columns: string, types: string, rows: Row[], values: (rows: readonly Row[]) => string[]): Promise<Archiving<Row>> {
    if (rows.length === 0) return { fresh: [], smaller: [] };
    const inserted = await this.sql.query<{ id: string }>(
      `insert into ${this.schema}.${table} (${columns}) select * from unnest(${types}) on conflict (id) do nothing returning id`, values(rows));
    if (inserted.length === rows.length) return { fresh: rows, smaller: [] };
    const ids = new Set(inserted.map(({ id }) => id));
    return { fresh: rows.filter(({ id }) => ids.has(id)), smaller: await this.stillSmaller(table, rows.filter(({ id }) => !ids.has(id))) };
  }

  private async replace<Row>(table: string, columns: string, types: string, rows: readonly Row[], values: (rows: readonly Row[]) => string[]): Promise<void> {
    const assignments = columns.split(', ').slice(1).map((column) => `${column} = excluded.${column}`).join(', ');
    await this.sql.query(`insert into ${this.schema}.${table} (${columns}) select * from unnest(${types}) on conflict (id) do update set ${assignments}`, values(rows));
  }
}

const exposureFact = (row: ExposureRecord): ExposureFact =>
  ({ id: row.id, at: Number(row.at), targetKey: row.target_key, unit: row.unit, experiment: row.experiment, variant: row.variant, phase: row.phase });

const conversionFact = (row: ConversionRecord): ConversionFact =>
  ({ id: row.id, at: Number(row.at), key: row.key, metric: row.metric, value: BigInt(row.value), experiment: row.experiment, environment: row.environment });
