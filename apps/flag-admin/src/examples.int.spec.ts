import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '@pataka/contracts';
import { compileRuleset, type CompiledRuleset, evaluate, prepareContext, type Context, type Ruleset } from '@pataka/evaluation';
import { loadPlatformConfig, openInfrastructure, ownDatabase, type OwnDatabase, type Service } from '@pataka/platform';
import { parse } from 'yaml';
import { openService } from './app.module';

const EXAMPLES = join(__dirname, '../../../examples/flags');
// As the importer makes them: what others refer to first.
const kinds = ['calendars', 'segments', 'flags'] as const;
const ADMIN = `test-admin-${randomBytes(24).toString('hex')}`;

let own: OwnDatabase;
let service: Service;
let origin: string;
let compiled: CompiledRuleset;
const made = new Set<string>();

const files = readdirSync(EXAMPLES).filter((file) => file.endsWith('.yaml'));
const documents = (): { file: string; kind: string; document: JsonObject }[] => {
  const bundles = files.map((file) => ({ file, bundle: parse(readFileSync(join(EXAMPLES, file), 'utf8')) as Record<string, JsonObject[]> }));
  return kinds.flatMap((kind) => bundles.flatMap(({ file, bundle }) => (bundle[kind] ?? []).map((document) => ({ file, kind, document }))));
};

const ask = async (method: string, path: string, body?: object): Promise<{ status: number; body: JsonObject }> => {
  const response = await fetch(`${origin}${path}`, { method, headers: { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  return { status: response.status, body: (await response.json()) as JsonObject };
};
const all = async <T>(kind: string): Promise<T[]> => {
  const { body } = await ask('GET', `/api/${kind}?limit=200`);
  expect(body['nextCursor']).toBeNull();
  return body['items'] as T[];
};

beforeAll(async () => {
  own = await ownDatabase();
  const config = loadPlatformConfig({ DATABASE_URL: own.url, LOG_LEVEL: 'error', PATAKA_ADMIN_TOKEN: ADMIN });
  service = await openService(config, await openInfrastructure(config, 'flag-admin'), () => undefined);
  origin = `http://127.0.0.1:${await service.listen(0, '127.0.0.1')}`;

  for (const { file, kind, document } of documents()) {
    const { status, body } = await ask('POST', `/api/${kind}`, document);
    if (status !== 201) throw new Error(`${file}: ${kind} ${String(document['key'])} is refused: ${JSON.stringify(body)}`);
    made.add(file);
  }
  const ruleset: Ruleset = { environment: 'production', position: 1, flags: await all('flags'), segments: await all('segments'), regions: await all('regions'), calendars: await all('calendars') };
  compiled = compileRuleset(ruleset);
}, 120_000);
afterAll(async () => {
  await service?.close();
  await own?.dispose();
});

const NOON = '2026-07-15T12:00:00+05:30';
const answer = (flag: string, context: object, at = NOON) => evaluate(compiled, flag, prepareContext({ targetingKey: 'driver-1', timestamp: at, ...context }) as Context, 0);
const value = (flag: string, context: object, at?: string) => answer(flag, context, at).value;

describe('the examples', () => {
  it('are each taken as they stand', () => expect([...made].sort()).toEqual([...files].sort()));

  describe('of payment methods', () => {
    const ready = { payment_methods: ['cash', 'upi', 'rupay_credit'], app_version: '4.10.0', region: 'pune' };
    const keys = Array.from({ length: 4_000 }, (_, index) => `driver-${index}`);
    it('offer UPI Autopay to a quarter of those who can use it', () => {
      const share = keys.filter((targetingKey) => value('upi_autopay', { ...ready, targetingKey }) === true).length / keys.length;
      expect(Math.abs(share - 0.25)).toBeLessThan(0.03);
      expect(answer('upi_autopay', { ...ready, email: 'asha@fleetflow.example' })).toMatchObject({ value: true, reason: 'TARGETING_MATCH', ruleId: 'own-people' });
    });
    it('offer it to nobody who cannot', () => {
      for (const lacking of [{ payment_methods: ['cash'] }, { app_version: '4.2.0-beta' }, { app_version: '4.1.9' }, { region: 'delhi' }]) {
        expect(keys.some((targetingKey) => value('upi_autopay', { ...ready, ...lacking, targetingKey }) === true)).toBe(false);
      }
    });
    it('show RuPay on UPI only where UPI Autopay is', () => {
      const [payer, other] = [true, false].map((on) => keys.find((targetingKey) => value('upi_autopay', { ...ready, targetingKey }) === on)!);
      expect(answer('rupay_on_upi', { ...ready, targetingKey: payer })).toMatchObject({ value: 'offered', ruleId: 'rupay-holders' });
      expect(answer('rupay_on_upi', { ...ready, targetingKey: other })).toMatchObject({ value: 'hidden', reason: 'DEFAULT' });
      expect(value('rupay_on_upi', { ...ready, payment_methods: ['upi'], targetingKey: payer })).toBe('hidden');
      expect(value('rupay_on_upi', { ...ready, payment_methods: ['upi'], card_bin: '652150', targetingKey: payer })).toBe('offered');
    });
    it('recharge a FASTag by what drives', () => {
      expect(value('fastag_auto_recharge', { vehicle_type: 'truck', fastag_balance: 999 })).toMatchObject({ byRupees: 3000 });
      expect(value('fastag_auto_recharge', { vehicle_type: 'car', fastag_balance: 299.5 })).toMatchObject({ byRupees: 500 });
      expect(value('fastag_auto_recharge', { vehicle_type: 'car', fastag_balance: 300 })).toEqual({ enabled: false });
      expect(value('fastag_auto_recharge', { vehicle_type: 'motorcycle', fastag_balance: 0 })).toEqual({ enabled: false });
    });
  });

  it.each([['hi', 'hi'], ['hi-IN', 'hi'], ['HI-latn-in', 'hi-Latn'], ['mr-IN', 'mr'], ['ta', 'ta'], ['te-IN', 'te'], ['kn-IN', 'kn'], ['hil-PH', 'en'], ['en-IN', 'en'], ['', 'en']])(
    'give a phone set to "%s" the app in %s', (locale, language) => expect(value('driver_app_language', { locale })).toBe(language));
  it('give Maharashtra Marathi where somebody asks for it', () => {
    expect(value('driver_app_language', { locale: 'en-IN', region: 'nagpur', prefers_local_language: true })).toBe('mr');
    expect(value('driver_app_language', { locale: 'en-IN', region: 'jaipur', prefers_local_language: true })).toBe('en');
  });
  it.each([['mr-IN', true], ['ta-IN', true], ['ta-LK', false], ['bn-IN', false]])('speak to %s: %s', (locale, spoken) => expect(value('voice_alerts', { locale })).toBe(spoken));

  it.each([
    ['kochi', '2026-05-31T23:59:59+05:30', false], ['kochi', '2026-06-01T00:00:00+05:30', true], ['kochi', '2026-05-31T18:30:00Z', true],
    ['mumbai', '2026-06-01T12:00:00+05:30', false], ['mumbai', '2026-06-08T00:00:00+05:30', true], ['mumbai', '2026-10-10T23:59:59+05:30', true], ['mumbai', '2026-10-10T18:30:00Z', false],
    ['jaipur', '2026-06-30T12:00:00+05:30', false], ['jaipur', '2026-07-01T12:00:00+05:30', true],
    ['chennai', '2026-07-15T12:00:00+05:30', false], ['chennai', '2026-11-15T12:00:00+05:30', true], ['kolkata', '2026-07-15T12:00:00+05:30', true],
  ])('know whether %s has monsoon at %s: %s', (region, at, wet) => {
    expect(value('monsoon_routing', { region }, at)).toBe(wet);
    expect(value('speed_advice_kmh', { region, vehicle_type: 'truck' }, at)).toBe(wet ? 60 : 80);
    expect(value('speed_advice_kmh', { region, vehicle_type: 'scooter' }, at)).toBe(wet ? 40 : 80);
  });

  it.each([
    ['09:59:59 on a Wednesday', '2026-07-15T04:29:59.999Z', false], ['10:00:00', '2026-07-15T04:30:00Z', true], ['10:00:00 as IST writes it', '2026-07-15T10:00:00+05:30', true],
    ['16:59:59', '2026-07-15T11:29:59.999Z', true], ['17:00:00', '2026-07-15T11:30:00Z', false],
    ['13:29 on a Saturday', '2026-07-18T13:29:00+05:30', true], ['13:30 on a Saturday', '2026-07-18T13:30:00+05:30', false], ['noon on a Sunday', '2026-07-19T12:00:00+05:30', false],
    ['10:00 on Gandhi Jayanti, a Friday', '2026-10-02T10:00:00+05:30', false], ['the same hour a week later', '2026-10-09T10:00:00+05:30', true],
  ])('have live support at %s in India: %s is %s', (_when, at, open) => expect(value('live_support', {}, at)).toBe(open));
  it.each([
    ['2026-07-14T16:59:59Z', 1], ['2026-07-14T17:00:00Z', 0.7], ['2026-07-14T18:29:59.999Z', 0.7], ['2026-07-14T18:30:00Z', 0.7], ['2026-07-14T23:59:59Z', 0.7], ['2026-07-15T00:00:00Z', 1],
    ['2026-06-30T18:29:59Z', 1], ['2026-06-30T18:30:00Z', 0.7], ['2026-12-31T18:29:59Z', 0.7], ['2026-12-31T18:30:00Z', 1],
  ])('charge by night, from 22:30 to 05:30 in India, from July to December: %s is %s', (at, rate) => expect(value('night_charging_rates', { vehicle_type: 'ev_truck' }, at)).toBe(rate));

  describe('of whole fleets', () => {
    const fleets = Array.from({ length: 3_000 }, (_, index) => `fleet-${index}`);
    it('give all drivers of a fleet one answer, and a fifth of fleets the new board', () => {
      const on = fleets.filter((fleet_id) => value('dispatch_board_v2', { fleet_id, fleet_size: 25 }) === true);
      expect(Math.abs(on.length / fleets.length - 0.2)).toBeLessThan(0.03);
      for (const fleet_id of fleets.slice(0, 50)) {
        const answers = new Set(['a', 'b', 'c', 'd'].map((targetingKey) => `${String(value('dispatch_board_v2', { fleet_id, fleet_size: 25, targetingKey }))} ${String(value('settlement_cycle', { fleet_id, targetingKey }))}`));
        expect(answers.size).toBe(1);
      }
    });
    it('leave out small fleets, and say so where the fleet is not known', () => {
      expect(fleets.some((fleet_id) => value('dispatch_board_v2', { fleet_id, fleet_size: 9 }) === true)).toBe(false);
      expect(answer('dispatch_board_v2', { fleet_size: 25 })).toMatchObject({ errorCode: 'TARGETING_KEY_MISSING' });
    });
    it('share settlement cycles by their weights', () => {
      const count = (cycle: string): number => fleets.filter((fleet_id) => value('settlement_cycle', { fleet_id }) === cycle).length / fleets.length;
      expect(Math.abs(count('weekly') - 0.5)).toBeLessThan(0.03);
      expect(Math.abs(count('daily') - 0.25)).toBeLessThan(0.03);
    });
  });

  it('show a score only through every prerequisite', () => {
    const pilot = { targetingKey: 'driver-1001', device_firmware: '3.1.0' };
    expect(answer('score_card', pilot)).toMatchObject({ value: true, reason: 'TARGETING_MATCH' });
    expect(answer('score_card', { ...pilot, targetingKey: 'driver-1003' })).toMatchObject({ value: false, reason: 'DEFAULT' });
    expect(value('score_card', { ...pilot, targetingKey: 'driver-1003', region: 'pune' })).toBe(true);
    expect(answer('driver_scoring_v2', { ...pilot, device_firmware: '2.9.9' })).toMatchObject({ value: false, reason: 'DEFAULT' });
    expect(value('score_card', { ...pilot, device_firmware: '2.9.9' })).toBe(false);
  });
});
