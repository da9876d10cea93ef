import { hashWithSuffix, suffixOf, type Suffix } from './md5';

/** How many buckets there are: thousandths of a percent. */
export const BUCKETS = 100_000;

/**
 * The bucket of a key whose salt was prepared before. The specification compares `h mod 100` with a whole percentage; this
 * keeps those hundred groups and divides each by the next three decimal digits, so that whole percents include the same keys.
 */
export const bucketWith = (key: string, salt: Suffix): number => {
  const hash = hashWithSuffix(key, salt) >>> 0;
  return (hash % 100) * 1000 + (((hash / 100) >>> 0) % 1000);
};

/** Prepares a salt for {@link bucketWith}. */
export const saltOf = (salt: string): Suffix => suffixOf(`:${salt}`);

/**
 * The bucket of a key under a salt.
 *
 * @param key - what is bucketed, as {@link serialiseBucketKey} writes it
 * @param salt - the rule's salt, or `salt + ":split"` for the choice of a variant
 * @returns an integer from 0 to 99999
 */
export const bucketOf = (key: string, salt: string): number => bucketWith(key, saltOf(salt));

/**
 * The text by which an attribute is bucketed: a string as it is, a number or boolean as JSON writes it.
 *
 * @returns undefined for everything that counts as a missing key: absent, null, empty, an array, an object, no finite number
 */
export const serialiseBucketKey = (value: unknown): string | undefined => {
  if (typeof value === 'string') return value === '' ? undefined : value;
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
  return typeof value === 'boolean' || typeof value === 'bigint' ? String(value) : undefined;
};

/**
 * Below which bucket a percentage includes a key, rounded half up.
 *
 * @param percentage - a rule's percentage; absent (or null) means everyone, what is no number nobody
 */
export const thresholdOf = (percentage: unknown): number => {
  if (percentage === undefined || percentage === null) return BUCKETS;
  if (typeof percentage !== 'number' || !(percentage > 0)) return 0;
  return percentage >= 100 ? BUCKETS : Math.round(percentage * 1000);
};
