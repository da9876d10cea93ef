import { bootstrapText, fetchBootstrap, type KeyValueStore, Pataka, type PatakaOptions } from './index';
import { MemoryStore, ScriptedServer } from './scripted-server';

const DAY_MS = 24 * 3600 * 1000;
let server: ScriptedServer;
const clients: Pataka[] = [];

const create = (options: Partial<PatakaOptions> = {}): Pataka => {
  const client = Pataka.create({ url: 'https://flags.example.in/', clientKey: 'client-key', context: { targetingKey: 'driver-7' }, host: server.host, ...options });
  clients.push(client);
  return client;
};
const connect = async (options: Partial<PatakaOptions> = {}): Promise<Pataka> => {
  const client = create(options);
  await client.ready();
  return client;
};
/** Lets every pending timer up to `ms` and everything that awaits it happen. */
const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);
const experiment = (variant: string, more: object = {}): object =>
  ({ value: variant, variant, reason: 'SPLIT', metadata: { flagVersion: 3, ruleId: 'r1', experimentId: 'exp_1', phase: 2, unit: 'fleet-9', bucket: 4711, probability: 0.5, ...more } });

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] });
  server = new ScriptedServer();
  server.flags = { scoring: { value: true, variant: 'on', metadata: { flagVersion: 4, ruleId: 'r-west' } }, banner: { value: 'नमस्ते' }, radius: { value: 2.5 }, theme: { value: { dark: true } }, broken: { errorCode: 'PARSE_ERROR', errorDetails: 'a cycle' } };
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  jest.useRealTimers();
});

describe('reading', () => {
  it('answers synchronously, by type, with how it came about', async () => {
    const pataka = await connect();
    expect([pataka.boolean('scoring', false), pataka.string('banner', ''), pataka.number('radius', 0), pataka.json('theme', {}), pataka.value('banner', null as string | null)])
      .toEqual([true, 'नमस्ते', 2.5, { dark: true }, 'नमस्ते']);
    expect(pataka.details('scoring', false)).toMatchObject({ value: true, variant: 'on', reason: 'STATIC', ruleId: 'r-west', flagVersion: 4 });
    expect(server.bulks()).toHaveLength(1);
    expect(server.bulks()[0]).toMatchObject({ url: 'https://flags.example.in/ofrep/v1/evaluate/flags', body: { context: { targetingKey: 'driver-7' } } });
  });

  it.each([
    ['an unknown flag', 'nowhere', 'FLAG_NOT_FOUND'], ['a name of Object.prototype', 'constructor', 'FLAG_NOT_FOUND'],
    ['another type', 'banner', 'TYPE_MISMATCH'], ['a flag that failed', 'broken', 'PARSE_ERROR'],
  ])('gives the fallback for %s', async (_what, key, errorCode) => {
    expect((await connect()).details(key, true)).toMatchObject({ value: true, reason: 'ERROR', errorCode });
  });

  it('gives the fallback before anything is known, and never throws', async () => {
    server.fails = { status: 0 };
    const pataka = create();
    expect(pataka.details('scoring', true)).toMatchObject({ value: true, errorCode: 'PROVIDER_NOT_READY' });
    await pataka.ready();
    expect([pataka.status, pataka.boolean('scoring', true)]).toEqual(['failed', true]);
  });

  it('says what the server refuses', async () => {
    server.fails = { status: 400, body: { errorCode: 'INVALID_CONTEXT', errorDetails: 'timestamp is no instant' } };
    const pataka = await connect({ context: { targetingKey: 'a', timestamp: 'soon' } });
    expect(pataka.details('scoring', false)).toMatchObject({ errorCode: 'INVALID_CONTEXT', errorMessage: 'timestamp is no instant' });
    server.fails = { status: 401 };
    expect((await connect({ context: { targetingKey: 'b' } })).status).toBe('denied');
  });

  it('leaves out what it cannot read', async () => {
    Object.assign(server.flags, { none: {}, list: { value: [1] }, nothing: { value: null } });
    const pataka = await connect();
    expect(['none', 'list', 'nothing'].map((key) => pataka.details(key, 1).errorCode)).toEqual(['FLAG_NOT_FOUND', 'FLAG_NOT_FOUND', 'FLAG_NOT_FOUND']);
    expect(pataka.boolean('scoring', false)).toBe(true);
  });
});

describe('an anonymous context', () => {
  it('gets a key that is kept', async () => {
    const first = await connect({ context: { region: 'pune' } });
    const key = first.context.targetingKey;
    expect(key).toMatch(/^[0-9a-f-]{36}$/);
    await first.setContext({ targetingKey: 'driver-7' });
    await first.setContext({});
    expect(first.context).toEqual({ targetingKey: key });
    expect((await connect({ context: {} })).context).toEqual({ targetingKey: key });
  });

  it('is none with a user_id, and gets no key where it is not wanted', async () => {
    expect((await connect({ context: { user_id: 42 } })).context).toEqual({ user_id: 42 });
    expect((await connect({ context: {}, anonymous: false })).context).toEqual({});
  });

  it('waits for storage that answers later', async () => {
    const kept = new MemoryStore();
    kept.setItem('pataka:anonymous', 'anon-1');
    const later: KeyValueStore = { getItem: (key) => Promise.resolve(kept.getItem(key)), setItem: (key, value) => Promise.resolve(kept.setItem(key, value)) };
    server = new ScriptedServer(later);
    const pataka = await connect({ context: {} });
    expect(pataka.context).toEqual({ targetingKey: 'anon-1' });
    expect(server.bulks().map(({ body }) => body.context)).toEqual([{ targetingKey: 'anon-1' }]);
  });
});

describe('the cache', () => {
  const kept = (): MemoryStore => server.storage as MemoryStore;

  it('serves the next start until the network answers', async () => {
    await connect();
    server.fails = { status: 0 };
    const pataka = create();
    expect(pataka.details('scoring', false)).toMatchObject({ value: true, reason: 'CACHED', variant: 'on' });
    expect(pataka.status).toBe('cached');
    server.fails = null;
    await pass(2_000);
    expect([pataka.status, pataka.details('scoring', false).reason]).toEqual(['ready', 'STATIC']);
    expect(server.bulks().at(-1)!.headers['if-none-match']).toBeDefined();
  });

  it('is of one server, key and context, and ends after 30 days', async () => {
    await connect();
    server.fails = { status: 0 };
    expect(create({ context: { targetingKey: 'driver-8' } }).status).toBe('starting');
    expect(create({ clientKey: 'another' }).status).toBe('starting');
    jest.setSystemTime(Date.now() + 29 * DAY_MS);
    expect(create().status).toBe('cached');
    jest.setSystemTime(Date.now() + 2 * DAY_MS);
    expect(create().status).toBe('starting');
  });

  it.each([['no JSON', '{"'], ['another shape', '{"a":1}'], ['broken entries', '[{"context":{"targetingKey":"driver-7"},"flags":7,"at":1},null,4]'], ['a broken flag', '[{"context":{"targetingKey":"driver-7"},"flags":[null,{"key":"scoring"}],"at":1}]']])(
    'never breaks a start: %s', async (_what, text) => {
      await connect();
      for (const key of kept().entries.keys()) kept().setItem(key, text);
      const pataka = create();
      expect(pataka.boolean('scoring', false)).toBe(false);
      await pataka.refresh();
      expect(pataka.boolean('scoring', false)).toBe(true);
    });

  it('may be full, forbidden or away', async () => {
    const forbidden = (): never => { throw new Error('SecurityError'); };
    server = new ScriptedServer({ getItem: forbidden, setItem: forbidden });
    server.flags = { scoring: { value: true } };
    const pataka = await connect({ context: {} });
    pataka.track('opened');
    await pataka.flush();
    expect([pataka.boolean('scoring', false), server.taken.length]).toEqual([true, 1]);
  });
});

describe('another context', () => {
  it('keeps the last answers until there are others, and asks once', async () => {
    const pataka = await connect();
    server.flags['scoring'] = { value: false, variant: 'off' };
    const changed = jest.fn();
    pataka.on('change', changed);
    const done = pataka.setContext({ targetingKey: 'driver-8' });
    expect(pataka.details('scoring', false)).toMatchObject({ value: true, reason: 'STALE' });
    await done;
    expect(pataka.details('scoring', true)).toMatchObject({ value: false, reason: 'STATIC' });
    expect(changed.mock.calls).toEqual([[['scoring']]]);
    expect(server.bulks()).toHaveLength(2);
  });

  it('is served from the cache where it is known', async () => {
    const pataka = await connect();
    await pataka.setContext({ targetingKey: 'driver-8' });
    server.fails = { status: 0 };
    void pataka.setContext({ targetingKey: 'driver-7' });
    expect(pataka.details('scoring', false)).toMatchObject({ value: true, reason: 'CACHED' });
  });

  it('is never served what is known to be of another subject when the server is away', async () => {
    const pataka = await connect();
    server.fails = { status: 0 };
    await pataka.setContext({ targetingKey: 'driver-8' });
    expect([pataka.status, pataka.boolean('scoring', false)]).toEqual(['failed', false]);
  });

  it('that came last wins, whatever order the answers come in', async () => {
    const pataka = await connect();
    const waits: (() => void)[] = [];
    const { fetch } = server;
    const slow = create({ context: { targetingKey: 'a' }, host: { ...server.host, fetch: async (url, init) => {
      const answer = await fetch(url, init);
      if (url.includes('evaluate')) await new Promise<void>((done) => waits.push(done));
      return answer;
    } } });
    void slow.setContext({ targetingKey: 'b' });
    void slow.setContext({ targetingKey: 'c' });
    for (let turn = 0; turn < 6; turn += 1) {
      waits.splice(0).reverse().forEach((done) => done());
      await pass(1);
    }
    expect([slow.status, slow.context.targetingKey, slow.details('scoring', false).reason]).toEqual(['ready', 'c', 'STATIC']);
    expect(pataka.context.targetingKey).toBe('driver-7');
  });
});

describe('changes', () => {
  it('come by the stream, coalesced, naming only what differs', async () => {
    const pataka = await connect();
    await pass(200);
    const changed = jest.fn();
    pataka.on('change', changed);
    const theme = pataka.json('theme', {});
    server.flags['banner'] = { value: 'வணக்கம்' };
    for (const position of [2, 3, 4]) server.announce(position);
    await pass(200);
    expect(changed.mock.calls).toEqual([[['banner']]]);
    expect(pataka.string('banner', '')).toBe('வணக்கம்');
    expect(pataka.json('theme', {})).toBe(theme);
    expect(server.bulks()).toHaveLength(2);
    expect(server.bulks()[1]!.url).toContain('flagConfigEtag=4');
  });

  it('are followed without the token, with the key and the position known', async () => {
    await connect();
    await pass(10);
    const stream = server.seen.find(({ url }) => url.includes('/stream'))!;
    expect(stream).toMatchObject({ url: 'https://flags.example.in/ofrep/v1/stream', headers: { authorization: 'Bearer client-key', 'last-event-id': '1' } });
  });

  it('are asked for again after the stream was cut, later and later', async () => {
    await connect();
    await pass(200);
    server.fails = { status: 503 };
    server.cut();
    await pass(60_000);
    const attempts = server.seen.filter(({ url }) => url.includes('/stream')).length;
    expect(attempts).toBeGreaterThan(3);
    expect(attempts).toBeLessThan(10);
    server.fails = null;
    server.flags['banner'] = { value: 'back' };
    await pass(60_000);
    expect([clients[0]!.status, clients[0]!.string('banner', ''), server.streams]).toEqual(['ready', 'back', 1]);
  });

  it('end a stream that has fallen silent', async () => {
    await connect();
    await pass(200);
    expect(server.streams).toBe(1);
    await pass(44_000);
    server.push(':\n\n');
    await pass(44_000);
    expect(server.seen.filter(({ url }) => url.includes('/stream'))).toHaveLength(1);
    await pass(5_000);
    expect(server.seen.filter(({ url }) => url.includes('/stream'))).toHaveLength(2);
  });

  it('are polled for where nothing can be streamed', async () => {
    server = new ScriptedServer(new MemoryStore(), false);
    server.flags = { banner: { value: 'a' } };
    const pataka = await connect({ pollMs: 10_000 });
    server.flags = { banner: { value: 'b' } };
    await pass(12_000);
    expect([pataka.string('banner', ''), server.seen.some(({ url }) => url.includes('/stream'))]).toEqual(['b', false]);
  });

  it('pause while the page is hidden for long, and are caught up with when it is seen', async () => {
    const pataka = await connect();
    await pass(200);
    server.see('hidden');
    await pass(119_000);
    expect(server.streams).toBe(1);
    await pass(2_000);
    expect(server.streams).toBe(0);
    server.flags['banner'] = { value: 'while away' };
    await pass(1_200_000);
    expect(pataka.string('banner', '')).toBe('नमस्ते');
    server.see('visible');
    await pass(200);
    expect([pataka.string('banner', ''), server.streams]).toEqual(['while away', 1]);
  });

  it('wait as long as the server says', async () => {
    const pataka = await connect();
    server.fails = { status: 429, headers: { 'retry-after': '30' } };
    await pataka.refresh();
    const asked = server.bulks().length;
    server.fails = null;
    await pataka.refresh();
    await pass(29_000);
    expect([server.bulks().length, pataka.status]).toEqual([asked, 'stale']);
    await pass(5_000);
    expect(pataka.status).toBe('ready');
  });

  it('are not put off by those who ask by hand', async () => {
    const pataka = await connect();
    server.fails = { status: 503 };
    for (let again = 0; again < 20; again += 1) await pataka.refresh();
    server.fails = null;
    await pass(2_000);
    expect(pataka.status).toBe('ready');
  });

  it('survive a listener that throws', async () => {
    const report = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const pataka = await connect();
    const other = jest.fn();
    pataka.on('change', () => { throw new Error('mine'); });
    pataka.on('change', other);
    server.flags = {};
    await pataka.refresh();
    expect([other.mock.calls.length, report.mock.calls.length]).toEqual([1, 1]);
    report.mockRestore();
  });
});

describe('exposures', () => {
  beforeEach(() => { server.flags['routing'] = experiment('ai'); });

  it('are sent on first use only, with the receipt that the server computes again', async () => {
    const pataka = await connect({ context: { targetingKey: 'driver-7', region: 'pune', long: 'x'.repeat(300), nested: {} } });
    pataka.peek('routing', '');
    await pataka.flush();
    expect(server.taken).toEqual([]);
    for (let again = 0; again < 3; again += 1) pataka.string('routing', '');
    await pataka.flush();
    expect(server.taken).toEqual([{
      id: expect.stringMatching(/^[0-9a-f-]{36}$/), type: 'exposure', targetingKey: 'driver-7', unit: 'fleet-9', experimentId: 'exp_1', phase: 2, flagKey: 'routing', variant: 'ai',
      occurredAt: expect.stringMatching(/Z$/), attributes: { region: 'pune' }, session: { id: expect.any(String), sequence: 0 },
      receipt: { flagVersion: 3, position: 1, ruleId: 'r1', bucket: 4711, probability: 0.5, engine: 'e1' },
    }]);
  });

  it('are made again by another variant, phase or unit, never by the fallback', async () => {
    const pataka = await connect();
    pataka.string('routing', '');
    for (const flag of [experiment('control'), experiment('control', { flagVersion: 9 }), experiment('control', { phase: 3 }), experiment('control', { phase: 3, unit: 'fleet-8' })]) {
      server.flags['routing'] = flag;
      await pataka.refresh();
      pataka.string('routing', '');
    }
    pataka.number('routing', 0);
    await pataka.flush();
    expect(server.taken.map(({ variant, phase, unit }) => [variant, phase, unit])).toEqual([['ai', 2, 'fleet-9'], ['control', 2, 'fleet-9'], ['control', 3, 'fleet-9'], ['control', 3, 'fleet-8']]);
  });

  it('are of the subject that was answered, not of the one who is being asked about', async () => {
    const pataka = await connect();
    const done = pataka.setContext({ targetingKey: 'driver-8' });
    pataka.string('routing', '');
    await done;
    await pataka.flush();
    expect(server.taken.map(({ targetingKey }) => targetingKey)).toEqual(['driver-7']);
  });

  it('can be switched off', async () => {
    const pataka = await connect({ exposures: false });
    pataka.string('routing', '');
    await pataka.flush();
    expect(server.taken).toEqual([]);
  });
});

describe('events', () => {
  const sequences = (): unknown[] => server.taken.map(({ session }) => (session as { sequence: number }).sequence);

  it('are numbered, batched, and sent after a while', async () => {
    const pataka = await connect();
    pataka.track('trip_done');
    pataka.track('fuel_saved', { value: 2.5, properties: { route: 'मुंबई-पुणे' } });
    await pass(4_000);
    expect(server.taken).toEqual([]);
    await pass(2_000);
    expect(server.taken).toMatchObject([{ type: 'conversion', metric: 'trip_done', targetingKey: 'driver-7' }, { metric: 'fuel_saved', value: 2.5, properties: { route: 'मुंबई-पुणे' } }]);
    expect(sequences()).toEqual([0, 1]);
    expect(pataka.eventCounts).toEqual({ pending: 0, accepted: 2, rejected: 0, dropped: 0 });
  });

  it('survive a restart, and are sent with the same ids and numbers', async () => {
    const before = await connect();
    server.fails = { status: 0 };
    before.track('a');
    before.track('b');
    await pass(30_000);
    const sent = server.seen.filter(({ url }) => url.includes('/v1/events')).flatMap(({ body }) => body.events!);
    await before.close();
    server.fails = null;
    const after = await connect();
    await after.flush();
    expect(server.taken.map(({ metric }) => metric)).toEqual(['a', 'b']);
    expect(new Set(sent.map((event) => JSON.stringify(event)))).toEqual(new Set(server.taken.map((event) => JSON.stringify(event))));
    await (await connect()).flush();
    expect(server.taken).toHaveLength(2);
  });

  it('of two pages share one storage entry and lose nothing', async () => {
    server.fails = { status: 0 };
    const [one, two] = [create(), create()];
    one.track('one');
    two.track('two');
    await pass(100);
    await Promise.all([one.close(), two.close()]);
    server.fails = null;
    await (await connect()).flush();
    expect(server.taken.map(({ metric }) => metric).sort()).toEqual(['one', 'two']);
  });

  it('drop the oldest beyond the bound, and the numbers show how many', async () => {
    server.fails = { status: 0 };
    const pataka = create({ maxEvents: 10 });
    for (let index = 0; index < 25; index += 1) pataka.track(`m${index}`);
    server.fails = null;
    await pataka.flush();
    expect(sequences()).toEqual([15, 16, 17, 18, 19, 20, 21, 22, 23, 24]);
    expect(pataka.eventCounts).toMatchObject({ accepted: 10, dropped: 15 });
  });

  it('leave with the page, small enough for a browser to carry', async () => {
    const pataka = await connect();
    for (let index = 0; index < 40; index += 1) pataka.track('read', { properties: { text: 'न'.repeat(900) } });
    server.see('hidden');
    server.see('leaving');
    await pass(0);
    const carried = server.seen.filter(({ keepalive }) => keepalive);
    expect(carried.map(({ body }) => new TextEncoder().encode(JSON.stringify(body)).length < 64_000)).toEqual([true, true]);
    expect(new Set(carried.flatMap(({ body }) => body.events!.map(({ id }) => id))).size).toBe(carried.flatMap(({ body }) => body.events!).length);
    await pataka.flush();
    expect(new Set(server.taken.map(({ id }) => id)).size).toBe(40);
  });

  it('that are refused are told and not sent again', async () => {
    server.reject = ({ metric }) => (metric === 'secret' ? 'metric "secret" is not open to client keys' : null);
    const pataka = await connect();
    const rejected = jest.fn();
    pataka.on('rejected', rejected);
    pataka.track('secret');
    pataka.track('open');
    await pataka.flush();
    expect(rejected.mock.calls).toEqual([[[{ id: expect.any(String), detail: 'metric "secret" is not open to client keys' }]]]);
    expect(pataka.eventCounts).toEqual({ pending: 0, accepted: 1, rejected: 1, dropped: 0 });
  });

  it('go at once when the network is back', async () => {
    const pataka = await connect();
    server.fails = { status: 0 };
    pataka.track('a');
    await pass(200_000);
    server.fails = null;
    server.connect(true);
    await pass(10);
    expect(server.taken).toHaveLength(1);
  });

  it('are split where the server says that they are too much', async () => {
    const pataka = await connect();
    const sizes: number[] = [];
    const { fetch } = server;
    const small = create({ host: { ...server.host, fetch: (url, init) => {
      const tooMuch = url.includes('/v1/events') && init.body!.length > 60_000;
      if (url.includes('/v1/events')) sizes.push(init.body!.length);
      return tooMuch ? Promise.resolve({ status: 413, headers: { get: () => null }, json: () => Promise.resolve({}) }) : fetch(url, init);
    } } });
    for (let index = 0; index < 45; index += 1) small.track('m', { properties: { text: 'x'.repeat(4_000) } });
    await small.flush();
    expect([server.taken.length, Math.max(...sizes) > 60_000, pataka.eventCounts.pending]).toEqual([45, true, 0]);
  });

  it('leave out what is no JSON, without a gap', async () => {
    const pataka = await connect();
    const circular: Record<string, never> = {};
    Object.assign(circular, { circular });
    pataka.track('a', { properties: circular });
    pataka.track('b', { value: NaN });
    await pataka.flush();
    expect(server.taken).toMatchObject([{ metric: 'b', session: { sequence: 0 } }]);
    expect(server.taken[0]).not.toHaveProperty('value');
  });

  it('of a device whose clock is wrong tell the server’s time', async () => {
    const ahead = Date.now() + 3_600_000;
    const { fetch } = server;
    const pataka = await connect({ host: { ...server.host, fetch: async (url, init) => {
      const answer = await fetch(url, init);
      return { ...answer, headers: { get: (name) => (name === 'date' ? new Date(ahead).toUTCString() : answer.headers.get(name)) } };
    } } });
    pataka.track('a');
    await pataka.flush();
    expect(Math.abs(Date.parse(String(server.taken[0]!['occurredAt'])) - ahead)).toBeLessThan(2_000);
  });
});

describe('a page that a server rendered', () => {
  it('starts with what the server fetched', async () => {
    const bootstrap = await fetchBootstrap({ url: 'https://flags.example.in', clientKey: 'client-key', context: { targetingKey: 'driver-7' }, host: server.host });
    const rendered = Pataka.fromBootstrap(bootstrap!);
    expect([rendered.boolean('scoring', false), rendered.status]).toEqual([true, 'ready']);
    server.fails = { status: 0 };
    const pataka = create({ bootstrap: bootstrap!, context: {} });
    expect([pataka.boolean('scoring', false), pataka.context]).toEqual([true, { targetingKey: 'driver-7' }]);
    await pass(100);
    expect([pataka.status, pataka.boolean('scoring', false)]).toEqual(['stale', true]);
  });

  it('that is for nobody in particular serves anonymous visitors until the network answers, and without it', async () => {
    const bootstrap = { context: { region: 'pune' }, flags: [{ key: 'scoring', value: true }], at: 1 };
    expect(Pataka.fromBootstrap(bootstrap).details('scoring', false)).toMatchObject({ value: true, reason: 'UNKNOWN' });
    server.fails = { status: 0 };
    const pataka = create({ bootstrap, context: {} });
    await pass(5_000);
    expect([pataka.status, pataka.boolean('scoring', false)]).toEqual(['stale', true]);
    expect(pataka.context).toEqual({ region: 'pune', targetingKey: expect.any(String) });
  });

  it('starts without where the server had none in time', async () => {
    server.fails = { status: 503 };
    expect(await fetchBootstrap({ url: 'https://flags.example.in', clientKey: 'k', context: {}, host: server.host })).toBeUndefined();
    expect(bootstrapText(undefined)).toBe('undefined');
  });

  it('carries it in a script without an end of its own', () => {
    const text = bootstrapText({ context: { targetingKey: '</script><script>' }, flags: [], at: 1 });
    expect(text).not.toContain('<');
    expect(JSON.parse(text)).toEqual({ context: { targetingKey: '</script><script>' }, flags: [], at: 1 });
  });
});
