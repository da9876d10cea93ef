import type { Operator } from '@pataka/contracts';
import { containing, equalTo, listOf, memberOf, nothing, type Holds } from './equality';
import { parseInstant } from './instant';
import { compileRegex } from './regex';
import { compareWithVersion } from './semver';

/** Operators that look at something other than the value of one attribute; condition.ts knows them. */
type ContextOperator = 'not_exists' | 'within' | 'in_calendar' | 'not_in_calendar' | 'in_segment' | 'not_in_segment';
/** Operators that compare a present attribute with the condition's value. */
export type AttributeOperator = Exclude<Operator, ContextOperator>;

const JSON_NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/** A finite number or a string that JSON would read as a number; NaN, with which every comparison fails, for all else. */
const numeric = (value: unknown): number => {
  if (typeof value === 'number') return Number.isFinite(value) ? value : NaN;
  return typeof value === 'string' && JSON_NUMBER.test(value) ? Number(value) : NaN;
};

const instantOf = (value: unknown): number => (typeof value === 'string' ? (parseInstant(value) ?? NaN) : NaN);

const negation = (holds: Holds): Holds => (actual) => !holds(actual);

const matchingRegex = (value: unknown): Holds => {
  const matches = typeof value === 'string' ? compileRegex(value) : undefined;
  return matches === undefined ? nothing : (actual) => typeof actual === 'string' && matches(actual);
};

const startingWith = (value: unknown): Holds => {
  if (typeof value !== 'string') return nothing;
  if (value === '') return (actual) => typeof actual === 'string';
  const first = value.charCodeAt(0); // nearly every other text differs here already
  return (actual) => typeof actual === 'string' && actual.charCodeAt(0) === first && actual.startsWith(value);
};

const endingWith = (value: unknown): Holds =>
  typeof value === 'string' ? (actual) => typeof actual === 'string' && actual.endsWith(value) : nothing;

/** RFC 4647 basic filtering: a range takes its own tag and every tag that goes on after it with a hyphen. */
const inLanguage = (value: unknown): Holds => {
  const ranges = listOf(value).filter((range) => typeof range === 'string').map((range) => range.toLowerCase());
  if (ranges.includes('*')) return (actual) => typeof actual === 'string';
  const prefixes = ranges.map((range) => `${range}-`);
  return (actual) => {
    if (typeof actual !== 'string') return false;
    const tag = actual.toLowerCase();
    return ranges.includes(tag) || prefixes.some((prefix) => tag.startsWith(prefix));
  };
};

/** What each operator compiles a condition's value to. A value that an operator can't use compiles to nothing. */
export const attributeOperators: Readonly<Record<AttributeOperator, (value: unknown) => Holds>> = {
  equals: equalTo,
  not_equals: (value) => negation(equalTo(value)),
  in: memberOf,
  not_in: (value) => negation(memberOf(value)),
  gt: (value) => { const limit = numeric(value); return (actual) => numeric(actual) > limit; },
  gte: (value) => { const limit = numeric(value); return (actual) => numeric(actual) >= limit; },
  lt: (value) => { const limit = numeric(value); return (actual) => numeric(actual) < limit; },
  lte: (value) => { const limit = numeric(value); return (actual) => numeric(actual) <= limit; },
  contains: containing,
  starts_with: startingWith,
  ends_with: endingWith,
  regex: matchingRegex,
  exists: () => () => true,
  semver_eq: (value) => { const compare = compareWithVersion(value); return (actual) => compare(actual) === 0; },
  semver_gt: (value) => { const compare = compareWithVersion(value); return (actual) => compare(actual) > 0; },
  semver_gte: (value) => { const compare = compareWithVersion(value); return (actual) => compare(actual) >= 0; },
  semver_lt: (value) => { const compare = compareWithVersion(value); return (actual) => compare(actual) < 0; },
  semver_lte: (value) => { const compare = compareWithVersion(value); return (actual) => compare(actual) <= 0; },
  before: (value) => { const limit = instantOf(value); return (actual) => instantOf(actual) < limit; },
  after: (value) => { const limit = instantOf(value); return (actual) => instantOf(actual) > limit; },
  language_matches: inLanguage,
};
