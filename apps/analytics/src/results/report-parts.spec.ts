import type { MetricDefinition } from '@pataka/contracts';
import { experimentOf, gaussian, generator, inputOf, rate, row, START, values, whole } from './report-testing';
import type { SegmentRow } from './sums';
import { timelineOf } from './timeline';

const spend: MetricDefinition = { key: 'buy', type: 'mean', cuped: true };
const catalogue = new Map([['buy', spend]]);

describe('the adjusted comparison', () => {
  const random = generator(7);
  const subjects = (count: number, lift: number) => Array.from({ length: count }, (_, index) => {
    const before = 10 + 3 * gaussian(random);
    return { y: Number((before + lift + 2 * gaussian(random)).toFixed(6)), before: index % 10 === 0 ? null : Number(before.toFixed(6)) };
  });
  const [control, treatment] = [subjects(300, 0), subjects(320, 1)];
  const report = whole(inputOf([...values('control', control), ...values('treatment', treatment)], { catalogue }));
  const { cuped, ...plain } = report.comparisons[0]!;

  /** Least squares of y on treatment, history and its absence, by normal equations: another way to the same effect. */
  const leastSquares = (): number => {
    const lines = [...control.map((one) => ({ ...one, t: 0 })), ...treatment.map((one) => ({ ...one, t: 1 }))].map(({ y, before, t }) => ({ x: [1, t, before ?? 0, before === null ? 0 : 1], y }));
    const matrix = [0, 1, 2, 3].map((i) => [...[0, 1, 2, 3].map((j) => lines.reduce((sum, { x }) => sum + x[i]! * x[j]!, 0)), lines.reduce((sum, { x, y }) => sum + x[i]! * y, 0)]);
    for (let pivot = 0; pivot < 4; pivot += 1) {
      for (let other = 0; other < 4; other += 1) {
        if (other === pivot) continue;
        const factor = matrix[other]![pivot]! / matrix[pivot]![pivot]!;
        matrix[other] = matrix[other]!.map((value, column) => value - factor * matrix[pivot]![column]!);
      }
    }
    return matrix[1]![4]! / matrix[1]![1]!;
  };

  it('is the effect of least squares on history, beside the plain one', () => {
    expect(cuped!.absoluteEffect!).toBeCloseTo(leastSquares(), 8);
    expect(plain.absoluteEffect).not.toBeCloseTo(cuped!.absoluteEffect!, 3);
    expect(plain.test).toBe('welch-t');
  });

  it('says how much variance it takes away, and has the smaller interval', () => {
    expect(cuped!.varianceReduction!).toBeGreaterThan(0.5);
    expect(cuped!.standardError! ** 2 / plain.standardError! ** 2).toBeCloseTo(1 - cuped!.varianceReduction!, 9);
    expect(cuped!.alwaysValidPValue!).toBeLessThan(plain.alwaysValidPValue!);
    expect(cuped!.adjustedPValue).toBe(cuped!.pValue);
  });

  it('is as good as none where nobody has a history', () => {
    const alone = control.map(({ y }) => ({ y, before: null }));
    const found = whole(inputOf([...values('control', alone), ...values('treatment', treatment.map(({ y }) => ({ y, before: null })))], { catalogue })).comparisons[0]!;
    expect(found.cuped!.absoluteEffect!).toBeCloseTo(found.absoluteEffect!, 9);
    expect(found.cuped!.varianceReduction!).toBeCloseTo(0, 9);
  });

  it('is not there unless it is asked for, and is null with a reason without data', () => {
    expect(whole(inputOf(rate('control', 100, 10))).comparisons[0]!.cuped).toBeUndefined();
    expect(whole(inputOf([], { catalogue })).comparisons[0]!.cuped).toMatchObject({ absoluteEffect: null, reason: 'insufficient_data' });
  });
});

describe('segments', () => {
  const experiment = experimentOf({ segments: ['region'] });
  const segment = (value: string, variant: string, subjects: number, converted: number): SegmentRow[] =>
    [row('exposed', variant, '', 0, subjects), row('exposed', variant, 'buy', 0, converted)].map((one) => ({ ...one, day: 0, attribute: 'region', value }));
  const both = (value: string, control: number, treatment: number, size = 4000): SegmentRow[] => [...segment(value, 'control', size, control), ...segment(value, 'treatment', size, treatment)];
  const resultOf = (segments: SegmentRow[]) => whole(inputOf([...rate('control', 9000, 900), ...rate('treatment', 9000, 900)], { experiment, segments })).segments![0]!;

  it('tell the effect within each value, corrected by Benjamini-Hochberg', () => {
    const { comparisons, interactions } = resultOf([...both('mumbai', 400, 520), ...both('pune', 400, 410)]);
    expect(comparisons.map(({ value, absoluteEffect }) => [value, absoluteEffect!.toFixed(4)])).toEqual([['mumbai', '0.0300'], ['pune', '0.0025']]);
    expect(comparisons[0]!.adjustedPValue!).toBeCloseTo(2 * comparisons[0]!.pValue!, 12);
    expect(comparisons[1]!.adjustedPValue).toBe(comparisons[1]!.pValue);
    // Cochran: (d1 - d2)² / (se1² + se2²), one degree of freedom.
    const variance = [[400, 520], [400, 410]].map(([c, t]) => ((c! / 4000) * (1 - c! / 4000) + (t! / 4000) * (1 - t! / 4000)) / 4000);
    expect(interactions[0]!.statistic!).toBeCloseTo(0.0275 ** 2 / (variance[0]! + variance[1]!), 9);
    expect(interactions[0]).toMatchObject({ degreesOfFreedom: 1, hint: expect.stringContaining('differs by region') });
  });

  it('tell every metric apart, each role corrected by itself, with how many tests that were', () => {
    const all = experimentOf({ segments: ['region', 'language'], successMetrics: ['buy', 'again', 'more'], guardrailMetrics: ['calls'], safetyMetrics: [] });
    const arm = (attribute: string, value: string, variant: string, counts: Record<string, number>): SegmentRow[] =>
      [row('exposed', variant, '', 0, 1000), ...Object.entries(counts).map(([metric, n]) => row('exposed', variant, metric, 0, n))].map((one) => ({ ...one, day: 0, attribute, value }));
    const cells = [['region', 'north'], ['region', 'south'], ['language', 'hi']].flatMap(([attribute, value], index) => [
      ...arm(attribute!, value!, 'control', { buy: 100, again: 50, more: 40, calls: 70 }), ...arm(attribute!, value!, 'treatment', { buy: 100 + 20 * index, again: 60 + 10 * index, more: 41, calls: 90 }),
    ]);
    const [region, language] = whole(inputOf([...rate('control', 2000, 200), ...rate('treatment', 2000, 240)], { experiment: all, segments: cells })).segments!;
    expect(region!.others!.map(({ metric, family }) => [metric, family!.role, family!.method, family!.comparisons])).toEqual([['again', 'secondary', 'bh', 6], ['more', 'secondary', 'bh', 6], ['calls', 'guard', 'bh', 3]]);
    expect([region!.family, language!.family!.comparisons]).toEqual([{ role: 'primary', method: 'bh', comparisons: 3, interactions: 1 }, 3]);
    // Benjamini and Hochberg 1995, by hand: the smallest of m p-values times m, where none after it brings it down.
    const secondary = [region!, language!].flatMap(({ others }) => others!.filter(({ family }) => family!.role === 'secondary').flatMap(({ comparisons }) => comparisons));
    const ordered = [...secondary].sort((a, b) => a.pValue! - b.pValue!);
    const byHand = ordered.map((_, index) => Math.min(...ordered.slice(index).map(({ pValue }, later) => (pValue! * ordered.length) / (index + later + 1)), 1));
    ordered.forEach(({ adjustedPValue }, index) => expect(adjustedPValue!).toBeCloseTo(byHand[index]!, 12));
    // 50 and 60 of 1000 each, as statsmodels' proportions_ztest has it: z = 0.98082, p = 0.32668.
    const north = region!.others![0]!.comparisons[0]!;
    expect([north.value, north.pValue!.toFixed(5)]).toEqual(['north', '0.32668']);
  });

  it('leave out a metric that the evidence has not told apart', () => {
    const many = experimentOf({ segments: ['region'], successMetrics: ['buy', 'again'] });
    expect(whole(inputOf([], { experiment: many, segments: both('pune', 400, 410) })).segments![0]).not.toHaveProperty('others');
  });

  it('show the 20 values that most subjects have, and the rest as other', () => {
    const many = Array.from({ length: 25 }, (_, index) => both(`town ${index}`, 10, 10, 1000 - index)).flat();
    const { comparisons } = resultOf(many);
    expect(comparisons).toHaveLength(21);
    expect(comparisons.at(-1)).toMatchObject({ value: 'other', controlSubjects: 980 + 979 + 978 + 977 + 976 });
  });
});

describe('a factorial experiment', () => {
  const factors = [{ name: 'language', levels: ['en', 'hi'] }, { name: 'colour', levels: ['red', 'blue'] }];
  const variants = factors[0]!.levels.flatMap((language) => factors[1]!.levels.map((colour, index) => ({ id: `${language}-${colour}`, weight: 0.25, config: { language, colour }, isControl: language === 'en' && index === 0 })));
  const experiment = experimentOf({ type: 'MULTIVARIATE', factors, variants, phases: [{ phase: 1, from: '2026-03-01T00:00:00Z', weights: Object.fromEntries(variants.map(({ id }) => [id, 0.25])) }] });
  const cells = [100, 150, 200, 400];

  it('gives main effects and the interaction as differences of cell means', () => {
    const { factorial } = whole(inputOf(variants.flatMap(({ id }, index) => rate(id, 1000, cells[index]!)), { experiment }));
    const [{ effects, interacting, smallestCell }] = factorial as [NonNullable<typeof factorial>[number]];
    expect(effects.map(({ name, order, estimate }) => [name, order, estimate!.toFixed(4)])).toEqual([['language', 1, '0.1750'], ['colour', 1, '0.1250'], ['language × colour', 2, '0.1500']]);
    expect([interacting, smallestCell]).toEqual([true, 1000]);
    expect(effects[2]!.adjustedPValue).toBe(effects[2]!.pValue);
  });

  it('tests factors of more levels by Wald, for any number of them', () => {
    const three = [{ name: 'size', levels: ['s', 'm', 'l'] }, ...factors];
    const all = three[0]!.levels.flatMap((size) => variants.map((variant) => ({ ...variant, id: `${size}-${variant.id}`, config: { size, ...variant.config }, isControl: size === 's' && variant.isControl })));
    const { factorial } = whole(inputOf(all.flatMap(({ id }, index) => rate(id, 500, 40 + (index % 4) * 10)), { experiment: { ...experiment, factors: three, variants: all } }));
    expect(factorial![0]).toMatchObject({ test: 'wald-chi-square', interacting: false });
    expect(factorial![0]!.effects.map(({ name, degreesOfFreedom }) => [name, degreesOfFreedom])).toEqual([['size', 2], ['language', 1], ['colour', 1], ['size × language', 2], ['size × colour', 2], ['language × colour', 1], ['size × language × colour', 2]]);
    expect(factorial![0]!.effects[0]!.statistic!).toBeCloseTo(0, 9);
  });
});

describe('a bandit', () => {
  const phases = [{ phase: 1, from: '2026-03-01T00:00:00Z', weights: { control: 0.5, treatment: 0.5 } }, { phase: 2, from: '2026-03-02T00:00:00Z', weights: { control: 0.1, treatment: 0.9 } }];
  const report = whole(inputOf([...rate('control', 1000, 300), ...rate('treatment', 1000, 350), ...rate('control', 200, 20, 'buy', 1, 2), ...rate('treatment', 1800, 270, 'buy', 1, 2)], { experiment: experimentOf({ type: 'BANDITS', phases }) }));

  it('averages its arms over phases and has no p-value of a fixed horizon', () => {
    expect(report.bandit!.arms.map(({ mean }) => mean!.toFixed(4))).toEqual(['0.2000', '0.2500']);
    expect(report.comparisons[0]).toMatchObject({ pValue: null, adjustedPValue: null, absoluteEffect: expect.closeTo(0.05, 9), alwaysValidPValue: expect.any(Number) });
    expect(report.method).toBe('sequential');
    const [control, treatment] = report.bandit!.arms;
    expect(control!.probabilityBest! + treatment!.probabilityBest!).toBeCloseTo(1, 9);
    expect(treatment!.suggestedWeight!).toBeGreaterThan(0.9);
    expect(control!.suggestedWeight!).toBeGreaterThanOrEqual(0.05);
  });
});

describe('what stands beside the comparison', () => {
  it('counts who is left out by the name of the rule', () => {
    const { excluded } = whole(inputOf([...rate('control', 10, 1), row('exposed', '', '', 0, 3), row('exposed', '', 'staff', 0, 2), row('exposed', '', 'staff', 1, 4)]));
    expect(excluded).toEqual({ multipleVariants: 3, byRule: { staff: 6 } });
  });

  it('tests the split in each phase, and by a test that may be looked at daily', () => {
    const { sampleRatio } = whole(inputOf([...rate('control', 5000, 1), ...rate('treatment', 5000, 1), ...rate('control', 4000, 1, 'buy', 1), ...rate('treatment', 3200, 1, 'buy', 1)]));
    expect(sampleRatio.ok).toBe(false);
    expect(sampleRatio.phases![0]).toMatchObject({ phase: 1, observed: { control: 9000, treatment: 8200 }, expected: { control: 8600, treatment: 8600 }, sequentialPValue: sampleRatio.sequentialPValue });
    expect(sampleRatio.sequentialPValue!).toBeLessThan(0.001);
    expect(whole(inputOf([...rate('control', 5000, 1), ...rate('treatment', 5000, 1)])).sampleRatio.sequentialPValue).toBe(1);
  });

  it('lets subjects count once they are mature', () => {
    const late: MetricDefinition = { key: 'buy', maturityHours: 48 };
    const rows = [...rate('control', 500, 50), ...rate('treatment', 500, 80), ...rate('control', 500, 0, 'buy', 18), ...rate('treatment', 500, 0, 'buy', 18)];
    const report = whole(inputOf(rows, { catalogue: new Map([['buy', late]]) }));
    expect(report.variants.map(({ sampleSize, metrics }) => [sampleSize, metrics['buy']!.sampleSize, metrics['buy']!.mean])).toEqual([[1000, 500, 0.1], [1000, 500, 0.16]]);
    expect(report.comparisons[0]!.absoluteEffect!).toBeCloseTo(0.06, 12);
  });

  it('tells quantiles from how many have each value, zeros of those without events among them', () => {
    const median: MetricDefinition = { key: 'buy', type: 'quantile', quantile: 0.5 };
    const counts = (shift: number): [number, number][] => Array.from({ length: 400 }, (_, index) => [index + 1 + shift, 1]);
    const rows = [...rate('control', 500, 400), ...rate('treatment', 400, 400)];
    const report = whole(inputOf(rows, { catalogue: new Map([['buy', median]]), values: new Map([['buy', new Map([['control', counts(0)], ['treatment', counts(10)]])]]) }));
    expect(report.variants.map(({ metrics }) => metrics['buy']!.mean)).toEqual([150, 210]);
    expect(report.comparisons[0]).toMatchObject({ test: 'quantile', absoluteEffect: 60, valueError: 0.005, pValue: expect.any(Number) });
  });

  it('divides by the members of clusters, by the delta method over clusters', () => {
    const perDriver: MetricDefinition = { key: 'buy', type: 'mean', per: 'member' };
    const arm = (variant: string, fleets: readonly (readonly [number, number])[]) => {
      const total = (of: (fleet: readonly [number, number]) => number) => BigInt(fleets.reduce((sum, fleet) => sum + of(fleet), 0)) * 1_000_000n;
      const square = 1_000_000n;
      return [row('exposed', variant, '', 0, fleets.length), row('exposed', variant, 'buy', 0, fleets.length, { y: total(([y]) => y), x: total(([, x]) => x), yy: total(([y]) => y * y) * square, xx: total(([, x]) => x * x) * square, xy: total(([y, x]) => x * y) * square })];
    };
    const report = whole(inputOf([...arm('control', [[10, 5], [30, 10], [4, 3]]), ...arm('treatment', [[20, 5], [50, 10], [9, 3]])], { catalogue: new Map([['buy', perDriver]]), experiment: experimentOf({ bucketBy: 'fleet_id' }) }));
    expect(report.unit).toEqual({ name: 'fleet_id', clustered: true });
    expect(report.comparisons[0]).toMatchObject({ test: 'delta', absoluteEffect: expect.closeTo(79 / 18 - 44 / 18, 12) });
    const u = [[10, 5], [30, 10], [4, 3]].map(([y, x]) => y! - (44 / 18) * x!);
    expect(report.variants[0]!.metrics['buy']!.standardError!).toBeCloseTo(Math.sqrt(u.reduce((sum, value) => sum + value * value, 0) / 2 / 3 / 6 ** 2), 12);
  });
});

describe('the timeline', () => {
  it('tells an effect that wears off from one that stays', () => {
    const story = (effect: (day: number) => number) => timelineOf(inputOf(Array.from({ length: 12 }, (_, day) => [...rate('control', 2000, 400, 'buy', day), ...rate('treatment', 2000, 400 + effect(day), 'buy', day)]).flat()));
    const [fades, stays] = [story((day) => 240 - 20 * day), story(() => 120)];
    expect(fades.trends[0]).toMatchObject({ days: 12, novelty: true });
    expect(fades.trends[0]!.slope!).toBeCloseTo(-0.01, 3);
    expect(stays.trends[0]).toMatchObject({ novelty: false, slope: expect.closeTo(0, 9) });
    expect(stays.days[3]!.effects[0]!.dailyEffect!).toBeCloseTo(0.06, 12);
    expect(timelineOf(inputOf(rate('control', 10, 1))).trends[0]!.reason).toContain('fewer than 4');
  });

  it('is of the days of the evidence', () => {
    expect(timelineOf(inputOf(rate('control', 10, 1))).days[0]!.day).toBe(new Date(START * 86_400_000).toISOString().slice(0, 10));
  });
});

describe('the sentence', () => {
  it('says the decision in plain words, with lakh and crore', () => {
    const ship = whole(inputOf([...rate('control', 60_000, 6000), ...rate('treatment', 60_000, 7500)])).verdict;
    expect(ship.sentence).toBe('Roll it out: “buy” is 25% higher with “Treatment” than with “Control”, measured on 1.2 lakh.');
    expect(ship.sentenceHi).toBe('इसे लागू करें: “Control” के मुकाबले “Treatment” से “buy” 25% ज़्यादा है, 1.2 लाख पर मापा गया।');
    expect(whole(inputOf([...rate('control', 400, 40), ...rate('treatment', 400, 60)])).verdict.sentence).toBe('It is too early to say: the smallest group has 400 of the 1,000 that are needed.');
    expect(whole(inputOf([...rate('control', 5000, 750), ...rate('treatment', 5000, 500)])).verdict.sentence).toBe('Take “Treatment” back: “buy” is 33% lower with “Treatment” than with “Control”.');
    expect(whole(inputOf([...rate('control', 5000, 500), ...rate('treatment', 4500, 750)])).verdict.sentence).toContain('Do not rely');
    expect(whole(inputOf([], { experiment: experimentOf({ successMetrics: [] }) })).verdict.sentence).toContain('no success metric');
  });
});
