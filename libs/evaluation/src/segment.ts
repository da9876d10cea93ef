import type { Condition, KeyListRef, Segment } from '@pataka/contracts';
import { allOf, compileConditions, type Scope } from './condition';
import type { Test } from './context';
import { keysOf } from './equality';
import type { KeyList } from './key-list';

/** What a segment refers to. */
export type SegmentScope = Scope & { keyList(hash: string): KeyList | undefined };

/** Keys listed in a document, and those in a list beside it. */
class Listed {
  private readonly inline: ReadonlySet<string>;
  private readonly list: KeyList | undefined;

  /** @throws Error while the list is not here: what is in the segment cannot be told, neither yes nor no. */
  constructor(keys: unknown, named: KeyListRef | null | undefined, scope: SegmentScope) {
    this.inline = new Set(Array.isArray(keys) ? keys.map(String) : []);
    this.list = named === undefined || named === null ? undefined : scope.keyList(named.hash);
    if (named && this.list === undefined) throw new Error(`the list ${named.hash} is not here`);
  }

  has(key: string | undefined): boolean {
    return key !== undefined && (this.inline.has(key) || (this.list !== undefined && this.list.has(key)));
  }
}

/** Compiles a segment: excluded first, then included, then all conditions; without conditions only the included are in. */
export const compileSegment = (segment: Segment, scope: SegmentScope): Test => {
  const excluded = new Listed(segment.excluded, segment.excludedList, scope);
  const included = new Listed(segment.included, segment.includedList, scope);
  const tests = compileConditions(segment.conditions, scope);
  const matches: Test = tests.length === 0 ? () => false : allOf(tests);
  return (context, at) => {
    const key = context.targetingKey;
    return !excluded.has(key) && (included.has(key) || matches(context, at));
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
