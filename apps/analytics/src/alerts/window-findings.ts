import type { MetricDefinition } from '@pataka/contracts';
import { oneSidedConfidenceSequence } from '@pataka/statistics';
import type { ReportContext } from '../results/report-context';
import { dropped } from './alert-sentences';
import type { Finding, Judging } from './findings';

/** Subjects that entered in a window of local days, and subjects that converted in it. */
export interface WindowCounts { subjects: number; converted: number }
export interface WindowedVariant { variantId: string; from: string; now: WindowCounts; before: WindowCounts }

const LEAST_CONVERSIONS = 10;
const rateOf = ({ subjects, converted }: WindowCounts): number => converted / subjects;

/**
 * The last complete window of a variant beside the one before it: conversions of the window over entries of the window. Both are counts, whose
 * variance is taken for Poisson's, which is never smaller than the binomial's. Control is watched too: a drop there is one of the world.
 */
export const windowFindings = (windows: readonly WindowedVariant[], metric: MetricDefinition, rules: Judging, context: ReportContext): Finding[] => {
  const alpha = context.alpha / Math.max(1, windows.length);
  return windows.flatMap(({ variantId, from, now, before }): Finding[] => {
    if (Math.min(now.subjects, before.subjects) < rules.minimumSample || before.converted < LEAST_CONVERSIONS) return [];
    const sign = metric.direction === 'decrease' ? -1 : 1;
    const limit = 1 - (sign * rules.dropPercent) / 100;
    const [present, past] = [rateOf(now), rateOf(before)];
    const beyond = sign * (present - limit * past);
    const error = Math.hypot(Math.sqrt(now.converted) / now.subjects, (limit * Math.sqrt(before.converted)) / before.subjects);
    const { pValue } = oneSidedConfidenceSequence({ estimate: beyond, se: error, n: now.subjects + before.subjects, nTune: context.nTune, alpha, alternative: 'less' });
    const drop = (sign * (past - present)) / past;
    return [{
      kind: 'conversion-drop', subject: `${variantId}/${metric.key}/window`, sign: pValue !== null && pValue < alpha ? 'up' : beyond >= 0 ? 'down' : 'between', severity: 'critical',
      variantId, metric: metric.key,
      evidence: { now: present, before: past, drop, limit: rules.dropPercent / 100, pValue, alpha, windowFrom: from, subjects: now.subjects, subjectsBefore: before.subjects, against: 'previous-window' },
      message: dropped({ variant: variantId, metric: metric.key }, { drop, now: present, before: past, against: 'previous-window' }),
    }];
  });
};
