import type { MetricDefinition } from '@pataka/contracts';
import { adjustedComparison } from './cuped';
import { effectOf } from './effect';
import { contextOf } from './report-context';
import { experimentOf, gaussian, generator, rate, values } from './report-testing';
import { sampleRatioOf } from './sample-ratio';
import { looksOf, runningMinimum } from './sequence';
import { armsOf, type SumRow } from './sums';

/** Fixed seeds: every run sees the same experiments. `PATAKA_SIMULATION_RUNS` makes it longer. */
const RUNS = Number(process.env['PATAKA_SIMULATION_RUNS'] ?? 2000);
const DAYS = 28;
const A_DAY = 500;
const context = contextOf(experimentOf(), new Map());
const buy: MetricDefinition = { key: 'buy' };

/** Converters among n subjects by the normal approximation, which is exact enough at these counts and fast. */
const converters = (random: () => number, n: number, p: number): number => Math.min(n, Math.max(0, Math.round(n * p + Math.sqrt(n * p * (1 - p)) * gaussian(random))));
const shareOf = (holds: (run: number) => boolean, runs = RUNS): number => Array.from({ length: runs }, (_, run) => holds(run)).filter(Boolean).length / runs;
/** The 99.9% band of a share over so many runs. */
const band = (p: number, runs = RUNS): number => 3.3 * Math.sqrt((p * (1 - p)) / runs);

describe('2,000 experiments without an effect, looked at on 28 days', () => {
  const random = generator(2026);
  const months = Array.from({ length: RUNS }, () => {
    const rows: SumRow[] = Array.from({ length: DAYS }, (_, day) => [...rate('control', A_DAY, converters(random, A_DAY, 0.1), 'buy', day), ...rate('treatment', A_DAY, converters(random, A_DAY, 0.1), 'buy', day)]).flat();
    const looks = looksOf(rows, { metric: buy, control: 'control', treatment: 'treatment', nTune: 10_000, alpha: 0.05 });
    const effect = effectOf(buy, armsOf(rows, 'control', 'buy'), armsOf(rows, 'treatment', 'buy'), 0.05);
    return { crossed: (runningMinimum(looks).pValue ?? 1) < 0.05, missed: looks.some(({ interval }) => interval !== null && (interval[0] > 0 || interval[1] < 0)), rejected: effect.pValue! < 0.05, covers: effect.interval![0] <= 0 && effect.interval![1] >= 0 };
  });
  const share = (of: keyof (typeof months)[number]): number => months.filter((month) => month[of]).length / RUNS;

  it('are called significant by the always-valid p-value in fewer than 5%, however often one looks', () => {
    expect(share('crossed')).toBeLessThan(0.05);
    expect(share('crossed')).toBeGreaterThan(0.002);
    expect(share('missed')).toBe(share('crossed'));
  });

  it('are called significant by the fixed test at its end in 5%, and its interval covers 95%', () => {
    expect(Math.abs(share('rejected') - 0.05)).toBeLessThan(band(0.05));
    expect(share('covers')).toBeGreaterThan(0.94 - band(0.95) + 0.01);
    expect(share('covers')).toBeLessThan(0.96 + band(0.95) - 0.01);
  });
});

describe('95% intervals of a real effect', () => {
  it('cover it in 94 to 96%, absolute and relative', () => {
    const random = generator(95);
    const runs = Math.max(4000, RUNS);
    const covered = { absolute: 0, relative: 0 };
    for (let run = 0; run < runs; run += 1) {
      const rows = [...rate('control', 3000, converters(random, 3000, 0.1)), ...rate('treatment', 3000, converters(random, 3000, 0.12))];
      const { interval, liftInterval } = effectOf(buy, armsOf(rows, 'control', 'buy'), armsOf(rows, 'treatment', 'buy'), 0.05);
      if (interval![0] <= 0.02 && interval![1] >= 0.02) covered.absolute += 1;
      if (liftInterval![0] <= 0.2 && liftInterval![1] >= 0.2) covered.relative += 1;
    }
    for (const count of [covered.absolute, covered.relative]) {
      expect(count / runs).toBeGreaterThan(0.94);
      expect(count / runs).toBeLessThan(0.96);
    }
  });
});

describe('the sample ratio test', () => {
  it('raises its alarm at its level, and the one for daily looks more rarely still', () => {
    const random = generator(5050);
    const runs = Math.max(4000, RUNS);
    const experiment = experimentOf();
    const alarms = { once: 0, daily: 0 };
    for (let run = 0; run < runs; run += 1) {
      const rows = Array.from({ length: 5 }, (_, day) => {
        const first = converters(random, 2000, 0.5);
        return [...rate('control', first, 0, 'buy', day), ...rate('treatment', 2000 - first, 0, 'buy', day)];
      }).flat();
      const { ok, sequentialPValue } = sampleRatioOf(rows, experiment);
      if (!ok) alarms.once += 1;
      if (sequentialPValue! < 0.001) alarms.daily += 1;
    }
    expect(alarms.once / runs).toBeLessThan(0.001 + band(0.001, runs));
    expect(alarms.daily / runs).toBeLessThan(0.001);
  });
});

describe('history', () => {
  it('takes away as much variance as it explains, and keeps the level', () => {
    const random = generator(14);
    const runs = Math.min(600, RUNS);
    const rho = 0.7;
    const arm = (variant: string): SumRow[] => values(variant, Array.from({ length: 150 }, () => {
      const before = gaussian(random);
      return { y: Number((10 + rho * before + Math.sqrt(1 - rho * rho) * gaussian(random)).toFixed(6)), before: Number(before.toFixed(6)) };
    }));
    const reductions: number[] = [];
    const day = (rows: readonly SumRow[]): number => rows[0]!.day;
    const rejected = shareOf(() => {
      const rows = [...arm('control'), ...arm('treatment')];
      const { pValue, varianceReduction } = adjustedComparison(rows, { key: 'buy', type: 'mean', cuped: true }, { variantId: 'treatment', standardError: null }, [day(rows)], context);
      reductions.push(varianceReduction!);
      return pValue! < 0.05;
    }, runs);
    expect(reductions.reduce((sum, one) => sum + one, 0) / runs).toBeCloseTo(rho * rho, 1.5);
    expect(Math.abs(rejected - 0.05)).toBeLessThan(band(0.05, runs) + 0.005);
  });
});
