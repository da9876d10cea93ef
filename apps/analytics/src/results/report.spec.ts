import type { Experiment, MetricDefinition } from '@pataka/contracts';
import { normalSf } from '@pataka/statistics';
import fc from 'fast-check';
import { unitsOf } from '../evidence/fixed-point';
import { requestOf, wholePeriod } from './period';
import { reportOf } from './report';
import { experimentOf, inputOf, rate, row, whole } from './report-testing';
import { timelineOf } from './timeline';
import type { SumRow } from './sums';

const noNaN = (value: unknown): void => {
  if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true);
  else if (typeof value === 'object' && value !== null) for (const member of Object.values(value)) noNaN(member);
};

describe('the report', () => {
  it('gives the two-proportion test of the specification for the primary metric', () => {
    // z = 0.05 / √(0.125 · 0.875 · 2/1000), p = 2Q(z)
    const report = whole(inputOf([...rate('control', 1000, 100), ...rate('treatment', 1000, 150)]));
    expect(report.statistical.pValue).toBeCloseTo(0.0007232, 6);
    expect(report.comparisons[0]).toMatchObject({ test: 'two-proportion-z', adjustedPValue: report.statistical.pValue, absoluteEffect: 0.04999999999999999 });
    expect(report.comparisons[0]!.statistic).toBeCloseTo(3.3806170189, 9);
    expect(report.statistical).toMatchObject({ statisticalSignificance: true, confidenceLevel: 0.95 });
    expect(report.variants.map((variant) => [variant.variantId, variant.sampleSize, variant.conversionRate])).toEqual([['control', 1000, 0.1], ['treatment', 1000, 0.15]]);
  });

  it('names a winner only when every success criterion holds', () => {
    const ship = whole(inputOf([...rate('control', 5000, 500), ...rate('treatment', 5000, 750)]));
    expect([ship.verdict.decision, ship.winner]).toEqual(['ship', 'treatment']);
    const few = whole(inputOf([...rate('control', 900, 90), ...rate('treatment', 900, 190)]));
    expect([few.verdict, few.winner]).toMatchObject([{ decision: 'continue', reasons: ['insufficient_samples'] }, undefined]);
    const small = whole(inputOf([...rate('control', 500_000, 250_000), ...rate('treatment', 500_000, 255_000)]));
    expect([small.verdict, small.winner]).toMatchObject([{ decision: 'hold', reasons: ['effect_below_minimum'] }, undefined]);
    const harm = whole(inputOf([...rate('control', 5000, 750), ...rate('treatment', 5000, 500)]));
    expect([harm.verdict.decision, harm.winner]).toEqual(['rollback', undefined]);
  });

  it('rolls back when a safety metric is harmed, whatever the primary metric says', () => {
    const errors = [...rate('control', 0, 50, 'error'), ...rate('treatment', 0, 250, 'error')].filter(({ metric }) => metric !== '');
    const report = whole(inputOf([...rate('control', 5000, 500), ...rate('treatment', 5000, 750), ...errors]));
    expect([report.verdict, report.winner]).toMatchObject([{ decision: 'rollback', reasons: ['guardrail_failed'] }, undefined]);
  });

  const guarded = (control: number, treatment: number, more: Partial<Experiment> = {}, metric: MetricDefinition = { key: 'late', direction: 'decrease' }) => whole(inputOf([
    ...rate('control', 20_000, 2000), ...rate('treatment', 20_000, 3000),
    ...[...rate('control', 0, control, 'late'), ...rate('treatment', 0, treatment, 'late')].filter(({ metric: of }) => of !== ''),
  ], { experiment: experimentOf({ guardrailMetrics: ['late'], safetyMetrics: [], ...more }), catalogue: new Map([['late', metric]]) }));
  const guardOn = (report: ReturnType<typeof guarded>) => report.comparisons.find(({ metric }) => metric === 'late')!.guard!;

  it('passes a guardrail only once being worse by the margin is excluded', () => {
    const equal = guarded(10_000, 10_000);
    expect(guardOn(equal)).toMatchObject({ status: 'pass', relativeMargin: 0.05, margin: 0.025 });
    expect(equal.winner).toBe('treatment');
    const rare = guarded(200, 200);
    expect(guardOn(rare)).toMatchObject({ status: 'inconclusive', harmPValue: 1 });
    expect(rare.verdict).toMatchObject({ decision: 'hold', reasons: ['guardrail_inconclusive'] });
    expect(guardOn(guarded(200, 200, {}, { key: 'late', direction: 'decrease', margin: { absolute: 0.02 } }))).toMatchObject({ status: 'pass', margin: 0.02, relativeMargin: null });
    const worse = guarded(2000, 3000);
    expect(guardOn(worse).status).toBe('fail');
    expect(worse.verdict.decision).toBe('rollback');
  });

  it('tests the margin as the contrast mT - (1 - δ)·mC, by the normal test at a horizon', () => {
    const report = (method: 'fixed' | null) => {
      const input = inputOf([...rate('control', 20_000, 9000), ...rate('treatment', 20_000, 9100)], { experiment: experimentOf({ successMetrics: [], guardrailMetrics: ['buy'], safetyMetrics: [] }) });
      return reportOf(input, { ...wholePeriod(input), method }).comparisons[0]!.guard!;
    };
    const [pC, pT, n] = [0.45, 0.455, 20_000];
    const z = (pT - 0.95 * pC) / Math.sqrt((pT * (1 - pT)) / n + (0.95 ** 2 * pC * (1 - pC)) / n);
    expect(report('fixed').pValue!).toBeCloseTo(normalSf(z), 15);
    expect(report(null).pValue!).toBeGreaterThan(report('fixed').pValue!);
  });

  it('says how long until there is enough, by the pace of the last seven full days', () => {
    const rows = Array.from({ length: 20 }, (_, day) => [...rate('control', 30, 3, 'buy', day), ...rate('treatment', 30, 3, 'buy', day)]).flat();
    const { planning, comparisons } = whole(inputOf(rows));
    expect(planning).toMatchObject({ subjectsPerDay: 60, minimum: { subjectsPerVariant: 1000, daysLeft: 14 } });
    // At 10%, 5% more is found with 80% power by about 57,760 subjects an arm.
    expect(planning!.planned.subjectsPerVariant!).toBeGreaterThan(55_000);
    expect(planning!.planned.subjectsPerVariant!).toBeLessThan(58_000);
    const [buy] = comparisons;
    expect(buy!.minimumDetectableEffect.absolute!).toBeCloseTo((1.959963984540054 + 0.8416212335729143) * Math.sqrt((2 * 0.09) / 600), 12);
    expect(whole(inputOf([])).planning).toMatchObject({ subjectsPerDay: null, minimum: { daysLeft: null, reason: expect.any(String) }, planned: { subjectsPerVariant: null } });
  });

  it('is invalid when the split of subjects does not fit the weights', () => {
    const report = whole(inputOf([...rate('control', 5000, 500), ...rate('treatment', 4500, 750)]));
    expect(report.sampleRatio.ok).toBe(false);
    expect([report.verdict, report.winner]).toMatchObject([{ decision: 'invalid', reasons: ['srm'] }, undefined]);
  });

  it('tests every treatment against control and corrects for how many there are', () => {
    const variants = [...experimentOf().variants, { id: 'third', weight: 0.5, config: true }];
    const experiment = experimentOf({ variants, phases: [{ phase: 1, from: '2026-03-01T00:00:00Z', weights: { control: 1, treatment: 1, third: 1 } }] });
    const report = whole(inputOf([...rate('control', 2000, 200), ...rate('treatment', 2000, 250), ...rate('third', 2000, 210)], { experiment }));
    const [treatment, third] = report.comparisons.filter(({ metric }) => metric === 'buy');
    expect(treatment!.adjustedPValue).toBeCloseTo(2 * treatment!.pValue!, 12);
    expect(third!.adjustedPValue).toBe(third!.pValue);
    expect(report.statistical.pValue).toBe(treatment!.pValue);
  });

  it('averages effects over phases, so that a change of weights cannot turn them round', () => {
    const phases = [{ phase: 1, from: '2026-03-01T00:00:00Z', weights: { control: 0.9, treatment: 0.1 } }, { phase: 2, from: '2026-03-05T00:00:00Z', weights: { control: 0.1, treatment: 0.9 } }];
    const report = whole(inputOf([
      ...rate('control', 9000, 4500), ...rate('treatment', 1000, 550), ...rate('control', 1000, 100, 'buy', 5, 2), ...rate('treatment', 9000, 1350, 'buy', 5, 2),
    ], { experiment: experimentOf({ phases }) }));
    expect(report.comparisons[0]!.absoluteEffect).toBeCloseTo(0.05, 12);
    expect(report.variants[1]!.conversionRate!).toBeLessThan(report.variants[0]!.conversionRate!);
    expect(report.sampleRatio.ok).toBe(true);
  });

  it('uses Welch for means, over all exposed subjects', () => {
    const catalogue = new Map<string, MetricDefinition>([['buy', { key: 'buy', type: 'mean' }]]);
    // Three subjects with 1, 2, 3 and one without; three with 2, 4, 6 and one without.
    const mean = (variant: string, y: number, yy: number): SumRow[] => [row('exposed', variant, '', 0, 4), row('exposed', variant, 'buy', 0, 3, { y: unitsOf(y), yy: unitsOf(yy) * 1_000_000n })];
    const report = whole(inputOf([...mean('control', 6, 14), ...mean('treatment', 12, 56)], { catalogue }));
    expect(report.comparisons[0]).toMatchObject({ test: 'welch-t', absoluteEffect: 1.5 });
    expect(report.comparisons[0]!.statistic).toBeCloseTo(1.5 / Math.sqrt(5 / 3 / 4 + 20 / 3 / 4), 12);
    expect(report.variants[0]!.metrics['buy']).toMatchObject({ mean: 1.5, sampleSize: 4 });
  });

  it('selects subjects of the period, while the verdict rests on all of them', () => {
    const input = inputOf([...rate('control', 5000, 500), ...rate('treatment', 5000, 750), ...rate('control', 10, 1, 'buy', 9), ...rate('treatment', 10, 1, 'buy', 9)]);
    const report = reportOf(input, requestOf({ startDate: '2026-03-10', endDate: '2026-03-10' }, input));
    expect(report.variants.map(({ sampleSize }) => sampleSize)).toEqual([10, 10]);
    expect([report.period, report.winner]).toEqual(['2026-03-10 to 2026-03-10', 'treatment']);
  });

  it('covers 30 days up to the newest covered one unless asked otherwise, and refuses bad dates', () => {
    const input = inputOf([]);
    expect(reportOf(input, requestOf({}, input)).period).toBe('2026-02-19 to 2026-03-20');
    for (const query of [{ startDate: '2026-02-30' }, { endDate: 'today' }, { startDate: '2026-03-02', endDate: '2026-03-01' }, { method: 'guess' }]) expect(() => requestOf(query, input)).toThrow('period');
  });

  it('gives null with a reason where the data say nothing', () => {
    const report = whole(inputOf([], { newest: null }));
    expect(report).toMatchObject({ generatedAt: null, statistical: { pValue: null, statisticalSignificance: false, effectSize: null, powerAnalysis: null, reason: 'insufficient_data' } });
    expect(report.comparisons[0]).toMatchObject({ pValue: null, confidenceInterval: null, chanceToBeat: null, reason: 'insufficient_data' });
    expect(report.variants[0]!.metrics['buy']).toEqual({ mean: null, standardError: null, confidenceInterval: null, sampleSize: 0, reason: 'insufficient_data' });
  });

  const counts = fc.record({ day: fc.nat(4), phase: fc.constantFrom(1, 2), variant: fc.constantFrom('control', 'treatment', ''), subjects: fc.nat(3000), share: fc.double({ min: 0, max: 1, noNaN: true }) });
  const evidence = fc.array(counts, { maxLength: 12 }).map((cells) => cells.flatMap(({ day, phase, variant, subjects, share }) => rate(variant, subjects, Math.floor(subjects * share), 'buy', day, phase)));

  it('is the same to the byte for the same sums in any order, and never holds NaN', () => {
    fc.assert(fc.property(evidence.chain((rows) => fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length }))), ([rows, other]) => {
      const [one, two] = [whole(inputOf(rows)), whole(inputOf(other))];
      expect(JSON.stringify(two)).toBe(JSON.stringify(one));
      noNaN(one);
      noNaN(timelineOf(inputOf(rows)));
    }), { numRuns: 60 });
  });

  it('keeps the running minimum of its looks as the always-valid p-value', () => {
    const rows = [...rate('control', 2000, 200), ...rate('treatment', 2000, 330), ...rate('control', 2000, 330, 'buy', 1), ...rate('treatment', 2000, 200, 'buy', 1)];
    const { days } = timelineOf(inputOf(rows));
    const [first, second] = days;
    expect(days).toHaveLength(20);
    expect(first!.effects[0]!.alwaysValidPValue).toBeLessThan(0.001);
    expect(second!.effects[0]).toMatchObject({ absoluteEffect: 0, alwaysValidPValue: first!.effects[0]!.alwaysValidPValue });
    expect(whole(inputOf(rows)).comparisons[0]!.alwaysValidPValue).toBe(first!.effects[0]!.alwaysValidPValue);
  });
});
