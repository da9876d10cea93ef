import { tTestPower, tTestSampleSize } from './design/mean-power';
import { crossingProbabilities, groupSequentialBounds } from './sequential/group-sequential';
import { cupedTest } from './tests/cuped';
import { countedQuantileTest, quantileTest } from './tests/quantile';
import { twoProportionTest, wilsonInterval } from './tests/two-proportion';

/** Values that others have printed, to the digits they have printed. */
describe('published values', () => {
  it('Newcombe 1998 (Stat Med 17:873), method 10: 56/70 against 48/80', () => {
    const { ciNewcombe } = twoProportionTest({ control: { n: 80, x: 48 }, treatment: { n: 70, x: 56 }, alpha: 0.05, alternative: 'two-sided' });
    expect(ciNewcombe!.map((limit) => limit.toFixed(4))).toEqual(['0.0524', '0.3339']);
  });

  it('Newcombe 1998 (Stat Med 17:857), Wilson: 81/263', () => {
    expect(wilsonInterval({ n: 263, x: 81 }, 0.05)!.map((limit) => limit.toFixed(4))).toEqual(['0.2553', '0.3662']);
  });

  it('Lan and DeMets as in gsDesign and ld98: five looks of the O’Brien-Fleming and the Pocock type', () => {
    const bounds = (spending: 'obf' | 'pocock') => groupSequentialBounds({ alpha: 0.05, information: [0.2, 0.4, 0.6, 0.8, 1], spending, sides: 2 }).bounds;
    const obf = [4.8769, 3.357, 2.6803, 2.2898, 2.031];
    const pocock = [2.438, 2.4268, 2.4101, 2.3966, 2.3859];
    bounds('obf').forEach((bound, look) => expect(Math.abs(bound - obf[look]!)).toBeLessThan(1e-4));
    bounds('pocock').forEach((bound, look) => expect(Math.abs(bound - pocock[look]!)).toBeLessThan(1e-4));
  });

  it.each([[2, 0.083], [5, 0.142], [10, 0.193], [20, 0.248]])('Armitage, McPherson and Rowe 1969: %d looks at 5%% find %d', (looks, want) => {
    const information = Array.from({ length: looks }, (_, index) => (index + 1) / looks);
    const { total } = crossingProbabilities({ bounds: information.map(() => 1.959963984540054), information, drift: 0 });
    expect(total.at(-1)!).toBeCloseTo(want, 3);
  });

  it('Cohen 1988: d = 0.5 is found in 80% by 64 subjects an arm', () => {
    const plan = { cohenD: 0.5, ratio: 1, alpha: 0.05, alternative: 'two-sided' as const };
    expect(tTestSampleSize({ ...plan, power: 0.8 }).nControlCeil).toBe(64);
    expect(tTestPower({ ...plan, nControl: 64 }).power).toBeCloseTo(0.8015, 4);
  });
});

describe('two ways to the same', () => {
  it('a quantile from counts is the one from the values themselves', () => {
    const list = (factor: number): number[] => Array.from({ length: 500 }, (_, index) => (index * factor) % 37);
    const counted = (values: readonly number[]): [number, number][] => [...values.reduce((counts, value) => counts.set(value, (counts.get(value) ?? 0) + 1), new Map<number, number>())];
    for (const nu of [0.1, 0.5, 0.9]) {
      const [control, treatment] = [list(7), list(11).map((value) => value + 2)];
      const each = (values: readonly number[]) => values.map((value) => [value]);
      expect(countedQuantileTest({ control: counted(control), treatment: counted(treatment), nu, alpha: 0.05 })).toEqual(quantileTest({ control: each(control), treatment: each(treatment), nu, alpha: 0.05 }));
    }
  });

  it('a metric that does not vary has nothing to adjust', () => {
    const constant = (n: number, y: number, x: number) => ({ n, sumY: n * y, sumYY: n * y * y, sumX: [x], sumXX: [[x * x]], sumXY: [x * y] });
    expect(cupedTest({ control: constant(2, -2.5, 7e-6), treatment: constant(3, -2.5, 0.1), alpha: 0.05 })).toMatchObject({ status: 'zero_variance', varianceReduction: null, pValue: null });
  });
});
