import { demand, requireFraction, requireList, requireOneOf } from '../invalid-input';

/** Holm, Bonferroni, Hochberg control the family-wise error; `bh` and `by` the false discovery rate. */
export type MultiplicityMethod = 'holm' | 'bh' | 'bonferroni' | 'by' | 'hochberg';

/** p-values of one family; null is a test that was not made and is not counted. */
export interface MultiplicityInput {
  readonly pValues: readonly (number | null)[];
  readonly method: MultiplicityMethod;
  readonly alpha: number;
}

/** Adjusted p-values in the order of the input. */
export interface MultiplicityResult {
  readonly adjusted: readonly (number | null)[];
  readonly reject: readonly boolean[];
}

/** What the j-th smallest of m p-values is multiplied by, and from which end the extreme is carried along. */
const METHODS: Record<MultiplicityMethod, { factor: (m: number, j: number) => number; carry: 'up' | 'down' }> = {
  bonferroni: { factor: (m) => m, carry: 'up' },
  holm: { factor: (m, j) => m - j + 1, carry: 'up' },
  hochberg: { factor: (m, j) => m - j + 1, carry: 'down' },
  bh: { factor: (m, j) => m / j, carry: 'down' },
  by: { factor: (m, j) => (m / j) * harmonic(m), carry: 'down' },
};

function harmonic(m: number): number {
  let sum = 0;
  for (let j = m; j >= 1; j--) sum += 1 / j;
  return sum;
}

interface Tested {
  readonly p: number;
  readonly index: number;
}

/** Running maximum from the smallest p (step-down methods) or running minimum from the largest (step-up methods). */
const adjustSorted = (sorted: readonly Tested[], method: MultiplicityMethod): Map<number, number> => {
  const { factor, carry } = METHODS[method];
  const m = sorted.length;
  const raw = sorted.map(({ p, index }, position) => ({ index, value: Math.min(1, factor(m, position + 1) * p) }));
  const adjusted = new Map<number, number>();
  let carried = carry === 'up' ? 0 : 1;
  for (const { index, value } of carry === 'up' ? raw : raw.reverse()) {
    carried = carry === 'up' ? Math.max(carried, value) : Math.min(carried, value);
    adjusted.set(index, carried);
  }
  return adjusted;
};

/**
 * p-values adjusted for the number of tests in the family; `reject` is adjusted <= alpha.
 * Sources: Holm 1979, Hochberg 1988, Benjamini and Hochberg 1995, Benjamini and Yekutieli 2001.
 * @throws InvalidInput for p outside [0,1], alpha outside (0,1) or an unknown method
 */
export const adjustPValues = ({ pValues, method, alpha }: MultiplicityInput): MultiplicityResult => {
  requireList(pValues, 'pValues');
  requireOneOf(method, Object.keys(METHODS), 'method');
  requireFraction(alpha, 'alpha');
  const tested: Tested[] = [];
  for (const [index, p] of pValues.entries()) {
    if (p === null) continue;
    demand(p >= 0 && p <= 1, 'a p-value must be between 0 and 1');
    tested.push({ p, index });
  }
  const byIndex = adjustSorted(tested.sort((a, b) => a.p - b.p), method);
  const adjusted = pValues.map((_, index) => byIndex.get(index) ?? null);
  return { adjusted, reject: adjusted.map((p) => p !== null && p <= alpha) };
};
