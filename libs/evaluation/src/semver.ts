/** A version without its build metadata, which has no part in precedence. Numbers stay text: they may be longer than 2^53. */
type Version = { readonly numbers: readonly string[]; readonly prerelease: readonly string[] };

// The grammar of SemVer 2.0 (semver.org, items 2, 9 and 10); linear, since no two neighbours can take the same character.
const NUMBER = '0|[1-9][0-9]*';
const IDENTIFIER = `(?:${NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)`;
const VERSION = new RegExp(
  `^(${NUMBER})\\.(${NUMBER})\\.(${NUMBER})(?:-(${IDENTIFIER}(?:\\.${IDENTIFIER})*))?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
);
const NUMERIC = /^[0-9]+$/;
const LONGEST = 256;

const parse = (text: string): Version | null => {
  const found = text.length <= LONGEST ? VERSION.exec(text) : null;
  if (found === null) return null;
  return { numbers: [found[1]!, found[2]!, found[3]!], prerelease: found[4] === undefined ? [] : found[4].split('.') };
};

const compareText = (left: string, right: string): number => (left === right ? 0 : left < right ? -1 : 1);
const compareNumbers = (left: string, right: string): number => left.length - right.length || compareText(left, right);

const compareIdentifiers = (left: string, right: string): number => {
  const leftNumeric = NUMERIC.test(left);
  const rightNumeric = NUMERIC.test(right);
  if (leftNumeric && rightNumeric) return compareNumbers(left, right);
  if (leftNumeric !== rightNumeric) return leftNumeric ? -1 : 1;
  return compareText(left, right);
};

const comparePrereleases = (left: readonly string[], right: readonly string[]): number => {
  // A release comes after its own pre-releases.
  if (left.length === 0 || right.length === 0) return right.length - left.length;
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index += 1) {
    const order = compareIdentifiers(left[index]!, right[index]!);
    if (order !== 0) return order;
  }
  return left.length - right.length;
};

const compareVersions = (left: Version, right: Version): number => {
  for (let index = 0; index < 3; index += 1) {
    const order = compareNumbers(left.numbers[index]!, right.numbers[index]!);
    if (order !== 0) return order;
  }
  return comparePrereleases(left.prerelease, right.prerelease);
};

/**
 * Orders versions by SemVer 2.0 precedence.
 *
 * @param value - the version to compare with, parsed once
 * @returns undefined where `value` is no version; for a text: negative, 0 or positive as it is before, equal to or after `value`, NaN
 *   where it is no version
 */
export const compareWithVersion = (value: unknown): ((actual: string) => number) | undefined => {
  const expected = typeof value === 'string' ? parse(value) : null;
  if (expected === null) return undefined;
  return (actual) => {
    const version = parse(actual);
    return version === null ? NaN : compareVersions(version, expected);
  };
};
