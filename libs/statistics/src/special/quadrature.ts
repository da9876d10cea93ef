/** Positive nodes of the 16-point Gauss-Legendre rule and their weights. Source: DLMF 3.5.v. */
const RULE: readonly (readonly [number, number])[] = [
  [0.09501250983763744, 0.1894506104550685],
  [0.2816035507792589, 0.18260341504492358],
  [0.45801677765722737, 0.16915651939500254],
  [0.6178762444026438, 0.14959598881657674],
  [0.755404408355003, 0.12462897125553388],
  [0.8656312023878318, 0.09515851168249279],
  [0.9445750230732326, 0.062253523938647894],
  [0.9894009349916499, 0.027152459411754096],
];

/** A node of a quadrature rule. */
export interface Node {
  readonly at: number;
  readonly weight: number;
}

/** Nodes of the composite rule on consecutive intervals between sorted `breakpoints`; empty intervals are left out. */
export const compositeNodes = (breakpoints: readonly number[]): Node[] => {
  const nodes: Node[] = [];
  let from = breakpoints[0] ?? 0;
  for (const to of breakpoints) {
    const half = (to - from) / 2;
    const middle = (to + from) / 2;
    if (half > 0) {
      for (const [x, w] of RULE) {
        nodes.push({ at: middle - half * x, weight: half * w }, { at: middle + half * x, weight: half * w });
      }
    }
    from = to;
  }
  return nodes;
};

/** `count` + 1 equally spaced breakpoints from `low` to `high`. */
export const panels = (low: number, high: number, count: number): number[] =>
  Array.from({ length: count + 1 }, (_, index) => low + ((high - low) * index) / count);

/** ∫ f over the nodes' range. */
export const integrate = (nodes: readonly Node[], f: (x: number) => number): number => {
  let sum = 0;
  for (const node of nodes) sum += node.weight * f(node.at);
  return sum;
};
