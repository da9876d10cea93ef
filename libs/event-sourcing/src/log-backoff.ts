import { setTimeout as sleep } from 'node:timers/promises';

/** Waits; an aborted signal ends the wait early, without an error. */
export const pause = async (ms: number, signal?: AbortSignal): Promise<void> => {
  await sleep(ms, undefined, signal ? { signal } : {}).catch(() => undefined);
};

/** Exponential back-off with jitter: each wait is random between half of a bound and the bound, which doubles up to a limit. */
export class Backoff {
  private boundMs: number;

  constructor(private readonly firstMs = 200, private readonly limitMs = 30_000) {
    this.boundMs = firstMs;
  }

  /** Length of the next wait. */
  next(): number {
    const bound = this.boundMs;
    this.boundMs = Math.min(bound * 2, this.limitMs);
    return bound * (0.5 + Math.random() / 2);
  }

  reset(): void {
    this.boundMs = this.firstMs;
  }
}

/** Rejects with what `late` makes when `work` takes longer; the work itself goes on. */
export const within = async <T>(ms: number, work: Promise<T>, late: () => Error): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), ms);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
};

/** Whatever was thrown, as an Error. */
export const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
