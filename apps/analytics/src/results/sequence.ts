import type { MetricDefinition } from '@pataka/contracts';
import { asymptoticConfidenceSequence, oneSidedConfidenceSequence, type Interval } from '@pataka/statistics';
import type { Day } from '../evidence/instant';
import { estimateOf } from './effect';
import { growingArms, pooled, type Arm, type SumRow } from './sums';

/** One look at one treatment and metric, at the end of a local day. `valid`: there was enough for the central limit theorem. */
export interface Look {
  day: Day; control: Arm; treatment: Arm; difference: number | null; standardError: number | null; valid: boolean; pValue: number | null; interval: Interval | null;
}

const MOST_UNSURE_SUBJECTS = 100;
const MOST_UNSURE_CONVERSIONS = 10;

/** Below this the central limit theorem is no help: nothing is shown. */
const isValid = (metric: MetricDefinition, control: Arm, treatment: Arm): boolean =>
  [control, treatment].every((arm) => arm.subjects >= MOST_UNSURE_SUBJECTS && ((metric.type ?? 'conversion') !== 'conversion' || arm.converted >= MOST_UNSURE_CONVERSIONS));

/** A sequence is tuned to the subjects of both arms at which a decision is expected. */
export interface Tuning { subjects: number; nTune: number; alpha: number }

interface Estimate { difference: number; standardError: number }

/** p-value and interval of one look that hold at all looks together. */
export const sequenceAt = ({ difference, standardError }: Estimate, { subjects, nTune, alpha }: Tuning): { pValue: number | null; interval: Interval | null } => {
  const { pValue, ci } = asymptoticConfidenceSequence({ estimate: difference, se: standardError, n: subjects, nTune, alpha });
  return { pValue, interval: ci };
};

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
    const valid = estimate !== null && isValid(metric, controlArm, treatmentArm);
    const look = { day, control: controlArm, treatment: treatmentArm, difference: estimate?.difference ?? null, standardError: estimate?.standardError ?? null, valid };
    return { ...look, ...(valid ? sequenceAt(estimate, { subjects: controlArm.subjects + treatmentArm.subjects, nTune, alpha }) : { pValue: null, interval: null }) };
  });
};

/** The smallest p-value of all looks, and the interval as it is now. */
export const runningMinimum = (looks: readonly Look[]): { pValue: number | null; interval: Interval | null } => ({
  pValue: looks.reduce<number | null>((least, { pValue }) => (pValue === null || (least !== null && least <= pValue) ? least : pValue), null),
  interval: looks.at(-1)?.interval ?? null,
});

/** Always-valid one-sided p-value: of the effect being on that side of 0. null while there is too little to tell. */
export const oneSidedPValue = (side: 'greater' | 'less', { difference, standardError }: Estimate, { subjects, nTune, alpha }: Tuning): number | null =>
  oneSidedConfidenceSequence({ estimate: difference, se: standardError, n: subjects, nTune, alpha, alternative: side }).pValue;
