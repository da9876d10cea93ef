/** How long to wait before the next of several failed attempts. */
export interface BackOff {
  /** The next delay: half to whole of a doubling span, so that clients cut off together come back apart. */
  next(floorMs?: number): number;
  /** After a success. */
  reset(): void;
}

/** A back-off from `firstMs` to `mostMs`. */
export const backOff = (firstMs: number, mostMs: number, random: () => number = Math.random): BackOff => {
  let attempts = 0;
  return {
    next: (floorMs = 0) => {
      const span = Math.min(mostMs, firstMs * 2 ** Math.min(attempts, 30));
      attempts += 1;
      return Math.max(floorMs, span * (0.5 + random() / 2));
    },
    reset: () => {
      attempts = 0;
    },
  };
};
