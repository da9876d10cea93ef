import type { Experiment, MetricDefinition, MetricReference } from '@pataka/contracts';
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

const plannedSubjects = ({ plan }: Experiment, alpha: number, minimumEffect: number): number | null => {
  if (plan?.dailySubjects !== undefined && plan.horizonDays !== undefined && plan.dailySubjects > 0) return plan.dailySubjects * plan.horizonDays;
  const [pControl, power] = [plan?.baseline, plan?.power ?? 0.8];
  if (pControl === undefined || pControl <= 0 || pControl >= 1 || power <= alpha || power >= 1) return null;
  const pTreatment = pControl * (1 + minimumEffect) < 1 ? pControl * (1 + minimumEffect) : pControl * (1 - minimumEffect);
  return pTreatment <= 0 || pTreatment === pControl ? null : 2 * twoProportionSampleSize({ pControl, pTreatment, ratio: 1, alpha, power, alternative: 'two-sided' }).nControlCeil;
};

const keysOf = (references: readonly MetricReference[]): string[] => references.map((reference) => (typeof reference === 'string' ? reference : reference.key));

export const contextOf = (experiment: Experiment, catalogue: ReadonlyMap<string, MetricDefinition>): ReportContext => {
  const metrics = metricsOf(experiment, catalogue);
  const [first] = experiment.successMetrics;
  const primary = first === undefined ? null : definitionOf(first, catalogue);
  const watched = new Set(keysOf([...experiment.guardrailMetrics, ...experiment.safetyMetrics]));
  const control = experiment.variants.find((variant) => variant.isControl === true) ?? experiment.variants[0];
  const plannedAlpha = experiment.plan?.alpha ?? 0;
  const alpha = plannedAlpha > 0 && plannedAlpha < 0.5 ? plannedAlpha : Number((1 - DEFAULT_CRITERIA.confidenceLevel).toPrecision(12));
  const minimumEffect = Math.abs(experiment.plan?.minimumEffect ?? 0) || DEFAULT_CRITERIA.minRelativeEffect;
  return {
    experiment, metrics, primary, alpha, minimumEffect,
    secondary: new Set(keysOf(experiment.successMetrics.slice(1))), guardrails: metrics.filter((metric) => watched.has(metric.key)),
    control: control?.id ?? '', treatments: experiment.variants.filter((variant) => variant !== control).map(({ id }) => id),
    nTune: plannedSubjects(experiment, alpha, minimumEffect) ?? DEFAULT_TUNING,
  };
};
