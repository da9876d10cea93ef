import type { Alternative, Interval } from '../moments/arms';
import { ALTERNATIVES } from '../moments/arms';
import { requireFraction, requireOneOf } from '../invalid-input';
import { upperTail } from '../special/normal';
import { tSf } from '../special/student-t';

/** @throws InvalidInput unless alpha is in (0,1) and the alternative known */
export const checkPlan = (alpha: number, alternative: Alternative): void => {
  requireFraction(alpha, 'alpha');
  requireOneOf(alternative, ALTERNATIVES, 'alternative');
};

/** p of a statistic whose upper tail is `sf`; always a tail, never 1 minus a distribution function. */
const pValueOf = (statistic: number, alternative: Alternative, sf: (value: number) => number): number => {
  if (alternative === 'greater') return sf(statistic);
  if (alternative === 'less') return sf(-statistic);
  return Math.min(1, 2 * sf(Math.abs(statistic)));
};

/** p-value of a standard normal statistic. */
export const normalPValue = (z: number, alternative: Alternative = 'two-sided'): number =>
  pValueOf(z, alternative, upperTail);

/** p-value of a Student t statistic. */
export const tPValue = (t: number, df: number, alternative: Alternative = 'two-sided'): number =>
  pValueOf(t, alternative, (value) => tSf(value, df));

/** estimate ± halfWidth. */
export const around = (estimate: number, halfWidth: number): Interval => [estimate - halfWidth, estimate + halfWidth];
