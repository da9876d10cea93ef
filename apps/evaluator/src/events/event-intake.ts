import { checkJson, type Conversion, ConversionEvent, type CountsReportEvent, type Exposure, ExposureEvent, type Fault, faultsOf, type TopicDefinition, topics, UUID_PATTERN } from '@pataka/contracts';
import { cloudEventJson, partitionFor } from '@pataka/event-sourcing';
import { parseInstant } from '@pataka/evaluation';
import type { BufferedEvent } from './event-buffer';
import { takeCounts } from './sdk-counts';

/** Who sends, and what is allowed beyond the shape; returns why an event is refused, or null. */
export interface IntakeContext {
  environment: string;
  receivedAt: string;
  nowMs: number;
  /** Nothing in the body was escaped by its code point; see `checkJson`. */
  withoutEscapes: boolean;
  /** Whether there is such a flag for this key. */
  sees: (flagKey: string) => boolean;
  /** Rules of a client key; absent for server keys. */
  refuseExposure?: (exposure: Exposure) => string | null;
  refuseConversion?: (conversion: Conversion) => string | null;
}

/** What became of one event: taken, or refused with every fault. */
export type Taken = { events: readonly BufferedEvent[] } | { faults: Fault[] };

const AHEAD_MS = 5 * 60 * 1000;
const EARLIEST_MS = Date.UTC(2000, 0, 1);
const SOURCE = '/pataka/evaluator';
const [MAX_DEPTH, MAX_STRING] = [8, 4_096];

const refused = (pointer: string, detail: string): Taken => ({ faults: [{ pointer, detail }] });

const instantFault = (occurredAt: string, nowMs: number): string | null => {
  const at = parseInstant(occurredAt);
  if (at === undefined) return 'is no instant that exists';
  if (at > nowMs + AHEAD_MS) return 'is more than 5 minutes ahead of this server';
  return at < EARLIEST_MS ? 'is before the year 2000' : null;
};

type Body = { id?: unknown; type?: unknown; occurredAt?: unknown; minute?: unknown; environment?: unknown; receivedAt?: unknown };

const commonFaults = (data: Body, instant: 'occurredAt' | 'minute', { environment, nowMs, withoutEscapes }: IntakeContext): Fault[] => {
  const faults = checkJson(data, { maxDepth: MAX_DEPTH, maxString: MAX_STRING, withoutEscapes });
  const fault = typeof data[instant] === 'string' ? instantFault(data[instant], nowMs) : null;
  if (fault !== null) faults.unshift({ pointer: `/${instant}`, detail: fault });
  if (data.environment !== undefined && data.environment !== environment) faults.push({ pointer: '/environment', detail: `this key belongs to ${environment}` });
  return faults;
};

const finish = (type: string, { name: topic, partitions }: TopicDefinition, event: ExposureEvent | ConversionEvent, context: IntakeContext): Taken => {
  const id = event.id.toLowerCase();
  // Neither is part of the data. What is undefined is not written out, and costs a tenth of a copy of the rest.
  const data: { id: string | undefined; type: string | undefined } = event;
  [data.id, data.type] = [undefined, undefined];
  const unit = event.unit ?? event.targetingKey;
  // What we know better is put behind the rest as text: a copy of the object would cost as much as writing it out.
  const environment = event.environment === undefined ? `,"environment":${JSON.stringify(context.environment)}` : '';
  const whole = `${JSON.stringify(data).slice(0, -1)}${environment},"receivedAt":"${context.receivedAt}"}`;
  const json = cloudEventJson({ id, type, source: SOURCE, subject: unit, time: event.occurredAt, data: whole });
  return { events: [{ topic, partition: partitionFor(unit, partitions), json }] };
};

const takeExposure = (event: ExposureEvent, context: IntakeContext): Taken => {
  const faults = [...faultsOf(ExposureEvent, event), ...commonFaults(event, 'occurredAt', context)];
  if (faults.length > 0) return { faults };
  const reason = context.refuseExposure?.(event) ?? null;
  return reason === null ? finish('pataka.exposure.v1', topics.exposures, event, context) : refused('', reason);
};

const takeConversion = (event: ConversionEvent, context: IntakeContext): Taken => {
  const faults = [...faultsOf(ConversionEvent, event), ...commonFaults(event, 'occurredAt', context)];
  if (faults.length > 0) return { faults };
  const reason = context.refuseConversion?.(event) ?? null;
  return reason === null ? finish('pataka.conversion.v1', topics.conversions, event, context) : refused('', reason);
};

/** Checks one event of a `/v1/events` body and makes it ready for the log. The event is used up by that. */
export const takeEvent = (raw: unknown, context: IntakeContext): Taken => {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return refused('', 'is not an object');
  const event = raw as Body;
  if (typeof event.id !== 'string' || !UUID_PATTERN.test(event.id)) return refused('/id', 'must be a UUID');
  if (event.receivedAt !== undefined) return refused('/receivedAt', 'is set on arrival');
  if (event.type === 'exposure') return takeExposure(event as ExposureEvent, context);
  if (event.type === 'conversion') return takeConversion(event as ConversionEvent, context);
  if (event.type === 'counts') return takeCounts(event as CountsReportEvent, context, commonFaults(event, 'minute', context));
  return refused('/type', 'must be "exposure", "conversion" or "counts"');
};
