import type { Aggregation, Experiment, MetricDefinition, MetricReference, MetricType } from '@pataka/contracts';
import { unitsOf } from './fixed-point';
import { parseInstant, type Micros } from './instant';

/** What a metric asks of the fold; everything else of its definition matters to reports only. */
export interface MetricPlan {
  key: string;
  type: MetricType;
  event: string;
  aggregation: Aggregation;
  denominatorEvent: string | null;
  /** Largest value of a subject, in millionths as text. */
  cap: string | null;
  window: Micros | null;
}

/** What an experiment asks of the fold. Two equal plans give the same sums of the same events. */
export interface Plan {
  experiment: string;
  environment: string | null;
  variants: string[];
  phases: [phase: number, from: Micros][];
  metrics: MetricPlan[];
}

const HOUR_MICROS = 3_600_000_000;

/** Metrics that are there without being defined. */
export const builtIn: Readonly<Record<string, MetricDefinition>> = { error: { key: 'error', type: 'conversion', direction: 'decrease', name: 'Errors' } };

/** The definition a reference stands for: in place, else the catalogue's, else built in, else a conversion of that name. */
export const definitionOf = (reference: MetricReference, catalogue: ReadonlyMap<string, MetricDefinition>): MetricDefinition => {
  if (typeof reference !== 'string') return reference;
  return catalogue.get(reference) ?? builtIn[reference] ?? { key: reference, type: 'conversion' };
};

/** An experiment's metrics, each once, the primary one first. */
export const metricsOf = (experiment: Experiment, catalogue: ReadonlyMap<string, MetricDefinition>): MetricDefinition[] => {
  const found = new Map<string, MetricDefinition>();
  for (const reference of [...experiment.successMetrics, ...experiment.guardrailMetrics, ...experiment.safetyMetrics, ...(experiment.watchedMetrics ?? [])]) {
    const definition = definitionOf(reference, catalogue);
    if (!found.has(definition.key)) found.set(definition.key, definition);
  }
  return [...found.values()];
};

const metricPlan = (metric: MetricDefinition): MetricPlan => {
  const type = metric.type ?? 'conversion';
  return {
    key: metric.key, type, event: metric.event ?? metric.key, aggregation: metric.aggregation ?? 'sum',
    denominatorEvent: type === 'ratio' ? (metric.denominatorEvent ?? null) : null,
    cap: metric.cap === undefined || type === 'conversion' ? null : unitsOf(metric.cap).toString(),
    window: metric.windowHours === undefined ? null : metric.windowHours * HOUR_MICROS,
  };
};

export const planOf = (experiment: Experiment, catalogue: ReadonlyMap<string, MetricDefinition>): Plan => ({
  experiment: experiment.id,
  environment: experiment.environment ?? null,
  variants: experiment.variants.map((variant) => variant.id).sort(),
  phases: experiment.phases.map(({ phase, from }): [number, Micros] => [phase, parseInstant(from) ?? 0]).sort((a, b) => a[1] - b[1] || a[0] - b[0]),
  metrics: metricsOf(experiment, catalogue).map(metricPlan).sort((a, b) => (a.key < b.key ? -1 : 1)),
});

/** The phase open at an instant; the first one before any. */
export const phaseAt = (plan: Plan | null, at: Micros): number => {
  let open = plan?.phases[0]?.[0] ?? 1;
  for (const [phase, from] of plan?.phases ?? []) if (from <= at) open = phase;
  return open;
};

/** A metric that an event feeds: its value, or the denominator of a ratio. */
export interface Feed { metric: MetricPlan; part: 'y' | 'x' }
/** A plan with its metrics by the event that feeds them. */
export interface CompiledPlan { plan: Plan; variants: ReadonlySet<string>; feeds: ReadonlyMap<string, Feed[]> }

export const compilePlan = (plan: Plan): CompiledPlan => {
  const feeds = new Map<string, Feed[]>();
  const feed = (event: string, metric: MetricPlan, part: 'y' | 'x'): void => {
    feeds.set(event, [...(feeds.get(event) ?? []), { metric, part }]);
  };
  for (const metric of plan.metrics) {
    feed(metric.event, metric, 'y');
    if (metric.denominatorEvent !== null) feed(metric.denominatorEvent, metric, 'x');
  }
  return { plan, variants: new Set(plan.variants), feeds };
};
