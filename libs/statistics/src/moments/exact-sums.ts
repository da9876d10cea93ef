import { demand, requireCount } from '../invalid-input';
import type { Moments } from './arms';

/** Σ and Σ² of fixed-point values: `sum` in units, `sumSq` in units², `unitsPerOne` units to 1 (1e6 for micro-units). */
export interface FixedPointArm {
  readonly n: number;
  readonly sum: bigint;
  readonly sumSq: bigint;
  readonly unitsPerOne: bigint;
}

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d+))?$/;

const bitLength = (value: bigint): number => value.toString(2).length;

/** numerator/denominator (denominator > 0) as the nearest double but for one rounding of a 64-bit quotient. */
export const quotient = (numerator: bigint, denominator: bigint): number => {
  if (numerator < 0n) return -quotient(-numerator, denominator);
  if (numerator === 0n) return 0;
  const shift = 64 - (bitLength(numerator) - bitLength(denominator));
  const scaled =
    shift >= 0 ? (numerator << BigInt(shift)) / denominator : numerator / (denominator << BigInt(-shift));
  return Number(scaled) * 2 ** -shift;
};

/**
 * Mean and sample variance from exact sums: Σ²-(Σ)²/n is taken in integers, a double is made only of the result.
 * @throws InvalidInput when n·Σ² < (Σ)², which exact sums of real data never have
 */
export const fixedPointMoments = ({ n, sum, sumSq, unitsPerOne }: FixedPointArm): Moments => {
  requireCount(n, 'n');
  demand(unitsPerOne > 0n, 'unitsPerOne must be positive');
  if (n === 0) return { n, mean: null, variance: null };
  const users = BigInt(n);
  const scaledCentred = users * sumSq - sum * sum;
  demand(scaledCentred >= 0n, 'sumSq is smaller than any data with this sum can have');
  const variance = n < 2 ? null : quotient(scaledCentred, users * (users - 1n) * unitsPerOne * unitsPerOne);
  return { n, mean: quotient(sum, users * unitsPerOne), variance };
};

const scaledDecimal = (text: string, decimals: number, name: string): bigint => {
  const match = DECIMAL.exec(text);
  demand(match !== null, `${name} must be a decimal number`);
  const [, sign, whole = '', fraction = ''] = match;
  demand(fraction.length <= decimals, `${name} has more than ${decimals} decimals`);
  const units = BigInt(whole + fraction.padEnd(decimals, '0'));
  return sign === '-' ? -units : units;
};

/**
 * The same from decimal strings, as PostgreSQL's NUMERIC is read.
 * @param decimals most decimals of `sum`; `sumSq` may have twice as many
 * @throws InvalidInput for text that is no plain decimal, or has too many decimals
 */
export const decimalMoments = (arm: { n: number; sum: string; sumSq: string }, decimals: number): Moments =>
  fixedPointMoments({
    n: arm.n,
    sum: scaledDecimal(arm.sum, decimals, 'sum'),
    sumSq: scaledDecimal(arm.sumSq, 2 * decimals, 'sumSq'),
    unitsPerOne: 10n ** BigInt(decimals),
  });
