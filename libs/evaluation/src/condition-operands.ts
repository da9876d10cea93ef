import type { Operator } from '@pataka/contracts';
import type { Check } from './faults';
import { parseInstant } from './instant';
import { validateRegex } from './regex';

/** What an operator needs beside its name: an attribute, a value of some kind, or neither. */
export interface Operand { attribute: boolean; value: Check | null }

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
// semver.org, version 2.0.0, items 2, 9 and 10: the numbers, then a pre-release, then build metadata
const CORE = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/;
const IDENTIFIER = /^[0-9A-Za-z-]+$/;
const LEADING_ZERO = /^0\d+$/;
// RFC 4647, 2.1: a basic language range
const LANGUAGE_RANGE = /^(\*|[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*)$/;
const MAX_NAME = 128;
const MAX_VERSION = 256;

const isScalar = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value);

const scalar: Check = (value) => (isScalar(value) ? null : 'must be a string, number or boolean');
const scalars: Check = (value) => (Array.isArray(value) && value.every(isScalar) ? null : 'must be a list of strings, numbers or booleans');
const text: Check = (value) => (typeof value === 'string' ? null : 'must be a string');
const number: Check = (value) =>
  Number.isFinite(value) || (typeof value === 'string' && JSON_NUMBER.test(value)) ? null : 'must be a number, or a string that JSON reads as one';

const regex: Check = (value) => {
  if (typeof value !== 'string') return 'must be a regular expression, as a string';
  const reason = validateRegex(value);
  return reason === null ? null : `is no regular expression of RE2: ${reason}`;
};

const cutAt = (whole: string, mark: string): [string, string | undefined] => {
  const at = whole.indexOf(mark);
  return at < 0 ? [whole, undefined] : [whole.slice(0, at), whole.slice(at + 1)];
};

const identifiers = (part: string | undefined, numericStrict: boolean): boolean =>
  part === undefined || part.split('.').every((one) => IDENTIFIER.test(one) && !(numericStrict && LEADING_ZERO.test(one)));

export const isVersion = (value: string): boolean => {
  const [version, build] = cutAt(value, '+');
  const [core, prerelease] = cutAt(version, '-');
  return value.length <= MAX_VERSION && CORE.test(core) && identifiers(prerelease, true) && identifiers(build, false);
};

const semver: Check = (value) => (typeof value === 'string' && isVersion(value) ? null : 'must be a version of SemVer 2.0, such as 1.10.0');

export const instant: Check = (value) =>
  typeof value === 'string' && parseInstant(value) !== undefined ? null : 'must be an RFC 3339 instant with a zone, such as 2026-07-01T00:00:00+05:30';

const oneOrMore = (isOne: (value: unknown) => boolean, detail: string): Check => (value) =>
  (Array.isArray(value) ? value.every(isOne) : isOne(value)) ? null : detail;

const names = oneOrMore((value) => typeof value === 'string' && value.length > 0 && value.length <= MAX_NAME, 'must be a key or a list of keys');
const languages = oneOrMore((value) => typeof value === 'string' && LANGUAGE_RANGE.test(value), 'must be a language range of BCP 47 such as hi or hi-IN, or a list of them');

const onAttribute = (value: Check | null): Operand => ({ attribute: true, value });
const onContext: Operand = { attribute: false, value: names };

export const operands: Readonly<Record<Operator, Operand>> = {
  equals: onAttribute(scalar), not_equals: onAttribute(scalar),
  in: onAttribute(scalars), not_in: onAttribute(scalars),
  gt: onAttribute(number), gte: onAttribute(number), lt: onAttribute(number), lte: onAttribute(number),
  contains: onAttribute(scalar), starts_with: onAttribute(text), ends_with: onAttribute(text),
  regex: onAttribute(regex),
  exists: onAttribute(null), not_exists: onAttribute(null),
  semver_eq: onAttribute(semver), semver_gt: onAttribute(semver), semver_gte: onAttribute(semver),
  semver_lt: onAttribute(semver), semver_lte: onAttribute(semver),
  before: onAttribute(instant), after: onAttribute(instant),
  language_matches: onAttribute(languages), within: onAttribute(names),
  in_calendar: onContext, not_in_calendar: onContext, in_segment: onContext, not_in_segment: onContext,
};
