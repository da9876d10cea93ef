import type { Flag, Rule, Schedule } from '@pataka/contracts';
import { compileRuleset, evaluate, evaluateValue, findPrerequisiteCycle, findSegmentCycle, prepareContext, type Context, type Evaluation, type Ruleset } from './index';

const NOW = Date.UTC(2026, 6, 1);
const flagWith = (rules: unknown, more: Partial<Flag> = {}): Flag => ({
  key: 'f', type: 'STRING', status: 'ACTIVE', defaultValue: 'no', version: 3, environments: { production: { enabled: true, rules: rules as Rule[] } }, ...more,
});
const rulesetOf = (flags: readonly Flag[], more: Partial<Ruleset> = {}): Ruleset => ({ environment: 'production', position: 1, flags, segments: [], regions: [], calendars: [], ...more });
const context = (raw: unknown = { targetingKey: 'u' }): Context => prepareContext(raw) as Context;
const answer = (flag: Flag, raw?: unknown, others: Flag[] = []): Evaluation => evaluate(compileRuleset(rulesetOf([flag, ...others])), flag.key, context(raw), NOW);

describe('a flag', () => {
  it.each<[string, Flag, Partial<Evaluation>]>([
    ['answers STATIC without rules', flagWith([]), { value: 'no', variant: 'default', reason: 'STATIC', flagVersion: 3 }],
    ['names its default', flagWith([], { defaultVariant: 'off' }), { variant: 'off' }],
    ['answers DISABLED when not active', flagWith([], { status: 'INACTIVE' }), { value: 'no', reason: 'DISABLED' }],
    ['answers DISABLED when archived', flagWith([{ id: 'r', value: 'yes' }], { status: 'ARCHIVED' }), { value: 'no', reason: 'DISABLED' }],
    ['answers DISABLED in an environment that it does not list', flagWith([], { environments: {} }), { reason: 'DISABLED' }],
    ['answers DISABLED where it is not enabled', flagWith([], { environments: { production: { enabled: false, rules: [] } } }), { reason: 'DISABLED' }],
    ['answers DEFAULT when no rule matches', flagWith([{ id: 'r', value: 'yes', percentage: 0 }]), { value: 'no', reason: 'DEFAULT' }],
    ['serves a rule by its id', flagWith([{ id: 'r', value: 'yes' }]), { value: 'yes', variant: 'r', reason: 'TARGETING_MATCH', ruleId: 'r' }],
    ['serves a rule by its variant', flagWith([{ id: 'r', value: 'yes', variant: 'on', percentage: 100 }]), { variant: 'on', reason: 'TARGETING_MATCH' }],
    ['judges rules by priority, then in list order', flagWith([{ id: 'low', value: 'a' }, { id: 'first', value: 'b', priority: 5 }, { id: 'second', value: 'c', priority: 5 }]), { ruleId: 'first' }],
    ['puts a rule without priority above a negative one', flagWith([{ id: 'low', value: 'a', priority: -1 }, { id: 'none', value: 'b' }]), { ruleId: 'none' }],
    ['answers SPLIT where 99.999 percent includes', flagWith([{ id: 'r', value: 'yes', percentage: 99.9999 }]), { reason: 'SPLIT' }],
    ['answers SPLIT for a split of everyone', flagWith([{ id: 'r', split: [{ variant: 'only', weight: 1, value: 'x' }] }]), { reason: 'SPLIT', variant: 'only', ruleId: 'r' }],
    ['does not match a split beyond its weights', flagWith([{ id: 'r', split: [{ variant: 'never', weight: 0, value: 'x' }] }]), { reason: 'DEFAULT' }],
    ['that is malformed answers PARSE_ERROR', flagWith([{ id: 'r' }]), { errorCode: 'PARSE_ERROR' }],
  ])('%s', (_rule, flag, expected) => expect(answer(flag)).toMatchObject(expected));

  it('that is unknown is not found', () => {
    const ruleset = compileRuleset(rulesetOf([flagWith([])]));
    for (const key of ['F', 'g', 'constructor', '__proto__', '']) expect(evaluate(ruleset, key, context(), NOW)).toMatchObject({ errorCode: 'FLAG_NOT_FOUND' });
    expect(evaluateValue(ruleset, 'g', context(), NOW, 7)).toBe(7);
  });

  it.each<[string, unknown, unknown, string | undefined]>([
    ['needs a key for a percentage', { id: 'r', value: 'yes', percentage: 0.0001 }, {}, 'TARGETING_KEY_MISSING'],
    ['needs a key for a split', { id: 'r', split: [{ variant: 'a', weight: 1, value: 'a' }] }, {}, 'TARGETING_KEY_MISSING'],
    ['needs no key for nobody', { id: 'r', percentage: 0, split: [{ variant: 'a', weight: 1, value: 'a' }] }, {}, undefined],
    ['needs no key for everyone', { id: 'r', value: 'yes', percentage: 100, bucketBy: 'fleet_id' }, {}, undefined],
    ['needs no key when a condition fails', { id: 'r', value: 'yes', percentage: 50, conditions: [{ attribute: 'x', operator: 'exists' }] }, {}, undefined],
    ['needs no key outside its schedule', { id: 'r', value: 'yes', percentage: 50, schedule: { until: '2026-01-01T00:00:00Z' } }, {}, undefined],
    ['needs the attribute it buckets by', { id: 'r', value: 'yes', percentage: 50, bucketBy: 'fleet_id' }, { targetingKey: 'u' }, 'TARGETING_KEY_MISSING'],
    ['needs no targeting key when it buckets by an attribute', { id: 'r', value: 'yes', percentage: 50, bucketBy: 'fleet_id' }, { fleet_id: 7 }, undefined],
  ])('%s', (_rule, rule, raw, errorCode) => expect(answer(flagWith([rule]), raw).errorCode).toBe(errorCode));

  it('leaves what a receipt needs in the answer of an experiment only', () => {
    const split = [{ variant: 'a', weight: 0.25, value: 'a' }, { variant: 'b', weight: 0.75, value: 'b' }];
    const owned = answer(flagWith([{ id: 'r', split, experimentId: 'exp_1', phase: 2, bucketBy: 'fleet_id', percentage: 99 }]), { fleet_id: 7, targetingKey: 'u' });
    expect(owned).toMatchObject({ experimentId: 'exp_1', phase: 2, unit: '7', ruleId: 'r', bucket: expect.any(Number), probability: owned.variant === 'a' ? 0.25 : 0.75 });
    const everyone = answer(flagWith([{ id: 'r', value: 'yes', experimentId: 'exp_1' }]));
    expect(everyone).toMatchObject({ unit: 'u', bucket: undefined, probability: 1 });
    expect(answer(flagWith([{ id: 'r', split }]))).toMatchObject({ unit: undefined, bucket: undefined });
    expect(Object.keys(owned)).toEqual(Object.keys(answer(flagWith([]))));
    expect(Object.keys(owned)).toEqual(Object.keys(evaluate(compileRuleset(rulesetOf([])), 'f', context(), NOW)));
  });
});

describe('a schedule', () => {
  const open = (schedule: unknown, timestamp: string): boolean => answer(flagWith([{ id: 'r', value: 'yes', schedule: schedule as Schedule }]), { timestamp }).value === 'yes';
  const office = { windows: [{ days: ['MON', 'FRI'], start: '09:30', end: '17:30', timezone: 'Asia/Kolkata' }] };

  it.each<[unknown, string, boolean]>([
    [{}, '2026-07-01T00:00:00Z', true], [{ windows: [] }, '2026-07-01T00:00:00Z', true],
    [{ from: '2026-07-01T00:00:00+05:30' }, '2026-06-30T18:30:00Z', true], [{ from: '2026-07-01T00:00:00+05:30' }, '2026-06-30T18:29:59.999Z', false],
    [{ until: '2026-07-01T00:00:00Z' }, '2026-06-30T23:59:59.999Z', true], [{ until: '2026-07-01T00:00:00Z' }, '2026-07-01T00:00:00Z', false],
    [office, '2026-07-03T04:00:00Z', true], [office, '2026-07-03T03:59:59Z', false], [office, '2026-07-03T11:59:59Z', true], [office, '2026-07-03T12:00:00Z', false],
    [office, '2026-07-02T05:00:00Z', false], [office, '2026-07-06T05:00:00Z', true],
    [{ windows: [{ start: '00:00', end: '24:00', timezone: 'Asia/Kolkata' }] }, '2026-07-01T18:29:59.999Z', true],
    [{ windows: [{ days: ['THU'], start: '00:00', end: '24:00', timezone: 'Asia/Kolkata' }] }, '2026-07-01T18:30:00Z', true],
    [{ windows: [{ days: ['MON'], start: '00:00', end: '24:00', timezone: 'UTC' }] }, '1969-12-29T12:00:00Z', true],
    [{ from: 'soon' }, '2026-07-01T00:00:00Z', false], [{ until: '2026-08-01' }, '2026-07-01T00:00:00Z', false],
    [{ windows: [{ start: '00:00', end: '24:00', timezone: 'Mars/Olympus' }] }, '2026-07-01T00:00:00Z', false],
    [{ windows: [{ start: '10:00', end: '10:00', timezone: 'UTC' }] }, '2026-07-01T10:00:00Z', false],
    [{ windows: [{ start: '10:00', end: '09:00', timezone: 'UTC' }, { start: '08:00', end: '09:00', timezone: 'UTC' }] }, '2026-07-01T08:30:00Z', true],
  ])('%j at %s is open: %s', (schedule, timestamp, expected) => expect(open(schedule, timestamp)).toBe(expected));

  it('is judged at now where the context names no instant', () => {
    expect(answer(flagWith([{ id: 'r', value: 'yes', schedule: { from: '2026-07-01T00:00:00Z' } }]), {}).value).toBe('yes');
  });
});

describe('a calendar', () => {
  const calendars = [{ key: 'monsoon', timezone: 'Asia/Kolkata', periods: [{ from: '2026-06-01', until: '2026-09-30', regions: ['kerala'] }, { from: '2026-12-25', until: '2026-12-25' }, { from: '2026-02-30', until: '2027-01-01' }] }];
  const ruleset = compileRuleset(rulesetOf([flagWith([{ id: 'r', value: 'yes', conditions: [{ operator: 'in_calendar', value: ['monsoon'] }] }])], { calendars, regions: [{ key: 'kerala' }, { key: 'kochi', parent: 'kerala' }] }));

  it.each<[string, string | undefined, boolean]>([
    ['2026-05-31T18:29:59Z', 'kochi', false], ['2026-05-31T18:30:00Z', 'kochi', true], ['2026-09-30T18:29:59Z', 'kerala', true], ['2026-09-30T18:30:00Z', 'kerala', false],
    ['2026-07-01T00:00:00Z', 'pune', false], ['2026-07-01T00:00:00Z', undefined, false], ['2026-12-24T18:30:00Z', undefined, true], ['2026-12-25T18:30:00Z', undefined, false],
  ])('at %s in %s contains: %s', (timestamp, region, expected) => {
    expect(evaluateValue(ruleset, 'f', context({ timestamp, region }), NOW, null)).toBe(expected ? 'yes' : 'no');
  });
});

describe('prerequisites', () => {
  const other = (value: unknown, more: Partial<Flag> = {}): Flag => flagWith([], { key: 'other', defaultValue: value as string, ...more });
  const needing = (value: unknown, rules: unknown[] = []): Flag => flagWith(rules, { prerequisites: [{ flag: 'other', value: value as string }] });

  it.each<[string, Flag, Flag[], string]>([
    ['hold where the other serves the value', needing('x'), [other('x')], 'STATIC'],
    ['fail where it serves another', needing('x'), [other('y')], 'DEFAULT'],
    ['fail where the other is unknown', needing('x'), [], 'DEFAULT'],
    ['compare JSON deeply, key order free', needing({ a: 1, b: [{ c: true }] }), [other({ b: [{ c: true }], a: 1 })], 'STATIC'],
    ['tell lists from objects', needing({ a: [] }), [other({ a: {} })], 'DEFAULT'],
    ['count a disabled flag with its default', needing('x'), [other('x', { status: 'ARCHIVED' })], 'STATIC'],
    ['fail where the other has an error', needing('x'), [other('x', { environments: { production: { enabled: true, rules: [{ id: 'r', value: 'x', percentage: 50, bucketBy: 'none' }] } } })], 'DEFAULT'],
    ['keep rules from being looked at', needing('x', [{ id: 'r', value: 'yes', percentage: 50, bucketBy: 'none' }]), [other('y')], 'DEFAULT'],
    ['of a disabled flag are not looked at', { ...needing('x'), status: 'INACTIVE' }, [], 'DISABLED'],
    ['fail for every flag of a ring', needing('no'), [other('no', { prerequisites: [{ flag: 'f', value: 'no' }] })], 'DEFAULT'],
    ['fail for a flag that needs itself', flagWith([], { prerequisites: [{ flag: 'f', value: 'no' }] }), [], 'DEFAULT'],
  ])('%s', (_rule, flag, others, reason) => expect(answer(flag, { targetingKey: 'u' }, others)).toMatchObject({ value: 'no', reason }));

  it('are evaluated once each, however many ways lead to them', () => {
    const layers = Array.from({ length: 60 }, (_, layer) => ['a', 'b'].map((side) => flagWith([], {
      key: `${side}${layer}`, prerequisites: layer === 0 ? [] : [{ flag: `a${layer - 1}`, value: 'no' }, { flag: `b${layer - 1}`, value: 'no' }],
    }))).flat();
    expect(evaluate(compileRuleset(rulesetOf(layers)), 'a59', context(), NOW)).toMatchObject({ reason: 'STATIC' });
  });

  it('in a chain too long for the call stack fail without throwing', () => {
    const chain = Array.from({ length: 100_000 }, (_, index) => flagWith([], { key: `k${index}`, prerequisites: index === 0 ? [] : [{ flag: `k${index - 1}`, value: 'no' }] }));
    const ruleset = compileRuleset(rulesetOf(chain));
    expect(evaluate(ruleset, 'k99999', context(), NOW).errorCode).toBe('GENERAL');
    expect(evaluate(ruleset, 'k50', context(), NOW).reason).toBe('STATIC');
    expect(findPrerequisiteCycle(chain)).toBeNull();
  });
});

describe('finding cycles', () => {
  const edges = (graph: Record<string, string[]>): Flag[] => Object.entries(graph).map(([key, needs]) => flagWith([], { key, prerequisites: needs.map((flag) => ({ flag, value: 'no' })) }));

  it.each<[Record<string, string[]>, string[] | null]>([
    [{}, null], [{ a: ['b'], b: ['c'], c: [] }, null], [{ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] }, null], [{ a: ['unknown'] }, null],
    [{ a: ['a'] }, ['a']], [{ a: ['b'], b: ['c'], c: ['b'] }, ['b', 'c']], [{ x: [], a: ['x', 'b'], b: ['a'] }, ['a', 'b']],
  ])('in %j finds %j', (graph, cycle) => expect(findPrerequisiteCycle(edges(graph))).toEqual(cycle));

  it('looks into groups of segments', () => {
    const segments = [{ key: 'a', conditions: [{ not: { any: [{ operator: 'in_segment' as const, value: 'b' }] } }] }, { key: 'b', conditions: [{ operator: 'not_in_segment' as const, value: ['a'] }] }];
    expect(findSegmentCycle(segments)).toEqual(['a', 'b']);
    expect(findSegmentCycle(segments.slice(0, 1))).toBeNull();
  });
});

describe('a change', () => {
  const rule = (value: string, conditions: unknown[] = []): unknown => ({ id: 'r', value, conditions });
  const value = (ruleset: ReturnType<typeof compileRuleset>, raw: unknown = {}): unknown => evaluateValue(ruleset, 'f', context(raw), NOW, 'none');

  it('replaces, adds and removes flags', () => {
    const ruleset = compileRuleset(rulesetOf([flagWith([rule('one')])]));
    expect(value(ruleset)).toBe('one');
    ruleset.apply({ position: 2, flags: [flagWith([rule('two')])] });
    expect([value(ruleset), ruleset.position]).toEqual(['two', 2]);
    ruleset.apply({ position: 3, removedFlags: ['f', 'unknown'] });
    expect([value(ruleset), ruleset.flagKeys()]).toEqual(['none', []]);
  });

  it('of a segment, region, calendar or prerequisite reaches the flags that refer to it', () => {
    const ruleset = compileRuleset(rulesetOf([
      flagWith([rule('segment', [{ operator: 'in_segment', value: 's' }]), rule('region', [{ attribute: 'region', operator: 'within', value: 'west' }]), rule('calendar', [{ operator: 'in_calendar', value: 'c' }])]),
    ]));
    expect(value(ruleset, { region: 'pune' })).toBe('no');
    ruleset.apply({ position: 2, calendars: [{ key: 'c', timezone: 'UTC', periods: [{ from: '2026-01-01', until: '2026-12-31', regions: ['west'] }] }] });
    expect(value(ruleset, { region: 'pune' })).toBe('no');
    ruleset.apply({ position: 3, regions: [{ key: 'west' }, { key: 'pune', parent: 'west' }] });
    expect(value(ruleset, { region: 'pune' })).toBe('region');
    ruleset.apply({ position: 4, segments: [{ key: 's', conditions: [{ attribute: 'region', operator: 'exists' }] }] });
    expect(value(ruleset, { region: 'pune' })).toBe('segment');
    ruleset.apply({ position: 5, removedSegments: ['s'], removedRegions: ['pune'] });
    expect(value(ruleset, { region: 'pune' })).toBe('no');
    ruleset.apply({ position: 6, flags: [flagWith([], { key: 'p', defaultValue: 'x' }), flagWith([rule('yes')], { prerequisites: [{ flag: 'p', value: 'x' }] })] });
    expect(value(ruleset)).toBe('yes');
    ruleset.apply({ position: 7, flags: [flagWith([], { key: 'p', defaultValue: 'x', prerequisites: [{ flag: 'f', value: 'yes' }] })] });
    expect(value(ruleset)).toBe('no');
    ruleset.apply({ position: 8, flags: [flagWith([], { key: 'p', defaultValue: 'y' })] });
    expect(value(ruleset)).toBe('no');
  });

  it('of one flag among 5,000 costs less than 0.2 milliseconds', () => {
    const flags = Array.from({ length: 5000 }, (_, index) => flagWith([rule(`v${index}`)], { key: `k${index}` }));
    const ruleset = compileRuleset(rulesetOf(flags));
    for (const key of ruleset.flagKeys()) evaluate(ruleset, key, context(), NOW);
    const times = Array.from({ length: 200 }, (_, index) => {
      const before = performance.now();
      ruleset.apply({ position: index, flags: [flagWith([rule(`w${index}`)], { key: `k${index}` })] });
      expect(evaluateValue(ruleset, `k${index}`, context(), NOW, null)).toBe(`w${index}`);
      return performance.now() - before;
    }).sort((one, other) => one - other);
    expect(times[100]).toBeLessThan(0.2);
  });
});
