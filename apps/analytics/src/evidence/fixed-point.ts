/** Values are held in millionths, their products in 1e-12: sums are then exact and do not depend on order. */
export type Units = bigint;

export const ONE: Units = 1_000_000n;
const LARGEST_FAST = 9_000_000_000;

/** A double in millionths, rounded to the nearest. */
export const unitsOf = (value: number): Units => {
  if (Number.isInteger(value) && Math.abs(value) < LARGEST_FAST) return BigInt(value * 1_000_000);
  return BigInt(value.toFixed(6).replace('.', ''));
};

/** Quotient rounded half away from zero, so that the sign of a metric does not matter. */
export const divide = (dividend: bigint, divisor: bigint): bigint => {
  const negative = dividend < 0n !== divisor < 0n;
  const [a, b] = [dividend < 0n ? -dividend : dividend, divisor < 0n ? -divisor : divisor];
  const quotient = (2n * a + b) / (2n * b);
  return negative ? -quotient : quotient;
};

/** A fixed-point number with that many decimals as the nearest double. */
export const toNumber = (value: bigint, decimals: number): number => {
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, '0');
  const cut = digits.length - decimals;
  return Number(`${value < 0n ? '-' : ''}${digits.slice(0, cut)}.${digits.slice(cut)}`);
};

const THOUSAND = 1_000n;

/** Rounded to three digits (half away from zero): what quantiles tell values by, with an error of half a percent at most. */
export const threeDigits = (value: Units): Units => {
  let scale = 1n;
  for (let rest = value < 0n ? -value : value; rest >= THOUSAND * scale; ) scale *= 10n;
  return divide(value, scale) * scale;
};
