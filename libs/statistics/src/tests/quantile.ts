import { at, requireCount, requireFinite, requireFraction, requireList } from '../invalid-input';
import type { Interval, Status } from '../moments/arms';
import { normalIsf } from '../special/normal';
import { around, normalPValue } from './p-values';
import { ratioEstimate } from './ratio';

/** Users of an arm, each with its values. */
export type QuantileArm = readonly (readonly number[])[];

/** Quantile of one arm with its Woodruff interval; ranks count from 1. */
export interface ArmQuantile {
  readonly status: Status;
  readonly quantile: number | null;
  readonly lowerRank: number | null;
  readonly upperRank: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly se: number | null;
}

/** Result of {@link quantileTest}. */
export interface QuantileResult {
  readonly control: ArmQuantile;
  readonly treatment: ArmQuantile;
  readonly status: Status;
  readonly diff: number | null;
  readonly se: number | null;
  readonly z: number | null;
  readonly pValue: number | null;
  readonly ci: Interval | null;
}

/** Nν is snapped by this before it is rounded: 0.07·100 is 7.000000000000001. */
const SNAP = 1e-9;

const NO_QUANTILE: ArmQuantile = {
  status: 'insufficient_data',
  quantile: null,
  lowerRank: null,
  upperRank: null,
  lower: null,
  upper: null,
  se: null,
};

/** sd of the share of values at or below the quantile; by the delta method over users when users have several values. */
const shareSd = (users: QuantileArm, quantile: number, nu: number): number | null => {
  if (users.every((values) => values.length === 1)) return Math.sqrt((nu * (1 - nu)) / users.length);
  const sums = { n: users.length, sumY: 0, sumX: 0, sumYY: 0, sumXX: 0, sumXY: 0 };
  for (const values of users) {
    const below = values.filter((value) => value <= quantile).length;
    sums.sumY += below;
    sums.sumX += values.length;
    sums.sumYY += below * below;
    sums.sumXX += values.length ** 2;
    sums.sumXY += below * values.length;
  }
  const estimate = ratioEstimate(sums, 'users');
  return typeof estimate === 'string' ? null : Math.sqrt(estimate.variance);
};

/** Values of an arm in ascending order: how many, and the one of a rank that counts from 1. */
interface Ranked {
  readonly count: number;
  readonly valueAt: (rank: number) => number;
}

/** k-th smallest value, k = ⌈Nν⌉, and the values at the ranks Nν ∓ z·N·sd. Source: Woodruff 1952. */
const armQuantile = ({ count, valueAt }: Ranked, nu: number, z: number, sdAt: (quantile: number) => number | null): ArmQuantile => {
  if (count === 0) return NO_QUANTILE;
  const clamp = (rank: number): number => Math.min(count, Math.max(1, rank));
  const quantile = valueAt(clamp(Math.ceil(count * nu - SNAP)));
  const sd = sdAt(quantile);
  if (sd === null) return { ...NO_QUANTILE, quantile };
  const [low, high] = [count * (nu - z * sd), count * (nu + z * sd)];
  const lowerRank = clamp(Math.floor(low + SNAP));
  const upperRank = clamp(Math.ceil(high - SNAP));
  const [lower, upper] = [valueAt(lowerRank), valueAt(upperRank)];
  const found = { quantile, lowerRank, upperRank, lower, upper };
  if (low < 1 || high > count) return { ...found, status: 'insufficient_data', se: null };
  return { ...found, status: 'ok', se: (upper - lower) / (2 * z) };
};

const ofUsers = (users: QuantileArm, nu: number, z: number): ArmQuantile => {
  const sorted = users.flat().sort((a, b) => a - b);
  return armQuantile({ count: sorted.length, valueAt: (rank) => at(sorted, rank - 1) }, nu, z, (quantile) => shareSd(users, quantile, nu));
};

/** Values of an arm with how many users have each; one value a user. */
export type QuantileCounts = readonly (readonly [value: number, users: number])[];

const ofCounts = (counts: QuantileCounts, nu: number, z: number): ArmQuantile => {
  const sorted = [...counts].sort((a, b) => a[0] - b[0]);
  const reached: number[] = [];
  let count = 0;
  for (const [, users] of sorted) reached.push((count += users));
  const valueAt = (rank: number): number => {
    let [low, high] = [0, reached.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (at(reached, middle) >= rank) high = middle;
      else low = middle + 1;
    }
    return at(sorted, low)[0];
  };
  return armQuantile({ count, valueAt }, nu, z, () => Math.sqrt((nu * (1 - nu)) / count));
};

const checkArm = (arm: QuantileArm, name: string): void => {
  requireList(arm, name);
  for (const values of arm) {
    requireList(values, `${name} user`);
    for (const value of values) requireFinite(value, `${name} value`);
  }
};

const difference = (control: ArmQuantile, treatment: ArmQuantile, z: number): QuantileResult => {
  const diff = control.quantile === null || treatment.quantile === null ? null : treatment.quantile - control.quantile;
  const arms = { control, treatment, diff };
  const nothing = { z: null, pValue: null, ci: null };
  if (diff === null || control.se === null || treatment.se === null) {
    return { ...arms, ...nothing, status: 'insufficient_data', se: null };
  }
  const se = Math.hypot(control.se, treatment.se);
  if (se === 0) return { ...arms, ...nothing, status: 'zero_variance', se };
  return { ...arms, status: 'ok', se, z: diff / se, pValue: normalPValue(diff / se), ci: around(diff, z * se) };
};

/**
 * z-test of the difference of a quantile `nu` in (0,1), with order-statistic intervals per arm.
 * Sources: Woodruff 1952; Deng, Knoblich, Lu 2018; Yao, Li, Lu 2024.
 * @throws InvalidInput for values that are not finite, or nu or alpha outside (0,1)
 */
export const quantileTest = (input: {
  readonly control: QuantileArm;
  readonly treatment: QuantileArm;
  readonly nu: number;
  readonly alpha: number;
}): QuantileResult => {
  checkArm(input.control, 'control');
  checkArm(input.treatment, 'treatment');
  requireFraction(input.nu, 'nu');
  requireFraction(input.alpha, 'alpha');
  const z = normalIsf(input.alpha / 2);
  return difference(ofUsers(input.control, input.nu, z), ofUsers(input.treatment, input.nu, z), z);
};

const checkCounts = (counts: QuantileCounts, name: string): void => {
  requireList(counts, name);
  for (const [value, users] of counts) {
    requireFinite(value, `${name} value`);
    requireCount(users, `${name} users`);
  }
};

/**
 * The same from counts of values, one a user: its cost is that of the different values, however many users there are.
 * @throws InvalidInput for values that are not finite, counts that are none, or nu or alpha outside (0,1)
 */
export const countedQuantileTest = (input: {
  readonly control: QuantileCounts;
  readonly treatment: QuantileCounts;
  readonly nu: number;
  readonly alpha: number;
}): QuantileResult => {
  checkCounts(input.control, 'control');
  checkCounts(input.treatment, 'treatment');
  requireFraction(input.nu, 'nu');
  requireFraction(input.alpha, 'alpha');
  const z = normalIsf(input.alpha / 2);
  return difference(ofCounts(input.control, input.nu, z), ofCounts(input.treatment, input.nu, z), z);
};
