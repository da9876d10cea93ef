/**
 * Zero of a monotone `f` between `low` and `high`, where its signs differ; the midpoint of the last bracket.
 * Source: Oliveira and Takahashi 2020 (ITP method): the worst case of bisection, the usual case of the secant.
 */
export const findRoot = (f: (x: number) => number, low: number, high: number, relative = 1e-14): number => {
  let [a, b] = [low, high];
  let [fa, fb] = [f(a), f(b)];
  if (fa === 0) return a;
  if (fb === 0) return b;
  const tolerance = relative * Math.max(Math.abs(a), Math.abs(b), Number.MIN_VALUE);
  const start = b - a;
  const budget = Math.ceil(Math.log2(start / (2 * tolerance))) + 1;
  for (let step = 0; b - a > relative * Math.abs(a + b) && step < 2 * budget; step++) {
    const middle = (a + b) / 2;
    const secant = (fb * a - fa * b) / (fb - fa);
    const sigma = Math.sign(middle - secant);
    const delta = Math.min((0.2 / start) * (b - a) ** 2, Math.abs(middle - secant));
    const radius = Math.max(tolerance * 2 ** (budget - step) - (b - a) / 2, 0);
    const truncated = secant + sigma * delta;
    const x = Math.abs(truncated - middle) <= radius ? truncated : middle - sigma * radius;
    const fx = f(x);
    if (fx === 0) return x;
    if (Math.sign(fx) === Math.sign(fa)) [a, fa] = [x, fx];
    else [b, fb] = [x, fx];
  }
  return (a + b) / 2;
};
