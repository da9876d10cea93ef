import { requireFinite, requireList, requireObject } from '../invalid-input';
import { preciseSum } from '../special/exact';
import { sampleVariance } from './centred';

/** n, mean and M₂ = Σ(y-ȳ)² of a part: what can be merged in any grouping. */
export interface Part {
  readonly n: number;
  readonly mean: number;
  readonly m2: number;
}

const EMPTY: Part = { n: 0, mean: 0, m2: 0 };

/** Source: Welford 1962. */
const addValue = ({ n, mean, m2 }: Part, value: number): Part => {
  const delta = value - mean;
  const moved = mean + delta / (n + 1);
  return { n: n + 1, mean: moved, m2: m2 + delta * (value - moved) };
};

/** Running moments of raw values. @throws InvalidInput for a value that is not finite */
export const partOf = (values: readonly number[]): Part => {
  requireList(values, 'part');
  let part = EMPTY;
  for (const value of values) {
    requireFinite(value, 'value');
    part = addValue(part, value);
  }
  return part;
};

/** M₂ = M₂a + M₂b + δ²·na·nb/(na+nb). Source: Chan, Golub, LeVeque 1979. */
export const mergeParts = (a: Part, b: Part): Part => {
  const n = a.n + b.n;
  if (n === 0) return EMPTY;
  const delta = b.mean - a.mean;
  return {
    n,
    mean: a.n >= b.n ? a.mean + (delta * b.n) / n : b.mean - (delta * a.n) / n,
    m2: a.m2 + b.m2 + delta * delta * ((a.n * b.n) / n),
  };
};

/** Result of {@link mergeMoments}. */
export interface MergedMoments {
  readonly n: number;
  readonly mean: number | null;
  readonly variance: number | null;
}

/**
 * Moments of the concatenation of `parts`, without concatenating.
 * @throws InvalidInput for values that are not finite
 */
export const mergeMoments = ({ parts }: { readonly parts: readonly (readonly number[])[] }): MergedMoments => {
  requireList(parts, 'parts');
  const { n, mean, m2 } = parts.map(partOf).reduce(mergeParts, EMPTY);
  return { n, mean: n === 0 ? null : mean, variance: n < 2 ? null : m2 / (n - 1) };
};

/** One contribution to a user's total. */
export interface UserValue {
  readonly user: string;
  readonly value: number;
}

/** Sums of per-user totals. */
export interface UserSums {
  readonly n: number;
  readonly sum: number;
  readonly sumSq: number;
  readonly variance: number | null;
}

const valuesByUser = (users: readonly string[], events: readonly UserValue[]): Map<string, number[]> => {
  const values = new Map<string, number[]>(users.map((user) => [user, []]));
  for (const event of events) {
    requireObject(event, 'event');
    requireFinite(event.value, 'event.value');
    values.get(event.user)?.push(event.value);
  }
  return values;
};

/**
 * Sufficient statistics of the per-user totals; users without events count as 0, events of others are not counted.
 * @throws InvalidInput for values that are not finite
 */
export const userTotals = (input: { users: readonly string[]; events: readonly UserValue[] }): UserSums => {
  requireList(input.users, 'users');
  requireList(input.events, 'events');
  const totals = [...valuesByUser(input.users, input.events).values()].map(preciseSum);
  const sum = preciseSum(totals);
  const sumSq = preciseSum(totals.map((total) => total * total));
  return { n: totals.length, sum, sumSq, variance: sampleVariance(totals.length, sum, sumSq) };
};
