import type { Flag, Segment } from '@pataka/contracts';
import type { CompiledRuleset } from '@pataka/evaluation';

const operators = new Set<unknown>(['in_segment', 'not_in_segment']);

/** The keys of the flags that a flag needs. */
export const prerequisitesOf = ({ prerequisites }: Flag): string[] => (Array.isArray(prerequisites) ? prerequisites.map(({ flag }) => flag) : []);

/** The keys of all segments that conditions name, however deep they lie in rules or segments. */
const segmentsIn = (part: unknown): string[] => {
  if (typeof part !== 'object' || part === null) return [];
  const { operator, value } = part as { operator?: unknown; value?: unknown };
  const named = operators.has(operator) ? [value].flat().filter((key) => typeof key === 'string') : [];
  return [...named, ...Object.values(part).flatMap(segmentsIn)];
};

/** Everything that can be reached from some keys; each once. */
const reach = <T>(from: readonly string[], find: (key: string) => T | undefined, next: (found: T) => readonly string[]): T[] => {
  const reached = new Map<string, T>();
  const seen = new Set(from);
  // A set is walked in insertion order, additions included.
  for (const key of seen) {
    const found = find(key);
    if (found === undefined) continue;
    reached.set(key, found);
    for (const other of next(found)) seen.add(other);
  }
  return [...reached.values()];
};

/** The segments that a flag's answer in this environment may rest on: by its rules, its prerequisites' rules, and other segments. */
export const segmentsBehind = (ruleset: CompiledRuleset, flagKey: string): Segment[] => {
  const flags = reach([flagKey], (key) => ruleset.flagAt(key), prerequisitesOf);
  const named = flags.flatMap(({ environments }) => segmentsIn(environments[ruleset.environment]?.rules));
  return reach(named, (key) => ruleset.segment(key).document, ({ conditions }) => segmentsIn(conditions));
};
