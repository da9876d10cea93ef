import fc from 'fast-check';
import { adjustPValues } from './multiplicity';
import { deltaLift, fiellerLift, logRatioLift } from './lift';
import { equivalence, nonInferiority, relativeNonInferiority } from './guardrail';
import { twoProportionTest } from './two-proportion';
import { welchTest } from './welch';

const binomialArm = fc
  .tuple(fc.integer({ min: 1, max: 100_000 }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([n, share]) => ({ n, x: Math.round(n * share) }));

const meanArm = fc
  .array(fc.integer({ min: -500, max: 500 }), { minLength: 2, maxLength: 30 })
  .map((list) => ({ n: list.length, sum: list.reduce((a, b) => a + b, 0), sumSq: list.reduce((a, b) => a + b * b, 0) }));

const alpha = fc.constantFrom(0.01, 0.05, 0.1, 0.3);
const contains = ([low, high]: readonly [number, number], value: number): boolean =>
  low <= value + 1e-12 && value - 1e-12 <= high;

describe('the two-proportion test', () => {
  it('mirrors when the arms change places', () => {
    fc.assert(
      fc.property(binomialArm, binomialArm, alpha, (control, treatment, level) => {
        const there = twoProportionTest({ control, treatment, alpha: level, alternative: 'two-sided' });
        const back = twoProportionTest({ control: treatment, treatment: control, alpha: level, alternative: 'two-sided' });
        expect(back.pValue).toBe(there.pValue);
        expect((back.z ?? 0) + (there.z ?? 0)).toBe(0);
        expect((back.ciNewcombe?.[0] ?? 0) + (there.ciNewcombe?.[1] ?? 0)).toBeCloseTo(0, 12);
      }),
    );
  });

  it('has intervals that contain the estimate, and probabilities', () => {
    fc.assert(
      fc.property(binomialArm, binomialArm, alpha, (control, treatment, level) => {
        const result = twoProportionTest({ control, treatment, alpha: level, alternative: 'greater' });
        expect(contains(result.ciNewcombe ?? [1, -1], result.diff ?? 9)).toBe(true);
        expect(contains(result.wilsonControl ?? [1, -1], result.pControl ?? 9)).toBe(true);
        if (result.status === 'zero_variance') return expect(result.pValue).toBeNull();
        expect(contains(result.ciWald ?? [1, -1], result.diff ?? 9)).toBe(true);
        expect(result.pValue).toBeGreaterThanOrEqual(0);
        return expect(result.pValue).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('doubles the smaller of the two one-sided p-values', () => {
    const arms = { control: { n: 900, x: 90 }, treatment: { n: 1100, x: 130 }, alpha: 0.05 };
    const p = (alternative: 'two-sided' | 'greater' | 'less') => twoProportionTest({ ...arms, alternative }).pValue ?? 0;
    expect(p('two-sided')).toBeCloseTo(2 * Math.min(p('greater'), p('less')), 15);
    expect(p('greater') + p('less')).toBeCloseTo(1, 15);
  });

  it('has no data to speak of without users', () => {
    const input = { control: { n: 0, x: 0 }, treatment: { n: 5, x: 1 }, alpha: 0.05, alternative: 'two-sided' } as const;
    expect(twoProportionTest(input)).toMatchObject({ status: 'insufficient_data', pValue: null, ciNewcombe: null });
  });
});

describe("Welch's test", () => {
  it('rejects exactly when its interval excludes 0', () => {
    fc.assert(
      fc.property(meanArm, meanArm, alpha, (control, treatment, level) => {
        const { status, pValue, ci } = welchTest({ control, treatment, alpha: level, alternative: 'two-sided' });
        if (status !== 'ok' || pValue === null || ci === null || Math.abs(pValue - level) < 1e-9) return;
        expect(pValue < level).toBe(ci[0] > 0 || ci[1] < 0);
      }),
    );
  });

  it('does not change when both arms are shifted', () => {
    const arm = (n: number, mean: number, m2: number) => ({ n, sum: n * mean, sumSq: n * mean * mean + m2 });
    const result = (shift: number) =>
      welchTest({ control: arm(50, 1 + shift, 90), treatment: arm(60, 2 + shift, 130), alpha: 0.05, alternative: 'two-sided' });
    expect(result(100_000).pValue).toBeCloseTo(result(0).pValue ?? 0, 10);
  });

  it.each([
    ['insufficient_data', { n: 1, sum: 3, sumSq: 9 }, { n: 5, sum: 5, sumSq: 9 }],
    ['zero_variance', { n: 4, sum: 4, sumSq: 4 }, { n: 5, sum: 10, sumSq: 20 }],
    ['ok', { n: 4, sum: 4, sumSq: 4 }, { n: 5, sum: 10, sumSq: 21 }],
  ])('says %s', (status, control, treatment) => {
    expect(welchTest({ control, treatment, alpha: 0.05, alternative: 'two-sided' }).status).toBe(status);
  });

  it('takes the degrees of freedom of the other arm when one is constant', () => {
    const constant = { n: 4, sum: 4, sumSq: 4 };
    const varied = { n: 5, sum: 10, sumSq: 25 };
    expect(welchTest({ control: constant, treatment: varied, alpha: 0.05, alternative: 'less' }).df).toBe(4);
  });
});

describe('the lift', () => {
  it("by Fieller excludes 0 exactly when the unpooled z-test rejects", () => {
    fc.assert(
      fc.property(binomialArm, binomialArm, alpha, (control, treatment, level) => {
        const lift = fiellerLift({ control, treatment, alpha: level });
        const { ciWald } = twoProportionTest({ control, treatment, alpha: level, alternative: 'two-sided' });
        if (lift.status !== 'ok' || ciWald === null || Math.min(Math.abs(ciWald[0]), Math.abs(ciWald[1])) < 1e-9) return;
        const rejects = ciWald[0] > 0 || ciWald[1] < 0;
        const inside = lift.ci ? contains(lift.ci, 0) : lift.excluded === null || !contains(lift.excluded, 0);
        expect(inside).toBe(!rejects);
      }),
      { numRuns: 500 },
    );
  });

  it('has intervals that contain the estimate', () => {
    fc.assert(
      fc.property(meanArm, meanArm, alpha, (control, treatment, level) => {
        const fieller = fiellerLift({ control, treatment, alpha: level });
        const delta = deltaLift({ control, treatment, alpha: level });
        if (fieller.ci) expect(contains(fieller.ci, fieller.lift ?? 9)).toBe(true);
        if (fieller.excluded) expect(contains(fieller.excluded, fieller.lift ?? 9)).toBe(false);
        if (delta.ci) expect(contains(delta.ci, delta.lift ?? 9)).toBe(true);
      }),
    );
  });

  it('is an improvement when a negative baseline rises', () => {
    const control = { n: 100, sum: -200, sumSq: 500 };
    const treatment = { n: 100, sum: -150, sumSq: 400 };
    expect(deltaLift({ control, treatment, alpha: 0.05 }).lift).toBeCloseTo(0.25, 12);
    expect(fiellerLift({ control, treatment, alpha: 0.05 }).ci?.[1]).toBeGreaterThan(0.25);
  });

  it('is unbounded when the baseline may be 0', () => {
    const control = { n: 50, x: 1 };
    expect(fiellerLift({ control, treatment: { n: 500, x: 150 }, alpha: 0.05 })).toMatchObject({ kind: 'complement', ci: null });
    expect(fiellerLift({ control, treatment: { n: 50, x: 2 }, alpha: 0.05 })).toMatchObject({ kind: 'all', ci: null });
  });

  it.each([
    ['zero_baseline', { n: 50, x: 0 }, { n: 50, x: 3 }],
    ['zero_treatment', { n: 50, x: 3 }, { n: 50, x: 0 }],
    ['insufficient_data', { n: 0, x: 0 }, { n: 50, x: 3 }],
  ])('of the log ratio says %s', (status, control, treatment) => {
    expect(logRatioLift({ control, treatment, alpha: 0.05 })).toMatchObject({ status, ci: null });
  });
});

describe('adjusted p-values', () => {
  const pValues = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 });
  const methods = ['holm', 'bh', 'bonferroni', 'by', 'hochberg'] as const;

  it('are never below the raw ones and keep their order', () => {
    fc.assert(
      fc.property(pValues, fc.constantFrom(...methods), (raw, method) => {
        const { adjusted } = adjustPValues({ pValues: raw, method, alpha: 0.05 });
        for (const [i, p] of raw.entries()) {
          expect(adjusted[i]).toBeGreaterThanOrEqual(p);
          expect(adjusted[i]).toBeLessThanOrEqual(1);
          for (const [j, other] of raw.entries()) if (p < other) expect(adjusted[i]).toBeLessThanOrEqual(adjusted[j] ?? 0);
        }
      }),
    );
  });

  it('of one test are the test itself', () => {
    for (const method of methods) {
      expect(adjustPValues({ pValues: [null, 0.03], method, alpha: 0.05 })).toEqual({ adjusted: [null, 0.03], reject: [false, true] });
    }
  });
});

describe('guardrails', () => {
  const base = { estimate: -0.02, se: 0.004, margin: 0.01, alpha: 0.05, higherIsBetter: true, df: null };

  it('fail on harm, pass within the margin, and else say that they do not know', () => {
    expect(nonInferiority(base).status).toBe('fail');
    expect(nonInferiority({ ...base, higherIsBetter: false }).status).toBe('pass');
    expect(nonInferiority({ ...base, se: 0.02 }).status).toBe('inconclusive');
  });

  it('pass even where a small harm is certain', () => {
    expect(nonInferiority({ ...base, estimate: -0.002, se: 0.0005 })).toMatchObject({ status: 'pass', harm: true });
  });

  it('hold near a zero baseline when the margin is a share of it', () => {
    const control = { n: 100, sum: 0, sumSq: 100 };
    const treatment = { n: 100, sum: 50, sumSq: 120 };
    const result = relativeNonInferiority({ control, treatment, relativeMargin: 0.1, alpha: 0.05, higherIsBetter: true });
    expect(result).toMatchObject({ status: 'ok', contrast: 0.5, pass: true });
  });

  it('are equivalent only when both sides are excluded', () => {
    const within = { estimate: 0.002, se: 0.002, lower: -0.01, upper: 0.01, alpha: 0.05 };
    expect(equivalence(within).equivalent).toBe(true);
    expect(equivalence({ ...within, estimate: 0.009 }).equivalent).toBe(false);
  });
});
