import type { TrafficRange } from '@pataka/contracts';
import { readerOf } from './attribute';
import { BUCKETS, bucketWith, saltOf, serialiseBucketKey } from './bucket';
import type { Context, Reader } from './context';
import type { Suffix } from './md5';

/** Whether a rule may look at a unit at all; undefined where the context has not what has to be bucketed for that. */
export type Gate = (context: Context, at: number) => boolean | undefined;

/** Lets nobody through. */
export const NOBODY: Gate = () => false;

type Range = { readonly salt: Suffix; readonly from: number; readonly until: number; readonly readKey: Reader | undefined };

const isEmpty = ({ from, until }: TrafficRange): boolean => !(Math.max(from, 0) < Math.min(until, BUCKETS));

/** Whether a range asks for a bucket; one that holds all of them does not, as a percentage of 100 does not. */
export const isTrafficLimit = ({ from, until }: TrafficRange): boolean => from > 0 || until < BUCKETS;

const isRange = (value: unknown): value is TrafficRange => {
  const { salt, from, until } = (value ?? {}) as Partial<TrafficRange>;
  return typeof salt === 'string' && typeof from === 'number' && typeof until === 'number';
};

/**
 * A rule's ranges of buckets, judged in their order: the first that a unit lies outside of keeps the rule from it.
 *
 * @throws TypeError for what is no list of ranges: a rule that can't be judged must serve nobody
 */
export const compileTraffic = (traffic: readonly TrafficRange[] | null | undefined, environment: string): Gate | undefined => {
  if (traffic === undefined || traffic === null) return undefined;
  if (!Array.isArray(traffic) || !traffic.every(isRange)) throw new TypeError('traffic is no list of ranges of buckets');
  if (traffic.some(isEmpty)) return NOBODY;
  const ranges: readonly Range[] = traffic.filter(isTrafficLimit).map(({ salt, bucketBy, from, until }) => ({
    salt: saltOf(salt), from, until, readKey: bucketBy === undefined || bucketBy === 'targetingKey' ? undefined : readerOf(bucketBy, environment),
  }));
  if (ranges.length === 0) return undefined;
  return (context, at) => {
    for (const { salt, from, until, readKey } of ranges) {
      const unit = readKey === undefined ? context.targetingKey : serialiseBucketKey(readKey(context, at));
      if (unit === undefined) return undefined;
      const bucket = bucketWith(unit, salt);
      if (bucket < from || bucket >= until) return false;
    }
    return true;
  };
};
