import { setTimeout as sleep } from 'node:timers/promises';
import type { Experiment, Flag, FlagEnvironment, Problem } from '@pataka/contracts';
import type { Api, Reply } from './harness/api';
import { build } from './harness/build';
import { PatakaProcess } from './harness/pataka-process';
import { until } from './harness/waiting';

type Json<T> = T & Record<string, unknown>;
interface Rule { ruleId: string; outcome: string; finding: string; conditions: { holds: boolean; actual?: unknown }[]; bucket?: number; threshold: number; shares: object[] }
interface Answer { source: string; position: number; at: string; environment: string; notes: string[]; basis: { kind: string; excludes: string[] }; engine: object; lastChange?: { actor: string; reason?: string }; explanation: { evaluation: Record<string, unknown>; rules: Rule[] } }
interface Joined { joined: { recorded: Json<{ variant: string; receipt: { position: number } }>; agrees: boolean; differences: unknown[] } | null; answer: Answer | null }
/** What was evaluated at an instant when nothing was changing. */
interface Moment { at: string; what: string; answers: Record<string, unknown>[] }

const FLAG = 'monsoon_routing';
const contexts = [{ targetingKey: 'd-1', region: 'kochi' }, { targetingKey: 'd-2', region: 'pune' }, { targetingKey: 'd-3', vehicle_type: 'truck' }];

let pataka: PatakaProcess;
let admin: Api;
const moments: Moment[] = [];

beforeAll(async () => {
  build();
  pataka = await PatakaProcess.start();
  admin = pataka.admin;
}, 300_000);
afterAll(() => pataka.dispose(), 60_000);

const explain = (body: object, by: Api = admin): Promise<Reply<Answer & Problem>> => by.send<Answer & Problem>('POST', '/v1/explain', { body, timeoutMs: 30_000 });
const evaluate = async (context: object): Promise<Record<string, unknown>> =>
  (await pataka.server.send('POST', `/ofrep/v1/evaluate/flags/${FLAG}`, { body: { context }, headers: { 'x-exposure': 'none' } })).body;
const comparable = ({ value, variant, reason }: Record<string, unknown>): object => ({ value, variant, reason });

/** Changes something, waits until it is served, and notes what is answered then. */
const moment = async (what: string, change: () => Promise<unknown>): Promise<void> => {
  await change();
  const { position } = (await explain({ flagKey: FLAG, context: {} })).body;
  await until(`${what} is served`, async () => {
    const newest = (await admin.all<{ position: number }>('/api/audit')).at(-1)!.position;
    return newest >= position && (await explain({ flagKey: FLAG, context: {} })).body.position === newest;
  });
  await sleep(30);
  moments.push({ at: new Date().toISOString(), what, answers: await Promise.all(contexts.map(evaluate)) });
  await sleep(30);
};

const put = async (path: string, body: object): Promise<unknown> => {
  const { headers } = await admin.send('GET', path);
  return admin.ask('PUT', path, { body, headers: { 'if-match': headers.get('etag') ?? '"0"', 'x-reason': 'trial' } });
};
const settings = async (environment: FlagEnvironment): Promise<unknown> => {
  const { version } = await admin.get<Json<Flag>>(`/api/flags/${FLAG}`);
  return admin.ask('PUT', `/api/flags/${FLAG}/environments/production`, { body: environment, headers: { 'if-match': `"${version}"`, 'x-reason': 'trial' } });
};

describe('the past of a flag', () => {
  it('goes through rules, segments, regions, calendars and prerequisites', async () => {
    await moment('nothing', () => Promise.resolve());
    await moment('the flag', () => admin.post('/api/flags', { key: FLAG, type: 'STRING', defaultValue: 'basic', status: 'ACTIVE', environments: { production: { enabled: true, rules: [] } } }));
    await moment('a rule by region', () => settings({ enabled: true, rules: [{ id: 'west', conditions: [{ attribute: 'region', operator: 'within', value: ['maharashtra'] }], value: 'west', percentage: 100 }] }));
    await moment('a segment', async () => {
      await admin.post('/api/segments', { key: 'trucks', conditions: [{ attribute: 'vehicle_type', operator: 'equals', value: 'truck' }] });
      await settings({ enabled: true, rules: [{ id: 'trucks', priority: 9, conditions: [{ operator: 'in_segment', value: ['trucks'] }], value: 'heavy' }, { id: 'half', percentage: 50, value: 'half' }] });
    });
    await moment('the segment changed', () => put('/api/segments/trucks', { key: 'trucks', included: ['d-2'] }));
    await moment('a region moved', async () => {
      await settings({ enabled: true, rules: [{ id: 'south', conditions: [{ attribute: 'region', operator: 'within', value: ['maharashtra'] }], value: 'in maharashtra' }] });
      await put('/api/regions/kochi', { key: 'kochi', name: 'Kochi', kind: 'city', parent: 'maharashtra' });
    });
    await moment('a calendar', async () => {
      await admin.post('/api/calendars', { key: 'whole_century', timezone: 'Asia/Kolkata', periods: [{ from: '2000-01-01', until: '2099-12-31', regions: ['pune'] }] });
      await settings({ enabled: true, rules: [{ id: 'wet', conditions: [{ operator: 'in_calendar', value: ['whole_century'] }], value: 'wet' }] });
    });
    await moment('a prerequisite that fails', async () => {
      await admin.post('/api/flags', { key: 'base', type: 'BOOLEAN', defaultValue: false, status: 'ACTIVE', environments: { production: { enabled: true, rules: [] } } });
      const { version } = await admin.get<Json<Flag>>(`/api/flags/${FLAG}`);
      await admin.ask('PATCH', `/api/flags/${FLAG}`, { body: { prerequisites: [{ flag: 'base', value: true }] }, headers: { 'if-match': `"${version}"` } });
    });
    await moment('the prerequisite holds', async () => {
      const { version } = await admin.get<Json<Flag>>('/api/flags/base');
      await admin.ask('PATCH', '/api/flags/base', { body: { defaultValue: true }, headers: { 'if-match': `"${version}"` } });
    });
    await moment('it is switched off', () => settings({ enabled: false, rules: [] }));
    await moment('it is archived', () => admin.post(`/api/flags/${FLAG}/archive`));
    expect(new Set(moments.map(({ answers }) => JSON.stringify(answers.map(comparable)))).size).toBeGreaterThan(7);
  }, 120_000);

  it('is explained as it was answered at the time', async () => {
    for (const { at, answers, what } of moments) {
      for (const [index, context] of contexts.entries()) {
        const { status, body } = await explain({ flagKey: FLAG, context, at });
        expect([what, status, comparable(body.explanation.evaluation), body.source, body.basis.kind]).toEqual([what, 200, comparable(answers[index]!), 'recomputed', 'past']);
      }
    }
  }, 60_000);

  it('is the same by position, and names who changed it and why', async () => {
    const { at, answers } = moments[4]!;
    const { position } = (await explain({ flagKey: FLAG, at })).body;
    const { body } = await explain({ flagKey: FLAG, context: contexts[1], position, at, engine: '0.9.0' });
    expect(body).toMatchObject({ position, basis: { kind: 'position' }, engine: { asked: '0.9.0', same: false }, lastChange: { actor: 'bootstrap-admin', reason: 'trial' } });
    expect(body.notes.join()).toContain('engine 0.9.0 decided then');
    expect(comparable(body.explanation.evaluation)).toEqual(comparable(answers[1]!));
    expect(body.explanation.rules.map(({ ruleId, outcome }) => [ruleId, outcome])).toEqual([['trucks', 'served'], ['half', 'notReached']]);
  });

  it('says when it lies before the flag, or before everything', async () => {
    expect((await explain({ flagKey: FLAG, at: moments[0]!.at })).body).toMatchObject({ explanation: { evaluation: { errorCode: 'FLAG_NOT_FOUND' } }, notes: [expect.stringContaining('the flag was made later, at position')] });
    expect((await explain({ flagKey: FLAG, at: '2001-01-01T00:00:00Z' })).body).toMatchObject({ position: 0, notes: [expect.stringContaining('lies before the first event')] });
  });

  it('outlives a kill', async () => {
    await pataka.kill();
    pataka.spawn();
    await pataka.ready();
    const { at, answers } = moments[3]!;
    expect(comparable((await explain({ flagKey: FLAG, context: contexts[2], at })).body.explanation.evaluation)).toEqual(comparable(answers[2]!));
  }, 90_000);
});

describe('the future', () => {
  it('is told by today’s rules at that instant, and says what is not in it', async () => {
    const from = new Date(Date.now() + 86_400_000).toISOString();
    const rules = [{ id: 'tomorrow', value: true, schedule: { from } }];
    await admin.post('/api/flags', { key: 'launch', type: 'BOOLEAN', defaultValue: false, status: 'ACTIVE', environments: { production: { enabled: true, rules } } });
    await until('it is served', async () => (await explain({ flagKey: 'launch' })).body.explanation.evaluation['errorCode'] === undefined);
    expect((await explain({ flagKey: 'launch' })).body).toMatchObject({ basis: { kind: 'present', excludes: [] }, explanation: { evaluation: { value: false } } });
    const { body } = await explain({ flagKey: 'launch', at: new Date(Date.now() + 2 * 86_400_000).toISOString() });
    expect(body).toMatchObject({ basis: { kind: 'future' }, explanation: { evaluation: { value: true, ruleId: 'tomorrow' } } });
    expect(body.basis.excludes.join()).toContain('rollout');
  });
});

describe('what is asked', () => {
  it.each<[string, object, string]>([
    ['no flag', {}, '/flagKey'], ['a context that is none', { flagKey: FLAG, context: [] }, '/context'], ['a key that is no text', { flagKey: FLAG, context: { targetingKey: 7 } }, '/context/targetingKey'],
    ['an instant without a zone', { flagKey: FLAG, at: '2026-07-01T00:00:00' }, '/at'], ['a day that there is not', { flagKey: FLAG, at: '2026-02-30T00:00:00Z' }, '/at'],
    ['a position to come', { flagKey: FLAG, position: 1_000_000 }, '/position'], ['half a position', { flagKey: FLAG, position: 1.5 }, '/position'],
    ['an unknown environment', { flagKey: FLAG, environment: 'moon' }, '/environment'], ['an unknown member', { flagKey: FLAG, when: 'now' }, '/when'],
  ])('is refused with its name: %s', async (_what, body, pointer) => {
    const answer = await explain(body);
    expect([answer.status, answer.body.errors?.map((fault) => fault.pointer)]).toEqual([400, [pointer]]);
  });

  it('is answered to management and server keys, for a key’s own environment', async () => {
    expect((await explain({ flagKey: FLAG }, pataka.server)).status).toBe(200);
    expect((await explain({ flagKey: FLAG, environment: 'staging' }, pataka.server)).status).toBe(400);
    expect((await explain({ flagKey: FLAG }, pataka.client)).status).toBe(403);
    expect((await explain({ flagKey: FLAG }, admin.as('nobody'))).status).toBe(401);
  });
});

describe('what was recorded', () => {
  const cli = (...args: string[]): { status: number | null; output: string } => pataka.cli('explain', 'route_choice', ...args);
  const json = (...args: string[]): Joined => JSON.parse(cli(...args, '--json').output) as Joined;
  let before: string;
  let experiment: Json<Experiment>;

  it('is an exposure with its receipt, once an experiment has served', async () => {
    experiment = await admin.post<Json<Experiment>>('/api/experiments', {
      key: 'route_choice', type: 'AB_TEST', variants: [{ id: 'control', weight: 0.5, config: 'basic', isControl: true }, { id: 'ai', weight: 0.5, config: 'ai_advanced' }],
      targetAudience: { conditions: [{ attribute: 'region', operator: 'within', value: ['karnataka'] }] }, successMetrics: ['saved'], strategy: { type: 'FIXED', targetPercentage: 100 },
    });
    await until('its flag', async () => (await admin.get<Json<Experiment>>(`/api/experiments/${experiment.id}`)).linked);
    before = new Date().toISOString();
    await admin.post(`/api/experiments/${experiment.id}/start`);
    await until('it serves', async () => (await pataka.server.send('POST', '/ofrep/v1/evaluate/flags/route_choice', { body: { context: { targetingKey: 'driver-1', region: 'mysore' } } })).text.includes('SPLIT'));
    const page = await until('it is recorded', async () => {
      const found = await admin.get<{ items: Json<{ receipt: object }>[] }>('/api/subjects/driver-1/exposures?flag=route_choice');
      return found.items.length > 0 && found;
    });
    expect(page.items).toMatchObject([{ experimentId: experiment.id, flagKey: 'route_choice', attributes: { region: 'mysore' }, receipt: { engine: expect.any(String), bucket: expect.any(Number) } }]);
  }, 60_000);

  it('agrees with what is recomputed by its receipt, also when the rules have changed', async () => {
    const { variant } = json('--key', 'driver-1').joined!.recorded;
    await admin.post(`/api/experiments/${experiment.id}/complete`, { winnerVariantId: variant === 'ai' ? 'control' : 'ai' });
    await until('the winner is served', async () => json('--key', 'driver-1').answer!.explanation.evaluation['variant'] !== variant);
    const { joined, answer } = json('--key', 'driver-1');
    expect(joined).toMatchObject({ agrees: true, differences: [], recorded: { variant }, recomputed: { basis: { kind: 'position' }, engine: { same: true } } });
    expect(answer!.explanation.evaluation['variant']).not.toBe(variant);
    const { status, output } = cli('--key', 'driver-1', '--recorded');
    expect(status).toBe(0);
    expect(output).toContain(`recorded: variant ${variant} of experiment ${experiment.id}`);
    expect(output).toContain('✓ both agree');
    expect(output).toMatch(/split: bucket \d+ is (ai|control) \(control below 50000, ai below 100000\)/);
    expect(output).not.toContain('\u001b');
  }, 120_000);

  it('is nothing before it was, and the exit code says so', () => {
    expect(cli('--key', 'driver-1', '--recorded', '--at', before).status).toBe(3);
    expect(json('--key', 'driver-1', '--at', before)).toMatchObject({ joined: null, answer: { basis: { kind: 'past' } } });
    expect(pataka.cli('explain', 'no_such_flag', '--key', 'driver-1').status).toBe(3);
    expect(cli('--key', 'driver-1', '--at', 'yesterday').status).toBe(2);
    expect(cli().status).toBe(2);
  }, 120_000);
});
