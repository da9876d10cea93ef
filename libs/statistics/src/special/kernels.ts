import { twoProduct, twoSum } from './exact';

/** B(2k)/(2k(2k-1)), k = 7…1: the asymptotic series of ln Γ. */
const BERNOULLI = [1 / 156, -691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12];

const asymptotic = (z: number): number => {
  const w = 1 / (z * z);
  let sum = 0;
  for (const term of BERNOULLI) sum = sum * w + term;
  return sum / z;
};

/** stirlerr(z) - stirlerr(z+1) = (z+½)ln(1+1/z) - 1, as the positive series of atanh(w)/w - 1, w = 1/(2z+1). */
const stirlingStep = (z: number): number => {
  if (z < 0.5) return (z + 0.5) * Math.log1p(1 / z) - 1;
  const w2 = 1 / ((2 * z + 1) * (2 * z + 1));
  let power = w2;
  let sum = 0;
  for (let k = 3; power / k > sum * 1e-17; k += 2) {
    sum += power / k;
    power *= w2;
  }
  return sum;
};

/**
 * ln Γ(z) - [(z-½) ln z - z + ½ ln 2π] for z > 0: what Stirling's formula leaves out.
 * Source: Loader 2000; shifted to z >= 16, then seven Bernoulli terms.
 */
export const stirlerr = (z: number): number => {
  let shifted = z;
  let sum = 0;
  for (; shifted < 16; shifted++) sum += stirlingStep(shifted);
  return sum + asymptotic(shifted);
};

/**
 * x ln(x/m) + m - x for x >= 0, m > 0. `difference` is x - m where the caller knows it better than the subtraction.
 * Source: Loader 2000 (saddle-point deviance).
 */
export const bd0 = (x: number, m: number, difference = x - m): number => {
  if (x === 0) return m;
  const v = difference / (x + m);
  if (Math.abs(v) > 0.4) return x * Math.log(x / m) - difference;
  let sum = difference * v;
  let term = 2 * x * v;
  for (let k = 3; ; k += 2) {
    term *= v * v;
    const next = sum + term / k;
    if (next === sum) return sum;
    sum = next;
  }
};

/** A point of a beta distribution: x, y = 1-x and λ = a·y - b·x, each as exact as the caller can give it. */
export interface BetaPoint {
  readonly x: number;
  readonly y: number;
  readonly lambda: number;
}

/** λ = a - (a+b)x without the rounding of 1-x, which would cost digits for a+b above 1e5. */
export const betaPoint = (a: number, b: number, x: number): BetaPoint => {
  const [n, nError] = twoSum(a, b);
  const [nx, nxError] = twoProduct(n, x);
  return { x, y: 1 - x, lambda: a - nx - nxError - nError * x };
};

/** x^a·y^b / B(a,b) without any difference of ln Γ; this is what keeps large a+b accurate. */
export const betaKernel = (a: number, b: number, { x, y, lambda }: BetaPoint): number => {
  const n = a + b;
  const exponent = stirlerr(n) - stirlerr(a) - stirlerr(b) - bd0(a, n * x, lambda) - bd0(b, n * y, -lambda);
  return Math.sqrt(((a / n) * b) / (2 * Math.PI)) * Math.exp(exponent);
};

/** h^a·e^(-h) / Γ(a+1): a Poisson probability for real a > 0. */
export const poissonKernel = (a: number, h: number): number =>
  Math.exp(-stirlerr(a) - bd0(a, h)) / Math.sqrt(2 * Math.PI * a);
