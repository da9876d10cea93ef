import type { Correction, Experiment, Metric } from '@pataka/contracts';
import { DomainError } from '@pataka/contracts';
import type { Database, ProjectionRunner } from '@pataka/event-sourcing';
import { DefinitionStore } from '../evidence/definition-store';
import { EVIDENCE } from '../evidence/evidence.projection';
import { planOf } from '../evidence/evidence-plan';
import { toNumber } from '../evidence/fixed-point';
import type { ReportInput } from './report';
import type { SegmentRow, SumRow } from './sums';

type SumRecord = [axis: string, variant: string, metric: string, day: number, phase: number, n: number, y: string, yy: string, x: string, xx: string, xy: string];

// Most sums have no denominator.
const units = (text: string): bigint => (text === '0' ? 0n : BigInt(text));

const sumRow = ([axis, variant, metric, day, phase, n, y, yy, x, xx, xy]: SumRecord): SumRow =>
  ({ axis: axis as SumRow['axis'], variant, metric, day, phase, n, y: units(y), yy: units(yy), x: units(x), xx: units(xx), xy: units(xy) });

/** Rows by what they are of: `segment ["attribute","value"]`, `value <units>`, or plain sums. */
const sorted = (records: readonly SumRecord[]): Pick<ReportInput, 'rows' | 'values' | 'segments'> => {
  const rows: SumRow[] = [];
  const segments: SegmentRow[] = [];
  const values = new Map<string, Map<string, [number, number][]>>();
  for (const record of records) {
    const row = sumRow(record);
    const [kind, ...rest] = row.axis.split(' ');
    if (kind === 'segment') {
      const [attribute, value] = JSON.parse(rest.join(' ')) as [string, string];
      segments.push({ ...row, axis: 'exposed', attribute, value });
    } else if (kind === 'value') {
      const byVariant = values.get(row.metric) ?? new Map<string, [number, number][]>();
      const counts = byVariant.get(row.variant) ?? [];
      counts.push([toNumber(BigInt(rest[0]!), 6), row.n]);
      values.set(row.metric, byVariant.set(row.variant, counts));
    } else rows.push(row);
  }
  return { rows, segments, values };
};

interface EvidenceRecord { experiment: Experiment; catalogue: [string, Metric][] | null; corrections: string[] | null; newest: string | null; sums: SumRecord[] | null }
interface Read { offsets: ReportInput['offsets'] | null; marks: string; evidence: EvidenceRecord | null }

/** All of one report in one statement, hence of one instant. `$1`: an experiment by id or key; `$2`: marks at which nothing but the offsets is to be read. */
const readSql = (schema: string, offsets: string): string => `
  select ${offsets} as offsets, marks, case when marks is distinct from $2 then (
    select json_build_object('experiment', e.document, 'corrections', e.plan->'corrections',
      'catalogue', (select json_agg(json_build_array(key, document) order by key) from ${schema}.metric),
      'newest', (select max(newest)::text from ${schema}.coverage where experiment = e.id),
      'sums', (
        select json_agg(json_build_array(axis, variant, metric, day, phase, n, y::text, yy::text, x::text, xx::text, xy::text)
          order by axis collate "C", variant collate "C", metric collate "C", day, phase)
        from (select axis, variant, metric, day, phase, sum(n) n, sum(y) y, sum(yy) yy, sum(x) x, sum(xx) xx, sum(xy) xy
          from ${schema}.sums where experiment = e.id group by axis, variant, metric, day, phase) s))
    from ${schema}.experiment e where id = $1 or key = $1 order by (id = $1) desc, id limit 1) end as evidence
  from (select '${schema} ' || string_agg(mark::text, ',' order by shard) as marks from ${schema}.shard_mark) m`;

type Evidence = Omit<ReportInput, 'offsets'>;

const evidenceOf = ({ experiment, catalogue, corrections, newest, sums }: EvidenceRecord): Evidence =>
  ({ experiment, catalogue: new Map(catalogue), corrections: corrections ?? [], newest: newest === null ? null : Number(newest), ...sorted(sums ?? []) });

const MOST_HELD = 50;

/**
 * Reads the live generation of the evidence; everything of one report at one instant. What was read last is held: whoever writes a shard, or definitions,
 * leaves a mark of its own there (docs/adr/subject-cache.md), so that equal marks tell equal evidence.
 */
export class EvidenceReader {
  private readonly held = new Map<string, { marks: string; evidence: Evidence }>();

  constructor(private readonly database: Database, private readonly runner: Pick<ProjectionRunner, 'liveSchema' | 'readLive'>) {}

  /** What a report of an experiment (by id or key) rests on. @throws DomainError experiment-not-found */
  async input(idOrKey: string): Promise<ReportInput> {
    const held = this.held.get(idOrKey);
    const { marks, offsets, evidence } = await this.runner.readLive(EVIDENCE, async (live) => {
      const [read] = await this.database.query<Read>(readSql(live.schema, live.offsets), [idOrKey, held?.marks ?? null]);
      return read!;
    });
    if (marks === held?.marks) return { ...held.evidence, offsets };
    if (evidence === null) throw new DomainError('experiment-not-found');
    const found = evidenceOf(evidence);
    this.hold(idOrKey, marks, found);
    return { ...found, offsets };
  }

  /** There may be as many values for a quantile as subjects: those are read anew each time. */
  private hold(idOrKey: string, marks: string, evidence: Evidence): void {
    this.held.delete(idOrKey);
    if (evidence.values.size === 0) this.held.set(idOrKey, { marks, evidence });
    const [oldest] = this.held.keys();
    if (this.held.size > MOST_HELD) this.held.delete(oldest!);
  }

  /** The id of an experiment by its id or key. @throws DomainError experiment-not-found */
  async idOf(idOrKey: string): Promise<string> {
    const schema = await this.runner.liveSchema(EVIDENCE);
    const [row] = await this.database.query<{ id: string }>(`select id from ${schema}.experiment where id = $1 or key = $1 order by (id = $1) desc, id limit 1`, [idOrKey]);
    if (row === undefined) throw new DomainError('experiment-not-found');
    return row.id;
  }

  /** Ids of the experiments by whose plans a correction counts, or would if it were in force. */
  async touchedBy(correction: Correction): Promise<string[]> {
    const schema = await this.runner.liveSchema(EVIDENCE);
    const catalogue = await new DefinitionStore(this.database, schema).catalogue();
    const rows = await this.database.query<{ document: Experiment }>(`select document from ${schema}.experiment order by id`);
    return rows.map(({ document }) => document).filter((experiment) => (planOf(experiment, catalogue, [{ ...correction, status: 'active' }]).corrections ?? []).length > 0).map(({ id }) => id);
  }

  /** Ids of the experiments that are under way. */
  async active(): Promise<string[]> {
    const schema = await this.runner.liveSchema(EVIDENCE);
    const rows = await this.database.query<{ id: string }>(`select id from ${schema}.experiment where document->>'status' in ('ACTIVE', 'PAUSED') order by id`);
    return rows.map(({ id }) => id);
  }
}
