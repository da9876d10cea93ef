import fc from 'fast-check';
import { allocate } from './bandit';
import { betaBinomial } from './beta-binomial';
import { normalPosterior, unitNormalLoss } from './normal';

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** P(second > first) as a finite sum for whole parameters. Source: E. Miller, "Formulas for Bayesian A/B testing". */
const closedForm = (a1: number, b1: number, a2: number, b2: number): number => {
  let term = 1;
  for (let k = 0; k < b2; k++) term *= (b1 + k) / (a1 + b1 + k);
  let total = 0;
  for (let i = 0; i < a2; i++) {
    total += term;
    term *= ((a1 + i) * (b2 + i)) / ((i + 1) * (a1 + b1 + b2 + i));
  }
  return total;
};

describe('beta-binomial posteriors', () => {
  const two = (n1: number, x1: number, n2: number, x2: number) =>
    betaBinomial({ arms: [{ n: n1, x: x1 }, { n: n2, x: x2 }], prior: { a: 1, b: 1 }, alpha: 0.05 }).arms;

  it.each([
    [10, 3, 12, 6],
    [100, 10, 100, 14],
    [400, 60, 300, 50],
    [0, 0, 0, 0],
  ])('agree with the closed sum: %d/%d against %d/%d', (n1, x1, n2, x2) => {
    const [, treatment] = two(n1, x1, n2, x2);
    const want = closedForm(x1 + 1, n1 - x1 + 1, x2 + 1, n2 - x2 + 1);
    expect(treatment?.probBeatsControl).toBeCloseTo(want, 10);
  });

  it('gain minus loss is the difference of the means', () => {
    const [control, treatment] = two(1_000_000, 100_000, 900_000, 90_500);
    const difference = (treatment?.mean ?? 0) - (control?.mean ?? 0);
    const gained = (treatment?.expectedGainVsControl ?? 0) - (treatment?.expectedLossVsControl ?? 0);
    expect(Math.abs(gained / difference - 1)).toBeLessThan(1e-9);
  });

  it('give the same digits twice', () => expect(two(500, 20, 510, 31)).toEqual(two(500, 20, 510, 31)));
});

describe('bandit weights', () => {
  const arm = fc.record({ a: fc.double({ min: 0.5, max: 500, noNaN: true }), b: fc.double({ min: 0.5, max: 500, noNaN: true }) });

  it('add up to one and respect the floor', () => {
    fc.assert(
      fc.property(fc.array(arm, { minLength: 2, maxLength: 4 }), fc.constantFrom('thompson', 'ttts', 'rank2'), (arms, algorithm) => {
        const { weights, probBest } = allocate({ kind: 'beta', arms, algorithm: algorithm as 'ttts', beta: 0.5, floor: 0.05 });
        expect(sum(probBest)).toBeCloseTo(1, 8);
        expect(sum(weights)).toBeCloseTo(1, 8);
        expect(Math.min(...weights)).toBeGreaterThanOrEqual(0.05 - 1e-12);
      }),
      { numRuns: 25 },
    );
  });

  it('are even when the floors leave nothing to give', () => {
    const arms = [{ mean: 0, sd: 1 }, { mean: 5, sd: 1 }];
    expect(allocate({ kind: 'normal', arms, algorithm: 'thompson', floor: 0.6 }).weights).toEqual([0.5, 0.5]);
  });

  it('of two normal arms are the chance that their difference is positive', () => {
    const { probBest } = allocate({ kind: 'normal', arms: [{ mean: 1, sd: 3 }, { mean: 2, sd: 4 }], algorithm: 'thompson', floor: 0 });
    expect(probBest[1]).toBeCloseTo(normalPosterior({ estimate: 1, se: 5, prior: null, alpha: 0.05 }).chanceToBeat ?? 0, 12);
  });

  it('are numbers where the others have next to no chance', () => {
    const arms = [{ a: 463, b: 996 }, { a: 1, b: 4432 }, { a: 1, b: 4935 }];
    const { probBest, weights } = allocate({ kind: 'beta', arms, algorithm: 'ttts', beta: 0.5, floor: 0 });
    expect(probBest[1]).toBeLessThan(1e-300);
    expect([weights[0]!, weights[1]! + weights[2]!].map((weight) => weight.toFixed(12))).toEqual(['0.500000000000', '0.500000000000']);
  });

  it('split the challenger share evenly when one arm is certain', () => {
    const arms = [{ mean: 0, sd: 1 }, { mean: 0, sd: 1 }, { mean: 1000, sd: 1 }];
    expect(allocate({ kind: 'normal', arms, algorithm: 'ttts', beta: 0.5, floor: 0 }).weights).toEqual([0.25, 0.25, 0.5]);
  });
});

describe('the normal posterior', () => {
  it('loses what the control gains: L(-u) - L(u) = u', () => {
    for (const u of [0, 0.3, 1, 2, 5]) expect(unitNormalLoss(-u) - unitNormalLoss(u)).toBeCloseTo(u, 14);
  });

  it('is a number however far the effect is from 0', () => {
    // Neither an integer nor a sixteenth: exp(-u²/2) must not be split into 0 times infinity.
    for (const u of [41, 1e4 + 0.03, 2e12 + 0.03, 1e150]) expect([unitNormalLoss(u), unitNormalLoss(-u)]).toEqual([0, u]);
  });

  it('keeps the digits of a tiny loss', () => {
    // mpmath, 60 digits: φ(20) - 20·Q(20).
    expect(Math.abs(unitNormalLoss(20) / 1.3700124947295798e-90 - 1)).toBeLessThan(1e-12);
  });

  it('stays near a strong prior', () => {
    const { mean } = normalPosterior({ estimate: 1, se: 1, prior: { mean: 0, sd: 0.001 }, alpha: 0.05 });
    expect(Math.abs(mean ?? 1)).toBeLessThan(1e-5);
  });
});
