import { createHash } from 'node:crypto';
import type { CalendarPeriod, Condition, Flag, Rule } from '@pataka/contracts';
import { operators } from '@pataka/contracts';
import fc from 'fast-check';
import { bucketOf, compileRuleset, Context, evaluate, evaluateValue, explain, prepareContext, type Evaluation, type Explanation, type Ruleset, type RulesetChange } from './index';

const NOW = Date.UTC(2026, 6, 1);
const contextOf = (raw: unknown): Context => prepareContext(raw) as Context;
const flagOf = (rules: unknown[], more: Partial<Flag> = {}): Flag => ({
  key: 'f', type: 'STRING', status: 'ACTIVE', defaultValue: 'no', environments: { production: { enabled: true, rules: rules as Rule[] } }, ...more,
});
const rulesetOf = (flags: Flag[]): Ruleset => ({ environment: 'production', position: 1, flags, segments: [], regions: [], calendars: [] });
const valueFor = (rule: object, key: string): unknown => evaluateValue(compileRuleset(rulesetOf([flagOf([{ id: 'r', value: 'yes', ...rule }])])), 'f', contextOf({ targetingKey: key }), NOW, null);

const key = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' });
const percentage = fc.integer({ min: 0, max: 100_000 }).map((thousandths) => thousandths / 1000);

// Documents that mostly make sense, over a few names, so that rules match and references meet.
const name = fc.constantFrom('a', 'b', 'c');
const scalar = fc.oneof(fc.constantFrom('a', 'b', '', 'true', '10', '1.2.3', 'hi', 'hi-IN', '2026-07-01T00:00:00Z'), fc.integer({ min: -2, max: 12 }), fc.boolean());
const attribute = fc.constantFrom('x', 'y', 'region', 'timestamp', 'user_id', 'targetingKey', 'environment', 'constructor');
const comparison: fc.Arbitrary<Condition> = fc.record({
  attribute, operator: fc.constantFrom(...operators), value: fc.oneof(scalar, fc.array(fc.oneof(scalar, name), { maxLength: 3 }), name, fc.constant('a+b*')),
});
const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof({ maxDepth: 3, depthSize: 'small' }, comparison, fc.record({ any: fc.array(tie('condition'), { maxLength: 3 }) }), fc.record({ all: fc.array(tie('condition'), { maxLength: 3 }) }), fc.record({ not: tie('condition') })),
}));
const conditions = fc.array(condition, { maxLength: 2 });
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const without = <T extends object>(document: T): T => JSON.parse(JSON.stringify(document)) as T;
const schedule = fc.constantFrom({ from: '2026-07-01T00:00:00Z' }, { until: '2026-07-01T00:00:00Z' }, { windows: [{ start: '05:00', end: '06:00', timezone: 'Asia/Kolkata' }] });
const traffic = fc.array(fc.record({
  salt: fc.constantFrom('layer', 'held'), bucketBy: optional(attribute), from: fc.constantFrom(0, 20_000, 50_000), until: fc.constantFrom(100_000, 60_000, 50_000),
}).map(without), { maxLength: 2 });
const rule = fc.record({
  id: fc.constantFrom('r1', 'r2', 'r3'), priority: optional(fc.integer({ min: -1, max: 2 })), conditions: optional(conditions), percentage: optional(fc.oneof(percentage, fc.constantFrom(0, 50, 100))),
  value: fc.constantFrom('yes', 'maybe', 'no'), bucketBy: optional(attribute), schedule: optional(schedule), experimentId: optional(fc.constant('exp')), traffic: optional(traffic),
  split: optional(fc.constantFrom([0.5, 0.5], [0.1, 0.2, 0.7], [0, 1], [0.3]).map((weights) => weights.map((weight, index) => ({ variant: `v${index}`, weight, value: `s${index}` })))),
}).map((document) => without(document) as Rule);
const flag = fc.record({
  key: name, type: fc.constant('STRING' as const), status: fc.constantFrom('ACTIVE' as const, 'ACTIVE' as const, 'INACTIVE' as const), defaultValue: fc.constantFrom('no', 'yes'), version: fc.nat(9),
  prerequisites: optional(fc.array(fc.record({ flag: name, value: fc.constantFrom('no', 'yes', 's0') }), { maxLength: 2 })),
  environments: fc.record({ production: fc.record({ enabled: fc.constantFrom(true, true, false), rules: fc.array(rule, { maxLength: 3 }) }) }),
}).map((document) => without(document) as Flag);
const segment = fc.record({ key: name, included: fc.constantFrom<string[][]>([], ['u1']), excluded: fc.constantFrom<string[][]>([], ['u2']), conditions });
const region = fc.record({ key: name, parent: name });
const calendar = fc.record({ key: name, timezone: fc.constantFrom('Asia/Kolkata', 'nowhere'), periods: fc.constantFrom<CalendarPeriod[][]>([{ from: '2026-06-01', until: '2026-07-01' }], [{ from: '2026-06-01', until: '2026-08-01', regions: ['a'] }]) });
const change: fc.Arbitrary<RulesetChange> = fc.record({
  position: fc.nat(), flags: fc.array(flag, { maxLength: 4 }), segments: fc.array(segment, { maxLength: 3 }), regions: fc.array(region, { maxLength: 3 }), calendars: fc.array(calendar, { maxLength: 2 }),
});
const removal: fc.Arbitrary<RulesetChange> = fc.record({ position: fc.nat(), removedFlags: fc.array(name), removedSegments: fc.array(name), removedRegions: fc.array(name), removedCalendars: fc.array(name) });
const rawContext = fc.record({
  targetingKey: fc.constantFrom('u1', 'u2', 'u3', ''), x: fc.oneof(scalar, fc.array(scalar, { maxLength: 2 }), fc.constant(null)), y: optional(scalar), region: optional(name),
  timestamp: fc.constantFrom('2026-06-30T23:59:59Z', '2026-07-01T00:00:00Z', '2026-07-15T00:00:00Z'),
}, { requiredKeys: [] });

describe('bucketing', () => {
  it('gives the same input the same variant', () => {
    fc.assert(fc.property(key, percentage, (one, share) => valueFor({ percentage: share }, one) === valueFor({ percentage: share }, one)));
  });

  it('only adds keys when a percentage grows', () => {
    fc.assert(fc.property(key, percentage, percentage, (one, some, other) => {
      const [less, more] = [Math.min(some, other), Math.max(some, other)];
      return valueFor({ percentage: less }, one) !== 'yes' || valueFor({ percentage: more }, one) === 'yes';
    }));
  });

  it('includes whom the specification includes, at whole percents', () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.integer({ min: 0, max: 100 }), fc.uuid(), (userId, share, id) => {
      const hash = parseInt(createHash('md5').update(`${userId}:${id}`).digest('hex').slice(0, 8), 16);
      return (valueFor({ percentage: share, id }, String(userId)) === 'yes') === (hash % 100 < share);
    }), { numRuns: 500 });
  });

  it('holds weights over 100,000 keys', () => {
    const weights = [0.1, 0.2, 0.3, 0.4];
    const split = weights.map((weight, index) => ({ variant: `v${index}`, weight, value: `v${index}` }));
    const ruleset = compileRuleset(rulesetOf([flagOf([{ id: 'weights', split }])]));
    const counts = new Map<unknown, number>();
    for (let index = 0; index < 100_000; index += 1) {
      const value = evaluateValue(ruleset, 'f', contextOf({ targetingKey: `driver-${index}` }), NOW, null);
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    // Four standard deviations of a binomial count.
    weights.forEach((weight, index) => expect(Math.abs(counts.get(`v${index}`)! - 100_000 * weight)).toBeLessThan(4 * Math.sqrt(100_000 * weight * (1 - weight))));
  });

  it('never lets a unit into two ranges of one layer, nor out of one that grows', () => {
    const bound = fc.integer({ min: 0, max: 100_000 });
    fc.assert(fc.property(key, fc.tuple(bound, bound, bound), percentage, (one, bounds, share) => {
      const [first, second, third] = [...bounds].sort((a, b) => a - b) as [number, number, number];
      const reached = (id: string, from: number, until: number): boolean => valueFor({ id, percentage: share, traffic: [{ salt: 'layer:routing', from, until }] }, one) === 'yes';
      const [inFirst, inSecond, inBoth] = [reached('a', first, second), reached('b', second, third), reached('a', first, third)];
      return !(inFirst && inSecond) && (!inFirst || inBoth);
    }), { numRuns: 500 });
  });

  it('lets through exactly those whose bucket lies in every range', () => {
    const range = fc.tuple(fc.constantFrom('one', 'other'), fc.integer({ min: 0, max: 100_000 }), fc.integer({ min: 0, max: 100_000 })).map(([salt, from, until]) => ({ salt, from, until }));
    fc.assert(fc.property(key, fc.array(range, { maxLength: 3 }), (one, ranges) => {
      const inAll = ranges.every(({ salt, from, until }) => bucketOf(one, salt) >= from && bucketOf(one, salt) < until);
      return (valueFor({ traffic: ranges }, one) === 'yes') === inAll;
    }), { numRuns: 500 });
  });

  it('misses the key that a range buckets by, unless the range holds everyone or nobody', () => {
    const answer = (traffic: object[], context: object) => evaluate(compileRuleset(rulesetOf([flagOf([{ id: 'r', value: 'yes', traffic }])])), 'f', contextOf(context), NOW);
    const half = { salt: 's', bucketBy: 'fleet_id', from: 0, until: 50_000 };
    expect(answer([half], { targetingKey: 'u' })).toMatchObject({ errorCode: 'TARGETING_KEY_MISSING' });
    expect(answer([{ ...half, until: 100_000 }], { targetingKey: 'u' })).toMatchObject({ value: 'yes', reason: 'SPLIT' });
    expect(answer([half, { ...half, until: 0 }], { targetingKey: 'u' })).toMatchObject({ value: 'no', reason: 'DEFAULT' });
  });

  it('gives a variant of several shares the probability of all of them', () => {
    const split = [0.2, 0.5, 0.3].map((weight, index) => ({ variant: index === 1 ? 'b' : 'a', value: 'v', weight }));
    const ruleset = compileRuleset(rulesetOf([flagOf([{ id: 'r', experimentId: 'exp', split }])]));
    for (let index = 0; index < 20; index += 1) {
      const { variant, probability } = evaluate(ruleset, 'f', contextOf({ targetingKey: `u${index}` }), NOW);
      expect([variant, probability]).toEqual(variant === 'a' ? ['a', 0.5] : ['b', 0.5]);
    }
  });

  it('fills all hundred thousand buckets alike', () => {
    const tenths = new Array<number>(10).fill(0);
    for (let index = 0; index < 50_000; index += 1) tenths[Math.floor(bucketOf(String(index), 'salt') / 10_000)]! += 1;
    for (const count of tenths) expect(Math.abs(count - 5000)).toBeLessThan(4 * Math.sqrt(4500));
  });

  it('moves nobody between variants when the percentage of a split grows', () => {
    const split = [{ variant: 'a', weight: 0.5, value: 'a' }, { variant: 'b', weight: 0.5, value: 'b' }];
    fc.assert(fc.property(key, percentage, (one, share) => {
      const before = valueFor({ split, percentage: share }, one);
      return before === 'no' || before === valueFor({ split }, one);
    }));
  });
});

const isEvaluation = (answer: Evaluation): boolean => (answer.errorCode === undefined ? answer.value !== undefined && answer.reason !== undefined : typeof answer.errorDetails === 'string');

/** What the rules of an explanation say, judged without looking at its evaluation. */
const decisionOf = ({ rules }: Explanation): string => {
  const decisive = rules.find(({ outcome }) => outcome === 'served' || outcome === 'keyMissing');
  return decisive === undefined ? 'no rule' : decisive.outcome === 'served' ? `rule ${decisive.ruleId} ${decisive.splitVariant ?? ''}` : 'TARGETING_KEY_MISSING';
};

const decisionIn = (answer: Evaluation, flags: readonly Flag[]): string => {
  if (answer.errorCode !== undefined) return answer.errorCode;
  if (answer.ruleId === undefined) return 'no rule';
  const hasSplit = flags.some(({ environments }) => environments['production']!.rules.some(({ split }) => split?.some(({ variant }) => variant === answer.variant)));
  return `rule ${answer.ruleId} ${hasSplit ? answer.variant : ''}`;
};

describe('evaluating', () => {
  it('never throws for arbitrary contexts', () => {
    const ruleset = compileRuleset({ ...rulesetOf([flagOf(operators.map((operator, index) => ({ id: `r${index}`, value: 'yes', percentage: 50, conditions: [{ attribute: 'x', operator, value: ['a', 1] }] })))]), segments: [{ key: 'a', conditions: [{ attribute: 'x', operator: 'exists' }] }] });
    fc.assert(fc.property(fc.oneof(fc.anything({ withDate: true, withBigInt: true, withNullPrototype: true }), fc.record({ targetingKey: fc.string(), x: fc.anything() }, { requiredKeys: [] })), (raw) => {
      const context = prepareContext(raw);
      return context instanceof Context ? isEvaluation(evaluate(ruleset, 'f', context, NOW)) && evaluateValue(ruleset, 'f', context, NOW, 'fallback') !== undefined : context.errorCode === 'INVALID_CONTEXT';
    }), { numRuns: 400 });
  });

  it('never throws for malformed flags, segments, regions and calendars', () => {
    const any = fc.jsonValue();
    const broken = (members: string[]): fc.Arbitrary<object> => fc.record(Object.fromEntries(members.map((member) => [member, any])), { requiredKeys: [] });
    const brokenRule = fc.oneof(any, broken(['id', 'priority', 'conditions', 'percentage', 'value', 'split', 'bucketBy', 'schedule', 'salt', 'traffic']), fc.record({ id: fc.string(), value: fc.boolean(), conditions: fc.array(fc.oneof(any, broken(['attribute', 'operator', 'value', 'any', 'all', 'not']))) }));
    const brokenFlag = fc.oneof(any, broken(['status', 'environments', 'prerequisites']), fc.record({ status: fc.constant('ACTIVE'), defaultValue: fc.boolean(), prerequisites: fc.oneof(any, fc.array(any), fc.constant(undefined)), environments: fc.record({ production: fc.record({ enabled: fc.constant(true), rules: fc.oneof(any, fc.array(brokenRule)) }) }) }));
    fc.assert(fc.property(brokenFlag, broken(['included', 'excluded', 'conditions']), broken(['timezone', 'periods']), (document, brokenSegment, brokenCalendar) => {
      const uses = flagOf([{ id: 'r', value: 'yes', conditions: [{ any: [{ operator: 'in_segment', value: 's' }, { operator: 'in_calendar', value: 'c' }] }] }], { key: 'uses' });
      const malformed = typeof document === 'object' && document !== null ? { ...document, key: 'f' } : document;
      const ruleset = compileRuleset({ environment: 'production', position: 1, flags: [malformed, uses, null], segments: [{ ...brokenSegment, key: 's' }, null], regions: [{ key: 'x', parent: 5 }, 7], calendars: [{ ...brokenCalendar, key: 'c' }] } as unknown as Ruleset);
      const context = contextOf({ targetingKey: 'u' });
      return ['f', 'uses'].every((one) => isEvaluation(evaluate(ruleset, one, context, NOW)) && explain(ruleset, one, context, NOW).flagKey === one);
    }), { numRuns: 400 });
  });

  it('agrees with its plain value and with its explanation', () => {
    fc.assert(fc.property(change, name, rawContext, (documents, one, raw) => {
      const ruleset = compileRuleset({ environment: 'production', flags: [], segments: [], regions: [], calendars: [], ...documents });
      const context = contextOf(raw);
      const answer = evaluate(ruleset, one, context, NOW);
      expect(evaluateValue(ruleset, one, context, NOW, 'fallback')).toBe(answer.errorCode === undefined ? answer.value : 'fallback');
      const explanation = explain(ruleset, one, context, NOW);
      expect(explanation.evaluation).toEqual(answer);
      if (answer.errorCode === 'FLAG_NOT_FOUND') return;
      expect(decisionOf(explanation)).toBe(decisionIn(answer, ruleset.toRuleset().flags));
    }), { numRuns: 800 });
  });

  it('answers the same after changes as after compiling afresh', () => {
    fc.assert(fc.property(fc.array(fc.oneof(change, removal), { minLength: 1, maxLength: 6 }), fc.array(rawContext, { minLength: 1, maxLength: 3 }), (changes, raws) => {
      const followed = compileRuleset({ environment: 'production', position: 0, flags: [], segments: [], regions: [], calendars: [] });
      for (const one of changes) {
        followed.apply(one);
        const fresh = compileRuleset(followed.toRuleset());
        for (const raw of raws) for (const flagKey of ['a', 'b', 'c']) expect(evaluate(followed, flagKey, contextOf(raw), NOW)).toEqual(evaluate(fresh, flagKey, contextOf(raw), NOW));
      }
    }), { numRuns: 100 });
  });
});
