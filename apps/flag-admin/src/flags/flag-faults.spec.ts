import { DomainError, type Flag } from '@pataka/contracts';
import { refuseFaultyFlag } from './flag-faults';
import type { FlagWorld } from './prerequisite-faults';

const flagOf = (key: string, prerequisites: Flag['prerequisites'] = [], type: Flag['type'] = 'BOOLEAN'): Flag =>
  ({ key, type, status: 'ACTIVE', defaultValue: false, environments: {}, prerequisites: prerequisites ?? [] });
const world: FlagWorld = {
  environments: ['production', 'staging'], sameKey: null,
  flags: new Map([flagOf('parent'), flagOf('needs_me', [{ flag: 'me', value: true }]), flagOf('tier', [], 'STRING')].map((flag) => [flag.key, flag])),
};

const rejectionOf = (body: unknown): DomainError | null => {
  try { refuseFaultyFlag(body, world); } catch (error) { if (error instanceof DomainError) return error; throw error; }
  return null;
};
const pointersOf = (body: unknown) => (rejectionOf(body)?.faults ?? []).map((fault) => fault.pointer).sort();
const flag = (more: object) => ({ key: 'me', type: 'BOOLEAN', defaultValue: false, ...more });
const rules = (...list: unknown[]) => flag({ environments: { production: { enabled: true, rules: list } } });
const RULE = '/environments/production/rules/0';
const nested = (depth: number): unknown => (depth === 0 ? {} : { deeper: nested(depth - 1) });

describe('values', () => {
  it.each([
    ['BOOLEAN', true], ['STRING', ''], ['NUMBER', -0.5], ['NUMBER', 9007199254740991], ['NUMBER', 1.5e300], ['JSON', {}], ['JSON', { list: [null, [1]] }],
  ])('of type %s may be %j', (type, defaultValue) => expect(pointersOf(flag({ type, defaultValue }))).toEqual(type === 'NUMBER' && defaultValue === 1.5e300 ? ['/defaultValue'] : []));

  it.each([
    ['BOOLEAN', 'true'], ['BOOLEAN', 0], ['STRING', 1], ['NUMBER', '1'], ['NUMBER', Infinity], ['NUMBER', 2 ** 53], ['JSON', []], ['JSON', 'x'], ['JSON', null], ['BOOLEAN', null],
  ])('of type %s cannot be %j', (type, defaultValue) => expect(pointersOf(flag({ type, defaultValue }))).toEqual(['/defaultValue']));

  it('may be objects 32 deep and no deeper', () => {
    expect(pointersOf(flag({ type: 'JSON', defaultValue: nested(31) }))).toEqual([]);
    expect(pointersOf(flag({ type: 'JSON', defaultValue: nested(32) }))).toEqual([`/defaultValue${'/deeper'.repeat(32)}`]);
  });

  it('name the number in them that lost its digits', () => {
    expect(pointersOf(flag({ type: 'JSON', defaultValue: { a: [1, 2 ** 53] } }))).toEqual(['/defaultValue/a/1']);
  });

  it('have no member that reaches a prototype, in any case', () => {
    expect(pointersOf(flag({ type: 'JSON', defaultValue: { a: [{ Constructor: 1 }], PROTOTYPE: 1 } }))).toEqual(['/defaultValue/PROTOTYPE', '/defaultValue/a/0/Constructor']);
  });
});

describe('keys', () => {
  it.each(['constructor', 'Prototype', '__proto__', 'CONSTRUCTOR', '', '-a', 'a b', 'a'.repeat(129), 'ключ', 7, null])('cannot be %j', (key) => expect(pointersOf(flag({ key }))).toEqual(['/key']));
  it('may be 128 characters', () => expect(pointersOf(flag({ key: 'a'.repeat(128) }))).toEqual([]));
});

describe('rules', () => {
  const half = { variant: 'a', weight: 0.5, value: true };
  it.each<[string, object, string[]]>([
    ['neither value nor split', { id: 'r' }, [`${RULE}/value`]],
    ['both value and split', { id: 'r', value: true, split: [half, { ...half, variant: 'b' }] }, [`${RULE}/value`]],
    ['a value of another type', { id: 'r', value: 'on' }, [`${RULE}/value`]],
    ['weights that do not sum to 1', { id: 'r', split: [half, { variant: 'b', weight: 0.4, value: true }] }, [`${RULE}/split`]],
    ['weights just beyond the tolerance', { id: 'r', split: [half, { variant: 'b', weight: 0.500000002, value: true }] }, [`${RULE}/split`]],
    ['traffic written by hand', { id: 'r', value: true, traffic: [{ salt: 's', from: 0, until: 50_000 }] }, [`${RULE}/traffic`]],
    ['traffic beyond the buckets', { id: 'r', value: true, experimentId: 'exp_1', traffic: [{ salt: 's', from: -1, until: 100_001 }] }, [`${RULE}/traffic/0/from`, `${RULE}/traffic/0/until`]],
    ['a variant twice', { id: 'r', split: [half, half] }, [`${RULE}/split/1/variant`]],
    ['a split value of another type', { id: 'r', split: [{ variant: 'a', weight: 1, value: 1 }] }, [`${RULE}/split/0/value`]],
    ['an empty split', { id: 'r', split: [] }, [`${RULE}/split`]],
    ['a weight below 0', { id: 'r', split: [{ variant: 'a', weight: -1, value: true }, { variant: 'b', weight: 2, value: true }] }, [`${RULE}/split/0/weight`, `${RULE}/split/1/weight`]],
    ['a percentage above 100', { id: 'r', value: true, percentage: 100.001 }, [`${RULE}/percentage`]],
    ['a percentage below 0', { id: 'r', value: true, percentage: -1 }, [`${RULE}/percentage`]],
    ['a phase without experiment', { id: 'r', value: true, phase: 1 }, [`${RULE}/phase`]],
    ['a schedule that ends before it begins', { id: 'r', value: true, schedule: { from: '2026-07-02T00:00:00Z', until: '2026-07-02T05:30:00+05:30' } }, [`${RULE}/schedule/until`]],
    ['a schedule in local time of nowhere', { id: 'r', value: true, schedule: { from: '2026-07-02T00:00:00' } }, [`${RULE}/schedule/from`]],
    ['a window past midnight', { id: 'r', value: true, schedule: { windows: [{ start: '22:00', end: '06:00', timezone: 'Asia/Kolkata' }] } }, [`${RULE}/schedule/windows/0/end`]],
    ['a window in no zone', { id: 'r', value: true, schedule: { windows: [{ start: '10:00', end: '24:00', timezone: 'Asia/Atlantis' }] } }, [`${RULE}/schedule/windows/0/timezone`]],
    ['a window on no day', { id: 'r', value: true, schedule: { windows: [{ days: [], start: '10:00', end: '24:00', timezone: 'UTC' }] } }, [`${RULE}/schedule/windows/0/days`]],
    ['an unknown member', { id: 'r', value: true, colour: 'red' }, [`${RULE}/colour`]],
    ['a dangerous regex', { id: 'r', value: true, conditions: [{ attribute: 'a', operator: 'regex', value: '(a)\\1' }] }, [`${RULE}/conditions/0/value`]],
  ])('cannot have %s', (_, rule, pointers) => expect(pointersOf(rules(rule))).toEqual(pointers));

  it('take weights within the tolerance', () => {
    const thirds = ['a', 'b', 'c'].map((variant) => ({ variant, weight: 1 / 3, value: true }));
    expect(pointersOf(rules({ id: 'r', split: thirds }))).toEqual([]);
    expect(pointersOf(rules({ id: 'r', split: [half, { variant: 'b', weight: 0.5 + 9e-10, value: true }] }))).toEqual([]);
  });

  it('have ids of their own in an environment', () => {
    expect(pointersOf(rules({ id: 'r', value: true }, { id: 'r', value: false }))).toEqual(['/environments/production/rules/1/id']);
    const apart = { production: { enabled: true, rules: [{ id: 'r', value: true }] }, staging: { enabled: true, rules: [{ id: 'r', value: true }] } };
    expect(pointersOf(flag({ environments: apart }))).toEqual([]);
  });
});

describe('references', () => {
  it('to an unknown environment are refused by name', () => expect(pointersOf(flag({ environments: { 'mars/1': { enabled: true, rules: [] } } }))).toEqual(['/environments/mars~11']));
  it('to an unknown flag are refused', () => expect(pointersOf(flag({ prerequisites: [{ flag: 'parent', value: true }, { flag: 'nobody', value: true }] }))).toEqual(['/prerequisites/1/flag']));
  it('ask for a value that the other flag can have', () => expect(pointersOf(flag({ prerequisites: [{ flag: 'tier', value: true }] }))).toEqual(['/prerequisites/0/value']));
  it('are made once to each flag', () => expect(pointersOf(flag({ prerequisites: [{ flag: 'parent', value: true }, { flag: 'parent', value: false }] }))).toEqual(['/prerequisites/1/flag']));
  it.each(['me', 'needs_me'])('back to the flag itself by way of %s are a cycle', (other) => {
    const rejection = rejectionOf(flag({ prerequisites: [{ flag: 'parent', value: true }, { flag: other, value: true }] }));
    expect([rejection?.code, rejection?.faults.map((fault) => fault.pointer)]).toEqual(['prerequisite-cycle', ['/prerequisites/1/flag']]);
  });
});

describe('a document', () => {
  it('that is no object is refused', () => {
    for (const body of [null, [], 'x', 1, undefined]) expect(rejectionOf(body)?.code).toBe('validation');
  });

  it('names every fault at once, of shape and of meaning', () => {
    expect(pointersOf({
      key: '__proto__', type: 'NUMBER', defaultValue: 'ten', colour: 'red', tags: 'driver', metadata: { prototype: 1 },
      prerequisites: [{ flag: 'me', value: true }, { flag: 'nobody', value: 1 }],
      environments: { production: { enabled: 'yes', rules: [{ id: 'r', percentage: 200 }, { id: 'r', value: 'x', conditions: [{ attribute: 'a', operator: 'near' }] }] }, moon: { enabled: true, rules: [] } },
    })).toEqual([
      '/colour', '/defaultValue', '/environments/moon', '/environments/production/enabled', '/environments/production/rules/0/percentage', '/environments/production/rules/0/value',
      '/environments/production/rules/1/conditions/0/operator', '/environments/production/rules/1/id', '/environments/production/rules/1/value',
      '/key', '/metadata/prototype', '/prerequisites/0/flag', '/prerequisites/1/flag', '/tags',
    ]);
  });
});
