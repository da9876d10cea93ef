import { demand, requireCount, requireFinite, requireFraction, requireNonNegative, requireOneOf, requirePositive } from '../invalid-input';
import type { Interval, Status } from '../moments/arms';
import { around } from '../tests/p-values';

/** An effect at one look; `n` users of both arms now, `nTune` users at which a decision is expected. */
export interface SequenceInput {
  readonly estimate: number;
  readonly se: number;
  readonly n: number;
  readonly nTune: number;
  readonly alpha: number;
}

/** Result of {@link asymptoticConfidenceSequence}; `pValue` is of this look, the published one is the running minimum. */
export interface SequenceResult {
  readonly status: Status;
  readonly rho: number | null;
  readonly halfWidth: number | null;
  readonly ci: Interval | null;
  readonly logE: number | null;
  readonly pValue: number | null;
}

/** Result of {@link oneSidedConfidenceSequence}; `bound` is the limit on the side of the alternative's null. */
export interface OneSidedSequenceResult {
  readonly status: Status;
  readonly rho: number | null;
  readonly halfWidth: number | null;
  readonly bound: number | null;
  readonly pValue: number | null;
}

const check = ({ estimate, se, n, nTune, alpha }: SequenceInput): void => {
  requireFinite(estimate, 'estimate');
  requireNonNegative(se, 'se');
  requireCount(n, 'n');
  requirePositive(nTune, 'nTune');
  requireFraction(alpha, 'alpha');
};

const unavailable = ({ n, se }: SequenceInput): Status | null => {
  if (n === 0) return 'insufficient_data';
  return se === 0 ? 'zero_variance' : null;
};

/** ρ² = [-2 ln α + ln(1 - 2 ln α)] / N*: narrowest at about N* users. */
const tunedRhoSquared = (alpha: number, nTune: number): number =>
  (-2 * Math.log(alpha) + Math.log(1 - 2 * Math.log(alpha))) / nTune;

/**
 * Interval and p-value that hold at every look at once: half-width se·√(2K/(nρ²)·ln(√K/α)), K = nρ²+1,
 * log E = nρ²z²/(2K) - ½ ln K, p = min(1, 1/E). Source: Waudby-Smith et al. 2024 (arXiv 2103.06476), after Howard et al. 2021.
 * @throws InvalidInput for a negative se, n that is no count, nTune <= 0 or alpha outside (0,1)
 */
export const asymptoticConfidenceSequence = (input: SequenceInput): SequenceResult => {
  check(input);
  const status = unavailable(input);
  if (status !== null) return { status, rho: null, halfWidth: null, ci: null, logE: null, pValue: null };
  const { estimate, se, n, nTune, alpha } = input;
  const rhoSquared = tunedRhoSquared(alpha, nTune);
  const scale = n * rhoSquared;
  const k = scale + 1;
  const halfWidth = se * Math.sqrt(((2 * k) / scale) * (Math.log(k) / 2 - Math.log(alpha)));
  const logE = ((scale / k) * (estimate / se) ** 2) / 2 - Math.log(k) / 2;
  return {
    status: 'ok',
    rho: Math.sqrt(rhoSquared),
    halfWidth,
    ci: around(estimate, halfWidth),
    logE,
    pValue: Math.min(1, Math.exp(-logE)),
  };
};

/** p = √K / (2(e^s - 1)); for large s the 1 is gone and the logarithm stays in range. */
const oneSidedPValue = (k: number, s: number): number => {
  if (s > 50) return Math.exp(Math.log(k) / 2 - Math.LN2 - s);
  return Math.min(1, Math.sqrt(k) / (2 * Math.expm1(s)));
};

/**
 * One-sided form, for guardrails and monitors: ρ at 2α, half-width se·√(2K/(nρ²)·ln(1+√K/(2α))).
 * `greater` gives a lower bound of the effect, `less` an upper one. Source: Waudby-Smith et al. 2024.
 * @throws InvalidInput as {@link asymptoticConfidenceSequence}, and for alpha >= ½ or a two-sided alternative
 */
export const oneSidedConfidenceSequence = (
  input: SequenceInput & { readonly alternative: 'greater' | 'less' },
): OneSidedSequenceResult => {
  check(input);
  requireOneOf(input.alternative, ['greater', 'less'], 'alternative');
  demand(input.alpha < 0.5, 'alpha of one side must be below 0.5');
  const status = unavailable(input);
  if (status !== null) return { status, rho: null, halfWidth: null, bound: null, pValue: null };
  const { estimate, se, n, nTune, alpha } = input;
  const rhoSquared = tunedRhoSquared(2 * alpha, nTune);
  const scale = n * rhoSquared;
  const k = scale + 1;
  const halfWidth = se * Math.sqrt(((2 * k) / scale) * Math.log1p(Math.sqrt(k) / (2 * alpha)));
  const z = (input.alternative === 'greater' ? estimate : -estimate) / se;
  return {
    status: 'ok',
    rho: Math.sqrt(rhoSquared),
    halfWidth,
    bound: input.alternative === 'greater' ? estimate - halfWidth : estimate + halfWidth,
    pValue: z <= 0 ? 1 : oneSidedPValue(k, ((scale / k) * z * z) / 2),
  };
};
