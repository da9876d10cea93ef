import type { Sql } from '@pataka/event-sourcing';
import type { Subject } from './evidence.fold';
import { dayOf, type Micros } from './instant';
import { arrayOf, columnsOf, copyRows, type Cell as SqlCell } from './sql-arrays';
import type { Cell, Tally } from './tally';

interface SubjectRow {
  unit: string; experiment: string; shard: number; sightings: Subject['sightings']; keys: string[]; metrics: Subject['metrics'];
  entry_at: string | null; entry_id: string | null; variant: string | null; phase: number | null; excluded: boolean;
}

/** Names a subject. */
export interface SubjectRef { unit: string; experiment: string }
export const refKey = ({ unit, experiment }: SubjectRef): string => `${experiment}\u0001${unit}`;

const COLUMNS = 'unit, experiment, shard, sightings, keys, metrics, entry_at, entry_id, variant, phase, excluded';

// What was seen first must not show in the text: checksums compare it.
const inOrder = <Value>(record: Record<string, Value>): Record<string, Value> => {
  const names = Object.keys(record);
  return names.length < 2 ? record : Object.fromEntries(names.sort().map((name) => [name, record[name]!]));
};
const metricsText = ({ metrics }: Subject): string => JSON.stringify(inOrder(metrics));
const sightingsText = ({ sightings }: Subject): string => JSON.stringify(inOrder(Object.fromEntries(Object.entries(sightings).map(([phase, variants]) => [phase, inOrder(variants)]))));
const cells: readonly ((subject: Subject) => SqlCell)[] = [
  (s) => s.unit, (s) => s.experiment, (s) => s.shard, sightingsText, (s) => arrayOf(s.keys), metricsText,
  (s) => s.entry?.at ?? null, (s) => s.entry?.id ?? null, (s) => s.entry?.variant ?? null, (s) => s.entry?.phase ?? null, (s) => s.entry?.excluded ?? false,
];

const subjectOf = (row: SubjectRow): Subject => ({
  unit: row.unit, experiment: row.experiment, shard: row.shard, sightings: row.sightings, keys: row.keys, metrics: row.metrics,
  entry: row.entry_at === null ? null : { at: Number(row.entry_at), id: row.entry_id!, variant: row.variant!, phase: row.phase!, day: dayOf(Number(row.entry_at)), excluded: row.excluded },
});

/** Subjects, their sums and rollups, in one generation of the evidence. */
export class SubjectStore {
  constructor(private readonly sql: Sql, private readonly schema: string) {}

  /**
   * Waits until nobody else works on these shards, and puts a mark on them; held until the transaction ends. Answers the marks they had, read as
   * the wait ended. Rows are locked in order of shard, so that writers meet in one order.
   */
  async lock(shards: Iterable<number>, mark: string): Promise<{ shard: number; mark: string }[]> {
    const wanted = [...new Set(shards)];
    if (wanted.length === 0) return [];
    return this.sql.query<{ shard: number; mark: string }>(
      `with held as (select shard, mark from ${this.schema}.shard_mark where shard = any($1::smallint[]) order by shard for update)
       update ${this.schema}.shard_mark m set mark = $2 from held where m.shard = held.shard returning held.shard, held.mark`, [arrayOf(wanted), mark]);
  }

  /** Shards of the subjects that were seen under these targeting keys. */
  async shardsOfKeys(keys: readonly string[]): Promise<number[]> {
    const rows = await this.sql.query<{ shard: number }>(`select distinct shard from ${this.schema}.subject_key where key = any($1::text[])`, [arrayOf(keys)]);
    return rows.map(({ shard }) => shard);
  }

  /** Whether any subject was seen under a targeting key other than its unit. */
  async hasKeys(): Promise<boolean> {
    const [found] = await this.sql.query<{ any: boolean }>(`select exists (select 1 from ${this.schema}.subject_key) as any`);
    return found?.any === true;
  }

  async ofUnits(units: readonly string[]): Promise<Subject[]> {
    if (units.length === 0) return [];
    return (await this.sql.query<SubjectRow>(`select ${COLUMNS} from ${this.schema}.subject where unit = any($1::text[])`, [arrayOf(units)])).map(subjectOf);
  }

  /** Subjects that were seen under these targeting keys, where those are not their units. */
  async seenUnder(keys: readonly string[]): Promise<Subject[]> {
    const rows = await this.sql.query<SubjectRow>(
      `select ${COLUMNS.split(', ').map((column) => `s.${column}`).join(', ')} from ${this.schema}.subject_key k
       join ${this.schema}.subject s on s.unit = k.unit and s.experiment = k.experiment where k.key = any($1::text[])`, [arrayOf(keys)]);
    return rows.map(subjectOf);
  }

  async unitsOf(experiment: string, after: string | null, limit: number): Promise<string[]> {
    const rows = await this.sql.query<{ unit: string }>(
      `select unit from ${this.schema}.subject where experiment = $1 and ($2::text is null or unit > $2) order by unit limit $3`, [experiment, after, limit]);
    return rows.map(({ unit }) => unit);
  }

  /** For subjects that are not there yet. */
  async insert(subjects: readonly Subject[]): Promise<void> {
    if (subjects.length === 0) return;
    await this.sql.copy(`${this.schema}.subject (${COLUMNS})`, copyRows(subjects, ...cells));
    await this.addKeys(subjects);
  }

  async save(subjects: readonly Subject[]): Promise<void> {
    if (subjects.length === 0) return;
    await this.sql.query(
      `insert into ${this.schema}.subject (${COLUMNS})
       select unit, experiment, shard, sightings, keys::text[], metrics, entry_at, entry_id, variant, phase, excluded
       from unnest($1::text[], $2::text[], $3::smallint[], $4::json[], $5::text[], $6::json[], $7::bigint[], $8::uuid[], $9::text[], $10::int[], $11::boolean[])
         as s(unit, experiment, shard, sightings, keys, metrics, entry_at, entry_id, variant, phase, excluded)
       on conflict (unit, experiment) do update set sightings = excluded.sightings, keys = excluded.keys, metrics = excluded.metrics,
         entry_at = excluded.entry_at, entry_id = excluded.entry_id, variant = excluded.variant, phase = excluded.phase, excluded = excluded.excluded`, columnsOf(subjects, ...cells));
    await this.addKeys(subjects);
  }

  /** For subjects of which only the metrics changed. */
  async saveMetrics(subjects: readonly Subject[]): Promise<void> {
    if (subjects.length === 0) return;
    await this.sql.query(
      `update ${this.schema}.subject s set metrics = v.metrics from unnest($1::text[], $2::text[], $3::json[]) v(unit, experiment, metrics)
       where s.unit = v.unit and s.experiment = v.experiment`,
      columnsOf<Subject>(subjects, (s) => s.unit, (s) => s.experiment, metricsText));
  }

  private async addKeys(subjects: readonly Subject[]): Promise<void> {
    const pairs = subjects.flatMap((subject) => subject.keys.map((key) => ({ key, subject })));
    if (pairs.length === 0) return;
    await this.sql.query(
      `insert into ${this.schema}.subject_key (key, experiment, unit, shard) select * from unnest($1::text[], $2::text[], $3::text[], $4::smallint[]) on conflict do nothing`,
      columnsOf(pairs, (p) => p.key, (p) => p.subject.experiment, (p) => p.subject.unit, (p) => p.subject.shard));
  }

  /** Takes subjects away, with their keys. */
  async remove(refs: readonly SubjectRef[]): Promise<void> {
    const values = columnsOf(refs, (ref) => ref.unit, (ref) => ref.experiment);
    for (const table of ['subject', 'subject_key']) {
      await this.sql.query(`delete from ${this.schema}.${table} t using unnest($1::text[], $2::text[]) r(unit, experiment) where t.unit = r.unit and t.experiment = r.experiment`, values);
    }
  }

  async addTally(tally: Tally): Promise<void> {
    const cells = tally.changed();
    await this.addSums(cells.filter(({ axis }) => axis !== 'minute'));
    await this.addRollup(cells.filter(({ axis }) => axis === 'minute'));
  }

  private async addSums(cells: readonly Cell[]): Promise<void> {
    if (cells.length === 0) return;
    await this.sql.query(
      `insert into ${this.schema}.sums as s (experiment, axis, variant, metric, day, phase, shard, n, y, yy, x, xx, xy)
       select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::int[], $7::smallint[], $8::bigint[], $9::numeric[], $10::numeric[], $11::numeric[], $12::numeric[], $13::numeric[])
       on conflict (experiment, axis, variant, metric, day, phase, shard) do update
       set n = s.n + excluded.n, y = s.y + excluded.y, yy = s.yy + excluded.yy, x = s.x + excluded.x, xx = s.xx + excluded.xx, xy = s.xy + excluded.xy`,
      columnsOf<Cell>(cells, (c) => c.experiment, (c) => c.axis, (c) => c.variant, (c) => c.metric, (c) => c.at, (c) => c.phase, (c) => c.shard, (c) => c.n, (c) => c.y, (c) => c.yy, (c) => c.x, (c) => c.xx, (c) => c.xy));
    // A row that counts nothing must not tell of a history that another order would not have had. Counts never fall below 0: only these can be empty.
    const fallen = cells.filter((cell) => cell.n <= 0);
    if (fallen.length === 0) return;
    await this.sql.query(
      `delete from ${this.schema}.sums s using unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::int[], $7::smallint[]) c(experiment, axis, variant, metric, day, phase, shard)
       where s.experiment = c.experiment and s.axis = c.axis and s.variant = c.variant and s.metric = c.metric and s.day = c.day and s.phase = c.phase and s.shard = c.shard
         and s.n = 0 and s.y = 0 and s.yy = 0 and s.x = 0 and s.xx = 0 and s.xy = 0`,
      columnsOf<Cell>(fallen, (c) => c.experiment, (c) => c.axis, (c) => c.variant, (c) => c.metric, (c) => c.at, (c) => c.phase, (c) => c.shard));
  }

  private async addRollup(cells: readonly Cell[]): Promise<void> {
    if (cells.length === 0) return;
    const place = columnsOf<Cell>(cells, (c) => c.at, (c) => c.experiment, (c) => c.variant, (c) => c.metric, (c) => c.shard);
    await this.sql.query(
      `insert into ${this.schema}.rollup as r (minute, experiment, variant, metric, shard, events, value)
       select * from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::bigint[], $7::numeric[])
       on conflict (minute, experiment, variant, metric, shard) do update set events = r.events + excluded.events, value = r.value + excluded.value`,
      [...place, ...columnsOf<Cell>(cells, (c) => c.n, (c) => c.y)]);
    await this.sql.query(`insert into ${this.schema}.rollup_change (changes) values ($1)`, [JSON.stringify(cells.map((c) => [c.at, c.experiment, c.variant, c.metric]))]);
    if (cells.every((cell) => cell.n > 0)) return;
    await this.sql.query(
      `delete from ${this.schema}.rollup r using unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::smallint[]) c(minute, experiment, variant, metric, shard)
       where r.minute = c.minute and r.experiment = c.experiment and r.variant = c.variant and r.metric = c.metric and r.shard = c.shard and r.events = 0`, place);
  }

  /** Forgets what an experiment's subjects weigh and under which keys they were seen, before they are built anew. */
  async forget(experiment: string): Promise<void> {
    await this.sql.query(
      `insert into ${this.schema}.rollup_change (changes)
       select jsonb_agg(jsonb_build_array(minute, experiment, variant, metric)) from ${this.schema}.rollup where experiment = $1 group by minute / 60`, [experiment]);
    for (const table of ['rollup', 'sums', 'coverage', 'subject_key']) await this.sql.query(`delete from ${this.schema}.${table} where experiment = $1`, [experiment]);
  }

  async cover(newest: readonly { experiment: string; shard: number; newest: Micros }[]): Promise<void> {
    if (newest.length === 0) return;
    await this.sql.query(
      `insert into ${this.schema}.coverage as c (experiment, shard, newest) select * from unnest($1::text[], $2::smallint[], $3::bigint[])
       on conflict (experiment, shard) do update set newest = greatest(c.newest, excluded.newest)`,
      columnsOf(newest, (row) => row.experiment, (row) => row.shard, (row) => row.newest));
  }
}
