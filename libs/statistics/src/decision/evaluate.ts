import { requireBoolean, requireCount, requireFinite, requireFraction, requireList, requireNonNegative, requireObject, requireOneOf, demand } from '../invalid-input';
import { SAMPLE_RATIO_ALARM } from '../health/srm';
import type { GuardrailStatus } from '../tests/guardrail';

/** What must hold before a treatment is shipped. */
export interface DecisionCriteria {
  readonly confidenceLevel: number;
  readonly minSamplesPerVariant: number;
  /** Smallest improvement worth shipping, as a share of the baseline. */
  readonly minRelativeEffect: number;
}

/** The seed's criteria: 95 %, 1,000 users per variant, 5 %. */
export const DEFAULT_CRITERIA: DecisionCriteria = {
  confidenceLevel: 0.95,
  minSamplesPerVariant: 1000,
  minRelativeEffect: 0.05,
};

/** Evidence about the primary metric of one treatment; null is a number the data do not give. */
export interface DecisionInput {
  readonly samplesPerVariant: readonly number[];
  readonly pValue: number | null;
  readonly lift: number | null;
  readonly higherIsBetter: boolean;
  readonly guardrails: readonly GuardrailStatus[];
  readonly srmPValue: number | null;
  readonly horizonReached: boolean;
  readonly criteria: DecisionCriteria;
}

/** What to do with an experiment. */
export type Decision = 'invalid' | 'rollback' | 'continue' | 'inconclusive' | 'hold' | 'ship';

/** A decision and why; `ship` needs no reason. */
export interface Verdict {
  readonly decision: Decision;
  readonly reasons: readonly string[];
}

const requireProbability = (value: number | null, name: string): void =>
  demand(value === null || (value >= 0 && value <= 1), `${name} must be between 0 and 1`);

const check = (input: DecisionInput): void => {
  requireList(input.samplesPerVariant, 'samplesPerVariant');
  for (const n of input.samplesPerVariant) requireCount(n, 'samplesPerVariant');
  requireProbability(input.pValue, 'pValue');
  requireProbability(input.srmPValue, 'srmPValue');
  if (input.lift !== null) requireFinite(input.lift, 'lift');
  requireBoolean(input.higherIsBetter, 'higherIsBetter');
  requireBoolean(input.horizonReached, 'horizonReached');
  requireList(input.guardrails, 'guardrails');
  for (const status of input.guardrails) requireOneOf(status, ['pass', 'fail', 'inconclusive'], 'guardrail');
  requireObject(input.criteria, 'criteria');
  requireFraction(input.criteria.confidenceLevel, 'confidenceLevel');
  requireNonNegative(input.criteria.minSamplesPerVariant, 'minSamplesPerVariant');
  requireFinite(input.criteria.minRelativeEffect, 'minRelativeEffect');
};

/** p strictly below 1 - confidence level; 1 - 0.95 in doubles is a little above 0.05, which must not decide p = 0.05. */
const isSignificant = ({ pValue, criteria }: DecisionInput): boolean => {
  const alpha = Number((1 - criteria.confidenceLevel).toPrecision(12));
  return pValue !== null && pValue < alpha;
};

/** The lift with its sign set so that improvement is positive. */
const improvement = ({ lift, higherIsBetter }: DecisionInput): number | null => {
  if (lift === null) return null;
  return higherIsBetter ? lift : -lift;
};

/** A significant gain is shipped unless something is still in the way. */
const shipOrHold = (input: DecisionInput): Verdict => {
  const gain = improvement(input);
  const reasons: string[] = [];
  if (gain === null || gain <= input.criteria.minRelativeEffect) reasons.push('effect_below_minimum');
  if (input.guardrails.includes('inconclusive')) reasons.push('guardrail_inconclusive');
  return reasons.length > 0 ? { decision: 'hold', reasons } : { decision: 'ship', reasons: [] };
};

const RULES: readonly { fits: (input: DecisionInput) => boolean; verdict: (input: DecisionInput) => Verdict }[] = [
  {
    fits: ({ srmPValue }) => srmPValue !== null && srmPValue < SAMPLE_RATIO_ALARM,
    verdict: () => ({ decision: 'invalid', reasons: ['srm'] }),
  },
  {
    fits: ({ guardrails }) => guardrails.includes('fail'),
    verdict: () => ({ decision: 'rollback', reasons: ['guardrail_failed'] }),
  },
  {
    fits: ({ samplesPerVariant, criteria }) => samplesPerVariant.some((n) => n < criteria.minSamplesPerVariant),
    verdict: () => ({ decision: 'continue', reasons: ['insufficient_samples'] }),
  },
  {
    fits: (input) => isSignificant(input) && (improvement(input) ?? 0) < 0,
    verdict: () => ({ decision: 'rollback', reasons: ['significant_harm'] }),
  },
  {
    fits: (input) => !isSignificant(input),
    verdict: ({ horizonReached }) => ({
      decision: horizonReached ? 'inconclusive' : 'continue',
      reasons: ['not_significant'],
    }),
  },
];

/**
 * The decision about one treatment: the first rule that fits, in the order srm, guardrails, sample size, harm,
 * significance; then ship, or hold with every reason.
 * @throws InvalidInput for probabilities outside [0,1], counts that are none, or unknown guardrail states
 */
export const evaluateDecision = (raw: DecisionInput): Verdict => {
  requireObject(raw, 'input');
  const input = { ...raw, pValue: raw.pValue ?? null, lift: raw.lift ?? null, srmPValue: raw.srmPValue ?? null };
  check(input);
  const rule = RULES.find(({ fits }) => fits(input));
  return rule ? rule.verdict(input) : shipOrHold(input);
};
