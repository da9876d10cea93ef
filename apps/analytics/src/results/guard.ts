import type { GuardResult, MetricDefinition } from '@pataka/contracts';
import { normalSf } from '@pataka/statistics';
import type { Effect } from './effect';
import type { Method, ReportContext } from './report-context';
import { oneSidedPValue, type Look } from './sequence';
import type { Arm } from './sums';

const LEAST_SUBJECTS = 100;
const LEAST_CONVERSIONS = 10;

/** What a guard is judged by. `looks`: every look there was, where they are known. */
export interface Guarded { metric: MetricDefinition; role: 'guardrail' | 'safety'; effect: Effect; control: Arm; treatment: Arm; looks: readonly Look[] }

/** An estimate whose being above 0 is tested, with its standard error and the subjects of both arms. */
interface Contrast { estimate: number; standardError: number; subjects: number }

const signOf = ({ direction }: MetricDefinition): 1 | -1 => (direction === 'decrease' ? -1 : 1);

const pValueAbove = ({ estimate, standardError, subjects }: Contrast, method: Method, { nTune }: ReportContext, alpha: number): number | null =>
  method === 'sequential' ? oneSidedPValue('greater', { difference: estimate, standardError }, { subjects, nTune, alpha }) : normalSf(estimate / standardError);

/** How much better the treatment is than what the margin allows; with a share of the control's value no ratio is taken, so it holds near 0 too. */
const contrastOf = ({ effect, metric, control, treatment }: Guarded, margin: Margin): Contrast | null => {
  const { control: c, treatment: t } = effect;
  if (c === null || t === null) return null;
  const sign = signOf(metric);
  const weight = -sign + (margin.relative ?? 0) * (Math.sign(c.mean) || 1);
  const estimate = sign * t.mean + weight * c.mean + (margin.absolute ?? 0);
  return { estimate, standardError: Math.sqrt(t.variance + weight * weight * c.variance), subjects: control.subjects + treatment.subjects };
};

interface Margin { relative: number | null; absolute: number | null }

const marginOf = ({ margin }: MetricDefinition, { minimumEffect }: ReportContext): Margin => {
  if (margin?.absolute !== undefined) return { relative: null, absolute: margin.absolute };
  return { relative: margin?.relative ?? minimumEffect, absolute: null };
};

const tooFewConversions = ({ metric, control, treatment }: Guarded): boolean =>
  (metric.type ?? 'conversion') === 'conversion' && control.converted + treatment.converted < LEAST_CONVERSIONS;

interface Estimate { difference: number | null; standardError: number | null }
const testable = (of: Estimate): of is { difference: number; standardError: number } => of.difference !== null && of.standardError !== null && of.standardError > 0;

/** p-value of harm. Watched daily, it is the smallest of all looks; with the fixed method the one of now. */
const harmOf = (guarded: Guarded, method: Method, context: ReportContext, alpha: number): number | null => {
  if (tooFewConversions(guarded)) return null;
  const { effect, metric, control, treatment, looks } = guarded;
  const past = method === 'sequential' ? looks.filter(({ valid }) => valid) : [];
  return [...past, { ...effect, control, treatment }].reduce<number | null>((least, look) => {
    if (!testable(look)) return least;
    const harm = { estimate: -signOf(metric) * look.difference, standardError: look.standardError, subjects: look.control.subjects + look.treatment.subjects };
    const pValue = pValueAbove(harm, method, context, alpha);
    return pValue === null ? least : Math.min(pValue, least ?? 1);
  }, null);
};

type Judged = Pick<GuardResult, 'status' | 'reason'>;

/** Why nothing can be said yet, if so. */
const undecided = ({ effect, control, treatment }: Guarded): Judged | null => {
  if (Math.min(control.subjects, treatment.subjects) < LEAST_SUBJECTS) return { status: 'inconclusive', reason: `fewer than ${LEAST_SUBJECTS} subjects in an arm` };
  return effect.difference === null ? { status: 'inconclusive', reason: effect.reason ?? 'insufficient_data' } : null;
};

const nonInferior = (contrast: Contrast | null, pValue: number | null, harmed: boolean, alpha: number): Judged => {
  // Where nobody differs from anybody there is nothing to test.
  if (contrast?.standardError === 0) return { status: contrast.estimate >= 0 ? 'pass' : 'inconclusive', reason: 'zero_variance' };
  if (pValue !== null && pValue < alpha) return { status: 'pass' };
  return harmed ? { status: 'fail' } : { status: 'inconclusive', reason: 'worse by more than the margin is not excluded yet' };
};

const amountOf = ({ relative, absolute }: Margin, { control }: Effect): number => absolute ?? (relative ?? 0) * Math.abs(control?.mean ?? 0);

/**
 * A guardrail passes once being worse by more than its margin is excluded, and fails once harm is shown; a safety metric fails once harm is shown,
 * and else passes. All guards must pass, so passing is not corrected for how many there are; failing is.
 */
export const guardOf = (guarded: Guarded, method: Method, context: ReportContext): GuardResult => {
  const margin = marginOf(guarded.metric, context);
  const contrast = guarded.role === 'guardrail' ? contrastOf(guarded, margin) : null;
  const pValue = contrast === null || contrast.standardError === 0 ? null : pValueAbove(contrast, method, context, context.alpha);
  const harmAlpha = context.alpha / Math.max(1, context.guardrails.length);
  const harmPValue = harmOf(guarded, method, context, harmAlpha);
  const harmed = harmPValue !== null && harmPValue < harmAlpha;
  const judged = undecided(guarded) ?? (guarded.role === 'safety' ? { status: harmed ? 'fail' as const : 'pass' as const } : nonInferior(contrast, pValue, harmed, context.alpha));
  const margins = contrast === null ? { margin: null, relativeMargin: null } : { margin: amountOf(margin, guarded.effect), relativeMargin: margin.relative };
  return { ...judged, ...margins, pValue, harmPValue };
};
