import { routes, type Caller, type Route } from '@pataka/contracts';
import { build } from './harness/build';
import { PatakaProcess } from './harness/pataka-process';
import { until } from './harness/waiting';

let pataka: PatakaProcess;

/** What each kind of caller is to the table of routes; null: nobody. */
const standing: Record<string, Caller | null> = {
  'no credential': null, 'an unknown token': null, 'a revoked admin': null, 'a revoked server key': null, 'an expired viewer': null,
  admin: 'admin', 'a fleet manager': 'fleet_manager', 'a viewer': 'viewer', 'a server key': 'server', 'a client key': 'client',
  'a server key of staging': 'server', 'a client key of staging': 'client',
};
const tokens = new Map<string, string | null>([['no credential', null], ['an unknown token', 'pataka_management_nobody']]);

const makeKey = async (name: string, scope: Record<string, unknown>, { revoke = false } = {}): Promise<void> => {
  const { id, token } = await pataka.admin.post<{ id: string; token: string }>('/api/keys', { name, ...scope });
  tokens.set(name, token);
  if (revoke) await pataka.admin.ask('DELETE', `/api/keys/${id}`);
};

beforeAll(async () => {
  build();
  pataka = await PatakaProcess.start();
  for (const [name, token] of [['admin', pataka.tokens.admin], ['a server key', pataka.tokens.server], ['a client key', pataka.tokens.client]]) tokens.set(name!, token!);
  const expiresAt = new Date(Date.now() + 1_500).toISOString();
  await makeKey('an expired viewer', { kind: 'management', role: 'viewer', expiresAt });
  await makeKey('a fleet manager', { kind: 'management', role: 'fleet_manager' });
  await makeKey('a viewer', { kind: 'management', role: 'viewer' });
  await makeKey('a server key of staging', { kind: 'server', environment: 'staging' });
  await makeKey('a client key of staging', { kind: 'client', environment: 'staging' });
  await makeKey('a revoked admin', { kind: 'management', role: 'admin' }, { revoke: true });
  await makeKey('a revoked server key', { kind: 'server', environment: 'production' }, { revoke: true });
  await until('the last key has reached every service', async () => (await statusOf('POST', '/ofrep/v1/evaluate/flags', 'a client key of staging')) === 200 && (await statusOf('GET', '/v1/ruleset', 'a revoked server key')) === 401
    && (await statusOf('GET', '/api/experiments', 'a viewer')) === 200 && (await statusOf('GET', '/api/metrics', 'a viewer')) === 200 && Date.now() > Date.parse(expiresAt));
}, 300_000);
afterAll(() => pataka.dispose(), 60_000);

/** The status alone: a stream would never end. */
const statusOf = async (method: string, path: string, caller: string): Promise<number> => {
  const token = tokens.get(caller)!;
  const abort = new AbortController();
  const sends = method !== 'GET' && method !== 'HEAD';
  const timer = setTimeout(() => abort.abort(), 15_000);
  const response = await fetch(`${pataka.url}${path}`, {
    method, signal: abort.signal, headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...(sends ? { 'content-type': 'application/json' } : {}) },
    ...(sends ? { body: path.startsWith('/ofrep/') ? '{"context":{"targetingKey":"x"}}' : '{}' } : {}),
  });
  clearTimeout(timer);
  abort.abort();
  return response.status;
};

const pathOf = ({ path, service }: Route): string => {
  const filled = path.replace(/\{environment\}/g, 'production').replace(/\{\w+\}/g, 'nobody-has-this');
  return /^\/(health\/|metrics$|openapi\.json$)/.test(path) ? `/services/${service}${filled}` : filled;
};

// Whoever comes to sign in has no credential yet: these judge for themselves what they are brought.
const judges = ({ path, allow }: Route): boolean => path.startsWith('/api/session') && allow.includes('anyone');

// Browsers can't send headers with a stream: the token in its address is its credential. Whoever can send a key to evaluate with may use that.
const byToken = (route: Route): boolean => route.path === '/ofrep/v1/stream';

type Expected = [holds: (status: number) => boolean, told: string];
const exactly = (wanted: number): Expected => [(status) => status === wanted, `is not ${wanted}`];

/** What an answer has to be like. */
const expectedOf = (route: Route, as: Caller | null): Expected => {
  const evaluates = as === 'server' || as === 'client';
  if (judges(route)) return [(status) => status < 500, 'is our failure'];
  if (byToken(route)) return exactly(evaluates ? 200 : 401);
  if (route.allow.includes('anyone')) return [(status) => status < 400, 'though anyone may'];
  if (as === null) return exactly(401);
  if (!route.allow.includes(as)) return exactly(403);
  return [(status) => status !== 401 && status !== 403, 'though the table allows it'];
};

/** What is wrong with an answer, or null. */
const fault = (route: Route, caller: string, status: number): string | null => {
  const [holds, told] = expectedOf(route, standing[caller] ?? null);
  const failed = status >= 500 && status !== 501;
  return holds(status) && !failed ? null : `${route.method} ${route.path} as ${caller}: ${status} ${failed ? 'is our failure' : told}`;
};

describe('access', () => {
  it.each(Object.keys(standing))('is as the table of routes says, on every route, for %s', async (caller) => {
    const faults: string[] = [];
    for (const route of routes) {
      const found = fault(route, caller, await statusOf(route.method, pathOf(route), caller));
      if (found !== null) faults.push(found);
    }
    expect(faults).toEqual([]);
  }, 120_000);

  it('is denied by default: no method beyond the table does anything, not even for an admin', async () => {
    // A path of its own may fit another route's template too: PATCH of `dry-run` is one of an experiment of that name.
    const fits = (route: Route, path: string): boolean => new RegExp(`^${route.path.replace(/\{[^}]+\}/g, '[^/]+')}$`).test(path);
    const isListed = (method: string, path: string): boolean => routes.some((route) => route.method === method && (pathOf(route) === path || fits(route, path)));
    const beyond = [...new Set(routes.map(pathOf))].filter((path) => path !== '/')
      .flatMap((path) => ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].map((method) => [method, path] as const)).filter(([method, path]) => !isListed(method, path));
    const faults: string[] = [];
    for (const [method, path] of beyond) {
      for (const caller of ['admin', 'no credential']) {
        const status = await statusOf(method, path, caller);
        if (![401, 403, 404, 405].includes(status)) faults.push(`${method} ${path} as ${caller}: ${status}`);
      }
    }
    expect(faults).toEqual([]);
  }, 120_000);

  it.each([
    '/api', '/api/', '/api/unknown', '/api/members', '/api/dead-letters', '/api/webhooks', '/API/flags', '//api/flags', '/api/flags/', '/api//flags', '/api/flags/%2e%2e', '/api/flags/..%2fkeys', '/api/flags;x=1',
    '/v1', '/v1/unknown', '/ofrep/v1/unknown', '/internal', '/services/flag-admin/api/flags', '/services/nobody/metrics', '/.env', '/%00', '/api/flags/%ff', '/api/flags/%', '/?../api/flags',
  ])('lets nobody in without a credential at %s', async (path) => {
    const status = await statusOf('GET', path, 'no credential');
    if (path.startsWith('/?')) expect(status).toBe(200);
    else expect([400, 401, 403, 404]).toContain(status);
  });

  it('keeps environments apart', async () => {
    await pataka.admin.post('/api/flags', { key: 'by_environment', type: 'STRING', defaultValue: 'default', status: 'ACTIVE', clientVisible: true, environments: {
      production: { enabled: true, rules: [{ id: 'p', value: 'production' }] }, staging: { enabled: true, rules: [{ id: 's', value: 'staging' }] },
    } });
    const valueFor = async (caller: string): Promise<unknown> => (await pataka.admin.as(tokens.get(caller)!).send('POST', '/ofrep/v1/evaluate/flags/by_environment', { body: { context: { targetingKey: 'x', environment: 'production' } } })).body['value'];
    await until('it is served', async () => (await valueFor('a server key')) !== undefined);
    expect(await Promise.all(['a server key', 'a client key', 'a server key of staging', 'a client key of staging'].map(valueFor))).toEqual(['production', 'production', 'staging', 'staging']);
    const ruleset = await pataka.admin.as(tokens.get('a server key of staging')!).send('GET', '/v1/ruleset');
    expect([ruleset.body['environment'], ruleset.text.includes('"p"')]).toEqual(['staging', false]);
  });

  it('shows client keys values, never rules, and no flag that is not theirs to see', async () => {
    await pataka.admin.post('/api/flags', { key: 'secret_plan', type: 'STRING', defaultValue: 'hidden', status: 'ACTIVE', environments: { production: { enabled: true, rules: [] } } });
    await until('it is served', async () => (await pataka.server.send('POST', '/ofrep/v1/evaluate/flags/secret_plan', { body: { context: {} } })).status === 200);
    const bulk = await pataka.client.send<{ flags: Record<string, unknown>[] }>('POST', '/ofrep/v1/evaluate/flags', { body: { context: { targetingKey: 'x' } } });
    expect(bulk.text).not.toContain('secret_plan');
    for (const flag of bulk.body.flags) expect(Object.keys(flag).filter((name) => !['key', 'value', 'variant', 'reason', 'metadata'].includes(name))).toEqual([]);
    expect(await pataka.client.send('POST', '/ofrep/v1/evaluate/flags/secret_plan', { body: { context: {} } })).toMatchObject({ status: 404, body: { errorCode: 'FLAG_NOT_FOUND' } });
  });

  it('ends for a key within seconds of its revocation, open streams included', async () => {
    const { id, token } = await pataka.admin.post<{ id: string; token: string }>('/api/keys', { name: 'short-lived', kind: 'client', environment: 'production' });
    const holder = pataka.admin.as(token);
    const evaluates = async (): Promise<number> => (await holder.send('POST', '/ofrep/v1/evaluate/flags', { body: { context: { targetingKey: 'x' } } })).status;
    await until('the key works', async () => (await evaluates()) === 200);
    const stream = await fetch(`${pataka.url}/v1/stream`, { headers: { authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(10_000) });
    const ended = stream.text().then(() => true);
    await pataka.admin.ask('DELETE', `/api/keys/${id}`);
    await until('evaluation is refused', async () => (await evaluates()) === 401, 5_000);
    await expect(ended).resolves.toBe(true);
  });

  it('takes X-API-Key as well as a bearer token, and the same answer to HEAD as to GET', async () => {
    expect((await pataka.admin.as(null).send('GET', '/api/session', { headers: { 'x-api-key': pataka.tokens.admin } })).body).toMatchObject({ role: 'admin' });
    expect((await pataka.admin.as(null).send('HEAD', '/api/flags')).status).toBe(401);
    expect((await pataka.admin.send('HEAD', '/api/flags')).status).toBe(200);
  });

  it('writes no secret to its log', async () => {
    for (const token of [...tokens.values()].filter((one) => one !== null && one.length > 30)) expect(pataka.tail(100_000)).not.toContain(token);
  });
});
