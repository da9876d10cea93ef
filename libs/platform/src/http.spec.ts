import { connect } from 'node:net';
import { Body, Controller, Get, HttpCode, HttpException, Module, Param, Post, Put } from '@nestjs/common';
import { DomainError, type AccessKey, type Caller as Allowed, type Principal, type Problem, type Role, type Route } from '@pataka/contracts';
import { Unavailable } from '@pataka/event-sourcing';
import { AccessDirectory } from './access';
import { created, versioned } from './answer';
import { readJson } from './body';
import { Caller, Command, requireIfMatch, type HttpCommandContext } from './command';
import { hashToken } from './credentials';
import type { HealthCheck } from './health';
import { hotRoute } from './hot-routes';
import { createService, type Service } from './http';
import { createLogger } from './logging';
import { createMetrics } from './metrics';
import { sendJson } from './problem';

const tokens = { admin: 'admin-token-1', fleet_manager: 'manager-token', viewer: 'viewer-token-1', server: 'server-token-1', client: 'client-token-1' };
type Holder = keyof typeof tokens;

@Controller()
class TrialController {
  @Get('/api/things/:key') read(@Param('key') key: string): object {
    return versioned({ document: { key }, version: 7 });
  }
  @Post('/api/things') make(@Body() body: object): object {
    return created('/api/things/x', { document: body, version: 1, replayed: true });
  }
  @Put('/api/things/:key') replace(@Command() context: HttpCommandContext, @Body() body: object): object {
    requireIfMatch(context);
    return { context, body };
  }
  @Post('/api/things/:key/poke') @HttpCode(200) poke(@Caller() who: Principal, @Body() body: unknown): object {
    return { who, body: body === undefined ? 'none' : body };
  }
  @Get('/api/failures/:kind') fail(@Param('kind') kind: string): never {
    if (kind === 'domain') throw new DomainError('version-conflict', 'It is at 8', [], { currentVersion: 8, status: 200 });
    if (kind === 'away') throw new Unavailable('database', { retryAfterSeconds: 3 });
    if (kind === 'limited') throw new DomainError('rate-limited', 'Slow down', [], { retryAfterSeconds: 1.2 });
    if (kind === 'nest') throw new HttpException('teapot says secret', 418);
    throw new TypeError('secret-internal /srv/app.ts select * from users');
  }
  @Get('/api/unlisted') unlisted(): string {
    return 'never';
  }
}
@Module({ controllers: [TrialController] })
class TrialModule {}

const READ: Allowed[] = ['admin', 'fleet_manager', 'viewer'];
const MANAGE: Allowed[] = ['admin', 'fleet_manager'];
const table = ([
  ['GET', '/api/things/{key}', READ], ['POST', '/api/things', MANAGE], ['PUT', '/api/things/{key}', MANAGE], ['POST', '/api/things/{key}/poke', ['admin']],
  ['GET', '/api/failures/{kind}', ['anyone']], ['GET', '/v1/hot', ['server']], ['POST', '/v1/hot/{key}', ['server', 'client']],
  ['GET', '/health/live', ['anyone']], ['GET', '/health/ready', ['anyone']], ['GET', '/metrics', ['anyone']], ['GET', '/openapi.json', ['anyone']],
] as [Route['method'], string, Allowed[]][]).map(([method, path, allow]): Route => ({ service: 'evaluator', method, path, allow, summary: '' }));

const keyOf = (holder: Holder): AccessKey => ({
  id: `key-${holder}`, name: holder, hash: hashToken(tokens[holder]), hint: '', createdBy: 'test', createdAt: '2026-01-01T00:00:00Z', version: 1,
  ...(holder === 'server' || holder === 'client' ? { kind: holder, environment: 'production' } : { kind: 'management', role: holder as Role }),
});
const fill = (directory: AccessDirectory): void => {
  (Object.keys(tokens) as Holder[]).forEach((holder, index) =>
    directory.apply({ kind: 'key', change: 'created', actor: 'test', id: `key-${holder}`, after: keyOf(holder) as never }, index + 1));
};

const lines: string[] = [];
let service: Service;
let port: number;
let health: HealthCheck = { status: 'pass' };
const access = new AccessDirectory();
fill(access);

const open = (directory: AccessDirectory): Promise<Service> => createService({
  name: 'evaluator', module: TrialModule, access: directory, routes: table, openapi: () => ({ openapi: '3.1.0' }), checks: { ruleset: () => health },
  infrastructure: { logger: createLogger('trial', 'warn', { write: (line) => void lines.push(line) }), metrics: createMetrics('trial') },
  hotRoutes: [
    hotRoute('GET', '/v1/hot', (request, response) => sendJson(response, 200, JSON.stringify({ who: request.principal?.subject, query: request.query }))),
    hotRoute('POST', '/v1/hot/{key}', async (request, response) => {
      if (request.params['key'] === 'break') throw new TypeError('secret-internal');
      sendJson(response, 200, JSON.stringify({ key: request.params['key'], body: await readJson(request.raw) }));
    }),
  ],
});

beforeAll(async () => {
  service = await open(access);
  port = await service.listen(0, '127.0.0.1');
});
afterAll(() => service.close());
beforeEach(() => void lines.splice(0));

interface Reply { status: number; headers: Record<string, string>; body: string; problem: Problem }

const parseReply = (text: string): Reply => {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [first = '', ...headerLines] = head.split('\r\n');
  const body = rest.join('\r\n\r\n');
  const headers = Object.fromEntries(headerLines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
  return { status: Number(first.split(' ')[1]), headers, body, get problem(): Problem { return JSON.parse(body) as Problem; } };
};

/** Exactly these bytes on a connection of their own. */
const raw = (bytes: string | Buffer, to = port): Promise<Reply> => new Promise((resolve, reject) => {
  let answer = '';
  const socket = connect(to, '127.0.0.1', () => socket.write(bytes));
  socket.on('data', (chunk) => void (answer += chunk.toString())).on('close', () => resolve(parseReply(answer))).on('error', reject);
});

interface Ask { method?: string; path: string; as?: Holder | null; headers?: Record<string, string>; body?: string | Buffer }
const ask = ({ method = 'GET', path, as = 'admin', headers = {}, body }: Ask, to = port): Promise<Reply> => {
  const all: Record<string, string> = {
    host: 'x', connection: 'close', ...(as === null ? {} : { authorization: `Bearer ${tokens[as]}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }), ...headers,
  };
  const head = `${method} ${path} HTTP/1.1\r\n${Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  return raw(Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body ?? '')]), to);
};
const post = (body: string | Buffer, headers: Record<string, string> = {}): Promise<Reply> => ask({ method: 'POST', path: '/api/things', body, headers });

const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

describe('an answer', () => {
  it('carries the version as ETag, the safe headers, and a request id of its own', async () => {
    const reply = await ask({ path: '/api/things/a' });
    expect(reply.status).toBe(200);
    expect(reply.headers).toMatchObject({ etag: '"7"', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'content-type': 'application/json; charset=utf-8' });
    expect(reply.headers['x-request-id']).toMatch(UUID);
    expect(reply.headers['x-powered-by']).toBeUndefined();
    expect(JSON.parse(reply.body)).toEqual({ key: 'a' });
  });
  it('is 201 with Location for what was made', async () => {
    const reply = await post('{"a":1}');
    expect([reply.status, reply.headers['location'], reply.headers['etag'], reply.headers['idempotency-replayed']]).toEqual([201, '/api/things/x', '"1"', 'true']);
    expect(JSON.parse(reply.body)).toEqual({ a: 1 });
  });
  it('echoes a sane request id and replaces any other', async () => {
    expect((await ask({ path: '/api/things/a', headers: { 'x-request-id': 'job-7.a:b' } })).headers['x-request-id']).toBe('job-7.a:b');
    expect((await ask({ path: '/api/things/a', headers: { 'x-request-id': 'a b<script>' } })).headers['x-request-id']).toMatch(UUID);
  });
  it('to HEAD has no body and the headers of GET', async () => {
    const reply = await ask({ method: 'HEAD', path: '/api/things/a' });
    expect([reply.status, reply.body, reply.headers['etag']]).toEqual([200, '', '"7"']);
  });
  it('to OPTIONS names the methods', async () => {
    const reply = await ask({ method: 'OPTIONS', path: '/api/things/a', as: null });
    expect([reply.status, reply.headers['allow']]).toEqual([204, 'GET, HEAD, OPTIONS, PUT']);
    expect((await ask({ method: 'OPTIONS', path: '/v1/hot', as: null })).headers['allow']).toBe('GET, OPTIONS');
    expect((await ask({ method: 'OPTIONS', path: '/nowhere', as: null })).status).toBe(404);
  });
});

describe('a problem', () => {
  it('is RFC 9457 with extensions that cannot overwrite its own members', async () => {
    const reply = await ask({ path: '/api/failures/domain', as: null, headers: { 'x-request-id': '0F0E0D0C-0000-4000-8000-000000000000' } });
    expect(reply.headers['content-type']).toBe('application/problem+json');
    expect(reply.problem).toEqual({
      type: '/problems/version-conflict', title: 'Someone else changed this first', status: 412, code: 'version-conflict', detail: 'It is at 8',
      instance: 'urn:uuid:0f0e0d0c-0000-4000-8000-000000000000', currentVersion: 8,
    });
  });
  it('for an unforeseen error tells nothing and is logged once with its stack', async () => {
    const reply = await ask({ path: '/api/failures/other', as: null });
    expect([reply.status, reply.problem.code]).toEqual([500, 'internal']);
    expect(reply.body).not.toMatch(/secret|select|\.ts/);
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({ requestId: reply.headers['x-request-id'], route: '/api/failures/{kind}', err: { type: 'TypeError', stack: expect.stringContaining('secret-internal') as string } });
  });
  it('for a dependency that is away is 503 with Retry-After', async () => {
    const reply = await ask({ path: '/api/failures/away', as: null });
    expect([reply.status, reply.headers['retry-after'], reply.problem.code]).toEqual([503, '3', 'unavailable']);
    expect((await ask({ path: '/api/failures/limited', as: null })).headers['retry-after']).toBe('2');
  });
  it("for Nest's own exception keeps its class and hides its message", async () => {
    const reply = await ask({ path: '/api/failures/nest', as: null });
    expect([reply.status, reply.problem.code]).toEqual([400, 'validation']);
    expect(reply.body).not.toContain('secret');
  });
  it('of a hot route is the same', async () => {
    const reply = await ask({ method: 'POST', path: '/v1/hot/break', as: 'server', body: '{}' });
    expect([reply.status, reply.headers['content-type'], reply.problem.detail]).toEqual([500, 'application/problem+json', 'Something failed on our side']);
    expect(lines).toHaveLength(1);
  });
  it.each([
    ['an unknown path', { path: '/api/nothing' }, 404, 'not-found'],
    ['an unknown path of nobody', { path: '/api/nothing', as: null }, 404, 'not-found'],
    ['a trailing slash', { path: '/api/things/a/' }, 404, 'not-found'],
    ['a wrong method', { method: 'DELETE', path: '/api/things/a' }, 405, 'method-not-allowed'],
    ['a method nobody knows', { method: 'PROPFIND', path: '/api/things/a' }, 405, 'method-not-allowed'],
    ['a wrong method on a hot route', { method: 'DELETE', path: '/v1/hot' }, 405, 'method-not-allowed'],
    ['bad percent-encoding in the path', { path: '/api/things/%zz' }, 400, 'validation'],
    ['bad UTF-8 in the path', { path: '/api/things/%ff' }, 400, 'validation'],
    ['NUL in the path', { path: '/api/things/%00' }, 400, 'validation'],
    ['bad percent-encoding in the query', { path: '/api/things/a?x=%' }, 400, 'validation'],
    ['bad percent-encoding on a hot route', { path: '/v1/hot?x=%c3', as: 'server' }, 400, 'validation'],
    ['a target that is no path', { path: 'things' }, 400, 'validation'],
  ] as [string, Ask, number, string][])('answers %s', async (_name, question, status, code) => {
    const reply = await ask(question);
    expect([reply.status, reply.problem.code, reply.headers['content-type']]).toEqual([status, code, 'application/problem+json']);
    if (status === 405) expect(reply.headers['allow']).toContain('GET');
  });
  it('answers bytes that are no HTTP, and headers too long', async () => {
    expect((await raw('nonsense\r\n\r\n')).problem.code).toBe('validation');
    expect((await ask({ path: '/api/things/a', headers: { 'x-long': 'x'.repeat(20_000) } })).status).toBe(431);
  });
});

describe('a body', () => {
  it.each([
    ['is no JSON', '{"password":"hunter2"', 'malformed-json', 400],
    ['is not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'malformed-json', 400],
    ['begins with a byte order mark', '\ufeff{}', 'malformed-json', 400],
    ['holds __proto__', '{"a":{"__proto__":{"polluted":1}}}', 'validation', 400],
    ['holds NUL', '{"a":"\\u0000"}', 'validation', 400],
    ['holds a lone surrogate', '{"a":"\\ud800"}', 'validation', 400],
    ['holds an integer that lost digits', '{"a":9007199254740993}', 'validation', 400],
    ['is nested 65 deep', '['.repeat(65) + ']'.repeat(65), 'validation', 400],
    ['is a bomb of brackets', '['.repeat(500_000), 'malformed-json', 400],
    ['is too large', `"${'x'.repeat(1_048_576)}"`, 'too-large', 413],
  ] as [string, string | Buffer, string, number][])('is refused when it %s', async (_name, body, code, status) => {
    const reply = await post(body);
    expect([reply.status, reply.problem.code]).toEqual([status, code]);
    expect(reply.body).not.toContain('hunter2');
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    if (code === 'validation') expect(reply.problem.errors?.length).toBeGreaterThan(0);
  });
  it('may be nested 64 deep and 1 MB large', async () => {
    expect((await post('['.repeat(64) + ']'.repeat(64))).status).toBe(201);
    expect((await post(`"${'x'.repeat(1_000_000)}"`)).status).toBe(201);
  });
  it.each([
    ['text/plain', {}], ['application/x-www-form-urlencoded', {}], ['application/json; charset=latin1', {}], ['application/jsonp', {}], ['', {}],
    ['application/json', { 'content-encoding': 'gzip' }],
  ])('of type %s %j is refused', async (type, more) => {
    expect((await post('{}', { 'content-type': type, ...more })).status).toBe(415);
  });
  it.each(['application/json', 'Application/JSON; charset=UTF-8', 'application/json;charset="utf-8"'])('of type %s is taken', async (type) => {
    expect((await post('{}', { 'content-type': type })).status).toBe(201);
  });
  it('may be missing, whatever the content type', async () => {
    const poke = { method: 'POST', path: '/api/things/a/poke' };
    expect(JSON.parse((await ask(poke)).body)).toMatchObject({ body: 'none' });
    expect(JSON.parse((await ask({ ...poke, headers: { 'content-type': 'application/json', 'content-length': '0' } })).body)).toMatchObject({ body: 'none' });
  });
  it('may come in chunks, and is limited there too', async () => {
    const head = `POST /api/things HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer ${tokens.admin}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`;
    expect((await raw(`${head}3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n`)).body).toContain('{"a":1}');
    const chunk = `10000\r\n${' '.repeat(65_536)}\r\n`;
    expect((await raw(`${head}${chunk.repeat(17)}`)).status).toBe(413);
  });
  it('announced as too large is refused before it is sent, and 100-continue is told in time', async () => {
    const head = (size: number): string => `POST /api/things HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer ${tokens.admin}\r\ncontent-type: application/json\r\nexpect: 100-continue\r\ncontent-length: ${size}\r\n\r\n`;
    expect((await raw(head(5_000_000))).status).toBe(413);
    const reply = await raw(`${head(2)}{}`);
    expect([reply.status, reply.body]).toEqual([100, expect.stringContaining('201 Created')]);
    expect((await ask({ path: '/api/things/a', headers: { expect: 'miracles' } })).status).toBe(400);
  });
  it('of a hot route obeys the same rules', async () => {
    const hot = (body: string | Buffer, headers = {}): Promise<Reply> => ask({ method: 'POST', path: '/v1/hot/a%20b', as: 'client', body, headers });
    expect(JSON.parse((await hot('{"a":1}')).body)).toEqual({ key: 'a b', body: { a: 1 } });
    expect((await hot('{"a"')).problem.code).toBe('malformed-json');
    expect((await hot('{}', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await hot(' '.repeat(1_048_577))).status).toBe(413);
  });
});

describe('the access guard', () => {
  const holders: (Holder | null)[] = ['admin', 'fleet_manager', 'viewer', 'server', 'client', null];
  const cells = table.filter(({ path }) => !path.startsWith('/api/failures')).flatMap((route) => holders.map((holder) => [route.method, route.path, holder, route.allow] as const));
  it.each(cells)('gives %s %s to %s as the table says', async (method, template, holder, allow) => {
    const path = template.replace(/\{[^}]+\}/g, 'x');
    const reply = await ask({ method, path, as: holder, ...(method === 'GET' ? {} : { body: '{}' }), headers: { 'if-match': '*' } });
    const free = allow.includes('anyone');
    const expected = free || (holder !== null && allow.includes(holder)) ? 'in' : holder === null ? 401 : 403;
    expect(reply.status < 300 ? 'in' : reply.status).toBe(expected);
    if (reply.status === 401) expect(reply.headers['www-authenticate']).toBe('Bearer');
  });
  it('denies a route that the table does not have, and says so in the log', async () => {
    expect((await ask({ path: '/api/unlisted' })).status).toBe(403);
    expect(lines.some((line) => line.includes('table of routes'))).toBe(true);
  });
  it('takes X-API-Key and refuses unknown tokens, before the body is looked at', async () => {
    expect((await ask({ path: '/api/things/a', as: null, headers: { 'x-api-key': tokens.viewer } })).status).toBe(200);
    expect((await ask({ method: 'POST', path: '/api/things', as: null, headers: { authorization: 'Bearer wrong' }, body: '{"a' })).status).toBe(401);
    expect((await ask({ path: '/api/things/a', as: null, headers: { authorization: 'Basic YTpi' } })).status).toBe(401);
  });
  it('lets go at once of a key that is revoked', async () => {
    const token = 'short-lived';
    const after = { ...keyOf('admin'), id: 'k9', hash: hashToken(token) };
    access.apply({ kind: 'key', change: 'created', actor: 't', id: 'k9', after: after as never }, 10);
    const question: Ask = { path: '/api/things/a', as: null, headers: { authorization: `bearer ${token}` } };
    expect((await ask(question)).status).toBe(200);
    access.apply({ kind: 'key', change: 'revoked', actor: 't', id: 'k9', after: { ...after, version: 2, revokedAt: '2026-01-01T00:00:00Z' } as never }, 11);
    expect((await ask(question)).status).toBe(401);
  });
  it('answers 503 while access rights have not arrived, and lets health through', async () => {
    const empty = await open(new AccessDirectory());
    const emptyPort = await empty.listen(0, '127.0.0.1');
    const reply = await ask({ path: '/api/things/a' }, emptyPort);
    expect([reply.status, reply.headers['retry-after']]).toEqual([503, '1']);
    expect((await ask({ path: '/health/live', as: null }, emptyPort)).status).toBe(200);
    await empty.close();
  });
  it('refuses at start a hot route that the table does not have', async () => {
    const outside = { name: 'evaluator', module: TrialModule, access, routes: [], checks: {}, openapi: () => ({}) } as const;
    const infrastructure = { logger: createLogger('trial', 'silent'), metrics: createMetrics('trial') };
    await expect(createService({ ...outside, infrastructure, hotRoutes: [hotRoute('GET', '/v1/hot', () => undefined)] })).rejects.toThrow('not in the table');
  });
});

describe('a command', () => {
  const put = (headers: Record<string, string>, body = '{}'): Promise<Reply> => ask({ method: 'PUT', path: '/api/things/a', headers, body });
  const contextOf = async (headers: Record<string, string>, body = '{}'): Promise<HttpCommandContext> => (JSON.parse((await put(headers, body)).body) as { context: HttpCommandContext }).context;
  it('carries actor, reason, correlation and expected version', async () => {
    const reason = Buffer.from('मरम्मत').toString('latin1');
    expect(await contextOf({ 'if-match': '"7"', 'x-request-id': 'r-1', 'x-reason': reason })).toEqual({ meta: { actor: 'key-admin', correlationId: 'r-1', reason: 'मरम्मत' }, expectedVersion: 7 });
    expect((await contextOf({ 'if-match': '*', 'x-reason': encodeURIComponent('20 % मरम्मत') })).meta.reason).toBe('20 % मरम्मत');
  });
  it('correlates by the trace when it brings no request id', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    expect((await contextOf({ 'if-match': '*', traceparent })).meta.correlationId).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
  });
  it.each([[undefined, 428], ['7', 400], ['"seven"', 400], ['"1", "2"', 400], ['"7', 400]])('with If-Match %s is answered %i', async (tag, status) => {
    expect((await put(tag === undefined ? {} : { 'if-match': tag })).status).toBe(status);
  });
  it('never matches a weak tag, and takes * as any version', async () => {
    expect((await contextOf({ 'if-match': 'W/"7"' })).expectedVersion).toBe(-1);
    expect(await contextOf({ 'if-match': '*' })).toMatchObject({ anyVersion: true });
  });
  it('is told from another by key, body, path and caller', async () => {
    const of = async (key: string, body: string): Promise<unknown> => (await contextOf({ 'if-match': '*', 'idempotency-key': key }, body)).idempotency;
    const first = await of('k-1', '{"a":1}');
    expect(first).toEqual({ key: 'k-1', fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    expect(await of('k-1', '{"a":1}')).toEqual(first);
    expect(await of('k-1', '{"a":2}')).not.toEqual(first);
    expect((await put({ 'if-match': '*', 'idempotency-key': 'a b' })).status).toBe(400);
    expect((await put({ 'if-match': '*', 'idempotency-key': 'x'.repeat(256) })).status).toBe(400);
  });
});

describe('the common routes', () => {
  it('are ready with pass and warn, not with fail', async () => {
    const ready = async (): Promise<[number, unknown]> => {
      const reply = await ask({ path: '/health/ready', as: null });
      return [reply.status, JSON.parse(reply.body)];
    };
    expect(await ready()).toEqual([200, { status: 'pass', checks: { ruleset: { status: 'pass' } } }]);
    health = { status: 'warn', detail: 'stale' };
    expect(await ready()).toEqual([200, { status: 'warn', checks: { ruleset: { status: 'warn', detail: 'stale' } } }]);
    health = { status: 'fail' };
    expect((await ready())[0]).toBe(503);
    health = { status: 'pass' };
  });
  it('count requests by template', async () => {
    await ask({ path: '/api/things/one' });
    await ask({ path: '/v1/hot?x=1', as: 'server' });
    await ask({ path: '/api/unknown-12345' });
    const text = (await ask({ path: '/metrics', as: null })).body;
    expect(text).toMatch(/pataka_http_requests_total\{route="\/api\/things\/\{key\}",method="GET",status_class="2xx",service="trial"\} \d+/);
    expect(text).toContain('route="/v1/hot",method="GET",status_class="2xx"');
    expect(text).toContain('process_cpu_seconds_total');
    expect(text).not.toContain('unknown-12345');
    expect(JSON.parse((await ask({ path: '/openapi.json', as: null })).body)).toEqual({ openapi: '3.1.0' });
  });
});

describe('closing', () => {
  it('answers what is under way, says not ready, and closes once', async () => {
    const other = await open(access);
    const otherPort = await other.listen(0, '127.0.0.1');
    const slow = connect(otherPort, '127.0.0.1');
    let answer = '';
    slow.on('data', (chunk) => void (answer += chunk.toString()));
    await new Promise((resolve) => slow.once('connect', resolve));
    slow.write(`POST /v1/hot/a HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${tokens.server}\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const closed = Promise.all([other.close(), other.close()]);
    slow.write('}');
    await closed;
    expect(answer).toContain('200 OK');
    await expect(ask({ path: '/health/live' }, otherPort)).rejects.toThrow('ECONNREFUSED');
  });

  it('does not wait for connections that never bring a request', async () => {
    const other = await open(access);
    const silent = connect(await other.listen(0, '127.0.0.1'), '127.0.0.1');
    await new Promise((resolve) => silent.once('connect', resolve));
    const startedAt = performance.now();
    await other.close();
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});
