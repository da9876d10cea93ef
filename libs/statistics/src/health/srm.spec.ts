import { InvalidInput } from '../invalid-input';
import { sampleRatioTest, sequentialSampleRatio, sequentialSampleRatioPath } from './srm';

describe('the sample ratio test', () => {
  it('does not count arms of weight 0 in the degrees of freedom', () => {
    const { df, pValue } = sampleRatioTest({ observed: [1000, 990, 0], weights: [1, 1, 0] });
    expect(df).toBe(1);
    expect(pValue).toBeCloseTo(0.8226, 4);
  });

  it('has no answer without users', () => {
    expect(sampleRatioTest({ observed: [0, 0], weights: [1, 1] })).toMatchObject({ status: 'insufficient_data', pValue: null });
  });

  it.each([
    ['users in an arm of weight 0', [10, 1], [1, 0]],
    ['one arm', [10], [1]],
    ['lengths that differ', [10, 10], [1, 1, 1]],
    ['no positive weight', [10, 10], [0, 0]],
    ['a negative weight', [10, 10], [2, -1]],
  ])('refuses %s', (_what, observed, weights) => {
    expect(() => sampleRatioTest({ observed, weights })).toThrow(InvalidInput);
  });

  it('does not depend on the scale of the weights', () => {
    const observed = [6900, 3100];
    expect(sampleRatioTest({ observed, weights: [7, 3] }).pValue).toBeCloseTo(sampleRatioTest({ observed, weights: [0.7, 0.3] }).pValue ?? 0, 14);
  });
});

describe('the sequential sample ratio test', () => {
  it('keeps its digits at a hundred million users', () => {
    // mpmath, 50 digits: differences of ln Γ.
    const { logBayesFactor } = sequentialSampleRatio({ observed: [50_010_000, 49_990_000], weights: [1, 1], concentration: 10_000 });
    expect(logBayesFactor).toBeCloseTo(-2.6054451276651305, 9);
  });

  it('remembers an alarm that a later look would not raise', () => {
    const looks = [[100, 100], [5000, 1000], [5000, 5000]];
    const { pValues, alarm } = sequentialSampleRatioPath({ looks, weights: [1, 1], concentration: 100 });
    expect(pValues[2]).toBe(pValues[1]);
    expect(alarm).toBe(true);
  });
});
