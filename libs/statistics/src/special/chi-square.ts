import { demand, requireFinite } from '../invalid-input';
import { poissonKernel } from './kernels';
import { upperTail } from './normal';

/** Q(a,h) downwards from its largest term h^(a-1)e^(-h)/Γ(a); for h above a the terms fall. */
const upperSum = (df: number, h: number): number => {
  const last = df % 2 === 0 ? 1 : 1.5;
  let a = df / 2;
  let term = a >= last ? (poissonKernel(a, h) * a) / h : 0;
  let sum = 0;
  for (; a >= last && term > 1e-18 * sum; a--) {
    sum += term;
    term *= (a - 1) / h;
  }
  // Half-integers end at Q(½,h) = erfc(√h) = 2Q(√(2h)).
  return df % 2 === 0 ? sum : sum + 2 * upperTail(Math.sqrt(2 * h));
};

/** P(a,h) upwards; for h below a the terms fall. */
const lowerSum = (df: number, h: number): number => {
  const a = df / 2;
  let term = poissonKernel(a, h);
  let sum = 0;
  for (let n = 1; term > 1e-18 * sum; n++) {
    sum += term;
    term *= h / (a + n);
  }
  return sum;
};

/**
 * P(X > x) of the chi-square distribution with a whole number of degrees of freedom, by finite sums; 1 for x <= 0.
 * @throws InvalidInput unless x is finite and df a whole number >= 1
 */
export const chiSquareSf = (x: number, df: number): number => {
  requireFinite(x, 'x');
  demand(Number.isSafeInteger(df) && df >= 1, 'df must be a whole number >= 1');
  if (x <= 0) return 1;
  if (df === 1) return 2 * upperTail(Math.sqrt(x));
  return x > df ? Math.min(1, upperSum(df, x / 2)) : 1 - lowerSum(df, x / 2);
};
