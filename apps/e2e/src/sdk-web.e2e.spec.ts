import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer, connect as connectTo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { type Flag, type FlagValue, type JsonObject, topics } from '@pataka/contracts';
import { decodeBatch, encodeEvent, type ReceivedEvent, uuidv7 } from '@pataka/event-sourcing';
import { openService } from '@pataka/evaluator';
import { type EmbeddedPostgres, hashToken, type Infrastructure, loadPlatformConfig, openInfrastructure, type Service, startEmbeddedPostgres } from '@pataka/platform';
import { type EvaluationContext, type KeyValueStore, Pataka, type PatakaOptions } from '@pataka/web';
import { variantOf } from './harness/bucketing';
import { build, root } from './harness/build';
import { PatakaProcess } from './harness/pataka-process';
import { until } from './harness/waiting';

const AT = '2026-03-01T00:00:00Z';
const VECTORS_NOW = '2026-11-22T12:00:00Z';
const CLIENT = `client-${randomUUID()}`;
const vectors = JSON.parse(readFileSync(join(root, 'libs/evaluation/src/vectors/evaluation.json'), 'utf8')) as {
  flags: Flag[]; segments: JsonObject[]; regions: JsonObject[]; calendars: JsonObject[];
  cases: { flag: string; context: EvaluationContext & { custom_attributes?: JsonObject }; expect: { value?: FlagValue; variant?: string; reason?: string; errorCode?: string } }[];
};

/** A TCP road to the server, which can be closed: what is on it is lost, and nobody gets through. */
class Road {
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  /** Whether requests arrive and their answers are lost. */
  losesAnswers = false;
  port = 0;

  constructor(private readonly to: () => number) {}

  async open(): Promise<void> {
    this.#server = createServer((near) => {
      const far = connectTo(this.to(), '127.0.0.1');
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => undefined).on('close', () => {
          this.#sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far);
      far.on('data', (chunk) => (this.losesAnswers ? near.destroy() : void near.write(chunk)));
    });
    await new Promise<void>((done) => this.#server!.listen(this.port, '127.0.0.1', done));
    this.port = (this.#server.address() as { port: number }).port;
  }

  async close(): Promise<void> {
    const closed = new Promise((done) => this.#server!.close(done));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

class Store implements KeyValueStore {
  readonly entries = new Map<string, string>();
  getItem(key: string): string | null { return this.entries.get(key) ?? null; }
  setItem(key: string, value: string): void { this.entries.set(key, value); }
}

let embedded: EmbeddedPostgres;
let directory: string;
let infrastructure: Infrastructure;
let service: Service;
let port = 0;
let position = 0;
const road = new Road(() => port);
const clients: Pataka[] = [];

const publish = (topic: string, type: string, key: string, data: object): Promise<void> =>
  infrastructure.log.publish([encodeEvent({ id: uuidv7(), type: `pataka.${type}`, source: '/pataka/flag-admin', time: AT, topic, key, subject: key, position: (position += 1), data })]);
const publishFlag = (flag: Partial<Flag> & { key: string; version: number }): Promise<void> => publish(topics.flagChanges.name, 'flag.updated.v1', flag.key, {
  change: { type: 'flag.updated', data: { changes: {} } }, actor: 'test',
  flag: { type: 'STRING', status: 'ACTIVE', defaultValue: 'basic', clientVisible: true, environments: { production: { enabled: true, rules: [] } }, ...flag },
});
const publishObject = (kind: 'segment' | 'region' | 'calendar', after: JsonObject): Promise<void> =>
  publish(topics.segmentChanges.name, `${kind}.created.v1`, String(after['key']), { kind, change: 'created', actor: 'test', key: after['key'], after });
const banner = (version: number, value: string): Promise<void> => publishFlag({ key: 'banner', version, defaultValue: value });

const openServer = async (): Promise<void> => {
  const config = loadPlatformConfig({ DATABASE_URL: embedded.url, LOG_LEVEL: 'fatal' });
  infrastructure = await openInfrastructure(config, 'evaluator');
  service = await openService(config, infrastructure);
  port = await service.listen(port, '127.0.0.1');
};

const eventsOn = async (topic: string): Promise<ReceivedEvent[]> => {
  const events: ReceivedEvent[] = [];
  for (const { partition, low, high } of await infrastructure.log.offsets(topic)) {
    for await (const batch of infrastructure.log.read(topic, partition, low, high)) events.push(...decodeBatch(batch).events);
  }
  return events;
};
/** A client's conversions on the log, each id once as every consumer counts it. */
const conversionsOf = async (targetingKey: string): Promise<{ metric: string; sequence: number; session: string }[]> => {
  const events = new Map((await eventsOn(topics.conversions.name)).map(({ id, data }) => [id, data as unknown as { targetingKey: string; metric: string; session: { id: string; sequence: number } }]));
  return [...events.values()].filter((event) => event.targetingKey === targetingKey).map(({ metric, session }) => ({ metric, sequence: session.sequence, session: session.id }));
};

const connect = async (context: EvaluationContext, options: Partial<PatakaOptions> = {}): Promise<Pataka> => {
  const client = await Pataka.connect({ url: `http://127.0.0.1:${road.port}`, clientKey: CLIENT, context, timeoutMs: 3_000, flushMs: 50, ...options, host: { storage: null, ...options.host } });
  clients.push(client);
  return client;
};
const canonical = (value: unknown): string => JSON.stringify(value, (_name, member: unknown) =>
  (typeof member === 'object' && member !== null && !Array.isArray(member) ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))) : member));
const soon = (what: string, look: () => boolean): Promise<boolean> => until(what, look, 20_000);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sdk-web-'));
  await chmod(directory, 0o755);
  embedded = await startEmbeddedPostgres({ dataDir: join(directory, 'postgres') });
  await openServer();
  await infrastructure.log.ensureTopics(Object.values(topics));
  await publish(topics.accessChanges.name, 'environment.created.v1', 'production', { kind: 'environment', change: 'created', actor: 'test', id: 'production', after: { key: 'production', name: 'Production', createdBy: 'test', createdAt: AT, version: 1 } });
  await publish(topics.accessChanges.name, 'key.created.v1', 'key_client', { kind: 'key', change: 'created', actor: 'test', id: 'key_client', after: { id: 'key_client', name: 'web', kind: 'client', environment: 'production', hash: hashToken(CLIENT), hint: '', createdBy: 'test', createdAt: AT, version: 1 } });
  for (const metric of ['trip_done', 'lost']) await publish(topics.metricChanges.name, 'metric.created.v1', metric, { change: 'created', actor: 'test', metric: { key: metric, clientWritable: true, version: 1, createdBy: 'test', createdAt: AT, updatedAt: AT } });
  for (const region of vectors.regions) await publishObject('region', region);
  for (const segment of vectors.segments) await publishObject('segment', segment);
  for (const calendar of vectors.calendars) await publishObject('calendar', calendar);
  for (const flag of vectors.flags) await publishFlag({ ...flag, version: 1, clientVisible: true });
  await publishFlag({ key: 'routing', version: 1, environments: { production: { enabled: true, rules: [{
    id: 'exp_1', experimentId: 'exp_1', phase: 1, percentage: 100, conditions: [], bucketBy: 'fleet_id',
    split: [{ variant: 'control', weight: 0.5, value: 'basic' }, { variant: 'ai', weight: 0.5, value: 'ai_advanced' }],
  }] } } });
  await banner(1, 'नमस्ते');
  await road.open();
  const waiting = await connect({ targetingKey: 'waiting' });
  await soon('the last flag is served', () => (void waiting.refresh(), waiting.string('banner', '') === 'नमस्ते'));
}, 120_000);
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});
afterAll(async () => {
  await road.close();
  await service.close();
  await embedded.stop();
  await rm(directory, { recursive: true, force: true });
});

/** Every case is judged at the vectors' own now, unless it names an instant. */
const timed = (context: (typeof vectors.cases)[number]['context']): EvaluationContext =>
  ('timestamp' in context || 'timestamp' in ((context['custom_attributes'] as object | undefined) ?? {}) ? context : { ...context, timestamp: VECTORS_NOW });

describe('the shared vectors of evaluation', () => {
  it('are answered through single evaluation as written', async () => {
    const faults: object[] = [];
    const check = async ({ flag, context, expect: expected }: (typeof vectors.cases)[number]): Promise<void> => {
      const response = await fetch(`http://127.0.0.1:${port}/ofrep/v1/evaluate/flags/${flag}`, {
        method: 'POST', headers: { authorization: `Bearer ${CLIENT}`, 'content-type': 'application/json', 'x-exposure': 'none' }, body: JSON.stringify({ context: timed(context) }),
      });
      const { value, variant, reason, errorCode } = (await response.json()) as Record<string, unknown>;
      const got = errorCode === undefined ? { value, variant, reason } : { errorCode };
      if (canonical(got) !== canonical(expected)) faults.push({ flag, context, expected, got });
    };
    for (let from = 0; from < vectors.cases.length; from += 8) await Promise.all(vectors.cases.slice(from, from + 8).map(check));
    expect(faults).toEqual([]);
  });

  it('are answered through bulk evaluation and the web client as written', async () => {
    expect(vectors.cases).toHaveLength(653);
    const faults: object[] = [];
    const check = async ({ flag, context, expect: expected }: (typeof vectors.cases)[number]): Promise<void> => {
      const pataka = await Pataka.connect({ url: `http://127.0.0.1:${port}`, clientKey: CLIENT, context: timed(context), anonymous: false, exposures: false, host: { storage: null, streaming: false }, pollMs: 0 });
      const { value, variant, reason, errorCode } = pataka.details<FlagValue | null>(flag, null);
      const got = errorCode === undefined ? { value, variant, reason } : { errorCode };
      if (canonical(got) !== canonical(expected)) faults.push({ flag, context, expected, got });
      await pataka.close();
    };
    for (let from = 0; from < vectors.cases.length; from += 8) await Promise.all(vectors.cases.slice(from, from + 8).map(check));
    expect(faults).toEqual([]);
  });
});

describe('a change', () => {
  it('reaches a running client by the stream, naming only what changed', async () => {
    const pataka = await connect({ targetingKey: 'driver-7' });
    const changes: (readonly string[])[] = [];
    pataka.on('change', (keys) => changes.push(keys));
    await banner(2, 'வணக்கம்');
    await soon('the change', () => pataka.string('banner', '') === 'வணக்கம்');
    expect(changes).toEqual([['banner']]);
  });
});

describe('an experiment', () => {
  it('takes a client key’s exposures, as their receipts are computed again', async () => {
    const rejected: object[] = [];
    const split = [{ variant: 'control', weight: 0.5 }, { variant: 'ai', weight: 0.5 }];
    for (let driver = 0; driver < 6; driver += 1) {
      const pataka = await connect({ targetingKey: `exposed-${driver}`, fleet_id: `fleet-${driver}`, region: 'pune' });
      pataka.on('rejected', (rejections) => rejected.push(...rejections));
      expect(pataka.details('routing', '')).toMatchObject({ variant: variantOf(`fleet-${driver}`, 'exp_1', split), reason: 'SPLIT', experimentId: 'exp_1' });
      for (let again = 0; again < 3; again += 1) pataka.string('routing', '');
      await pataka.flush();
      expect(pataka.eventCounts).toEqual({ pending: 0, accepted: 1, rejected: 0, dropped: 0 });
    }
    expect(rejected).toEqual([]);
    const mine = (await eventsOn(topics.exposures.name)).map(({ data }) => data as JsonObject).filter(({ targetingKey }) => String(targetingKey).startsWith('exposed-'));
    expect(mine).toHaveLength(6);
    expect(mine[0]).toMatchObject({ experimentId: 'exp_1', phase: 1, flagKey: 'routing', environment: 'production', attributes: { region: 'pune' }, receipt: { ruleId: 'exp_1', probability: 0.5, engine: expect.any(String) }, session: { sequence: 0 } });
    expect(new Set(mine.map(({ unit }) => unit)).size).toBe(6);
  });

  it('makes no exposure by bulk evaluation, nor by looking', async () => {
    const pataka = await connect({ targetingKey: 'unseen', fleet_id: 'fleet-1' });
    expect(pataka.peek('routing', '').experimentId).toBe('exp_1');
    await pataka.close();
    expect((await eventsOn(topics.exposures.name)).filter(({ data }) => (data as JsonObject)['targetingKey'] === 'unseen')).toEqual([]);
  });
});

describe('a running client', () => {
  /** Evaluates all the time; notes whatever is neither known nor the fallback, and every throw. */
  const watch = (pataka: Pataka, allowed: Set<string>): { stop: () => string[] } => {
    const faults: string[] = [];
    const timer = setInterval(() => {
      try {
        const began = performance.now();
        const values = [pataka.string('banner', 'fallback'), pataka.details('banner', 'fallback').value, String(pataka.boolean('nowhere', true))];
        faults.push(...values.filter((value) => !allowed.has(value)));
        if (performance.now() - began > 50) faults.push('blocked');
      } catch (error) {
        faults.push(String(error));
      }
    }, 2);
    return { stop: () => (clearInterval(timer), faults) };
  };

  it('answers the last known, throws nothing and comes back by itself, when the server is killed', async () => {
    const pataka = await connect({ targetingKey: 'survivor' });
    const last = pataka.string('banner', '');
    const watched = watch(pataka, new Set([last, 'नया', 'true']));
    await service.close();
    await soon('it notices', () => {
      void pataka.refresh();
      return pataka.status === 'stale';
    });
    expect(pataka.string('banner', 'fallback')).toBe(last);
    await openServer();
    await banner(3, 'नया');
    await soon('it comes back', () => pataka.string('banner', '') === 'नया');
    expect([watched.stop(), pataka.status]).toEqual([[], 'ready']);
  });

  it('answers the last known when the network is cut, and misses nothing', async () => {
    const pataka = await connect({ targetingKey: 'survivor' });
    const watched = watch(pataka, new Set(['नया', 'while away', 'true']));
    await road.close();
    await pataka.refresh();
    expect([pataka.status, pataka.string('banner', 'fallback')]).toEqual(['stale', 'नया']);
    await banner(4, 'while away');
    await road.open();
    await soon('what was missed', () => pataka.string('banner', '') === 'while away');
    expect(watched.stop()).toEqual([]);
  });

  it('starts from its cache when nothing can be reached, and from fallbacks when that is corrupt', async () => {
    const storage = new Store();
    await connect({ targetingKey: 'cached' }, { host: { storage } });
    await road.close();
    expect((await connect({ targetingKey: 'cached' }, { host: { storage } })).details('banner', 'fallback')).toMatchObject({ value: 'while away', reason: 'CACHED' });
    for (const rubbish of ['', '{', 'null', '[]', '[{"context":{"targetingKey":"cached"},"at":1e15,"flags":{}}]', '\u0000'.repeat(1_000), '[[[[[[[[]]]]]]]]']) {
      for (const key of storage.entries.keys()) storage.setItem(key, rubbish);
      const pataka = await connect({ targetingKey: 'cached' }, { host: { storage } });
      expect(pataka.string('banner', 'fallback')).toBe('fallback');
    }
    for (const key of storage.entries.keys()) storage.setItem(key, '{');
    const pataka = await connect({ targetingKey: 'cached' }, { host: { storage } });
    await road.open();
    await soon('the network is back', () => pataka.string('banner', 'fallback') === 'while away');
    pataka.track('trip_done');
    await pataka.flush();
    expect(pataka.eventCounts).toMatchObject({ accepted: 1, pending: 0 });
  });

  it('does not break when answers are rubbish', async () => {
    const rubbish = createServer((socket) => void socket.on('error', () => undefined).resume().end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"flags":'));
    await new Promise<void>((done) => rubbish.listen(0, '127.0.0.1', done));
    const pataka = await connect({ targetingKey: 'x' }, { url: `http://127.0.0.1:${(rubbish.address() as { port: number }).port}` });
    pataka.track('trip_done');
    await pataka.flush();
    expect([pataka.status, pataka.string('banner', 'fallback'), pataka.eventCounts.pending]).toEqual(['failed', 'fallback', 1]);
    await new Promise((done) => rubbish.close(done));
  });
});

/** A server that has just started refuses metrics for good until it has read which are open to client keys. */
const metricsAreKnown = async (): Promise<void> => {
  const probe = await connect({ targetingKey: 'probe' }, { url: `http://127.0.0.1:${port}` });
  await until('the metrics are known', async () => {
    probe.track('trip_done');
    await probe.flush();
    return probe.eventCounts.accepted > 0;
  });
};

describe('events made while offline', () => {
  it('arrive exactly once afterwards, over restarts, lost answers and a killed server', async () => {
    const storage = new Store();
    const context = { targetingKey: 'offline-1' };
    const first = await connect(context, { host: { storage } });
    for (let event = 0; event < 20; event += 1) first.track('trip_done');
    await first.flush();
    await road.close();
    for (let event = 0; event < 60; event += 1) first.track('trip_done');
    await first.flush();
    await first.close();
    await road.open();
    road.losesAnswers = true; // the server takes them, and the client never hears of it
    const second = await connect(context, { host: { storage } });
    for (let event = 0; event < 30; event += 1) second.track('trip_done');
    await second.flush();
    expect(second.eventCounts).toMatchObject({ accepted: 0, pending: 90 });
    await second.close();
    await service.close();
    road.losesAnswers = false;
    const third = await connect(context, { host: { storage } });
    for (let event = 0; event < 10; event += 1) third.track('trip_done');
    await road.close();
    await openServer();
    await metricsAreKnown();
    await road.open();
    await soon('all have gone', () => {
      void third.flush();
      return third.eventCounts.pending === 0;
    });
    const events = await conversionsOf('offline-1');
    expect(events).toHaveLength(120);
    const sessions = [...new Set(events.map(({ session }) => session))];
    const numbers = sessions.map((one) => events.filter(({ session }) => session === one).map(({ sequence }) => sequence).sort((a, b) => a - b));
    expect(numbers.map((sequence) => [sequence[0], sequence.at(-1), sequence.length]).sort((a, b) => b[2]! - a[2]!)).toEqual([[0, 79, 80], [0, 29, 30], [0, 9, 10]]);
    expect((await eventsOn(topics.conversions.name)).length).toBeGreaterThanOrEqual(120);
  });

  it('that had no room leave gaps in the sequence, which count what was lost', async () => {
    const pataka = await connect({ targetingKey: 'offline-2' }, { maxEvents: 25 });
    await road.close();
    for (let event = 0; event < 100; event += 1) pataka.track('lost');
    await pataka.flush();
    await road.open();
    pataka.track('lost');
    await soon('the rest has gone', () => {
      void pataka.flush();
      return pataka.eventCounts.pending === 0;
    });
    const numbers = (await conversionsOf('offline-2')).map(({ sequence }) => sequence);
    const missing = Math.max(...numbers) + 1 - new Set(numbers).size;
    expect([numbers.length, missing, pataka.eventCounts.dropped]).toEqual([25, 76, 76]);
  });
});

describe('a web application on the whole of Pataka', () => {
  let pataka: PatakaProcess;
  beforeAll(async () => {
    build();
    pataka = await PatakaProcess.start();
  }, 300_000);
  afterAll(() => pataka.dispose(), 60_000);

  it('finds every event in the report once, though all was killed under it', async () => {
    const { admin, url, tokens } = pataka;
    await admin.post('/api/metrics', { key: 'web_km', type: 'mean', clientWritable: true });
    const { id } = await admin.post<{ id: string }>('/api/experiments', {
      key: 'web_routing', type: 'AB_TEST', variants: [{ id: 'control', weight: 0.5, config: 'basic', isControl: true }, { id: 'ai', weight: 0.5, config: 'ai_advanced' }],
      successMetrics: ['web_km'], strategy: { type: 'FIXED', targetPercentage: 100 },
    });
    await until('its flag', async () => (await admin.get<{ linked: boolean }>(`/api/experiments/${id}`)).linked);
    await admin.ask('PATCH', '/api/flags/web_routing', { body: { clientVisible: true }, headers: { 'if-match': '"1"' } });
    await admin.post(`/api/experiments/${id}/start`);
    const open = async (index: number): Promise<Pataka> => {
      const client = await Pataka.connect({ url, clientKey: tokens.client, context: { targetingKey: `web-${index}` }, timeoutMs: 5_000, host: { storage: null } });
      clients.push(client);
      return client;
    };
    const drivers = await Promise.all(Array.from({ length: 12 }, (_, index) => open(index)));
    await until('all are in the experiment', () => drivers.every((driver) => driver.peek('web_routing', 'none').reason === 'SPLIT'));
    const trip = (): void => drivers.forEach((driver, index) => driver.track('web_km', { value: index }));
    const flush = (): Promise<void[]> => Promise.all(drivers.map((driver) => driver.flush()));
    const values = drivers.map((driver) => driver.string('web_routing', 'none'));
    trip();
    const sending = flush();
    await pataka.kill();
    await sending;
    trip();
    await flush();
    expect(drivers.map((driver) => driver.string('web_routing', 'none'))).toEqual(values);
    pataka.spawn();
    await pataka.ready();
    trip();
    await until('all has gone', async () => {
      await flush();
      return drivers.every(({ eventCounts }) => eventCounts.pending === 0);
    });
    expect(drivers.map(({ eventCounts }) => eventCounts.accepted)).toEqual(drivers.map(() => 4));
    type Results = { variants: { variantId: string; sampleSize: number; metrics: Record<string, { mean: number }> }[]; excluded: { multipleVariants: number } };
    const total = 3 * drivers.reduce((sum, _driver, index) => sum + index, 0);
    const sums = await until('every event is in the report', async () => {
      const { variants } = await admin.get<Results>(`/api/experiments/${id}/results`);
      const found = variants.map(({ sampleSize, metrics }) => [sampleSize, Math.round(sampleSize * (metrics['web_km']?.mean ?? 0))] as const);
      return found.reduce((sum, [subjects]) => sum + subjects, 0) === drivers.length && found.reduce((sum, [, km]) => sum + km, 0) >= total && found;
    });
    expect(sums.reduce((sum, [, km]) => sum + km, 0)).toBe(total);
    const recorded = await admin.get<{ items?: object[] }>('/api/subjects/web-3/exposures');
    expect(JSON.stringify(recorded)).toContain('"receipt"');
  }, 120_000);
});

const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));
const describeBrowser = chromium !== undefined || process.env['CI'] === 'true' ? describe : describe.skip;

/** A browser, over the pipe of its own protocol. */
class Browser {
  readonly #waiting = new Map<number, { done: (result: JsonObject) => void; fail: (error: Error) => void }>();
  #next = 0;
  #rest = '';

  private constructor(private readonly child: ChildProcess) {
    (child.stdio[4] as Readable).on('data', (chunk: Buffer) => this.#hear(chunk.toString('utf8')));
  }

  static open(profile: string): Browser {
    const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--remote-debugging-pipe', `--user-data-dir=${profile}`];
    return new Browser(spawn(chromium!, [...flags, 'about:blank'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] }));
  }

  ask(method: string, params: object = {}, sessionId?: string): Promise<JsonObject> {
    const id = (this.#next += 1);
    (this.child.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`);
    return new Promise((done, fail) => this.#waiting.set(id, { done, fail }));
  }

  async page(url: string): Promise<{ run: (code: string) => Promise<unknown>; go: (url: string) => Promise<unknown> }> {
    const { targetId } = await this.ask('Target.createTarget', { url });
    const { sessionId } = await this.ask('Target.attachToTarget', { targetId, flatten: true });
    const run = async (expression: string): Promise<unknown> =>
      ((await this.ask('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true }, String(sessionId)))['result'] as JsonObject)['value'];
    return { run, go: (to) => this.ask('Page.navigate', { url: to }, String(sessionId)) };
  }

  async close(): Promise<void> {
    const ended = new Promise((done) => this.child.once('exit', done));
    this.child.kill('SIGKILL');
    await ended;
  }

  #hear(text: string): void {
    const messages = (this.#rest + text).split('\0');
    this.#rest = messages.pop() ?? '';
    for (const message of messages) {
      const { id, result, error } = JSON.parse(message) as { id?: number; result?: JsonObject; error?: { message: string } };
      const waiting = this.#waiting.get(id ?? 0);
      this.#waiting.delete(id ?? 0);
      if (error === undefined) waiting?.done(result ?? {});
      else waiting?.fail(new Error(error.message));
    }
  }
}

describeBrowser(`in a real browser${chromium === undefined ? ' (left out: there is no Chromium here)' : ''}`, () => {
  let browser: Browser;
  let site: HttpServer;
  let folder: string;
  let origin: string;

  const html = (): string => `<!doctype html><meta charset="utf-8"><title>FleetFlow</title><p id="banner">…</p><script type="module">
    import { Pataka } from '/index.js';
    const pataka = (window.pataka = Pataka.create({ url: 'http://127.0.0.1:${road.port}', clientKey: '${CLIENT}', context: { fleet_id: 'fleet-1' }, flushMs: 60000 }));
    window.loadedAt = performance.timeOrigin;
    const draw = () => {
      const { value, reason } = pataka.details('banner', 'fallback');
      document.querySelector('#banner').textContent = value + ' ' + reason;
    };
    draw();
    window.first = document.querySelector('#banner').textContent;
    pataka.on('change', draw);
    pataka.on('status', draw);
  </script>`;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sdk-web-site-'));
    const tsup = join(root, 'node_modules/tsup/dist/cli-default.js');
    execFileSync(process.execPath, [tsup, 'src/index.ts', 'src/openfeature.ts', '--format', 'esm', '--tsconfig', 'tsconfig.json', '-d', folder], { cwd: join(root, 'libs/sdk-web'), stdio: 'ignore' });
    site = createHttpServer(({ url = '/' }, response) => {
      const file = join(folder, basename(url));
      if (url === '/') response.writeHead(200, { 'content-type': 'text/html' }).end(html());
      else if (url.endsWith('.js') && existsSync(file)) response.writeHead(200, { 'content-type': 'text/javascript' }).end(readFileSync(file));
      else response.writeHead(404).end();
    });
    await new Promise<void>((done) => site.listen(0, '127.0.0.1', done));
    origin = `http://localhost:${(site.address() as { port: number }).port}/`;
    browser = Browser.open(join(folder, 'profile'));
  });
  afterAll(async () => {
    await browser.close();
    await new Promise((done) => { site.close(done); site.closeAllConnections(); });
    await rm(folder, { recursive: true, force: true });
  });

  it('a page of another origin shows a flag, and its change without a reload', async () => {
    const page = await browser.page(origin);
    const shows = (text: string): Promise<unknown> => until(`the page shows "${text}"`, async () => (await page.run("document.querySelector('#banner')?.textContent")) === text);
    await shows('while away STATIC');
    const loadedAt = await page.run('loadedAt');
    await until('the stream is open', async () => await page.run("performance.getEntriesByType('resource').length > 0"));
    await banner(5, 'मुंबई');
    await shows('मुंबई STATIC');
    expect(await page.run('loadedAt')).toBe(loadedAt);
    const key = await page.run('pataka.context.targetingKey');

    await page.run("pataka.string('routing', ''); pataka.track('trip_done', { value: 1 })");
    await page.go('about:blank');
    await until('its events have come, sent as it went', async () => (await conversionsOf(String(key))).length === 1);
    expect((await eventsOn(topics.exposures.name)).filter(({ data }) => (data as JsonObject)['targetingKey'] === key)).toHaveLength(1);

    await road.close();
    await page.go(origin);
    await shows('मुंबई CACHED');
    expect([await page.run('first'), await page.run('pataka.context.targetingKey')]).toEqual(['मुंबई CACHED', key]);
    await road.open();
    await shows('मुंबई STATIC');
    await until('what it found in storage is gone', async () => (await page.run('pataka.flush().then(() => pataka.eventCounts.pending)')) === 0);
    expect(await conversionsOf(String(key))).toHaveLength(1);
  });
});
