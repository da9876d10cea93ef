import { betainc, betaincUpper, betaQuantile } from './beta';
import { chiSquareSf } from './chi-square';
import { twoProduct, twoSum, preciseSum } from './exact';
import { noncentralTSf } from './noncentral-t';
import { normalIsf, normalQuantile, normalSf } from './normal';
import { compositeNodes, integrate, panels } from './quadrature';
import { findRoot } from './roots';
import { tIsf, tSf } from './student-t';

const expectRelative = (got: number, want: number, tolerance: number): void =>
  expect(Math.abs(got / want - 1)).toBeLessThanOrEqual(tolerance);

// Golden values: mpmath 1.3, 60 digits (erfc, hyp2f1, gammainc, quadrature of the density).
describe('the normal distribution', () => {
  it.each([
    [1.5, 0.06680720126885807],
    [10, 7.619853024160525e-24],
    [30, 4.906713927148187e-198],
    [37, 5.725571222524577e-300],
  ])('has the upper tail of %d', (z, want) => expectRelative(normalSf(z), want, 1e-15));

  it.each([
    [1e-10, 6.361340902404057],
    [1e-100, 21.273453560965326],
    [1e-300, 37.0470962993612],
    [0.3, 0.5244005127080408],
    [0.4999, 0.00025066283008800747],
  ])('is exceeded with probability %d at its quantile', (q, want) => expectRelative(normalIsf(q), want, 1e-15));

  it('has the quantile that its tail gives back, in both tails', () => {
    for (let exponent = -300; exponent < 0; exponent += 7) {
      const p = 10 ** exponent;
      expectRelative(normalSf(normalIsf(p)), p, 2e-13);
      expect(normalQuantile(p)).toBe(-normalIsf(p));
    }
  });
});

describe("Student's t", () => {
  it.each([
    [0.5, 3, 0.3257239824240755],
    [1.2, 17.3, 0.1231576018350801],
    [40, 30, 6.863022597203201e-28],
    [1e100, 3, 1.1026577908435841e-300],
    [36, 1e5, 2.7055733002893035e-282],
    [2, 1e6, 0.022750266925659603],
  ])('has the upper tail of %d at %d degrees of freedom', (t, df, want) => expectRelative(tSf(t, df), want, 1e-12));

  it.each([
    [1e-300, 1, 3.1830988618379066e299],
    [1e-250, 30, 1081064634.5305128],
    [0.025, 1, 12.706204736174705],
    [0.3, 2.5, 0.5973077382523175],
    [1e-100, 1e5, 21.29759838971532],
  ])('is exceeded with probability %d at %d degrees of freedom', (q, df, want) =>
    expectRelative(tIsf(q, df), want, 1e-13),
  );

  it('is the Cauchy distribution at one degree of freedom', () => {
    for (const t of [0.1, 1, 1.3, 20, 1e12]) expectRelative(tSf(t, 1), Math.atan2(1, t) / Math.PI, 1e-14);
  });

  it('without noncentrality is the limit of the noncentral t', () => {
    for (const t of [-2, 0.3, 1.7, 4]) expectRelative(noncentralTSf(t, 9, 0), tSf(t, 9), 1e-11);
  });
});

describe('chi-square', () => {
  it.each([
    [1380, 3, 6.441714254784624e-299],
    [1000, 1, 1.7958327848007262e-219],
    [1300, 99, 1.700612339631898e-208],
    [0.5, 7, 0.999446481390425],
    [1000, 1000, 0.49405285382923964],
  ])('has the upper tail of %d at %d degrees of freedom', (x, df, want) => expectRelative(chiSquareSf(x, df), want, 1e-12));
});

describe('the incomplete beta function', () => {
  it.each([
    [0.2, 7, 0.01, 0.626267965937642],
    [1000, 100000, 0.005, 1.3805578035177643e-84],
    [50000, 50000, 0.48, 5.306363411990409e-37],
    [3, 0.5, 0.9, 0.4454155553479705],
    [1e8, 1e8, 0.4999, 0.002338867309689789],
  ])('I(%d, %d) at %d', (a, b, x, want) => expectRelative(betainc(a, b, x), want, 1e-11));

  it('is a polynomial for whole parameters', () => {
    expectRelative(betainc(2, 3, 0.4), 0.5248, 1e-15);
    expectRelative(betaincUpper(1, 5, 0.3), 0.7 ** 5, 1e-14);
  });

  it('is inverted by the quantile', () => {
    for (const [a, b] of [[0.5, 0.5], [1, 1e6], [41, 361], [3e4, 2e6]] as const) {
      for (const p of [1e-12, 0.025, 0.5, 0.975]) expectRelative(betainc(a, b, betaQuantile(p, a, b)), p, 1e-10);
    }
  });
});

describe('exact arithmetic', () => {
  it('keeps what a product and a sum round away', () => {
    const [product, lost] = twoProduct(134217729, 134217731);
    expect(BigInt(product) + BigInt(lost)).toBe(134217729n * 134217731n);
    expect(twoSum(1, 1e-20)).toEqual([1, 1e-20]);
    expect(preciseSum([1, 1e100, 1, -1e100])).toBe(2);
  });
});

describe('quadrature and roots', () => {
  it('integrates polynomials of degree 31 exactly', () => {
    expectRelative(integrate(compositeNodes([0, 1]), (x) => 32 * x ** 31), 1, 1e-14);
    expectRelative(integrate(compositeNodes(panels(0, 2, 5)), () => 1), 2, 1e-15);
  });

  it('finds a zero to the last digits', () => {
    expectRelative(findRoot((x) => x ** 3 - 2, 0, 5), Math.cbrt(2), 1e-13);
    expectRelative(findRoot((x) => 1e-3 - Math.exp(-x), 0, 1000), Math.log(1000), 1e-13);
  });
});
