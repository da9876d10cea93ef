/** A stream of uniform numbers in [0, 1). */
export type Random = () => number;

/** Numbers from a seed, so that every simulation can be told again. Source: mulberry32, public domain. */
export const randomFrom = (seed: number): Random => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

/** A standard normal number (Box-Muller). */
export const standardNormal = (random: Random): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** ln Γ(k+1) without what Stirling's formula says. */
const stirlingRest = (k: number): number => {
  const z = k + 1;
  return k < 10 ? [0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.0207906721037650, 0.0166446911898211, 0.0138761288230707, 0.0118967099458917, 0.0104112652619720, 0.00925546218271273, 0.00833056343336287][k]!
    : (1 / 12 - (1 / 360 - 1 / 1260 / (z * z)) / (z * z)) / z;
};

/** By waiting times: good for few successes. */
const rareSuccesses = (random: Random, n: number, p: number): number => {
  const log = Math.log1p(-p);
  let [successes, trials] = [0, 0];
  for (;;) {
    trials += Math.floor(Math.log(1 - random()) / log) + 1;
    if (trials > n) return successes;
    successes += 1;
  }
};

/** Transformed rejection. Source: W. Hörmann, "The generation of binomial random variates", 1993, algorithm BTRS. */
const manySuccesses = (random: Random, n: number, p: number): number => {
  const spread = Math.sqrt(n * p * (1 - p));
  const b = 1.15 + 2.53 * spread;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const [c, alpha, odds, mode] = [n * p + 0.5, (2.83 + 5.1 / b) * spread, p / (1 - p), Math.floor((n + 1) * p)];
  for (;;) {
    const u = random() - 0.5;
    const v = random();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + c);
    if (us >= 0.07 && v <= 0.92 - 4.2 / b) return k;
    if (k < 0 || k > n) continue;
    const limit = (mode + 0.5) * Math.log((mode + 1) / (odds * (n - mode + 1))) + (n + 1) * Math.log((n - mode + 1) / (n - k + 1)) + (k + 0.5) * Math.log((odds * (n - k + 1)) / (k + 1))
      + stirlingRest(mode) + stirlingRest(n - mode) - stirlingRest(k) - stirlingRest(n - k);
    if (Math.log((v * alpha) / (a / (us * us) + b)) <= limit) return k;
  }
};

/** How many of n succeed. */
export const binomial = (random: Random, n: number, p: number): number => {
  if (n <= 0 || p <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - binomial(random, n, 1 - p);
  return n * p < 10 ? rareSuccesses(random, n, p) : manySuccesses(random, n, p);
};

/** How many of n fall to each weight. */
export const multinomial = (random: Random, n: number, weights: readonly number[]): number[] => {
  let [left, rest] = [n, weights.reduce((sum, weight) => sum + weight, 0)];
  return weights.map((weight) => {
    const count = binomial(random, left, rest <= 0 ? 0 : Math.min(1, weight / rest));
    left -= count;
    rest -= weight;
    return count;
  });
};

/** χ² by the cube of Wilson and Hilferty, which is as good as exact from a few degrees of freedom on. */
export const chiSquare = (random: Random, degrees: number): number => {
  if (degrees <= 0) return 0;
  const shrink = 2 / (9 * degrees);
  return degrees * Math.max(0, 1 - shrink + standardNormal(random) * Math.sqrt(shrink)) ** 3;
};
