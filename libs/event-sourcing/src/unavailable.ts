/** A dependency (database, log, cache) is away for now; the same call may work later. HTTP answers 503 with Retry-After. */
export class Unavailable extends Error {
  constructor(readonly dependency: 'database' | 'event-log' | 'cache' | 'service', options?: { cause?: unknown; retryAfterSeconds?: number }) {
    super(`${dependency} is not available`, options?.cause === undefined ? undefined : { cause: options.cause });
    this.retryAfterSeconds = options?.retryAfterSeconds ?? 2;
  }
  readonly retryAfterSeconds: number;
}
