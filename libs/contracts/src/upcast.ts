import type { FlagChange } from './flag-events';
import type { JsonObject, JsonValue } from './json';

/** Turns the data of one schema version into the next. Pure and total: old events stay readable for ever. */
export type Upcaster = (data: JsonObject) => JsonObject;

const isObject = (value: JsonValue | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * A flag as `flag.created` v1 carried it: one list of rules for every environment named in a list, after the original specification.
 * v2 gives each environment a switch and rules of its own.
 */
export interface FlagCreatedV1 { flag: JsonObject & { environments: string[]; rules: JsonObject[] } }

const flagOfV1 = (flag: JsonObject): JsonObject => {
  const { rules, environments, ...rest } = flag;
  if (!Array.isArray(environments)) return flag;
  const settings: JsonObject = { enabled: true, rules: Array.isArray(rules) ? rules : [] };
  return { ...rest, environments: Object.fromEntries(environments.map((name) => [String(name), settings])) };
};

const flagCreatedV1: Upcaster = (data) => (isObject(data['flag']) ? { ...data, flag: flagOfV1(data['flag']) } : data);

// upcasters[type][n - 1] turns version n into n + 1
const upcasters: Record<string, readonly Upcaster[]> = { 'flag.created': [flagCreatedV1] };

/** Newest schema version of an event type: 1 unless it has upcasters. */
export const schemaVersionOf = (type: string): number => (upcasters[type]?.length ?? 0) + 1;

/**
 * Event data of an old schema version in the newest shape.
 * @throws RangeError when the version is newer than this program knows: it must be updated, not guess.
 */
export const upcastData = (type: string, schemaVersion: number, data: JsonObject): JsonObject => {
  if (schemaVersion > schemaVersionOf(type)) throw new RangeError(`${type} is of schema version ${schemaVersion}, newer than the ${schemaVersionOf(type)} known here`);
  return (upcasters[type] ?? []).slice(schemaVersion - 1).reduce((value, upcaster) => upcaster(value), data);
};

/** The value of a flag-changes record of some schema version, in the newest shape: the event in it, and the flag after it. */
export const flagChangeOf = (schemaVersion: number, value: JsonValue): FlagChange => {
  const change = isObject(value) ? value['change'] : undefined;
  if (!isObject(value) || !isObject(change) || !isObject(change['data'])) return value as unknown as FlagChange;
  const type = String(change['type']);
  const upcast: JsonObject = { ...value, change: { ...change, data: upcastData(type, schemaVersion, change['data']) } };
  if (type === 'flag.created' && schemaVersion === 1 && isObject(value['flag'])) upcast['flag'] = flagOfV1(value['flag']);
  return upcast as unknown as FlagChange;
};
