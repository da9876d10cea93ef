import type { Database, ProjectionRunner } from '@pataka/event-sourcing';
import type { Point, TimeSeries } from '@pataka/platform';
import { Repeating } from '../repeating';
import { EVIDENCE } from './evidence.projection';
import { toNumber } from './fixed-point';
import { columnsOf } from './sql-arrays';

export interface TimeSeriesSinkParts { database: Database; runner: Pick<ProjectionRunner, 'liveSchema'>; timeSeries: TimeSeries; onError: (error: Error) => void; intervalMs?: number }

type Change = [minute: number, experiment: string, variant: string, metric: string];
export interface Total { minute: number; experiment: string; variant: string; metric: string; events: string; value: string }

const INTERVAL_MS = 1_000;
const FLUSH_MS = 10_000;
const MOST_CHANGES = 200;

export const pointOf = ({ minute, experiment, variant, metric, events, value }: Total): Point => ({
  measurement: metric === '' ? 'pataka_subjects' : 'pataka_conversions', tags: { experiment, variant, ...(metric === '' ? {} : { metric }) },
  fields: metric === '' ? { subjects: Number(events) } : { events: Number(events), value: toNumber(BigInt(value), 6) }, at: minute * 60_000,
});

/** Writes the totals of changed minutes to the time series: totals, so that a point written twice is the same point. */
export class TimeSeriesSink {
  private readonly repeating: Repeating;

  constructor(private readonly parts: TimeSeriesSinkParts) {
    this.repeating = new Repeating(() => this.drain(), parts.intervalMs ?? INTERVAL_MS, parts.onError);
  }

  start(): void {
    this.repeating.start();
  }

  stop(): Promise<void> {
    return this.repeating.stop();
  }

  /** Hands over all that waits. */
  async drain(): Promise<void> {
    while (!this.repeating.stopped && (await this.pass()) === MOST_CHANGES);
  }

  // One sink at a time, so that an older total never overwrites a newer one.
  private async pass(): Promise<number> {
    const schema = await this.parts.runner.liveSchema(EVIDENCE);
    return this.parts.database.transaction(async (sql) => {
      const [lock] = await sql.query<{ mine: boolean }>('select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as mine', [`${schema} time series`]);
      if (lock?.mine !== true) return 0;
      const rows = await sql.query<{ id: string; changes: Change[] }>(`select id, changes from ${schema}.rollup_change order by id limit $1`, [MOST_CHANGES]);
      if (rows.length === 0) return 0;
      const changes = [...new Map(rows.flatMap((row) => row.changes).map((change) => [change.join('\u0001'), change])).values()];
      const totals = await sql.query<Total>(
        `select c.minute, c.experiment, c.variant, c.metric, coalesce(sum(r.events), 0) events, coalesce(sum(r.value), 0) as value
         from unnest($1::int[], $2::text[], $3::text[], $4::text[]) c(minute, experiment, variant, metric)
         left join ${schema}.rollup r on r.minute = c.minute and r.experiment = c.experiment and r.variant = c.variant and r.metric = c.metric
         group by c.minute, c.experiment, c.variant, c.metric`, columnsOf(changes, (c) => c[0], (c) => c[1], (c) => c[2], (c) => c[3]));
      await this.parts.timeSeries.write(totals.map(pointOf));
      if (!(await this.parts.timeSeries.flush(FLUSH_MS))) return 0;
      await sql.query(`delete from ${schema}.rollup_change where id = any($1::bigint[])`, [rows.map(({ id }) => id)]);
      return rows.length;
    });
  }
}
