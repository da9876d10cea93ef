import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { InfluxTimeSeries, lineOf } from './influx-time-series';
import { createLogger } from './logging';
import { Registry } from './metrics';
import type { Point } from './time-series';

const pointAt = (at: number, tags: Record<string, string> = {}): Point => ({ measurement: 'm', tags, fields: { value: at }, at });

describe('a point in line protocol', () => {
  it.each([
    [{ measurement: 'm', tags: { b: '2', a: '1' }, fields: { x: 1.5, ok: true, text: 'say "hi"\\' }, at: 7 }, 'm,a=1,b=2 ok=T,text="say \\"hi\\"\\\\",x=1.5 7'],
    [{ measurement: 'a b,c', tags: { 'k=1': 'v w,x=y' }, fields: { f: 1 }, at: 7 }, 'a\\ b\\,c,k\\=1=v\\ w\\,x\\=y f=1 7'],
    [{ measurement: 'm', tags: { a: 'x\\', b: 'y\\,z=1 v=9' }, fields: { f: 1 }, at: 7 }, 'm,a=x/,b=y/\\,z\\=1\\ v\\=9 f=1 7'],
    [{ measurement: 'm', tags: { a: 'x\nm2 f=1' }, fields: { f: 1 }, at: 7 }, 'm,a=x\\ m2\\ f\\=1 f=1 7'],
    [{ measurement: 'm', tags: { a: '', ' ': 'x' }, fields: { f: 1 }, at: 7.9 }, 'm f=1 7'],
    [{ measurement: 'm', tags: {}, fields: { f: Number.NaN, g: 2 }, at: 7 }, 'm g=2 7'],
    [{ measurement: 'm', tags: {}, fields: { f: Number.POSITIVE_INFINITY }, at: 7 }, null],
    [{ measurement: '', tags: {}, fields: { f: 1 }, at: 7 }, null],
  ] as [Point, string | null][])('of %j is %s', (point, line) => {
    expect(lineOf(point)).toBe(line);
  });
});

describe('the writer to InfluxDB', () => {
  let server: Server;
  let answer: (lines: string[], response: ServerResponse) => void;
  let taken: string[][];
  let metrics: Registry;
  const opened: InfluxTimeSeries[] = [];
  const open = (more: { maxQueuedBytes?: number } = {}): InfluxTimeSeries => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const series = new InfluxTimeSeries({ url, token: 't', org: '', bucket: 'db/rp', metrics, firstPauseMs: 10, logger: createLogger('test', 'silent'), ...more });
    opened.push(series);
    return series;
  };
  const ok = (lines: string[], response: ServerResponse): void => {
    taken.push(lines);
    response.writeHead(204).end();
  };
  const counted = async (outcome: string): Promise<number> =>
    (await metrics.getSingleMetric('pataka_time_series_points_total')!.get()).values.find(({ labels }) => labels['outcome'] === outcome)?.value ?? 0;

  beforeAll(async () => {
    server = createServer((request: IncomingMessage, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
        const body = Buffer.concat(chunks);
        answer((request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString().split('\n'), response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise((resolve) => {
    server.closeAllConnections();
    server.close(resolve);
  }));
  beforeEach(() => {
    taken = [];
    answer = ok;
    metrics = new Registry();
  });
  afterEach(async () => {
    answer = ok;
    await Promise.all(opened.splice(0).map((series) => series.close()));
  });

  it('writes everything, in order, in batches of 5,000 at most', async () => {
    const series = open();
    for (let first = 0; first < 23_000; first += 1_000) await series.write(Array.from({ length: 1_000 }, (_, index) => pointAt(first + index)));
    expect(await series.flush()).toBe(true);
    expect(taken.every((lines) => lines.length <= 5_000)).toBe(true);
    expect(taken.flat()).toEqual(Array.from({ length: 23_000 }, (_, index) => `m value=${index} ${index}`));
    expect(await counted('written')).toBe(23_000);
  });
  it('writes again what InfluxDB could not take, until it can', async () => {
    let refusals = 3;
    answer = (lines, response) => (refusals-- > 0 ? void response.writeHead(503).end() : ok(lines, response));
    const series = open();
    await series.write([pointAt(1)]);
    await sleep(20);
    expect(series.healthy()).toBe(false);
    await series.write([pointAt(2)]);
    expect(await series.flush()).toBe(true);
    expect([taken.flat(), series.healthy()]).toEqual([['m value=1 1', 'm value=2 2'], true]);
  });
  it('never makes its callers wait or fail, and gives up waiting itself when asked to', async () => {
    answer = () => undefined;
    const series = open();
    const startedAt = performance.now();
    await series.write([pointAt(1)]);
    expect(performance.now() - startedAt).toBeLessThan(50);
    expect(await series.flush(50)).toBe(false);
    server.closeAllConnections();
  });
  it('leaves a batch that InfluxDB will never take, and goes on', async () => {
    answer = (lines, response) => (lines[0]!.includes('bad') ? void response.writeHead(400, { 'content-type': 'application/json' }).end('{"message":"no"}') : ok(lines, response));
    const series = open();
    await series.write([pointAt(1, { tag: 'bad' })]);
    await series.write([pointAt(2)]);
    expect(await series.flush()).toBe(true);
    expect([taken, await counted('refused')]).toEqual([[['m value=2 2']], 1]);
  });
  it('lets the oldest go when too much waits', async () => {
    answer = (_lines, response) => void response.writeHead(503).end();
    const series = open({ maxQueuedBytes: 10_000 });
    await series.write([pointAt(0)]);
    for (let at = 1; at <= 2_000; at += 1) await series.write([pointAt(at)]);
    answer = ok;
    expect(await series.flush()).toBe(true);
    const kept = taken.flat();
    expect(kept[0]).toBe('m value=0 0');
    expect(kept.at(-1)).toBe('m value=2000 2000');
    expect(kept.join('').length).toBeLessThan(10_100);
    expect((await counted('dropped')) + (await counted('written'))).toBe(2_001);
  });
  it('takes nothing once it is closed, and closes when InfluxDB is away', async () => {
    const series = open();
    await series.close();
    await series.write([pointAt(1)]);
    expect([await series.flush(), taken]).toEqual([true, []]);
  });
});
