import { setTimeout as sleep } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { routes, topics, type AccessChange, type Experiment, type ExperimentChange, type ExperimentEvent, type Flag, type FlagChange, type SegmentChange } from '@pataka/contracts';
import { deadLetterRecord, decodeBatch, encodeEvent, encodeEventBatch, cloudEventJson, uuidv7, type LogRecord, type ProjectionStatus, type ReceivedEvent } from '@pataka/event-sourcing';
import { type Infrastructure, loadPlatformConfig, openInfrastructure, ownDatabase, type OwnDatabase, type Service } from '@pataka/platform';
import { openOperations, openService } from './app.module';
import type { Bootstrap } from './bootstrap';
import { EXPERIMENT_FLAGS } from './experiments/experiment-flags.process';

const ADMIN = `test-admin-${randomBytes(24).toString('hex')}`;
const SERVER = `test-server-${randomBytes(24).toString('hex')}`;

let own: OwnDatabase;

beforeAll(async () => {
  own = await ownDatabase();
});
afterAll(async () => {
  await own?.dispose();
});

interface Running { service: Service; infrastructure: Infrastructure; origin: string; bootstrap: Bootstrap | null }

const open = async (variables: Record<string, string> = { PATAKA_ADMIN_TOKEN: ADMIN, PATAKA_SERVER_KEY: SERVER }): Promise<Running> => {
  const config = loadPlatformConfig({ DATABASE_URL: own.url, LOG_LEVEL: 'error', ...variables });
  const infrastructure = await openInfrastructure(config, 'flag-admin');
  let bootstrap: Bootstrap | null = null;
  const service = await openService(config, infrastructure, (made) => { bootstrap = made; });
  const port = await service.listen(0, '127.0.0.1');
  return { service, infrastructure, origin: `http://127.0.0.1:${port}`, bootstrap };
};

interface Answer { status: number; headers: Headers; body: Record<string, unknown> }
interface Ask { body?: unknown; token?: string | null; ifMatch?: number | string; headers?: Record<string, string> }

let running: Running;
const headersOf = (token: string | null, body: unknown, ifMatch: Ask['ifMatch']): Record<string, string> => ({
  ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  ...(ifMatch === undefined ? {} : { 'if-match': typeof ifMatch === 'number' ? `"${ifMatch}"` : ifMatch }),
});
const ask = async (method: string, path: string, { body, token = ADMIN, ifMatch, headers = {} }: Ask = {}): Promise<Answer> => {
  const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
  const response = await fetch(`${running.origin}${path}`, { method, headers: { ...headersOf(token, body, ifMatch), ...headers }, ...sent });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: (text === '' ? {} : JSON.parse(text)) as Answer['body'] };
};
const pointers = (answer: Answer): string[] => ((answer.body['errors'] ?? []) as { pointer: string }[]).map((fault) => fault.pointer).sort();
const until = async <Value>(look: () => Promise<Value | null | undefined | false>): Promise<Value> => {
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(50)) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
  }
  throw new Error('it has not happened');
};
const eventsOn = async (topic: string): Promise<ReceivedEvent[]> => {
  const events: ReceivedEvent[] = [];
  for await (const batch of running.infrastructure.log.read(topic, 0, '0')) events.push(...decodeBatch(batch).events);
  return events;
};
const eventsAgain = async (topic: string, from: string): Promise<string[]> => {
  const values: string[] = [];
  for await (const { records } of running.infrastructure.log.read(topic, 0, from)) values.push(...records.map(({ value }) => value?.toString() ?? ''));
  return values;
};
const relayed = async (): Promise<void> => {
  const audit = await until(async () => {
    const counts = await Promise.all([topics.flagChanges, topics.segmentChanges, topics.accessChanges].map(async ({ name }) => (await eventsOn(name)).length));
    const last = await running.infrastructure.log.offsets(topics.flagChanges.name);
    return last.length > 0 && counts.reduce((sum, count) => sum + count, 0) === (await everything()).length;
  });
  expect(audit).toBe(true);
};
const everything = async (): Promise<{ position: number; stream: string; type: string }[]> => {
  const items: { position: number; stream: string; type: string }[] = [];
  for (let path = '/api/audit?limit=200'; ;) {
    const { body } = await ask('GET', path);
    items.push(...(body['items'] as typeof items));
    if (body['nextCursor'] === null) return items;
    path = `/api/audit?limit=200&cursor=${String(body['nextCursor'])}`;
  }
};

describe('flag-admin over PostgreSQL', () => {
  beforeAll(async () => { running = await open(); });
  afterAll(async () => { await running.service.close(); });

  describe('the first start', () => {
    it('makes the environments and the tree of India', async () => {
      expect((await ask('GET', '/api/environments')).body['items']).toMatchObject([{ key: 'development' }, { key: 'production' }, { key: 'staging' }]);
      expect((await ask('GET', '/api/regions?limit=200')).body['items']).toHaveLength(67);
      expect((await ask('GET', '/api/regions/pune')).body).toMatchObject({ parent: 'maharashtra', kind: 'city', version: 1 });
    });

    it('tells of every event in either order, page by page', async () => {
      const oldest = (await everything()).map(({ position }) => position);
      const newest: number[] = [];
      for (let path: string | null = '/api/audit?order=desc&limit=50'; path !== null; ) {
        const { body } = await ask('GET', path);
        newest.push(...(body['items'] as { position: number }[]).map(({ position }) => position));
        path = body['nextCursor'] === null ? null : `/api/audit?order=desc&limit=50&cursor=${String(body['nextCursor'])}`;
      }
      expect(newest).toEqual(oldest.toReversed());
      expect((await ask('GET', '/api/audit?order=sideways')).status).toBe(400);
    });

    it('takes keys from the configuration and makes up the others, whose secret it tells once', async () => {
      expect(running.bootstrap?.printed.map((one) => one.name)).toEqual(['PATAKA_CLIENT_KEY']);
      const token = running.bootstrap?.printed[0]?.token ?? '';
      expect((await ask('GET', '/api/session', { token })).body).toMatchObject({ kind: 'client', environment: 'production', keyId: 'bootstrap-client' });
      expect((await ask('GET', '/api/session', { token: SERVER })).body).toMatchObject({ kind: 'server' });
    });

    it('keeps every secret as a hash alone', async () => {
      await relayed();
      const written = JSON.stringify([await everything(), await eventsOn(topics.accessChanges.name), (await ask('GET', '/api/keys')).body]);
      for (const secret of [ADMIN, SERVER, running.bootstrap?.printed[0]?.token ?? 'none']) expect(written).not.toContain(secret);
      expect(JSON.stringify((await ask('GET', '/api/keys')).body)).not.toContain('hash');
    });
  });

  describe('flags', () => {
    it('are made, read, listed and changed', async () => {
      const made = await ask('POST', '/api/flags', { body: { key: 'upi_autopay', type: 'BOOLEAN', defaultValue: false, tags: ['payments'] }, headers: { 'x-reason': 'pilot' } });
      expect([made.status, made.headers.get('location'), made.headers.get('etag')]).toEqual([201, '/api/flags/upi_autopay', '"1"']);
      expect(made.body).toMatchObject({ key: 'upi_autopay', status: 'INACTIVE', version: 1, evaluationCount: 0, lastEvaluated: null, createdBy: 'bootstrap-admin' });

      const rules = [{ id: 'r-mumbai', conditions: [{ attribute: 'region', operator: 'within', value: 'maharashtra' }], percentage: 12.5, value: true }];
      const placed = await ask('PUT', '/api/flags/upi_autopay/environments/production', { body: { enabled: true, rules }, ifMatch: 1 });
      expect([placed.status, placed.headers.get('etag')]).toEqual([200, '"2"']);
      expect((await ask('PATCH', '/api/flags/upi_autopay', { body: { name: 'UPI Autopay' }, ifMatch: 2 })).body).toMatchObject({ name: 'UPI Autopay', version: 3 });
      expect((await ask('POST', '/api/flags/upi_autopay/activate')).body).toMatchObject({ status: 'ACTIVE', version: 4 });

      const read = await ask('GET', '/api/flags/upi_autopay');
      expect([read.status, read.headers.get('etag'), read.body['environments']]).toEqual([200, '"4"', { production: { enabled: true, rules } }]);
      const list = await ask('GET', '/api/flags?tag=payments&status=ACTIVE&type=BOOLEAN&search=autopay&environment=production');
      expect((list.body['items'] as Flag[]).map((flag) => flag.key)).toEqual(['upi_autopay']);
      expect((await ask('GET', '/api/flags?tag=none')).body).toEqual({ items: [], nextCursor: null });
    });

    it('are listed page by page', async () => {
      for (const key of ['page_a', 'page_b', 'page_c']) await ask('POST', '/api/flags', { body: { key, type: 'STRING', defaultValue: 'x', tags: ['paged'] } });
      const first = await ask('GET', '/api/flags?tag=paged&limit=2');
      expect((first.body['items'] as Flag[]).map((flag) => flag.key)).toEqual(['page_a', 'page_b']);
      const next = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
      expect((await ask('GET', next)).body).toMatchObject({ items: [{ key: 'page_c' }], nextCursor: null });
      expect(pointers(await ask('GET', '/api/flags?cursor=%21'))).toEqual(['/cursor']);
      expect(pointers(await ask('GET', '/api/flags?limit=0'))).toEqual(['/limit']);
    });

    it('that are there already, in whatever case, are refused', async () => {
      for (const key of ['page_a', 'PAGE_A']) {
        const refused = await ask('POST', '/api/flags', { body: { key, type: 'STRING', defaultValue: 'x' } });
        expect([refused.status, refused.body['code'], refused.headers.get('content-type')]).toEqual([409, 'already-exists', expect.stringContaining('application/problem+json')]);
      }
    });

    it('with faults are refused with all of them, and nothing is stored', async () => {
      const before = (await everything()).length;
      const refused = await ask('POST', '/api/flags', {
        body: '{"key":"bad","type":"NUMBER","defaultValue":"x","colour":1,"prerequisites":[{"flag":"nobody","value":true}],"environments":{"moon":{"enabled":true,"rules":[]},"production":{"enabled":true,"rules":[{"id":"r"}]}}}',
      });
      expect([refused.status, refused.body['code']]).toEqual([400, 'validation']);
      expect(pointers(refused)).toEqual(['/colour', '/defaultValue', '/environments/moon', '/environments/production/rules/0/value', '/prerequisites/0/flag']);
      expect(pointers(await ask('POST', '/api/flags', { body: '{"key":"bad","type":"NUMBER","defaultValue":9007199254740993}' }))).toEqual(['/defaultValue']);
      expect((await ask('GET', '/api/flags/bad')).status).toBe(404);
      expect((await everything()).length).toBe(before);
    });

    it('need If-Match where a change could be lost', async () => {
      const settings = { enabled: true, rules: [] };
      for (const [method, path, body] of [['PATCH', '', { name: 'x' }], ['DELETE', '', undefined], ['PUT', '/environments/production', settings]] as const) {
        const body_ = body === undefined ? {} : { body };
        expect((await ask(method, `/api/flags/page_a${path}`, body_)).status).toBe(428);
        const stale = await ask(method, `/api/flags/page_a${path}`, { ...body_, ifMatch: 99 });
        expect([stale.status, stale.body['code'], stale.body['currentVersion']]).toEqual([412, 'version-conflict', 1]);
      }
      const both = await Promise.all([1, 2].map((n) => ask('PATCH', '/api/flags/page_b', { body: { name: `writer ${n}` }, ifMatch: 1 })));
      expect(both.map((answer) => answer.status).sort()).toEqual([200, 412]);
    });

    it('are made once however often the request comes', async () => {
      const request = { body: { key: 'once', type: 'BOOLEAN', defaultValue: true }, headers: { 'idempotency-key': 'once-1' } };
      const answers = [await ask('POST', '/api/flags', request), await ask('POST', '/api/flags', request)];
      expect(answers.map((answer) => [answer.status, answer.headers.get('etag')])).toEqual([[201, '"1"'], [201, '"1"']]);
      expect(answers[1]?.body).toEqual(answers[0]?.body);
      const other = await ask('POST', '/api/flags', { ...request, body: { ...request.body, key: 'twice' } });
      expect([other.status, other.body['code']]).toEqual([409, 'idempotency-key-reused']);
    });

    it('tell what happened to them, by whom and why', async () => {
      const { body } = await ask('GET', '/api/flags/upi_autopay/history?limit=2');
      expect(body['items']).toMatchObject([
        { type: 'flag.created', version: 1, actor: 'bootstrap-admin', reason: 'pilot', at: expect.stringMatching(/Z$/) },
        { type: 'flag.environment-changed', version: 2, data: { environment: 'production' } },
      ]);
      const rest = await ask('GET', `/api/flags/upi_autopay/history?cursor=${String(body['nextCursor'])}`);
      expect((rest.body['items'] as { version: number }[]).map((event) => event.version)).toEqual([3, 4]);
      expect((await ask('GET', '/api/flags/nobody/history')).status).toBe(404);
    });

    it('can be seen as they were', async () => {
      const { body } = await ask('GET', '/api/flags/upi_autopay/history');
      const instants = (body['items'] as { at: string }[]).map((event) => event.at);
      const then = await ask('GET', `/api/flags/upi_autopay?at=${encodeURIComponent(instants[1] ?? '')}`);
      expect([then.headers.get('etag'), then.body['version'], then.body['name'], then.body['status']]).toEqual(['"2"', 2, 'upi_autopay', 'INACTIVE']);
      expect((await ask('GET', '/api/flags/upi_autopay?at=2020-01-01T05:30:00%2B05:30')).status).toBe(404);
      expect(pointers(await ask('GET', '/api/flags/upi_autopay?at=yesterday'))).toEqual(['/at']);
    });

    it('cannot need each other in a circle', async () => {
      await ask('POST', '/api/flags', { body: { key: 'base', type: 'BOOLEAN', defaultValue: true } });
      await ask('POST', '/api/flags', { body: { key: 'middle', type: 'BOOLEAN', defaultValue: true, prerequisites: [{ flag: 'base', value: true }] } });
      const circle = await ask('PATCH', '/api/flags/base', { body: { prerequisites: [{ flag: 'middle', value: true }] }, ifMatch: 1 });
      expect([circle.status, circle.body['code'], pointers(circle)]).toEqual([400, 'prerequisite-cycle', ['/prerequisites/0/flag']]);
    });

    it('are archived for good, but not while others need them', async () => {
      const needed = await ask('DELETE', '/api/flags/base', { ifMatch: 1 });
      expect([needed.status, needed.body['code'], needed.body['dependents']]).toEqual([409, 'has-dependents', ['middle']]);
      expect((await ask('DELETE', '/api/flags/middle', { ifMatch: '*' })).body).toMatchObject({ status: 'ARCHIVED' });
      expect((await ask('POST', '/api/flags/base/archive')).body).toMatchObject({ status: 'ARCHIVED', version: 2 });
      const again = await ask('POST', '/api/flags/base/activate');
      expect([again.status, again.body['code'], again.body['allowed']]).toEqual([409, 'illegal-transition', []]);
    });

    it('that are not there are 404 with a problem', async () => {
      for (const [method, path] of [['GET', ''], ['PATCH', ''], ['DELETE', ''], ['POST', '/activate'], ['POST', '/archive']] as const) {
        const answer = await ask(method, `/api/flags/no%20such${path}`, { ifMatch: 1, ...(method === 'PATCH' ? { body: {} } : {}) });
        expect([answer.status, answer.body['code']]).toEqual([404, 'flag-not-found']);
      }
    });
  });

  describe('segments, regions and calendars', () => {
    it('are made, replaced and removed', async () => {
      const made = await ask('POST', '/api/segments', { body: { key: 'pilots', included: ['u1'] } });
      expect([made.status, made.headers.get('location'), made.body['version']]).toEqual([201, '/api/segments/pilots', 1]);
      expect((await ask('PUT', '/api/segments/pilots', { body: { name: 'Pilots' } })).status).toBe(428);
      expect((await ask('PUT', '/api/segments/pilots', { body: { name: 'Pilots' }, ifMatch: 1 })).body).toMatchObject({ key: 'pilots', name: 'Pilots', version: 2 });
      expect((await ask('GET', `/api/segments/pilots?at=${String(made.body['createdAt'])}`)).body).toMatchObject({ included: ['u1'], version: 1 });
      expect((await ask('DELETE', '/api/segments/pilots', { ifMatch: 2 })).status).toBe(204);
      expect((await ask('GET', '/api/segments/pilots')).status).toBe(404);
      expect((await ask('POST', '/api/segments', { body: { key: 'Pilots' } })).body).toMatchObject({ version: 1 });
      expect((await ask('GET', '/api/segments/pilots/history')).body['items']).toHaveLength(3);
    });

    it('of a tree stay while something lies below', async () => {
      const refused = await ask('DELETE', '/api/regions/maharashtra', { ifMatch: 1 });
      expect([refused.status, refused.body['code']]).toEqual([409, 'has-dependents']);
      expect(pointers(await ask('PUT', '/api/regions/west', { body: { parent: 'pune' }, ifMatch: 1 }))).toEqual(['/parent']);
      expect((await ask('POST', '/api/regions', { body: { key: 'hinjewadi', parent: 'pune', kind: 'other' } })).status).toBe(201);
    });

    it('with faults are refused with all of them', async () => {
      expect(pointers(await ask('POST', '/api/calendars', { body: { key: 'c', timezone: 'Mars', periods: [{ from: '2026-02-30', until: '2026-01-01' }] } }))).toEqual(['/periods/0/from', '/periods/0/until', '/timezone']);
      expect(pointers(await ask('POST', '/api/segments', { body: { key: 'a', conditions: [{ operator: 'in_segment', value: 'a' }] } }))).toEqual(['/conditions']);
    });
  });

  describe('access', () => {
    const tokenOf = async (body: object): Promise<{ id: string; token: string }> => {
      const { id, token } = (await ask('POST', '/api/keys', { body: { name: 'test', ...body } })).body as unknown as { id: string; token: string };
      return { id, token };
    };

    it('is denied by default: every route, every kind of key', async () => {
      const tokens: [string, string][] = [
        ['admin', ADMIN], ['server', SERVER], ['client', running.bootstrap?.printed[0]?.token ?? ''],
        ['fleet_manager', (await tokenOf({ kind: 'management', role: 'fleet_manager' })).token], ['viewer', (await tokenOf({ kind: 'management', role: 'viewer' })).token],
      ];
      const mine = routes.filter((route) => route.service === 'flag-admin' && route.path.startsWith('/api/') && !route.allow.includes('anyone'));
      for (const route of mine) {
        const path = route.path.replace(/\{\w+\}/g, 'none');
        const request = ['POST', 'PUT', 'PATCH'].includes(route.method) ? { body: {} } : {};
        expect([path, (await ask(route.method, path, { ...request, token: null })).status]).toEqual([path, 401]);
        for (const [caller, token] of tokens) {
          const { status } = await ask(route.method, path, { ...request, token });
          const denied = status === 403;
          expect([caller, route.method, path, denied]).toEqual([caller, route.method, path, !(route.allow as readonly string[]).includes(caller)]);
          expect(status).toBeLessThan(500);
        }
      }
    });

    it('ends at once when a key is revoked', async () => {
      const { id, token } = await tokenOf({ kind: 'management', role: 'viewer', expiresAt: '2099-01-01T00:00:00Z' });
      expect((await ask('GET', '/api/flags', { token })).status).toBe(200);
      expect((await ask('DELETE', `/api/keys/${id}`)).status).toBe(204);
      expect((await ask('GET', '/api/flags', { token })).status).toBe(401);
      expect((await ask('DELETE', '/api/keys/none')).status).toBe(404);
    });

    it('tells a secret once, even to a repeated request', async () => {
      const request = { body: { name: 'again', kind: 'server', environment: 'staging' }, headers: { 'idempotency-key': 'key-1' } };
      const [first, second] = [await ask('POST', '/api/keys', request), await ask('POST', '/api/keys', request)];
      expect([first.status, second.status, second.body['id'] === first.body['id']]).toEqual([201, 201, true]);
      expect([typeof first.body['token'], second.body['token']]).toEqual(['string', undefined]);
    });

    it('adds environments, which flags can then name', async () => {
      expect((await ask('POST', '/api/environments', { body: { key: 'qa' } })).status).toBe(201);
      expect((await ask('POST', '/api/environments', { body: { key: 'qa' } })).status).toBe(409);
      expect((await ask('POST', '/api/flags', { body: { key: 'in_qa', type: 'BOOLEAN', defaultValue: true, environments: { qa: { enabled: true, rules: [] } } } })).status).toBe(201);
    });
  });

  describe('the log', () => {
    it('gets each event once, on one topic, with its position', async () => {
      await relayed();
      const events = (await Promise.all([topics.flagChanges, topics.segmentChanges, topics.accessChanges].map(({ name }) => eventsOn(name)))).flat();
      const positions = events.map((event) => event.position ?? 0).sort((left, right) => left - right);
      expect(positions).toEqual((await everything()).map((event) => event.position));
      expect(positions).toEqual(positions.map((_, index) => index + 1));
      expect(new Set(events.map((event) => event.id)).size).toBe(events.length);
    });

    it('gets the whole of what changed', async () => {
      const flag = (await eventsOn(topics.flagChanges.name)).filter((event) => event.subject === 'upi_autopay').at(-1);
      expect([flag?.type, flag?.source, flag?.record.key]).toEqual(['pataka.flag.activated.v1', '/pataka/flag-admin', 'upi_autopay']);
      expect(flag?.data as unknown as FlagChange).toMatchObject({ actor: 'bootstrap-admin', flag: { key: 'upi_autopay', status: 'ACTIVE', version: 4, createdBy: 'bootstrap-admin' } });
      const removed = (await eventsOn(topics.segmentChanges.name)).filter((event) => event.type === 'pataka.segment.removed.v1').map((event) => event.data as unknown as SegmentChange);
      expect(removed).toMatchObject([{ kind: 'segment', change: 'removed', key: 'pilots', after: null }]);
      const access = (await eventsOn(topics.accessChanges.name)).map((event) => event.data as unknown as AccessChange);
      expect(access.find((change) => change.id === 'bootstrap-server')).toMatchObject({ kind: 'key', change: 'created', after: { kind: 'server', environment: 'production', hash: expect.stringMatching(/^[0-9a-f]{64}$/) } });
    });

    it('counts evaluations into the flags, each event once', async () => {
      const { log } = running.infrastructure;
      const event = (count: number, minute: string) => cloudEventJson({ id: uuidv7(), type: 'pataka.evaluation-count.v1', source: '/test', time: minute, subject: 'upi_autopay', data: { flagKey: 'upi_autopay', environment: 'production', minute, count } });
      const first = event(5, '2026-07-01T10:00:00Z');
      const records = (...events: string[]) => encodeEventBatch({ topic: topics.evaluationCounts.name, partition: 0, events });
      await log.publish([...records(first, event(2, '2026-07-01T10:01:00Z')), ...records(first)]);
      const flag = await until(async () => {
        const { body } = await ask('GET', '/api/flags/upi_autopay');
        return body['evaluationCount'] !== 0 && body;
      });
      await sleep(300);
      expect((await ask('GET', '/api/flags/upi_autopay')).body).toMatchObject({ evaluationCount: 7, lastEvaluated: '2026-07-01T10:01:00.000Z', version: flag['version'] });
    });
  });

  describe('an experiment', () => {
    let version = 0;
    const id = 'exp_saga';
    const base: Experiment = {
      id, key: 'saga', type: 'AB_TEST', status: 'DRAFT', environment: 'production', flagKey: 'saga_flag', strategy: { type: 'GRADUAL', audienceSegments: ['pilots'] },
      variants: [{ id: 'control', weight: 0.5, config: 'basic', isControl: true }, { id: 'ai', weight: 0.5, config: 'ai_advanced' }],
      successMetrics: [], guardrailMetrics: [], safetyMetrics: [], linked: false, phase: 1, phases: [], rollout: { percentage: 5, step: 0, nextStepAt: null },
      version: 1, createdBy: 'asha', createdAt: '2026-07-01T00:00:00Z', updatedAt: '2026-07-01T00:00:00Z',
    };
    const happen = async (type: ExperimentEvent['type'], more: Partial<Experiment> = {}, eventId = uuidv7()): Promise<string> => {
      version += 1;
      const experiment = { ...base, ...more, version };
      const data: ExperimentChange = { change: { type, data: {} } as ExperimentEvent, actor: 'asha', experiment };
      await running.infrastructure.log.publish([encodeEvent({
        id: eventId, type: `pataka.${type}.v1`, source: '/pataka/experiment-orchestrator', subject: experiment.id, time: '2026-07-01T00:00:00Z', data, key: experiment.id, topic: topics.experimentEvents.name,
      })]);
      return eventId;
    };
    const flagWhen = (is: (flag: Flag) => boolean): Promise<Flag> => until(async () => {
      const { status, body } = await ask('GET', '/api/flags/saga_flag');
      return status === 200 && is(body as unknown as Flag) && (body as unknown as Flag);
    });
    const ruleOf = (flag: Flag) => flag.environments['production']?.rules[0];

    it('gets its flag, which serves the control', async () => {
      await happen('experiment.created');
      expect(await flagWhen(() => true)).toMatchObject({ experimentId: id, type: 'STRING', status: 'INACTIVE', defaultValue: 'basic', defaultVariant: 'control', createdBy: 'asha', environments: { production: { enabled: true, rules: [] } } });
    });

    it('gets its rule when it starts, and moves it when it ramps', async () => {
      await happen('experiment.started', { status: 'ACTIVE' });
      const started = await flagWhen((flag) => flag.status === 'ACTIVE');
      expect(ruleOf(started)).toMatchObject({ id, salt: id, percentage: 5, experimentId: id, phase: 1, conditions: [{ operator: 'in_segment', value: ['pilots'] }] });
      await happen('experiment.percentage-changed', { status: 'ACTIVE', rollout: { percentage: 50, step: 1, nextStepAt: null } });
      const ramped = await flagWhen((flag) => ruleOf(flag)?.percentage === 50);
      expect(ruleOf(ramped)).toEqual({ ...ruleOf(started), percentage: 50 });
    });

    it('keeps its rule from being changed by hand, but not its flag from being switched off', async () => {
      const flag = await flagWhen(() => true);
      const refused = await ask('PUT', '/api/flags/saga_flag/environments/production', { body: { enabled: true, rules: [] }, ifMatch: '*' });
      expect([refused.status, refused.body['code']]).toEqual([409, 'owned-by-experiment']);
      const off = await ask('PUT', '/api/flags/saga_flag/environments/production', { body: { enabled: false, rules: flag.environments['production']?.rules }, ifMatch: '*' });
      expect(off.status).toBe(200);
      expect((await ask('DELETE', '/api/flags/saga_flag', { ifMatch: '*' })).body['code']).toBe('owned-by-experiment');
    });

    it('takes each event once, and none that has been overtaken', async () => {
      const repeated = await happen('experiment.percentage-changed', { status: 'ACTIVE', rollout: { percentage: 60, step: 2, nextStepAt: null } });
      await happen('experiment.percentage-changed', { status: 'ACTIVE', rollout: { percentage: 70, step: 3, nextStepAt: null } });
      const flag = await flagWhen((one) => ruleOf(one)?.percentage === 70);
      version -= 2;
      await happen('experiment.percentage-changed', { status: 'ACTIVE', rollout: { percentage: 60, step: 2, nextStepAt: null } }, repeated);
      version += 1;
      await happen('experiment.paused', { status: 'PAUSED' });
      await sleep(500);
      expect(await flagWhen(() => true)).toEqual(flag);
    });

    it('leaves its winner as the default', async () => {
      await happen('experiment.completed', { status: 'COMPLETED', winnerVariantId: 'ai' });
      const flag = await flagWhen((one) => one.environments['production']?.rules.length === 0);
      expect(flag).toMatchObject({ status: 'ACTIVE', defaultValue: 'ai_advanced', defaultVariant: 'ai' });
      await happen('experiment.archived', { status: 'ARCHIVED' });
      await flagWhen((one) => one.status === 'ARCHIVED');
    });

    it.each<[string, Partial<Experiment>, string, string]>([
      ['whose flag is there already', { id: 'exp_clash', flagKey: 'upi_autopay' }, 'already-exists', 'upi_autopay'],
      ['whose environment is unknown', { id: 'exp_moon', flagKey: 'moon_flag', environment: 'moon' }, 'validation', 'moon'],
      ['whose audience no flag can have', { id: 'exp_bad', flagKey: 'bad_flag', targetAudience: { conditions: [{ attribute: 'a', operator: 'regex', value: '(' }] } }, 'validation', '/conditions/0/value'],
      ['whose variants disagree', { id: 'exp_mixed', flagKey: 'mixed_flag', variants: [{ id: 'c', weight: 0.5, config: true, isControl: true }, { id: 't', weight: 0.5, config: 'x' }] }, 'validation', '/split/1/value'],
    ])('%s is told so', async (_, more, code, words) => {
      await happen('experiment.created', more);
      const refusal = await until(async () => (await eventsOn(topics.flagChanges.name)).find((event) => (event.data as unknown as FlagChange).change.type === 'experiment-flag.refused' && event.subject === more.flagKey));
      expect(refusal.data).toMatchObject({ actor: 'asha', change: { data: { experimentId: more.id, flagKey: more.flagKey, code, detail: expect.stringContaining(words) } } });
      expect(refusal.type).toBe('pataka.experiment-flag.refused.v1');
    });
  });

  describe('operations', () => {
    const letters = async (query = ''): Promise<Record<string, unknown>[]> => (await ask('GET', `/api/dead-letters?${query}`)).body['items'] as Record<string, unknown>[];
    const failed = (offset: number, minute: number) => {
      const record: LogRecord = { topic: topics.evaluationCounts.name, partition: 0, offset: String(offset), key: 'k', headers: { ce_id: 'x' }, value: Buffer.from(`poison ${offset}`), timestamp: 0 };
      return deadLetterRecord('test-consumer', { record, index: 0, reason: 'it is no JSON' }, `2026-05-01T10:0${minute}:00.000Z`);
    };

    it('list what could not be taken, newest first and each failure once, and publish it again', async () => {
      const before = (await letters()).length;
      const { log } = running.infrastructure;
      await log.publish([failed(1, 1), failed(2, 2), failed(3, 3), failed(1, 4)]);
      await until(async () => (await letters()).length === before + 3);
      const page = await ask('GET', '/api/dead-letters?consumer=test-consumer&limit=2');
      expect(page.body['items']).toMatchObject([{ offset: '3', reason: 'it is no JSON', preview: 'poison 3' }, { offset: '2' }]);
      const rest = await ask('GET', `/api/dead-letters?consumer=test-consumer&limit=2&cursor=${String(page.body['nextCursor'])}`);
      expect([rest.body['items'], rest.body['nextCursor']]).toMatchObject([[{ offset: '1' }], null]);

      const { id } = (rest.body['items'] as { id: string }[])[0]!;
      expect((await ask('GET', `/api/dead-letters/${id}`)).body).toMatchObject({ value: 'poison 1', encoding: 'utf8', headers: { ce_id: 'x' } });
      const [{ high = '0' } = {}] = await log.offsets(topics.evaluationCounts.name);
      expect((await ask('POST', `/api/dead-letters/${id}/replay`)).body).toMatchObject({ id, times: 1, replayedBy: 'bootstrap-admin' });
      const [again] = (await eventsAgain(topics.evaluationCounts.name, high)).slice(-1);
      expect(again).toBe('poison 1');
      expect(await letters('consumer=test-consumer&state=replayed')).toMatchObject([{ id, times: 1 }]);
      expect(await letters('consumer=test-consumer&state=waiting')).toHaveLength(2);
      expect([(await ask('POST', '/api/dead-letters/nobody/replay')).status, pointers(await ask('GET', '/api/dead-letters?state=x'))]).toEqual([404, ['/state']]);
    });

    it('rebuild a projection behind, and tell how far that is', async () => {
      const status = async (name: string): Promise<ProjectionStatus> => ((await ask('GET', '/api/projections/flag-admin')).body['items'] as ProjectionStatus[]).find((one) => one.name === name)!;
      const begun = await ask('POST', '/api/projections/flag-admin/dead-letters/replay');
      expect([begun.status, begun.body]).toMatchObject([202, { state: 'running', startedBy: 'bootstrap-admin' }]);
      const done = await until(async () => { const one = await status('dead-letters'); return one.rebuild?.state === 'done' && one; });
      expect(done).toMatchObject({ rebuildable: true, rebuild: { error: null, events: expect.any(Number) as number } });
      expect(done.rebuild?.done).toBe(done.rebuild?.total);
      expect(await letters('consumer=test-consumer')).toHaveLength(3);
      expect(await status(EXPERIMENT_FLAGS)).toMatchObject({ rebuildable: false, rebuild: null });
      expect([(await ask('POST', `/api/projections/flag-admin/${EXPERIMENT_FLAGS}/replay`)).status, (await ask('POST', '/api/projections/flag-admin/nobody/replay')).status]).toEqual([409, 404]);
    });

    it('prove the audit trail', async () => {
      expect((await ask('GET', '/api/audit/verify')).body).toMatchObject({ ok: true, faults: [], events: (await everything()).length });
    });
  });

  describe('the store', () => {
    it('proves its chain, and that its documents are the fold of its events', async () => {
      const operations = openOperations({ databaseUrl: own.url, log: running.infrastructure.log });
      const report = await operations.store?.verify();
      expect(report).toEqual({ events: (await everything()).length, faults: [] });
      expect(await operations.runner.verify('evaluation-counts')).toMatchObject({ equal: true, tables: [{ table: 'counts', rows: 1 }] });
      await operations.close();
    });
  });

  describe('another start', () => {
    it('finds everything there, follows a changed configuration and seeds nothing again', async () => {
      await ask('DELETE', '/api/regions/hinjewadi', { ifMatch: 1 });
      await ask('DELETE', '/api/regions/pune', { ifMatch: '*' });
      // Each start brings its own key for sessions.
      const lasting = async (): Promise<number> => (await everything()).filter(({ stream }) => stream !== 'signers:all').length;
      const events = await lasting();
      await running.service.close();
      const other = `other-admin-${randomBytes(24).toString('hex')}`;
      running = await open({ PATAKA_ADMIN_TOKEN: other });
      expect(running.bootstrap?.printed).toEqual([]);
      expect((await ask('GET', '/api/flags', { token: ADMIN })).status).toBe(401);
      expect((await ask('GET', '/api/regions/pune', { token: other })).status).toBe(404);
      expect((await ask('GET', '/api/session', { token: SERVER })).body).toMatchObject({ kind: 'server' });
      await running.service.close();
      running = await open();
      expect(await lasting()).toBe(events + 2);
    });
  });
});

describe('flag-admin with something away', () => {
  afterEach(async () => { await running.service.close(); });

  it('takes changes while Kafka is away, and is ready', async () => {
    running = await open({ PATAKA_ADMIN_TOKEN: ADMIN, KAFKA_BROKERS: '127.0.0.1:9' });
    expect((await ask('POST', '/api/flags', { body: { key: 'without_kafka', type: 'BOOLEAN', defaultValue: true } })).status).toBe(201);
    const ready = await until(async () => {
      const answer = await ask('GET', '/health/ready', { token: null });
      return answer.body['status'] === 'warn' && answer;
    });
    expect([ready.status, ready.body['checks']]).toMatchObject([200, { database: { status: 'pass' }, eventLog: { status: 'warn' } }]);
  });

  it('answers 503 while the database is away, and lives', async () => {
    running = await open({ PATAKA_ADMIN_TOKEN: ADMIN, DATABASE_URL: 'postgres://nobody:none@127.0.0.1:9/none' });
    expect((await ask('GET', '/health/live', { token: null })).status).toBe(200);
    expect((await ask('GET', '/health/ready', { token: null })).status).toBe(503);
    const refused = await ask('POST', '/api/flags', { body: { key: 'x', type: 'BOOLEAN', defaultValue: true } });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, expect.any(String)]);
  });
});
