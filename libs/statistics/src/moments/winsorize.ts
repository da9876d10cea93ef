import { at, demand, requireBoolean, requireFinite, requireList } from '../invalid-input';
import { preciseSum } from '../special/exact';
import type { MeanArm } from './arms';

/** Per-user totals of every arm, and the quantile of all of them that becomes the cap. */
export interface WinsorizeInput {
  readonly arms: readonly (readonly number[])[];
  readonly upper: number;
  readonly ignoreZeros: boolean;
}

/** One cap for all arms, and the sums under it; no cap when there is no value to take it from. */
export interface WinsorizeResult {
  readonly cap: number | null;
  readonly arms: readonly MeanArm[];
}

/** Quantile by linear interpolation between order statistics. Source: Hyndman and Fan 1996, type 7. */
export const quantileType7 = (sorted: readonly number[], probability: number): number => {
  const position = (sorted.length - 1) * probability;
  const below = Math.floor(position);
  const low = at(sorted, below);
  const high = at(sorted, Math.min(below + 1, sorted.length - 1));
  return low + (high - low) * (position - below);
};

const capOf = (arms: readonly (readonly number[])[], upper: number, ignoreZeros: boolean): number | null => {
  const pooled = arms.flat().filter((value) => !ignoreZeros || value !== 0);
  return pooled.length === 0 ? null : quantileType7(pooled.sort((a, b) => a - b), upper);
};

const sumsUnder = (values: readonly number[], cap: number | null): MeanArm => {
  const capped = cap === null ? values : values.map((value) => Math.min(value, cap));
  return { n: capped.length, sum: preciseSum(capped), sumSq: preciseSum(capped.map((value) => value * value)) };
};

/**
 * Caps per-user totals at a quantile of the pooled, blinded arms, so that the cap cannot depend on the effect.
 * @throws InvalidInput for values that are not finite or `upper` outside [0,1]
 */
export const winsorize = ({ arms, upper, ignoreZeros }: WinsorizeInput): WinsorizeResult => {
  requireList(arms, 'arms');
  for (const arm of arms) requireList(arm, 'arm');
  for (const value of arms.flat()) requireFinite(value, 'value');
  demand(upper >= 0 && upper <= 1, 'upper must be between 0 and 1');
  requireBoolean(ignoreZeros, 'ignoreZeros');
  const cap = capOf(arms, upper, ignoreZeros);
  return { cap, arms: arms.map((values) => sumsUnder(values, cap)) };
};
