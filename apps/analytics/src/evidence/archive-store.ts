import type { JsonObject } from '@pataka/contracts';
import type { Sql } from '@pataka/event-sourcing';
import { staysBefore, type ConversionRow, type ExposureRow } from './archive-row';
import type { ConversionFact, ExposureFact } from './evidence.fold';
import { arrayOf } from './sql-arrays';

interface Archived { id: string; at: number; hash: string; cells: string }
/** What came of archiving: rows that are new, and rows that are to take the place of a copy that came before. */
export interface Archiving<Row> { fresh: Row[]; smaller: Row[] }

interface ExposureRecord { id: string; at: string; target_key: string; unit: string; experiment: string; variant: string; phase: number | null; attributes: JsonObject | null }
interface ConversionRecord { id: string; at: string; key: string; metric: string; value: string; experiment: string | null; environment: string | null }

/** The last columns are those of a row's `cells`. */
interface Table { name: string; columns: string }
const exposureArchive: Table = { name: 'exposure_archive', columns: 'id, at, hash, target_key, unit, experiment, variant, phase, environment, payload' };
const conversionArchive: Table = { name: 'conversion_archive', columns: 'id, at, hash, key, target_key, unit, metric, value, experiment, environment, payload' };
const lineOf = ({ id, at, hash, cells }: Archived): string => `${id}\t${at}\t${hash}\t${cells}\n`;

// Below, one more round trip costs more than looking for copies.
const WORTH_HOPING = 200;

/** One copy of each event, the one that stays. */
const distinct = <Row extends Archived>(rows: readonly Row[]): Row[] => {
  const byId = new Map<string, Row>();
  for (const row of rows) {
    const held = byId.get(row.id);
    if (held === undefined || staysBefore(row, held)) byId.set(row.id, row);
  }
  return [...byId.values()];
};
const inOrder = <Row extends Archived>(rows: Row[]): Row[] => rows.sort((a, b) => (a.id < b.id ? -1 : 1));

/**
 * The archives of raw events: each event once, whichever copy came first. Writers that may meet at one id bring their rows `ordered` by it, so that none
 * waits for another in a circle; those that hardly ever do leave a circle to PostgreSQL, which breaks it, and the transaction is run again.
 */
export class ArchiveStore {
  constructor(private readonly sql: Sql, private readonly schema: string, private readonly ordered = true) {}

  addExposures(rows: readonly ExposureRow[]): Promise<Archiving<ExposureRow>> {
    return this.addOnce(exposureArchive, rows);
  }

  addConversions(rows: readonly ConversionRow[]): Promise<Archiving<ConversionRow>> {
    return this.addOnce(conversionArchive, rows);
  }

  /** Puts these exposures in the place of their archived copies. */
  replaceExposures(rows: readonly ExposureRow[]): Promise<void> {
    return this.replace(exposureArchive, rows);
  }

  replaceConversions(rows: readonly ConversionRow[]): Promise<void> {
    return this.replace(conversionArchive, rows);
  }

  /** Exposures that would still take the place of what is archived. */
  stillSmallerExposures(rows: readonly ExposureRow[]): Promise<ExposureRow[]> {
    return this.smaller(exposureArchive, rows);
  }

  stillSmallerConversions(rows: readonly ConversionRow[]): Promise<ConversionRow[]> {
    return this.smaller(conversionArchive, rows);
  }

  async exposuresOf(units: readonly string[]): Promise<ExposureFact[]> {
    if (units.length === 0) return [];
    return (await this.exposures('unit = any($1::text[])', units)).map(exposureFact);
  }

  /** Units that were exposed as or under one of these keys, by experiment. */
  async subjectsUnder(keys: readonly string[]): Promise<{ unit: string; experiment: string }[]> {
    return this.sql.query(
      `select distinct unit, experiment from ${this.schema}.exposure_archive where unit = any($1::text[]) or (target_key = any($1::text[]) and target_key <> unit) order by experiment, unit`, [arrayOf(keys)]);
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
    return this.sql.query(`select id, at, target_key, unit, experiment, variant, phase, payload->'attributes' as attributes from ${this.schema}.exposure_archive where ${condition}`, [arrayOf(values)]);
  }

  private conversions(condition: string, values: readonly string[]): Promise<ConversionRecord[]> {
    return this.sql.query(`select id, at, key, metric, value, experiment, environment from ${this.schema}.conversion_archive where ${condition}`, [arrayOf(values)]);
  }

  /** Copies are rare: many rows are written at once, and only if one is there already does anyone look which. */
  private async addOnce<Row extends Archived>(table: Table, given: readonly Row[]): Promise<Archiving<Row>> {
    const rows = this.ordered ? inOrder(distinct(given)) : distinct(given);
    if (rows.length < WORTH_HOPING) return this.add(table, rows);
    await this.sql.query('SAVEPOINT archive');
    try {
      await this.copy(table, rows);
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      await this.sql.query('ROLLBACK TO SAVEPOINT archive');
      return this.add(table, rows);
    }
    await this.sql.query('RELEASE SAVEPOINT archive');
    return { fresh: rows, smaller: [] };
  }

  private async add<Row extends Archived>(table: Table, rows: Row[]): Promise<Archiving<Row>> {
    const held = await this.copiesOf(table, rows);
    const fresh = held.size === 0 ? rows : rows.filter(({ id }) => !held.has(id));
    await this.insert(table, fresh);
    return { fresh, smaller: held.size === 0 ? [] : rows.filter((row) => held.has(row.id) && staysBefore(row, held.get(row.id)!)) };
  }

  private async smaller<Row extends Archived>(table: Table, rows: readonly Row[]): Promise<Row[]> {
    const held = await this.copiesOf(table, rows);
    return rows.filter((row) => held.has(row.id) && staysBefore(row, held.get(row.id)!));
  }

  private async copiesOf(table: Table, rows: readonly Archived[]): Promise<Map<string, { at: number; hash: string }>> {
    if (rows.length === 0) return new Map();
    const held = await this.sql.query<{ id: string; at: string; hash: string }>(
      `select id, at, hash from ${this.schema}.${table.name} where id = any($1::uuid[])`, [idsOf(rows)]);
    return new Map(held.map(({ id, at, hash }) => [id, { at: Number(at), hash }]));
  }

  private async replace(table: Table, rows: readonly Archived[]): Promise<void> {
    if (rows.length === 0) return;
    await this.sql.query(`delete from ${this.schema}.${table.name} where id = any($1::uuid[])`, [idsOf(rows)]);
    await this.insert(table, rows);
  }

  private async insert(table: Table, rows: readonly Archived[]): Promise<void> {
    if (rows.length === 0) return;
    await this.copy(table, rows).catch((error: unknown) => {
      throw isDuplicate(error) ? new MetAtOneId(error) : error;
    });
  }

  private copy({ name, columns }: Table, rows: readonly Archived[]): Promise<void> {
    let lines = '';
    for (const row of rows) lines += lineOf(row);
    return this.sql.copy(`${this.schema}.${name} (${columns})`, lines);
  }
}

const isDuplicate = (error: unknown): boolean => (error as { code?: unknown }).code === '23505';

/** Two writers brought one id under different keys at once. Run again, the transaction finds the other's copy: hence PostgreSQL's code for that. */
class MetAtOneId extends Error {
  readonly code = '40001';

  constructor(cause: unknown) {
    super('another writer is archiving the same event', { cause });
  }
}

// Ids are UUIDs here: nothing to quote.
const idsOf = (rows: readonly Archived[]): string => `{${rows.map(({ id }) => id).join(',')}}`;

const exposureFact = (row: ExposureRecord): ExposureFact =>
  ({ id: row.id, at: Number(row.at), targetKey: row.target_key, unit: row.unit, experiment: row.experiment, variant: row.variant, phase: row.phase, attributes: row.attributes ?? undefined });

const conversionFact = (row: ConversionRecord): ConversionFact =>
  ({ id: row.id, at: Number(row.at), key: row.key, metric: row.metric, value: BigInt(row.value), experiment: row.experiment, environment: row.environment });
