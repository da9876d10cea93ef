import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { topics, type AccessChange, type Member, type Principal } from '@pataka/contracts';
import { Database, decodeBatch } from '@pataka/event-sourcing';
import { AccessDirectory, type Infrastructure, loadPlatformConfig, openInfrastructure, ownDatabase, type OwnDatabase, type Service, signSession } from '@pataka/platform';
import { openService } from '../app.module';
import { TestProvider } from './oidc-provider.contract';

const ADMIN = `test-admin-${randomBytes(24).toString('hex')}`;
const GOOD = 'monsoon lantern seven';
const provider = new TestProvider();

let own: OwnDatabase;
let database: Database;
let service: Service;
let infrastructure: Infrastructure;
let origin: string;

beforeAll(async () => {
  own = await ownDatabase();
  database = Database.create({ url: own.url, name: 'test', migrations: [] });
  await provider.start();
  const config = loadPlatformConfig({
    DATABASE_URL: own.url, LOG_LEVEL: 'error', PATAKA_ADMIN_TOKEN: ADMIN, PATAKA_SERVER_KEY: 'a-server-key-of-the-test', PATAKA_CLIENT_KEY: 'a-client-key-of-the-test',
    PATAKA_PUBLIC_URL: 'https://flags.example.org', PATAKA_OIDC_ISSUER: provider.issuer, PATAKA_OIDC_CLIENT_ID: provider.clientId, PATAKA_OIDC_CLIENT_SECRET: provider.clientSecret,
    PATAKA_OIDC_ROLE_CLAIM: 'realm.groups', PATAKA_OIDC_ROLES: 'ops=admin,fleet=fleet_manager',
  });
  infrastructure = await openInfrastructure(config, 'flag-admin');
  service = await openService(config, infrastructure, () => undefined);
  origin = `http://127.0.0.1:${await service.listen(0, '127.0.0.1')}`;
});
afterAll(async () => {
  await service?.close();
  await database?.close();
  provider.stop();
  await own?.dispose();
});

interface Answer { status: number; headers: Headers; body: Record<string, unknown>; cookies: string[] }
interface Ask { body?: unknown; token?: string | null; cookie?: string; headers?: Record<string, string>; from?: string }

const PAGE = { 'x-pataka-csrf': '1', 'sec-fetch-site': 'same-origin' };
const ask = async (method: string, path: string, { body, token = null, cookie, headers = PAGE, from }: Ask = {}): Promise<Answer> => {
  const response = await fetch(`${origin}${path}`, {
    method, redirect: 'manual', headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...(cookie === undefined ? {} : { cookie }), ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(from === undefined ? {} : { 'x-forwarded-for': from }), ...headers,
    }, ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: (text.startsWith('{') ? JSON.parse(text) : {}) as Answer['body'], cookies: response.headers.getSetCookie() };
};
const jar = ({ cookies }: Answer): string => cookies.map((cookie) => cookie.split(';')[0]).join('; ');
let place = 1;
const elsewhere = (): string => `198.51.100.${(place += 1)}`;
const member = async (email: string, role = 'viewer'): Promise<Member> => {
  const made = await ask('POST', '/api/members', { token: ADMIN, body: { email, name: 'Asha Kulkarni', role, password: GOOD } });
  if (made.status !== 201) throw new Error(JSON.stringify(made.body));
  return made.body as unknown as Member;
};
const signIn = (email: string, password = GOOD, from = elsewhere()): Promise<Answer> => ask('POST', '/api/session', { body: { email, password }, from });
const accessChanges = async (): Promise<AccessChange[]> => {
  const changes: AccessChange[] = [];
  for await (const batch of infrastructure.log.read(topics.accessChanges.name, 0, '0')) changes.push(...decodeBatch(batch).events.map((event) => event.data as unknown as AccessChange));
  return changes;
};
const until = async <Value>(look: () => Promise<Value | false>): Promise<Value> => {
  for (const end = Date.now() + 10_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 30))) {
    const seen = await look();
    if (seen !== false) return seen;
  }
  throw new Error('it has not happened');
};

describe('members', () => {
  it('are none at first: then a page asks for the admin token', async () => {
    expect((await ask('GET', '/api/session/options')).body).toEqual({ firstRun: true, password: true, oidc: { name: '127.0.0.1' } });
    const first = await ask('POST', '/api/members', { token: ADMIN, body: { email: 'first@fleetflow.in', name: 'First', role: 'admin', password: GOOD } });
    expect([first.status, first.body['role'], JSON.stringify(first.body).includes('lantern')]).toEqual([201, 'admin', false]);
    expect((await ask('GET', '/api/session/options')).body).toMatchObject({ firstRun: false });
  });

  it.each([
    ['no address', { email: 'asha' }, ['/email']], ['an address that is taken, in another case', { email: 'FIRST@fleetflow.in' }, ['/email']], ['an unknown role', { role: 'owner' }, ['/role']],
    ['a short password', { password: 'short' }, ['/password']], ['one that everybody tries', { password: 'password1234' }, ['/password']], ['one of the own name', { password: 'KulkarniAsha1' }, ['/password']],
    ['one that repeats itself', { password: 'abababababababab' }, ['/password']], ['a member nobody knows', { admin: true }, ['/admin']], ['no name', { name: '' }, ['/name']],
  ])('are refused with %s', async (_name, more, pointers) => {
    const answer = await ask('POST', '/api/members', { token: ADMIN, body: { email: 'asha@fleetflow.in', name: 'Asha Kulkarni', role: 'viewer', password: GOOD, ...more } });
    expect([answer.status, (answer.body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer)]).toEqual([400, pointers]);
  });

  it('keep the last admin who can sign in', async () => {
    const list = (await ask('GET', '/api/members', { token: ADMIN })).body['items'] as Member[];
    const first = list.find(({ email }) => email === 'first@fleetflow.in')!;
    expect((await ask('DELETE', `/api/members/${first.id}`, { token: ADMIN })).status).toBe(409);
    expect((await ask('PATCH', `/api/members/${first.id}`, { token: ADMIN, body: { role: 'viewer' }, headers: { 'if-match': '*' } })).status).toBe(409);
    const invited = await ask('POST', '/api/members', { token: ADMIN, body: { email: 'second@fleetflow.in', name: 'Second', role: 'admin' } });
    // Who has not chosen a password yet cannot let anybody in.
    expect((await ask('DELETE', `/api/members/${first.id}`, { token: ADMIN })).status).toBe(409);
    const { token } = invited.body['invitation'] as { token: string };
    const joined = await ask('POST', '/api/session/join', { body: { token, password: GOOD } });
    expect([joined.status, joined.body['role']]).toEqual([200, 'admin']);
    expect((await ask('POST', '/api/session/join', { body: { token, password: GOOD } })).status).toBe(401);
    expect((await ask('DELETE', `/api/members/${first.id}`, { token: ADMIN })).status).toBe(204);
    expect((await signIn('first@fleetflow.in')).status).toBe(401);
  });

  it('are published without name, address or password, and their hash is Argon2id in one table alone', async () => {
    const { id } = await member('private@fleetflow.in');
    await until(async () => (await accessChanges()).some((change) => change.id === id) && true);
    const published = JSON.stringify(await accessChanges());
    for (const secret of ['private@fleetflow.in', 'Kulkarni', 'lantern', '$argon2']) expect(published).not.toContain(secret);
    const [row] = await database.query<{ hash: string }>('SELECT hash FROM flag_admin.passwords WHERE member = $1', [id]);
    expect(row?.hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    const everything = await database.query<{ text: string }>(`SELECT string_agg(data::text, '') AS text FROM flag_admin.events`);
    expect(everything[0]?.text).not.toContain('$argon2');
  });
});

describe('a session', () => {
  beforeAll(() => member('asha@fleetflow.in', 'fleet_manager'));

  it('is kept in cookies that no script reads and no other site sends', async () => {
    const { status, cookies, body } = await signIn('Asha@FleetFlow.in');
    expect([status, body['role'], body['email']]).toEqual([200, 'fleet_manager', 'asha@fleetflow.in']);
    expect(cookies.map((cookie) => cookie.replace(/=[^;]+/, '='))).toEqual([
      '__Host-pataka_session=; Path=/; Max-Age=300; HttpOnly; SameSite=Strict; Secure', '__Secure-pataka_renewal=; Path=/api/session; Max-Age=1209600; HttpOnly; SameSite=Strict; Secure',
    ]);
  });

  it('has the role of its member, in writes too, and is who events name', async () => {
    const signedIn = await signIn('asha@fleetflow.in');
    const cookie = jar(signedIn);
    expect((await ask('GET', '/api/session', { cookie })).body).toMatchObject({ role: 'fleet_manager', name: 'Asha Kulkarni' });
    const made = await ask('POST', '/api/flags', { cookie, body: { key: 'by_a_member', type: 'BOOLEAN', defaultValue: false } });
    expect([made.status, made.body['createdBy']]).toEqual([201, signedIn.body['subject']]);
    expect((await ask('POST', '/api/keys', { cookie, body: { name: 'x', kind: 'server', environment: 'production' } })).status).toBe(403);
  });

  it.each<[string, Record<string, string>]>([
    ['without the header of our pages', { 'sec-fetch-site': 'same-origin' }], ['from another site', { ...PAGE, 'sec-fetch-site': 'cross-site' }], ['from a sister domain', { ...PAGE, 'sec-fetch-site': 'same-site' }],
    ['from another origin, of a browser that says no more', { 'x-pataka-csrf': '1', origin: 'https://evil.example' }], ['from a page without an origin', { 'x-pataka-csrf': '1', origin: 'null' }],
  ])('does not write for a page %s', async (_name, headers) => {
    const cookie = jar(await signIn('asha@fleetflow.in'));
    expect((await ask('POST', '/api/flags', { cookie, headers, body: { key: 'forged', type: 'BOOLEAN', defaultValue: false } })).status).toBe(403);
    expect((await ask('POST', '/api/session', { headers, body: { email: 'asha@fleetflow.in', password: GOOD }, from: elsewhere() })).status).toBe(403);
    expect((await ask('GET', '/api/flags/forged', { token: ADMIN })).status).toBe(404);
  });

  it('takes an origin that is its own, and needs nothing of it with a token', async () => {
    const cookie = jar(await signIn('asha@fleetflow.in'));
    expect((await ask('POST', '/api/flags/by_a_member/activate', { cookie, headers: { 'x-pataka-csrf': '1', origin } })).status).toBe(200);
    expect((await ask('POST', '/api/flags/by_a_member/deactivate', { token: ADMIN, headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(200);
  });

  it('is renewed, and over everywhere once its member signs out', async () => {
    const cookie = jar(await signIn('asha@fleetflow.in'));
    const renewed = await ask('POST', '/api/session/renewal', { cookie });
    expect([renewed.status, renewed.cookies.length]).toEqual([200, 2]);
    const other = new AccessDirectory();
    const out = await ask('DELETE', '/api/session', { cookie });
    expect([out.status, out.cookies.every((one) => one.includes('Max-Age=0'))]).toEqual([204, true]);
    expect((await ask('GET', '/api/session', { cookie })).status).toBe(401);
    expect((await ask('POST', '/api/session/renewal', { cookie })).status).toBe(401);
    // Another service knows it from the topic alone.
    const token = /__Host-pataka_session=([^;]+)/.exec(cookie)?.[1] ?? '';
    await until(async () => (await accessChanges()).some((change) => change.kind === 'session' && change.change === 'revoked') && true);
    const changes = await accessChanges();
    changes.filter(({ kind }) => kind !== 'session').forEach((change, index) => other.apply(change, index + 1));
    expect(other.authenticateSession(token)).toMatchObject({ role: 'fleet_manager' });
    changes.forEach((change, index) => other.apply(change, index + 1));
    expect(other.authenticateSession(token)).toBeNull();
  });

  it('ends with its member, with a role it has no longer, and with another password', async () => {
    const { id } = await member('leaving@fleetflow.in', 'fleet_manager');
    const cookie = jar(await signIn('leaving@fleetflow.in'));
    expect((await ask('PATCH', `/api/members/${id}`, { token: ADMIN, body: { role: 'viewer' }, headers: { 'if-match': '*' } })).status).toBe(200);
    expect((await ask('POST', '/api/flags', { cookie, body: { key: 'late', type: 'BOOLEAN', defaultValue: false } })).status).toBe(403);
    expect((await ask('PUT', `/api/members/${id}/password`, { token: ADMIN, body: { password: 'another lantern eight' } })).status).toBe(204);
    expect([(await ask('GET', '/api/session', { cookie })).status, (await ask('POST', '/api/session/renewal', { cookie })).status]).toEqual([401, 401]);
    const again = jar(await signIn('leaving@fleetflow.in', 'another lantern eight'));
    expect((await ask('GET', '/api/session', { cookie: again })).status).toBe(200);
    expect((await ask('DELETE', `/api/members/${id}`, { token: ADMIN })).status).toBe(204);
    expect([(await ask('GET', '/api/session', { cookie: again })).status, (await ask('POST', '/api/session/renewal', { cookie: again })).status]).toEqual([401, 401]);
  });

  it('goes on as a new one when its member changes the password, and the others end', async () => {
    await member('careful@fleetflow.in');
    const [here, there] = [jar(await signIn('careful@fleetflow.in')), jar(await signIn('careful@fleetflow.in'))];
    const wrong = await ask('PUT', '/api/session/password', { cookie: here, body: { currentPassword: 'no', password: 'brand new lantern 9' } });
    expect([wrong.status, (wrong.body['errors'] as { pointer: string }[])[0]?.pointer]).toEqual([400, '/currentPassword']);
    const changed = await ask('PUT', '/api/session/password', { cookie: here, body: { currentPassword: GOOD, password: 'brand new lantern 9' } });
    expect(changed.status).toBe(200);
    expect([(await ask('GET', '/api/session', { cookie: jar(changed) })).status, (await ask('GET', '/api/session', { cookie: there })).status]).toEqual([200, 401]);
    expect((await ask('PUT', '/api/session/password', { token: ADMIN, body: { currentPassword: GOOD, password: GOOD } })).status).toBe(409);
  });

  it('is told of in the audit trail: in, refused, out', async () => {
    const { id } = await member('watched@fleetflow.in');
    await signIn('watched@fleetflow.in', 'wrong password here');
    await ask('DELETE', '/api/session', { cookie: jar(await signIn('watched@fleetflow.in')) });
    const types = await until(async () => {
      const rows = await database.query<{ type: string }>(`SELECT type FROM flag_admin.events WHERE data->>'member' = $1`, [id]);
      return rows.length >= 3 && rows.map(({ type }) => type).sort();
    });
    expect(types).toEqual(['session.closed', 'session.opened', 'session.refused']);
  });
});

describe('a token', () => {
  it.each(['none', 'HS256', 'ES256'])('that says it is signed with %s opens nothing', async (alg) => {
    const cookie = jar(await signIn('asha@fleetflow.in'));
    const [header = '', claims = '', signature = ''] = (/__Host-pataka_session=([^;]+)/.exec(cookie)?.[1] ?? '').split('.');
    const forged = Buffer.from(JSON.stringify({ ...(JSON.parse(Buffer.from(header, 'base64url').toString()) as object), alg })).toString('base64url');
    for (const token of [`${forged}.${claims}.${signature}`, `${forged}.${claims}.`, `${header}.${claims}.${'A'.repeat(86)}`]) {
      expect((await ask('GET', '/api/session', { cookie: `__Host-pataka_session=${token}` })).status).toBe(401);
    }
  });

  it('of another key, audience, member or time opens nothing', async () => {
    const answer = await signIn('asha@fleetflow.in');
    const token = /__Host-pataka_session=([^;]+)/.exec(jar(answer))?.[1] ?? '';
    const { kid } = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string };
    const own = generateKeyPairSync('ed25519');
    const now = Date.now() / 1000;
    const claims = { sub: String(answer.body['subject']), sid: 'ses_00000000000000000000', iat: now, exp: now + 300 };
    for (const forged of [signSession(claims, kid, own.privateKey), signSession(claims, 'sgn_unknown', own.privateKey), signSession(claims, '../../etc/passwd', own.privateKey), `${token}x`, token.slice(0, -4)]) {
      expect((await ask('GET', '/api/session', { cookie: `__Host-pataka_session=${forged}` })).status).toBe(401);
    }
    // With a key that is known, but said at the wrong time or of somebody else.
    const directory = new AccessDirectory(() => now * 1000);
    const { x = '' } = own.publicKey.export({ format: 'jwk' });
    directory.apply({ kind: 'signer', change: 'created', actor: 'x', id: 'k', after: { kid: 'k', publicKey: x, until: new Date(now * 1000 + 60_000).toISOString() } }, 1);
    directory.apply({ kind: 'member', change: 'created', actor: 'x', id: 'm', after: { id: 'm', role: 'viewer', createdBy: 'x', createdAt: '', version: 1, validFrom: new Date(now * 1000 - 5_000).toISOString() } }, 2);
    const judged = (more: Partial<typeof claims>): Principal | null => directory.authenticateSession(signSession({ ...claims, sub: 'm', ...more }, 'k', own.privateKey));
    expect(judged({})).toMatchObject({ role: 'viewer', subject: 'm' });
    expect([judged({ exp: now - 1 }), judged({ iat: now + 120 }), judged({ iat: now - 6 }), judged({ sub: 'n' })]).toEqual([null, null, null, null]);
    expect(judged({ iat: now + 30 })).not.toBeNull();
  });
});

describe('guessing', () => {
  it('is slowed down for each account and place, with as little said about accounts that there are not', async () => {
    await member('guarded@fleetflow.in');
    for (const email of ['guarded@fleetflow.in', 'nobody@fleetflow.in']) {
      const from = elsewhere();
      const statuses = [];
      for (let attempt = 0; attempt < 6; attempt += 1) statuses.push(await signIn(email, 'wrong password here', from));
      expect(statuses.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 429]);
      expect(Number(statuses[5]?.headers.get('retry-after'))).toBeGreaterThan(200);
      expect(statuses[0]?.body['detail']).toBe('Address and password do not belong together');
      if (email.startsWith('guarded')) {
        // Not even the right one, from there; the owner still comes in from elsewhere.
        expect([(await signIn(email, GOOD, from)).status, (await signIn(email)).status]).toEqual([429, 200]);
      }
    }
  });

  it('is told of in the audit trail once for a place, an account and a time, without what was typed', async () => {
    const { id } = await member('besieged@fleetflow.in');
    const from = elsewhere();
    const events = (): Promise<{ data: Record<string, unknown> }[]> => database.query(`SELECT data FROM flag_admin.events WHERE type = 'session.throttled' AND data->>'address' = $1 ORDER BY position`, [from]);
    for (let attempt = 0; attempt < 8; attempt += 1) await signIn('besieged@fleetflow.in', 'wrong password here', from);
    const first = await until(async () => { const rows = await events(); return rows.length > 0 && rows; });
    expect(first.map(({ data }) => data)).toEqual([{ id: expect.stringMatching(/^thr_/), member: id, limit: 'pair', address: from, until: expect.stringMatching(/^\d{4}-/) }]);
    // Guessing on, at ever other accounts: there is no more to tell than that this place is over its limit.
    for (let account = 0; account < 12; account += 1) for (let attempt = 0; attempt < 6; attempt += 1) await signIn(`hunter2-${account}@fleetflow.in`, 'wrong password here', from);
    const rows = await until(async () => { const now = await events(); return now.some(({ data }) => data['limit'] === 'address') && now; });
    expect(rows.length).toBeLessThanOrEqual(8);
    expect(JSON.stringify(rows)).not.toContain('hunter2');
  }, 120_000);

  it('is no faster with many at once, and not by writing other addresses into a header', async () => {
    const from = elsewhere();
    const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => signIn('asha@fleetflow.in', 'wrong password here', `203.0.113.${index}, ${from}`)));
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(5);
  });

  it('learns nothing from how long an answer takes', async () => {
    const { id } = await member('timed@fleetflow.in');
    expect(id).toBeDefined();
    const times: Record<string, number[]> = { 'timed@fleetflow.in': [], 'nobody-there@fleetflow.in': [] };
    for (let round = 0; round < 15; round += 1) {
      for (const email of Object.keys(times)) {
        const start = performance.now();
        await signIn(email, `wrong password ${round}`);
        times[email]!.push(performance.now() - start);
      }
    }
    // The fastest of each: a busy machine makes answers slower, never faster.
    const [known = 0, unknown = 0] = Object.values(times).map((values) => Math.min(...values));
    expect(unknown / known).toBeGreaterThan(0.6);
    expect(unknown / known).toBeLessThan(1.6);
  });
});

describe('an OpenID provider', () => {
  const browser = async (path: string): Promise<{ answer: Answer; cookie: string }> => {
    const begun = await ask('GET', path, { headers: {}, from: elsewhere() });
    const cookie = jar(begun);
    const there = await fetch(begun.headers.get('location') ?? '', { redirect: 'manual' });
    const back = new URL(there.headers.get('location') ?? '');
    return { answer: await ask('GET', `${back.pathname}${back.search}`, { cookie, headers: {}, from: elsewhere() }), cookie: `${back.pathname}${back.search}` };
  };
  beforeEach(() => {
    provider.spoilt = {};
    provider.person = { sub: 'u-1', email: 'ravi@fleetflow.in', email_verified: true, name: 'Ravi', realm: { groups: ['staff', 'fleet', 'ops'] } };
  });

  it('signs people in with the highest role its claims are mapped to, and keeps it as the provider says', async () => {
    const { answer } = await browser('/api/session/oidc?returnTo=%2Fexperiments%3Fstatus%3DACTIVE');
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/experiments?status=ACTIVE']);
    const cookie = jar(answer);
    const session = (await ask('GET', '/api/session', { cookie })).body;
    expect(session).toMatchObject({ role: 'admin', email: 'ravi@fleetflow.in', name: 'Ravi' });
    provider.person = { ...provider.person, name: 'Ravi K', realm: { groups: ['fleet'] } };
    expect((await ask('GET', '/api/session', { cookie: jar((await browser('/api/session/oidc')).answer) })).body).toMatchObject({ role: 'fleet_manager', name: 'Ravi K', subject: session['subject'] });
    expect((await ask('GET', '/api/session', { cookie })).body).toMatchObject({ role: 'fleet_manager' });
  });

  it('is taken at its word about an address only where it has verified it', async () => {
    const { id } = await member('known@fleetflow.in');
    provider.person = { ...provider.person, sub: 'u-2', email: 'known@fleetflow.in', email_verified: false };
    expect((await browser('/api/session/oidc')).answer.headers.get('location')).toBe('/sign-in?error=validation');
    provider.person = { ...provider.person, email_verified: true };
    expect((await ask('GET', '/api/session', { cookie: jar((await browser('/api/session/oidc')).answer) })).body['subject']).toBe(id);
  });

  it.each<[string, TestProvider['spoilt']]>([
    ['another nonce', { claims: { nonce: 'other' } }], ['another issuer', { claims: { iss: 'https://evil.example' } }], ['another audience', { claims: { aud: 'someone-else' } }],
    ['an expired token', { claims: { exp: 1 } }], ['no signature', { alg: 'none' }], ['a signature of another key', { otherKey: true }],
  ])('is refused with %s', async (_name, spoilt) => {
    provider.spoilt = spoilt;
    const { answer } = await browser('/api/session/oidc');
    expect([answer.headers.get('location'), answer.cookies.some((cookie) => cookie.startsWith('__Host-'))]).toEqual(['/sign-in?error=unauthenticated', false]);
  });

  it('leads back to the sign-in page, which says why, when the provider is told no or does not answer', async () => {
    provider.denies = true;
    const { answer } = await browser('/api/session/oidc').finally(() => { provider.denies = false; });
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/sign-in?error=denied']);
    const from = elsewhere();
    const begun = [];
    for (let attempt = 0; attempt < 41; attempt += 1) begun.push(await ask('GET', '/api/session/oidc?returnTo=%2Flive', { headers: {}, from }));
    expect([begun[0]?.headers.get('location')?.startsWith(provider.issuer), begun[40]?.status, begun[40]?.headers.get('location')]).toEqual([true, 302, '/sign-in?error=rate-limited&to=%2Flive']);
  });

  it('lets nobody in without a role, with a state of somebody else, twice, or to another site', async () => {
    provider.person = { ...provider.person, realm: { groups: ['staff'] } };
    expect((await browser('/api/session/oidc')).answer.headers.get('location')).toBe('/sign-in?error=forbidden');
    provider.person = { ...provider.person, realm: { groups: ['fleet'] } };
    const { answer, cookie: path } = await browser('/api/session/oidc?returnTo=%2F%2Fevil.example');
    expect(answer.headers.get('location')).toBe('/');
    expect((await ask('GET', path, { headers: {} })).headers.get('location')).toBe('/sign-in?error=unauthenticated');
    const begun = await ask('GET', '/api/session/oidc', { headers: {}, from: elsewhere() });
    expect((await ask('GET', '/api/session/oidc/callback?code=x&state=y', { cookie: jar(begun), headers: {} })).headers.get('location')).toBe('/sign-in?error=unauthenticated');
    expect(begun.cookies[0]).toMatch(/^__Secure-pataka_oidc=[^;]+; Path=\/api\/session\/oidc; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/);
  });
});
