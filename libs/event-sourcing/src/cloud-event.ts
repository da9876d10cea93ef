import type { JsonObject } from '@pataka/contracts';
import type { NewRecord } from './event-log';

/** Content types of a record's value. */
export const contentTypes = {
  json: 'application/json',
  structured: 'application/cloudevents+json',
  batch: 'application/cloudevents-batch+json',
} as const;

/** An event about to be published as a record of its own (binary mode). */
export interface OutgoingEvent {
  /** UUIDv7; a retry repeats it. */
  id: string;
  /** With prefix and version: `pataka.flag.created.v1`. */
  type: string;
  /** `/pataka/<service>`. */
  source: string;
  subject?: string;
  /** RFC 3339, UTC. */
  time: string;
  data: object;
  topic: string;
  key: string | null;
  partition?: number;
  /** Global position of a flag-admin event. */
  position?: number;
  correlationId?: string;
  causationId?: string;
  /** W3C trace context. */
  traceparent?: string;
}

const optionalHeaders = (event: OutgoingEvent): Record<string, string> => {
  const values: Record<string, string | undefined> = {
    ce_subject: event.subject,
    ce_position: event.position === undefined ? undefined : String(event.position),
    ce_correlationid: event.correlationId,
    ce_causationid: event.causationId,
    traceparent: event.traceparent,
  };
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) if (value !== undefined) headers[name] = value;
  return headers;
};

/** A record of one event: CloudEvents 1.0 in binary mode, attributes as headers, the data as JSON in the value. */
export const encodeEvent = (event: OutgoingEvent): NewRecord => ({
  topic: event.topic,
  key: event.key,
  ...(event.partition === undefined ? {} : { partition: event.partition }),
  headers: {
    'content-type': contentTypes.json,
    ce_specversion: '1.0', ce_id: event.id, ce_type: event.type, ce_source: event.source, ce_time: event.time,
    ...optionalHeaders(event),
  },
  value: JSON.stringify(event.data),
});

/** What a CloudEvent in a batch carries. `data` may be JSON text already, to be put in as it is. */
export interface BatchedEvent { id: string; type: string; source: string; time: string; subject?: string; data: object | string }

// Ids, types and instants are plain nearly always: a test is several times cheaper than a call of JSON.stringify.
const text = (value: string): string => (/^[\w .:/+-]*$/.test(value) ? `"${value}"` : JSON.stringify(value));

/** One event in CloudEvents' JSON format, for `encodeEventBatch`. */
export const cloudEventJson = ({ id, type, source, time, subject, data }: BatchedEvent): string => {
  const about = subject === undefined ? '' : `,"subject":${text(subject)}`;
  const body = typeof data === 'string' ? data : JSON.stringify(data);
  return `{"specversion":"1.0","id":${text(id)},"type":${text(type)},"source":${text(source)},"time":${text(time)}${about},"data":${body}}`;
};

/** Size at which a batch is split. */
export const MAX_BATCH_BYTES = 512 * 1024;

// Of UTF-8, for a unit of UTF-16.
const MOST_BYTES = 3;

const groupsOf = (events: readonly string[]): (readonly string[])[] => {
  const units = events.reduce((sum, event) => sum + event.length + 1, 1);
  if (units * MOST_BYTES <= MAX_BATCH_BYTES) return events.length === 0 ? [] : [events];
  const groups: string[][] = [];
  let room = 0;
  for (const event of events) {
    const size = Buffer.byteLength(event) + 1;
    if (groups.length === 0 || size > room) {
      groups.push([]);
      room = MAX_BATCH_BYTES - 1;
    }
    groups.at(-1)!.push(event);
    room -= size;
  }
  return groups;
};

/**
 * Records that each hold an array of events: our own batch mode (CloudEvents has none for Kafka). All events are of one partition, in
 * order; a record has at most 512 KB, unless a single event is larger.
 */
export const encodeEventBatch = ({ topic, partition, events }: { topic: string; partition: number; events: readonly string[] }): NewRecord[] => {
  const recordOf = (some: readonly string[]): NewRecord => ({ topic, partition, key: null, headers: { 'content-type': contentTypes.batch }, value: `[${some.join(',')}]` });
  return groupsOf(events).map(recordOf);
};

/** true for a JSON object, and no array. */
export const isJsonObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);
