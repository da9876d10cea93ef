import { backOff } from './back-off';
import type { EventStream, Hint } from './bulk-client';
import { followStream, type StreamEvent } from './event-stream';
import { type Fetch, later } from './host';
import { parsed } from './shelf';

/** What a feed follows and whom it tells. */
export interface FeedParts {
  url: string;
  headers: Record<string, string>;
  fetch: Fetch;
  random: () => number;
  streaming: boolean;
  /** How often to ask where there is no stream, and beside one (what changes with time alone, no stream tells); 0 never. */
  pollMs: number;
  refreshMs: number;
  position: () => number | undefined;
  changed: (hint: Hint) => void;
}

const COALESCE_MS = 50;
const SILENT_MS = 45_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;
const STEADY_MS = 10_000;

/** Learns that answers may have changed: from the server's event stream where the host can read one, else by asking now and then. */
export class ChangeFeed {
  #stream: EventStream | null;
  #abort: AbortController | null = null;
  #started = false;
  #connected = false;
  #opened = 0;
  #lastEventId: string | undefined;
  #hint: Hint | null = null;
  #hidden = false;
  #asleep = false;
  #closed = false;
  readonly #backOff;
  #cancelPoll = (): void => undefined;
  #cancelRetry = (): void => undefined;
  #cancelSleep = (): void => undefined;

  constructor(private readonly parts: FeedParts) {
    this.#backOff = backOff(FIRST_RETRY_MS, LAST_RETRY_MS, parts.random);
    this.#stream = parts.streaming ? { url: `${parts.url}/ofrep/v1/stream`, ownOrigin: true, inactivityMs: 120_000 } : null;
  }

  /** Begins, once. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#poll();
    void this.#follow();
  }

  /** The streams that the newest answer names; another one than before is followed from the next connection on. */
  streams([stream]: readonly EventStream[]): void {
    if (this.parts.streaming) this.#stream = stream ?? null;
    if (this.#stream === null) this.#drop();
  }

  /** A page or app that is not seen stops listening after a while, if the server says so, and asks at once when it is seen again. */
  hidden(hidden: boolean): void {
    this.#cancelSleep();
    this.#hidden = hidden;
    const inactivityMs = this.#stream?.inactivityMs ?? null;
    if (hidden && inactivityMs !== null) this.#cancelSleep = later(inactivityMs, () => this.#sleep());
    if (hidden || this.#closed) return;
    if (this.#asleep || !this.#connected) {
      this.#asleep = false;
      this.parts.changed({});
      this.reconnect();
    }
  }

  /** After a change of networks: what was open is dead, even where nobody has noticed yet. */
  reconnect(): void {
    this.#backOff.reset();
    this.#drop();
    void this.#follow();
  }

  close(): void {
    this.#closed = true;
    this.#cancelPoll();
    this.#cancelSleep();
    this.#drop();
  }

  #sleep(): void {
    this.#asleep = true;
    this.#drop();
  }

  #drop(): void {
    this.#cancelRetry();
    this.#abort?.abort();
    this.#abort = null;
    this.#setConnected(false);
  }

  #setConnected(connected: boolean): void {
    if (this.#connected === connected) return;
    this.#connected = connected;
    this.#poll();
  }

  #poll(): void {
    this.#cancelPoll();
    const everyMs = this.#connected ? this.parts.refreshMs : this.parts.pollMs;
    if (everyMs <= 0 || this.#closed) return;
    this.#cancelPoll = later(everyMs * (0.9 + this.parts.random() / 5), () => {
      if (!this.#hidden) this.parts.changed({});
      this.#poll();
    });
  }

  async #follow(): Promise<void> {
    const stream = this.#stream;
    if (stream === null || !this.#started || this.#closed || this.#asleep || this.#abort !== null) return;
    const abort = (this.#abort = new AbortController());
    const began = Date.now();
    let retryMs = 0;
    await followStream({
      url: stream.url, headers: this.#headers(stream), fetch: this.parts.fetch, silentMs: SILENT_MS,
      opened: () => this.#abort === abort && this.#open(),
      event: (event) => this.#abort === abort && this.#hear(event),
      retry: (delayMs) => (retryMs = delayMs),
    }, abort);
    if (this.#abort !== abort) return; // another has taken its place, or nobody listens any more
    this.#abort = null;
    this.#setConnected(false);
    if (Date.now() - began > STEADY_MS) this.#backOff.reset();
    this.#cancelRetry = later(this.#backOff.next(retryMs * this.parts.random()), () => void this.#follow());
  }

  #headers({ ownOrigin }: EventStream): Record<string, string> {
    const since = this.#lastEventId ?? this.parts.position()?.toString();
    return { ...(ownOrigin ? this.parts.headers : {}), ...(since === undefined ? {} : { 'last-event-id': since }) };
  }

  #open(): void {
    this.#setConnected(true);
    this.#opened += 1;
    // What was missed is told only to those who can say up to where they know; a server with other data tells nothing at all.
    if (this.#opened > 1 || this.parts.position() === undefined) this.#tell({});
  }

  #hear({ id, data }: StreamEvent): void {
    if (id !== undefined) this.#lastEventId = id;
    const event = parsed(data) as { type?: unknown; etag?: unknown; lastModified?: unknown } | null | undefined;
    if (event?.type !== 'refetchEvaluation') return;
    const { etag, lastModified } = event;
    this.#tell({
      ...(typeof etag === 'string' ? { etag } : {}),
      ...(typeof lastModified === 'string' || typeof lastModified === 'number' ? { lastModified } : {}),
    });
  }

  /** A burst of changes is asked for once; and not by every client in the same millisecond. */
  #tell(hint: Hint): void {
    const waiting = this.#hint !== null;
    this.#hint = { ...this.#hint, ...hint };
    if (waiting) return;
    later(COALESCE_MS * (1 + this.parts.random()), () => {
      const told = this.#hint ?? {};
      this.#hint = null;
      if (!this.#closed) this.parts.changed(told);
    });
  }
}
