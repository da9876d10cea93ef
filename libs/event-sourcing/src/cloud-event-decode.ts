import { isUtf8 } from 'node:buffer';
import { INSTANT_PATTERN, type JsonValue, plainInstant } from '@pataka/contracts';
import { contentTypes, isJsonObject } from './cloud-event';
import type { EventBatch, ReceivedEvent, Refused } from './event-batch';
import type { LogRecord, RecordBatch } from './event-log';
import { inStretches } from './stretches';

/** Largest value that is decoded. */
export const MAX_EVENT_BYTES = 4 * 1024 * 1024;
const MAX_ATTRIBUTE = 1_024;

/** Why a record or an event can't be taken; never leaves this file. */
class Malformed extends Error {}

/** By the names of CloudEvents' JSON format: an envelope is one as it is. */
type Attributes = Partial<Record<'id' | 'type' | 'source' | 'specversion' | 'subject' | 'time' | 'position', JsonValue | undefined>>;

const required = (name: string, value: JsonValue | undefined): string => {
  if (value === undefined || value === null || value === '') throw new Malformed(`the attribute ${name} is missing`);
  if (typeof value !== 'string' || value.length > MAX_ATTRIBUTE) throw new Malformed(`the attribute ${name} is not a string of at most ${MAX_ATTRIBUTE} characters`);
  return value;
};

const optional = (name: string, value: JsonValue | undefined): string | null =>
  value === undefined || value === null ? null : required(name, value);

const timeOf = (value: JsonValue | undefined): string | null => {
  const time = optional('time', value);
  if (time === null || plainInstant(time) >= 0) return time;
  if (!INSTANT_PATTERN.test(time) || Number.isNaN(Date.parse(time))) throw new Malformed('the attribute time is not an instant of RFC 3339');
  return time;
};

const positionOf = (value: JsonValue | undefined): number | null => {
  if (value === undefined || value === null) return null;
  const position = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
  if (!Number.isSafeInteger(position) || (position as number) < 0) throw new Malformed('the attribute position is not a whole number');
  return position as number;
};

const versions = new Map<string, number>();

/** From the `.vN` at the end of a type; without one it is 1. Types are few, so that the answer is kept. */
const schemaVersionOf = (type: string): number => {
  const known = versions.get(type);
  if (known !== undefined) return known;
  const version = Number(/\.v([1-9]\d{0,5})$/.exec(type)?.[1] ?? 1);
  if (versions.size < 1_000) versions.set(type, version);
  return version;
};

const received = (attributes: Attributes, data: JsonValue, record: LogRecord, index: number): ReceivedEvent => {
  if (required('specversion', attributes.specversion) !== '1.0') throw new Malformed('the attribute specversion is not 1.0');
  const type = required('type', attributes.type);
  return {
    id: required('id', attributes.id), type, source: required('source', attributes.source),
    subject: optional('subject', attributes.subject), time: timeOf(attributes.time), data,
    position: positionOf(attributes.position), schemaVersion: schemaVersionOf(type), index, record,
  };
};

const fromHeaders = (headers: Record<string, string>): Attributes => ({
  id: headers.ce_id, type: headers.ce_type, source: headers.ce_source, specversion: headers.ce_specversion,
  subject: headers.ce_subject, time: headers.ce_time, position: headers.ce_position,
});

const jsonType = /^application\/([a-z0-9.+-]+\+)?json$/;

const isJsonType = (type: JsonValue | undefined): boolean => typeof type === 'string' && jsonType.test(mediaTypeOf(type));

/** The media type without parameters. A character set other than UTF-8 is refused here. */
const mediaTypeOf = (contentType: string): string => {
  const [type = '', ...parameters] = contentType.toLowerCase().split(';').map((part) => part.trim());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice(8).replaceAll('"', '');
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') throw new Malformed(`the character set ${charset.slice(0, 40)} is not taken`);
  return type;
};

const fromEnvelope = (envelope: JsonValue | undefined, record: LogRecord, index: number): ReceivedEvent => {
  if (!isJsonObject(envelope)) throw new Malformed('the event is not a JSON object');
  const { datacontenttype } = envelope;
  if ('data_base64' in envelope) throw new Malformed('binary data is not taken');
  if (datacontenttype !== undefined && datacontenttype !== contentTypes.json && !isJsonType(datacontenttype)) throw new Malformed('the data is not JSON');
  return received(envelope, envelope.data ?? null, record, index);
};

const jsonOf = (value: Buffer | null): JsonValue => {
  if (value === null) throw new Malformed('the record has no value (a tombstone)');
  if (value.length > MAX_EVENT_BYTES) throw new Malformed(`the value has ${value.length} bytes; at most ${MAX_EVENT_BYTES} are taken`);
  if (!isUtf8(value)) throw new Malformed('the value is not UTF-8');
  try {
    return JSON.parse(value.toString('utf8')) as JsonValue;
  } catch {
    throw new Malformed('the value is not JSON');
  }
};

const contentTypeOf = (headers: Record<string, string>): string => {
  const exact = headers['content-type'];
  if (exact !== undefined) return exact;
  // Foreign producers may write it as HTTP does.
  const name = Object.keys(headers).find((header) => header.toLowerCase() === 'content-type');
  return (name === undefined ? undefined : headers[name]) ?? contentTypes.json;
};

interface Sink { events: ReceivedEvent[]; refused: Refused[] }

const taking = (sink: Sink, record: LogRecord, index: number, take: () => void): void => {
  try {
    take();
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    sink.refused.push({ record, index, reason: error.message });
  }
};

const decodeRecord = (record: LogRecord, sink: Sink): void => {
  const type = mediaTypeOf(contentTypeOf(record.headers));
  if (type === contentTypes.batch) {
    const events = jsonOf(record.value);
    if (!Array.isArray(events)) throw new Malformed('the batch is not a JSON array');
    return events.forEach((event, index) => taking(sink, record, index, () => sink.events.push(fromEnvelope(event, record, index))));
  }
  if (type === contentTypes.structured) return void sink.events.push(fromEnvelope(jsonOf(record.value), record, 0));
  if (type.startsWith('application/cloudevents') || !jsonType.test(type)) throw new Malformed(`the content type ${type.slice(0, 80)} is not taken`);
  sink.events.push(received(fromHeaders(record.headers), jsonOf(record.value), record, 0));
};

const decoded = ({ topic, partition, records, nextOffset, highWatermark }: RecordBatch, sink: Sink): EventBatch =>
  ({ topic, partition, records, nextOffset, highWatermark, firstOffset: records[0]?.offset ?? nextOffset, ...sink });

/** The events of some records: binary, structured and batch records alike. What can't be taken is refused with its reason; nothing throws. */
export const decodeBatch = (batch: RecordBatch): EventBatch => {
  const sink: Sink = { events: [], refused: [] };
  for (const record of batch.records) taking(sink, record, 0, () => decodeRecord(record, sink));
  return decoded(batch, sink);
};

/** The same, for a thread that has more to do: a full batch takes tens of milliseconds. */
export const decodeInStretches = async (batch: RecordBatch): Promise<EventBatch> => {
  const sink: Sink = { events: [], refused: [] };
  await inStretches(batch.records, (record) => taking(sink, record, 0, () => decodeRecord(record, sink)));
  return decoded(batch, sink);
};
