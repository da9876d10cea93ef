import { randomUUID } from 'node:crypto';
import { InfluxDB } from '@influxdata/influxdb-client';
import { InfluxTimeSeries } from './influx-time-series';
import type { Point } from './time-series';

const url = process.env['TEST_INFLUX_URL'];
const token = process.env['TEST_INFLUX_TOKEN'] ?? '';
const org = process.env['TEST_INFLUX_ORG'] ?? '';
const bucket = process.env['TEST_INFLUX_BUCKET'] ?? '';
const there = url !== undefined;
const suite = there || process.env['CI'] === 'true' ? describe : describe.skip;

const rowsOf = (measurement: string): Promise<Record<string, unknown>[]> =>
  new InfluxDB({ url: url!, token }).getQueryApi(org).collectRows(
    `from(bucket: ${JSON.stringify(bucket)}) |> range(start: 0) |> filter(fn: (r) => r._measurement == ${JSON.stringify(measurement)}) |> keep(columns: ["_time", "_value", "_field", "tag", "other"])`,
  );

suite(`InfluxDB${there ? '' : ' (left out: TEST_INFLUX_URL is not set)'}`, () => {
  const base = Date.parse('2026-03-01T00:00:00Z');
  let series: InfluxTimeSeries;
  beforeEach(() => void (series = new InfluxTimeSeries({ url: url!, token, org, bucket })));
  afterEach(() => series.close());

  it('holds every point once, however often it is written', async () => {
    const measurement = `m-${randomUUID()}`;
    const points = Array.from({ length: 12_000 }, (_, index): Point => ({ measurement, tags: { tag: 't' }, fields: { value: index }, at: base + index }));
    await series.write(points);
    await series.write(points.slice(3_000, 9_000));
    expect(await series.flush(30_000)).toBe(true);
    const rows = await rowsOf(measurement);
    expect(rows).toHaveLength(12_000);
    expect(rows.reduce((sum, { _value }) => sum + Number(_value), 0)).toBe((11_999 * 12_000) / 2);
  });
  it('gives back hostile tags as one tag of one point', async () => {
    const measurement = `m-${randomUUID()}`;
    const hostile = ['a b', 'a,other=1', 'x=y z', 'back\\', 'back\\,other=1', '"quoted"', 'line\nm2 v=1', 'मुंबई', "o'clock; drop"];
    await series.write(hostile.map((tag, index) => ({ measurement, tags: { tag }, fields: { value: index }, at: base + index })));
    expect(await series.flush(30_000)).toBe(true);
    const rows = await rowsOf(measurement);
    expect(rows.map(({ tag, _value, other }) => [_value, tag, other]).sort((a, b) => Number(a[0]) - Number(b[0])))
      .toEqual(hostile.map((tag, index) => [index, tag.replaceAll('\\', '/').replace('\n', ' '), undefined]));
  });
});
