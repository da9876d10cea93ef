import { demand, isObject, requireCount, requireFinite, requireObject } from '../invalid-input';
import { centredSumOfSquares } from './centred';

/** Users and converters. */
export interface BinomialArm {
  readonly n: number;
  readonly x: number;
}

/** Users, and Σ and Σ² of their totals, in the metric's unit. */
export interface MeanArm {
  readonly n: number;
  readonly sum: number;
  readonly sumSq: number;
}

/** n, mean and sample variance (n-1) of an arm; null where the data do not determine them. */
export interface Moments {
  readonly n: number;
  readonly mean: number | null;
  readonly variance: number | null;
}

/** An arm's mean and the variance of that mean. */
export interface MeanEstimate {
  readonly mean: number;
  readonly variance: number;
}

/** `two-sided`, or the direction in which the treatment differs: `greater` is treatment larger. */
export type Alternative = 'two-sided' | 'greater' | 'less';

export const ALTERNATIVES: readonly string[] = ['two-sided', 'greater', 'less'];

/** Why a statistic is or is not there. */
export type Status =
  | 'ok'
  | 'insufficient_data'
  | 'zero_variance'
  | 'zero_baseline'
  | 'zero_treatment'
  | 'zero_denominator';

/** A two-sided interval, lower limit first. */
export type Interval = readonly [number, number];

/** @throws InvalidInput unless 0 <= x <= n are whole numbers */
export const checkBinomial = (arm: BinomialArm, name: string): void => {
  requireObject(arm, name);
  requireCount(arm.n, `${name}.n`);
  requireCount(arm.x, `${name}.x`);
  demand(arm.x <= arm.n, `${name} has more converters than users`);
};

/**
 * Mean and variance of an arm from its sums.
 * @throws InvalidInput for sums that no data can have
 */
export const momentsOf = (arm: MeanArm, name: string): Moments => {
  requireObject(arm, name);
  const centred = centredSumOfSquares(arm.n, arm.sum, arm.sumSq);
  return {
    n: arm.n,
    mean: arm.n === 0 ? null : arm.sum / arm.n,
    variance: arm.n < 2 ? null : centred / (arm.n - 1),
  };
};

/** Whether an arm counts converters rather than sums. */
export const isBinomial = (arm: BinomialArm | MeanArm): arm is BinomialArm => isObject(arm) && 'x' in arm;

const binomialEstimate = (arm: BinomialArm, name: string): MeanEstimate | null => {
  checkBinomial(arm, name);
  if (arm.n === 0) return null;
  const p = arm.x / arm.n;
  return { mean: p, variance: (p * ((arm.n - arm.x) / arm.n)) / arm.n };
};

/**
 * Mean of an arm and variance of that mean: p(1-p)/n for converters, s²/n for sums; null when there are too few users.
 * @throws InvalidInput as {@link checkBinomial} and {@link momentsOf}
 */
export const estimateOf = (arm: BinomialArm | MeanArm, name: string): MeanEstimate | null => {
  if (isBinomial(arm)) return binomialEstimate(arm, name);
  const { n, mean, variance } = momentsOf(arm, name);
  return mean === null || variance === null ? null : { mean, variance: variance / n };
};

/** @throws InvalidInput unless the moments are finite and the variance not negative */
export const checkMoments = (moments: Moments, name: string): void => {
  requireObject(moments, name);
  requireCount(moments.n, `${name}.n`);
  if (moments.mean !== null) requireFinite(moments.mean, `${name}.mean`);
  if (moments.variance === null) return;
  requireFinite(moments.variance, `${name}.variance`);
  demand(moments.variance >= 0, `${name}.variance must not be negative`);
};
