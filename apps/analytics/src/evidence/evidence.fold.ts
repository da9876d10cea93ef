import { phaseAt, type CompiledPlan, type Feed, type MetricPlan, type Plan } from './evidence-plan';
import { dayOf, minuteOf, type Day, type Micros } from './instant';
import { trajectory, withEvent, type MetricState } from './metric-state';
import type { Tally } from './tally';

/** An exposure as archived. */
export interface ExposureFact { id: string; at: Micros; targetKey: string; unit: string; experiment: string; variant: string; phase: number | null }
/** A conversion as archived; `key` is the unit it names, else its targeting key: whom it is attributed by. */
export interface ConversionFact { id: string; at: Micros; key: string; metric: string; value: bigint; experiment: string | null; environment: string | null }

/** First sight of each variant in each phase. */
export type Sightings = Record<string, Record<string, [at: Micros, id: string]>>;
/** What decides a subject's place: its first exposure over all phases, and whether one phase showed it two variants. */
export interface Entry { at: Micros; id: string; variant: string; phase: number; day: Day; excluded: boolean }

/** All that is kept of one unit in one experiment. Always the same for the same events, whatever their order. */
export interface Subject {
  unit: string; experiment: string; shard: number;
  sightings: Sightings;
  /** Targeting keys it was seen under, but for the unit itself; sorted. */
  keys: string[];
  entry: Entry | null;
  metrics: Record<string, MetricState>;
}

export const newSubject = (unit: string, experiment: string, shard: number): Subject =>
  ({ unit, experiment, shard, sightings: {}, keys: [], entry: null, metrics: {} });

const earlier = (at: Micros, id: string, than: readonly [Micros, string] | undefined): boolean =>
  than === undefined || at < than[0] || (at === than[0] && id < than[1]);

const entryOf = (sightings: Sightings, compiled: CompiledPlan | null): Entry | null => {
  let entry: Entry | null = null;
  let excluded = false;
  for (const [phase, variants] of Object.entries(sightings)) {
    const known = Object.entries(variants).filter(([variant]) => compiled?.variants.has(variant));
    excluded ||= known.length > 1;
    for (const [variant, [at, id]] of known) {
      if (entry === null || earlier(at, id, [entry.at, entry.id])) entry = { at, id, variant, phase: Number(phase), day: dayOf(at), excluded: false };
    }
  }
  return entry === null ? null : { ...entry, excluded };
};

/** The subject after one more exposure; the same object when it tells nothing new. Its metrics are then to be folded anew if `entry` or `keys` differ. */
export const withExposure = (subject: Subject, exposure: ExposureFact, compiled: CompiledPlan | null): Subject => {
  const phase = exposure.phase ?? phaseAt(compiled?.plan ?? null, exposure.at);
  const seen = subject.sightings[phase] ?? {};
  const newKey = exposure.targetKey !== subject.unit && !subject.keys.includes(exposure.targetKey);
  const first = earlier(exposure.at, exposure.id, seen[exposure.variant]);
  if (!newKey && !first) return subject;
  const sightings = first ? { ...subject.sightings, [phase]: { ...seen, [exposure.variant]: [exposure.at, exposure.id] as [Micros, string] } } : subject.sightings;
  return { ...subject, sightings, keys: newKey ? [...subject.keys, exposure.targetKey].sort() : subject.keys, entry: entryOf(sightings, compiled) };
};

/** true when what counts of a subject's conversions may have changed. */
export const placeChanged = (before: Subject, after: Subject): boolean => {
  const [b, a] = [before.entry, after.entry];
  if (before.keys !== after.keys || b === null || a === null) return before.keys !== after.keys || b !== a;
  return b.at !== a.at || b.variant !== a.variant || b.phase !== a.phase || b.excluded !== a.excluded;
};

const inScope = (subject: Subject, fact: ConversionFact, plan: Plan): boolean =>
  subject.entry !== null && fact.at >= subject.entry.at
  && (fact.experiment === null || fact.experiment === plan.experiment)
  && (fact.environment === null || plan.environment === null || fact.environment === plan.environment);

/** The metrics of an experiment that an event counts for: from the first exposure on (that instant included), within the metric's window. */
export const feedsOf = (subject: Subject, fact: ConversionFact, compiled: CompiledPlan | null): readonly Feed[] => {
  const feeds = compiled?.feeds.get(fact.metric);
  if (feeds === undefined || compiled === null || !inScope(subject, fact, compiled.plan)) return [];
  return feeds.some(({ metric }) => metric.window !== null) ? feeds.filter(({ metric }) => metric.window === null || fact.at < subject.entry!.at + metric.window) : feeds;
};

/** The subject after one more conversion that feeds these metrics; the same object when it changes nothing. */
export const withConversion = (subject: Subject, fact: ConversionFact, feeds: readonly Feed[]): Subject => {
  let metrics = subject.metrics;
  for (const { metric, part } of feeds) {
    const before = metrics[metric.key];
    const after = withEvent(before, metric, part, fact);
    if (after !== before) metrics = { ...metrics, [metric.key]: after };
  }
  return metrics === subject.metrics ? subject : { ...subject, metrics };
};

/** The subject with its metrics folded anew from all conversions of its keys. */
export const refolded = (subject: Subject, facts: readonly ConversionFact[], compiled: CompiledPlan | null): Subject =>
  facts.reduce((folded, fact) => withConversion(folded, fact, feedsOf(folded, fact, compiled)), { ...subject, metrics: {} });

/** true when a report covers the event: it is of the subject and feeds a metric. Windows are left aside, so that an earlier exposure can only add. */
export const isCovered = (subject: Subject, fact: ConversionFact, compiled: CompiledPlan | null): boolean =>
  compiled !== null && compiled.feeds.has(fact.metric) && inScope(subject, fact, compiled.plan);

const placeOf = (subject: Subject, axis: 'exposed' | 'happened' | 'minute', metric: string, at: number) =>
  ({ axis, shard: subject.shard, experiment: subject.experiment, variant: subject.entry!.variant, metric, phase: axis === 'minute' ? 0 : subject.entry!.phase, at });

const countsIn = (subject: Subject): subject is Subject & { entry: Entry } => subject.entry !== null && !subject.entry.excluded;

/** Adds (or takes back) what one metric of a subject weighs. */
export const tallyMetric = (tally: Tally, subject: Subject, metric: MetricPlan, sign: 1 | -1): void => {
  if (!countsIn(subject)) return;
  const points = trajectory(metric, subject.metrics[metric.key]);
  points.forEach((point, index) => {
    const place = placeOf(subject, 'happened', metric.key, point.day);
    const before = points[index - 1];
    tally.add(place, sign, point.y, point.x);
    if (before !== undefined) tally.add(place, sign === 1 ? -1 : 1, before.y, before.x);
  });
  const last = points.at(-1);
  if (last !== undefined) tally.add(placeOf(subject, 'exposed', metric.key, subject.entry.day), sign, last.y, last.x);
};

/** Adds (or takes back) all that a subject weighs but for single events. */
export const tallySubject = (tally: Tally, subject: Subject, compiled: CompiledPlan | null, sign: 1 | -1): void => {
  if (subject.entry === null || compiled === null) return;
  if (subject.entry.excluded) {
    tally.add({ ...placeOf(subject, 'exposed', '', subject.entry.day), variant: '' }, sign);
    return;
  }
  tally.add(placeOf(subject, 'exposed', '', subject.entry.day), sign);
  tally.add(placeOf(subject, 'minute', '', minuteOf(subject.entry.at)), sign);
  for (const metric of compiled.plan.metrics) tallyMetric(tally, subject, metric, sign);
};

/** Adds (or takes back) single counted conversions, by minute. */
export const tallyEvent = (tally: Tally, subject: Subject, fact: ConversionFact, feeds: readonly Feed[], sign: 1 | -1): void => {
  if (!countsIn(subject)) return;
  for (const { metric, part } of feeds) {
    if (part === 'y') tally.add(placeOf(subject, 'minute', metric.key, minuteOf(fact.at)), sign, fact.value);
  }
};
