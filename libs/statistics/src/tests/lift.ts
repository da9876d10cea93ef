import { requireFraction } from '../invalid-input';
import type { BinomialArm, Interval, MeanArm, MeanEstimate, Status } from '../moments/arms';
import { checkBinomial, estimateOf } from '../moments/arms';
import { normalIsf } from '../special/normal';
import { around, normalPValue } from './p-values';

/** Two arms of the same kind, converters or sums. */
export interface LiftInput {
  readonly control: BinomialArm | MeanArm;
  readonly treatment: BinomialArm | MeanArm;
  readonly alpha: number;
}

/** (mT-mC)/|mC| with its delta-method standard error. */
export interface DeltaLiftResult {
  readonly status: Status;
  readonly lift: number | null;
  readonly se: number | null;
  readonly z: number | null;
  readonly pValue: number | null;
  readonly ci: Interval | null;
}

/** Fieller's set: `bounded` has `ci`, `complement` is all but `excluded`, `all` says nothing about the lift. */
export interface FiellerResult {
  readonly status: Status;
  readonly kind: 'bounded' | 'complement' | 'all' | null;
  readonly lift: number | null;
  readonly g: number | null;
  readonly ci: Interval | null;
  readonly excluded: Interval | null;
}

/** Lift with the interval of its logarithm. */
export interface LogRatioResult {
  readonly status: Status;
  readonly lift: number | null;
  readonly ci: Interval | null;
}

/** (mT-mC)/|mC|: positive is an increase, whatever the baseline's sign. */
export const relative = (control: MeanEstimate, treatment: MeanEstimate): number =>
  (treatment.mean - control.mean) / Math.abs(control.mean);

/** √(vT/mC² + vC·mT²/mC⁴). */
export const deltaLiftSe = (control: MeanEstimate, treatment: MeanEstimate): number =>
  Math.sqrt(treatment.variance + control.variance * (treatment.mean / control.mean) ** 2) / Math.abs(control.mean);

const noLift = (status: Status): DeltaLiftResult => ({ status, lift: null, se: null, z: null, pValue: null, ci: null });

/**
 * Delta-method lift of two estimated means (any means with known variances: plain, ratio or adjusted).
 * Source: Deng, Knoblich, Lu 2018.
 * @throws InvalidInput when alpha is outside (0,1)
 */
export const deltaLiftOf = (control: MeanEstimate, treatment: MeanEstimate, alpha: number): DeltaLiftResult => {
  requireFraction(alpha, 'alpha');
  if (control.mean === 0) return noLift('zero_baseline');
  const lift = relative(control, treatment);
  const se = deltaLiftSe(control, treatment);
  if (se === 0) return { ...noLift('zero_variance'), lift, se };
  return {
    status: 'ok',
    lift,
    se,
    z: lift / se,
    pValue: normalPValue(lift / se),
    ci: around(lift, normalIsf(alpha / 2) * se),
  };
};

/**
 * Relative lift with its delta-method standard error, for where a normal (estimate, se) is needed.
 * @throws InvalidInput for impossible arms or alpha outside (0,1)
 */
export const deltaLift = ({ control, treatment, alpha }: LiftInput): DeltaLiftResult => {
  const c = estimateOf(control, 'control');
  const t = estimateOf(treatment, 'treatment');
  requireFraction(alpha, 'alpha');
  return c === null || t === null ? noLift('insufficient_data') : deltaLiftOf(c, t, alpha);
};

const noSet = (status: Status): FiellerResult => ({ status, kind: null, lift: null, g: null, ci: null, excluded: null });

/** The limits of mT/mC on the lift scale, mirrored when the baseline is negative. */
const onLiftScale = (first: number, second: number, baseline: number): Interval => {
  const ends = [first - 1, second - 1].map((end) => (baseline < 0 ? -end : end));
  return [Math.min(...ends), Math.max(...ends)];
};

/**
 * Fieller's set of the lift: A·r² - 2B·r + C <= 0 with A = mC²-z²vC, B = mC·mT, C = mT²-z²vT.
 * The discriminant B²-AC is taken as z²(vT·A + vC·mT²), which does not cancel. Source: Fieller 1954.
 * @throws InvalidInput when alpha is outside (0,1)
 */
export const fiellerLiftOf = (control: MeanEstimate, treatment: MeanEstimate, alpha: number): FiellerResult => {
  requireFraction(alpha, 'alpha');
  const { mean, variance } = control;
  if (mean === 0) return noSet('zero_baseline');
  const lift = relative(control, treatment);
  if (variance === 0 && treatment.variance === 0) return { ...noSet('zero_variance'), lift };
  const z = normalIsf(alpha / 2);
  const g = (z * z * variance) / (mean * mean);
  const a = mean * mean * (1 - g);
  const discriminant = treatment.variance * a + variance * treatment.mean ** 2;
  const found = { status: 'ok' as const, lift, g };
  if (a === 0 || (a < 0 && discriminant <= 0)) return { ...found, kind: 'all', ci: null, excluded: null };
  const root = z * Math.sqrt(Math.max(0, discriminant));
  const b = mean * treatment.mean;
  const limits = onLiftScale((b - root) / a, (b + root) / a, mean);
  return g < 1
    ? { ...found, kind: 'bounded', ci: limits, excluded: null }
    : { ...found, kind: 'complement', ci: null, excluded: limits };
};

/**
 * Relative lift with Fieller's interval, the default: it excludes 0 exactly when the unpooled z-test rejects.
 * @throws InvalidInput for impossible arms or alpha outside (0,1)
 */
export const fiellerLift = ({ control, treatment, alpha }: LiftInput): FiellerResult => {
  const c = estimateOf(control, 'control');
  const t = estimateOf(treatment, 'treatment');
  requireFraction(alpha, 'alpha');
  return c === null || t === null ? noSet('insufficient_data') : fiellerLiftOf(c, t, alpha);
};

/**
 * Lift of two conversion rates with the interval taken on the log of their ratio. Source: Katz et al. 1978.
 * @throws InvalidInput for impossible counts or alpha outside (0,1)
 */
export const logRatioLift = (input: {
  readonly control: BinomialArm;
  readonly treatment: BinomialArm;
  readonly alpha: number;
}): LogRatioResult => {
  const { control, treatment, alpha } = input;
  checkBinomial(control, 'control');
  checkBinomial(treatment, 'treatment');
  requireFraction(alpha, 'alpha');
  if (control.n === 0 || treatment.n === 0) return { status: 'insufficient_data', lift: null, ci: null };
  if (control.x === 0) return { status: 'zero_baseline', lift: null, ci: null };
  if (treatment.x === 0) return { status: 'zero_treatment', lift: -1, ci: null };
  const ratio = ((treatment.x / treatment.n) * control.n) / control.x;
  const missed = (arm: BinomialArm): number => (arm.n - arm.x) / arm.n / arm.x;
  const se = Math.sqrt(missed(control) + missed(treatment));
  if (se === 0) return { status: 'zero_variance', lift: ratio - 1, ci: null };
  const half = normalIsf(alpha / 2) * se;
  return { status: 'ok', lift: ratio - 1, ci: [ratio * Math.exp(-half) - 1, ratio * Math.exp(half) - 1] };
};
