import type { Correction, Experiment, Metric, MetricDefinition } from '@pataka/contracts';
import { DomainError } from '@pataka/contracts';
import type { Database, ProjectionRunner, Sql } from '@pataka/event-sourcing';
import { EVIDENCE } from '../evidence/evidence.projection';
import { planOf } from '../evidence/evidence-plan';
import { toNumber } from '../evidence/fixed-point';
import type { ReportInput } from './report';
import type { SegmentRow, SumRow } from './sums';

interface SumRecord { axis: string; variant: string; metric: string; day: number; phase: number; n: string; y: string; yy: string; x: string; xx: string; xy: string }

const sumRow = ({ axis, variant, metric, day, phase, n, ...sums }: SumRecord): SumRow =>
  ({ axis: axis as SumRow['axis'], variant, metric, day, phase, n: Number(n), y: BigInt(sums.y), yy: BigInt(sums.yy), x: BigInt(sums.x), xx: BigInt(sums.xx), xy: BigInt(sums.xy) });

/** Rows by what they are of: `segment ["attribute","value"]`, `value <units>`, or plain sums. */
const sorted = (records: readonly SumRecord[]): Pick<ReportInput, 'rows' | 'values' | 'segments'> => {
  const rows: SumRow[] = [];
  const segments: SegmentRow[] = [];
  const values = new Map<string, Map<string, [number, number][]>>();
  for (const record of records) {
    const [kind, ...rest] = record.axis.split(' ');
    if (kind === 'segment') {
      const [attribute, value] = JSON.parse(rest.join(' ')) as [string, string];
      segments.push({ ...sumRow({ ...record, axis: 'exposed' }), attribute, value });
    } else if (kind === 'value') {
      const byVariant = values.get(record.metric) ?? new Map<string, [number, number][]>();
      const counts = byVariant.get(record.variant) ?? [];
      counts.push([toNumber(BigInt(rest[0]!), 6), Number(record.n)]);
      values.set(record.metric, byVariant.set(record.variant, counts));
    } else rows.push(sumRow(record));
  }
  return { rows, segments, values };
};

type Evidence = Omit<ReportInput, 'offsets'>;

const MOST_HELD = 50;

/**
 * Reads the live generation of the evidence; everything of one report at one instant. What was read last is held: whoever writes a shard, or definitions,
 * leaves a mark of its own there (docs/adr/subject-cache.md), so that equal marks tell equal evidence.
 */
export class EvidenceReader {
  private readonly held = new Map<string, { marks: string; evidence: Evidence }>();

  constructor(private readonly database: Database, private readonly runner: Pick<ProjectionRunner, 'liveSchema' | 'checkpoints'>) {}

  /** What a report of an experiment (by id or key) rests on. */
  async input(idOrKey: string): Promise<ReportInput> {
    const schema = await this.runner.liveSchema(EVIDENCE);
    const offsets = await this.offsets();
    const held = this.held.get(idOrKey);
    if (held !== undefined && held.marks === (await this.marks(this.database, schema))) return { ...held.evidence, offsets };
    const { marks, evidence } = await this.database.transaction(async (sql) => {
      const experiment = await this.experiment(sql, schema, idOrKey);
      const catalogue = await this.catalogue(sql, schema);
      const corrections = await this.corrections(sql, schema, experiment.id);
      const evidence = { experiment, catalogue, corrections, newest: await this.newest(sql, schema, experiment.id), ...(await this.sums(sql, schema, experiment.id)) };
      return { marks: await this.marks(sql, schema), evidence };
    }, { isolation: 'REPEATABLE READ' });
    this.hold(idOrKey, marks, evidence);
    return { ...evidence, offsets };
  }

  /** There may be as many values for a quantile as subjects: those are read anew each time. */
  private hold(idOrKey: string, marks: string, evidence: Evidence): void {
    this.held.delete(idOrKey);
    if (evidence.values.size === 0) this.held.set(idOrKey, { marks, evidence });
    const [oldest] = this.held.keys();
    if (this.held.size > MOST_HELD) this.held.delete(oldest!);
  }

  private async marks(sql: Sql, schema: string): Promise<string> {
    const [row] = await sql.query<{ marks: string }>(`select string_agg(mark::text, ',' order by shard) as marks from ${schema}.shard_mark`);
    return `${schema} ${row!.marks}`;
  }

  /** The id of an experiment by its id or key. @throws DomainError experiment-not-found */
  async idOf(idOrKey: string): Promise<string> {
    return (await this.experiment(this.database, await this.runner.liveSchema(EVIDENCE), idOrKey)).id;
  }

  /** Ids of the experiments by whose plans a correction counts, or would if it were in force. */
  async touchedBy(correction: Correction): Promise<string[]> {
    const schema = await this.runner.liveSchema(EVIDENCE);
    const catalogue = await this.catalogue(this.database, schema);
    const rows = await this.database.query<{ document: Experiment }>(`select document from ${schema}.experiment order by id`);
    return rows.map(({ document }) => document).filter((experiment) => (planOf(experiment, catalogue, [{ ...correction, status: 'active' }]).corrections ?? []).length > 0).map(({ id }) => id);
  }

  /** Ids of the experiments that are under way. */
  async active(): Promise<string[]> {
    const schema = await this.runner.liveSchema(EVIDENCE);
    const rows = await this.database.query<{ id: string }>(`select id from ${schema}.experiment where document->>'status' in ('ACTIVE', 'PAUSED') order by id`);
    return rows.map(({ id }) => id);
  }

  private async offsets(): Promise<ReportInput['offsets']> {
    const offsets: Record<string, Record<string, string>> = {};
    for (const { topic, partition, offset } of await this.runner.checkpoints(EVIDENCE)) (offsets[topic] ??= {})[partition] = offset;
    return offsets;
  }

  private async experiment(sql: Sql, schema: string, idOrKey: string): Promise<Experiment> {
    const [row] = await sql.query<{ document: Experiment }>(`select document from ${schema}.experiment where id = $1 or key = $1 order by (id = $1) desc, id limit 1`, [idOrKey]);
    if (row === undefined) throw new DomainError('experiment-not-found');
    return row.document;
  }

  private async catalogue(sql: Sql, schema: string): Promise<Map<string, MetricDefinition>> {
    const rows = await sql.query<{ key: string; document: Metric }>(`select key, document from ${schema}.metric order by key`);
    return new Map(rows.map(({ key, document }) => [key, document]));
  }

  private async corrections(sql: Sql, schema: string, experiment: string): Promise<string[]> {
    const [row] = await sql.query<{ corrections: string[] | null }>(`select plan->'corrections' as corrections from ${schema}.experiment where id = $1`, [experiment]);
    return row?.corrections ?? [];
  }

  private async sums(sql: Sql, schema: string, experiment: string): Promise<Pick<ReportInput, 'rows' | 'values' | 'segments'>> {
    return sorted(await sql.query<SumRecord>(
      `select axis, variant, metric, day, phase, sum(n) n, sum(y) y, sum(yy) yy, sum(x) x, sum(xx) xx, sum(xy) xy
       from ${schema}.sums where experiment = $1 group by axis, variant, metric, day, phase order by axis collate "C", variant collate "C", metric collate "C", day, phase`, [experiment]));
  }

  private async newest(sql: Sql, schema: string, experiment: string): Promise<number | null> {
    const [row] = await sql.query<{ newest: string | null }>(`select max(newest) newest from ${schema}.coverage where experiment = $1`, [experiment]);
    return row?.newest == null ? null : Number(row.newest);
  }
}
