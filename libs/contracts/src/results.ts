import type { JsonValue } from './json';
import type { MetricRole } from './metric';

/** Lower and upper limit. */
export type ResultInterval = [number, number];

/** A statistic that the data can't support is `null`, and `reason` says why. */
export interface MetricResult { mean: number | null; standardError: number | null; confidenceInterval: ResultInterval | null; sampleSize: number; reason?: string }

/** One arm of a report; `conversionRate` is of the primary metric. */
export interface VariantResults {
  variantId: string; variantName: string; isControl: boolean; sampleSize: number; conversionRate: number | null;
  metrics: Record<string, MetricResult>;
}

/** The specification's fixed-horizon test: primary metric, best treatment. */
export interface StatisticalAnalysis {
  pValue: number | null; statisticalSignificance: boolean; confidenceLevel: number; effectSize: number | null; powerAnalysis: number | null; reason?: string;
}

/** What a metric is judged as in an experiment. */
export type ComparisonRole = 'primary' | 'secondary' | Exclude<MetricRole, 'success'>;
export type ComparisonTest = 'two-proportion-z' | 'welch-t' | 'delta' | 'quantile';

/**
 * A guardrail as non-inferiority: it passes where the effect is shown to be better than -`margin`, fails where harm is shown; a safety metric
 * only fails or not. `margin` is in the metric's unit; where it was given as a share of the control's value, `relativeMargin` is that share.
 */
export interface GuardResult {
  status: 'pass' | 'fail' | 'inconclusive';
  margin: number | null; relativeMargin: number | null;
  /** Of being worse than the margin allows, and of harm; always valid unless the method is `fixed`. */
  pValue: number | null; harmPValue: number | null;
  reason?: string;
}

/** The comparison adjusted by what the same subjects did before their first exposure. */
export interface CupedComparison {
  absoluteEffect: number | null; relativeEffect: number | null; standardError: number | null; statistic: number | null; pValue: number | null; adjustedPValue: number | null;
  confidenceInterval: ResultInterval | null; relativeConfidenceInterval: ResultInterval | null;
  alwaysValidPValue: number | null; adjustedAlwaysValidPValue: number | null; alwaysValidInterval: ResultInterval | null;
  /** Share of the variance that the adjustment takes away; below 0 it made things worse. */
  varianceReduction: number | null;
  /** Weights of the covariates: events before the exposure, and whether there were any. */
  theta: { before: number; hasHistory: number } | null;
  reason?: string;
}

/** One treatment against control on one metric. */
export interface Comparison {
  metric: string; variantId: string; controlId: string; test: ComparisonTest; role: ComparisonRole;
  statistic: number | null; pValue: number | null; adjustedPValue: number | null; absoluteEffect: number | null; relativeEffect: number | null;
  standardError: number | null;
  confidenceInterval: ResultInterval | null; relativeConfidenceInterval: ResultInterval | null;
  /** Power to find the smallest effect of interest with the subjects there are. */
  power: number | null;
  /** Smallest effect that would be found with the planned power (80%) at the present size. */
  minimumDetectableEffect: { absolute: number | null; relative: number | null };
  alwaysValidPValue: number | null; adjustedAlwaysValidPValue: number | null; alwaysValidInterval: ResultInterval | null;
  chanceToBeat: number | null; expectedLoss: number | null;
  guard?: GuardResult;
  cuped?: CupedComparison;
  /** Largest relative error of a value: quantiles are told from values of three digits. */
  valueError?: number;
  reason?: string;
}

/** How many days until there is enough. `null` with a reason where nobody can tell. */
export interface DaysLeft { subjectsPerVariant: number | null; daysLeft: number | null; reason?: string }
/** What was planned, and how far it is. Subjects a day are the mean of the last seven full days, else the plan's. */
export interface PlanningResult { subjectsPerDay: number | null; minimum: DaysLeft; planned: DaysLeft }

/** Whether the split of subjects fits the weights, over all phases and in each. The sequential p-value may be looked at every day. */
export interface SampleRatioPhase { phase: number; observed: Record<string, number>; expected: Record<string, number>; pValue: number | null; sequentialPValue: number | null }
export interface SampleRatioResult { pValue: number | null; ok: boolean; reason?: string; sequentialPValue?: number | null; phases?: SampleRatioPhase[] }

/** Subjects left out: those that saw two variants, and those whom a rule or a correction excludes, by its name. */
export interface ExcludedResult { multipleVariants: number; byRule?: Record<string, number> }

/** A metric within one value of an attribute at first exposure; `other` gathers the rest. */
export interface SegmentComparison {
  value: string; variantId: string; controlSubjects: number; treatmentSubjects: number;
  controlMean: number | null; treatmentMean: number | null; absoluteEffect: number | null; relativeEffect: number | null;
  confidenceInterval: ResultInterval | null; pValue: number | null; adjustedPValue: number | null; reason?: string;
}
export interface SegmentMetric {
  metric: string; comparisons: SegmentComparison[];
  /** Whether the effect differs between the values (Cochran's Q), by treatment; `hint` says so in words. */
  interactions: { variantId: string; statistic: number | null; degreesOfFreedom: number; pValue: number | null; adjustedPValue: number | null; hint: string }[];
  /** Among which tests the p-values are adjusted: all values, treatments and attributes of the metrics of one role. */
  family?: { role: 'primary' | 'secondary' | 'guard'; method: 'bh'; comparisons: number; interactions: number };
}
/** The primary metric by an attribute, and beside it the experiment's others. */
export interface SegmentResult extends SegmentMetric {
  attribute: string;
  others?: SegmentMetric[];
}

/** Main effects and interactions of a MULTIVARIATE experiment with factors, by metric. Main effects are to be read beside the interactions. */
export interface FactorialEffectResult {
  name: string; order: number; estimate: number | null; standardError: number | null; degreesOfFreedom: number | null; statistic: number | null;
  pValue: number | null; adjustedPValue: number | null; confidenceInterval: ResultInterval | null;
}
export interface FactorialResult {
  metric: string; test: 'contrast-t' | 'wald-chi-square'; factors: { name: string; levels: JsonValue[] }[]; effects: FactorialEffectResult[];
  /** true when an interaction is significant: then no main effect speaks for itself. */
  interacting: boolean; smallestCell: number; reason?: string;
}

/** A bandit's arms: effects are averaged over phases, for adaptive weights bias the plain means; there is no fixed-horizon p-value. */
export interface BanditArmResult { variantId: string; sampleSize: number; mean: number | null; standardError: number | null; probabilityBest: number | null; suggestedWeight: number | null }
export interface BanditResult { metric: string; phases: number; arms: BanditArmResult[]; reason?: string }

export type Decision = 'invalid' | 'rollback' | 'continue' | 'inconclusive' | 'hold' | 'ship';

/** The decision by the success criteria; `sentence` says it to somebody who runs a fleet, in English and in Hindi. */
export interface VerdictResult { decision: Decision; reasons: string[]; sentence?: string; sentenceHi?: string }

/** What a report rests on. The same name gives the same bytes. */
export interface CoverageResult {
  name: string; offsets: Record<string, Record<string, string>>;
  engine?: string;
  /** Versions of the metrics' definitions; 0 is a definition in place or built in. */
  definitions?: Record<string, number>;
  /** Ids of the corrections in force. */
  corrections?: string[];
}

/** `GET /api/experiments/{id}/results`, and the value of pataka.experiment-metrics.v1. */
export interface ExperimentResults {
  experimentId: string; period: string; generatedAt: string | null;
  /** What verdict and winner rest on. */
  method?: 'fixed' | 'sequential' | 'bayesian';
  /** What is counted: the targeting key, or the attribute that whole clusters are assigned by; standard errors are of that unit. */
  unit?: { name: string; clustered: boolean };
  variants: VariantResults[]; statistical: StatisticalAnalysis; comparisons: Comparison[];
  planning?: PlanningResult;
  sampleRatio: SampleRatioResult;
  excluded: ExcludedResult;
  segments?: SegmentResult[]; factorial?: FactorialResult[]; bandit?: BanditResult;
  confidence: number; winner?: string;
  verdict: VerdictResult;
  coverage: CoverageResult;
}
