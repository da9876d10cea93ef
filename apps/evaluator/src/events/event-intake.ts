import { Conversion, type CountsReport, Exposure, type Fault, UUID_PATTERN, checkJson, faultsOf, topics } from '@pataka/contracts';
import { cloudEventJson, partitionFor } from '@pataka/event-sourcing';
import { parseInstant } from '@pataka/evaluation';
import type { BufferedEvent } from './event-buffer';
import { takeCounts } from './sdk-counts';

/** Who sends, and what is allowed beyond the shape; returns why an event is refused, or null. */
export interface IntakeContext {
  environment: string;
  receivedAt: string;
  nowMs: number;
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
const PAYLOAD = { maxDepth: 8, maxString: 4_096 };

const refused = (pointer: string, detail: string): Taken => ({ faults: [{ pointer, detail }] });

const instantFault = (occurredAt: string, nowMs: number): string | null => {
  const at = parseInstant(occurredAt);
  if (at === undefined) return 'is no instant that exists';
  if (at > nowMs + AHEAD_MS) return 'is more than 5 minutes ahead of this server';
  return at < EARLIEST_MS ? 'is before the year 2000' : null;
};

type Body = { id?: unknown; type?: unknown; occurredAt?: unknown; minute?: unknown; environment?: unknown; attributes?: unknown; properties?: unknown };

const commonFaults = (data: Body, context: IntakeContext): Fault[] => {
  const faults: Fault[] = [];
  for (const name of ['occurredAt', 'minute'] as const) {
    const instant = data[name];
    const fault = typeof instant === 'string' ? instantFault(instant, context.nowMs) : null;
    if (fault !== null) faults.push({ pointer: `/${name}`, detail: fault });
  }
  if (data.environment !== undefined && data.environment !== context.environment) {
    faults.push({ pointer: '/environment', detail: `this key belongs to ${context.environment}` });
  }
  return faults.concat(checkJson(data, PAYLOAD));
};

const finish = (kind: 'exposure' | 'conversion', id: string, data: Exposure | Conversion, context: IntakeContext): Taken => {
  const topic = kind === 'exposure' ? topics.exposures : topics.conversions;
  const unit = data.unit ?? data.targetingKey;
  // What we know better is put behind the rest as text: a copy of the object would cost as much as writing it out.
  const environment = data.environment === undefined ? `,"environment":${JSON.stringify(context.environment)}` : '';
  const whole = `${JSON.stringify(data).slice(0, -1)}${environment},"receivedAt":"${context.receivedAt}"}`;
  const json = cloudEventJson({ id, type: kind === 'exposure' ? 'pataka.exposure.v1' : 'pataka.conversion.v1', source: SOURCE, subject: unit, time: data.occurredAt, data: whole });
  return { events: [{ topic: topic.name, partition: partitionFor(unit, topic.partitions), json }] };
};

const takeExposure = (id: string, data: Exposure, context: IntakeContext): Taken => {
  const faults = faultsOf(Exposure, data).concat(commonFaults(data, context));
  if (faults.length > 0) return { faults };
  const reason = context.refuseExposure?.(data) ?? null;
  return reason === null ? finish('exposure', id, data, context) : refused('', reason);
};

const takeConversion = (id: string, data: Conversion, context: IntakeContext): Taken => {
  const faults = faultsOf(Conversion, data).concat(commonFaults(data, context));
  if (faults.length > 0) return { faults };
  const reason = context.refuseConversion?.(data) ?? null;
  return reason === null ? finish('conversion', id, data, context) : refused('', reason);
};

/** Checks one event of a `/v1/events` body and makes it ready for the log. Pure. */
export const takeEvent = (raw: unknown, context: IntakeContext): Taken => {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return refused('', 'is not an object');
  const { id, type, ...data } = raw as Body;
  if (typeof id !== 'string' || !UUID_PATTERN.test(id)) return refused('/id', 'must be a UUID');
  if ('receivedAt' in data) return refused('/receivedAt', 'is set on arrival');
  if (type === 'exposure') return takeExposure(id.toLowerCase(), data as unknown as Exposure, context);
  if (type === 'conversion') return takeConversion(id.toLowerCase(), data as unknown as Conversion, context);
  if (type === 'counts') return takeCounts(id.toLowerCase(), data as unknown as CountsReport, context, commonFaults(data, context));
  return refused('/type', 'must be "exposure", "conversion" or "counts"');
};

