import type { AlertKind, AlertRules, AlertSeverity, ExperimentResults, LocalText, MetricDefinition, VariantResults } from '@pataka/contracts';
import { adjustPValues, oneSidedConfidenceSequence } from '@pataka/statistics';
import type { ReportContext } from '../results/report-context';
import { dropped, goalReached, mismatched, moreErrors, significant } from './alert-sentences';
import { windowFindings, type WindowedVariant } from './window-findings';

/**
 * What a report says of one possible alert. `up`: raise it; `down`: it is over; `between`: leave it as it is, so that an alert does not come and go
 * while the evidence lies at the limit.
 */
export interface Finding {
  kind: AlertKind; subject: string; sign: 'up' | 'between' | 'down'; severity: AlertSeverity;
  variantId?: string; metric?: string;
  evidence: Record<string, string | number | boolean | null>;
  message: LocalText;
}

export type Judging = Required<AlertRules>;
/** All that alerts are judged by. `windows` is there where drops are judged against the window before. */
export interface Judged { results: ExperimentResults; context: ReportContext; rules: Judging; windows: readonly WindowedVariant[] }

const ERROR = 'error';
const LEAST_CONVERSIONS = 10;
const LEAST_GOAL = 1000;
/** What was significant at alpha is over once it is not even significant at twice that. */
const RELEASE = 2;
const SPLIT_FITS = 0.01;

export const rulesOf = (rules: AlertRules, context: ReportContext): Judging => ({
  dropPercent: 20, dropAgainst: 'control', windowDays: 7, minimumSample: 100, coolDownHours: 24, muted: [],
  sampleGoal: Math.max(LEAST_GOAL, Math.ceil((context.experiment.plan === undefined ? 0 : context.nTune) / Math.max(2, context.experiment.variants.length))), ...rules,
});

const isRate = (metric: MetricDefinition): boolean => (metric.type ?? 'conversion') === 'conversion';

interface Side { mean: number; error: number; subjects: number }

/** A variant's mean of a metric where there is enough to judge it by. */
const sideOf = (results: ExperimentResults, variant: string, metric: MetricDefinition, minimumSample: number): Side | null => {
  const found: VariantResults | undefined = results.variants.find(({ variantId }) => variantId === variant);
  const result = found?.metrics[metric.key];
  if (found === undefined || result?.mean == null || result.standardError === null || found.sampleSize < minimumSample) return null;
  return { mean: result.mean, error: result.standardError, subjects: found.sampleSize };
};

interface Pair { treatment: string; t: Side; c: Side }

/** Every treatment beside control. Control is moved so that their difference is the report's, which compares within phases of equal weights. */
const pairsOf = ({ results, context, rules }: Judged, metric: MetricDefinition): Pair[] =>
  context.treatments.flatMap((treatment) => {
    const [t, c] = [sideOf(results, treatment, metric, rules.minimumSample), sideOf(results, context.control, metric, rules.minimumSample)];
    const difference = results.comparisons.find((one) => one.metric === metric.key && one.variantId === treatment)?.absoluteEffect;
    return t === null || c === null || difference == null ? [] : [{ treatment, t, c: { ...c, mean: t.mean - difference } }];
  });

const harmOf = (estimate: number, error: number, subjects: number, { nTune }: ReportContext, alpha: number): number | null =>
  error === 0 ? null : oneSidedConfidenceSequence({ estimate, se: error, n: subjects, nTune, alpha, alternative: 'less' }).pValue;

/** The specification's conversion drop: not the estimate has to be beyond the limit but the bound of a one-sided sequence. */
const dropFindings = (judged: Judged): Finding[] => {
  const { context, rules } = judged;
  const metric = context.primary;
  if (metric === null) return [];
  if (rules.dropAgainst === 'previous-window') return windowFindings(judged.windows, metric, rules, context);
  const alpha = context.alpha / Math.max(1, context.treatments.length);
  return pairsOf(judged, metric).flatMap(({ treatment, t, c }): Finding[] => {
    if (c.mean <= 0 || (isRate(metric) && c.mean * c.subjects < LEAST_CONVERSIONS)) return [];
    const sign = metric.direction === 'decrease' ? -1 : 1;
    const limit = 1 - (sign * rules.dropPercent) / 100;
    // Below 0 where the treatment is worse by more than the limit; no ratio, so that a control near 0 does no harm.
    const beyond = sign * (t.mean - limit * c.mean);
    const pValue = harmOf(beyond, Math.hypot(t.error, limit * c.error), t.subjects + c.subjects, context, alpha);
    const drop = (sign * (c.mean - t.mean)) / c.mean;
    const up = pValue !== null && pValue < alpha;
    return [{
      kind: 'conversion-drop', subject: `${treatment}/${metric.key}`, sign: up ? 'up' : beyond >= 0 ? 'down' : 'between', severity: 'critical', variantId: treatment, metric: metric.key,
      evidence: { treatment: t.mean, control: c.mean, drop, limit: rules.dropPercent / 100, pValue, alpha, treatmentSubjects: t.subjects, controlSubjects: c.subjects, against: 'control' },
      message: dropped({ variant: treatment, metric: metric.key }, { drop, now: t.mean, before: c.mean, against: 'control' }),
    }];
  });
};

const errorFindings = (judged: Judged): Finding[] => {
  const { context } = judged;
  const metric = context.metrics.find(({ key }) => key === ERROR);
  if (metric === undefined) return [];
  const alpha = context.alpha / Math.max(1, context.treatments.length);
  return pairsOf(judged, metric).flatMap(({ treatment, t, c }): Finding[] => {
    if (t.mean * t.subjects + c.mean * c.subjects < LEAST_CONVERSIONS) return [];
    const pValue = harmOf(c.mean - t.mean, Math.hypot(t.error, c.error), t.subjects + c.subjects, context, alpha);
    if (pValue === null) return [];
    return [{
      kind: 'error-rate', subject: `${treatment}/${ERROR}`, sign: pValue < alpha ? 'up' : pValue >= RELEASE * alpha ? 'down' : 'between', severity: 'critical', variantId: treatment, metric: ERROR,
      evidence: { treatment: t.mean, control: c.mean, pValue, alpha, treatmentSubjects: t.subjects, controlSubjects: c.subjects }, message: moreErrors(treatment, t.mean, c.mean),
    }];
  });
};

const significanceFindings = ({ results, context }: Judged): Finding[] => {
  const metric = context.primary;
  const family = results.comparisons.filter((one) => one.metric === metric?.key);
  const { adjusted } = adjustPValues({ pValues: family.map(({ alwaysValidPValue }) => alwaysValidPValue), method: 'holm', alpha: context.alpha });
  return family.flatMap(({ variantId, absoluteEffect, relativeEffect }, index): Finding[] => {
    const pValue = adjusted[index] ?? null;
    if (pValue === null || absoluteEffect === null) return [];
    const better = metric!.direction === 'decrease' ? absoluteEffect < 0 : absoluteEffect > 0;
    return [{
      kind: 'significance-reached', subject: `${variantId}/${metric!.key}`, sign: pValue < context.alpha ? 'up' : pValue >= RELEASE * context.alpha ? 'down' : 'between',
      severity: better ? 'info' : 'warning', variantId, metric: metric!.key, evidence: { pValue, alpha: context.alpha, absoluteEffect, relativeEffect, better },
      message: significant({ variant: variantId, metric: metric!.key }, { lift: relativeEffect, better, pValue }),
    }];
  });
};

const goalFindings = ({ results, context, rules: { sampleGoal } }: Judged): Finding[] => {
  const open = results.variants.filter(({ variantId }) => context.experiment.variants.some(({ id, weight }) => id === variantId && weight > 0));
  if (open.length === 0) return [];
  const smallest = Math.min(...open.map(({ sampleSize }) => sampleSize));
  return [{
    kind: 'sample-goal-reached', subject: 'every-variant', sign: smallest >= sampleGoal ? 'up' : 'down', severity: 'info', evidence: { goal: sampleGoal, smallest },
    message: goalReached(sampleGoal, smallest),
  }];
};

const ratioFindings = ({ results: { sampleRatio } }: Judged): Finding[] => [{
  kind: 'sample-ratio-mismatch', subject: 'split', severity: 'critical',
  sign: !sampleRatio.ok ? 'up' : sampleRatio.pValue === null || sampleRatio.pValue >= SPLIT_FITS ? 'down' : 'between',
  evidence: { pValue: sampleRatio.pValue, ...(sampleRatio.reason === undefined ? {} : { reason: sampleRatio.reason }) }, message: mismatched(sampleRatio.pValue, sampleRatio.reason),
}];

/** Everything that a report finds: a pure function, so that the same reports raise the same alerts. */
export const findingsOf = (judged: Judged): Finding[] =>
  [dropFindings, errorFindings, significanceFindings, goalFindings, ratioFindings].flatMap((find) => find(judged)).filter(({ kind }) => !judged.rules.muted.includes(kind));
