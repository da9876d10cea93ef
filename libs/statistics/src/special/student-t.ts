import { requireFinite, requireFraction, requirePositive } from '../invalid-input';
import { betaValues } from './beta';
import type { BetaPoint } from './kernels';
import { betaKernel } from './kernels';
import { normalIsf } from './normal';

/** Where the tail changes from the series about 0 to the incomplete beta function. */
const SERIES_LIMIT = 1.6;

const point = (t: number, df: number): BetaPoint => {
  const total = df + t * t;
  return { x: df / total, y: (t * t) / total, lambda: (0.5 * df * (t * t - 1)) / total };
};

/** t·f(t), f the density of Student's t. */
const scaledDensity = (t: number, df: number): number => betaKernel(df / 2, 0.5, point(t, df));

/** P(0 < T < t) for small t, as a series of positive terms. */
const central = (t: number, df: number): number => {
  if (t === 0) return 0;
  const y = (t * t) / (df + t * t);
  const b = df / 2;
  let term = 1;
  let sum = 1;
  for (let n = 0; term > 1e-18 * sum && n < 1_000_000; n++) sum += term *= ((b + 0.5 + n) / (1.5 + n)) * y;
  return scaledDensity(t, df) * sum;
};

/** Beyond this t the tail is C·t^(-df) to the last digit. */
const powerLawStart = (df: number): number => 1e8 * (df + 1);

/** ln C of the power-law tail: ln(df^(df/2) / (df·B(df/2, ½))). */
const logTailConstant = (df: number): number => {
  const a = df / 2;
  const mode = { x: a / (a + 0.5), y: 0.5 / (a + 0.5), lambda: 0 };
  const logBeta = a * Math.log(mode.x) + 0.5 * Math.log(mode.y) - Math.log(betaKernel(a, 0.5, mode));
  return a * Math.log(df) - Math.log(df) - logBeta;
};

/** Upper tail for t >= 0. */
const tail = (t: number, df: number): number => {
  if (t > powerLawStart(df)) return Math.exp(logTailConstant(df) - df * Math.log(t));
  if (t * t < SERIES_LIMIT) return 0.5 - central(t, df);
  return 0.5 * betaValues(df / 2, 0.5, point(t, df)).lower;
};

/**
 * P(T > t) of Student's t with real `df` degrees of freedom; relative error about 1e-13 down to 1e-300 and df to 1e8.
 * @throws InvalidInput unless t is finite and df > 0
 */
export const tSf = (t: number, df: number): number => {
  requireFinite(t, 't');
  requirePositive(df, 'df');
  return t < 0 ? 1 - tail(-t, df) : tail(t, df);
};

/** P(0<T<t) is concave, so Newton from the left of the root never leaves the region. */
const isfNearMedian = (q: number, df: number): number => {
  const target = 0.5 - q;
  let t = target === 0 ? 0 : (target / scaledDensity(1e-8, df)) * 1e-8;
  for (let step = 0; step < 60 && t > 0; step++) {
    const move = ((target - central(t, df)) * t) / scaledDensity(t, df);
    t += move;
    if (Math.abs(move) <= 1e-16 * t) break;
  }
  return t;
};

/** Two terms of Cornish-Fisher; only a start, and never left of the series' region. */
const cornishFisher = (q: number, df: number): number => {
  const z = normalIsf(q);
  const first = (z ** 3 + z) / (4 * df);
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * df * df);
  const start = z + (df > z * z ? first + second : 0);
  return Math.max(Math.sqrt(SERIES_LIMIT), start);
};

/** Newton on log sf over log t, which is concave; a step to where the tail underflows is halved instead. */
const isfOfTail = (q: number, df: number): number => {
  const logQ = Math.log(q);
  const farOut = (logTailConstant(df) - logQ) / df;
  if (farOut > Math.log(powerLawStart(df))) return Math.exp(farOut);
  let u = Math.log(cornishFisher(q, df));
  let before = u;
  for (let step = 0; step < 200; step++) {
    const t = Math.exp(u);
    const sf = tail(t, df);
    if (!(sf > 1e-306)) {
      u = (u + before) / 2;
      continue;
    }
    const move = ((Math.log(sf) - logQ) * sf) / scaledDensity(t, df);
    before = u;
    u += move;
    if (Math.abs(move) <= 1e-15) break;
  }
  return Math.exp(u);
};

/**
 * t with P(T > t) = q: the upper quantile of Student's t.
 * @throws InvalidInput unless 0 < q < 1 and df > 0
 */
export const tIsf = (q: number, df: number): number => {
  requireFraction(q, 'q');
  requirePositive(df, 'df');
  if (q > 0.5) return -tIsf(1 - q, df);
  return q > tail(Math.sqrt(SERIES_LIMIT), df) ? isfNearMedian(q, df) : isfOfTail(q, df);
};
