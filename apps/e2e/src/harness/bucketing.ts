import { createHash } from 'node:crypto';

/** The specification's bucket, 0 to 99,999, written down once more apart from the engine. */
export const bucketOf = (key: string, salt: string): number => {
  const h = Number.parseInt(createHash('md5').update(`${key}:${salt}`, 'utf8').digest('hex').slice(0, 8), 16);
  return (h % 100) * 1_000 + (Math.floor(h / 100) % 1_000);
};

/** The variant of a split for a key. */
export const variantOf = (key: string, salt: string, split: readonly { variant: string; weight: number }[]): string => {
  const bucket = bucketOf(key, `${salt}:split`);
  let weight = 0;
  return split.find((share) => bucket < Math.round(100_000 * (weight += share.weight)))!.variant;
};
