import fc from 'fast-check';
import { InvalidInput } from '../invalid-input';
import { sampleVariance } from './centred';
import { decimalMoments, fixedPointMoments, quotient } from './exact-sums';
import { mergeMoments, mergeParts, partOf, userTotals } from './merge';
import { quantileType7, winsorize } from './winsorize';

const values = fc.array(fc.integer({ min: -1_000_000, max: 1_000_000 }), { maxLength: 40 });

describe('the variance from sums', () => {
  it('keeps the digits that a large mean would cost', () => {
    // 1e5 users with 150000 ± 5, in two halves: the exact variance is 25·n/(n-1).
    const n = 100_000;
    const variance = sampleVariance(n, 150_000 * n, n * 150_000 ** 2 + 25 * n);
    expect(Math.abs((variance ?? 0) / (25 * (n / (n - 1))) - 1)).toBeLessThan(1e-14);
  });

  it('is 0 for a constant that has no exact double', () => {
    for (const [n, value] of [[30, 0.1], [40, 3.7], [7, 1e-3 / 3]] as const) {
      expect(sampleVariance(n, n * value, n * value * value)).toBe(0);
    }
  });

  it('does not exist for one user', () => expect(sampleVariance(1, 3, 9)).toBeNull());

  it('refuses sums that no data have', () => expect(() => sampleVariance(4, 8, 15.9)).toThrow(InvalidInput));

  it('agrees with integers of any size', () => {
    fc.assert(
      fc.property(values.filter((list) => list.length > 1), (list) => {
        const sum = list.reduce((total, value) => total + BigInt(value), 0n);
        const sumSq = list.reduce((total, value) => total + BigInt(value) ** 2n, 0n);
        const exact = fixedPointMoments({ n: list.length, sum, sumSq, unitsPerOne: 1000n });
        const [inUnits] = [sampleVariance(list.length, Number(sum), Number(sumSq))];
        expect(exact.variance).toBeCloseTo((inUnits ?? 0) / 1e6, 6);
        expect(exact.mean).toBeCloseTo(Number(sum) / list.length / 1000, 9);
      }),
    );
  });
});

describe('exact sums', () => {
  it('come from decimals as a database prints them', () => {
    expect(decimalMoments({ n: 3, sum: '-0.30', sumSq: '0.0500' }, 2)).toEqual({ n: 3, mean: -0.1, variance: 0.01 });
  });

  it('refuse more decimals than they were told of', () => {
    expect(() => decimalMoments({ n: 3, sum: '0.333', sumSq: '1' }, 2)).toThrow(InvalidInput);
    expect(() => decimalMoments({ n: 3, sum: '1e5', sumSq: '1' }, 2)).toThrow(InvalidInput);
  });

  it('divide integers beyond the range of doubles', () => {
    expect(quotient(10n ** 400n, 3n * 10n ** 400n)).toBe(1 / 3);
    expect(quotient(-(10n ** 30n), 10n ** 28n)).toBe(-100);
  });
});

describe('merging', () => {
  it('gives the moments of the concatenation, however it is split', () => {
    fc.assert(
      fc.property(fc.array(values, { maxLength: 6 }), (parts) => {
        const merged = mergeMoments({ parts });
        const whole = mergeMoments({ parts: [parts.flat()] });
        expect(merged.n).toBe(whole.n);
        expect(merged.mean ?? 0).toBeCloseTo(whole.mean ?? 0, 5);
        expect(Math.abs((merged.variance ?? 0) - (whole.variance ?? 0))).toBeLessThanOrEqual(1e-12 * (whole.variance ?? 0));
      }),
    );
  });

  it('does not depend on the order of two parts', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const [ab, ba] = [mergeParts(partOf(a), partOf(b)), mergeParts(partOf(b), partOf(a))];
        expect(ab.m2).toBeCloseTo(ba.m2, 2);
        expect(ab.mean).toBeCloseTo(ba.mean, 6);
      }),
    );
  });

  it('counts users without events as 0 and no strangers', () => {
    const events = [{ user: 'a', value: 0.1 }, { user: 'a', value: 0.2 }, { user: 'stranger', value: 9 }];
    expect(userTotals({ users: ['a', 'b'], events })).toMatchObject({ n: 2, sum: 0.30000000000000004 });
  });
});

describe('winsorizing', () => {
  it('takes one cap from all arms together', () => {
    const { cap, arms } = winsorize({ arms: [[0, 1, 2], [3, 100]], upper: 0.75, ignoreZeros: false });
    expect(cap).toBe(3);
    expect(arms).toEqual([{ n: 3, sum: 3, sumSq: 5 }, { n: 2, sum: 6, sumSq: 18 }]);
  });

  it('has no cap without values', () => {
    expect(winsorize({ arms: [[0, 0], []], upper: 0.9, ignoreZeros: true }).cap).toBeNull();
  });

  it('interpolates between order statistics', () => expect(quantileType7([1, 2, 4], 0.75)).toBe(3));
});
