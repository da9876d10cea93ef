import { backOff } from './back-off';
import { type BulkOutcome, type Endpoint, evaluateBulk, type Hint } from './bulk-client';
import { later } from './host';
import { type EvaluationContext, type Snapshot } from './snapshot';

/** What is asked for, and what the answer is handed to. */
export interface RefreshParts {
  endpoint: Endpoint;
  random: () => number;
  context: () => EvaluationContext;
  snapshot: () => Snapshot | null;
  settle: (outcome: BulkOutcome) => void;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;

/** Asks for answers: one request at a time, however many want one; failures are repeated ever more slowly until one succeeds. */
export class Refresher {
  readonly #backOff;
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;
  #hint: Hint = {};
  #abort: AbortController | null = null;
  #notBefore = 0;
  #cancelRetry: (() => void) | null = null;
  #closed = false;

  constructor(private readonly parts: RefreshParts) {
    this.#backOff = backOff(FIRST_RETRY_MS, LAST_RETRY_MS, parts.random);
  }

  /** Resolves once a request that began after this call has settled, well or not. */
  refresh(hint: Hint = {}): Promise<void> {
    this.#hint = { ...this.#hint, ...hint };
    if (this.#running === null) return (this.#running = this.#run());
    this.#next ??= this.#running.then(() => {
      this.#next = null;
      return (this.#running = this.#run());
    });
    return this.#next;
  }

  /** Gives up the present request for one with another context, at once. */
  restart(): Promise<void> {
    this.#abort?.abort();
    return this.refresh();
  }

  /** The network is back: what failed before says nothing any more. */
  hurry(): Promise<void> {
    this.#backOff.reset();
    return this.refresh();
  }

  close(): void {
    this.#closed = true;
    this.#cancelRetry?.();
    this.#abort?.abort();
  }

  async #run(): Promise<void> {
    const { endpoint, context, snapshot, settle } = this.parts;
    const waitMs = this.#notBefore - endpoint.now();
    if (this.#closed) return;
    if (waitMs > 0) return this.#retryIn(waitMs);
    const asked = context();
    const abort = (this.#abort = new AbortController());
    const hint = this.#hint;
    this.#hint = {};
    const outcome = await evaluateBulk(endpoint, asked, snapshot(), { hint, abort });
    this.#running = null;
    if (this.#closed || context() !== asked) return; // of somebody who is not meant any more
    if (outcome.kind === 'failed' || outcome.kind === 'denied') this.#failed(outcome);
    else this.#succeeded();
    settle(outcome);
  }

  #failed(outcome: BulkOutcome): void {
    const floorMs = outcome.kind === 'failed' ? outcome.retryAfterMs : LAST_RETRY_MS / 2;
    if (outcome.kind === 'failed' && floorMs > 0) this.#notBefore = this.parts.endpoint.now() + floorMs;
    // Those who ask again and again by hand must not put off what would happen by itself.
    if (this.#cancelRetry === null) this.#retryIn(this.#backOff.next(floorMs));
  }

  #succeeded(): void {
    this.#backOff.reset();
    this.#cancelRetry?.();
    this.#cancelRetry = null;
  }

  #retryIn(delayMs: number): void {
    this.#running = null;
    this.#cancelRetry?.();
    this.#cancelRetry = later(delayMs, () => {
      this.#cancelRetry = null;
      void this.refresh();
    });
  }
}
