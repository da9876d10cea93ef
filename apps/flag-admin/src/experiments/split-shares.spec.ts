import type { Experiment, SplitShare } from '@pataka/contracts';
import fc from 'fast-check';
import { splitOf } from './split-shares';

const BUCKETS = 100_000;
const variantsOf = (weights: readonly number[]): Experiment['variants'] => weights.map((weight, index) => ({ id: `v${index}`, weight, config: `c${index}` }));
const phase = (number: number, weights: readonly number[]): Experiment['phases'][number] =>
  ({ phase: number, from: '2026-07-01T00:00:00Z', weights: Object.fromEntries(weights.map((weight, index) => [`v${index}`, weight])) });
const after = (...phases: (readonly number[])[]): SplitShare[] =>
  splitOf({ variants: variantsOf(phases.at(-1)!), phases: phases.map((weights, index) => phase(index + 1, weights)) });

/** The number of the variant of each bucket, as evaluation reads the shares. */
const layout = (shares: readonly SplitShare[]): Uint8Array => {
  let [sum, before] = [0, 0];
  const buckets = new Uint8Array(BUCKETS).fill(255);
  for (const { variant, weight } of shares) {
    const until = Math.round(BUCKETS * (sum += weight));
    buckets.fill(Number(variant.slice(1)), before, until);
    before = until;
  }
  return buckets;
};
const count = (holds: (bucket: number) => boolean): number => {
  let sum = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) if (holds(bucket)) sum += 1;
  return sum;
};
const movedBetween = (before: Uint8Array, now: Uint8Array): number => count((bucket) => before[bucket] !== now[bucket]);
const countOf = (buckets: Uint8Array, variant: number): number => count((bucket) => buckets[bucket] === variant);

describe('the shares of a split', () => {
  it('are the weights in the order of the variants while there is one phase', () => {
    expect(after([0.2, 0.8])).toEqual([{ variant: 'v0', weight: 0.2, value: 'c0' }, { variant: 'v1', weight: 0.8, value: 'c1' }]);
  });

  it('move only the difference when weights change, and keep everything of a variant that grows', () => {
    const [before, now] = [layout(after([0.25, 0.25, 0.25, 0.25])), layout(after([0.25, 0.25, 0.25, 0.25], [0.1, 0.25, 0.1, 0.55]))];
    expect(movedBetween(before, now)).toBe(30_000);
    expect(count((bucket) => before[bucket] === 3 && now[bucket] !== 3)).toBe(0);
  });

  it('move as few units as any layout could, over any phases', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 4, maxLength: 4 }).map((parts) => parts.map((part) => part / parts.reduce((a, b) => a + b, 0)));
    fc.assert(fc.property(fc.array(weights, { minLength: 2, maxLength: 12 }), (phases) => {
      const layouts = phases.map((_, index) => ({ shares: after(...phases.slice(0, index + 1)), weights: phases[index]! })).map(({ shares }) => ({ shares, buckets: layout(shares) }));
      for (const [index, { shares, buckets }] of layouts.entries()) {
        expect(countOf(buckets, 255)).toBe(0);
        expect(shares.length).toBeLessThanOrEqual(50);
        expect(Math.abs(shares.reduce((sum, { weight }) => sum + weight, 0) - 1)).toBeLessThan(1e-9);
        const before = layouts[index - 1]?.buckets;
        if (before === undefined) continue;
        const least = [0, 1, 2, 3].reduce((sum, variant) => sum + Math.max(0, countOf(before, variant) - countOf(buckets, variant)), 0);
        expect(movedBetween(before, buckets)).toBe(least);
      }
    }), { numRuns: 10 });
  });

  it('stay within what a rule may hold, however many variants and phases', () => {
    const phases = Array.from({ length: 40 }, (_, turn) => Array.from({ length: 30 }, (_one, index) => (((index * 7 + turn * 11) % 30) + 1) / 465));
    expect(after(...phases).length).toBeLessThanOrEqual(50);
  });
});
