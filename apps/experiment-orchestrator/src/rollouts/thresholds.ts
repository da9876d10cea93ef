import type { Experiment, JudgedThreshold, MetricDefinition, Threshold, ThresholdDirection } from '@pataka/contracts';
import { oneSidedConfidenceSequence } from '@pataka/statistics';
import { controlOf, definitionOf, type Definitions, type Evidence, type Level, treatmentsOf, tuningOf } from './evidence';

export const DEFAULT_MINIMUM_SAMPLE = 100;
/** Of the success thresholds, this share has to be met, rounded up. */
const SHARE_NEEDED = 0.8;
/** Between steps a breach has to be certain, since evidence is looked at again and again. */
const CERTAINTY_BETWEEN_STEPS = 0.95;

type List = JudgedThreshold['list'];
/** `step`: a step is due, numbers are compared as they are. `evidence`: at every new evidence, only what is certain counts. */
export type Occasion = 'step' | 'evidence';

interface Asked { list: List; metric: MetricDefinition; threshold: Required<Pick<Threshold, 'value' | 'direction' | 'of' | 'minimumSample'>> & Pick<Threshold, 'confidence'> }
/** A treatment's value, with what certainty about it rests on: `gap` is 0 where it is on the threshold, and grows with it. */
interface Measured { value: number; gap: number; error: number | null; sample: number; subjects: number; control: number | null }

const full = (given: number | Threshold, { direction }: MetricDefinition): Asked['threshold'] => {
  const usual: ThresholdDirection = direction === 'decrease' ? 'atMost' : 'atLeast';
  const { value, direction: side = usual, of = 'level', minimumSample = DEFAULT_MINIMUM_SAMPLE, confidence } = typeof given === 'number' ? { value: given } : given;
  return { value, direction: side, of, minimumSample, ...(confidence === undefined ? {} : { confidence }) };
};

/** Every threshold of a strategy, in order, with what it takes for granted filled in. */
export const askedOf = (experiment: Experiment, catalogue: Definitions): Asked[] =>
  (['success', 'failure'] as const).flatMap((list) => Object.entries(experiment.strategy[`${list}Thresholds`] ?? {}).map(([key, given]) => {
    const metric = definitionOf(key, experiment, catalogue);
    return { list, metric, threshold: full(given, metric) };
  }));

const levelOf = (treatment: Level, control: Level | null, value: number): Measured =>
  ({ value: treatment.mean, gap: treatment.mean - value, error: treatment.standardError, sample: treatment.sample, subjects: treatment.sample, control: control?.mean ?? null });

/** A ratio is judged by the difference of the treatment from so many times the control: there is no dividing by what may be 0. */
const ratioOf = (treatment: Level, control: Level, value: number): Measured | null => {
  if (control.mean === 0) return null;
  const error = control.standardError === null || treatment.standardError === null ? null : Math.hypot(treatment.standardError, value * control.standardError);
  const gap = (treatment.mean - value * control.mean) * Math.sign(control.mean);
  return { value: treatment.mean / control.mean, gap, error, sample: Math.min(treatment.sample, control.sample), subjects: treatment.sample + control.sample, control: control.mean };
};

const measure = ({ metric, threshold }: Asked, evidence: Evidence, treatmentId: string, controlId: string): Measured | null => {
  const [treatment, control] = [evidence.level(metric.key, treatmentId), evidence.level(metric.key, controlId)];
  if (treatment === null || (threshold.direction === 'atLeast' && !evidence.hasHappened(metric.key))) return null;
  if (threshold.of === 'level') return levelOf(treatment, control, threshold.value);
  if (control === null) return null;
  if (threshold.of === 'ratio') return ratioOf(treatment, control, threshold.value);
  const found = evidence.difference(metric.key, treatmentId, controlId);
  return found === null ? null : {
    value: found.difference, gap: found.difference - threshold.value, error: found.standardError, sample: found.sample, subjects: treatment.sample + control.sample, control: control.mean,
  };
};

/** The chance that what is seen, or more, would be seen at any look if the value were on the wrong side of the threshold. */
const pValueOf = ({ gap, error, subjects }: Measured, side: 'greater' | 'less', nTune: number, confidence: number): number | null => {
  if (error === null || error === 0) return null;
  return oneSidedConfidenceSequence({ estimate: gap, se: error, n: subjects, nTune, alpha: 1 - confidence, alternative: side }).pValue;
};

const good = (direction: ThresholdDirection): 'greater' | 'less' => (direction === 'atLeast' ? 'greater' : 'less');
const bad = (direction: ThresholdDirection): 'greater' | 'less' => (direction === 'atLeast' ? 'less' : 'greater');

const onGoodSide = ({ value }: Measured, { value: threshold, direction }: Asked['threshold']): boolean => (direction === 'atLeast' ? value >= threshold : value <= threshold);

/**
 * success: met once it is certain that the value is on the good side. failure: breached once it is certain that it is on the bad side. A
 * value without spread is as certain as it gets.
 */
const certain = (measured: Measured, { list, threshold }: Asked, confidence: number, nTune: number): boolean => {
  const isGood = onGoodSide(measured, threshold);
  if (measured.error === 0) return isGood;
  const pValue = pValueOf(measured, list === 'success' ? good(threshold.direction) : bad(threshold.direction), nTune, confidence);
  const proven = pValue !== null && pValue < 1 - confidence;
  return list === 'success' ? proven && isGood : !(proven && !isGood);
};

/** A level that everyone exposed counts for grows for days after the exposure: below its floor it proves nothing before the step has lasted. */
const isMature = ({ metric, threshold }: Asked): boolean => threshold.of !== 'level' || threshold.direction === 'atMost' || metric.population === 'converted';

const judge = (asked: Asked, measured: Measured | null, occasion: Occasion, nTune: number): Pick<JudgedThreshold, 'holds' | 'why'> => {
  const { list, threshold } = asked;
  if (measured === null) return { holds: null, why: 'missing' };
  if (measured.sample < threshold.minimumSample) return { holds: null, why: 'sample-too-small' };
  if (occasion === 'evidence' && !isMature(asked)) return { holds: null, why: 'too-early' };
  const confidence = threshold.confidence ?? (occasion === 'evidence' ? CERTAINTY_BETWEEN_STEPS : undefined);
  const holds = confidence === undefined ? onGoodSide(measured, threshold) : certain(measured, asked, confidence, nTune);
  return { holds, why: wordFor(list, holds, onGoodSide(measured, threshold)) };
};

const wordFor = (list: List, holds: boolean, isGood: boolean): string => {
  if (list === 'failure') return holds ? 'not-breached' : 'breached';
  if (holds) return 'met';
  return isGood ? 'not-certain' : 'not-met';
};

/** Every threshold, for every treatment. */
export const judgeThresholds = (experiment: Experiment, evidence: Evidence | null, catalogue: Definitions, occasion: Occasion): JudgedThreshold[] => {
  const [control, nTune] = [controlOf(experiment), tuningOf(experiment)];
  return askedOf(experiment, catalogue).flatMap((asked) => treatmentsOf(experiment).map((variantId): JudgedThreshold => {
    const measured = evidence === null ? null : measure(asked, evidence, variantId, control);
    const { value: threshold, ...rest } = asked.threshold;
    return {
      list: asked.list, metric: asked.metric.key, variantId, threshold, ...rest,
      value: measured?.value ?? null, control: measured?.control ?? null, sample: measured?.sample ?? null, ...judge(asked, measured, occasion, nTune),
    };
  }));
};

/** The treatment that meets most success thresholds, and how many have to be met. */
export const metOf = (judged: readonly JudgedThreshold[], experiment: Experiment): { met: number; needed: number; of: number; variantId: string } => {
  const success = judged.filter(({ list }) => list === 'success');
  const of = new Set(success.map(({ metric }) => metric)).size;
  const counts = treatmentsOf(experiment).map((variantId) => ({ variantId, met: success.filter((one) => one.variantId === variantId && one.holds === true).length }));
  const best = counts.reduce((most, one) => (one.met > most.met ? one : most), counts[0] ?? { variantId: '', met: 0 });
  // 0.8 is a little more than four fifths in binary: of five, four are enough.
  return { ...best, of, needed: Math.ceil(of * SHARE_NEEDED - 1e-9) };
};
