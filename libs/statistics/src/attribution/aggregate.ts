import { demand, requireFinite, requireList, requireNonNegative, requireObject, requireOneOf } from '../invalid-input';
import type { MeanArm } from '../moments/arms';
import { preciseSum } from '../special/exact';

/** A user met a variant at `ts` (milliseconds). */
export interface ExposureFact {
  readonly user: string;
  readonly variant: string;
  readonly ts: number;
}

/** A user did something at `ts` (milliseconds); `id` makes a repetition recognisable. */
export interface EventFact {
  readonly id: string;
  readonly user: string;
  readonly metric: string;
  readonly ts: number;
  readonly value?: number | null;
}

/** How events become one number per user; null is no window, no cap. */
export interface AttributionMetric {
  readonly name: string;
  readonly type: 'conversion' | 'count' | 'sum';
  readonly windowMs: number | null;
  readonly cap: number | null;
}

/** Everything that one metric of one experiment is made of. */
export interface AttributionInput {
  readonly variants: readonly string[];
  readonly exposures: readonly ExposureFact[];
  readonly events: readonly EventFact[];
  readonly metric: AttributionMetric;
}

/** What became of an event; the order of the checks is the contract's. */
export type EventOutcome =
  | 'duplicate'
  | 'invalid'
  | 'unexposed'
  | 'excludedUser'
  | 'beforeExposure'
  | 'afterWindow'
  | 'used';

/** Sums per variant, and where every event went. */
export interface AttributionResult {
  readonly perVariant: Readonly<Record<string, MeanArm>>;
  readonly excludedUsers: number;
  readonly unknownVariantExposures: number;
  readonly events: Readonly<Record<EventOutcome, number>>;
}

/** First exposure of a user; `excluded` once a second variant was met. */
interface Subject {
  readonly variant: string;
  readonly ts: number;
  readonly excluded: boolean;
  readonly values: number[];
}

const checkMetric = (metric: AttributionMetric): void => {
  requireObject(metric, 'metric');
  requireOneOf(metric.type, ['conversion', 'count', 'sum'], 'metric.type');
  if ((metric.windowMs ?? null) !== null) requireNonNegative(metric.windowMs, 'metric.windowMs');
  if ((metric.cap ?? null) !== null) requireFinite(metric.cap, 'metric.cap');
};

const check = (input: AttributionInput): void => {
  requireList(input.variants, 'variants');
  requireList(input.exposures, 'exposures');
  requireList(input.events, 'events');
  checkMetric(input.metric);
  demand(new Set(input.variants).size === input.variants.length, 'variants must differ');
  for (const fact of [...input.exposures, ...input.events]) {
    requireObject(fact, 'fact');
    requireFinite(fact.ts, 'ts');
  }
};

const meet = (subject: Subject | undefined, { variant, ts }: ExposureFact): Subject => {
  if (!subject) return { variant, ts, excluded: false, values: [] };
  const excluded = subject.excluded || subject.variant !== variant;
  return ts < subject.ts ? { ...subject, variant, ts, excluded } : { ...subject, excluded };
};

const subjectsOf = (input: AttributionInput): { subjects: Map<string, Subject>; unknown: number } => {
  const variants = new Set(input.variants);
  const subjects = new Map<string, Subject>();
  let unknown = 0;
  for (const exposure of input.exposures) {
    if (variants.has(exposure.variant)) subjects.set(exposure.user, meet(subjects.get(exposure.user), exposure));
    else unknown++;
  }
  return { subjects, unknown };
};

const hasValue = (event: EventFact): boolean => typeof event.value === 'number' && Number.isFinite(event.value);

const classify = (event: EventFact, metric: AttributionMetric, subject: Subject | undefined): EventOutcome => {
  if (metric.type === 'sum' && !hasValue(event)) return 'invalid';
  if (!subject) return 'unexposed';
  if (subject.excluded) return 'excludedUser';
  if (event.ts < subject.ts) return 'beforeExposure';
  const end = (metric.windowMs ?? null) === null ? Number.POSITIVE_INFINITY : subject.ts + (metric.windowMs ?? 0);
  return event.ts >= end ? 'afterWindow' : 'used';
};

const userValue = (values: readonly number[], { type, cap }: AttributionMetric): number => {
  if (type === 'conversion') return values.length > 0 ? 1 : 0;
  const total = type === 'count' ? values.length : preciseSum(values);
  return (cap ?? null) === null ? total : Math.min(total, cap ?? total);
};

const armOf = (values: readonly number[]): MeanArm => ({
  n: values.length,
  sum: preciseSum(values),
  sumSq: preciseSum(values.map((value) => value * value)),
});

/**
 * Attributes events to first exposures and sums them per variant. A user who met two known variants leaves every arm.
 * @throws InvalidInput for times that are not finite or an unknown metric type
 */
export const attribute = (input: AttributionInput): AttributionResult => {
  check(input);
  const { metric } = input;
  const { subjects, unknown } = subjectsOf(input);
  const events = { duplicate: 0, invalid: 0, unexposed: 0, excludedUser: 0, beforeExposure: 0, afterWindow: 0, used: 0 };
  const seen = new Set<string>();
  for (const event of input.events) {
    if (event.metric !== metric.name) continue;
    const subject = subjects.get(event.user);
    const outcome = seen.has(event.id) ? 'duplicate' : classify(event, metric, subject);
    seen.add(event.id);
    events[outcome]++;
    if (outcome === 'used') subject?.values.push(event.value ?? 0);
  }
  const included = [...subjects.values()].filter((subject) => !subject.excluded);
  const arms = input.variants.map((variant) => {
    const own = included.filter((subject) => subject.variant === variant);
    return [variant, armOf(own.map((subject) => userValue(subject.values, metric)))] as const;
  });
  return {
    perVariant: Object.fromEntries(arms),
    excludedUsers: subjects.size - included.length,
    unknownVariantExposures: unknown,
    events,
  };
};
