import { demand, requireFraction, requirePositive } from '../invalid-input';
import type { BetaPoint } from './kernels';
import { betaKernel, betaPoint } from './kernels';

const MAX_STEPS = 5_000_000;

/**
 * I_x(a,b) divided by the kernel x^a·y^b/B(a,b), for λ >= 0 (x at or below the mean).
 * Source: the continued fraction of DiDonato and Morris 1992 (TOMS 708), driven by λ so that nothing cancels.
 */
const lowerFraction = (a: number, b: number, { x, y, lambda }: BetaPoint): number => {
  const c = 1 + lambda;
  const ratio = b / a;
  const c1 = 1 + 1 / a;
  let p = 1;
  let s = a + 1;
  let numeratorBefore = 0;
  let denominatorBefore = 1;
  let denominator = c / c1;
  let numerator = 1;
  let result = c1 / c;
  for (let n = 1; n < MAX_STEPS; n++) {
    const t = n / a;
    const w = n * (b - n) * x;
    const e = a / s;
    const alpha = p * (p + ratio) * e * e * (w * x);
    const beta = n + w / s + ((1 + t) / (c1 + t + t)) * (c + n * (y + 1));
    p = 1 + t;
    s += 2;
    const nextNumerator = alpha * numeratorBefore + beta * numerator;
    const nextDenominator = alpha * denominatorBefore + beta * denominator;
    const next = nextNumerator / nextDenominator;
    numeratorBefore = numerator / nextDenominator;
    denominatorBefore = denominator / nextDenominator;
    numerator = next;
    denominator = 1;
    if (Math.abs(next - result) <= 1e-16 * next) return next;
    result = next;
  }
  return result;
};

/** Kernel x^a·y^b/B(a,b) and both tails of a beta distribution at a point. */
export interface BetaValues {
  readonly kernel: number;
  readonly lower: number;
  readonly upper: number;
}

/** Beta(a,b) at a point; the smaller tail is computed, the other is 1 minus it. */
export const betaValues = (a: number, b: number, point: BetaPoint): BetaValues => {
  if (point.x <= 0) return { kernel: 0, lower: 0, upper: 1 };
  if (point.y <= 0) return { kernel: 0, lower: 1, upper: 0 };
  const kernel = betaKernel(a, b, point);
  if (point.lambda >= 0) {
    const lower = Math.min(1, kernel * lowerFraction(a, b, point));
    return { kernel, lower, upper: 1 - lower };
  }
  const mirrored = { x: point.y, y: point.x, lambda: -point.lambda };
  const upper = Math.min(1, kernel * lowerFraction(b, a, mirrored));
  return { kernel, lower: 1 - upper, upper };
};

const checkedValues = (a: number, b: number, x: number): BetaValues => {
  requirePositive(a, 'a');
  requirePositive(b, 'b');
  demand(x >= 0 && x <= 1, 'x must be between 0 and 1');
  return betaValues(a, b, betaPoint(a, b, x));
};

/**
 * Regularised incomplete beta function I_x(a,b); about 1e-13 relative to a+b = 1e5, 1e-11 to 2e8.
 * @throws InvalidInput unless a, b > 0 and 0 <= x <= 1
 */
export const betainc = (a: number, b: number, x: number): number => checkedValues(a, b, x).lower;

/** 1 - I_x(a,b), with its own digits when it is small. @throws InvalidInput as {@link betainc} */
export const betaincUpper = (a: number, b: number, x: number): number => checkedValues(a, b, x).upper;

/** The point of Beta(a,b) at `logit` = ln(x/y); x and y both keep all their digits. */
export const betaPointAtLogit = (a: number, b: number, logit: number): BetaPoint => {
  const x = 1 / (1 + Math.exp(-logit));
  const y = 1 / (1 + Math.exp(logit));
  return { x, y, lambda: a * y - b * x };
};

/** Newton on the log of the smaller tail over the logit, where it is concave: no bracket is needed. */
const logitQuantile = (p: number, a: number, b: number): number => {
  const useLower = p <= 0.5;
  const target = Math.log(useLower ? p : 1 - p);
  let logit = Math.log(a / b);
  for (let step = 0; step < 200; step++) {
    const point = betaPointAtLogit(a, b, logit);
    const { kernel, lower, upper } = betaValues(a, b, point);
    const tail = useLower ? lower : upper;
    const move = ((Math.log(tail) - target) * tail) / kernel;
    const bounded = Math.max(-50, Math.min(50, useLower ? -move : move));
    logit += bounded;
    if (Math.abs(bounded) <= 1e-15 * Math.max(1, Math.abs(logit))) break;
  }
  return logit;
};

/**
 * x with I_x(a,b) = p.
 * @throws InvalidInput unless a, b > 0 and 0 < p < 1
 */
export const betaQuantile = (p: number, a: number, b: number): number => {
  requireFraction(p, 'p');
  requirePositive(a, 'a');
  requirePositive(b, 'b');
  return 1 / (1 + Math.exp(-logitQuantile(p, a, b)));
};
