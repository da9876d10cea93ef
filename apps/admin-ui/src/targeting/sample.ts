import type { Condition, JsonObject, JsonValue, Region, Rule } from '@pataka/contracts';

/** How many made-up people a preview asks. */
export const SAMPLE_SIZE = 1000;

/** Uniform in [0, 1) from a seed, so that a preview does not flicker (mulberry32). */
const randomFrom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

const languages = ['hi', 'hi', 'hi-IN', 'en-IN', 'en-IN', 'mr', 'ta', 'te', 'kn', 'bn', 'gu', 'ml'];
const vehicles = ['truck', 'truck', 'van', 'bus', 'car', 'two_wheeler', 'auto_rickshaw'];
const roles = ['driver', 'driver', 'driver', 'driver', 'dispatcher', 'owner', 'mechanic'];
const versions = ['3.9.4', '4.0.0', '4.1.2', '4.2.0', '4.2.0', '4.3.1'];
const payments = ['upi', 'fastag', 'rupay', 'wallet', 'net_banking'];

const leaves = (conditions: readonly Condition[]): Condition[] =>
  conditions.flatMap((condition) => [...(condition.operator === undefined ? [] : [condition]), ...leaves([...(condition.any ?? []), ...(condition.all ?? []), ...(condition.not === undefined ? [] : [condition.not])])]);

/** Values that rules ask for, so that some of the sample have them: attribute by attribute. */
const askedValues = (rules: readonly Rule[]): Map<string, JsonValue[]> => {
  const asked = new Map<string, JsonValue[]>();
  for (const { attribute, operator, value } of leaves(rules.flatMap((rule) => rule.conditions ?? []))) {
    if (attribute === undefined || value === undefined || !['equals', 'in', 'contains', 'starts_with', 'semver_eq'].includes(operator ?? '')) continue;
    asked.set(attribute, [...(asked.get(attribute) ?? []), ...(Array.isArray(value) ? value : [value])]);
  }
  return asked;
};

const OWN = ['region', 'language', 'vehicle_type', 'role', 'fleet_id', 'fleet_size', 'app_version', 'payment_methods', 'targetingKey', 'timestamp', 'environment'];
const ASKED_SHARE = 0.25;

/**
 * Made-up people of Indian fleets: cities of the region tree, languages, vehicles, versions; attributes that only the rules know appear with a
 * quarter of them. The same rules always get the same sample.
 */
export const sampleContexts = (regions: readonly Region[], rules: readonly Rule[], size = SAMPLE_SIZE): JsonObject[] => {
  const random = randomFrom(20_260_101);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const cities = regions.filter(({ kind }) => kind === 'city').map(({ key }) => key);
  const extra = [...askedValues(rules)].filter(([attribute]) => !OWN.includes(attribute));
  return Array.from({ length: size }, (_, index) => {
    const fleet = Math.floor(random() ** 2 * 120);
    const context: JsonObject = {
      targetingKey: `driver-${index + 1}`, fleet_id: `fleet-${fleet + 1}`, fleet_size: 3 + ((fleet * 37) % 180), region: cities.length === 0 ? 'pune' : pick(cities), language: pick(languages),
      vehicle_type: pick(vehicles), role: pick(roles), app_version: pick(versions), payment_methods: payments.filter(() => random() < 0.5),
    };
    for (const [attribute, values] of extra) if (random() < ASKED_SHARE) context[attribute] = pick(values);
    return context;
  });
};

/** Contexts that somebody pasted: a JSON list, an object a line, or CSV with a header. @returns what was read, and the first line that could not be. */
export const contextsOf = (text: string): { contexts: JsonObject[]; fault: number | null } => {
  const trimmed = text.trim();
  if (trimmed.startsWith('[')) {
    try {
      const list = (JSON.parse(trimmed) as unknown[]).filter((one): one is JsonObject => typeof one === 'object' && one !== null && !Array.isArray(one));
      return { contexts: list, fault: null };
    } catch {
      return { contexts: [], fault: 1 };
    }
  }
  const lines = trimmed.split('\n').filter((line) => line.trim() !== '');
  return trimmed.startsWith('{') ? jsonLines(lines) : csvLines(lines);
};

const jsonLines = (lines: readonly string[]): { contexts: JsonObject[]; fault: number | null } => {
  const contexts: JsonObject[] = [];
  for (const [index, line] of lines.entries()) {
    try {
      contexts.push(JSON.parse(line) as JsonObject);
    } catch {
      return { contexts, fault: index + 1 };
    }
  }
  return { contexts, fault: null };
};

const scalarOf = (text: string): JsonValue => (/^-?\d+(\.\d+)?$/.test(text) && Math.abs(Number(text)) < Number.MAX_SAFE_INTEGER ? Number(text) : text === 'true' ? true : text === 'false' ? false : text);

const csvLines = ([header = '', ...rows]: readonly string[]): { contexts: JsonObject[]; fault: number | null } => {
  const names = header.split(',').map((name) => name.trim());
  const contexts = rows.map((row) => Object.fromEntries(row.split(',').map((cell, index) => [names[index] ?? `column${index + 1}`, names[index] === 'targetingKey' ? cell.trim() : scalarOf(cell.trim())] as const).filter(([, value]) => value !== '')));
  return { contexts, fault: null };
};
