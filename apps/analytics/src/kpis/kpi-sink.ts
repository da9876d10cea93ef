import type { KpiReport } from '@pataka/contracts';
import type { Point, TimeSeries } from '@pataka/platform';
import type { Day } from '../evidence/instant';
import { Repeating } from '../repeating';
import type { BusinessReads } from './business-metrics';
import { kpiReport } from './kpis';

export interface KpiSinkParts { reads: Pick<BusinessReads, 'today' | 'kpiDays'>; timeSeries: Pick<TimeSeries, 'write'>; onError: (error: Error) => void; intervalMs?: number }

const INTERVAL_MS = 30_000;
const FIRST_DAYS = 92;
// Late events change the days before today.
const LATER_DAYS = 4;

export const kpiPoints = ({ kpis }: Pick<KpiReport, 'kpis'>): Point[] => kpis.flatMap(({ key, unit, periods }) => periods.map(({ period, value, sum, events }): Point => ({
  measurement: 'pataka_kpi', tags: { kpi: key, unit }, fields: { value: value ?? 0, sum, events }, at: Date.parse(`${period}T00:00:00+05:30`),
})));

/** Writes the key figures of the last days to the time series: totals of days, so that a point written twice, by whomever, is the same point. */
export class KpiSink {
  private readonly repeating: Repeating;
  private days = FIRST_DAYS;

  constructor(private readonly parts: KpiSinkParts) {
    this.repeating = new Repeating(() => this.write(), parts.intervalMs ?? INTERVAL_MS, parts.onError);
  }

  start(): void {
    this.repeating.start();
  }

  stop(): Promise<void> {
    return this.repeating.stop();
  }

  async write(): Promise<void> {
    const { reads, timeSeries } = this.parts;
    const until: Day = reads.today();
    const from = until - this.days + 1;
    await timeSeries.write(kpiPoints(kpiReport(await reads.kpiDays(from, until), { from, until, by: 'day' })));
    this.days = LATER_DAYS;
  }
}
