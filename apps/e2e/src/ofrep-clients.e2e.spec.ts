import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';
import { type Client, OpenFeature } from '@openfeature/server-sdk';
import { type Client as WebClient, OpenFeature as WebOpenFeature, type Provider } from '@openfeature/web-sdk';
import { build, root } from './harness/build';
import { FetchEventSource } from './harness/event-source';
import { describeWith, goTest, missingGo, missingPython, PythonEnvironment } from './harness/other-languages';
import { PatakaProcess } from './harness/pataka-process';
import { until } from './harness/waiting';

const BULK = '/ofrep/v1/evaluate/flags';
const on = (rules: object[] = []): object => ({ production: { enabled: true, rules } });
const flags: Record<string, unknown>[] = [
  { key: 'plain', type: 'BOOLEAN', defaultValue: false, defaultVariant: 'off', metadata: { team: 'fleet', tier: 2, core: true }, environments: on() },
  { key: 'unnamed', type: 'BOOLEAN', defaultValue: false, environments: on() },
  { key: 'disabled', type: 'BOOLEAN', defaultValue: false, defaultVariant: 'off', environments: { production: { enabled: false, rules: [] } } },
  { key: 'matched', type: 'STRING', defaultValue: 'no', environments: on([{ id: 'west', conditions: [{ attribute: 'region', operator: 'within', value: ['west'] }], value: 'हाँ', variant: 'yes' }]) },
  { key: 'split', type: 'STRING', defaultValue: 'none', environments: on([{ id: 'halves', split: [{ variant: 'a', weight: 0.5, value: 'A' }, { variant: 'b', weight: 0.5, value: 'B' }] }]) },
  { key: 'whole', type: 'NUMBER', defaultValue: 10, environments: on() },
  { key: 'config', type: 'JSON', defaultValue: { speed: 40, zones: { school: 20 } }, environments: on() },
];
const driver = { targetingKey: 'driver-7', region: 'pune' };

let pataka: PatakaProcess;

beforeAll(async () => {
  build();
  pataka = await PatakaProcess.start();
  const driverFlags = JSON.parse(readFileSync(join(root, 'examples/go-driver-service/flags.json'), 'utf8')) as Record<string, unknown>[];
  for (const flag of [...flags, ...driverFlags]) await pataka.admin.post('/api/flags', { status: 'ACTIVE', clientVisible: true, ...flag });
  await until('the flags are served', async () => (await pataka.server.post<{ flags: object[] }>(BULK, { context: driver })).flags.length === flags.length + driverFlags.length);
}, 300_000);
afterAll(async () => {
  await OpenFeature.close();
  await WebOpenFeature.close();
  await pataka.dispose();
}, 60_000);

type Seen = Record<string, unknown>;
/** What every client has to see, whatever its language: asked with a default that is never the flag's. */
const table: [string, 'boolean' | 'string' | 'number' | 'object', unknown, Seen][] = [
  ['plain', 'boolean', true, { value: false, variant: 'off', reason: 'STATIC', flagMetadata: { flagVersion: 1, team: 'fleet', tier: 2, core: true } }],
  ['unnamed', 'boolean', true, { value: false, variant: 'default', reason: 'STATIC' }],
  ['disabled', 'boolean', true, { value: false, variant: 'off', reason: 'DISABLED' }],
  ['matched', 'string', '', { value: 'हाँ', variant: 'yes', reason: 'TARGETING_MATCH', flagMetadata: { flagVersion: 1, ruleId: 'west' } }],
  ['split', 'string', '', { reason: 'SPLIT', flagMetadata: { flagVersion: 1, ruleId: 'halves' } }],
  ['whole', 'number', 0, { value: 10, reason: 'STATIC' }],
  ['config', 'object', {}, { value: { speed: 40, zones: { school: 20 } }, reason: 'STATIC' }],
  ['no_such_flag', 'boolean', true, { value: true, reason: 'ERROR', errorCode: 'FLAG_NOT_FOUND' }],
  ['whole', 'boolean', true, { value: true, reason: 'ERROR', errorCode: 'TYPE_MISMATCH' }],
];

describe('the official provider for servers, in JavaScript', () => {
  let client: Client;
  const details = (key: string, type: string, fallback: unknown, context: object = driver): Promise<Seen> => {
    const ask = { boolean: client.getBooleanDetails, string: client.getStringDetails, number: client.getNumberDetails, object: client.getObjectDetails }[type]!;
    return (ask as (...args: unknown[]) => Promise<unknown>).call(client, key, fallback, context) as Promise<Seen>;
  };
  const connect = async (headers: Record<string, string>): Promise<void> => {
    await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: pataka.url, headers }));
    client = OpenFeature.getClient();
  };
  beforeAll(() => connect({ Authorization: `Bearer ${pataka.tokens.server}` }));

  it.each(table)('sees %s asked as %s', async (key, type, fallback, seen) => {
    expect(await details(key, type, fallback)).toMatchObject(seen);
  });

  it.each<[string, object, string]>([
    ['without a targeting key where one is needed', {}, 'TARGETING_KEY_MISSING'],
    ['with a timestamp that is none', { targetingKey: 'd', timestamp: 'tomorrow' }, 'INVALID_CONTEXT'],
    ['with a user id that has lost digits', { user_id: 2 ** 60 }, 'INVALID_CONTEXT'],
  ])('is told why it gets its default %s', async (_how, context, errorCode) => {
    expect(await details('split', 'string', 'mine', context)).toMatchObject({ value: 'mine', reason: 'ERROR', errorCode });
  });

  it('gets its default with a wrong key, or one of the other header', async () => {
    await connect({ Authorization: 'Bearer wrong' });
    expect(await details('plain', 'boolean', true)).toMatchObject({ value: true, reason: 'ERROR', errorCode: 'GENERAL' });
    await connect({ 'X-API-Key': pataka.tokens.server });
    expect(await details('plain', 'boolean', true)).toMatchObject({ value: false });
  });
});

describe('the official provider for the web', () => {
  let client: WebClient;
  const connect = (key: string): Promise<void> => {
    Object.assign(globalThis, { EventSource: FetchEventSource });
    const provider = new OFREPWebProvider({ baseUrl: pataka.url, headers: [['Authorization', `Bearer ${key}`]], cacheMode: 'disabled' });
    // Its own types miss exactOptionalPropertyTypes.
    return WebOpenFeature.setProviderAndWait(provider as unknown as Provider);
  };
  beforeAll(async () => {
    await WebOpenFeature.setContext(driver);
    await connect(pataka.tokens.client);
    client = WebOpenFeature.getClient();
  });

  it.each(table)('sees %s asked as %s', (key, type, fallback, seen) => {
    const ask = { boolean: client.getBooleanDetails, string: client.getStringDetails, number: client.getNumberDetails, object: client.getObjectDetails }[type]!;
    expect((ask as (...args: unknown[]) => unknown).call(client, key, fallback)).toMatchObject(seen);
  });

  it('sees its own answer for the next context', async () => {
    await WebOpenFeature.setContext({ targetingKey: 'driver-8', region: 'delhi' });
    expect(client.getStringDetails('matched', '')).toMatchObject({ value: 'no', reason: 'DEFAULT' });
    await WebOpenFeature.setContext(driver);
    expect(client.getStringDetails('matched', '')).toMatchObject({ value: 'हाँ' });
  });

  it('does not start with a key that nobody gave it', async () => {
    await expect(connect('wrong')).rejects.toMatchObject({ code: 'PROVIDER_FATAL' });
    await connect(pataka.tokens.client);
  });
});

describe('the forms of OFREP', () => {
  const single = `${BULK}/plain`;
  const ask = (method: string, path: string, sent: { body?: unknown; headers?: Record<string, string>; token?: string | null } = {}) => pataka.server.send(method, path, sent);

  it('are POST alone', async () => {
    for (const path of [single, BULK]) {
      const { status, headers } = await ask('GET', path);
      expect([status, headers.get('allow')]).toEqual([405, expect.stringContaining('POST')]);
    }
  });

  it('refuse what is no JSON, too large, or compressed', async () => {
    expect((await ask('POST', single, { body: '{}', headers: { 'content-type': 'text/plain' } })).status).toBe(415);
    expect((await ask('POST', single, { body: '{}', headers: { 'content-encoding': 'gzip' } })).status).toBe(415);
    expect((await ask('POST', BULK, { body: { context: { targetingKey: 'x'.repeat(300_000) } } })).status).toBe(413);
    for (const body of ['', '{', '[]', '{"context":null}', '{"context":7}', '{}']) {
      expect((await ask('POST', BULK, { body })).body).toMatchObject({ errorCode: body === '{' ? 'PARSE_ERROR' : 'INVALID_CONTEXT', errorDetails: expect.any(String) });
    }
  });

  it('check the key before the tag and the body', async () => {
    for (const token of [null, 'wrong']) expect((await ask('POST', BULK, { body: '{', token, headers: { 'if-none-match': '*' } })).status).toBe(401);
  });

  it('decode a flag key once, and find nothing on prototypes', async () => {
    expect((await ask('POST', `${BULK}/pl%61in`, { body: { context: {} } })).body).toMatchObject({ key: 'plain', value: false });
    for (const key of ['pl%2561in', 'constructor', '__proto__', 'toString']) {
      expect((await ask('POST', `${BULK}/${key}`, { body: { context: {} } })).body).toMatchObject({ errorCode: 'FLAG_NOT_FOUND', key: decodeURIComponent(key) });
    }
  });

  it('answer a bulk evaluation again only when something differs', async () => {
    const bulk = (tag?: string, context: object = driver) => ask('POST', BULK, { body: { context }, ...(tag === undefined ? {} : { headers: { 'if-none-match': tag } }) });
    const first = await bulk();
    const tag = first.headers.get('etag')!;
    expect(tag).toMatch(/^"[0-9a-f]{32}"$/);
    for (const given of [tag, `W/${tag}`, `"x", ${tag} ,"y"`, '*']) {
      const again = await bulk(given);
      expect([again.status, again.headers.get('etag'), again.text]).toEqual([304, tag, '']);
    }
    for (const given of ['"x"', tag.slice(1, -1), `"${tag}"`]) expect((await bulk(given)).status).toBe(200);
    expect((await bulk(tag, { targetingKey: 'driver-7', region: 'delhi' })).status).toBe(200);
    expect(first.body).toMatchObject({ eventStreams: [{ type: 'sse', endpoint: { requestUri: expect.stringMatching(/^\/ofrep\/v1\/stream\?token=/) }, inactivityDelaySec: 120 }] });
  });

  it('answer browsers of any origin', async () => {
    const preflight = await ask('OPTIONS', BULK, { token: null, headers: { origin: 'https://dashboard.example', 'access-control-request-method': 'POST' } });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, '*']);
    for (const name of ['authorization', 'content-type', 'if-none-match', 'last-event-id', 'x-exposure']) expect(preflight.headers.get('access-control-allow-headers')).toContain(name);
    const refused = await ask('POST', BULK, { token: 'wrong', body: {}, headers: { origin: 'https://dashboard.example' } });
    expect([refused.status, refused.headers.get('access-control-allow-origin'), refused.headers.get('access-control-expose-headers')]).toEqual([401, '*', 'date, etag, retry-after, x-request-id']);
  });
});

const environment = (): Record<string, string> => ({ PATAKA_URL: pataka.url, PATAKA_SERVER_KEY: pataka.tokens.server });

describeWith("FleetFlow's driver service in Go", missingGo(), () => {
  it('decides by flags through the official OpenFeature SDK', async () => {
    const printed = await goTest('go-driver-service', environment());
    expect(printed).toContain('--- PASS: TestAnswersAndErrorsAreOpenFeatures');
    expect(printed).not.toContain('--- SKIP');
  }, 300_000);
});

describeWith("FleetFlow's driver service in Python", missingPython(), () => {
  it('decides by flags through the official OpenFeature SDK and OFREP provider', async () => {
    const python = await PythonEnvironment.create('python-driver-service');
    try {
      expect(await python.test(environment())).toMatch(/Ran 5 tests[\s\S]*OK/);
    } finally {
      python.dispose();
    }
  }, 300_000);
});
