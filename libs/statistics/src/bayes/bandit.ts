import { at, demand, requireFinite, requireList, requireNonNegative, requireObject, requireOneOf, requirePositive } from '../invalid-input';
import type { Posterior } from './best-arm';
import { betaPosterior, gaussianPosterior, gridOf, probabilityBest, probabilitySecond } from './best-arm';

/** Posterior of a rate. */
export interface BetaArm {
  readonly a: number;
  readonly b: number;
}

/** Posterior of a mean; larger is better. */
export interface NormalArm {
  readonly mean: number;
  readonly sd: number;
}

interface AllocationPolicy {
  /** `thompson`: P(best); `ttts`: top-two Thompson; `rank2`: mean of P(best) and P(second). */
  readonly algorithm: 'thompson' | 'ttts' | 'rank2';
  /** Share of `ttts` that goes to the leader. */
  readonly beta?: number;
  /** Least weight of every arm. */
  readonly floor: number;
}

/** Posteriors of the arms and how weights are made of them. */
export type AllocationInput = AllocationPolicy &
  (
    | { readonly kind: 'beta'; readonly arms: readonly BetaArm[] }
    | { readonly kind: 'normal'; readonly arms: readonly NormalArm[] }
  );

/** Result of {@link allocate}; `probSecond` only with `rank2`. */
export interface Allocation {
  readonly probBest: readonly number[];
  readonly probSecond?: readonly number[];
  readonly weights: readonly number[];
}

const posteriorsOf = (input: AllocationInput): Posterior[] => {
  if (input.kind === 'beta') {
    return input.arms.map((arm) => {
      requireObject(arm, 'arm');
      requirePositive(arm.a, 'a');
      requirePositive(arm.b, 'b');
      return betaPosterior(arm.a, arm.b);
    });
  }
  return input.arms.map((arm) => {
    requireObject(arm, 'arm');
    requireFinite(arm.mean, 'mean');
    requirePositive(arm.sd, 'sd');
    return gaussianPosterior(arm.mean, arm.sd);
  });
};

/** Σ of all but one: 1 - a_j without cancelling. */
const restOf = (shares: readonly number[], left: number): number =>
  shares.reduce((sum, share, index) => (index === left ? sum : sum + share), 0);

/** w_i = a_i·[β + (1-β)·Σ_{j≠i} a_j/(1-a_j)]. Source: Russo 2016. */
const topTwo = (best: readonly number[], beta: number): number[] => {
  const certain = best.findIndex((_, index) => restOf(best, index) === 0);
  if (certain >= 0 && best.length > 1) {
    return best.map((_, index) => (index === certain ? beta : (1 - beta) / (best.length - 1)));
  }
  // Of what an arm leaves over no other has more than all of it: divided first, nothing overflows, however little that is.
  const rests = best.map((_, index) => restOf(best, index));
  const challenges = (share: number, own: number): number => best.reduce((sum, leader, index) => (index === own ? sum : sum + (share / at(rests, index)) * leader), 0);
  return best.map((share, index) => share * beta + (1 - beta) * challenges(share, index));
};

const check = (input: AllocationInput): void => {
  requireOneOf(input.kind, ['beta', 'normal'], 'kind');
  requireOneOf(input.algorithm, ['thompson', 'ttts', 'rank2'], 'algorithm');
  requireList(input.arms, 'arms');
  demand(input.arms.length >= 2, 'a bandit needs two arms');
  requireNonNegative(input.floor, 'floor');
  const beta = input.beta ?? 0.5;
  demand(beta >= 0 && beta <= 1, 'beta must be between 0 and 1');
};

/** floor + (1-k·floor)·w, even when the floors leave nothing to give. */
const withFloor = (weights: readonly number[], floor: number): number[] => {
  const left = 1 - weights.length * floor;
  return weights.map((weight) => (left <= 0 ? 1 / weights.length : floor + left * weight));
};

/**
 * Weights of the arms of a bandit from their posteriors, by quadrature: the same data give the same digits.
 * @throws InvalidInput for fewer than two arms, sd or a or b <= 0, a negative floor or beta outside [0,1]
 */
export const allocate = (input: AllocationInput): Allocation => {
  check(input);
  const grid = gridOf(posteriorsOf(input));
  const probBest = probabilityBest(grid);
  if (input.algorithm === 'rank2') {
    const probSecond = probabilitySecond(grid);
    const weights = probBest.map((share, index) => (share + at(probSecond, index)) / 2);
    return { probBest, probSecond, weights: withFloor(weights, input.floor) };
  }
  const weights = input.algorithm === 'ttts' ? topTwo(probBest, input.beta ?? 0.5) : probBest;
  return { probBest, weights: withFloor(weights, input.floor) };
};
