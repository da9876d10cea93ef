import { requireFinite, requireFraction, requireNonNegative, requireObject, requirePositive } from '../invalid-input';
import type { Interval, Status } from '../moments/arms';
import { normalIsf, normalPdf, upperTail } from '../special/normal';
import { around } from '../tests/p-values';

/** A normal effect and what was believed before; a null prior is flat. Prior and estimate share their unit. */
export interface NormalPosteriorInput {
  readonly estimate: number;
  readonly se: number;
  readonly prior: { readonly mean: number; readonly sd: number } | null;
  readonly alpha: number;
}

/** Result of {@link normalPosterior}; losses are in the effect's unit. */
export interface NormalPosteriorResult {
  readonly status: Status;
  readonly mean: number | null;
  readonly sd: number | null;
  readonly chanceToBeat: number | null;
  readonly ci: Interval | null;
  readonly expectedLossTreatment: number | null;
  readonly expectedLossControl: number | null;
}

/** Terms of the backward recurrence; enough for u >= 1. */
const RECURRENCE_TERMS = 240;

/**
 * L(u) = φ(u) - u·Q(u), the unit normal loss. For u >= 1 the two terms cancel, so it is taken as √2·Q(u)·r₁ with
 * r_m = 1/(2x + 2(m+1)·r_{m+1}), x = u/√2: ratios of repeated integrals of erfc. Source: DLMF 7.18.
 */
export const unitNormalLoss = (u: number): number => {
  if (u < 1) return normalPdf(u) - u * upperTail(u);
  const x = u * Math.SQRT1_2;
  // Far out r hardly changes from term to term: start from its fixed point.
  let r = 1 / (x + Math.sqrt(x * x + 2 * RECURRENCE_TERMS + 2));
  for (let m = RECURRENCE_TERMS; m >= 1; m--) r = 1 / (2 * x + 2 * (m + 1) * r);
  return Math.SQRT2 * upperTail(u) * r;
};

const posterior = ({ estimate, se, prior }: NormalPosteriorInput): { mean: number; sd: number } => {
  if (prior === null) return { mean: estimate, sd: se };
  const [data, belief] = [1 / (se * se), 1 / (prior.sd * prior.sd)];
  const precision = data + belief;
  return { mean: (estimate * data + prior.mean * belief) / precision, sd: 1 / Math.sqrt(precision) };
};

/**
 * Posterior of a normal effect: precision-weighted mean, P(effect > 0), interval, and the expected loss of taking the
 * treatment, E[(-effect)+], or of keeping the control, E[effect+].
 * @throws InvalidInput for a negative se, a prior sd <= 0 or alpha outside (0,1)
 */
export const normalPosterior = (raw: NormalPosteriorInput): NormalPosteriorResult => {
  const input = { ...raw, prior: raw.prior ?? null };
  requireFinite(input.estimate, 'estimate');
  requireNonNegative(input.se, 'se');
  requireFraction(input.alpha, 'alpha');
  if (input.prior !== null) {
    requireObject(input.prior, 'prior');
    requireFinite(input.prior.mean, 'prior.mean');
    requirePositive(input.prior.sd, 'prior.sd');
  }
  if (input.se === 0) {
    const nothing = { mean: null, sd: null, chanceToBeat: null, ci: null };
    return { status: 'zero_variance', ...nothing, expectedLossTreatment: null, expectedLossControl: null };
  }
  const { mean, sd } = posterior(input);
  return {
    status: 'ok',
    mean,
    sd,
    chanceToBeat: upperTail(-mean / sd),
    ci: around(mean, normalIsf(input.alpha / 2) * sd),
    expectedLossTreatment: sd * unitNormalLoss(mean / sd),
    expectedLossControl: sd * unitNormalLoss(-mean / sd),
  };
};
