import { InvalidInput } from '../invalid-input';
import { detectableEffect, durationDays, meanPower, meanSampleSize, tTestPower, tTestSampleSize } from './mean-power';
import { twoProportionMde, twoProportionPower, twoProportionSampleSize } from './two-proportion-power';

const plan = { ratio: 1, alpha: 0.05, alternative: 'two-sided' as const };

describe('planning two proportions', () => {
  it('finds the effect that the sample size was made for', () => {
    for (const [pControl, pTreatment, ratio] of [[0.1, 0.12, 1], [0.5, 0.4, 2], [0.02, 0.03, 0.5]] as const) {
      const { nControl } = twoProportionSampleSize({ ...plan, pControl, pTreatment, ratio, power: 0.9 });
      expect(twoProportionPower({ ...plan, pControl, pTreatment, ratio, nControl }).power).toBeCloseTo(0.9, 10);
      const direction = pTreatment > pControl ? 'increase' : 'decrease';
      const found = twoProportionMde({ ...plan, pControl, nControl, ratio, power: 0.9, direction });
      expect(found.pTreatment).toBeCloseTo(pTreatment, 9);
    }
  });

  it('has no detectable effect when even certainty is too near', () => {
    const tiny = twoProportionMde({ ...plan, pControl: 0.5, nControl: 3, power: 0.9, direction: 'increase' });
    expect(tiny).toEqual({ pTreatment: null, absolute: null, relative: null });
  });

  it.each([
    ['equal rates', { pControl: 0.1, pTreatment: 0.1 }],
    ['an effect on the wrong side', { pControl: 0.1, pTreatment: 0.2, alternative: 'less' as const }],
    ['power that alpha alone has', { pControl: 0.1, pTreatment: 0.2, power: 0.05 }],
    ['a rate of 1', { pControl: 0.1, pTreatment: 1 }],
  ])('refuses %s', (_what, change) => {
    expect(() => twoProportionSampleSize({ ...plan, power: 0.8, ...change })).toThrow(InvalidInput);
  });
});

describe('planning means', () => {
  it('needs fewer users with a covariate, by 1-ρ²', () => {
    const without = meanSampleSize({ ...plan, sd: 90, delta: 3, power: 0.8 }).nControl;
    const withCovariate = meanSampleSize({ ...plan, sd: 90, delta: 3, power: 0.8, cupedCorrelation: 0.6 }).nControl;
    expect(withCovariate / without).toBeCloseTo(0.64, 10);
    expect(meanPower({ ...plan, sd: 90, delta: 3, nControl: without }).power).toBeCloseTo(0.8, 10);
  });

  it('needs more users for t than for z, and reaches the power', () => {
    const { nControl } = tTestSampleSize({ ...plan, cohenD: 1.2, power: 0.8 });
    expect(nControl).toBeGreaterThan(meanSampleSize({ ...plan, sd: 1, delta: 1.2, power: 0.8 }).nControl);
    expect(tTestPower({ ...plan, cohenD: 1.2, nControl }).power).toBeCloseTo(0.8, 9);
  });

  it('shows the effect that the present data would find', () => {
    expect(detectableEffect({ se: 0.01, alpha: 0.05, power: 0.8 })).toBeCloseTo(0.028015852, 8);
  });

  it('lasts whole weeks, and at least one', () => {
    expect(durationDays({ users: 100, dailyUsers: 1000, traffic: 1 })).toBe(7);
    expect(durationDays({ users: 7500, dailyUsers: 1000, traffic: 0.5 })).toBe(21);
  });
});
