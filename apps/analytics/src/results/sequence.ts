import type { MetricDefinition } from '@pataka/contracts';
import { asymptoticConfidenceSequence, oneSidedConfidenceSequence, type Interval } from '@pataka/statistics';
import type { Day } from '../evidence/instant';
import { estimateOf } from './effect';
import { growingArms, pooled, type Arm, type SumRow } from './sums';

/** One look at one treatment and metric, at the end of a local day. */
export interface Look { day: Day; control: Arm; treatment: Arm; difference: number | null; pValue: number | null; interval: Interval | null }

const MOST_UNSURE_SUBJECTS = 100;
const MOST_UNSURE_CONVERSIONS = 10;

/** Below this the central limit theorem is no help: nothing is shown. */
const isValid = (metric: MetricDefinition, control: Arm, treatment: Arm): boolean =>
  [control, treatment].every((arm) => arm.subjects >= MOST_UNSURE_SUBJECTS && ((metric.type ?? 'conversion') !== 'conversion' || arm.converted >= MOST_UNSURE_CONVERSIONS));

export interface SequencePlan { metric: MetricDefinition; control: string; treatment: string; nTune: number; alpha: number }

/** Every look there was: local day cuts by event time, computed anew, so that a running minimum follows from the log and not from who looked when. */
export const looksOf = (rows: readonly SumRow[], { metric, control, treatment, nTune, alpha }: SequencePlan): Look[] => {
  const own = rows.filter((row) => (row.variant === control || row.variant === treatment) && (row.metric === '' || row.metric === metric.key));
  const days = [...new Set(own.map((row) => row.day))].sort((a, b) => a - b);
  const [c, t] = [growingArms(own, control, metric.key), growingArms(own, treatment, metric.key)];
  return days.map((day) => {
    const [controlArms, treatmentArms] = [c.upTo(day), t.upTo(day)];
    const [controlArm, treatmentArm] = [pooled(controlArms), pooled(treatmentArms)];
    const estimate = estimateOf(metric, controlArms, treatmentArms);
    const look = { day, control: controlArm, treatment: treatmentArm, difference: estimate?.difference ?? null };
    if (estimate === null || !isValid(metric, controlArm, treatmentArm)) return { ...look, pValue: null, interval: null };
    const sequence = asymptoticConfidenceSequence({ estimate: estimate.difference, se: estimate.standardError, n: controlArm.subjects + treatmentArm.subjects, nTune, alpha });
    return { ...look, pValue: sequence.pValue, interval: sequence.ci };
  });
};

/** The smallest p-value of all looks, and the interval as it is now. */
export const runningMinimum = (looks: readonly Look[]): { pValue: number | null; interval: Interval | null } => ({
  pValue: looks.reduce<number | null>((least, { pValue }) => (pValue === null || (least !== null && least <= pValue) ? least : pValue), null),
  interval: looks.at(-1)?.interval ?? null,
});

/** Always-valid p-value of harm: one-sided, on the side that is worse. null while there is too little to tell. */
export const harmPValue = (harm: 'greater' | 'less', estimate: { difference: number; standardError: number }, subjects: number, nTune: number, alpha: number): number | null =>
  oneSidedConfidenceSequence({ estimate: estimate.difference, se: estimate.standardError, n: subjects, nTune, alpha, alternative: harm }).pValue;
