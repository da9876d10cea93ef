import type { Flag, Rule } from '@pataka/contracts';
import { compileRuleset, evaluate, explain, prepareContext, type Context, type Explanation, type Ruleset } from './index';
import vectors from './vectors/evaluation.json';

const NOW = Date.UTC(2026, 10, 22, 12);
const ruleset = compileRuleset({ ...vectors, position: 1 } as unknown as Ruleset);
const cases = vectors.cases as unknown as { flag: string; context: unknown; expect: { value?: unknown; errorCode?: string } }[];

/** The value that an explanation's own findings come to, without its evaluation. */
const valueOf = ({ rules, flagKey }: Explanation): unknown => {
  const decisive = rules.find(({ outcome }) => outcome === 'served' || outcome === 'keyMissing');
  if (decisive?.outcome === 'keyMissing') return 'TARGETING_KEY_MISSING';
  return decisive === undefined ? ruleset.flagAt(flagKey)?.defaultValue : decisive.serves?.value;
};

const explained = (rules: unknown[], context: unknown, more: Partial<Ruleset> & { flag?: Partial<Flag> } = {}): Explanation => {
  const { flag = {}, ...documents } = more;
  const whole: Flag = { key: 'f', type: 'STRING', status: 'ACTIVE', defaultValue: 'no', environments: { production: { enabled: true, rules: rules as Rule[] } }, ...flag };
  const compiled = compileRuleset({ environment: 'production', position: 4, flags: [whole], segments: [], regions: [], calendars: [], ...documents });
  return explain(compiled, 'f', prepareContext(context) as Context, NOW);
};

describe('explaining', () => {
  it.each(cases.map((one, index) => [index, one.flag, one] as const))('comes to the value of shared vector %i of %s', (_index, flag, { context, expect: expected }) => {
    const prepared = prepareContext(context) as Context;
    const explanation = explain(ruleset, flag, prepared, NOW);
    expect(explanation.evaluation).toEqual(evaluate(ruleset, flag, prepared, NOW));
    if (expected.errorCode === 'FLAG_NOT_FOUND') return;
    expect(valueOf(explanation)).toEqual(expected.errorCode ?? expected.value);
  });

  it('shows rules beyond the one that served as not reached, with what they would have come to', () => {
    const { rules } = explained([
      { id: 'low', value: 'low', priority: 1, conditions: [{ attribute: 'region', operator: 'equals', value: 'pune' }] },
      { id: 'everyone', value: 'all', priority: 2 },
      { id: 'closed', value: 'c', priority: 3, schedule: { until: '2026-01-01T00:00:00Z' } },
      { id: 'lowest', value: 'lowest', percentage: 0 },
    ], { targetingKey: 'u', region: 'pune' });
    expect(rules.map(({ ruleId, outcome, finding, serves }) => [ruleId, outcome, finding, serves?.value])).toEqual([
      ['closed', 'scheduleClosed', 'scheduleClosed', undefined], ['everyone', 'served', 'served', 'all'], ['low', 'notReached', 'served', 'low'], ['lowest', 'notReached', 'notIncluded', undefined],
    ]);
  });

  it('shows the rules of a flag that is off, and what keeps it off', () => {
    const rules = [{ id: 'r', value: 'yes' }];
    const off = explained(rules, {}, { flag: { status: 'INACTIVE' } });
    expect([off.enabled, off.disabledBy, off.rules[0]?.outcome, off.rules[0]?.finding]).toEqual([false, 'status', 'notReached', 'served']);
    expect(explained(rules, {}, { flag: { environments: {} } }).disabledBy).toBe('environmentMissing');
    expect(explained(rules, {}, { flag: { environments: { production: { enabled: false, rules: [] } } } }).disabledBy).toBe('environmentOff');
  });

  it('shows each condition with the attribute that it met', () => {
    const { rules: [rule] } = explained([{ id: 'r', value: 'yes', conditions: [{ attribute: 'fleet_size', operator: 'gt', value: 10 }, { not: { attribute: 'role', operator: 'exists', value: true } }] }], { fleet_size: 4 });
    expect(rule?.conditions).toMatchObject([{ holds: false, actual: 4 }, { holds: true, members: [{ holds: false }] }]);
  });

  it('shows why a segment contains a context, and which period of the day a schedule is open', () => {
    const segments = [{ key: 's', excluded: ['out'], included: ['in'], conditions: [{ attribute: 'x', operator: 'equals' as const, value: 1 }] }, { key: 'ring', conditions: [{ operator: 'in_segment' as const, value: ['ring'] }] }];
    const about = (targetingKey: string) => explained([{ id: 'r', value: 'yes', conditions: [{ operator: 'in_segment', value: ['s', 'ring', 'nowhere'] }] }], { targetingKey }, { segments }).rules[0]!.conditions[0]!.segments!;
    expect(about('out').map(({ contains, reason }) => [contains, reason])).toEqual([[false, 'excluded'], [false, 'ring'], [false, 'unknown']]);
    expect(about('in')[0]).toMatchObject({ contains: true, reason: 'included' });
    expect(about('u')[0]).toMatchObject({ contains: false, reason: 'conditions', conditions: [{ holds: false }] });
    const ref = { hash: 'f'.repeat(64), size: 1 };
    const lists = new Map([[ref.hash, { ...ref, has: (key: string) => key === 'listed' }]]);
    const beside = (targetingKey: string, name: string) => explained([{ id: 'r', value: 'yes', conditions: [{ operator: 'in_segment', value: ['s'] }] }], { targetingKey }, { segments: [{ key: 's', [name]: ref }], lists }).rules[0]!.conditions[0]!.segments![0];
    expect(beside('listed', 'includedList')).toMatchObject({ contains: true, reason: 'included' });
    expect(beside('listed', 'excludedList')).toMatchObject({ contains: false, reason: 'excluded' });
    expect(beside('other', 'includedList')).toMatchObject({ contains: false, reason: 'nothing' });
    const windows = [{ start: '10:00', end: '17:00', timezone: 'Asia/Kolkata' }, { start: '17:00', end: '18:00', timezone: 'Asia/Kolkata' }];
    const { rules: [rule] } = explained([{ id: 'r', value: 'yes', schedule: { from: '2026-01-01T00:00:00Z', windows } }], {});
    expect(rule?.schedule).toMatchObject({ open: true, from: { holds: true }, until: undefined, windows: [{ open: false }, { open: true }] });
  });

  it('shows buckets, thresholds and cumulative shares', () => {
    const split = [0.25, 0.75].map((weight, index) => ({ variant: `v${index}`, weight, value: `s${index}` }));
    const { rules: [rule] } = explained([{ id: 'r', split, percentage: 12.5, bucketBy: 'fleet_id', salt: 'pepper' }], { targetingKey: 'u', fleet_id: 42 });
    expect(rule).toMatchObject({ bucketBy: 'fleet_id', salt: 'pepper', unit: '42', threshold: 12_500, percentage: 12.5, shares: [{ variant: 'v0', below: 25_000 }, { variant: 'v1', below: 100_000 }] });
    expect(rule!.bucket! < 12_500 ? 'served' : 'notIncluded').toBe(rule?.finding);
  });

  it('shows prerequisites with reasons of their own', () => {
    const needed: Flag = { key: 'needed', type: 'BOOLEAN', status: 'INACTIVE', defaultValue: false, environments: {} };
    const needs = { key: 'f', type: 'STRING' as const, status: 'ACTIVE' as const, defaultValue: 'no', prerequisites: [{ flag: 'needed', value: true }, { flag: 'absent', value: true }], environments: { production: { enabled: true, rules: [{ id: 'r', value: 'yes' }] } } };
    const { prerequisites, rules } = explained([], {}, { flags: [needed, needs] });
    expect(prerequisites).toMatchObject([{ flag: 'needed', holds: false, actual: { value: false, reason: 'DISABLED' } }, { flag: 'absent', holds: false }]);
    expect(rules[0]).toMatchObject({ outcome: 'notReached', finding: 'served' });
  });

  it('keeps to itself what a recorder has put at an answer', () => {
    const needed: Flag = { key: 'needed', type: 'BOOLEAN', status: 'ACTIVE', defaultValue: true, environments: { production: { enabled: true, rules: [] } } };
    const whole: Flag = { ...needed, key: 'f', prerequisites: [{ flag: 'needed', value: true }] };
    const compiled = compileRuleset({ environment: 'production', position: 4, flags: [needed, whole], segments: [], regions: [], calendars: [] });
    const context = prepareContext({ targetingKey: 'u' }) as Context;
    const circle: { count: number; self?: object } = { count: 0 };
    circle.self = circle;
    for (const key of ['f', 'needed']) evaluate(compiled, key, context, NOW).tally = circle;
    expect(JSON.stringify(explain(compiled, 'f', context, NOW))).not.toContain('tally');
  });
});
