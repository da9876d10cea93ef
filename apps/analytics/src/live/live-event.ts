import { liveTypes, topics, type AlertChange, type Conversion, type ExperimentChange, type Exposure, type FlagChange, type LiveEvent, type LiveType, type SegmentChange } from '@pataka/contracts';
import type { ReceivedEvent } from '@pataka/event-sourcing';

/** What a client wants to see; what is absent does not matter. */
export interface LiveFilter { types: ReadonlySet<LiveType>; environment?: string; flag?: string; experiment?: string; metric?: string; unit?: string }

type Told = Omit<LiveEvent, 'id' | 'at' | 'type'> & { at?: string };

/** Without what is not there, or is no text where one is due: foreign producers write what they like. */
const given = (members: Record<string, unknown>): Told => Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== null && value !== '')) as Told;

const flag = ({ change, actor, reason, flag: after }: FlagChange): Told => {
  const data = change.data as { environment?: string; flagKey?: string; experimentId?: string };
  return given({ change: change.type, actor, reason, environment: data.environment, experimentId: data.experimentId, flagKey: after?.key ?? data.flagKey });
};
const segment = ({ kind, change, actor, reason, key }: SegmentChange): Told => given({ change: `${kind}.${change}`, actor, reason, key });
const experiment = ({ change, actor, reason, experiment: after }: ExperimentChange): Told =>
  given({ change: change.type, actor, reason, environment: after.environment, experimentId: after.id, experimentKey: after.key, flagKey: after.flagKey });
const exposure = ({ targetingKey, unit, experimentId, flagKey, variant, environment, occurredAt }: Exposure): Told =>
  given({ targetingKey, unit: unit === targetingKey ? undefined : unit, experimentId, flagKey, variant, environment, at: occurredAt });
const conversion = ({ targetingKey, unit, metric, value = 1, environment, experimentId, variant, occurredAt }: Conversion): Told =>
  given({ targetingKey, unit: unit === targetingKey ? undefined : unit, metric, value, environment, experimentId, variant, at: occurredAt });
const alert = ({ change, alert: { kind, experimentId, experimentKey, environment, metric, variantId, message } }: AlertChange): Told =>
  given({ change: `${kind}.${change}`, experimentId, experimentKey, environment, metric, variant: variantId, message });

const byTopic: Record<string, { type: LiveType; tell: (data: never) => Told }> = {
  [topics.flagChanges.name]: { type: 'flag', tell: flag }, [topics.segmentChanges.name]: { type: 'segment', tell: segment },
  [topics.experimentEvents.name]: { type: 'experiment', tell: experiment }, [topics.exposures.name]: { type: 'exposure', tell: exposure },
  [topics.conversions.name]: { type: 'conversion', tell: conversion }, [topics.alerts.name]: { type: 'alert', tell: alert },
};

export const liveTopics = Object.keys(byTopic);
export const typeOfTopic = (topic: string): LiveType => byTopic[topic]?.type ?? 'flag';

/** An event of the log in a line; null for one that says nothing to people, or that nobody can read. */
export const liveEventOf = (event: ReceivedEvent): LiveEvent | null => {
  const source = byTopic[event.record.topic];
  if (source === undefined || typeof event.data !== 'object' || event.data === null) return null;
  // A part of a long list says nothing by itself.
  if (event.type.includes('segment-list.')) return null;
  try {
    const { at, ...told } = source.tell(event.data as never);
    return { id: event.id, type: source.type, at: at ?? event.time ?? new Date(event.record.timestamp).toISOString(), ...told };
  } catch {
    return null;
  }
};

const is = (wanted: string | undefined, ...values: (string | undefined)[]): boolean => wanted === undefined || values.includes(wanted);

export const fits = (event: LiveEvent, filter: LiveFilter): boolean =>
  filter.types.has(event.type) && is(filter.environment, event.environment) && is(filter.flag, event.flagKey) && is(filter.experiment, event.experimentId, event.experimentKey) &&
  is(filter.metric, event.metric) && is(filter.unit, event.unit, event.targetingKey);

const MAX_TEXT = 256;

/** The filter of a query, or what is wrong with it. */
export const filterOf = (query: string): LiveFilter | { pointer: string; detail: string } => {
  const parameters = new URLSearchParams(query);
  const types = (parameters.get('types') ?? '').split(',').filter((type) => type !== '');
  const unknown = types.find((type) => !(liveTypes as readonly string[]).includes(type));
  if (unknown !== undefined) return { pointer: '/types', detail: `takes ${liveTypes.join(', ')} with commas between` };
  const filter: Record<string, unknown> = { types: new Set(types.length === 0 ? liveTypes : types) };
  for (const name of ['environment', 'flag', 'experiment', 'metric', 'unit']) {
    const value = parameters.get(name);
    if (value !== null && value.length > MAX_TEXT) return { pointer: `/${name}`, detail: `has ${MAX_TEXT} characters at most` };
    if (value !== null && value !== '') filter[name] = value;
  }
  return filter as unknown as LiveFilter;
};
