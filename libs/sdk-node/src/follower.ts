import type { RulesetChange } from '@pataka/evaluation';
import { BackOff, pause } from './back-off';
import type { Contact } from './contact';
import { readStream, type StreamEvent } from './event-stream';
import type { Rules } from './rules';
import { isRuleset } from './ruleset-change';
import { ServerError, type Server } from './server';

/** How rules are followed. */
export type FollowOptions = { readonly streaming: boolean; readonly pollIntervalMs: number };

type ChangeData = { readonly position?: unknown; readonly documents?: Omit<RulesetChange, 'position'> };

/** The server sends a comment every 15 seconds. */
const SILENCE_MS = 45_000;
const LOOK_MS = 30_000;
/** While the stream stands, everything is compared once in a while all the same. */
const CHECK_MS = 300_000;
const FIRST_RETRY_MS = 1_000;
const FAILURES = { leastMs: 250, firstMs: 1_000, mostMs: 30_000 };
const REFUSALS = { leastMs: 5_000, firstMs: 30_000, mostMs: 300_000 };
/** A replica may answer that has not heard yet of what another announced. */
const CATCH_UP_MS = [100, 400, 1_600];

/** Keeps the rules those of the server: from the stream, by polling where there is none, and for ever again when the server is away. */
export class Follower {
  private readonly ended = new AbortController();
  private readonly failures = new BackOff(FAILURES);
  private readonly refusals = new BackOff(REFUSALS);
  private retryMs = FIRST_RETRY_MS;
  /** Up to where the stream has told. */
  private position: number | undefined;
  private isSynced = false;
  private checkedAt = 0;
  private running: Promise<void> = Promise.resolve();
  private applying: Promise<void> = Promise.resolve();
  private looking: NodeJS.Timeout | undefined;

  constructor(private readonly server: Server, private readonly rules: Rules, private readonly contact: Contact, private readonly options: FollowOptions) {}

  /** Resolves once waiting longer makes no sense: the server has answered, or it has failed to and there are rules all the same. */
  start(): Promise<void> {
    this.looking = setInterval(() => this.look(), LOOK_MS);
    this.looking.unref();
    return new Promise((settled) => {
      this.running = this.run(settled);
    });
  }

  async close(): Promise<void> {
    this.ended.abort();
    clearInterval(this.looking);
    this.contact.close();
    await this.running;
  }

  private async run(settled: () => void): Promise<void> {
    const { signal } = this.ended;
    while (!signal.aborted) {
      let waitMs: number;
      try {
        waitMs = await this.turn(settled);
      } catch (error) {
        waitMs = this.failed(error as Error, settled);
      }
      await pause(waitMs, signal);
    }
    settled();
  }

  /** One attempt: resolves with the wait before the next. */
  private async turn(settled: () => void): Promise<number> {
    const { streaming, pollIntervalMs } = this.options;
    if (!this.isSynced || !streaming) {
      await this.poll();
      settled();
    }
    // Clients that started together need not poll together.
    const pollMs = pollIntervalMs * (0.9 + 0.2 * Math.random());
    if (!streaming) return pollMs;
    try {
      await this.stream();
    } catch (error) {
      if (error instanceof ServerError && error.isRefusal) throw error;
      await this.poll();
      return Math.min(pollMs, this.failures.next(error instanceof ServerError ? error.retryAfterMs : 0));
    }
    if (!this.ended.signal.aborted) this.contact.lost(new Error('the stream ended'), this.rules.compiled !== undefined);
    return this.retryMs;
  }

  private failed(error: Error, settled: () => void): number {
    if (this.ended.signal.aborted) return 0;
    const refused = error instanceof ServerError && error.isRefusal;
    this.contact.lost(error, this.rules.compiled !== undefined);
    if (refused || this.rules.compiled !== undefined) settled();
    return (refused ? this.refusals : this.failures).next(error instanceof ServerError ? error.retryAfterMs : 0);
  }

  /** Compares everything with the server. @throws ServerError */
  private async poll(): Promise<void> {
    await this.inTurn(async () => {
      const { signal } = this.ended;
      const answer = await this.server.get('/v1/ruleset', signal, this.rules.etag);
      if (answer !== null) {
        const ruleset: unknown = JSON.parse(new TextDecoder().decode(answer.bytes));
        if (!isRuleset(ruleset)) throw new ServerError('GET /v1/ruleset: the answer is no ruleset', 200);
        await this.rules.takeWhole(ruleset, answer.etag, signal);
      }
    });
    this.isSynced = true;
    this.checkedAt = Date.now();
    this.failures.reset();
    this.refusals.reset();
    this.contact.made();
  }

  /** Follows the stream until it ends. @throws ServerError where it can't be opened, or something in it can't be taken */
  private async stream(): Promise<void> {
    const abort = new AbortController();
    const end = (): void => abort.abort();
    this.ended.signal.addEventListener('abort', end);
    let isTaken = true;
    try {
      const since = this.position ?? this.rules.compiled?.position;
      const response = await this.server.open('/v1/stream', since === undefined ? {} : { 'last-event-id': String(since) }, abort);
      this.contact.made();
      this.failures.reset();
      const event = async (one: StreamEvent): Promise<void> => {
        isTaken = false;
        await this.take(one);
        isTaken = true;
      };
      await readStream(response, { event, retry: (ms) => { this.retryMs = Math.max(ms, FAILURES.leastMs); } }, abort, SILENCE_MS);
    } catch (error) {
      // A stream that breaks off is one that ends; the next begins where it stopped.
      if (error instanceof ServerError || !isTaken) throw error;
    } finally {
      abort.abort();
      this.ended.signal.removeEventListener('abort', end);
    }
  }

  private async take({ type, data }: StreamEvent): Promise<void> {
    if (type !== 'change') return;
    const { position, documents } = JSON.parse(data) as ChangeData;
    if (typeof position !== 'number') return;
    if (documents === undefined || this.rules.compiled === undefined) await this.catchUp(position);
    else await this.inTurn(() => this.rules.takeChange({ ...documents, position }, this.ended.signal));
    this.position = position;
  }

  private async catchUp(position: number): Promise<void> {
    await this.poll();
    for (const waitMs of CATCH_UP_MS) {
      if (this.rules.compiled!.position >= position) return;
      await pause(waitMs, this.ended.signal);
      await this.poll();
    }
  }

  private look(): void {
    const isDue = Date.now() - this.checkedAt > CHECK_MS || this.rules.isAhead;
    if (this.options.streaming && this.contact.status === 'ready' && isDue) void this.poll().catch(() => undefined);
  }

  /** Rules are changed by one at a time. */
  private inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.applying.then(work);
    this.applying = turn.catch(() => undefined);
    return turn;
  }
}
