import type { Aggregation, Correction, ExclusionRule, Experiment, MetricDefinition, MetricReference, MetricType } from '@pataka/contracts';
import { correctionRules, type CorrectionRules } from './correction-rules';
import { exposureNotes, type NoteTaker } from './exposure-note';
import { unitsOf } from './fixed-point';
import { HOUR_MICROS, parseInstant, type Micros } from './instant';

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
  /** Whether events before the first exposure are kept too, to adjust by. */
  before?: boolean;
  /** Whether the value is divided by how many members a unit was seen to have. */
  perMember?: boolean;
  /** Whether its sums are told apart by the segments too; the primary metric's are in any case. */
  segmented?: boolean;
}

/** What an experiment asks of the fold. Two equal plans give the same sums of the same events. */
export interface Plan {
  experiment: string;
  environment: string | null;
  variants: string[];
  phases: [phase: number, from: Micros][];
  metrics: MetricPlan[];
  /** Attributes by whose values sums are told apart: the primary metric's, named here, and those of metrics that say so. */
  segments?: { attributes: string[]; metric: string };
  exclusions?: ExclusionRule[];
  /** Ids of the corrections in force; what they say never changes. */
  corrections?: string[];
}

/** How long before its first exposure a subject's events tell what it is like. */
export const BEFORE_MICROS: Micros = 14 * 24 * HOUR_MICROS;

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

/** Whether a mean is that of the members of units. */
export const isPerMember = ({ per, type }: MetricDefinition): boolean => per === 'member' && type === 'mean';

/** Whether comparisons of a metric are adjusted by what subjects did before. */
export const isAdjusted = ({ cuped, per, type = 'conversion' }: MetricDefinition, { plan }: Pick<Experiment, 'plan'>): boolean =>
  (cuped ?? plan?.cuped) === true && per !== 'member' && (type === 'conversion' || type === 'mean');

const limitsOf = ({ cap, type = 'conversion', windowHours }: MetricDefinition): Pick<MetricPlan, 'cap' | 'window'> => ({
  cap: cap === undefined || type === 'conversion' ? null : unitsOf(cap).toString(), window: windowHours === undefined ? null : windowHours * HOUR_MICROS,
});

const metricPlan = (metric: MetricDefinition, experiment: Experiment): MetricPlan => {
  const type = metric.type ?? 'conversion';
  return {
    key: metric.key, type, event: metric.event ?? metric.key, aggregation: metric.aggregation ?? 'sum',
    denominatorEvent: type === 'ratio' ? (metric.denominatorEvent ?? null) : null, ...limitsOf(metric),
    ...(isAdjusted(metric, experiment) ? { before: true } : {}), ...(isPerMember(metric) ? { perMember: true } : {}),
  };
};

const concerns = ({ status, kind, experimentId, metric }: Correction, { id, key }: Experiment, metrics: readonly MetricPlan[]): boolean => {
  if (status !== 'active' || (experimentId !== undefined && experimentId !== id && experimentId !== key)) return false;
  return kind !== 'values' || metrics.some((plan) => [plan.key, plan.event, plan.denominatorEvent].includes(metric!));
};

// A cell for each metric, attribute, value, variant and phase: their number has to stay bounded.
const MOST_SEGMENTED = 10;

/** The metrics that are told apart by segments, the primary one first. A quantile speaks of all subjects only. */
export const segmentedOf = ({ segments = [] }: Pick<Experiment, 'segments'>, metrics: readonly MetricDefinition[]): MetricDefinition[] =>
  (segments.length === 0 ? [] : metrics.filter(({ type }) => type !== 'quantile').slice(0, MOST_SEGMENTED));

/** What an experiment asks of the fold, by the definitions and corrections there are. */
export const planOf = (experiment: Experiment, catalogue: ReadonlyMap<string, MetricDefinition>, corrections: readonly Correction[] = []): Plan => {
  const definitions = metricsOf(experiment, catalogue);
  const [primary] = experiment.successMetrics.map((reference) => definitionOf(reference, catalogue).key);
  const segmented = new Set(primary === undefined ? [] : segmentedOf(experiment, definitions).map(({ key }) => key).filter((key) => key !== primary));
  const metrics = definitions.map((metric) => ({ ...metricPlan(metric, experiment), ...(segmented.has(metric.key) ? { segmented: true } : {}) })).sort((a, b) => (a.key < b.key ? -1 : 1));
  const inForce = corrections.filter((correction) => concerns(correction, experiment, metrics)).map(({ id }) => id).sort();
  return {
    experiment: experiment.id,
    environment: experiment.environment ?? null,
    variants: experiment.variants.map((variant) => variant.id).sort(),
    phases: experiment.phases.map(({ phase, from }): [number, Micros] => [phase, parseInstant(from) ?? 0]).sort((a, b) => a[1] - b[1] || a[0] - b[0]),
    metrics,
    ...askedBeside(experiment, primary, inForce),
  };
};

/** What most experiments don't ask for stays out of their plans. */
const askedBeside = ({ segments = [], exclusions = [] }: Experiment, primary: string | undefined, corrections: string[]): Pick<Plan, 'segments' | 'exclusions' | 'corrections'> => ({
  ...(primary === undefined || segments.length === 0 ? {} : { segments: { attributes: [...segments].sort(), metric: primary } }),
  ...(exclusions.length === 0 ? {} : { exclusions }), ...(corrections.length === 0 ? {} : { corrections }),
});

/** The phase open at an instant; the first one before any. */
export const phaseAt = (plan: Plan | null, at: Micros): number => {
  let open = plan?.phases[0]?.[0] ?? 1;
  for (const [phase, from] of plan?.phases ?? []) if (from <= at) open = phase;
  return open;
};

/** A metric that an event feeds: its value, the denominator of a ratio, or the value before the exposure. `value`: what a correction makes of the event's. */
export interface Feed { metric: MetricPlan; part: 'y' | 'x' | 'c'; value?: bigint }
/** A plan ready to fold by: metrics by the event that feeds them after the exposure and before it, what to note of exposures, and what to correct. */
export interface CompiledPlan {
  plan: Plan; variants: ReadonlySet<string>;
  feeds: ReadonlyMap<string, readonly Feed[]>; before: ReadonlyMap<string, readonly Feed[]> | null;
  note: NoteTaker | null; corrections: CorrectionRules | null;
}

export const compilePlan = (plan: Plan, corrections: ReadonlyMap<string, Correction> = new Map()): CompiledPlan => {
  const feeds = new Map<string, Feed[]>();
  const before = new Map<string, Feed[]>();
  const feed = (to: Map<string, Feed[]>, event: string, metric: MetricPlan, part: Feed['part']): void => {
    to.set(event, [...(to.get(event) ?? []), { metric, part }]);
  };
  for (const metric of plan.metrics) {
    feed(feeds, metric.event, metric, 'y');
    if (metric.denominatorEvent !== null) feed(feeds, metric.denominatorEvent, metric, 'x');
    if (metric.before === true) feed(before, metric.event, metric, 'c');
  }
  const inForce = (plan.corrections ?? []).flatMap((id) => corrections.get(id) ?? []);
  return {
    plan, variants: new Set(plan.variants), feeds, before: before.size === 0 ? null : before,
    note: exposureNotes(plan.segments?.attributes ?? [], plan.exclusions ?? [], inForce), corrections: correctionRules(inForce),
  };
};
