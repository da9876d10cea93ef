import type { JsonObject } from '@pataka/contracts';
import { BEFORE_MICROS, phaseAt, type CompiledPlan, type Feed, type MetricPlan, type Plan } from './evidence-plan';
import type { ExposureNote } from './exposure-note';
import { ONE, threeDigits } from './fixed-point';
import { dayOf, minuteOf, type Day, type Micros } from './instant';
import { trajectory, valueBefore, withEvent, type MetricState, type Point } from './metric-state';
import type { Axis, Place, Tally } from './tally';

/** An exposure as archived. */
export interface ExposureFact { id: string; at: Micros; targetKey: string; unit: string; experiment: string; variant: string; phase: number | null; attributes?: JsonObject | undefined }
/** A conversion as archived; `key` is the unit it names, else its targeting key: whom it is attributed by. */
export interface ConversionFact { id: string; at: Micros; key: string; metric: string; value: bigint; experiment: string | null; environment: string | null }

/** First sight of each variant in each phase, with what the plan asks to note of it. */
export type Sighting = [at: Micros, id: string] | [at: Micros, id: string, note: ExposureNote];
export type Sightings = Record<string, Record<string, Sighting>>;
/** What decides a subject's place: its first exposure over all phases, and whether it is left out. */
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

const earlier = (at: Micros, id: string, than: readonly [Micros, string] | Sighting | undefined): boolean =>
  than === undefined || at < than[0] || (at === than[0] && id < than[1]);

const noteOf = ({ sightings, entry }: Pick<Subject, 'sightings' | 'entry'>): ExposureNote | undefined => (entry === null ? undefined : sightings[entry.phase]?.[entry.variant]?.[2]);

const sawTwo = (sightings: Sightings, variants: ReadonlySet<string>): boolean =>
  Object.values(sightings).some((phase) => Object.keys(phase).filter((variant) => variants.has(variant)).length > 1);

/** Why a subject is left out: '' for having seen two variants in one phase, else the name of a rule or correction; null where it counts. */
const exclusionOf = (subject: Pick<Subject, 'unit' | 'sightings' | 'entry'>, compiled: CompiledPlan): string | null =>
  sawTwo(subject.sightings, compiled.variants) ? '' : (noteOf(subject)?.x ?? compiled.corrections?.excludes(subject.unit) ?? null);

const entryOf = (unit: string, sightings: Sightings, compiled: CompiledPlan | null): Entry | null => {
  let entry: Entry | null = null;
  for (const [phase, variants] of Object.entries(sightings)) {
    const known = Object.entries(variants).filter(([variant]) => compiled?.variants.has(variant));
    for (const [variant, [at, id]] of known) {
      if (entry === null || earlier(at, id, [entry.at, entry.id])) entry = { at, id, variant, phase: Number(phase), day: dayOf(at), excluded: false };
    }
  }
  return entry === null || compiled === null ? null : { ...entry, excluded: exclusionOf({ unit, sightings, entry }, compiled) !== null };
};

const sightingOf = (exposure: ExposureFact, compiled: CompiledPlan | null): Sighting =>
  (compiled?.note == null ? [exposure.at, exposure.id] : [exposure.at, exposure.id, compiled.note(exposure)]);

/** The subject after one more exposure; the same object when it tells nothing new. Its metrics are then to be folded anew if `entry` or `keys` differ. */
export const withExposure = (subject: Subject, exposure: ExposureFact, compiled: CompiledPlan | null): Subject => {
  if (compiled?.corrections?.ignores(exposure) === true) return subject;
  const phase = exposure.phase ?? phaseAt(compiled?.plan ?? null, exposure.at);
  return withSighting(subject, exposure, phase, compiled);
};

const withSighting = (subject: Subject, exposure: ExposureFact, phase: number, compiled: CompiledPlan | null): Subject => {
  const seen = subject.sightings[phase] ?? {};
  const newKey = exposure.targetKey !== subject.unit && !subject.keys.includes(exposure.targetKey);
  const first = earlier(exposure.at, exposure.id, seen[exposure.variant]);
  if (!newKey && !first) return subject;
  const sightings = first ? { ...subject.sightings, [phase]: { ...seen, [exposure.variant]: sightingOf(exposure, compiled) } } : subject.sightings;
  return { ...subject, sightings, keys: newKey ? [...subject.keys, exposure.targetKey].sort() : subject.keys, entry: entryOf(subject.unit, sightings, compiled) };
};

const entryMoved = (b: Entry, a: Entry): boolean => b.at !== a.at || b.variant !== a.variant || b.phase !== a.phase || b.excluded !== a.excluded;

/** true when what counts of a subject's conversions, or where it is counted, may have changed. */
export const placeChanged = (before: Subject, after: Subject, compiled: CompiledPlan): boolean => {
  const [b, a] = [before.entry, after.entry];
  if (before.keys !== after.keys || b === null || a === null) return before.keys !== after.keys || b !== a;
  return entryMoved(b, a) || (compiled.note !== null && b.id !== a.id) || (a.excluded && exclusionOf(before, compiled) !== exclusionOf(after, compiled));
};

const isOwn = (fact: ConversionFact, plan: Plan): boolean =>
  (fact.experiment === null || fact.experiment === plan.experiment)
  && (fact.environment === null || plan.environment === null || fact.environment === plan.environment);

const inScope = (subject: Subject, fact: ConversionFact, plan: Plan): boolean => subject.entry !== null && fact.at >= subject.entry.at && isOwn(fact, plan);

const NOTHING: readonly Feed[] = [];

const feedsBefore = ({ at }: Entry, fact: ConversionFact, { before, plan }: CompiledPlan): readonly Feed[] =>
  (before !== null && fact.at >= at - BEFORE_MICROS && isOwn(fact, plan) ? (before.get(fact.metric) ?? NOTHING) : NOTHING);

const feedsSince = ({ at }: Entry, fact: ConversionFact, { feeds: all, plan }: CompiledPlan): readonly Feed[] => {
  const feeds = all.get(fact.metric);
  if (feeds === undefined || !isOwn(fact, plan)) return NOTHING;
  return feeds.some(({ metric }) => metric.window !== null) ? feeds.filter(({ metric }) => metric.window === null || fact.at < at + metric.window) : feeds;
};

/**
 * The metrics of an experiment that an event counts for: from the first exposure on (that instant included), within the metric's window, and
 * for 14 days before it where that is what comparisons are adjusted by; all as corrected.
 */
export const feedsOf = ({ entry, unit }: Subject, fact: ConversionFact, compiled: CompiledPlan | null): readonly Feed[] => {
  if (compiled === null || entry === null) return NOTHING;
  const feeds = fact.at < entry.at ? feedsBefore(entry, fact, compiled) : feedsSince(entry, fact, compiled);
  return compiled.corrections === null || feeds.length === 0 ? feeds : compiled.corrections.correct(fact, { unit, variant: entry.variant }, feeds);
};

/** The subject after one more conversion that feeds these metrics; the same object when it changes nothing. */
export const withConversion = (subject: Subject, fact: ConversionFact, feeds: readonly Feed[]): Subject => {
  let metrics = subject.metrics;
  for (const { metric, part, value } of feeds) {
    const before = metrics[metric.key];
    const after = withEvent(before, metric, part, value === undefined ? fact : { ...fact, value });
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

const placeOf = (subject: Subject, axis: Axis, metric: string, at: number): Place =>
  ({ axis, shard: subject.shard, experiment: subject.experiment, variant: subject.entry!.variant, metric, phase: axis === 'minute' ? 0 : subject.entry!.phase, at });

const countsIn = (subject: Subject): subject is Subject & { entry: Entry } => subject.entry !== null && !subject.entry.excluded;

/** Growth from point to point under the day of each, so that sums up to any day are those of that day's values. */
const tallyGrowth = (tally: Tally, placeAt: (day: Day) => Place, points: readonly Point[], sign: 1 | -1): void =>
  points.forEach((point, index) => {
    const place = placeAt(point.day);
    const before = points[index - 1];
    tally.add(place, sign, point.y, point.x);
    if (before !== undefined) tally.add(place, sign === 1 ? -1 : 1, before.y, before.x);
  });

/** The subjects with history: their values, and in the place of denominators what they did before. */
const tallyBefore = (tally: Tally, subject: Subject & { entry: Entry }, metric: MetricPlan, points: readonly Point[], sign: 1 | -1): void => {
  const x = valueBefore(metric, subject.metrics[metric.key]);
  if (x === null) return;
  const adjusted = [{ day: subject.entry.day, y: 0n }, ...points].map(({ day, y }) => ({ day, y, x }));
  tallyGrowth(tally, (day) => placeOf(subject, 'happened-before', metric.key, day), adjusted, sign);
  tally.add(placeOf(subject, 'exposed-before', metric.key, subject.entry.day), sign, adjusted.at(-1)!.y, x);
};

/** A unit with its members in the place of denominators: they are there from its first exposure on, whether or not it has events. */
const perMember = (subject: Subject & { entry: Entry }, points: readonly Point[]): Point[] => {
  const x = BigInt(Math.max(1, subject.keys.length)) * ONE;
  return [{ day: subject.entry.day, y: 0n }, ...points].map(({ day, y }) => ({ day, y, x }));
};

/** Where a subject is counted among the segments: under each attribute, the value that its first exposure had. Of no day. */
const segmentPlaces = (subject: Subject & { entry: Entry }, metric: string, { segments }: Plan): Place[] =>
  (noteOf(subject)?.s ?? []).map((value, index) => placeOf(subject, `segment ${JSON.stringify([segments!.attributes[index], value])}`, metric, 0));

/** Adds (or takes back) what one metric of a subject weighs. */
export const tallyMetric = (tally: Tally, subject: Subject, metric: MetricPlan, plan: Plan, sign: 1 | -1): void => {
  if (!countsIn(subject)) return;
  const own = trajectory(metric, subject.metrics[metric.key]);
  const points = metric.perMember === true ? perMember(subject, own) : own;
  tallyGrowth(tally, (day) => placeOf(subject, 'happened', metric.key, day), points, sign);
  if (metric.before === true) tallyBefore(tally, subject, metric, points, sign);
  const last = points.at(-1);
  if (last === undefined) return;
  tally.add(placeOf(subject, 'exposed', metric.key, subject.entry.day), sign, last.y, last.x);
  if (metric.type === 'quantile') tally.add(placeOf(subject, `value ${threeDigits(last.y)}`, metric.key, 0), sign);
  if (metric.segmented === true || plan.segments?.metric === metric.key) for (const place of segmentPlaces(subject, metric.key, plan)) tally.add(place, sign, last.y, last.x);
};

/** Adds (or takes back) all that a subject weighs but for single events. */
export const tallySubject = (tally: Tally, subject: Subject, compiled: CompiledPlan | null, sign: 1 | -1): void => {
  if (subject.entry === null || compiled === null) return;
  if (!countsIn(subject)) {
    tally.add({ ...placeOf(subject, 'exposed', exclusionOf(subject, compiled) ?? '', subject.entry.day), variant: '' }, sign);
    return;
  }
  tally.add(placeOf(subject, 'exposed', '', subject.entry.day), sign);
  tally.add(placeOf(subject, 'minute', '', minuteOf(subject.entry.at)), sign);
  if (compiled.plan.segments !== undefined) for (const place of segmentPlaces(subject, '', compiled.plan)) tally.add(place, sign);
  for (const metric of compiled.plan.metrics) tallyMetric(tally, subject, metric, compiled.plan, sign);
};

/** Adds (or takes back) single counted conversions, by minute. */
export const tallyEvent = (tally: Tally, subject: Subject, fact: ConversionFact, feeds: readonly Feed[], sign: 1 | -1): void => {
  if (!countsIn(subject)) return;
  for (const { metric, part, value = fact.value } of feeds) {
    if (part === 'y') tally.add(placeOf(subject, 'minute', metric.key, minuteOf(fact.at)), sign, value);
  }
};
