import type { Experiment, Metric, MetricDefinition } from '@pataka/contracts';
import { DomainError } from '@pataka/contracts';
import type { Database, ProjectionRunner, Sql } from '@pataka/event-sourcing';
import { EVIDENCE } from '../evidence/evidence.projection';
import { metricsOf, planOf } from '../evidence/evidence-plan';
import { toNumber } from '../evidence/fixed-point';
import { dayOf } from '../evidence/instant';
import { trajectory, type MetricState } from '../evidence/metric-state';
import type { DatedValue, ReportInput } from './report';
import type { SumRow } from './sums';

interface SumRecord { axis: SumRow['axis']; variant: string; metric: string; day: number; phase: number; n: string; y: string; yy: string; x: string; xx: string; xy: string }

const sumRow = ({ axis, variant, metric, day, phase, n, ...sums }: SumRecord): SumRow =>
  ({ axis, variant, metric, day, phase, n: Number(n), y: BigInt(sums.y), yy: BigInt(sums.yy), x: BigInt(sums.x), xx: BigInt(sums.xx), xy: BigInt(sums.xy) });

/** Reads the live generation of the evidence; everything of one report at one instant. */
export class EvidenceReader {
  constructor(private readonly database: Database, private readonly runner: Pick<ProjectionRunner, 'liveSchema' | 'checkpoints'>) {}

  /** What a report of an experiment (by id or key) rests on. */
  async input(idOrKey: string): Promise<ReportInput> {
    const schema = await this.runner.liveSchema(EVIDENCE);
    const offsets = await this.offsets();
    return this.database.transaction(async (sql) => {
      const experiment = await this.experiment(sql, schema, idOrKey);
      const catalogue = await this.catalogue(sql, schema);
      const [rows, newest] = [await this.rows(sql, schema, experiment.id), await this.newest(sql, schema, experiment.id)];
      return { experiment, catalogue, rows, newest, offsets, values: await this.values(sql, schema, experiment, catalogue) };
    }, { isolation: 'REPEATABLE READ' });
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

  private async rows(sql: Sql, schema: string, experiment: string): Promise<SumRow[]> {
    const rows = await sql.query<SumRecord>(
      `select axis, variant, metric, day, phase, sum(n) n, sum(y) y, sum(yy) yy, sum(x) x, sum(xx) xx, sum(xy) xy
       from ${schema}.sums where experiment = $1 group by axis, variant, metric, day, phase order by axis, variant, metric, day, phase`, [experiment]);
    return rows.map(sumRow);
  }

  private async newest(sql: Sql, schema: string, experiment: string): Promise<number | null> {
    const [row] = await sql.query<{ newest: string | null }>(`select max(newest) newest from ${schema}.coverage where experiment = $1`, [experiment]);
    return row?.newest == null ? null : Number(row.newest);
  }

  // No sum tells a quantile: these metrics read their subjects one by one, in an order that no table's history decides.
  private async values(sql: Sql, schema: string, experiment: Experiment, catalogue: ReadonlyMap<string, MetricDefinition>): Promise<ReportInput['values']> {
    const values = new Map<string, Map<string, DatedValue[]>>();
    for (const metric of metricsOf(experiment, catalogue).filter(({ type }) => type === 'quantile')) {
      const plan = planOf(experiment, catalogue).metrics.find(({ key }) => key === metric.key)!;
      const rows = await sql.query<{ variant: string; entry_at: string; state: MetricState | null }>(
        `select variant, entry_at, metrics->$2::text as state from ${schema}.subject where experiment = $1 and variant is not null and not excluded
         order by variant collate "C", unit collate "C"`, [experiment.id, metric.key]);
      const byVariant = new Map<string, DatedValue[]>();
      for (const { variant, entry_at, state } of rows) {
        if (state === null && metric.population === 'converted') continue;
        const list = byVariant.get(variant) ?? [];
        list.push({ day: dayOf(Number(entry_at)), value: toNumber(trajectory(plan, state ?? undefined).at(-1)?.y ?? 0n, 6) });
        byVariant.set(variant, list);
      }
      values.set(metric.key, byVariant);
    }
    return values;
  }
}
