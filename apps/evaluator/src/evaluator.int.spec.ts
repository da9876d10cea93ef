import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AccessKey, EvaluationCount, faultsOf, type Flag, type JsonObject, topics } from '@pataka/contracts';
import { bucketOf, ENGINE_VERSION } from '@pataka/evaluation';
import { Database, decodeBatch, encodeEvent, type ReceivedEvent, uuidv7 } from '@pataka/event-sourcing';
import { type EmbeddedPostgres, hashToken, type Infrastructure, loadPlatformConfig, openInfrastructure, type Service, startEmbeddedPostgres } from '@pataka/platform';
import { openService } from './app.module';

const SERVER = `server-${randomUUID()}`;
const CLIENT = `client-${randomUUID()}`;
const AT = '2026-03-01T00:00:00Z';

let embedded: EmbeddedPostgres;
let directory: string;
let databaseUrl: string;
let infrastructure: Infrastructure;
let service: Service;
let origin: string;
let position = 0;

const publish = (topic: string, type: string, key: string, data: object): Promise<void> =>
  infrastructure.log.publish([encodeEvent({ id: uuidv7(), type: `pataka.${type}`, source: '/pataka/flag-admin', time: AT, topic, key, subject: key, position: (position += 1), data })]);

const publishKey = (id: string, token: string, kind: 'server' | 'client', more: Partial<AccessKey> = {}): Promise<void> =>
  publish(topics.accessChanges.name, 'key.created.v1', id, { kind: 'key', change: 'created', actor: 'test', id, after: { id, name: id, kind, environment: 'production', hash: hashToken(token), hint: '', createdBy: 'test', createdAt: AT, version: 1, ...more } });

const publishFlag = (flag: Partial<Flag> & { key: string; version: number }): Promise<void> =>
  publish(topics.flagChanges.name, 'flag.updated.v1', flag.key, {
    change: { type: 'flag.updated', data: { changes: {} } }, actor: 'test',
    flag: { type: 'STRING', status: 'ACTIVE', defaultValue: 'basic', environments: { production: { enabled: true, rules: [] } }, ...flag },
  });

const open = async (): Promise<void> => {
  const config = loadPlatformConfig({ DATABASE_URL: databaseUrl, LOG_LEVEL: 'fatal' });
  infrastructure = await openInfrastructure(config, 'evaluator');
  service = await openService(config, infrastructure);
  origin = `http://127.0.0.1:${await service.listen(0, '127.0.0.1')}`;
};

interface Asked { token?: string; headers?: Record<string, string>; method?: string }
const ask = async (path: string, body?: unknown, { token = SERVER, headers = {}, method }: Asked = {}) => {
  const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
  const response = await fetch(`${origin}${path}`, { method: method ?? (body === undefined ? 'GET' : 'POST'), headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers }, ...sent });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: (text.startsWith('{') ? JSON.parse(text) : {}) as JsonObject };
};
const evaluateFlag = (key: string, context: unknown, asked?: Asked) => ask(`/ofrep/v1/evaluate/flags/${key}`, { context }, asked);

const until = async <T>(look: () => Promise<T | null | false>): Promise<T> => {
  for (const end = Date.now() + 50_000; Date.now() < end; await sleep(20)) {
    const seen = await look();
    if (seen !== null && seen !== false) return seen;
  }
  throw new Error('waited in vain');
};
const servedVersion = (key: string, version: number) => until(async () => ((await evaluateFlag(key, { targetingKey: 'u' })).body['metadata'] as JsonObject | undefined)?.['flagVersion'] === version);

const eventsOn = async (topic: string): Promise<ReceivedEvent[]> => {
  const events: ReceivedEvent[] = [];
  for (const { partition, low, high } of await infrastructure.log.offsets(topic)) {
    for await (const batch of infrastructure.log.read(topic, partition, low, high)) events.push(...decodeBatch(batch).events);
  }
  return events;
};

const experimentRule = {
  id: 'exp_1', experimentId: 'exp_1', phase: 1, percentage: 100,
  split: [{ variant: 'control', weight: 0.5, value: 'basic' }, { variant: 'ai', weight: 0.5, value: 'ai_advanced' }],
};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'evaluator-'));
  await chmod(directory, 0o755);
  embedded = await startEmbeddedPostgres({ dataDir: join(directory, 'postgres') });
  databaseUrl = embedded.url;
  await open();
  await infrastructure.log.ensureTopics(Object.values(topics));
  await publish(topics.accessChanges.name, 'environment.created.v1', 'production', { kind: 'environment', change: 'created', actor: 'test', id: 'production', after: { key: 'production', name: 'Production', createdBy: 'test', createdAt: AT, version: 1 } });
  await publishKey('key_server', SERVER, 'server');
  await publishKey('key_client', CLIENT, 'client');
  await publishFlag({ key: 'routing', version: 1, clientVisible: true, environments: { production: { enabled: true, rules: [experimentRule] } } });
  await publishFlag({ key: 'internal', version: 1 });
  await servedVersion('internal', 1);
});
afterAll(async () => {
  await service.close();
  await embedded.stop();
  await rm(directory, { recursive: true, force: true });
});

describe('OFREP', () => {
  it('answers value, variant, reason and metadata', async () => {
    expect((await evaluateFlag('internal', { targetingKey: 'u' })).body).toEqual({ key: 'internal', value: 'basic', variant: 'default', reason: 'STATIC', metadata: { flagVersion: 1 } });
    const { status, body } = await evaluateFlag('routing', { targetingKey: 'u-1' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ reason: 'SPLIT', metadata: { flagVersion: 1, ruleId: 'exp_1', experimentId: 'exp_1' } });
  });

  it.each<[string, string, unknown, number, string]>([
    ['an unknown flag', 'nowhere', { context: { targetingKey: 'u' } }, 404, 'FLAG_NOT_FOUND'],
    ['no targeting key where one is needed', 'routing', { context: {} }, 400, 'TARGETING_KEY_MISSING'],
    ['no context', 'routing', {}, 400, 'INVALID_CONTEXT'],
    ['a key that is no string', 'routing', { context: { targetingKey: 7 } }, 400, 'INVALID_CONTEXT'],
    ['an id that has lost digits', 'routing', '{"context":{"user_id":9007199254740993}}', 400, 'INVALID_CONTEXT'],
    ['a body that is no JSON', 'routing', '{"context":', 400, 'PARSE_ERROR'],
  ])('fails on %s in its own words', async (_what, key, body, status, errorCode) => {
    const answer = await ask(`/ofrep/v1/evaluate/flags/${key}`, body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain('application/json');
    expect(answer.body).toMatchObject({ key, errorCode, status, errorDetails: expect.any(String), title: expect.any(String) });
  });

  it('shows client keys only what is visible to them', async () => {
    expect((await evaluateFlag('internal', { targetingKey: 'u' }, { token: CLIENT })).body).toMatchObject({ errorCode: 'FLAG_NOT_FOUND' });
    const bulk = await ask('/ofrep/v1/evaluate/flags', { context: { targetingKey: 'u' } }, { token: CLIENT });
    expect((bulk.body['flags'] as { key: string }[]).map(({ key }) => key)).toEqual(['routing']);
  });

  it('evaluates all with an ETag that depends on the answers', async () => {
    const bulk = (key: string, tag?: string) => ask('/ofrep/v1/evaluate/flags', { context: { targetingKey: key } }, tag === undefined ? {} : { headers: { 'if-none-match': `"other", W/${tag}` } });
    const first = await bulk('a');
    const tag = first.headers.get('etag')!;
    expect((await bulk('a', tag)).status).toBe(304);
    expect((await bulk('b', tag)).status).toBe(200);
    const missed = await ask('/ofrep/v1/evaluate/flags', { context: { targetingKey: 'a' } }, { headers: { 'if-none-match': '*' } });
    expect([missed.status, missed.headers.get('etag'), missed.headers.get('content-length')]).toEqual([304, tag, null]);
  });

  it('gives client keys all that a receipt is made of', async () => {
    const { body } = await ask('/ofrep/v1/evaluate/flags', { context: { targetingKey: 'a' } }, { token: CLIENT });
    expect(body).toMatchObject({ metadata: { flagSetVersion: position, engine: ENGINE_VERSION } });
    const [{ metadata }] = body['flags'] as [{ metadata: JsonObject }];
    expect(metadata).toEqual({ flagVersion: 1, ruleId: 'exp_1', experimentId: 'exp_1', phase: 1, probability: 0.5, unit: 'a', bucket: bucketOf('a', 'exp_1:split') });
  });

  it('waits for a configuration that the client was told of, and for no other', async () => {
    const first = await ask(`/ofrep/v1/evaluate/flags?flagConfigEtag=${position}`, { context: {} });
    expect((first.body['metadata'] as JsonObject)['flagSetVersion']).toBe(position);
    const waiting = ask(`/ofrep/v1/evaluate/flags?flagConfigEtag=%22${position + 1}%22`, { context: {} });
    await publishFlag({ key: 'awaited', version: 1 });
    expect(((await waiting).body['metadata'] as JsonObject)['flagSetVersion']).toBe(position);
    const startedAt = Date.now();
    expect((await ask('/ofrep/v1/evaluate/flags?flagConfigEtag=900000', { context: {} })).status).toBe(200);
    expect(Date.now() - startedAt).toBeLessThan(5_000);
  });

  it.each([[undefined, 401], ['wrong', 401]])('refuses credential %s', async (token, status) => {
    const response = await fetch(`${origin}/ofrep/v1/evaluate/flags/routing`, { method: 'POST', headers: { 'content-type': 'application/json', ...(token === undefined ? {} : { 'x-api-key': token }) }, body: '{"context":{}}' });
    expect(response.status).toBe(status);
  });
});

describe('exposures', () => {
  it('are recorded once per subject by single evaluations, with a receipt', async () => {
    for (let again = 0; again < 3; again += 1) await evaluateFlag('routing', { targetingKey: 'exposed', region: 'pune' });
    await evaluateFlag('routing', { targetingKey: 'unseen' }, { headers: { 'x-exposure': 'none' } });
    await ask('/ofrep/v1/evaluate/flags', { context: { targetingKey: 'bulk' } });
    const mine = await until(async () => {
      const events = (await eventsOn(topics.exposures.name)).map(({ data }) => data as JsonObject);
      return events.some(({ targetingKey }) => targetingKey === 'exposed') && events;
    });
    const exposed = mine.filter(({ targetingKey }) => targetingKey === 'exposed');
    expect(exposed).toHaveLength(1);
    expect(exposed[0]).toMatchObject({ unit: 'exposed', experimentId: 'exp_1', phase: 1, flagKey: 'routing', environment: 'production', attributes: { region: 'pune' }, receipt: { flagVersion: 1, ruleId: 'exp_1', probability: 0.5 } });
    expect(mine.filter(({ targetingKey }) => targetingKey === 'unseen' || targetingKey === 'bulk')).toEqual([]);
  });
});

describe('counts of an SDK', () => {
  const minute = (): string => new Date().toISOString();
  const report = (counts: unknown, more: object = {}) => ({ id: uuidv7(), type: 'counts', minute: minute(), counts, ...more });
  const sdkCounts = async (variant: string) => (await eventsOn(topics.evaluationCounts.name)).filter(({ data }) => (data as JsonObject)['variant'] === variant);

  it('are on the log like the evaluator\'s own, and a repeat has the same ids', async () => {
    const body = { events: [report([{ flagKey: 'internal', variant: 'sdk-1', count: 41 }, { flagKey: 'no-such-flag', variant: 'sdk-1', count: 1 }, { flagKey: 'routing', variant: 'sdk-1', errorCode: 'GENERAL', count: 2 }])] };
    for (let again = 0; again < 2; again += 1) expect((await ask('/v1/events', body)).body).toEqual({ accepted: 1, rejected: [] });
    const events = await sdkCounts('sdk-1');
    expect(events.map(({ data }) => [(data as JsonObject)['flagKey'], (data as JsonObject)['count']]).sort()).toEqual([['internal', 41], ['internal', 41], ['routing', 2], ['routing', 2]]);
    expect(new Set(events.map(({ id }) => id)).size).toBe(2);
    for (const { data } of events) expect(faultsOf(EvaluationCount, data)).toEqual([]);
    expect(events[0]!.data).toMatchObject({ environment: 'production', minute: expect.stringMatching(/:00\.000Z$/) });
  });

  it('of a client key are those of flags that it may see', async () => {
    const body = { events: [report([{ flagKey: 'internal', variant: 'sdk-2', count: 1 }, { flagKey: 'routing', variant: 'sdk-2', count: 1 }])] };
    expect((await ask('/v1/events', body, { token: CLIENT })).body['accepted']).toBe(1);
    expect((await sdkCounts('sdk-2')).map(({ subject }) => subject)).toEqual(['routing']);
  });

  it.each([
    ['none', [], '/counts'], ['too many', Array.from({ length: 501 }, () => ({ flagKey: 'internal', count: 1 })), '/counts'], ['no list', 'x', '/counts'], ['a count of nothing', [{ flagKey: 'internal', count: 0 }], '/counts/0/count'],
    ['a part of one', [{ flagKey: 'internal', count: 1.5 }], '/counts/0/count'], ['what nobody knows', [{ flagKey: 'internal', count: 1, user: 'u' }], '/counts/0/user'],
  ])('are refused with %s', async (_what, counts, pointer) => {
    const { status, body } = await ask('/v1/events', { events: [report(counts)] });
    expect([status, body]).toMatchObject([202, { accepted: 0, rejected: [{ index: 0, errors: expect.arrayContaining([expect.objectContaining({ pointer })]) }] }]);
  });

  it.each([['three days old', -3 * 86_400_000], ['an hour ahead', 3_600_000]])('are refused when %s', async (_what, ms) => {
    const { body } = await ask('/v1/events', { events: [report([{ flagKey: 'internal', count: 1 }], { minute: new Date(Date.now() + ms).toISOString() })] });
    expect(body['rejected']).toMatchObject([{ errors: [{ pointer: '/minute' }] }]);
  });
});

describe('/v1/events', () => {
  const conversion = (more: object = {}) => ({ id: uuidv7(), type: 'conversion', targetingKey: 'u', metric: 'bought', value: 2, occurredAt: AT, ...more });

  it('takes the good, names the bad, and has the good on the log when it answers', async () => {
    const good = conversion();
    const answer = await ask('/v1/events', { events: [good, conversion({ id: 'x' }), conversion({ metric: undefined }), conversion({ occurredAt: '2026-02-31T00:00:00Z' }), conversion({ oops: 1 }), conversion({ value: 1e300 }), conversion({ environment: 'staging' }), 7] });
    expect(answer.status).toBe(202);
    expect(answer.body['accepted']).toBe(1);
    expect((answer.body['rejected'] as { index: number; errors: { pointer: string }[] }[]).map(({ index, errors }) => [index, errors[0]!.pointer]))
      .toEqual([[1, '/id'], [2, '/metric'], [3, '/occurredAt'], [4, '/oops'], [5, '/value'], [6, '/environment'], [7, '']]);
    expect((await eventsOn(topics.conversions.name)).map(({ id }) => id)).toContain(good.id);
  });

  it.each<[string, unknown, number]>([
    ['no list', {}, 400], ['an unknown member', { events: [], more: 1 }, 400], ['too many', { events: Array.from({ length: 1001 }, () => 1) }, 400],
    ['no JSON', '{', 400], ['too much', `{"events":["${'x'.repeat(1_100_000)}"]}`, 413],
  ])('refuses %s', async (_what, body, status) => {
    expect((await ask('/v1/events', body)).status).toBe(status);
  });

  it('records what an exposure was evaluated from as flat as evaluation reads it', async () => {
    await evaluateFlag('routing', { targetingKey: 'flat', city: 'pune', custom_attributes: { city: 'delhi', vehicle: 'lcv', user_id: 'other' } });
    const exposure = await until(async () => (await eventsOn(topics.exposures.name)).map(({ data }) => data as JsonObject).find(({ targetingKey }) => targetingKey === 'flat') ?? null);
    expect(exposure['attributes']).toEqual({ city: 'pune', vehicle: 'lcv' });
  });

  it('checks the receipts and metrics of client keys', async () => {
    const ruleset = (await ask('/v1/ruleset')).body;
    expect(ruleset).toMatchObject({ environment: 'production', flags: [{ key: 'routing' }, { key: 'internal' }, { key: 'awaited' }] });
    const receipt = ((await eventsOn(topics.exposures.name)).map(({ data }) => data as JsonObject).find(({ targetingKey }) => targetingKey === 'exposed')!)['receipt'];
    const variant = ((await evaluateFlag('routing', { targetingKey: 'exposed' }, { headers: { 'x-exposure': 'none' } })).body)['variant'];
    const exposure = (more: object) => ({ id: uuidv7(), type: 'exposure', targetingKey: 'exposed', experimentId: 'exp_1', flagKey: 'routing', variant, occurredAt: AT, receipt, ...more });
    const { body } = await ask('/v1/events', { events: [exposure({}), exposure({ variant: variant === 'ai' ? 'control' : 'ai' }), exposure({ targetingKey: 'other-key' }), exposure({ receipt: undefined }), conversion()] }, { token: CLIENT });
    expect(body['accepted']).toBe(1);
    expect((body['rejected'] as { index: number }[]).map(({ index }) => index)).toEqual([1, 2, 3, 4]);
  });
});

describe('the ruleset', () => {
  it('is answered once per change: plain, compressed, or not at all to whoever has it', async () => {
    const plain = await ask('/v1/ruleset', undefined, { headers: { 'accept-encoding': 'identity' } });
    const compressed = await ask('/v1/ruleset', undefined, { headers: { 'accept-encoding': 'br, gzip;q=0.5' } });
    expect([plain.headers.get('content-encoding'), compressed.headers.get('content-encoding')]).toEqual([null, 'gzip']);
    expect(compressed.body).toEqual(plain.body);
    for (const tag of [plain.headers.get('etag')!, compressed.headers.get('etag')!, `"other", ${plain.headers.get('etag')!}`, '*']) {
      expect((await ask('/v1/ruleset', undefined, { headers: { 'if-none-match': tag } })).status).toBe(304);
    }
    expect((await ask('/v1/ruleset', undefined, { headers: { 'accept-encoding': 'gzip;q=0' } })).headers.get('content-encoding')).toBeNull();
  });
});

describe('changes', () => {
  const listen = async (token: string, path = '/v1/stream', lastEventId?: number) => {
    const abort = new AbortController();
    const response = await fetch(`${origin}${path}`, { headers: { authorization: `Bearer ${token}`, ...(lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) }) }, signal: abort.signal });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const next = async (): Promise<JsonObject> => {
      for (;;) {
        const found = /data: (.*)\n\n/.exec(text);
        if (found !== null) {
          text = text.slice(found.index + found[0].length);
          return JSON.parse(found[1]!) as JsonObject;
        }
        text += (await reader.read()).value ?? '';
      }
    };
    return { next, end: () => abort.abort() };
  };

  it('are announced with their documents to server keys and served', async () => {
    const stream = await listen(SERVER, '/v1/stream', position);
    await publishFlag({ key: 'internal', version: 2, defaultValue: 'new' });
    expect(await stream.next()).toEqual({
      type: 'change', position, flags: ['internal'],
      documents: { flags: [{ key: 'internal', version: 2, type: 'STRING', status: 'ACTIVE', defaultValue: 'new', environments: { production: { enabled: true, rules: [] } } }] },
    });
    expect((await evaluateFlag('internal', { targetingKey: 'u' })).body['value']).toBe('new');
    stream.end();
  });

  it('are announced to client keys by name, where they may see them', async () => {
    const stream = await listen(CLIENT, '/v1/stream', position);
    await publishFlag({ key: 'internal', version: 3, defaultValue: 'new' });
    await publishFlag({ key: 'routing', version: 2, clientVisible: true, environments: { production: { enabled: true, rules: [experimentRule] } } });
    expect(await stream.next()).toEqual({ type: 'change', position, flags: ['routing'] });
    stream.end();
  });

  it('that a client missed are told when it comes back, or that it has to fetch everything', async () => {
    const seen = position;
    await publishFlag({ key: 'internal', version: 4, defaultValue: 'new' });
    await servedVersion('internal', 4);
    const back = await listen(SERVER, '/v1/stream', seen);
    expect(await back.next()).toMatchObject({ position, flags: ['internal'], documents: { flags: [{ version: 4 }] } });
    back.end();
    const anew = await listen(SERVER);
    expect(await anew.next()).toEqual({ type: 'change', position, flags: null });
    anew.end();
  });

  it('invite web clients to evaluate again, by the token of a bulk answer', async () => {
    const bulk = await ask('/ofrep/v1/evaluate/flags', { context: { targetingKey: 'u' } }, { token: CLIENT });
    const [{ endpoint }] = bulk.body['eventStreams'] as [{ endpoint: { requestUri: string } }];
    const stream = await listen('none', endpoint.requestUri);
    await publishFlag({ key: 'routing', version: 3, clientVisible: true, environments: { production: { enabled: true, rules: [experimentRule] } } });
    expect(await stream.next()).toEqual({ type: 'refetchEvaluation', etag: String(position), lastModified: expect.any(Number) });
    stream.end();
  });

  it('survive a restart through the snapshot, and the streams of a revoked key end', async () => {
    await service.close();
    const database = Database.create({ url: databaseUrl, name: 'test', migrations: [] });
    const kept = await database.query<{ position: string }>("SELECT position FROM evaluator.snapshots WHERE name = 'ruleset:production'");
    await database.close();
    expect(Number(kept[0]!.position)).toBe(position);
    await open();
    expect((await evaluateFlag('internal', { targetingKey: 'u' })).body['value']).toBe('new');
    const stream = await fetch(`${origin}/v1/stream`, { headers: { authorization: `Bearer ${CLIENT}` } });
    await publishKey('key_client', CLIENT, 'client', { version: 2, revokedAt: AT });
    await stream.text();
    expect((await evaluateFlag('routing', { targetingKey: 'u' }, { token: CLIENT })).status).toBe(401);
  });
});

describe('metrics open to client keys', () => {
  it('are known again after a restart', async () => {
    await publish(topics.metricChanges.name, 'metric.created.v1', 'taps', { change: 'created', actor: 'test', metric: { key: 'taps', clientWritable: true, version: 1, createdBy: 'test', createdAt: AT, updatedAt: AT } });
    await publishKey('key_client', CLIENT, 'client', { version: 3 });
    const taken = () => until(async () => {
      const { body } = await ask('/v1/events', { events: [{ id: uuidv7(), type: 'conversion', targetingKey: 'u', metric: 'taps', occurredAt: AT }] }, { token: CLIENT });
      return body['accepted'] === 1;
    });
    await taken();
    await service.close();
    await open();
    await taken();
  });
});

describe('closing', () => {
  it('is prompt, whatever streams there are and whether or not anybody reads them', async () => {
    const { port } = new URL(origin);
    const [reading, silent] = [connect(Number(port), '127.0.0.1'), connect(Number(port), '127.0.0.1')];
    reading.write(`GET /v1/stream HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${SERVER}\r\n\r\n`);
    await Promise.all([once(reading, 'data'), once(silent, 'connect')]);
    reading.pause();
    silent.on('error', () => undefined);
    const startedAt = performance.now();
    await service.close();
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    reading.destroy();
    await open();
  });
});

describe('health', () => {
  it('is ready with rules, and says what it waits for without', async () => {
    const response = await fetch(`${origin}/health/ready`);
    expect(await response.json()).toMatchObject({ status: 'pass', checks: { rules: { status: 'pass' } } });
  });
});
