import type { Comparison, Experiment, ExperimentResults, MetricResult } from '@pataka/contracts';
import { normalIsf, sampleRatioTest, sequentialSampleRatio } from '@pataka/statistics';
import { binomial, chiSquare, multinomial, type Random, standardNormal } from './draws';

/** What is true of a metric in a variant: a rate, or mean and spread of the subjects. */
export type Truth = number | { mean: number; sd: number };
/** What is true, by variant and metric. */
export type World = Readonly<Record<string, Readonly<Record<string, Truth>>>>;

/** Sums of one metric over the subjects of one variant. */
interface Sums { sum: number; centred: number }
interface Arm { n: number; metrics: Map<string, Sums> }

const CONFIDENCE = 0.95;
const DESIGN_WEIGHT = 10_000;
const SAMPLE_RATIO_ALARM = 0.001;

const drawn = (random: Random, n: number, truth: Truth): { sum: number; centred: number } => {
  if (typeof truth === 'number') {
    const sum = binomial(random, n, truth);
    return { sum, centred: sum - (sum * sum) / n };
  }
  return { sum: n * truth.mean + Math.sqrt(n) * truth.sd * standardNormal(random), centred: truth.sd ** 2 * chiSquare(random, n - 1) };
};

/** Sums of two groups of subjects together (Chan). */
const together = (one: Sums, n: number, other: Sums, m: number): Sums => {
  const difference = n === 0 || m === 0 ? 0 : other.sum / m - one.sum / n;
  return { sum: one.sum + other.sum, centred: one.centred + other.centred + (difference ** 2 * n * m) / (n + m) };
};

const resultOf = (n: number, { sum, centred }: Sums, truth: Truth): MetricResult => {
  if (n < 2) return { mean: n === 0 ? null : sum / n, standardError: null, confidenceInterval: null, sampleSize: n };
  const standardError = Math.sqrt(centred / (typeof truth === 'number' ? n : n - 1) / n);
  return { mean: sum / n, standardError, confidenceInterval: null, sampleSize: n };
};

/** What nobody who decides reads. */
const UNTOLD = {
  statistic: null, pValue: null, adjustedPValue: null, relativeEffect: null, relativeConfidenceInterval: null, power: null, minimumDetectableEffect: { absolute: null, relative: null },
  alwaysValidPValue: null, adjustedAlwaysValidPValue: null, alwaysValidInterval: null, chanceToBeat: null, expectedLoss: null,
};

const differenceOf = (treatment: MetricResult, control: MetricResult | undefined): { effect: number | null; standardError: number | null } => {
  if (control === undefined || control.mean === null || treatment.mean === null) return { effect: null, standardError: null };
  const known = control.standardError !== null && treatment.standardError !== null;
  return { effect: treatment.mean - control.mean, standardError: known ? Math.hypot(control.standardError!, treatment.standardError!) : null };
};

/**
 * Evidence that grows day by day as if what is true were so: sums of subjects are drawn, never single subjects, so that a day costs the same for
 * a hundred and for a million. What it tells is a results document, as far as anyone who decides reads it.
 */
export class SyntheticEvidence {
  readonly #arms: Map<string, Arm>;
  #days = 0;

  constructor(private readonly world: World, private readonly random: Random) {
    this.#arms = new Map(Object.keys(world).map((variant) => [variant, { n: 0, metrics: new Map<string, Sums>() }]));
  }

  /** Subjects of one more day, split by the weights of the day. */
  addDay(subjects: number, weights: Readonly<Record<string, number>>): void {
    this.#days += 1;
    const variants = Object.keys(this.world);
    const counts = multinomial(this.random, subjects, variants.map((variant) => weights[variant] ?? 0));
    variants.forEach((variant, index) => this.#addTo(this.#arms.get(variant)!, counts[index]!, this.world[variant]!));
  }

  #addTo(arm: Arm, n: number, truths: Readonly<Record<string, Truth>>): void {
    if (n === 0) return;
    for (const [metric, truth] of Object.entries(truths)) arm.metrics.set(metric, together(arm.metrics.get(metric) ?? { sum: 0, centred: 0 }, arm.n, drawn(this.random, n, truth), n));
    arm.n += n;
  }

  /** What analytics would publish of it. */
  results(experiment: Experiment, at: string): ExperimentResults {
    const control = experiment.variants.find(({ isControl }) => isControl === true)?.id ?? '';
    const variants = experiment.variants.map(({ id, name = id }) => ({ variantId: id, variantName: name, isControl: id === control, sampleSize: this.#arms.get(id)?.n ?? 0, conversionRate: null, metrics: this.#metrics(id) }));
    const byId = new Map(variants.map((variant) => [variant.variantId, variant.metrics]));
    const comparisons = variants.filter(({ isControl }) => !isControl).flatMap(({ variantId, metrics }) =>
      Object.entries(metrics).map(([metric, result]) => this.#comparison(metric, variantId, control, result, byId.get(control)?.[metric])));
    return {
      experimentId: experiment.id, period: '', generatedAt: at, variants, comparisons, excluded: { multipleVariants: 0 }, confidence: CONFIDENCE,
      statistical: { pValue: null, statisticalSignificance: false, confidenceLevel: CONFIDENCE, effectSize: null, powerAnalysis: null },
      sampleRatio: this.#sampleRatio(experiment), verdict: { decision: 'continue', reasons: [] }, coverage: { name: `simulated-${this.#days}`, offsets: {} },
    };
  }

  #metrics(variant: string): Record<string, MetricResult> {
    const arm = this.#arms.get(variant);
    return Object.fromEntries(Object.entries(this.world[variant] ?? {}).map(([metric, truth]) => [metric, resultOf(arm?.n ?? 0, arm?.metrics.get(metric) ?? { sum: 0, centred: 0 }, truth)]));
  }

  #comparison(metric: string, variantId: string, controlId: string, treatment: MetricResult, control: MetricResult | undefined): Comparison {
    const { effect, standardError } = differenceOf(treatment, control);
    const half = standardError === null ? null : normalIsf((1 - CONFIDENCE) / 2) * standardError;
    return {
      ...UNTOLD, metric, variantId, controlId, test: typeof this.world[variantId]?.[metric] === 'number' ? 'two-proportion-z' : 'welch-t', role: 'primary', absoluteEffect: effect, standardError,
      confidenceInterval: effect === null || half === null ? null : [effect - half, effect + half],
    };
  }

  /** Within one phase; over phases of other weights the shares are as drawn, so there is nothing to find. */
  #sampleRatio({ variants, phases }: Experiment): ExperimentResults['sampleRatio'] {
    const arms = variants.filter(({ weight }) => weight > 0);
    if (phases.length > 1 || arms.length < 2) return { pValue: null, ok: true, reason: 'several phases' };
    const observed = arms.map(({ id }) => this.#arms.get(id)?.n ?? 0);
    const weights = arms.map(({ weight }) => weight);
    const { pValue } = sampleRatioTest({ observed, weights });
    const sequential = observed.some((n) => n > 0) ? sequentialSampleRatio({ observed, weights, concentration: DESIGN_WEIGHT }).pValue : null;
    return { pValue, ok: pValue === null || pValue >= SAMPLE_RATIO_ALARM, sequentialPValue: sequential };
  }
}
