import type { Experiment, ExperimentPlan, MetricDefinition, MetricReference } from '@pataka/contracts';
import { DEFAULT_CRITERIA, twoProportionSampleSize } from '@pataka/statistics';
import { definitionOf, metricsOf } from '../evidence/evidence-plan';

export type Method = 'fixed' | 'sequential' | 'bayesian';
export const methods: readonly Method[] = ['fixed', 'sequential', 'bayesian'];

/** What an experiment is judged by. */
export interface ReportContext {
  experiment: Experiment;
  metrics: MetricDefinition[];
  primary: MetricDefinition | null;
  secondary: ReadonlySet<string>;
  safety: ReadonlySet<string>;
  guardrails: MetricDefinition[];
  control: string;
  treatments: string[];
  alpha: number;
  /** Smallest relative effect of interest. */
  minimumEffect: number;
  /** Subjects of both arms at which a decision is expected; the sequence is narrowest there. */
  nTune: number;
}

const DEFAULT_TUNING = 10_000;

const isShare = (value: number): boolean => value > 0 && value < 1;

/** Subjects of both arms that the plan asks for; null without one. */
export const plannedSubjects = (plan: ExperimentPlan, alpha: number, minimumEffect: number): number | null => {
  const { dailySubjects = 0, horizonDays = 0, baseline: pControl = 0, power = 0.8 } = plan;
  if (dailySubjects * horizonDays > 0) return dailySubjects * horizonDays;
  if (![pControl, power, power - alpha].every(isShare)) return null;
  const rise = pControl * (1 + minimumEffect);
  const pTreatment = isShare(rise) ? rise : pControl * (1 - minimumEffect);
  return isShare(pTreatment) ? 2 * twoProportionSampleSize({ pControl, pTreatment, ratio: 1, alpha, power, alternative: 'two-sided' }).nControlCeil : null;
};

/** alpha of the plan, or what is left of the confidence that the criteria ask for. */
const alphaOf = ({ plan }: Experiment): number => {
  const planned = plan?.alpha ?? 0;
  return planned > 0 && planned < 0.5 ? planned : Number((1 - DEFAULT_CRITERIA.confidenceLevel).toPrecision(12));
};

const controlOf = ({ variants }: Experiment): string => (variants.find((variant) => variant.isControl === true) ?? variants[0])?.id ?? '';

const keysOf = (references: readonly MetricReference[]): string[] => references.map((reference) => (typeof reference === 'string' ? reference : reference.key));

export const contextOf = (experiment: Experiment, catalogue: ReadonlyMap<string, MetricDefinition>): ReportContext => {
  const metrics = metricsOf(experiment, catalogue);
  const [first] = experiment.successMetrics;
  const primary = first === undefined ? null : definitionOf(first, catalogue);
  const safety = new Set(keysOf([...experiment.safetyMetrics, ...(experiment.watchedMetrics ?? [])]));
  const watched = new Set([...keysOf(experiment.guardrailMetrics), ...safety]);
  const control = controlOf(experiment);
  const alpha = alphaOf(experiment);
  const minimumEffect = Math.abs(experiment.plan?.minimumEffect ?? 0) || DEFAULT_CRITERIA.minRelativeEffect;
  return {
    experiment, metrics, primary, alpha, minimumEffect,
    secondary: new Set(keysOf(experiment.successMetrics.slice(1))), safety, guardrails: metrics.filter((metric) => watched.has(metric.key)),
    control, treatments: experiment.variants.map(({ id }) => id).filter((id) => id !== control),
    nTune: plannedSubjects(experiment.plan ?? {}, alpha, minimumEffect) ?? DEFAULT_TUNING,
  };
};
