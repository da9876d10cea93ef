import type { Operator } from '@pataka/contracts';
import type { Reader, Test } from './context';
import { containing, isMember, listMembers, listOf, scalarOf, type Holds } from './equality';
import { parseInstant } from './instant';
import { compileRegex } from './regex';
import { compareWithVersion } from './semver';

/** Operators that need more than one attribute of the context; condition.ts knows them. */
type ContextOperator = 'within' | 'in_calendar' | 'not_in_calendar' | 'in_segment' | 'not_in_segment';
/** Operators that look at one attribute. */
export type AttributeOperator = Exclude<Operator, ContextOperator>;

const JSON_NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/** A finite number or a string that JSON would read as a number; NaN, with which every comparison fails, for all else. */
const numeric = (value: unknown): number => {
  if (typeof value === 'number') return Number.isFinite(value) ? value : NaN;
  return typeof value === 'string' && JSON_NUMBER.test(value) ? Number(value) : NaN;
};

const instantOf = (value: unknown): number => (typeof value === 'string' ? (parseInstant(value) ?? NaN) : NaN);

/** RFC 4647 basic filtering: a range takes its own tag and every tag that goes on after it with a hyphen. */
const inLanguage = (value: unknown): Matches => {
  const ranges = listOf(value).filter((range) => typeof range === 'string').map((range) => range.toLowerCase());
  if (ranges.includes('*')) return () => true;
  const prefixes = ranges.map((range) => `${range}-`);
  return (actual) => {
    const tag = actual.toLowerCase();
    return ranges.includes(tag) || prefixes.some((prefix) => tag.startsWith(prefix));
  };
};

const endingWith = (value: unknown): Holds => (actual) => typeof value === 'string' && typeof actual === 'string' && actual.endsWith(value);

/** What an operator compiles a condition to. A value that it can't use compiles to what never holds. */
type Compile = (value: unknown, read: Reader) => Test;

const isMissing = (actual: unknown): boolean => actual === undefined || actual === null;

/** An operator that only ever sees present values: a missing attribute makes every condition on it false. */
export const onPresent = (holdsFor: (value: unknown) => Holds): Compile => (value, read) => {
  const holds = holdsFor(value);
  return (context, at) => {
    const actual = read(context, at);
    return !isMissing(actual) && holds(actual);
  };
};

const KNOWN_TEXTS = 512;
const LONGEST_KNOWN = 64;

/** Whether a text satisfies a condition's value. */
type Matches = (actual: string) => boolean;

/** What one condition's value has answered to texts. */
class Known {
  private readonly answers = new Map<string, boolean>();

  constructor(private readonly matches: Matches) {}

  of(text: string): boolean {
    const answer = this.answers.get(text);
    return answer === undefined ? this.learn(text) : answer;
  }

  private learn(text: string): boolean {
    const answer = this.matches(text);
    if (text.length > LONGEST_KNOWN) return answer;
    if (this.answers.size >= KNOWN_TEXTS) this.answers.clear();
    this.answers.set(text, answer);
    return answer;
  }
}

const MAX_SHARED = 1_000;

/**
 * An operator that takes texts and is dear to compute. It remembers what it answered: attributes repeat (versions, vehicle types,
 * languages), and looking up is ten times cheaper than matching or parsing again. Conditions that say the same, as many flags' do, share
 * what they remember. Bounded: when full it starts afresh, and long texts, which hardly repeat, are never kept.
 */
const onText = (matchesFor: (value: unknown) => Matches | undefined): Compile => {
  const shared = new Map<string, Known>();
  const knownOf = (value: unknown): Known | undefined => {
    const common = typeof value === 'string' ? shared.get(value) : undefined;
    if (common !== undefined) return common;
    const matches = matchesFor(value);
    if (matches === undefined) return undefined;
    const known = new Known(matches);
    if (typeof value !== 'string') return known;
    if (shared.size >= MAX_SHARED) shared.clear();
    shared.set(value, known);
    return known;
  };
  return (value, read) => {
    const known = knownOf(value);
    if (known === undefined) return () => false;
    return (context, at) => {
      const actual = read(context, at);
      return typeof actual === 'string' && known.of(actual);
    };
  };
};

/** Versions by their order to the condition's. */
const onVersion = (holds: (order: number) => boolean): Compile => onText((value) => {
  const compare = compareWithVersion(value);
  return compare === undefined ? undefined : (actual) => holds(compare(actual));
});

const startsWith: Compile = (value, read) => {
  if (typeof value !== 'string') return () => false;
  const first = value === '' ? NaN : value.charCodeAt(0); // nearly every other text differs here already
  return (context, at) => {
    const actual = read(context, at);
    return typeof actual === 'string' && (actual.charCodeAt(0) === first || value === '') && actual.startsWith(value);
  };
};

const equals: Compile = (value, read) => {
  const { text, number, truth } = scalarOf(value);
  return (context, at) => {
    const actual = read(context, at);
    return actual === text || actual === number || actual === truth;
  };
};

const notEquals: Compile = (value, read) => {
  const { text, number, truth } = scalarOf(value);
  return (context, at) => {
    const actual = read(context, at);
    return !isMissing(actual) && actual !== text && actual !== number && actual !== truth;
  };
};

const memberOf: Compile = (value, read) => {
  const members = listMembers(value);
  return (context, at) => isMember(members, read(context, at));
};

const notMemberOf: Compile = (value, read) => {
  const members = listMembers(value);
  return (context, at) => {
    const actual = read(context, at);
    return !isMissing(actual) && !isMember(members, actual);
  };
};

type Order = 'gt' | 'gte' | 'lt' | 'lte';

// A missing attribute is NaN, with which every comparison fails.
const ordering: Readonly<Record<Order, Compile>> = {
  gt: (value, read) => { const limit = numeric(value); return (context, at) => numeric(read(context, at)) > limit; },
  gte: (value, read) => { const limit = numeric(value); return (context, at) => numeric(read(context, at)) >= limit; },
  lt: (value, read) => { const limit = numeric(value); return (context, at) => numeric(read(context, at)) < limit; },
  lte: (value, read) => { const limit = numeric(value); return (context, at) => numeric(read(context, at)) <= limit; },
};

/**
 * What each operator compiles to. The frequent ones read their attribute and compare it in one closure: a call and two lines of the
 * processor's cache less in every condition.
 */
export const attributeOperators: Readonly<Record<AttributeOperator, Compile>> = {
  ...ordering,
  equals,
  not_equals: notEquals,
  in: memberOf,
  not_in: notMemberOf,
  contains: onPresent(containing),
  starts_with: startsWith,
  ends_with: onPresent(endingWith),
  regex: onText((value) => (typeof value === 'string' ? compileRegex(value) : undefined)),
  exists: (_value, read) => (context, at) => !isMissing(read(context, at)),
  not_exists: (_value, read) => (context, at) => isMissing(read(context, at)),
  semver_eq: onVersion((order) => order === 0),
  semver_gt: onVersion((order) => order > 0),
  semver_gte: onVersion((order) => order >= 0),
  semver_lt: onVersion((order) => order < 0),
  semver_lte: onVersion((order) => order <= 0),
  before: onPresent((value) => { const limit = instantOf(value); return (actual) => instantOf(actual) < limit; }),
  after: onPresent((value) => { const limit = instantOf(value); return (actual) => instantOf(actual) > limit; }),
  language_matches: onText(inLanguage),
};
