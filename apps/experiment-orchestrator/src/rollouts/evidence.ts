import type { Experiment, ExperimentResults, MetricDefinition, MetricReference } from '@pataka/contracts';

/** Definitions of metrics by key. */
export type Definitions = ReadonlyMap<string, MetricDefinition>;

/** A metric of one variant, as reported. */
export interface Level { mean: number; standardError: number | null; sample: number }
/** A treatment's difference from control on a metric. */
export interface Difference { difference: number; standardError: number; sample: number }

const ERRORS: MetricDefinition = { key: 'error', type: 'conversion', direction: 'decrease' };
const DEFAULT_TUNING = 10_000;

export const controlOf = ({ variants }: Pick<Experiment, 'variants'>): string => (variants.find(({ isControl }) => isControl === true) ?? variants[0])?.id ?? '';

/** Treatments that anyone is assigned to. */
export const treatmentsOf = (experiment: Pick<Experiment, 'variants'>): string[] => {
  const control = controlOf(experiment);
  return experiment.variants.filter(({ id, weight }) => id !== control && weight > 0).map(({ id }) => id);
};

export const keyOf = (reference: MetricReference): string => (typeof reference === 'string' ? reference : reference.key);

/** The definition of a metric: the experiment's own, else the catalogue's, else built in, else a conversion of that name. */
export const definitionOf = (key: string, { successMetrics, guardrailMetrics, safetyMetrics }: Pick<Experiment, 'successMetrics' | 'guardrailMetrics' | 'safetyMetrics'>, catalogue: Definitions): MetricDefinition => {
  const own = [...successMetrics, ...guardrailMetrics, ...safetyMetrics].find((reference) => typeof reference !== 'string' && reference.key === key);
  return (own as MetricDefinition | undefined) ?? catalogue.get(key) ?? (key === ERRORS.key ? ERRORS : { key, type: 'conversion' });
};

export const isConversion = (metric: MetricDefinition): boolean => (metric.type ?? 'conversion') === 'conversion';

/** Subjects of both arms at which sequences are narrowest: the planned ones, where there is a plan. */
export const tuningOf = ({ plan }: Pick<Experiment, 'plan'>): number => {
  const planned = (plan?.dailySubjects ?? 0) * (plan?.horizonDays ?? 0);
  return planned > 0 ? planned : DEFAULT_TUNING;
};

const isNumber = (value: number | null | undefined): value is number => typeof value === 'number' && Number.isFinite(value);

/** What analytics has published of an experiment, asked number by number. Whatever is missing, null or no number is not there. */
export class Evidence {
  constructor(private readonly results: ExperimentResults) {}

  get name(): string { return this.results.coverage.name; }
  get until(): string | null { return this.results.generatedAt; }
  get sampleRatio(): ExperimentResults['sampleRatio'] { return this.results.sampleRatio; }

  subjects(variant: string): number {
    return this.#variant(variant)?.sampleSize ?? 0;
  }

  level(metric: string, variant: string): Level | null {
    const found = this.#variant(variant)?.metrics[metric];
    return found === undefined || !isNumber(found.mean) ? null : { mean: found.mean, standardError: found.standardError, sample: found.sampleSize };
  }

  /** Whether the metric has happened at all: where every level is 0 or missing, its events have not arrived. */
  hasHappened(metric: string): boolean {
    return this.results.variants.some((variant) => isNumber(variant.metrics[metric]?.mean) && variant.metrics[metric].mean !== 0);
  }

  difference(metric: string, treatment: string, control: string): Difference | null {
    const comparison = this.results.comparisons.find((one) => one.metric === metric && one.variantId === treatment);
    const [c, t] = [this.level(metric, control), this.level(metric, treatment)];
    if (c === null || t === null || comparison === undefined || !isNumber(comparison.absoluteEffect) || !isNumber(comparison.standardError)) return null;
    return { difference: comparison.absoluteEffect, standardError: comparison.standardError, sample: Math.min(c.sample, t.sample) };
  }

  #variant(id: string): ExperimentResults['variants'][number] | undefined {
    return this.results.variants.find(({ variantId }) => variantId === id);
  }
}
