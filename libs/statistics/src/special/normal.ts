import { requireFinite, requireFraction } from '../invalid-input';

/**
 * Chebyshev coefficients of erfcx(x)·(1+2x) in t = (x-3.75)/(x+3.75), x >= 0, last one first.
 * Computed from 60-digit values of erfc at 200 Chebyshev nodes; the first coefficient is halved already.
 */
const ERFCX = [
  -2.187342944303018e-18, -2.2370566594359995e-18, 5.068148904796111e-17, 7.418235256624044e-17,
  -1.2507950530688648e-15, -1.864562880419313e-15, 3.3478119482868056e-14, 3.25254814814874e-14,
  -9.65469674843344e-13, 1.9455868545777347e-13, 2.86879501093067e-11, -6.318088340886684e-11,
  -7.754400208831351e-10, 4.521959811218287e-9, 1.076499946567091e-8, -2.1886401049234397e-7,
  7.74038306619849e-7, 0.00000413902798607301, -0.00006916973302501207, 0.0004907758365258086,
  -0.002413163540417608, 0.009074997670705265, -0.026658668435305753, 0.05920993999819189,
  -0.08424913336651792, -0.004590054580646478,
];
const ERFCX_CONSTANT = 1.1775789345674017;

const SQRT_2PI = 2.5066282746310007;
const SQRT_2_OVER_PI = 0.7978845608028654;

/** Scaled complementary error function exp(x²)·erfc(x) for x >= 0; relative error about 4e-16. */
export const erfcx = (x: number): number => {
  const twoT = (2 * (x - 3.75)) / (x + 3.75);
  let next = 0;
  let afterNext = 0;
  for (const coefficient of ERFCX) {
    const current = coefficient + twoT * next - afterNext;
    afterNext = next;
    next = current;
  }
  return (ERFCX_CONSTANT + (twoT / 2) * next - afterNext) / (1 + 2 * x);
};

/** exp(-z²/2); z² is split at 1/16 so that its rounding does not show in the tails. Far out the second part would overflow, and 0 times that is no number. */
const halfSquareExp = (z: number): number => {
  if (Math.abs(z) > 40) return 0;
  const h = Math.round(z * 16) / 16;
  return Math.exp((-h * h) / 2) * Math.exp((-(z - h) * (z + h)) / 2);
};

/** Density of the standard normal distribution. */
export const normalPdf = (z: number): number => halfSquareExp(z) / SQRT_2PI;

/** Upper tail for any z, infinities included; the unchecked kernel of {@link normalSf}. */
export const upperTail = (z: number): number => {
  if (z < 0) return 1 - upperTail(-z);
  if (z > 40) return 0;
  return 0.5 * halfSquareExp(z) * erfcx(z * Math.SQRT1_2);
};

/**
 * P(Z > z) of the standard normal distribution, relative error below 1e-15 down to 1e-300.
 * @throws InvalidInput when z is not finite
 */
export const normalSf = (z: number): number => {
  requireFinite(z, 'z');
  return upperTail(z);
};

/** P(Z <= z): the upper tail of -z, so small values keep all their digits. */
export const normalCdf = (z: number): number => normalSf(-z);

/** φ(z)/Q(z) for z >= 0. */
const hazard = (z: number): number => SQRT_2_OVER_PI / erfcx(z * Math.SQRT1_2);

/** Rational start of Abramowitz and Stegun 26.2.23, then Halley's method on log Q; three steps reach the last digit. */
const isfOfTail = (q: number): number => {
  const logQ = Math.log(q);
  const r = Math.sqrt(-2 * logQ);
  let z = r - (2.515517 + r * (0.802853 + r * 0.010328)) / (1 + r * (1.432788 + r * (0.189269 + r * 0.001308)));
  for (let step = 0; step < 4; step++) {
    const h = hazard(z);
    const f = (-z * z) / 2 + Math.log(erfcx(z * Math.SQRT1_2) / 2) - logQ;
    z += (2 * f * h) / (2 * h * h + f * h * (h - z));
  }
  return z;
};

/** Near the median: Newton on Φ(z)-½ = φ(z)·Σ z^(2k+1)/(2k+1)!!, whose terms are all positive. */
const isfNearMedian = (q: number): number => {
  const target = 0.5 - q;
  let z = target * SQRT_2PI;
  for (let step = 0; step < 6; step++) {
    let term = z;
    let sum = z;
    for (let k = 3; term > sum * 1e-17; k += 2) sum += term *= (z * z) / k;
    const move = target / normalPdf(z) - sum;
    z += move;
    if (Math.abs(move) <= 1e-9 * z) break;
  }
  return z;
};

/**
 * z with P(Z > z) = q. Use this, not `normalQuantile(1 - q)`, for a small q: 1 - q has already lost its digits.
 * @throws InvalidInput unless 0 < q < 1
 */
export const normalIsf = (q: number): number => {
  requireFraction(q, 'q');
  if (q > 0.5) return -normalIsf(1 - q);
  return q > 0.25 ? isfNearMedian(q) : isfOfTail(q);
};

/**
 * z with P(Z <= z) = p, relative error about 4e-16 for p from 1e-300.
 * @throws InvalidInput unless 0 < p < 1
 */
export const normalQuantile = (p: number): number => {
  requireFraction(p, 'p');
  return 0 - normalIsf(p);
};
