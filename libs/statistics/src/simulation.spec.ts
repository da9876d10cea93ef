import { asymptoticConfidenceSequence } from './sequential/confidence-sequence';
import { sampleRatioTest, sequentialSampleRatio } from './health/srm';
import { cupedTest } from './tests/cuped';
import { fiellerLift } from './tests/lift';
import { ratioTest } from './tests/ratio';
import { twoProportionTest } from './tests/two-proportion';
import { welchTest } from './tests/welch';
import { twoProportionSampleSize } from './design/two-proportion-power';

/** A small generator with a fixed seed (mulberry32), so that every run sees the same experiments. */
const generator = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** Box and Muller 1958. */
const gaussian = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** Converters among n users by the normal approximation, which is exact enough at these counts and fast. */
const converters = (random: () => number, n: number, p: number): number =>
  Math.min(n, Math.max(0, Math.round(n * p + Math.sqrt(n * p * (1 - p)) * gaussian(random))));

const share = (runs: number, holds: (run: number) => boolean): number => {
  let count = 0;
  for (let run = 0; run < runs; run++) if (holds(run)) count++;
  return count / runs;
};

/** Accepts the 99.9 % band of a share `p` over `runs`, plus `slack` for the method's own approximation. */
const expectShare = (got: number, p: number, runs: number, slack = 0.003): void =>
  expect(Math.abs(got - p)).toBeLessThan(3.3 * Math.sqrt((p * (1 - p)) / runs) + slack);

const plan = { alpha: 0.05, alternative: 'two-sided' as const };

describe('false positives without an effect', () => {
  it('of the two-proportion test are alpha', () => {
    const random = generator(1);
    const runs = 8000;
    const rejected = share(runs, () => {
      const [control, treatment] = [0, 0].map(() => ({ n: 2000, x: converters(random, 2000, 0.1) }));
      if (!control || !treatment) return false;
      return (twoProportionTest({ control, treatment, ...plan }).pValue ?? 1) < 0.05;
    });
    expectShare(rejected, 0.05, runs);
  });

  it("of Welch's test are alpha for skewed data", () => {
    const random = generator(2);
    const runs = 800;
    const arm = () => {
      const list = Array.from({ length: 200 }, () => Math.exp(gaussian(random)));
      return { n: 200, sum: list.reduce((a, b) => a + b, 0), sumSq: list.reduce((a, b) => a + b * b, 0) };
    };
    const rejected = share(runs, () => (welchTest({ control: arm(), treatment: arm(), ...plan }).pValue ?? 1) < 0.05);
    expectShare(rejected, 0.05, runs, 0.006);
  });

  it('of ratios are alpha when events cluster in users, which a naive test gets wrong', () => {
    const random = generator(3);
    const runs = 800;
    const arm = () => {
      const sums = { n: 150, sumY: 0, sumX: 0, sumYY: 0, sumXX: 0, sumXY: 0 };
      for (let user = 0; user < 150; user++) {
        const x = 1 + Math.floor(random() * 9);
        const y = x * (1 + 0.5 * gaussian(random));
        sums.sumY += y;
        sums.sumX += x;
        sums.sumYY += y * y;
        sums.sumXX += x * x;
        sums.sumXY += x * y;
      }
      return sums;
    };
    const rejected = share(runs, () => (ratioTest({ control: arm(), treatment: arm(), alpha: 0.05 }).pValue ?? 1) < 0.05);
    expectShare(rejected, 0.05, runs, 0.005);
  });

  it('of CUPED are alpha, at a smaller variance', () => {
    const random = generator(4);
    const runs = 800;
    const reductions: number[] = [];
    const arm = () => {
      const sums = { n: 120, sumY: 0, sumYY: 0, sumX: [0], sumXX: [[0]], sumXY: [0] };
      const totals = { x: 0, xx: 0, xy: 0 };
      for (let user = 0; user < 120; user++) {
        const x = gaussian(random);
        const y = 5 + 0.75 * x + Math.sqrt(1 - 0.75 ** 2) * gaussian(random);
        sums.sumY += y;
        sums.sumYY += y * y;
        totals.x += x;
        totals.xx += x * x;
        totals.xy += x * y;
      }
      return { ...sums, sumX: [totals.x], sumXX: [[totals.xx]], sumXY: [totals.xy] };
    };
    const rejected = share(runs, () => {
      const { pValue, varianceReduction } = cupedTest({ control: arm(), treatment: arm(), alpha: 0.05 });
      reductions.push(varianceReduction ?? 0);
      return (pValue ?? 1) < 0.05;
    });
    expectShare(rejected, 0.05, runs, 0.005);
    expect(reductions.reduce((a, b) => a + b, 0) / runs).toBeCloseTo(0.5625, 1);
  });
});

/** Whether 28 daily looks at the same rate ever reject, by the fixed test and by the sequence. */
const watchMonth = (random: () => number): { peeked: boolean; crossed: boolean } => {
  const [control, treatment] = [{ n: 0, x: 0 }, { n: 0, x: 0 }];
  const seen = { fixed: 1, sequence: 1 };
  for (let day = 0; day < 28; day++) {
    for (const arm of [control, treatment]) {
      arm.n += 500;
      arm.x += converters(random, 500, 0.1);
    }
    const { pValue, diff, seUnpooled } = twoProportionTest({ control, treatment, ...plan });
    const look = { estimate: diff ?? 0, se: seUnpooled ?? 0, n: 2 * control.n, nTune: 10_000, alpha: 0.05 };
    seen.fixed = Math.min(seen.fixed, pValue ?? 1);
    seen.sequence = Math.min(seen.sequence, asymptoticConfidenceSequence(look).pValue ?? 1);
  }
  return { peeked: seen.fixed < 0.05, crossed: seen.sequence < 0.05 };
};

describe('28 daily looks without an effect', () => {
  const random = generator(5);
  const runs = 2000;
  const months = Array.from({ length: runs }, () => watchMonth(random));
  const peeked = months.filter((month) => month.peeked).length;
  const crossed = months.filter((month) => month.crossed).length;

  it('make a fixed test wrong in more than a quarter of experiments', () => {
    expect(peeked / runs).toBeGreaterThan(0.24);
    expect(peeked / runs).toBeLessThan(0.31);
  });

  it('make a confidence sequence wrong in fewer than alpha', () => {
    expect(crossed / runs).toBeGreaterThan(0.002);
    expect(crossed / runs).toBeLessThan(0.05);
  });
});

describe('coverage and power', () => {
  it('of 95 % intervals are 95 %: Newcombe and Fieller', () => {
    const random = generator(6);
    const runs = 6000;
    const covered = { newcombe: 0, fieller: 0 };
    for (let run = 0; run < runs; run++) {
      const control = { n: 2000, x: converters(random, 2000, 0.05) };
      const treatment = { n: 2000, x: converters(random, 2000, 0.06) };
      const { ciNewcombe } = twoProportionTest({ control, treatment, ...plan });
      const { ci } = fiellerLift({ control, treatment, alpha: 0.05 });
      if (ciNewcombe && ciNewcombe[0] <= 0.01 && ciNewcombe[1] >= 0.01) covered.newcombe++;
      if (ci && ci[0] <= 0.2 && ci[1] >= 0.2) covered.fieller++;
    }
    expectShare(covered.newcombe / runs, 0.95, runs, 0.01);
    expectShare(covered.fieller / runs, 0.95, runs, 0.01);
  });

  it('reach the planned power at the planned number of users', () => {
    const random = generator(7);
    const runs = 6000;
    const { nControlCeil: n } = twoProportionSampleSize({ pControl: 0.1, pTreatment: 0.12, power: 0.8, ratio: 1, ...plan });
    expect(n).toBe(3841);
    const found = share(runs, () => {
      const control = { n, x: converters(random, n, 0.1) };
      const treatment = { n, x: converters(random, n, 0.12) };
      return (twoProportionTest({ control, treatment, ...plan }).pValue ?? 1) < 0.05;
    });
    expectShare(found, 0.8, runs);
  });
});

describe('the sample ratio', () => {
  it('alarms once in a thousand looks at a fair split, and less in sequence', () => {
    const random = generator(8);
    const runs = 10_000;
    const split = () => {
      const first = converters(random, 20_000, 0.5);
      return { observed: [first, 20_000 - first], weights: [1, 1] };
    };
    expect(share(runs, () => sampleRatioTest(split()).alarm)).toBeLessThan(0.002);
    expect(share(runs, () => sequentialSampleRatio({ ...split(), concentration: 10_000 }).alarm)).toBeLessThan(0.001);
  });

  it('does not miss a split of 52 to 48', () => {
    expect(sampleRatioTest({ observed: [10_400, 9_600], weights: [1, 1] }).alarm).toBe(true);
  });
});
