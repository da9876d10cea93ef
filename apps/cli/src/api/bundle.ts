import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import type { JsonObject, JsonValue } from '@pataka/contracts';
import { camelCased } from './camel-case';

/** In the order in which they can be made: what others refer to first. */
export const kinds = ['regions', 'calendars', 'segments', 'metrics', 'flags', 'holdouts', 'experiments'] as const;
export type Kind = (typeof kinds)[number];
/** Documents by kind, as files hold them. */
export type Bundle = Partial<Record<Kind, JsonObject[]>>;

const readOnly: Readonly<Record<'all' | Kind, readonly string[]>> = {
  all: ['version', 'createdBy', 'createdAt', 'updatedAt'],
  regions: [], calendars: [], metrics: [],
  segments: ['includedList', 'excludedList'],
  flags: ['evaluationCount', 'lastEvaluated', 'experimentId'],
  holdouts: ['status', 'endedAt', 'from', 'until'],
  experiments: [
    'id', 'status', 'rollout', 'results', 'linked', 'refusal', 'phase', 'phases', 'outcome', 'winnerVariantId', 'startedAt', 'completedAt', 'clonedFrom', 'watchedMetrics', 'traffic', 'estimate',
  ],
};

const isObject = (value: JsonValue | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A place in a layer as it is asked for: which buckets it came to is the service's. */
const layerOf = (layer: JsonValue): JsonValue => (isObject(layer) ? Object.fromEntries(Object.entries(layer).filter(([name]) => name === 'key' || name === 'share')) : layer);

/** What of a document somebody writes: without what the services add. Cells are generated from factors, and come back with them. */
export const writable = (kind: Kind, document: JsonObject): JsonObject => {
  const dropped = new Set([...readOnly.all, ...readOnly[kind], ...(kind === 'experiments' && document['factors'] !== undefined ? ['variants'] : [])]);
  return Object.fromEntries(Object.entries(document).filter(([name]) => !dropped.has(name)).map(([name, member]) => [name, kind === 'experiments' && name === 'layer' ? layerOf(member) : member]));
};

/** What a file describes, one bundle a YAML document; camelCase and snake_case alike. */
export const bundlesOf = (file: string): Bundle[] =>
  parseAllDocuments(readFileSync(file, 'utf8')).map((document) => {
    if (document.errors.length > 0) throw new Error(`${file}: ${document.errors[0]!.message}`);
    const bundle = camelCased(document.toJS() as JsonObject);
    const unknown = isObject(bundle) ? Object.keys(bundle).filter((name) => !kinds.some((kind) => kind === name)) : [];
    if (!isObject(bundle) || unknown.length > 0) throw new Error(`${file}: holds ${unknown.length > 0 ? unknown.join(', ') : 'no documents'}; there are ${kinds.join(', ')}`);
    return bundle as Bundle;
  });

const own = (value: JsonObject, name: string): JsonValue | undefined => (Object.hasOwn(value, name) ? value[name] : undefined);
const isInstant = (text: string): boolean => /^\d{4}-\d\d-\d\dT/.test(text);
const sameText = (one: JsonValue, other: JsonValue | undefined): boolean =>
  typeof one === 'string' && typeof other === 'string' && isInstant(one) && isInstant(other) && Date.parse(one) === Date.parse(other);

/**
 * JSON pointers at which a document that is there says something else than a file does. What the file leaves out may be anything: the
 * services fill in defaults.
 */
export const differencesOf = (wanted: JsonValue, present: JsonValue | undefined, pointer = ''): string[] => {
  if (Array.isArray(wanted) && Array.isArray(present) && wanted.length === present.length) return wanted.flatMap((item, index) => differencesOf(item, present[index], `${pointer}/${index}`));
  if (isObject(wanted) && isObject(present)) return Object.entries(wanted).flatMap(([name, member]) => differencesOf(member, own(present, name), `${pointer}/${name}`));
  return wanted === present || sameText(wanted, present) ? [] : [pointer];
};
