/** How long to wait after failures in a row. */
export type BackOffLimits = {
  /** No wait is shorter: a server that refuses quickly must not be asked in a tight loop. */
  readonly leastMs: number;
  readonly firstMs: number;
  readonly mostMs: number;
};

/** Exponential back-off with full jitter, so that clients that lost one server do not come back together. */
export class BackOff {
  private failures = 0;

  constructor(private readonly limits: BackOffLimits, private readonly random: () => number = Math.random) {}

  /** The wait after one more failure; `atLeastMs` is what the server asked for. */
  next(atLeastMs = 0): number {
    const { leastMs, firstMs, mostMs } = this.limits;
    const ceiling = Math.min(mostMs, firstMs * 2 ** this.failures);
    this.failures = Math.min(this.failures + 1, 30);
    const wait = Math.max(leastMs, this.random() * ceiling);
    // Those who were told the same instant come a little apart.
    return atLeastMs > 0 ? Math.max(wait, atLeastMs + this.random() * 0.1 * atLeastMs) : wait;
  }

  reset(): void {
    this.failures = 0;
  }
}

/** Waits without keeping the process alive; ends early, without an error, when the signal does. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    timer.unref();
    signal.addEventListener('abort', done);
  });
