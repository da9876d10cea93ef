import type { Database } from '@pataka/event-sourcing';
import { TimeSeries, type Point } from '@pataka/platform';
import { evidenceProjection } from './evidence.projection';
import { applyAll, batchesOf, conversionEvent, describeWithDatabase, dropGeneration, experimentEvent, exposureEvent, newGeneration, openTestDatabase, type TestEvent } from './evidence-testing';
import { TimeSeriesSink } from './time-series-sink';

/** A store in memory that keeps points as a time-series store does: the same tags and instant are one point. */
class MemoryTimeSeries extends TimeSeries {
  readonly points = new Map<string, Point>();
  available = true;
  write(points: readonly Point[]): Promise<void> {
    for (const point of points) if (this.available) this.points.set(JSON.stringify([point.measurement, Object.entries(point.tags).sort(), point.at]), point);
    return Promise.resolve();
  }
  flush(): Promise<boolean> {
    return Promise.resolve(this.available);
  }
  healthy(): boolean {
    return this.available;
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

describeWithDatabase('the time series', () => {
  let database: Database;
  let schema: string;
  const projection = evidenceProjection();
  const exposure = (id: string, variant: string, minute: number): TestEvent =>
    exposureEvent(id, { targetingKey: 'u', experimentId: 'exp', variant, occurredAt: `2026-03-01T08:0${minute}:00Z` });
  const purchase = (id: string, minute: number, value: number): TestEvent => conversionEvent(id, { targetingKey: 'u', metric: 'buy', value, occurredAt: `2026-03-01T08:0${minute}:10Z` });
  const take = (...events: TestEvent[]): Promise<void> => applyAll(database, projection, schema, batchesOf(events, 100));
  const told = (timeSeries: MemoryTimeSeries) => [...timeSeries.points.values()].map(({ tags, fields, at }) => [tags['variant'], tags['metric'] ?? '', new Date(at).toISOString().slice(14, 16), fields]);

  beforeAll(async () => {
    database = openTestDatabase();
    schema = await newGeneration(database);
  });
  afterAll(async () => {
    await dropGeneration(database, schema);
    await database.close();
  });

  it('gets the totals of changed minutes, once the store takes them, and zeros where an event has moved away', async () => {
    const timeSeries = new MemoryTimeSeries();
    const sink = new TimeSeriesSink({ database, timeSeries, runner: { liveSchema: () => Promise.resolve(schema) }, onError: (error) => { throw error; } });
    await take(experimentEvent('exp', 1, {}), exposure('e1', 'control', 1), purchase('c1', 2, 2.5), purchase('c2', 2, 1));
    timeSeries.available = false;
    await sink.drain();
    expect(told(timeSeries)).toEqual([]);
    timeSeries.available = true;
    await sink.drain();
    expect(told(timeSeries).sort()).toEqual([['control', '', '01', { subjects: 1 }], ['control', 'buy', '02', { events: 2, value: 3.5 }]]);
    // An earlier exposure to the other variant, in the same phase: the unit leaves both.
    await take(exposure('e2', 'treatment', 0));
    await sink.drain();
    expect(told(timeSeries).sort()).toEqual([['control', '', '01', { subjects: 0 }], ['control', 'buy', '02', { events: 0, value: 0 }]]);
    const waiting = await database.query(`select 1 from ${schema}.rollup_change`);
    expect(waiting).toEqual([]);
  });
});
