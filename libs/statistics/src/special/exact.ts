const SPLITTER = 134217729; // 2^27 + 1: Dekker's constant for doubles

/** Above this Dekker's split would overflow; the low part no longer matters there. */
const SPLIT_LIMIT = 1e290;

const split = (value: number): [number, number] => {
  const c = SPLITTER * value;
  const high = c - (c - value);
  return [high, value - high];
};

/**
 * a·b as an unevaluated sum `[rounded, error]`, exact unless it over- or underflows.
 * Source: Dekker 1971 (two-product by splitting; JavaScript has no fused multiply-add).
 */
export const twoProduct = (a: number, b: number): [number, number] => {
  const product = a * b;
  if (Math.abs(a) > SPLIT_LIMIT || Math.abs(b) > SPLIT_LIMIT || !Number.isFinite(product)) return [product, 0];
  const [aHigh, aLow] = split(a);
  const [bHigh, bLow] = split(b);
  return [product, aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow)];
};

/** a+b as an unevaluated sum `[rounded, error]`, exact. Source: Knuth, TAOCP 2, 4.2.2. */
export const twoSum = (a: number, b: number): [number, number] => {
  const sum = a + b;
  const bVirtual = sum - a;
  return [sum, a - (sum - bVirtual) + (b - bVirtual)];
};

/** Σ of doubles with a second running word; the error stays at one rounding whatever the order. Source: Ogita, Rump, Oishi 2005. */
export const preciseSum = (values: Iterable<number>): number => {
  let total = 0;
  let rest = 0;
  for (const value of values) {
    const [sum, error] = twoSum(total, value);
    total = sum;
    rest += error;
  }
  return total + rest;
};
