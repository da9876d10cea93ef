import { randomUUID } from 'node:crypto';
import type { Problem } from '@pataka/contracts';
import type { Reply, Sent } from './harness/api';
import { build } from './harness/build';
import { PatakaProcess } from './harness/pataka-process';
import { sendRaw } from './harness/raw-http';
import { until } from './harness/waiting';

let pataka: PatakaProcess;
let pidAtStart: number | undefined;
let before: string;

interface Versioned { key: string; version: number; linked?: boolean }
const versionsOf = async (path: string): Promise<string[]> => (await pataka.admin.all<Versioned>(path)).map(({ key, version, linked }) => `${key} ${version}${linked === true ? ' linked' : ''}`);

/** All that management requests can change, by version: a report that comes later changes nothing. */
const stored = async (): Promise<string> => JSON.stringify([
  (await pataka.admin.all<{ position: number }>('/api/audit')).at(-1)?.position, await versionsOf('/api/experiments'), await versionsOf('/api/metrics'),
]);

beforeAll(async () => {
  build();
  pataka = await PatakaProcess.start();
  pidAtStart = pataka.pid;
  const on = { production: { enabled: true, rules: [] } };
  for (const key of ['a', 'b', 'c']) await pataka.admin.post('/api/flags', { key, type: 'BOOLEAN', defaultValue: false, status: 'ACTIVE', environments: on });
  for (const [key, needs] of [['b', 'a'], ['c', 'b']]) await pataka.admin.ask('PATCH', `/api/flags/${key}`, { body: { prerequisites: [{ flag: needs, value: false }] }, headers: { 'if-match': '"1"' } });
  await pataka.admin.post('/api/segments', { key: 's', name: 's', included: [], excluded: [], conditions: [] });
  await pataka.admin.post('/api/experiments', { key: 'e', type: 'AB_TEST', variants: [{ id: 'x', weight: 0.5, config: true, isControl: true }, { id: 'y', weight: 0.5, config: false }], successMetrics: ['m'] });
  await pataka.admin.ask('POST', '/api/flags', { body: { key: 'once', type: 'BOOLEAN', defaultValue: false }, headers: { 'idempotency-key': 'used-before' } });
  await until('all of it has settled', async () => {
    const last = before;
    before = await stored();
    return before === last && before.includes(' linked') && (await pataka.server.send('POST', '/ofrep/v1/evaluate/flags/c', { body: { context: {} } })).status === 200;
  });
}, 300_000);
afterAll(() => pataka.dispose(), 60_000);

const deep = (levels: number): string => '{"x":'.repeat(levels) + '1' + '}'.repeat(levels);
const flag = (more: Record<string, unknown>): Record<string, unknown> => ({ key: 'bad', type: 'BOOLEAN', defaultValue: false, ...more });
const ruled = (rule: Record<string, unknown>): Record<string, unknown> => flag({ environments: { production: { enabled: true, rules: [{ id: 'r', value: true, ...rule }] } } });
const conditioned = (condition: Record<string, unknown>): Record<string, unknown> => ruled({ conditions: [condition] });
const experiment = (more: Record<string, unknown>): Record<string, unknown> => ({ key: 'bad', type: 'AB_TEST', variants: [{ id: 'x', weight: 0.5, config: true, isControl: true }, { id: 'y', weight: 0.5, config: false }], ...more });
const RULE = '/environments/production/rules/0';
const CONDITION = `${RULE}/conditions/0`;

type Case = [what: string, body: unknown, pointer: string | null, status?: number];
const pointersOf = ({ body }: Reply): string[] => ((body as unknown as Problem).errors ?? []).map(({ pointer }) => pointer);

const expectProblem = (reply: Reply, status: number, pointer: string | null): void => {
  expect([reply.status, reply.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
  expect(reply.body).toMatchObject({ type: expect.stringMatching(/^\/problems\//), title: expect.any(String), status, code: expect.any(String) });
  if (pointer !== null) expect(pointersOf(reply)).toContain(pointer);
  expect(reply.text).not.toMatch(/node_modules|\.ts:|\.js:|SELECT |typeorm/i);
};

describe('a body that is no JSON object', () => {
  const bodies: [string, string | Buffer, number, Sent['headers']?][] = [
    ['cut off', '{"key":', 400], ['empty', '', 400], ['null', 'null', 400], ['a list', '[]', 400], ['text', '"x"', 400], ['a number', '1', 400],
    ['with a byte order mark', '\ufeff{"key":"bad"}', 400], ['in UTF-16', Buffer.from('{"key":"bad"}', 'utf16le'), 400], ['with an overlong code', Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]), 400],
    ['nested a hundred thousand levels deep', '['.repeat(100_000), 400], ['nested a hundred levels deep', deep(100), 400], ['of two megabytes', JSON.stringify({ key: 'x'.repeat(2_000_000) }), 413],
    ['as a form', 'key=bad', 415, { 'content-type': 'application/x-www-form-urlencoded' }], ['as plain text', '{}', 415, { 'content-type': 'text/plain' }],
    ['compressed', '{}', 415, { 'content-encoding': 'gzip' }], ['in another charset', '{}', 415, { 'content-type': 'application/json; charset=latin1' }],
  ];
  it.each(['/api/flags', '/api/segments', '/api/experiments', '/api/metrics', '/api/keys', '/api/environments'].flatMap((path) => bodies.map(([what, body, status, headers]) => [path, what, body, status, headers] as const)))('is refused at %s when it is %s', async (path, _what, body, status, headers) => {
    expectProblem(await pataka.admin.send('POST', path, { body, headers: headers ?? {} }), status, null);
  });
});

describe('a bad flag', () => {
  const cases: Case[] = [
    ['an unknown member', flag({ colour: 'red' }), '/colour'], ['a read-only member', flag({ version: 7 }), '/version'], ['a forged author', flag({ createdBy: 'me' }), '/createdBy'],
    ['no key', { type: 'BOOLEAN', defaultValue: false }, '/key'], ['no type', { key: 'bad', defaultValue: false }, '/type'], ['no default', { key: 'bad', type: 'BOOLEAN' }, '/defaultValue'],
    ...['', ' ', 'a b', '../x', 'ध्वज', 'x'.repeat(129), 'constructor', 'prototype', '__proto__', '-x', 'a/b', 'a%00'].map((key): Case => [`the key ${JSON.stringify(key.slice(0, 20))}`, flag({ key }), '/key']),
    ['a key that is a number', flag({ key: 7 }), '/key'], ['a key that is taken in another case', flag({ key: 'A' }), null, 409],
    ['an unknown type', flag({ type: 'ENUM' }), '/type'], ['a default of another type', flag({ defaultValue: 'no' }), '/defaultValue'], ['null as default', flag({ defaultValue: null }), '/defaultValue'],
    ['a list as default', flag({ type: 'JSON', defaultValue: [1] }), '/defaultValue'], ['an unknown status', flag({ status: 'ON' }), '/status'],
    ['an integer that has lost digits', '{"key":"bad","type":"NUMBER","defaultValue":9007199254740993}', '/defaultValue'], ['an infinite number', '{"key":"bad","type":"NUMBER","defaultValue":1e999}', '/defaultValue'],
    ['lost digits deep in an object', '{"key":"bad","type":"JSON","defaultValue":{"a":{"b":12345678901234567890}}}', '/defaultValue/a/b'],
    ['a member named __proto__', '{"key":"bad","type":"JSON","defaultValue":{"__proto__":{"polluted":true}}}', '/defaultValue/__proto__'], ['a member named constructor', flag({ type: 'JSON', defaultValue: { a: { constructor: 1 } } }), '/defaultValue/a/constructor'],
    ['a NUL', flag({ name: 'a\u0000b' }), '/name'], ['half a surrogate pair', '{"key":"bad","type":"BOOLEAN","defaultValue":false,"name":"\\ud83d"}', '/name'], ['an endless name', flag({ name: 'x'.repeat(257) }), '/name'],
    ['tags that are no list', flag({ tags: 'x' }), '/tags'], ['nested metadata', flag({ metadata: { a: { b: 1 } } }), '/metadata/a'],
    ['an unknown environment', flag({ environments: { prod: { enabled: true, rules: [] } } }), '/environments/prod'], ['an environment without rules', flag({ environments: { production: { enabled: true } } }), '/environments/production/rules'],
    ['a prerequisite of itself', flag({ prerequisites: [{ flag: 'bad', value: true }] }), '/prerequisites/0/flag'], ['a prerequisite value of another type', flag({ prerequisites: [{ flag: 'a', value: 'yes' }] }), '/prerequisites/0/value'],
    ['a percentage above 100', ruled({ percentage: 100.5 }), `${RULE}/percentage`], ['a negative percentage', ruled({ percentage: -1 }), `${RULE}/percentage`], ['a percentage as text', ruled({ percentage: '50' }), `${RULE}/percentage`],
    ['a rule value of another type', ruled({ value: 'x' }), `${RULE}/value`], ['a rule with neither value nor split', ruled({ value: undefined }), `${RULE}/value`], ['an unknown member of a rule', ruled({ rollout: 5 }), `${RULE}/rollout`],
    ['a rule that claims an experiment', ruled({ experimentId: 'exp_1' }), null, 409],
    ['weights that sum to 0.9', ruled({ value: undefined, split: [{ variant: 'a', weight: 0.5, value: true }, { variant: 'b', weight: 0.4, value: false }] }), `${RULE}/split`],
    ['weights that sum to 1.1', ruled({ value: undefined, split: [{ variant: 'a', weight: 0.6, value: true }, { variant: 'b', weight: 0.5, value: false }] }), `${RULE}/split`],
    ['a negative weight', ruled({ value: undefined, split: [{ variant: 'a', weight: -0.5, value: true }, { variant: 'b', weight: 1, value: false }] }), `${RULE}/split/0/weight`],
    ['an empty split', ruled({ value: undefined, split: [] }), `${RULE}/split`],
    ['an unknown operator', conditioned({ attribute: 'a', operator: 'like', value: 'x' }), `${CONDITION}/operator`], ['a condition without anything', conditioned({}), `${CONDITION}/operator`], ['a group and a test in one', conditioned({ attribute: 'a', operator: 'exists', any: [] }), `${CONDITION}/attribute`],
    ['an "in" without a list', conditioned({ attribute: 'a', operator: 'in', value: 'x' }), `${CONDITION}/value`], ['a "gt" with a word', conditioned({ attribute: 'a', operator: 'gt', value: 'x' }), `${CONDITION}/value`],
    ['a "before" with no instant', conditioned({ attribute: 'a', operator: 'before', value: 'tomorrow' }), `${CONDITION}/value`], ['a version that is none', conditioned({ attribute: 'a', operator: 'semver_gt', value: 'v1' }), `${CONDITION}/value`],
    ...['(', '[', '(?=a)', '(?<!a)b', '(a)\\1', 'x'.repeat(513), '*', '\\'].map((value): Case => [`the pattern ${value.slice(0, 10)}`, conditioned({ attribute: 'a', operator: 'regex', value }), `${CONDITION}/value`]),
    ['a schedule from no instant', ruled({ schedule: { from: '2026-13-01' } }), `${RULE}/schedule/from`], ['a window of no zone', ruled({ schedule: { windows: [{ start: '10:00', end: '17:00', timezone: 'Asia/Bombai' }] } }), `${RULE}/schedule/windows/0/timezone`],
    ['a window that ends before it starts', ruled({ schedule: { windows: [{ start: '17:00', end: '10:00', timezone: 'Asia/Kolkata' }] } }), `${RULE}/schedule/windows/0/end`], ['an unknown weekday', ruled({ schedule: { windows: [{ days: ['MONDAY'], start: '10:00', end: '17:00', timezone: 'Asia/Kolkata' }] } }), `${RULE}/schedule/windows/0/days/0`],
  ];
  it.each(cases)('with %s is refused at its place', async (_what, body, pointer, status = 400) => {
    expectProblem(await pataka.admin.send('POST', '/api/flags', { body }), status, pointer);
  });

  it('has every fault named at once', async () => {
    const reply = await pataka.admin.send('POST', '/api/flags', { body: { key: 'a b', type: 'ENUM', nonsense: 1, environments: { prod: { enabled: 'yes', rules: [{ id: '' }] } } } });
    expect(reply.status).toBe(400);
    expect(pointersOf(reply).length).toBeGreaterThanOrEqual(4);
  });
});

describe('a bad change', () => {
  const patch = (body: unknown, headers: Record<string, string>, path = '/api/flags/a'): Promise<Reply> => pataka.admin.send('PATCH', path, { body, headers });
  it('is refused without If-Match, with an old one, and with one that is none', async () => {
    expectProblem(await patch({ name: 'x' }, {}), 428, null);
    expectProblem(await patch({ name: 'x' }, { 'if-match': '"0"' }), 412, null);
    expectProblem(await patch({ name: 'x' }, { 'if-match': '"99"' }), 412, null);
    expectProblem(await patch({ name: 'x' }, { 'if-match': 'W/"1"' }), 412, null);
    expectProblem(await patch({ name: 'x' }, { 'if-match': 'seven' }), 400, null);
  });
  it('is refused when prerequisites would form a cycle of three', async () => {
    expectProblem(await patch({ prerequisites: [{ flag: 'c', value: false }] }, { 'if-match': '"1"' }), 400, null);
  });
  it('is refused for a flag that is not there, with a key that is none, and with members that never change', async () => {
    expectProblem(await patch({ name: 'x' }, { 'if-match': '"1"' }, '/api/flags/nobody'), 404, null);
    for (const body of [{ key: 'z' }, { type: 'STRING' }, { version: 9 }, { status: 'ARCHIVED' }]) expectProblem(await patch(body, { 'if-match': '"1"' }), 400, `/${Object.keys(body)[0]}`);
  });
  it('is refused when its Idempotency-Key was used for something else or is none', async () => {
    expectProblem(await pataka.admin.send('POST', '/api/flags', { body: flag({}), headers: { 'idempotency-key': 'used-before' } }), 409, null);
    expectProblem(await pataka.admin.send('POST', '/api/flags', { body: flag({}), headers: { 'idempotency-key': 'x'.repeat(300) } }), 400, null);
  });
  it('is refused when others rest on the flag', async () => {
    expectProblem(await pataka.admin.send('POST', '/api/flags/a/archive', { body: {} }), 409, null);
  });
  it('is refused in an environment that is not there', async () => {
    expectProblem(await pataka.admin.send('PUT', '/api/flags/a/environments/prod', { body: { enabled: true, rules: [] }, headers: { 'if-match': '"1"' } }), 400, null);
  });
});

describe('a bad experiment, segment, calendar, metric, key or environment', () => {
  const variants = (...list: [number, unknown, boolean?][]): Record<string, unknown> => experiment({ variants: list.map(([weight, config, isControl], index) => ({ id: `v${index}`, weight, config, ...(isControl === undefined ? {} : { isControl }) })) });
  const cases: [path: string, ...Case][] = [
    ['/api/experiments', 'weights that sum to 0.9', variants([0.5, 1, true], [0.4, 2]), '/variants'], ['/api/experiments', 'no control', variants([0.5, 1], [0.5, 2]), '/variants'], ['/api/experiments', 'two controls', variants([0.5, 1, true], [0.5, 2, true]), '/variants'],
    ['/api/experiments', 'configs of two types', variants([0.5, 1, true], [0.5, 'two']), '/variants/1/config'], ['/api/experiments', 'one variant', variants([1, 1, true]), '/variants'], ['/api/experiments', 'a weight above 1', variants([1.5, 1, true], [-0.5, 2]), '/variants/0/weight'],
    ['/api/experiments', 'an unknown type', experiment({ type: 'ABC' }), '/type'], ['/api/experiments', 'an unknown environment', experiment({ environment: 'prod' }), '/environment'], ['/api/experiments', 'an end before its start', experiment({ startDate: '2026-02-01T00:00:00Z', endDate: '2026-01-01T00:00:00Z' }), '/endDate'],
    ['/api/experiments', 'a forged status', experiment({ status: 'ACTIVE' }), '/status'], ['/api/experiments', 'a key that is taken', experiment({ key: 'E' }), null, 409], ['/api/experiments', 'the same metric twice', experiment({ successMetrics: ['m', 'm'] }), '/successMetrics/1'],
    ['/api/experiments', 'a bad condition in its audience', experiment({ targetAudience: { conditions: [{ attribute: 'a', operator: 'regex', value: '(' }] } }), '/targetAudience/conditions/0/value'],
    ['/api/segments', 'members that are no list', { key: 'bad', name: 'x', included: 'me', excluded: [], conditions: [] }, '/included'], ['/api/segments', 'a bad pattern', { key: 'bad', name: 'x', included: [], excluded: [], conditions: [{ attribute: 'a', operator: 'regex', value: '(' }] }, '/conditions/0/value'],
    ['/api/segments', 'a key that is taken', { key: 'S', name: 'x', included: [], excluded: [], conditions: [] }, null, 409],
    ['/api/calendars', 'a day that is none', { key: 'bad', name: 'x', timezone: 'Asia/Kolkata', periods: [{ from: '2026-02-30', until: '2026-03-01' }] }, '/periods/0/from'], ['/api/calendars', 'a period that ends before it starts', { key: 'bad', name: 'x', timezone: 'Asia/Kolkata', periods: [{ from: '2026-03-02', until: '2026-03-01' }] }, '/periods/0/until'],
    ['/api/calendars', 'an unknown zone', { key: 'bad', name: 'x', timezone: 'Mars/Base', periods: [] }, '/timezone'], ['/api/regions', 'an unknown parent', { key: 'bad', name: 'x', kind: 'city', parent: 'atlantis' }, '/parent'],
    ['/api/metrics', 'an unknown type', { key: 'bad', type: 'median' }, '/type'], ['/api/metrics', 'a quantile beyond 1', { key: 'bad', type: 'quantile', quantile: 90 }, '/quantile'], ['/api/metrics', 'a ratio without a denominator', { key: 'bad', type: 'ratio' }, '/denominatorEvent'],
    ['/api/keys', 'a management key without a role', { name: 'bad', kind: 'management' }, '/role'], ['/api/keys', 'a server key of no environment', { name: 'bad', kind: 'server' }, '/environment'], ['/api/keys', 'a key of an unknown environment', { name: 'bad', kind: 'server', environment: 'prod' }, '/environment'],
    ['/api/keys', 'an expiry that has passed', { name: 'bad', kind: 'management', role: 'viewer', expiresAt: '2020-01-01T00:00:00Z' }, '/expiresAt'], ['/api/environments', 'a key with blanks', { key: 'pre prod' }, '/key'],
  ];
  it.each(cases)('at %s, %s, is refused at its place', async (path, _what, body, pointer, status = 400) => {
    expectProblem(await pataka.admin.send('POST', path, { body }), status, pointer);
  });
});

describe('a bad query', () => {
  it.each([
    '/api/flags?limit=0', '/api/flags?limit=abc', '/api/flags?limit=201', '/api/flags?limit=1&limit=2', '/api/flags?cursor=zzz', '/api/flags?status=ON', '/api/flags/a?at=yesterday', '/api/audit?cursor=%00',
    '/api/experiments?status=RUNNING', '/api/experiments/e/results?startDate=2026-13-45', '/api/experiments/e/results?startDate=2026-02-02&endDate=2026-02-01', '/api/experiments/e/results?method=magic', '/api/power?baseline=abc', '/api/power?baseline=2&minimumEffect=0.1', '/api/power',
  ])('is refused: %s', async (path) => {
    expectProblem(await pataka.admin.send('GET', path), 400, null);
  });
});

describe('bad events', () => {
  const occurredAt = new Date().toISOString();
  const good = (): Record<string, unknown> => ({ id: randomUUID(), type: 'conversion', targetingKey: 'd', metric: 'm', occurredAt });
  const bad: [what: string, event: unknown, pointer: string][] = [
    ['null', null, ''], ['a list', [], ''], ['text', 'x', ''], ['no id', { ...good(), id: undefined }, '/id'], ['an id that is no UUID', { ...good(), id: 'seven' }, '/id'], ['an unknown type', { ...good(), type: 'click' }, '/type'],
    ['no subject', { ...good(), targetingKey: undefined }, '/targetingKey'], ['a subject that is a number', { ...good(), targetingKey: 7 }, '/targetingKey'], ['an empty subject', { ...good(), targetingKey: '' }, '/targetingKey'], ['an endless subject', { ...good(), targetingKey: 'x'.repeat(257) }, '/targetingKey'],
    ['no instant', { ...good(), occurredAt: 'now' }, '/occurredAt'], ['a day that is none', { ...good(), occurredAt: '2026-02-30T00:00:00Z' }, '/occurredAt'], ['the future', { ...good(), occurredAt: '2100-01-01T00:00:00Z' }, '/occurredAt'], ['the last century', { ...good(), occurredAt: '1999-12-31T00:00:00Z' }, '/occurredAt'],
    ['a value as text', { ...good(), value: '1' }, '/value'], ['a value too large to sum', { ...good(), value: 1e13 }, '/value'], ['an unknown member', { ...good(), colour: 'red' }, '/colour'], ['another environment', { ...good(), environment: 'staging' }, '/environment'],
    ['its own arrival', { ...good(), receivedAt: occurredAt }, '/receivedAt'], ['a NUL', { ...good(), targetingKey: 'a\u0000' }, '/targetingKey'], ['deep properties', { ...good(), properties: JSON.parse(deep(20)) as object }, '/properties/x/x/x/x/x/x/x'], ['an exposure without a variant', { ...good(), type: 'exposure', metric: undefined, experimentId: 'e' }, '/variant'],
    ['a receipt that is none', { id: randomUUID(), type: 'exposure', targetingKey: 'd', experimentId: 'e', variant: 'x', occurredAt, receipt: { bucket: 100_000 } }, '/receipt/bucket'],
  ];

  it.each(bad)('are refused one by one with their place, the good ones beside them taken: %s', async (_what, event, pointer) => {
    const reply = await pataka.server.send<{ accepted: number; rejected: { index: number; detail: string; errors: { pointer: string }[] }[] }>('POST', '/v1/events', { body: { events: [good(), event, good()] } });
    expect(reply).toMatchObject({ status: 202, body: { accepted: 2, rejected: [{ index: 1, detail: expect.any(String) }] } });
    expect(reply.body.rejected[0]!.errors.map((one) => one.pointer)).toContain(pointer);
  });

  it.each<[string, unknown, number]>([
    ['no list', {}, 400], ['events that are no list', { events: {} }, 400], ['a bare list', [], 400], ['more than a thousand', { events: Array.from({ length: 1_001 }, good) }, 400], ['malformed JSON', '{"events":[', 400], ['an unknown member beside the list', { events: [], more: 1 }, 400],
    ['a megabyte and more', { events: [{ ...good(), properties: { x: 'x'.repeat(1_100_000) } }] }, 413],
  ])('are refused as a whole: %s', async (_what, body, status) => {
    expectProblem(await pataka.server.send('POST', '/v1/events', { body }), status, null);
  });

  it('of a client key are refused without proof', async () => {
    const exposure = { id: randomUUID(), type: 'exposure', targetingKey: 'd', experimentId: 'e', variant: 'x', flagKey: 'e', occurredAt };
    const forged = { ...exposure, id: randomUUID(), receipt: { flagVersion: 1, position: 1, ruleId: 'r', bucket: 5, probability: 0.5, engine: 'x' } };
    expect(await pataka.client.send('POST', '/v1/events', { body: { events: [exposure, forged, good()] } })).toMatchObject({ status: 202, body: { accepted: 0, rejected: [{ index: 0 }, { index: 1 }, { index: 2 }] } });
  });
});

describe('a bad evaluation', () => {
  it.each<[string, unknown, string, number]>([
    ['malformed JSON', '{"context":', 'PARSE_ERROR', 400], ['no context', {}, 'INVALID_CONTEXT', 400], ['a context that is text', { context: 'x' }, 'INVALID_CONTEXT', 400], ['a context that is a list', { context: [] }, 'INVALID_CONTEXT', 400],
    ['a targeting key that is a number', { context: { targetingKey: 7 } }, 'INVALID_CONTEXT', 400], ['a user_id that has lost digits', '{"context":{"user_id":9007199254740993}}', 'INVALID_CONTEXT', 400], ['a timestamp that is none', { context: { targetingKey: 'x', timestamp: 'now' } }, 'INVALID_CONTEXT', 400],
    ['a member named __proto__', '{"context":{"targetingKey":"x","__proto__":{"role":"admin"}}}', 'INVALID_CONTEXT', 400], ['a NUL', { context: { targetingKey: 'a\u0000' } }, 'INVALID_CONTEXT', 400],
  ])('with %s is told in the words of OFREP', async (_what, body, errorCode, status) => {
    const reply = await pataka.server.send('POST', '/ofrep/v1/evaluate/flags/a', { body });
    expect(reply).toMatchObject({ status, body: { key: 'a', errorCode, errorDetails: expect.any(String) } });
    expect(reply.headers.get('content-type')).toMatch(/^application\/json/);
  });
  it('of a flag that is not there is FLAG_NOT_FOUND, whatever the key', async () => {
    for (const key of ['nobody', 'constructor', '__proto__', 'toString', 'x'.repeat(5_000), '%F0%9F%9A%A9']) {
      expect(await pataka.server.send('POST', `/ofrep/v1/evaluate/flags/${key}`, { body: { context: {} } })).toMatchObject({ status: 404, body: { errorCode: 'FLAG_NOT_FOUND' } });
    }
    for (const key of ['%ff', '%00', '%']) expect((await pataka.server.send('POST', `/ofrep/v1/evaluate/flags/${key}`, { body: { context: {} } })).status).toBe(400);
  });
  it('of a context beyond the limit is 413, of another type 415, by another method 405', async () => {
    expectProblem(await pataka.server.send('POST', '/ofrep/v1/evaluate/flags/a', { body: { context: { x: 'x'.repeat(300_000) } } }), 413, null);
    expectProblem(await pataka.server.send('POST', '/ofrep/v1/evaluate/flags/a', { body: '{}', headers: { 'content-type': 'text/plain' } }), 415, null);
    const wrong = await pataka.server.send('GET', '/ofrep/v1/evaluate/flags/a');
    expectProblem(wrong, 405, null);
    expect(wrong.headers.get('allow')).toMatch(/\bPOST\b/);
  });
});

describe('bytes that are no request', () => {
  const head = (more: string): string => `POST /api/flags HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${pataka.tokens.admin}\r\nContent-Type: application/json\r\n${more}`;
  const raw: [string, () => string | Buffer, RegExp][] = [
    ['garbage', () => 'hello there\r\n\r\n', /^HTTP\/1\.1 400 /], ['TLS', () => Buffer.from([0x16, 3, 1, 0, 5, 1, 2, 3, 4, 5]), /^HTTP\/1\.1 400 /],
    ['UTF-8 that is cut off', () => Buffer.concat([Buffer.from(head('Content-Length: 9\r\n\r\n{"key":"')), Buffer.from([0xe0])]), /^HTTP\/1\.1 400 /], ['a lone continuation byte', () => Buffer.concat([Buffer.from(head('Content-Length: 11\r\n\r\n{"key":"')), Buffer.from([0x80, 0x22, 0x7d])]), /^HTTP\/1\.1 400 /],
    ['two lengths', () => head('Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}'), /^HTTP\/1\.1 400 /], ['a length beside chunks', () => head('Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'), /^HTTP\/1\.1 400 /],
    ['a negative length', () => head('Content-Length: -1\r\n\r\n'), /^HTTP\/1\.1 400 /], ['a chunk of no size', () => head('Transfer-Encoding: chunked\r\n\r\nzz\r\n'), /^HTTP\/1\.1 400 /], ['headers of 40 KB', () => head(`X-Long: ${'x'.repeat(40_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /],
    ['a length of more than a megabyte', () => head('Content-Length: 99999999\r\n\r\n{'), /^HTTP\/1\.1 413 /],
  ];
  it.each(raw)('are refused: %s', async (_what, bytes, answer) => {
    expect(await sendRaw(pataka.port, bytes())).toMatch(answer);
  });
});

describe('a pattern that would be a bomb elsewhere', () => {
  it('is taken, and evaluated in no time', async () => {
    const rules = ['(a+)+$', '(a|aa)+$', '(.*a){25}$', '^(([a-z])+.)+[A-Z]([a-z])+$'].map((value, index) => ({ id: `r${index}`, value: true, conditions: [{ attribute: 'text', operator: 'regex', value }] }));
    await pataka.admin.post('/api/flags', { key: 'bombs', type: 'BOOLEAN', defaultValue: false, status: 'ACTIVE', environments: { production: { enabled: true, rules } } });
    await until('it is served', async () => (await pataka.server.send('POST', '/ofrep/v1/evaluate/flags/bombs', { body: { context: {} } })).status === 200);
    const start = performance.now();
    expect((await pataka.server.send('POST', '/ofrep/v1/evaluate/flags/bombs', { body: { context: { targetingKey: 'x', text: `${'a'.repeat(50_000)}!` } } })).status).toBe(200);
    expect(performance.now() - start).toBeLessThan(5_000);
    await pataka.admin.ask('DELETE', '/api/flags/bombs', { headers: { 'if-match': '"1"' } });
  });
});

describe('after all of it', () => {
  it('nothing has been stored, nobody has died, and nothing has failed on our side', async () => {
    // Making and archiving the flag with the patterns are the two positions that are new.
    const position = (text: string): number => (JSON.parse(text) as [number])[0];
    const after = await stored();
    expect(position(after)).toBe(position(before) + 2);
    expect(after.replace(/^\[\d+,/, '')).toBe(before.replace(/^\[\d+,/, ''));
    expect(pataka.pid).toBe(pidAtStart);
    expect(await pataka.admin.get('/health/ready')).toMatchObject({ status: 'pass' });
    expect(pataka.tail(10_000)).not.toMatch(/"level":(50|60|"error"|"fatal")|unhandled/i);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
