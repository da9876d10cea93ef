import { randomUUID } from 'node:crypto';
import { cloudEventJson, encodeEventBatch, type NewRecord, partitionFor } from '@pataka/event-sourcing';
import { topics } from '@pataka/contracts';

export const PER_REQUEST = 100;
export const EVENT_BYTES = 242;

/** An event as `/v1/events` takes it. */
export type BenchEvent = Record<string, unknown> & { id: string; type: 'exposure' | 'conversion'; targetingKey: string; occurredAt: string };
/** How many events, of which experiment; of each subject's events the first is its exposure and the others are conversions. */
export interface Traffic { events: number; perSubject: number; experimentId: string; prefix: string }

const regions = ['mumbai', 'pune', 'delhi', 'jaipur', 'chennai'];
const START_MS = Date.now() - 6 * 3_600_000;

/** Makes the JSON of an event as long as events are on average, by a note among its attributes. */
const padded = (event: BenchEvent, bag: 'attributes' | 'properties'): BenchEvent => {
  const whole = { ...event, [bag]: { ...(event[bag] as object), note: '' } };
  const missing = EVENT_BYTES - JSON.stringify(whole).length;
  return missing > 0 ? { ...event, [bag]: { ...(event[bag] as object), note: 'x'.repeat(missing) } } : event;
};

const eventOf = (index: number, { events, perSubject, experimentId, prefix }: Traffic): BenchEvent => {
  const subjects = Math.ceil(events / perSubject);
  const [subject, turn] = [index % subjects, Math.floor(index / subjects)];
  const common = { id: randomUUID(), targetingKey: `${prefix}-${subject}`, occurredAt: new Date(START_MS + Math.floor(index / 10)).toISOString() };
  if (turn === 0) {
    return padded({ ...common, type: 'exposure', experimentId, variant: subject % 2 === 0 ? 'control' : 'ai', attributes: { region: regions[subject % regions.length] } }, 'attributes');
  }
  return padded({ ...common, type: 'conversion', metric: 'trip_km', value: 1 + (index % 400), properties: { region: regions[subject % regions.length] } }, 'properties');
};

/** Events as fleets send them: every subject's exposure first, then conversions in turn. */
export const eventsOf = (traffic: Traffic): BenchEvent[] => Array.from({ length: traffic.events }, (_, index) => eventOf(index, traffic));

/** Bodies for `/v1/events`, each of `PER_REQUEST` events. */
export const bodiesOf = (events: readonly BenchEvent[]): string[] => {
  const bodies: string[] = [];
  for (let start = 0; start < events.length; start += PER_REQUEST) bodies.push(JSON.stringify({ events: events.slice(start, start + PER_REQUEST) }));
  return bodies;
};

/** The same events as records of the log: one per request and partition, as the evaluator writes them. */
export const recordsOf = (events: readonly BenchEvent[]): NewRecord[] => {
  const records: NewRecord[] = [];
  for (let start = 0; start < events.length; start += PER_REQUEST) {
    const groups = new Map<string, { topic: string; partition: number; events: string[] }>();
    for (const { id, type, ...data } of events.slice(start, start + PER_REQUEST)) {
      const topic = type === 'exposure' ? topics.exposures : topics.conversions;
      const partition = partitionFor(data.targetingKey, topic.partitions);
      const text = cloudEventJson({
        id, type: `pataka.${type}.v1`, source: '/pataka/evaluator', subject: data.targetingKey, time: data.occurredAt, data: { ...data, environment: 'production', receivedAt: data.occurredAt },
      });
      const group = groups.get(`${topic.name} ${partition}`);
      if (group === undefined) groups.set(`${topic.name} ${partition}`, { topic: topic.name, partition, events: [text] });
      else group.events.push(text);
    }
    for (const group of groups.values()) records.push(...encodeEventBatch(group));
  }
  return records;
};
