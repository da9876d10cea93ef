import { randomUUID } from 'node:crypto';
import type { Experiment, ExperimentResults, Flag, Rule } from '@pataka/contracts';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';
import { type Client, OpenFeature } from '@openfeature/server-sdk';
import { OpenFeature as WebOpenFeature, type Provider, ProviderEvents } from '@openfeature/web-sdk';
import type { Api, Reply } from './harness/api';
import { variantOf } from './harness/bucketing';
import { build } from './harness/build';
import { verifyFaults } from './harness/checks';
import { FetchEventSource } from './harness/event-source';
import { equalSharesP, meanOf, proportionTest, welchTest } from './harness/independent-statistics';
import { PatakaProcess } from './harness/pataka-process';
import { until } from './harness/waiting';

const DRIVERS = 400;
const RETAINED = 'driver_retention';
const FUEL = 'fuel_saved';
type Json<T> = T & Record<string, unknown>;

let pataka: PatakaProcess;
let admin: Api;

beforeAll(async () => {
  build();
  pataka = await PatakaProcess.start();
  admin = pataka.admin;
}, 300_000);
afterAll(async () => {
  await OpenFeature.close();
  await WebOpenFeature.close();
  await pataka.dispose();
}, 60_000);

const openFeature = async (): Promise<Client> => {
  await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: pataka.url, headers: { Authorization: `Bearer ${pataka.tokens.server}` } }));
  return OpenFeature.getClient();
};

/** Everything a driver did, as decided here and nowhere else. */
interface Driver { key: string; variant: string; retained: boolean; fuel: number[] }
const driverOf = (index: number, rule: Rule): Driver => {
  const key = `driver-${index}`;
  const variant = variantOf(key, rule.salt ?? rule.id, rule.split!);
  return { key, variant, retained: index % (variant === 'ai' ? 2 : 3) === 0, fuel: Array.from({ length: index % 4 }, (_, trip) => 0.5 + ((index + trip) % 9) + (variant === 'ai' ? 2 : 0)) };
};

describe('a newcomer with npm start', () => {
  it('finds the application at the root', async () => {
    const { status, headers, text } = await admin.as(null).send('GET', '/');
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(text).toContain('<title>Pataka</title>');
  });

  it('makes a flag, targets it, and gets its value from an OpenFeature client', async () => {
    const { version } = await admin.post<Json<Flag>>('/api/flags', { key: 'driver_scoring_v2', type: 'BOOLEAN', defaultValue: false, defaultVariant: 'off' });
    const rules = [{ id: 'r-west', conditions: [{ attribute: 'region', operator: 'within', value: ['maharashtra'] }], value: true, variant: 'on' }];
    const set = await admin.send('PUT', '/api/flags/driver_scoring_v2/environments/production', { body: { enabled: true, rules }, headers: { 'if-match': `"${version}"` } });
    expect([set.status, set.headers.get('etag')]).toEqual([200, '"2"']);
    await admin.post('/api/flags/driver_scoring_v2/activate');
    const client = await openFeature();
    await until('the flag is served', async () => (await client.getBooleanValue('driver_scoring_v2', false, { targetingKey: 'd-1', region: 'pune' })) === true);
    expect(await client.getBooleanDetails('driver_scoring_v2', false, { targetingKey: 'd-1', region: 'pune' }))
      .toMatchObject({ value: true, variant: 'on', reason: 'TARGETING_MATCH', flagMetadata: { flagVersion: 3, ruleId: 'r-west' } });
    expect(await client.getBooleanDetails('driver_scoring_v2', true, { targetingKey: 'd-1', region: 'delhi' })).toMatchObject({ value: false, variant: 'off', reason: 'DEFAULT' });
    expect(await client.getStringDetails('no_such_flag', 'fallback', { targetingKey: 'd-1' })).toMatchObject({ value: 'fallback', reason: 'ERROR', errorCode: 'FLAG_NOT_FOUND' });
  });

  it('sees who changed what, when and why', async () => {
    await admin.ask('PATCH', '/api/flags/driver_scoring_v2', { body: { description: 'Scores drivers' }, headers: { 'if-match': '"3"', 'x-reason': encodeURIComponent('स्पष्ट नाम') } });
    const history = await admin.all<{ type: string; version: number; actor: string; reason?: string; at: string }>('/api/flags/driver_scoring_v2/history');
    expect(history.map(({ version }) => version)).toEqual([1, 2, 3, 4]);
    expect(history[3]).toMatchObject({ type: 'flag.updated', actor: 'bootstrap-admin', reason: 'स्पष्ट नाम' });
    const before = await admin.get<Json<Flag>>(`/api/flags/driver_scoring_v2?at=${history[0]!.at}`);
    expect(before).toMatchObject({ version: 1, status: 'INACTIVE' });
  });

  it('serves a web client the flags it may see, and tells it of changes', async () => {
    Object.assign(globalThis, { EventSource: FetchEventSource });
    await admin.post('/api/flags', { key: 'banner', type: 'STRING', defaultValue: 'नमस्ते', status: 'ACTIVE', clientVisible: true, environments: { production: { enabled: true, rules: [] } } });
    await until('the flag is served', async () => (await pataka.client.send('POST', '/ofrep/v1/evaluate/flags/banner', { body: { context: {} } })).status === 200);
    await WebOpenFeature.setContext({ targetingKey: 'web-1' });
    const provider = new OFREPWebProvider({ baseUrl: pataka.url, headers: [['Authorization', `Bearer ${pataka.tokens.client}`]], cacheMode: 'disabled' });
    // Its own types miss exactOptionalPropertyTypes.
    await WebOpenFeature.setProviderAndWait(provider as unknown as Provider);
    const client = WebOpenFeature.getClient();
    expect(client.getStringDetails('banner', '')).toMatchObject({ value: 'नमस्ते', reason: 'STATIC' });
    expect(client.getBooleanDetails('driver_scoring_v2', true)).toMatchObject({ value: true, errorCode: 'FLAG_NOT_FOUND' });
    const changed = new Promise<void>((done) => client.addHandler(ProviderEvents.ConfigurationChanged, () => done()));
    await admin.ask('PATCH', '/api/flags/banner', { body: { defaultValue: 'வணக்கம்' }, headers: { 'if-match': '"1"' } });
    await changed;
    await until('the change has arrived', () => client.getStringValue('banner', '') === 'வணக்கம்');
  });
});

describe('an experiment', () => {
  let experiment: Json<Experiment>;
  let drivers: Driver[];
  const arm = (variant: string): Driver[] => drivers.filter((driver) => driver.variant === variant);
  const results = (): Promise<Reply<ExperimentResults>> => admin.send<ExperimentResults>('GET', `/api/experiments/${experiment.key}/results`);

  it('makes its own flag and serves the control until it starts', async () => {
    experiment = await admin.post<Json<Experiment>>('/api/experiments', {
      key: 'route_optimization', type: 'AB_TEST', hypothesis: 'AI routes save fuel',
      variants: [{ id: 'control', weight: 0.5, config: 'basic', isControl: true }, { id: 'ai', weight: 0.5, config: 'ai_advanced' }],
      targetAudience: { conditions: [{ attribute: 'role', operator: 'equals', value: 'driver' }] },
      successMetrics: [RETAINED, { key: FUEL, type: 'mean', unit: 'l' }], strategy: { type: 'FIXED', targetPercentage: 100 },
    });
    experiment = await until('its flag', async () => {
      const found = await admin.get<Json<Experiment>>(`/api/experiments/${experiment.id}`);
      return found.linked && found;
    });
    expect(experiment).toMatchObject({ status: 'DRAFT', linked: true, flagKey: 'route_optimization' });
    const client = await openFeature();
    await until('the flag is served', async () => (await client.getStringDetails('route_optimization', 'x', { targetingKey: 'd', role: 'driver' })).reason === 'DISABLED');
    expect(await client.getStringValue('route_optimization', 'x', { targetingKey: 'd', role: 'driver' })).toBe('basic');
  });

  it('assigns every driver by the published hash, the same again and again', async () => {
    await admin.post(`/api/experiments/${experiment.id}/start`);
    const rule = await until('its rule', async () => (await admin.get<Json<Flag>>('/api/flags/route_optimization')).environments['production']?.rules[0]);
    drivers = Array.from({ length: DRIVERS }, (_, index) => driverOf(index, rule));
    const client = await openFeature();
    await until('it is served', async () => (await pataka.server.send('POST', '/ofrep/v1/evaluate/flags/route_optimization', { body: { context: { targetingKey: 'x', role: 'driver' } }, headers: { 'x-exposure': 'none' } })).text.includes('SPLIT'));
    for (const { key, variant } of drivers) {
      const details = await client.getStringDetails('route_optimization', 'x', { targetingKey: key, role: 'driver' });
      expect(details).toMatchObject({ value: variant === 'ai' ? 'ai_advanced' : 'basic', variant, reason: 'SPLIT', flagMetadata: { experimentId: experiment.id } });
    }
    for (const { key, variant } of drivers.slice(0, 20)) expect((await client.getStringDetails('route_optimization', 'x', { targetingKey: key, role: 'driver' })).variant).toBe(variant);
    expect(await client.getStringDetails('route_optimization', 'x', { targetingKey: 'driver-0', role: 'manager' })).toMatchObject({ value: 'basic', reason: 'DEFAULT' });
    expect(arm('ai').length).toBeGreaterThan(DRIVERS / 3);
  });

  it('takes what drivers did, and refuses only what is wrong', async () => {
    const occurredAt = new Date().toISOString();
    const conversion = (targetingKey: string, metric: string, value?: number): object => ({ id: randomUUID(), type: 'conversion', targetingKey, metric, occurredAt, ...(value === undefined ? {} : { value }) });
    const events = drivers.flatMap(({ key, retained, fuel }) => [...(retained ? [conversion(key, RETAINED)] : []), ...fuel.map((litres) => conversion(key, FUEL, litres))]);
    // Somebody who was never exposed, and somebody before their exposure, do not count.
    events.push(conversion('never-exposed', RETAINED), { ...conversion('driver-1', FUEL, 1_000), occurredAt: new Date(Date.now() - 3_600_000).toISOString() });
    for (let from = 0; from < events.length; from += 500) {
      const batch = events.slice(from, from + 500);
      expect(await pataka.server.ask('POST', '/v1/events', { body: { events: batch } })).toEqual({ accepted: batch.length, rejected: [] });
      expect(await pataka.server.ask('POST', '/v1/events', { body: { events: batch } })).toMatchObject({ rejected: [] });
    }
  });

  it('reports every subject once, under the variant it was served', async () => {
    const sizes = { control: arm('control').length, ai: arm('ai').length };
    const litres = drivers.flatMap(({ fuel }) => fuel).reduce((sum, value) => sum + value, 0);
    await until('every event is in the report', async () => {
      const { variants } = (await results()).body;
      const total = variants.reduce((sum, { sampleSize, metrics }) => sum + sampleSize * (metrics[FUEL]?.mean ?? 0), 0);
      return variants.every(({ variantId, sampleSize }) => sampleSize === sizes[variantId as 'ai']) && Math.abs(total - litres) < 1e-6;
    });
    const { variants, excluded } = (await results()).body;
    expect(excluded).toEqual({ multipleVariants: 0 });
    for (const variant of variants) {
      const subjects = arm(variant.variantId);
      expect(variant.sampleSize).toBe(subjects.length);
      expect(variant.conversionRate).toBeCloseTo(subjects.filter(({ retained }) => retained).length / subjects.length, 12);
      expect(variant.metrics[FUEL]!.mean).toBeCloseTo(meanOf(subjects.map(({ fuel }) => fuel.reduce((sum, value) => sum + value, 0))), 10);
    }
  });

  it('tests them as textbooks do', async () => {
    const { comparisons, sampleRatio, statistical } = (await results()).body;
    const [control, ai] = ['control', 'ai'].map((variant) => {
      const subjects = arm(variant);
      return { n: subjects.length, x: subjects.filter(({ retained }) => retained).length, litres: subjects.map(({ fuel }) => fuel.reduce((sum, value) => sum + value, 0)) };
    }) as [{ n: number; x: number; litres: number[] }, { n: number; x: number; litres: number[] }];
    const retained = comparisons.find(({ metric }) => metric === RETAINED)!;
    const expected = proportionTest(control, ai);
    expect(retained).toMatchObject({ test: 'two-proportion-z', variantId: 'ai', controlId: 'control' });
    expect([retained.statistic, retained.pValue, retained.absoluteEffect, statistical.pValue].map((value, index) => Math.abs(value! - [expected.z, expected.p, expected.difference, expected.p][index]!) < 1e-9)).toEqual([true, true, true, true]);
    const fuel = comparisons.find(({ metric }) => metric === FUEL)!;
    const welch = welchTest(control.litres, ai.litres);
    expect(fuel.test).toBe('welch-t');
    expect([fuel.statistic! - welch.t, fuel.pValue! - welch.p, fuel.absoluteEffect! - welch.difference].every((difference) => Math.abs(difference) < 1e-9)).toBe(true);
    expect(sampleRatio.pValue).toBeCloseTo(equalSharesP(control.n, ai.n), 9);
    expect(sampleRatio.ok).toBe(true);
  });

  it('gives the same report once every projection has been dropped and built anew from the log', async () => {
    const withoutOffsets = ({ body }: Reply<ExperimentResults>): string => JSON.stringify({ ...body, coverage: { ...body.coverage, offsets: {} } });
    const before = withoutOffsets(await results());
    expect(pataka.cli('replay', 'evidence')).toMatchObject({ status: 0 });
    expect(withoutOffsets(await results())).toBe(before);
    const { status, output } = pataka.cli('replay', 'all');
    expect([status, output]).toEqual([0, expect.stringMatching(/evidence: rebuilt from/)]);
    expect(withoutOffsets(await results())).toBe(before);
    expect(verifyFaults(pataka)).toEqual([]);
  });

  it('has left no dead letter', () => {
    expect(pataka.cli('dead-letters')).toMatchObject({ status: 0, output: expect.stringContaining('0 dead letters') });
  });

  it('keeps all of it over a polite restart', async () => {
    const before = (await results()).text;
    expect(await pataka.stop()).toBe(0);
    pataka.spawn();
    await pataka.ready();
    expect((await results()).text).toBe(before);
    expect(await (await openFeature()).getStringDetails('route_optimization', 'x', { targetingKey: 'driver-7', role: 'driver' })).toMatchObject({ reason: 'SPLIT', variant: drivers[7]!.variant });
  });

  it('ends with the winner for everybody', async () => {
    await admin.post(`/api/experiments/${experiment.id}/complete`, { winnerVariantId: 'ai' });
    const client = await openFeature();
    const control = arm('control')[0]!;
    await until('the winner is served', async () => (await client.getStringValue('route_optimization', 'x', { targetingKey: control.key, role: 'driver' })) === 'ai_advanced');
    expect((await admin.get<Json<Experiment>>(`/api/experiments/${experiment.id}`))).toMatchObject({ status: 'COMPLETED', winnerVariantId: 'ai' });
  });
});
