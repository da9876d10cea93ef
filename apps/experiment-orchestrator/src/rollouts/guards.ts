import type { Experiment, JudgedGuard, MetricDefinition } from '@pataka/contracts';
import { oneSidedConfidenceSequence, SAMPLE_RATIO_ALARM, sequentialSampleRatio } from '@pataka/statistics';
import { controlOf, definitionOf, type Definitions, type Difference, type Evidence, isConversion, keyOf, type Level, treatmentsOf, tuningOf } from './evidence';

const DEFAULT_ALPHA = 0.05;
const DEFAULT_MINIMUM_SAMPLE = 100;
const LEAST_CONVERSIONS = 10;
const ERROR_METRIC = 'error';
/**
 * The report's χ² is that of one look. At a hundred looks it is this far below its alarm about once in a hundred thousand experiments; split
 * so far off, nobody has to wait for the sequence.
 */
const BEYOND_DOUBT = 1e-6;
/** Users that the design counts for in the sequence of sample ratios. */
const DESIGN_WEIGHT = 10_000;

type Guard = { guard: 'errorRate' | 'metric'; metric: MetricDefinition };

/** Metrics that guard an experiment: its safety and guardrail metrics, the error rate, and in a canary whatever it hopes for. */
export const guardsOf = (experiment: Experiment, catalogue: Definitions): Guard[] => {
  const { guards = {}, type } = experiment.strategy;
  const named = [...experiment.safetyMetrics, ...experiment.guardrailMetrics, ...(type === 'CANARY' ? experiment.successMetrics : [])].map(keyOf);
  const metrics = guards.metrics === false ? [] : [...new Set(named)].filter((key) => key !== ERROR_METRIC);
  const errors: Guard[] = guards.errorRate === false ? [] : [{ guard: 'errorRate', metric: definitionOf(ERROR_METRIC, experiment, catalogue) }];
  return [...metrics.map((key): Guard => ({ guard: 'metric', metric: definitionOf(key, experiment, catalogue) })), ...errors];
};

/** The sequence's p-value: the report's, or one of our own. Of phases with other weights only the report knows which subject belongs to which. */
const sequenceOf = (experiment: Experiment, evidence: Evidence): number | null => {
  const { sequentialPValue: reported } = evidence.sampleRatio;
  const arms = experiment.variants.filter(({ weight }) => weight > 0);
  if (reported !== undefined || experiment.phases.length > 1 || arms.length < 2) return reported ?? null;
  return sequentialSampleRatio({ observed: arms.map(({ id }) => evidence.subjects(id)), weights: arms.map(({ weight }) => weight), concentration: DESIGN_WEIGHT }).pValue;
};

const sampleRatio = (experiment: Experiment, evidence: Evidence): JudgedGuard => {
  const { pValue: looked, ok, reason } = evidence.sampleRatio;
  const base = { guard: 'sampleRatio' as const, value: null, alpha: SAMPLE_RATIO_ALARM };
  if (looked === null) return ok ? { ...base, pValue: null, fails: null, why: 'sample-too-small' } : { ...base, pValue: null, fails: true, why: reason ?? 'mismatch' };
  const sequence = sequenceOf(experiment, evidence);
  const fails = (sequence !== null && sequence < SAMPLE_RATIO_ALARM) || looked < BEYOND_DOUBT;
  return { ...base, pValue: sequence ?? looked, fails, why: fails ? 'mismatch' : ok ? 'fits' : 'doubtful' };
};

const tooFewFor = (metric: MetricDefinition, control: Level, treatment: Level): boolean =>
  isConversion(metric) && control.mean * control.sample + treatment.mean * treatment.sample < LEAST_CONVERSIONS;

/** Always-valid p-value of harm; without any spread a difference is what it is. */
const harmOf = ({ difference, standardError }: Difference, metric: MetricDefinition, subjects: number, nTune: number, alpha: number): number => {
  const alternative = metric.direction === 'decrease' ? 'greater' : 'less';
  if (standardError === 0) return (alternative === 'greater' ? difference : -difference) > 0 ? 0 : 1;
  return oneSidedConfidenceSequence({ estimate: difference, se: standardError, n: subjects, nTune, alpha, alternative }).pValue ?? 1;
};

type Finding = Pick<JudgedGuard, 'pValue' | 'fails' | 'why'>;
const unknown = (why: string): Finding => ({ pValue: null, fails: null, why });

const findingOf = (metric: MetricDefinition, experiment: Experiment, evidence: Evidence, arms: { control: Level; treatment: Level; variantId: string }, alpha: number): Finding => {
  const [control, { variantId }] = [controlOf(experiment), arms];
  const subjects = [evidence.subjects(control), evidence.subjects(variantId)] as const;
  if (Math.min(...subjects) < (experiment.strategy.guards?.minimumSample ?? DEFAULT_MINIMUM_SAMPLE)) return unknown('sample-too-small');
  // Too few to tell is what one hopes for of errors and accidents; of anything else it means that nothing has arrived.
  if (tooFewFor(metric, arms.control, arms.treatment)) return metric.direction === 'decrease' ? { pValue: null, fails: false, why: 'harmless' } : unknown('too-few-events');
  const found = evidence.difference(metric.key, variantId, control);
  if (found === null) return unknown('missing');
  const pValue = harmOf(found, metric, subjects[0] + subjects[1], tuningOf(experiment), alpha);
  return { pValue, fails: pValue < alpha, why: pValue < alpha ? 'harm' : 'harmless' };
};

const judge = ({ guard, metric }: Guard, experiment: Experiment, evidence: Evidence | null, variantId: string, alpha: number): JudgedGuard => {
  const [control, treatment] = [controlOf(experiment), variantId].map((variant) => evidence?.level(metric.key, variant) ?? null) as [Level | null, Level | null];
  const isThere = evidence !== null && control !== null && treatment !== null;
  const finding = isThere ? findingOf(metric, experiment, evidence, { control, treatment, variantId }, alpha) : unknown('missing');
  return { guard, metric: metric.key, variantId, value: treatment?.mean ?? null, control: control?.mean ?? null, alpha, ...finding };
};

/**
 * Every guard, for every treatment. What is allowed of false alarms is shared out among them, and each is judged by a sequence that is valid at
 * every look: so an experiment without any effect is rolled back with at most that chance, however often it is looked at.
 */
export const judgeGuards = (experiment: Experiment, evidence: Evidence | null, catalogue: Definitions): JudgedGuard[] => {
  const { guards = {} } = experiment.strategy;
  const [metrics, treatments] = [guardsOf(experiment, catalogue), treatmentsOf(experiment)];
  const ratio = guards.sampleRatio === false || evidence === null ? [] : [sampleRatio(experiment, evidence)];
  const alpha = Math.max((guards.alpha ?? DEFAULT_ALPHA) - SAMPLE_RATIO_ALARM, Number.EPSILON) / Math.max(1, metrics.length * treatments.length);
  return [...ratio, ...metrics.flatMap((guard) => treatments.map((variantId) => judge(guard, experiment, evidence, variantId, alpha)))];
};
