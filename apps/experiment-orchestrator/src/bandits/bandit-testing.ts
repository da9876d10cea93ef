import type { Comparison, Experiment, ExperimentResults } from '@pataka/contracts';
import { randomFrom } from '../simulation/draws';
import { decideWeights } from './reweigh';

/** Successes and subjects of an arm. */
export interface Tally { n: number; x: number }

const DAY_MS = 86_400_000;
export const START = Date.parse('2026-07-01T04:30:00.000Z');

/** A bandit of even weights over as many arms. */
export const banditOf = (arms: number, more: Partial<Experiment> = {}): Experiment => ({
  id: 'exp_bandit', key: 'bandit', type: 'BANDITS', status: 'ACTIVE', environment: 'production', flagKey: 'bandit', linked: true, phase: 1, phases: [],
  variants: Array.from({ length: arms }, (_, index) => ({ id: `v${index}`, weight: 1 / arms, config: `c${index}`, isControl: index === 0 })),
  strategy: { type: 'FIXED' }, successMetrics: ['booked'], guardrailMetrics: [], safetyMetrics: [], rollout: { percentage: 100, step: 0, nextStepAt: null },
  startedAt: new Date(START).toISOString(), version: 1, createdBy: 'test', createdAt: '2026-07-01T00:00:00Z', updatedAt: '2026-07-01T00:00:00Z', ...more,
});

/** The results document of these tallies, as far as a bandit reads it. */
export const resultsOf = (tallies: readonly Tally[], ok = true): ExperimentResults => ({
  experimentId: 'exp_bandit', period: '', generatedAt: null, confidence: 0.95, excluded: { multipleVariants: 0 },
  variants: tallies.map(({ n, x }, index) => ({
    variantId: `v${index}`, variantName: `v${index}`, isControl: index === 0, sampleSize: n, conversionRate: n === 0 ? null : x / n,
    metrics: { booked: { mean: n === 0 ? null : x / n, standardError: n === 0 ? null : Math.sqrt((x / n) * (1 - x / n) / n), confidenceInterval: null, sampleSize: n } },
  })),
  statistical: { pValue: null, statisticalSignificance: false, confidenceLevel: 0.95, effectSize: null, powerAnalysis: null },
  comparisons: [{ metric: 'booked', test: 'two-proportion-z' } as Comparison], sampleRatio: { pValue: null, ok },
  verdict: { decision: 'continue', reasons: [] }, coverage: { name: 'evidence', offsets: {} },
});

interface Problem { rates: readonly number[]; days: number; perDay: number; seed: number; settings: NonNullable<Experiment['bandit']> }

/**
 * What a bandit loses against always serving the best arm, in expected successes, and the decisions it made; with `even` the weights never move.
 * Its weights are decided once a day, from all that was seen.
 */
export const playBandit = ({ rates, days, perDay, seed, settings }: Problem, even = false): { regret: number; looks: { tallies: Tally[]; probabilities: Record<string, number> | undefined; weights: Record<string, number> | undefined }[] } => {
  const random = randomFrom(seed);
  const tallies: Tally[] = rates.map(() => ({ n: 0, x: 0 }));
  let [experiment, regret] = [banditOf(rates.length, { bandit: settings }), 0];
  const looks = [];
  for (let day = 1; day <= days; day += 1) {
    for (let subject = 0; subject < perDay; subject += 1) {
      let [arm, left] = [0, random()];
      while (arm < rates.length - 1 && left >= experiment.variants[arm]!.weight) left -= experiment.variants[arm++]!.weight;
      tallies[arm] = { n: tallies[arm]!.n + 1, x: tallies[arm]!.x + (random() < rates[arm]! ? 1 : 0) };
      regret += Math.max(...rates) - rates[arm]!;
    }
    if (even) continue;
    const { weights, probabilities } = decideWeights({ experiment, results: resultsOf(tallies), definitions: new Map(), now: new Date(START + day * DAY_MS).toISOString() });
    looks.push({ tallies: [...tallies], probabilities, weights });
    if (weights !== undefined) experiment = { ...experiment, variants: experiment.variants.map((variant) => ({ ...variant, weight: weights[variant.id]! })) };
  }
  return { regret, looks };
};

/**
 * P(best) of Beta posteriors by the trapezoidal rule on the rates themselves, normalised numerically: it shares nothing with the quadrature of
 * the library, which works on the logit scale with incomplete beta functions.
 */
export const independentChances = (arms: readonly { a: number; b: number }[], points = 60_000): number[] => {
  const spread = arms.map(({ a, b }) => ({ mean: a / (a + b), reach: 14 * Math.sqrt((a * b) / ((a + b) ** 2 * (a + b + 1))) }));
  const [from, until] = [Math.max(0, Math.min(...spread.map(({ mean, reach }) => mean - reach))), Math.min(1, Math.max(...spread.map(({ mean, reach }) => mean + reach)))];
  const densities = arms.map(({ a, b }) => {
    const log = (x: number): number => (a - 1) * Math.log(x) + (b - 1) * Math.log(1 - x);
    const logs = Float64Array.from({ length: points - 1 }, (_, index) => log(from + ((until - from) * (index + 1)) / points));
    const highest = logs.reduce((most, value) => Math.max(most, value), -Infinity);
    const values = logs.map((value) => Math.exp(value - highest));
    const total = values.reduce((sum, value) => sum + value, 0);
    return values.map((value) => value / total);
  });
  // Half of the point's own mass lies below it.
  const below = densities.map((density) => {
    let sum = 0;
    return density.map((value) => (sum += value) - value / 2);
  });
  return densities.map((density, arm) => density.reduce((sum, value, point) => sum + value * below.reduce((product, one, other) => (other === arm ? product : product * one[point]!), 1), 0));
};
