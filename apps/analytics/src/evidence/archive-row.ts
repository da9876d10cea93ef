import { hash } from 'node:crypto';
import { checkJson, Conversion, Exposure, faultsOf, UUID_PATTERN, type JsonObject, type JsonValue } from '@pataka/contracts';
import type { ReceivedEvent } from '@pataka/event-sourcing';
import type { ConversionFact, ExposureFact } from './evidence.fold';
import { unitsOf } from './fixed-point';
import { parseInstant } from './instant';

/** What is archived beside the facts: the hash that decides between copies, and the members that no column holds. */
interface Archived { hash: string; environment: string | null; payload: string | null }
export type ExposureRow = ExposureFact & Archived;
export type ConversionRow = ConversionFact & Archived & { targetKey: string; unit: string | null };

const MAX_DEPTH = 16;
const MAX_PHASE = 1_000_000;

const uuidOf = (digest: string): string => `${digest.slice(0, 8)}-${digest.slice(8, 12)}-${digest.slice(12, 16)}-${digest.slice(16, 20)}-${digest.slice(20, 32)}`;

/** A UUID as it is, any other id as the UUID made of its MD5. */
export const archiveId = (id: string): string => (UUID_PATTERN.test(id) ? id.toLowerCase() : uuidOf(hash('md5', id)));

// `receivedAt` is ours, set anew at every delivery: a retry would not be the same event with it. Blanked in place, since a copy of every
// event would cost more than all the rest of this file; JSON leaves out what is undefined.
const own = (data: JsonValue): JsonValue => {
  if (typeof data === 'object' && data !== null && 'receivedAt' in data) (data as Record<string, unknown>)['receivedAt'] = undefined;
  return data;
};

const nestedFault = (value: JsonValue | undefined): string | null => {
  if (value === undefined) return null;
  const fault = checkJson(value, { maxDepth: MAX_DEPTH })[0];
  return fault === undefined ? null : `${fault.pointer} ${fault.detail}`;
};

// NUL and lone surrogates are the only characters that JSON.stringify has to escape as \u and PostgreSQL cannot hold.
const unstorable = (text: string, data: JsonObject): string | null => {
  if (!text.includes('\\u')) return null;
  const fault = checkJson(data, { maxDepth: MAX_DEPTH + 1 })[0];
  return fault === undefined ? null : `${fault.pointer} ${fault.detail}`;
};

const rest = (data: JsonObject, held: ReadonlySet<string>): string | null => {
  let others: JsonObject | null = null;
  for (const name of Object.keys(data)) if (!held.has(name) && data[name] !== undefined) (others ??= {})[name] = data[name]!;
  return others === null ? null : JSON.stringify(others);
};

interface Common { id: string; at: number; hash: string; data: JsonObject }

const common = (event: ReceivedEvent, type: string, shape: typeof Exposure | typeof Conversion, nested: string): Common | string => {
  if (event.type !== type) return `type ${event.type} is not taken on ${event.record.topic}`;
  const received = own(event.data);
  const fault = faultsOf<object>(shape, received)[0];
  if (fault !== undefined) return `${fault.pointer} ${fault.detail}`.trim();
  const data = received as JsonObject;
  const at = parseInstant(data['occurredAt'] as string);
  if (at === null) return '/occurredAt is no instant between 1970 and 2252';
  const deep = nestedFault(data[nested]);
  if (deep !== null) return `/${nested}${deep}`;
  const text = JSON.stringify(data);
  return unstorable(text, data) ?? { id: archiveId(event.id), at, hash: uuidOf(hash('sha256', text)), data };
};

const exposureColumns = new Set(['targetingKey', 'unit', 'experimentId', 'variant', 'phase', 'environment', 'occurredAt']);
const conversionColumns = new Set(['targetingKey', 'unit', 'metric', 'value', 'experimentId', 'environment', 'occurredAt']);

/** The row of an exposure event, or why it cannot be taken. */
export const exposureRow = (event: ReceivedEvent): ExposureRow | string => {
  const found = common(event, 'pataka.exposure.v1', Exposure, 'attributes');
  if (typeof found === 'string') return found;
  const data = found.data as unknown as Exposure;
  if ((data.phase ?? 1) > MAX_PHASE) return `/phase must be at most ${MAX_PHASE}`;
  return {
    id: found.id, at: found.at, hash: found.hash, targetKey: data.targetingKey, unit: data.unit ?? data.targetingKey, experiment: data.experimentId,
    variant: data.variant, phase: data.phase ?? null, environment: data.environment ?? null, payload: rest(found.data, exposureColumns),
  };
};

/** The row of a conversion event, or why it cannot be taken. */
export const conversionRow = (event: ReceivedEvent): ConversionRow | string => {
  const found = common(event, 'pataka.conversion.v1', Conversion, 'properties');
  if (typeof found === 'string') return found;
  const data = found.data as unknown as Conversion;
  return {
    id: found.id, at: found.at, hash: found.hash, key: data.unit ?? data.targetingKey, targetKey: data.targetingKey, unit: data.unit ?? null, metric: data.metric,
    value: unitsOf(data.value ?? 1), experiment: data.experimentId ?? null, environment: data.environment ?? null, payload: rest(found.data, conversionColumns),
  };
};

/** Which of two copies of one event stays, whatever came first. */
export const staysBefore = (a: { at: number; hash: string }, b: { at: number; hash: string }): boolean => a.at < b.at || (a.at === b.at && a.hash < b.hash);
