import type { Condition, Segment } from '@pataka/contracts';
import { allOf, compileConditions, type Scope } from './condition';
import type { Test } from './context';
import { keysOf } from './equality';

const keySet = (keys: unknown): Set<string> => new Set(Array.isArray(keys) ? keys.map(String) : []);

/** Compiles a segment: excluded first, then included, then all conditions; without conditions only the included are in. */
export const compileSegment = (segment: Segment, scope: Scope): Test => {
  const excluded = keySet(segment.excluded);
  const included = keySet(segment.included);
  const tests = compileConditions(segment.conditions, scope);
  const matches: Test = tests.length === 0 ? () => false : allOf(tests);
  return (context, at) => {
    const key = context.targetingKey;
    if (key !== undefined && excluded.has(key)) return false;
    return (key !== undefined && included.has(key)) || matches(context, at);
  };
};

const segmentsNamedBy = (condition: Condition | null | undefined): string[] => {
  if (typeof condition !== 'object' || condition === null) return [];
  const members = [condition.any, condition.all].flatMap((group) => (Array.isArray(group) ? group : []));
  const named = condition.operator === 'in_segment' || condition.operator === 'not_in_segment' ? keysOf(condition.value) : [];
  return [...named, ...members.flatMap(segmentsNamedBy), ...segmentsNamedBy(condition.not)];
};

/** The keys of the segments that a segment's own conditions refer to. */
export const segmentsWithin = (segment: Segment | undefined): string[] =>
  Array.isArray(segment?.conditions) ? segment.conditions.flatMap(segmentsNamedBy) : [];
