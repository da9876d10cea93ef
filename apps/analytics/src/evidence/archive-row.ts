import { hash } from 'node:crypto';
import { checkJson, Conversion, Exposure, faultsOf, UUID_PATTERN, type JsonObject, type JsonValue } from '@pataka/contracts';
import type { ReceivedEvent } from '@pataka/event-sourcing';
import type { ConversionFact, ExposureFact } from './evidence.fold';
import { unitsOf } from './fixed-point';
import { parseInstant } from './instant';
import { copyText } from './sql-arrays';

/**
 * What is archived beside the facts: every column but id, instant and hash as COPY takes them, with the members that no column holds as their last;
 * and the hash of these, which decides between copies. Copies of one instant and hash are archived alike.
 */
interface Archived { hash: string; environment: string | null; cells: string }
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

const hashOf = (cells: string): string => uuidOf(hash('sha256', cells));

const nestedFault = (value: JsonValue | undefined): string | null => {
  if (value === undefined) return null;
  const fault = checkJson(value, { maxDepth: MAX_DEPTH })[0];
  return fault === undefined ? null : `${fault.pointer} ${fault.detail}`;
};

// NUL and lone surrogates are what PostgreSQL cannot hold; in JSON.stringify's text they are escaped as \u.
const unstorable = (cells: string, payload: string | null, data: JsonObject): string | null => {
  if (cells.isWellFormed() && !cells.includes('\0') && payload?.includes('\\u') !== true) return null;
  const fault = checkJson(data, { maxDepth: MAX_DEPTH + 1 })[0];
  return fault === undefined ? null : `${fault.pointer} ${fault.detail}`;
};

const rest = (data: JsonObject, held: ReadonlySet<string>): string | null => {
  let others: JsonObject | null = null;
  for (const name of Object.keys(data)) if (!held.has(name) && data[name] !== undefined) (others ??= {})[name] = data[name]!;
  return others === null ? null : JSON.stringify(others);
};

interface Common { id: string; at: number; data: JsonObject }

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
  return { id: archiveId(event.id), at, data };
};

const exposureColumns = new Set(['targetingKey', 'unit', 'experimentId', 'variant', 'phase', 'environment', 'occurredAt']);
const conversionColumns = new Set(['targetingKey', 'unit', 'metric', 'value', 'experimentId', 'environment', 'occurredAt']);

/** The row of an exposure event, or why it cannot be taken. */
export const exposureRow = (event: ReceivedEvent): ExposureRow | string => {
  const found = common(event, 'pataka.exposure.v1', Exposure, 'attributes');
  if (typeof found === 'string') return found;
  const data = found.data as unknown as Exposure;
  if ((data.phase ?? 1) > MAX_PHASE) return `/phase must be at most ${MAX_PHASE}`;
  const { targetingKey: targetKey, experimentId: experiment, variant } = data;
  const [unit, phase, environment] = [data.unit ?? targetKey, data.phase ?? null, data.environment ?? null];
  const payload = rest(found.data, exposureColumns);
  const cells = `${copyText(targetKey)}\t${copyText(unit)}\t${copyText(experiment)}\t${copyText(variant)}\t${phase ?? '\\N'}\t${copyText(environment)}\t${copyText(payload)}`;
  return unstorable(cells, payload, found.data)
    ?? { id: found.id, at: found.at, hash: hashOf(cells), targetKey, unit, experiment, variant, phase, environment, attributes: data.attributes, cells };
};

/** The row of a conversion event, or why it cannot be taken. */
export const conversionRow = (event: ReceivedEvent): ConversionRow | string => {
  const found = common(event, 'pataka.conversion.v1', Conversion, 'properties');
  if (typeof found === 'string') return found;
  const data = found.data as unknown as Conversion;
  const { targetingKey: targetKey, metric } = data;
  const [unit, experiment, environment] = [data.unit ?? null, data.experimentId ?? null, data.environment ?? null];
  const [key, value] = [unit ?? targetKey, unitsOf(data.value ?? 1)];
  const payload = rest(found.data, conversionColumns);
  const cells = `${copyText(key)}\t${copyText(targetKey)}\t${copyText(unit)}\t${copyText(metric)}\t${value}\t${copyText(experiment)}\t${copyText(environment)}\t${copyText(payload)}`;
  return unstorable(cells, payload, found.data)
    ?? { id: found.id, at: found.at, hash: hashOf(cells), key, targetKey, unit, metric, value, experiment, environment, cells };
};

/** Which of two copies of one event stays, whatever came first. */
export const staysBefore = (a: { at: number; hash: string }, b: { at: number; hash: string }): boolean => a.at < b.at || (a.at === b.at && a.hash < b.hash);
