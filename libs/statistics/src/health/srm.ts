import { at, demand, requireCount, requireList, requireNonNegative, requirePositive } from '../invalid-input';
import { preciseSum } from '../special/exact';
import { chiSquareSf } from '../special/chi-square';
import { bd0, stirlerr } from '../special/kernels';

/** Below this p-value the split of users does not fit the weights and no result may be believed. */
export const SAMPLE_RATIO_ALARM = 0.001;

/** Users per arm, and the weights they were assigned by (any scale). */
export interface SampleRatioInput {
  readonly observed: readonly number[];
  readonly weights: readonly number[];
}

/** Result of {@link sampleRatioTest}. */
export interface SampleRatioResult {
  readonly status: 'ok' | 'insufficient_data';
  readonly chi2: number | null;
  readonly df: number;
  readonly pValue: number | null;
  readonly alarm: boolean;
  readonly expected: readonly number[];
}

/** Result of {@link sequentialSampleRatio}. */
export interface SequentialSampleRatioResult {
  readonly logBayesFactor: number;
  readonly pValue: number;
  readonly alarm: boolean;
}

interface Share {
  readonly observed: number;
  readonly weight: number;
}

const checkWeights = (weights: readonly number[]): void => {
  requireList(weights, 'weights');
  for (const weight of weights) requireNonNegative(weight, 'weight');
  demand(weights.filter((weight) => weight > 0).length >= 2, 'at least two arms need a positive weight');
};

/** Users with their normalised weights. Users in an arm of weight 0 cannot come from this assignment. */
const sharesOf = (observed: readonly number[], weights: readonly number[]): Share[] => {
  requireList(observed, 'observed');
  demand(observed.length === weights.length, 'observed and weights must have the same length');
  const total = preciseSum(weights);
  return observed.map((count, index) => {
    requireCount(count, 'observed');
    const weight = at(weights, index) / total;
    demand(weight > 0 || count === 0, 'an arm of weight 0 has users');
    return { observed: count, weight };
  });
};

const userCount = (shares: readonly Share[]): number => shares.reduce((sum, share) => sum + share.observed, 0);

/**
 * Chi-square test of the split of users against the weights; alarm at p < 0.001. Arms of weight 0 do not count in df.
 * Source: Fabijan et al. 2019.
 * @throws InvalidInput for fewer than two arms, lengths that differ, no positive weight or users in an arm of weight 0
 */
export const sampleRatioTest = ({ observed, weights }: SampleRatioInput): SampleRatioResult => {
  checkWeights(weights);
  const shares = sharesOf(observed, weights);
  const users = userCount(shares);
  const expected = shares.map(({ weight }) => users * weight);
  const df = shares.filter(({ weight }) => weight > 0).length - 1;
  if (users === 0) return { status: 'insufficient_data', chi2: null, df, pValue: null, alarm: false, expected };
  const terms = shares.map(({ observed: count, weight }) =>
    weight === 0 ? 0 : (count - users * weight) ** 2 / (users * weight),
  );
  const chi2 = preciseSum(terms);
  const pValue = chiSquareSf(chi2, df);
  return { status: 'ok', chi2, df, pValue, alarm: pValue < SAMPLE_RATIO_ALARM, expected };
};

/** lnΓ(a+x) - lnΓ(a) without its leading terms; a difference of ln Γ would have no digits at 1e8 users. */
const gammaRest = (a: number, x: number): number => stirlerr(a + x) - stirlerr(a) - Math.log((a + x) / a) / 2;

/** log of Dirichlet(A·w)-multinomial against multinomial(w). */
const logBayesFactor = (shares: readonly Share[], concentration: number): number => {
  const users = userCount(shares);
  const terms = shares
    .filter(({ weight }) => weight > 0)
    .map(({ observed, weight }) => {
      const a = concentration * weight;
      const centre = weight * (concentration + users);
      return gammaRest(a, observed) + bd0(a + observed, centre, observed - weight * users);
    });
  return preciseSum(terms) - gammaRest(concentration, users);
};

const verdict = (logFactor: number, before: number): { pValue: number; alarm: boolean } => {
  const pValue = Math.min(before, Math.exp(-logFactor));
  return { pValue, alarm: pValue < SAMPLE_RATIO_ALARM };
};

/**
 * Sample ratio test that may be looked at any number of times: p = min(1, 1/BF) of a Dirichlet alternative whose
 * `concentration` is the weight of the design in users. Source: Lindon and Malek 2022 (arXiv 2011.03567).
 * @throws InvalidInput as {@link sampleRatioTest}, or unless concentration > 0
 */
export const sequentialSampleRatio = (
  input: SampleRatioInput & { readonly concentration: number },
): SequentialSampleRatioResult => {
  checkWeights(input.weights);
  requirePositive(input.concentration, 'concentration');
  const factor = logBayesFactor(sharesOf(input.observed, input.weights), input.concentration);
  return { logBayesFactor: factor, ...verdict(factor, 1) };
};

/**
 * Running minimum of the sequential p-values along looks at cumulative counts.
 * @throws InvalidInput as {@link sequentialSampleRatio}
 */
export const sequentialSampleRatioPath = (input: {
  readonly looks: readonly (readonly number[])[];
  readonly weights: readonly number[];
  readonly concentration: number;
}): { pValues: number[]; logBayesFactors: number[]; alarm: boolean } => {
  requireList(input.looks, 'looks');
  checkWeights(input.weights);
  requirePositive(input.concentration, 'concentration');
  const logBayesFactors = input.looks.map((look) => logBayesFactor(sharesOf(look, input.weights), input.concentration));
  let running = 1;
  const pValues = logBayesFactors.map((factor) => (running = verdict(factor, running).pValue));
  return { pValues, logBayesFactors, alarm: running < SAMPLE_RATIO_ALARM };
};
