import type { Alternative, BinomialArm, Interval, Status } from '../moments/arms';
import { checkBinomial } from '../moments/arms';
import { requireFraction } from '../invalid-input';
import { normalIsf } from '../special/normal';
import { around, checkPlan, normalPValue } from './p-values';

/** Users and converters of both arms, and how they are compared. */
export interface TwoProportionInput {
  readonly control: BinomialArm;
  readonly treatment: BinomialArm;
  readonly alpha: number;
  readonly alternative: Alternative;
}

/** Result of {@link twoProportionTest}; differences are treatment minus control. */
export interface TwoProportionResult {
  readonly status: Status;
  readonly pControl: number | null;
  readonly pTreatment: number | null;
  readonly diff: number | null;
  readonly z: number | null;
  readonly pValue: number | null;
  readonly sePooled: number | null;
  readonly seUnpooled: number | null;
  readonly ciWald: Interval | null;
  readonly ciNewcombe: Interval | null;
  readonly wilsonControl: Interval | null;
  readonly wilsonTreatment: Interval | null;
  readonly cohenH: number | null;
  readonly cohenD: number | null;
  /** An expected cell is below 5: the normal approximation is doubtful. */
  readonly lowCounts: boolean | null;
}

const NO_DATA: TwoProportionResult = {
  status: 'insufficient_data',
  pControl: null,
  pTreatment: null,
  diff: null,
  z: null,
  pValue: null,
  sePooled: null,
  seUnpooled: null,
  ciWald: null,
  ciNewcombe: null,
  wilsonControl: null,
  wilsonTreatment: null,
  cohenH: null,
  cohenD: null,
  lowCounts: null,
};

/** (p + z²/2n ± z√(pq/n + z²/4n²)) / (1 + z²/n), the limits at x = 0 and x = n being exactly 0 and 1. */
const wilson = ({ n, x }: BinomialArm, z: number): Interval => {
  const p = x / n;
  const z2 = (z * z) / n;
  const half = z * Math.sqrt((p * ((n - x) / n)) / n + z2 / (4 * n));
  const low = x === 0 ? 0 : (p + z2 / 2 - half) / (1 + z2);
  const high = x === n ? 1 : (p + z2 / 2 + half) / (1 + z2);
  return [low, high];
};

/**
 * Wilson's score interval of one proportion; null without users.
 * @throws InvalidInput for impossible counts or alpha outside (0,1)
 */
export const wilsonInterval = (arm: BinomialArm, alpha: number): Interval | null => {
  checkBinomial(arm, 'arm');
  requireFraction(alpha, 'alpha');
  return arm.n === 0 ? null : wilson(arm, normalIsf(alpha / 2));
};

const rate = ({ n, x }: BinomialArm): number => x / n;
const variance = ({ n, x }: BinomialArm): number => (x / n) * ((n - x) / n);

/** Hybrid score interval of the difference, without continuity correction. Source: Newcombe 1998, method 10. */
const newcombe = (control: BinomialArm, treatment: BinomialArm, z: number): Interval => {
  const [pC, pT] = [rate(control), rate(treatment)];
  const [lowC, highC] = wilson(control, z);
  const [lowT, highT] = wilson(treatment, z);
  const diff = pT - pC;
  return [diff - Math.hypot(pT - lowT, highC - pC), diff + Math.hypot(pC - lowC, highT - pT)];
};

/** What needs a variance: z, p and the effect sizes. */
const standardised = (
  { control, treatment, alternative }: TwoProportionInput,
  { diff, sePooled, seUnpooled, z }: { diff: number; sePooled: number; seUnpooled: number; z: number },
) => {
  if (sePooled === 0) {
    return { status: 'zero_variance' as const, z: null, pValue: null, ciWald: null, cohenH: null, cohenD: null };
  }
  const sd = Math.sqrt((variance(control) + variance(treatment)) / 2);
  return {
    status: 'ok' as const,
    z: diff / sePooled,
    pValue: normalPValue(diff / sePooled, alternative),
    ciWald: around(diff, z * seUnpooled),
    cohenH: 2 * Math.asin(Math.sqrt(rate(treatment))) - 2 * Math.asin(Math.sqrt(rate(control))),
    cohenD: sd === 0 ? null : diff / sd,
  };
};

/**
 * Pooled z-test of two conversion rates, with the unpooled Wald and the Newcombe interval and Cohen's h and d.
 * Sources: Wilson 1927, Newcombe 1998. All-zero or all-one data have no z but still score intervals.
 * @throws InvalidInput for impossible counts, alpha outside (0,1) or an unknown alternative
 */
export const twoProportionTest = (input: TwoProportionInput): TwoProportionResult => {
  const { control, treatment, alpha, alternative } = input;
  checkBinomial(control, 'control');
  checkBinomial(treatment, 'treatment');
  checkPlan(alpha, alternative);
  if (control.n === 0 || treatment.n === 0) return NO_DATA;
  const z = normalIsf(alpha / 2);
  const users = control.n + treatment.n;
  const pooled = { n: users, x: control.x + treatment.x };
  const diff = rate(treatment) - rate(control);
  const sePooled = Math.sqrt(variance(pooled) * (1 / control.n + 1 / treatment.n));
  const seUnpooled = Math.sqrt(variance(control) / control.n + variance(treatment) / treatment.n);
  const rarest = Math.min(pooled.x, users - pooled.x) * (Math.min(control.n, treatment.n) / users);
  return {
    pControl: rate(control),
    pTreatment: rate(treatment),
    diff,
    sePooled,
    seUnpooled,
    ciNewcombe: newcombe(control, treatment, z),
    wilsonControl: wilson(control, z),
    wilsonTreatment: wilson(treatment, z),
    lowCounts: rarest < 5,
    ...standardised(input, { diff, sePooled, seUnpooled, z }),
  };
};
