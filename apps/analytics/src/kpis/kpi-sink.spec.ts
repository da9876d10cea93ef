import type { Point } from '@pataka/platform';
import type { KpiDay } from './kpis';
import { KpiSink } from './kpi-sink';

const TODAY = 20_500;

describe('the key figures’ time series', () => {
  it('has one point a local day, at its midnight, and comes back to the last days alone', async () => {
    const asked: [number, number][] = [];
    const points: Point[][] = [];
    const days: KpiDay[] = [{ metric: 'driver_score', day: TODAY, events: 4, sum: 300_000_000n }, { metric: 'route_time_saved', day: TODAY - 1, events: 2, sum: 90_500_000n }];
    const sink = new KpiSink({
      reads: { today: () => TODAY, kpiDays: (from, until) => { asked.push([from, until]); return Promise.resolve(days); } },
      timeSeries: { write: (more) => { points.push([...more]); return Promise.resolve(); } }, onError: (error) => { throw error; },
    });
    await sink.write();
    await sink.write();
    expect(asked).toEqual([[TODAY - 91, TODAY], [TODAY - 3, TODAY]]);
    expect(points[0]).toEqual([
      { measurement: 'pataka_kpi', tags: { kpi: 'driver_performance', unit: 'points' }, fields: { value: 75, sum: 300, events: 4 }, at: Date.parse('2026-02-16T00:00:00+05:30') },
      { measurement: 'pataka_kpi', tags: { kpi: 'route_time_saved', unit: 'min' }, fields: { value: 90.5, sum: 90.5, events: 2 }, at: Date.parse('2026-02-15T00:00:00+05:30') },
    ]);
  });
});
