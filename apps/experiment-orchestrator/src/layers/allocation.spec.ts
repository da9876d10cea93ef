import { bucketOf } from '@pataka/evaluation';
import fc from 'fast-check';
import { allocate, BUCKETS, freeOf, grow, saltOfLayer, type Holder, type Range } from './allocation';

const wish = (share: number, unit = 'fleet_id') => ({ layer: 'routing', share, unit });
const holder = (key: string, { from, until }: Range): Holder => ({ experimentId: `exp_${key}`, key, from, until, share: (until - from) / 1000, bucketBy: 'fleet_id' });
const inside = (bucket: number, { from, until }: Range): boolean => bucket >= from && bucket < until;

type Act = { act: 'start' | 'grow'; share: number } | { act: 'end'; nth: number };
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ act: fc.constantFrom('start' as const, 'grow' as const), share: fc.integer({ min: 1, max: 60 }) }), fc.record({ act: fc.constant('end' as const), nth: fc.nat(5) }));

/** Plays starts, growth and ends; what is refused changes nothing. */
const play = (acts: readonly Act[], look: (before: readonly Holder[], after: readonly Holder[]) => void): void => {
  let [holders, made] = [[] as Holder[], 0];
  for (const one of acts) {
    const before = holders;
    try {
      if (one.act === 'end') holders = holders.filter((_, index) => index !== one.nth % Math.max(1, holders.length));
      else if (one.act === 'start') holders = [...holders, holder(`e${made++}`, allocate(wish(one.share), holders))];
      else holders = holders.map((own, index) => (index > 0 || own.share > one.share ? own : holder(own.key, grow(wish(one.share), own, holders))));
    } catch (error) {
      expect((error as Error).message).toMatch(/free|room/);
    }
    look(before, holders);
  }
};

describe('a layer', () => {
  it('never gives one unit to two experiments, whatever starts, grows and ends', () => {
    fc.assert(fc.property(fc.array(act, { maxLength: 20 }), fc.array(fc.string(), { minLength: 1, maxLength: 20 }), (acts, fleets) => {
      play(acts, (_before, after) => {
        for (const fleet of fleets) expect(after.filter((range) => inside(bucketOf(fleet, saltOfLayer('routing')), range)).length).toBeLessThanOrEqual(1);
        for (const { from, until } of after) expect([from >= 0, until <= BUCKETS, from < until]).toEqual([true, true, true]);
      });
    }), { numRuns: 300 });
  });

  it('keeps every member of an experiment whose share grows', () => {
    fc.assert(fc.property(fc.array(act, { maxLength: 20 }), (acts) => {
      play(acts, (before, after) => {
        for (const old of before) {
          const now = after.find(({ key }) => key === old.key);
          if (now !== undefined) expect([now.from <= old.from, now.until >= old.until]).toEqual([true, true]);
        }
      });
    }), { numRuns: 300 });
  });

  it('says how much is free when it is full', () => {
    const taken = [holder('a', { from: 0, until: 60_000 }), holder('b', { from: 70_000, until: 90_000 })];
    expect(freeOf(taken)).toEqual({ free: 20_000, longest: 10_000 });
    expect(() => allocate(wish(15), taken)).toThrow('layer "routing" has 20% free, 10% of it in one piece, and 15% are asked for: a has 60%, b has 20%');
    expect(allocate(wish(10), taken)).toEqual({ from: 60_000, until: 70_000 });
  });

  it('takes the smallest stretch that has room', () => {
    expect(allocate(wish(5), [holder('a', { from: 20_000, until: 90_000 })])).toEqual({ from: 90_000, until: 95_000 });
  });

  it('keeps to one unit for all its experiments', () => {
    expect(() => allocate(wish(5, 'targetingKey'), [holder('a', { from: 0, until: 1_000 })])).toThrow('buckets by fleet_id');
  });

  it('gives back what an experiment had', () => {
    const [first, second] = [holder('a', allocate(wish(100), [])), wish(100)];
    expect(() => allocate(second, [first])).toThrow('0% free');
    expect(allocate(second, [])).toEqual({ from: 0, until: BUCKETS });
  });
});
