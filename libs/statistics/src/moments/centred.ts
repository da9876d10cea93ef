import { demand, requireCount, requireFinite } from '../invalid-input';
import { twoProduct } from '../special/exact';

/** A centred sum below zero by more than this share of Σy² cannot be rounding. */
const NEGATIVE_TOLERANCE = 64 * Number.EPSILON;

/** Rounding n, Σ and Σ² to doubles alone can leave this share of Σy² of a constant. */
const REPRESENTATION_TOLERANCE = 4 * Number.EPSILON;

/**
 * Σxy - ΣxΣy/n with the product and the quotient taken exactly, so only the inputs' own rounding remains.
 * The naive form loses log10(mean²/variance) digits. Source: Dekker 1971 (two-product).
 */
export const centredProduct = (n: number, sumX: number, sumY: number, sumXY: number): number => {
  const [product, productError] = twoProduct(sumX, sumY);
  const quotient = product / n;
  const [back, backError] = twoProduct(quotient, n);
  return sumXY - quotient - (product - back - backError + productError) / n;
};

/**
 * Σ(y-ȳ)² from n, Σy and Σy². What is indistinguishable from a constant gives 0.
 * @throws InvalidInput when the sums cannot come from real data (Σy² < 0, or below (Σy)²/n beyond rounding)
 */
export const centredSumOfSquares = (n: number, sum: number, sumSq: number): number => {
  requireCount(n, 'n');
  requireFinite(sum, 'sum');
  requireFinite(sumSq, 'sumSq');
  demand(sumSq >= 0, 'sumSq must not be negative');
  if (n === 0) return 0;
  const centred = centredProduct(n, sum, sum, sumSq);
  demand(centred >= -NEGATIVE_TOLERANCE * sumSq, 'sumSq is smaller than any data with this sum can have');
  return centred <= REPRESENTATION_TOLERANCE * sumSq ? 0 : centred;
};

/**
 * s² = Σ(y-ȳ)²/(n-1) from sufficient statistics, or null for n < 2.
 * @throws InvalidInput as {@link centredSumOfSquares}
 */
export const sampleVariance = (n: number, sum: number, sumSq: number): number | null => {
  const centred = centredSumOfSquares(n, sum, sumSq);
  return n < 2 ? null : centred / (n - 1);
};

/**
 * Σ(x-x̄)(y-ȳ), checked against the Cauchy-Schwarz inequality.
 * @param scale √(Σx²·Σy²): what the tolerance for rounding is measured by
 * @throws InvalidInput when the product exceeds √(sxx·syy) beyond rounding
 */
export const checkedCrossProduct = (cross: number, sxx: number, syy: number, scale: number): number => {
  const limit = Math.sqrt(sxx * syy);
  // √ of a sum that is off by 4 eps of its scale is off by √(4 eps): an almost constant side needs that much room.
  const slack = NEGATIVE_TOLERANCE * scale + 1e-9 * limit;
  demand(Math.abs(cross) <= limit + slack, 'sumXY violates the Cauchy-Schwarz inequality');
  return cross;
};
