import type { Condition } from '@pataka/contracts';
import { readerOf } from './attribute';
import type { Test } from './context';
import { keysOf, type Holds } from './equality';
import { parseInstant } from './instant';
import { attributeOperators, onPresent, type AttributeOperator } from './operators';
import type { RegionSet } from './regions';

/** What conditions refer to by key. Unknown segments and calendars contain nothing. */
export type Scope = {
  readonly environment: string;
  segment(key: string): { contains: Test };
  calendar(key: string): { contains: Test };
  within(regions: readonly string[]): RegionSet;
};

const never: Test = () => false;
const always: Test = () => true;

/** Conditions of which every one has to hold. */
export const allOf = (tests: readonly Test[]): Test => {
  if (tests.length === 0) return always;
  if (tests.length === 1) return tests[0]!;
  return (context, at) => {
    for (let index = 0; index < tests.length; index += 1) if (!tests[index]!(context, at)) return false;
    return true;
  };
};

const anyOf = (tests: readonly Test[]): Test => (context, at) => {
  for (let index = 0; index < tests.length; index += 1) if (tests[index]!(context, at)) return true;
  return false;
};

const negation = (test: Test): Test => (context, at) => !test(context, at);

/** The instant evaluated at is a number already: no need to write it as text and read it again. */
const onTimestamp = (operator: 'before' | 'after', value: unknown): Test => {
  const limit = typeof value === 'string' ? (parseInstant(value) ?? NaN) : NaN;
  return operator === 'before' ? (_context, at) => at < limit : (_context, at) => at > limit;
};

const inRegions = (value: unknown, scope: Scope): Holds => {
  const regions = scope.within(keysOf(value));
  return (actual) => typeof actual === 'string' && regions.has(actual);
};

type Named = (keys: readonly string[], scope: Scope) => Test;
const inSegment: Named = (keys, scope) => anyOf(keys.map((key) => scope.segment(key)).map((slot): Test => (context, at) => slot.contains(context, at)));
const inCalendar: Named = (keys, scope) => anyOf(keys.map((key) => scope.calendar(key)).map((slot): Test => (context, at) => slot.contains(context, at)));

/** Operators that name segments or calendars and take no attribute. */
const namedOperators: Readonly<Record<string, Named>> = {
  in_segment: inSegment,
  not_in_segment: (keys, scope) => negation(inSegment(keys, scope)),
  in_calendar: inCalendar,
  not_in_calendar: (keys, scope) => negation(inCalendar(keys, scope)),
};

const has = <T extends object>(table: T, name: unknown): name is keyof T => Object.prototype.hasOwnProperty.call(table, name as PropertyKey);

const compileComparison = ({ attribute, operator, value }: Condition, scope: Scope): Test => {
  if (has(namedOperators, operator)) return namedOperators[operator]!(keysOf(value), scope);
  if (typeof attribute !== 'string') return never;
  if (operator === 'within') return onPresent((regions) => inRegions(regions, scope))(value, readerOf(attribute, scope.environment));
  if (attribute === 'timestamp' && (operator === 'before' || operator === 'after')) return onTimestamp(operator, value);
  return has(attributeOperators, operator) ? attributeOperators[operator as AttributeOperator](value, readerOf(attribute, scope.environment)) : never;
};

/** The members of a group, with what joins them; undefined for a comparison. */
export const groupOf = ({ any, all, not }: Condition): { readonly join: 'any' | 'all' | 'not'; readonly members: readonly Condition[] } | undefined => {
  if (Array.isArray(any)) return { join: 'any', members: any };
  if (Array.isArray(all)) return { join: 'all', members: all };
  return not === undefined || not === null ? undefined : { join: 'not', members: [not] };
};

/**
 * Compiles a condition or a group of them. What is no condition (an unknown operator, a missing attribute, a value of a wrong
 * type) holds for nothing: such a document is refused when it is written, and must not serve a rule if it comes another way.
 */
export const compileCondition = (condition: Condition | null | undefined, scope: Scope): Test => {
  if (typeof condition !== 'object' || condition === null) return never;
  const group = groupOf(condition);
  if (group === undefined) return compileComparison(condition, scope);
  const tests = group.members.map((member) => compileCondition(member, scope));
  if (group.join === 'not') return negation(tests[0]!);
  return group.join === 'any' ? anyOf(tests) : allOf(tests);
};

/** Compiles a rule's or segment's list of conditions, all of which have to hold. */
export const compileConditions = (conditions: readonly Condition[] | null | undefined, scope: Scope): Test[] => {
  if (conditions === undefined || conditions === null) return [];
  return Array.isArray(conditions) ? conditions.map((condition) => compileCondition(condition, scope)) : [never];
};

/** Whether a condition may hold at one time and not at another; segments and calendars are not looked into. */
export const needsClock = (condition: Condition | null | undefined): boolean => {
  if (typeof condition !== 'object' || condition === null) return false;
  const group = groupOf(condition);
  return group === undefined ? condition.attribute === 'timestamp' || has(namedOperators, condition.operator) : group.members.some(needsClock);
};
