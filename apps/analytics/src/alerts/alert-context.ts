import { DomainError, type Experiment, type Metric } from '@pataka/contracts';
import type { Database, ProjectionRunner } from '@pataka/event-sourcing';
import { EVIDENCE } from '../evidence/evidence.projection';
import { dayText, type Day } from '../evidence/instant';
import { contextOf, type ReportContext } from '../results/report-context';
import type { WindowedVariant } from './window-findings';

interface WindowRecord { variant: string; subjects_now: string; converted_now: string; subjects_before: string; converted_before: string }

/** What alerts have to know of an experiment beside its report. */
export class AlertContext {
  constructor(private readonly database: Database, private readonly runner: Pick<ProjectionRunner, 'liveSchema'>) {}

  /** By id or key. */
  async of(idOrKey: string): Promise<ReportContext> {
    const schema = await this.runner.liveSchema(EVIDENCE);
    const [found] = await this.database.query<{ document: Experiment }>(
      `select document from ${schema}.experiment where id = $1 or key = $1 order by (id = $1) desc, id limit 1`, [idOrKey]);
    if (found === undefined) throw new DomainError('experiment-not-found');
    const metrics = await this.database.query<{ key: string; document: Metric }>(`select key, document from ${schema}.metric`);
    return contextOf(found.document, new Map(metrics.map(({ key, document }) => [key, document])));
  }

  /** The last `days` complete local days before `today` beside as many before them. */
  async windows({ experiment, primary }: ReportContext, today: Day, days: number): Promise<WindowedVariant[]> {
    if (primary === null) return [];
    const schema = await this.runner.liveSchema(EVIDENCE);
    const [middle, start] = [today - days, today - 2 * days];
    const rows = await this.database.query<WindowRecord>(
      `select variant,
         coalesce(sum(n) filter (where metric = '' and day >= $3), 0) subjects_now, coalesce(sum(n) filter (where metric <> '' and day >= $3), 0) converted_now,
         coalesce(sum(n) filter (where metric = '' and day < $3), 0) subjects_before, coalesce(sum(n) filter (where metric <> '' and day < $3), 0) converted_before
       from ${schema}.sums where experiment = $1 and variant <> '' and day >= $4 and day < $5
         and ((axis = 'exposed' and metric = '') or (axis = 'happened' and metric = $2)) group by variant order by variant`,
      [experiment.id, primary.key, middle, start, today]);
    return rows.map((row) => ({
      variantId: row.variant, from: dayText(middle), now: { subjects: Number(row.subjects_now), converted: Number(row.converted_now) },
      before: { subjects: Number(row.subjects_before), converted: Number(row.converted_before) },
    }));
  }
}
