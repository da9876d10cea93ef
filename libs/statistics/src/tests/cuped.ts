import { at, demand, requireCount, requireFinite, requireFraction, requireList, requireObject } from '../invalid-input';
import type { Interval, Status } from '../moments/arms';
import { centredProduct, centredSumOfSquares, checkedCrossProduct } from '../moments/centred';
import type { Matrix } from '../special/cholesky';
import { dot, entry, quadraticForm, solveSemidefinite } from '../special/cholesky';
import { normalIsf } from '../special/normal';
import { around } from './p-values';
import { satterthwaite, tInference } from './welch';

/** Sums over users of a metric y and p covariates x that were measured before the exposure. */
export interface CupedArm {
  readonly n: number;
  readonly sumY: number;
  readonly sumYY: number;
  readonly sumX: readonly number[];
  readonly sumXX: Matrix;
  readonly sumXY: readonly number[];
}

/** Result of {@link cupedTest}; `dropped` are the covariates without variance of their own. */
export interface CupedResult {
  readonly status: Status;
  readonly theta: readonly number[] | null;
  readonly dropped: readonly number[];
  readonly adjMeanControl: number | null;
  readonly adjMeanTreatment: number | null;
  /** Variances of the adjusted means. */
  readonly adjVarControl: number | null;
  readonly adjVarTreatment: number | null;
  readonly diff: number | null;
  readonly se: number | null;
  readonly df: number | null;
  readonly t: number | null;
  readonly pValue: number | null;
  readonly ci: Interval | null;
  readonly varianceReduction: number | null;
  readonly lift: number | null;
  readonly liftSe: number | null;
  readonly liftCi: Interval | null;
}

/** An arm's centred sums. */
interface Centred {
  readonly n: number;
  readonly meanY: number;
  readonly meanX: readonly number[];
  readonly syy: number;
  readonly sxx: Matrix;
  readonly sxy: readonly number[];
}

const checkShape = (arm: CupedArm, name: string): void => {
  requireObject(arm, name);
  requireCount(arm.n, `${name}.n`);
  requireList(arm.sumX, `${name}.sumX`);
  requireList(arm.sumXX, `${name}.sumXX`);
  requireList(arm.sumXY, `${name}.sumXY`);
  const covariates = arm.sumX.length;
  const square = arm.sumXX.length === covariates && arm.sumXX.every((row) => row?.length === covariates);
  demand(square && arm.sumXY.length === covariates, `${name} has covariates of different numbers`);
  for (const value of [arm.sumY, ...arm.sumX, ...arm.sumXX.flat(), ...arm.sumXY]) requireFinite(value, name);
};

const centre = (arm: CupedArm, name: string): Centred => {
  checkShape(arm, name);
  const { n, sumY, sumYY, sumX, sumXX, sumXY } = arm;
  const syy = centredSumOfSquares(n, sumY, sumYY);
  const squares = sumX.map((sum, j) => centredSumOfSquares(n, sum, entry(sumXX, j, j)));
  const users = Math.max(n, 1);
  const sxx = sumXX.map((row, j) =>
    row.map((raw, k) => {
      if (j === k) return at(squares, j);
      demand(Math.abs(raw - entry(sumXX, k, j)) <= 1e-9 * Math.abs(raw), `${name}.sumXX is not symmetric`);
      const scale = Math.sqrt(entry(sumXX, j, j) * entry(sumXX, k, k));
      const cross = centredProduct(users, at(sumX, j), at(sumX, k), raw);
      return checkedCrossProduct(cross, at(squares, j), at(squares, k), scale);
    }),
  );
  const sxy = sumXY.map((raw, j) => {
    const scale = Math.sqrt(entry(sumXX, j, j) * sumYY);
    const cross = checkedCrossProduct(centredProduct(users, at(sumX, j), sumY, raw), at(squares, j), syy, scale);
    // What does not vary goes with nothing: the rest is rounding.
    return syy === 0 || at(squares, j) === 0 ? 0 : cross;
  });
  return { n, meanY: sumY / users, meanX: sumX.map((sum) => sum / users), syy, sxx, sxy };
};

const addVectors = (a: readonly number[], b: readonly number[]): number[] => a.map((value, i) => value + at(b, i));

/** Adjusted mean and variance of that mean. */
const adjust = (arm: Centred, theta: readonly number[], centreX: readonly number[]) => {
  const shift = dot(
    theta,
    arm.meanX.map((mean, j) => mean - at(centreX, j)),
  );
  const residual = arm.syy - 2 * dot(theta, arm.sxy) + quadraticForm(arm.sxx, theta);
  const sum = residual <= 64 * Number.EPSILON * arm.syy ? 0 : residual;
  return { mean: arm.meanY - shift, variance: sum / (arm.n - 1) / arm.n };
};

const NOT_TESTED: Omit<CupedResult, 'status' | 'dropped'> = {
  theta: null,
  adjMeanControl: null,
  adjMeanTreatment: null,
  adjVarControl: null,
  adjVarTreatment: null,
  diff: null,
  se: null,
  df: null,
  t: null,
  pValue: null,
  ci: null,
  varianceReduction: null,
  lift: null,
  liftSe: null,
  liftCi: null,
};

interface Adjusted {
  readonly mean: number;
  readonly variance: number;
}

/** Lift of the adjusted means; `shared` = θ'Σθ/N is the variance that both means get from the common centre. */
const liftOf = (control: Adjusted, treatment: Adjusted, shared: number, alpha: number) => {
  if (control.mean === 0) return { lift: null, liftSe: null, liftCi: null };
  const ratio = treatment.mean / control.mean;
  const lift = (treatment.mean - control.mean) / Math.abs(control.mean);
  const sum = treatment.variance + ratio ** 2 * control.variance + (1 - ratio) ** 2 * shared;
  const liftSe = Math.sqrt(sum) / Math.abs(control.mean);
  return { lift, liftSe, liftCi: around(lift, normalIsf(alpha / 2) * liftSe) };
};

const test = (control: Centred, treatment: Centred, alpha: number): CupedResult => {
  const users = control.n + treatment.n;
  const pooledXX = control.sxx.map((row, j) => addVectors(row, at(treatment.sxx, j)));
  const { x: theta, dropped } = solveSemidefinite(pooledXX, addVectors(control.sxy, treatment.sxy));
  const centreX = control.meanX.map((mean, j) => (mean * control.n + at(treatment.meanX, j) * treatment.n) / users);
  const [c, t] = [adjust(control, theta, centreX), adjust(treatment, theta, centreX)];
  const diff = t.mean - c.mean;
  const se = Math.sqrt(c.variance + t.variance);
  const described = { theta, dropped, adjMeanControl: c.mean, adjMeanTreatment: t.mean, adjVarControl: c.variance, adjVarTreatment: t.variance, diff, se };
  if (se === 0) return { ...NOT_TESTED, ...described, status: 'zero_variance' };
  const df = satterthwaite([
    { variance: c.variance, df: control.n - 1 },
    { variance: t.variance, df: treatment.n - 1 },
  ]);
  const unadjusted = [control, treatment].reduce((sum, arm) => sum + arm.syy / (arm.n - 1) / arm.n, 0);
  return {
    ...described,
    ...tInference(diff, se, df, { alpha, alternative: 'two-sided' }),
    ...liftOf(c, t, quadraticForm(pooledXX, theta) / (users - 2) / users, alpha),
    status: 'ok',
    df,
    varianceReduction: unadjusted === 0 ? null : 1 - (se * se) / unadjusted,
  };
};

/**
 * Welch's test of means adjusted for covariates measured before exposure, with one θ from the covariances **within** the
 * arms (ANCOVA), so that the effect itself is not absorbed. Source: Deng, Xu, Kohavi, Walker 2013.
 * @throws InvalidInput for sums that no data can have, covariates of different numbers or alpha outside (0,1)
 */
export const cupedTest = (input: {
  readonly control: CupedArm;
  readonly treatment: CupedArm;
  readonly alpha: number;
}): CupedResult => {
  const control = centre(input.control, 'control');
  const treatment = centre(input.treatment, 'treatment');
  requireFraction(input.alpha, 'alpha');
  demand(control.meanX.length === treatment.meanX.length, 'the arms have covariates of different numbers');
  if (control.n < 2 || treatment.n < 2) return { ...NOT_TESTED, status: 'insufficient_data', dropped: [] };
  return test(control, treatment, input.alpha);
};
