import type { JsonValue } from '@pataka/contracts';

/** Members whose names, or whose whole content, are the user's own: they stay as they are. */
const own = new Set(['value', 'defaultValue', 'config', 'metadata', 'properties', 'attributes', 'levels']);
const userKeyed = new Set(['environments', 'successThresholds', 'failureThresholds', 'priors']);

const camel = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** The document with the specification's snake_case member names as camelCase; values, attributes and keys of the user stay. */
export const camelCased = (value: JsonValue): JsonValue => {
  if (Array.isArray(value)) return value.map(camelCased);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => {
    const renamed = camel(name);
    if (own.has(renamed)) return [renamed, member];
    const inner = userKeyed.has(renamed) && typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).map(([key, settings]) => [key, camelCased(settings)])) : camelCased(member);
    return [renamed, inner];
  }));
};
