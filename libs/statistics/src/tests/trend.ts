import { requireFinite, requireList, requireObject, requirePositive } from '../invalid-input';
import { chiSquareSf } from '../special/chi-square';
import { preciseSum } from '../special/exact';
import { normalPValue } from './p-values';

/** Effect of one day (of exposure, or since exposure) with its standard error. */
export interface DailyEffect {
  readonly day: number;
  readonly estimate: number;
  readonly se: number;
}

/** Result of {@link dailyTrend}; `slope` is per day, `q` Cochran's heterogeneity. */
export interface TrendResult {
  readonly status: 'ok' | 'insufficient_data';
  readonly slope: number | null;
  readonly intercept: number | null;
  readonly slopeSe: number | null;
  readonly z: number | null;
  readonly pValue: number | null;
  readonly pooled: number | null;
  readonly pooledSe: number | null;
  readonly q: number | null;
  readonly qDf: number | null;
  readonly qPValue: number | null;
}

const NO_SLOPE = { slope: null, intercept: null, slopeSe: null, z: null, pValue: null };
const NO_POOL = { pooled: null, pooledSe: null, q: null, qDf: null, qPValue: null };

type Weighted = DailyEffect & { readonly weight: number };

const sumOf = (days: readonly Weighted[], term: (day: Weighted) => number): number => preciseSum(days.map(term));

/** Weighted least squares on the day with known variances. */
const regress = (days: readonly Weighted[], total: number, pooled: number) => {
  const centre = sumOf(days, ({ weight, day }) => weight * day) / total;
  const spread = sumOf(days, ({ weight, day }) => weight * (day - centre) ** 2);
  if (!(spread > 0)) return NO_SLOPE;
  const slope = sumOf(days, ({ weight, day, estimate }) => weight * (day - centre) * (estimate - pooled)) / spread;
  const slopeSe = 1 / Math.sqrt(spread);
  const z = slope / slopeSe;
  return { slope, intercept: pooled - slope * centre, slopeSe, z, pValue: normalPValue(z) };
};

/**
 * Trend of daily effects (novelty, primacy): weighted regression on the day, the inverse-variance mean, and Cochran's Q.
 * One day has no slope.
 * @throws InvalidInput for values that are not finite or se <= 0
 */
export const dailyTrend = ({ days }: { readonly days: readonly DailyEffect[] }): TrendResult => {
  requireList(days, 'days');
  for (const day of days) {
    requireObject(day, 'day');
    requireFinite(day.day, 'day');
    requireFinite(day.estimate, 'estimate');
    requirePositive(day.se, 'se');
  }
  if (days.length === 0) return { status: 'insufficient_data', ...NO_SLOPE, ...NO_POOL };
  const weighted = days.map((day) => ({ ...day, weight: 1 / (day.se * day.se) }));
  const total = sumOf(weighted, ({ weight }) => weight);
  const pooled = sumOf(weighted, ({ weight, estimate }) => weight * estimate) / total;
  const q = sumOf(weighted, ({ weight, estimate }) => weight * (estimate - pooled) ** 2);
  const qDf = days.length - 1;
  const qPValue = qDf === 0 ? null : chiSquareSf(q, qDf);
  const pool = { pooled, pooledSe: 1 / Math.sqrt(total), q, qDf, qPValue };
  return { status: 'ok', ...regress(weighted, total, pooled), ...pool };
};
