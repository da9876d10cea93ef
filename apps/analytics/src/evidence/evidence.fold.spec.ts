import type { Correction } from '@pataka/contracts';
import fc from 'fast-check';
import { compilePlan, type MetricPlan, type Plan } from './evidence-plan';
import { feedsOf, newSubject, refolded, tallyEvent, tallySubject, withConversion, withExposure, type ConversionFact, type ExposureFact } from './evidence.fold';
import { instantText } from './instant';
import { Tally } from './tally';

const HOUR = 3_600_000_000;
const START = 20_500 * 24 * HOUR;
const metric = (key: string, more: Partial<MetricPlan>): MetricPlan => ({ key, type: 'mean', event: key, aggregation: 'sum', denominatorEvent: null, cap: null, window: null, ...more });
const plan: Plan = {
  experiment: 'exp', environment: 'production', variants: ['a', 'b'], phases: [[1, 0], [2, START + 40 * HOUR]],
  metrics: [
    metric('buy', { type: 'conversion' }), metric('buy_soon', { type: 'conversion', event: 'buy', window: 20 * HOUR }),
    metric('spend', { event: 'buy', cap: '5000000' }), metric('visits', { event: 'visit', aggregation: 'count', segmented: true }), metric('longest', { event: 'visit', aggregation: 'max' }),
    metric('latest', { event: 'visit', aggregation: 'last' }), metric('average', { event: 'visit', aggregation: 'mean' }),
    metric('per_visit', { type: 'ratio', event: 'buy', denominatorEvent: 'visit', segmented: true }), metric('middle', { type: 'quantile', event: 'buy' }),
    metric('buy_again', { type: 'conversion', event: 'buy', before: true }), metric('spend_adjusted', { event: 'buy', cap: '5000000', before: true }),
    metric('per_driver', { event: 'buy', perMember: true }), metric('latest_adjusted', { event: 'visit', aggregation: 'last', before: true }),
  ],
  segments: { attributes: ['fleet_size', 'region'], metric: 'spend' },
  exclusions: [{ name: 'staff', conditions: [{ attribute: 'role', operator: 'equals', value: 'staff' }] }],
  corrections: ['1', '2', '3'],
};
const correction = (id: string, more: Partial<Correction>): [string, Correction] =>
  [id, { id, version: 1, status: 'active', kind: 'values', reason: 'test', createdBy: 'test', createdAt: '2026-01-01T00:00:00Z', ...more }];
const instantAt = (hours: number): string => instantText(START + hours * HOUR);
const compiled = compilePlan(plan, new Map([
  correction('1', { metric: 'visit', subjects: ['k1'], from: instantAt(10), until: instantAt(30), action: 'multiply', factor: -0.5 }),
  correction('2', { kind: 'broken', experimentId: 'exp', variantId: 'b', from: instantAt(5), until: instantAt(20) }),
  correction('3', { metric: 'spend', action: 'replace', value: 2, from: instantAt(60) }),
]));

const at = fc.integer({ min: 0, max: 90 }).map((hours) => START + hours * HOUR);
const exposures = fc.uniqueArray(fc.record({
  id: fc.uuid(), at, targetKey: fc.constantFrom('u', 'k1', 'k2'), unit: fc.constant('u'), experiment: fc.constant('exp'),
  variant: fc.constantFrom('a', 'a', 'a', 'b', 'unknown'), phase: fc.constantFrom(null, 1, 2),
  attributes: fc.constantFrom(undefined, { role: 'staff' }, { region: 'mumbai', fleet_size: 12 }, { region: 'pune' }, { region: 'pune' }),
}), { selector: (fact: ExposureFact) => fact.id, maxLength: 6 });
const conversions = fc.uniqueArray(fc.record({
  id: fc.uuid(), at, key: fc.constantFrom('u', 'k1', 'k2'), metric: fc.constantFrom('buy', 'visit', 'other'), value: fc.bigInt({ min: -3_000_000n, max: 9_000_000n }),
  experiment: fc.constantFrom(null, null, 'exp', 'another'), environment: fc.constantFrom(null, 'production', 'staging'),
}), { selector: (fact: ConversionFact) => fact.id, maxLength: 12 });

const shuffled = <T>(items: readonly T[]) => fc.shuffledSubarray([...items], { minLength: items.length, maxLength: items.length });
const subjectOf = (seen: readonly ExposureFact[], done: readonly ConversionFact[]) => {
  const exposed = seen.reduce((subject, fact) => withExposure(subject, fact, compiled), newSubject('u', 'exp', 0));
  return refolded(exposed, done.filter(({ key }) => key === 'u' || exposed.keys.includes(key)), compiled);
};
const text = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);
const tallied = (...subjects: { subject: ReturnType<typeof subjectOf>; sign: 1 | -1; facts: readonly ConversionFact[] }[]) => {
  const tally = new Tally();
  for (const { subject, sign, facts } of subjects) {
    tallySubject(tally, subject, compiled, sign);
    for (const fact of facts) tallyEvent(tally, subject, fact, feedsOf(subject, fact, compiled), sign);
  }
  return tally.changed().sort((a, b) => (JSON.stringify(a, text) < JSON.stringify(b, text) ? -1 : 1));
};

describe('the fold of one subject', () => {
  it('gives the same state for any order of its events', () => {
    const orders = fc.tuple(exposures, conversions).chain(([e, c]) => fc.tuple(fc.constant([e, c] as const), shuffled(e), shuffled(c)));
    fc.assert(fc.property(orders, ([[e, c], e2, c2]) => {
      const [one, other] = [subjectOf(e, c), subjectOf(e2, c2)];
      expect(JSON.parse(JSON.stringify(other))).toEqual(JSON.parse(JSON.stringify(one)));
      expect(tallied({ subject: other, sign: 1, facts: c2 })).toEqual(tallied({ subject: one, sign: 1, facts: c }));
    }), { numRuns: 1000 });
  });

  it('gives the same state for events that arrive twice', () => {
    fc.assert(fc.property(exposures, (e) => {
      expect(subjectOf([...e, ...e], [])).toEqual(subjectOf(e, []));
    }), { numRuns: 300 });
  });

  it('takes back exactly what it added', () => {
    fc.assert(fc.property(exposures, conversions, (e, c) => {
      const subject = subjectOf(e, c);
      expect(tallied({ subject, sign: 1, facts: c }, { subject, sign: -1, facts: c })).toEqual([]);
    }), { numRuns: 300 });
  });

  it('grows day by day to the value it has in the end', () => {
    fc.assert(fc.property(exposures, conversions, (e, c) => {
      const cells = tallied({ subject: subjectOf(e, c), sign: 1, facts: c });
      const total = (axis: string) => plan.metrics.map(({ key }) => cells.filter((cell) => cell.axis === axis && cell.metric === key).reduce((sum, cell) => [sum[0]! + BigInt(cell.n), sum[1]! + cell.y, sum[2]! + cell.yy, sum[3]! + cell.xy], [0n, 0n, 0n, 0n]));
      expect(total('happened')).toEqual(total('exposed'));
      expect(total('happened-before')).toEqual(total('exposed-before'));
    }), { numRuns: 500 });
  });

  const exposure = (hours: number, variant: string, more: Partial<ExposureFact> = {}): ExposureFact =>
    ({ id: `e${hours}${variant}`, at: START + hours * HOUR, targetKey: 'u', unit: 'u', experiment: 'exp', variant, phase: null, ...more });
  const conversion = (hours: number, more: Partial<ConversionFact> = {}): ConversionFact =>
    ({ id: `c${hours}`, at: START + hours * HOUR, key: 'u', metric: 'buy', value: 1_000_000n, experiment: null, environment: null, ...more });

  it('excludes a unit that saw two variants in one phase, and keeps the first over phases', () => {
    expect(subjectOf([exposure(1, 'a'), exposure(2, 'b')], []).entry).toMatchObject({ variant: 'a', excluded: true });
    expect(subjectOf([exposure(50, 'b'), exposure(1, 'a')], []).entry).toMatchObject({ variant: 'a', excluded: false });
    expect(subjectOf([exposure(1, 'a'), exposure(2, 'unknown')], []).entry).toMatchObject({ variant: 'a', excluded: false });
  });

  it('counts a conversion at the very instant of the exposure, and none before or after its window', () => {
    const seen = withExposure(newSubject('u', 'exp', 0), exposure(5, 'a'), compiled);
    expect(Object.keys(withConversion(seen, conversion(5), feedsOf(seen, conversion(5), compiled)).metrics)).toContain('buy_soon');
    expect(Object.keys(withConversion(seen, conversion(4), feedsOf(seen, conversion(4), compiled)).metrics)).toEqual(['buy_again', 'spend_adjusted']);
    expect(Object.keys(withConversion(seen, conversion(25), feedsOf(seen, conversion(25), compiled)).metrics)).not.toContain('buy_soon');
  });

  const folded = (seen: readonly ExposureFact[], done: readonly ConversionFact[]) => tallied({ subject: subjectOf(seen, done), sign: 1, facts: done });
  const cellsOf = (cells: ReturnType<typeof folded>, axis: string, of: string) => cells.filter((cell) => cell.axis === axis && cell.metric === of);

  it('keeps what a subject did in the 14 days before its first exposure, beside what it did since', () => {
    const done = [conversion(-14 * 24, { id: 'early' }), conversion(-14 * 24 - 1, { id: 'earlier' }), conversion(-1), conversion(4, { value: 3_000_000n })];
    const cells = folded([exposure(0, 'a')], done);
    expect(cellsOf(cells, 'exposed-before', 'spend_adjusted')).toMatchObject([{ n: 1, y: 3_000_000n, x: 2_000_000n, xx: 4_000_000_000_000n, xy: 6_000_000_000_000n }]);
    expect(cellsOf(cells, 'exposed-before', 'buy_again')).toMatchObject([{ n: 1, y: 1_000_000n, x: 1_000_000n }]);
    expect(cellsOf(folded([exposure(0, 'a')], [conversion(4)]), 'exposed-before', 'spend_adjusted')).toEqual([]);
  });

  it('tells subjects apart by the attributes of their first exposure, and values of a quantile by three digits', () => {
    const seen = [exposure(0, 'a', { attributes: { region: 'mumbai', fleet_size: 12 } }), exposure(3, 'a', { attributes: { region: 'pune' } })];
    const cells = folded(seen, [conversion(4, { value: 1_234_567n }), conversion(5, { id: 'v', metric: 'visit', value: 2_000_000n })]);
    const [one, two, value] = [1_000_000n, 2_000_000n, 1_234_567n];
    // Subjects, the primary metric, and those that ask for it; of a ratio numerator, denominator and their product.
    const told = [['', 1, 0n, 0n, 0n], ['per_visit', 1, value, two, value * two], ['spend', 1, value, 0n, 0n], ['visits', 1, one, 0n, 0n]];
    expect(cells.filter(({ axis }) => axis.startsWith('segment')).map(({ axis, metric: of, n, y, x, xy }) => [axis, of, n, y, x, xy]).sort()).toEqual(
      ['segment ["fleet_size","10 to 49"]', 'segment ["region","mumbai"]'].flatMap((axis) => told.map((cell) => [axis, ...cell])));
    expect(cellsOf(cells, 'value 1230000', 'middle')).toMatchObject([{ n: 1 }]);
  });

  it('leaves out whom a rule excludes at the first exposure, under the rule’s name', () => {
    const staff = exposure(0, 'a', { attributes: { role: 'staff' } });
    expect(folded([staff, exposure(1, 'a')], [conversion(4)])).toMatchObject([{ axis: 'exposed', variant: '', metric: 'staff', n: 1 }]);
    expect(folded([staff, exposure(1, 'b')], [])).toMatchObject([{ axis: 'exposed', variant: '', metric: '', n: 1 }]);
    expect(cellsOf(folded([exposure(0, 'a'), { ...staff, at: START + HOUR }], []), 'exposed', '')).toMatchObject([{ variant: 'a', n: 1 }]);
  });

  it('counts events as corrected: multiplied, replaced for one metric alone, or left out', () => {
    const visit = (hours: number, more: Partial<ConversionFact> = {}) => conversion(hours, { metric: 'visit', value: 4_000_000n, key: 'k1', ...more });
    const seen = [exposure(0, 'a', { targetKey: 'k1' })];
    expect(cellsOf(folded(seen, [visit(10)]), 'exposed', 'longest')).toMatchObject([{ y: -2_000_000n }]);
    expect(cellsOf(folded(seen, [visit(30)]), 'exposed', 'longest')).toMatchObject([{ y: 4_000_000n }]);
    const late = folded(seen, [conversion(61, { value: 3_000_000n })]);
    expect([cellsOf(late, 'exposed', 'spend')[0]!.y, cellsOf(late, 'exposed', 'spend_adjusted')[0]!.y]).toEqual([2_000_000n, 3_000_000n]);
    expect(folded([exposure(6, 'b', { phase: 1 })], [])).toEqual([]);
    expect(cellsOf(folded([exposure(1, 'b', { phase: 1 })], [conversion(6)]), 'exposed', 'spend')).toEqual([]);
  });

  it('leaves out conversions that name another experiment or come from another environment', () => {
    const seen = withExposure(newSubject('u', 'exp', 0), exposure(5, 'a'), compiled);
    expect(withConversion(seen, conversion(6, { experiment: 'another' }), feedsOf(seen, conversion(6, { experiment: 'another' }), compiled))).toBe(seen);
    expect(withConversion(seen, conversion(6, { environment: 'staging' }), feedsOf(seen, conversion(6, { environment: 'staging' }), compiled))).toBe(seen);
  });
});
