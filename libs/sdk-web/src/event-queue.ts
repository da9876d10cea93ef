import { backOff } from './back-off';
import { type Endpoint, retryAfterMs } from './bulk-client';
import { type HttpAnswer, inTime, later } from './host';
import { parsed, type Shelf } from './shelf';
import { newId } from './uuid';

/** What became of a client's events. `dropped` were made and never sent, for want of room; each leaves a gap in its session's sequence. */
export interface EventCounts { pending: number; accepted: number; rejected: number; dropped: number }
/** Why the server would not take an event. */
export interface Rejection { id: string; detail: string }
/** Where events go and how many are kept. */
export interface QueueParts {
  endpoint: Endpoint;
  shelf: Shelf;
  /** The storage entry, shared by all pages of one origin. */
  key: string;
  random: () => number;
  maxEvents: number;
  flushMs: number;
  /** Keeps all and sends nothing. */
  offline: boolean;
  rejected: (rejections: Rejection[]) => void;
}

interface Pending { id: string; json: string }
type Sent = 'done' | 'again' | 'smaller';

const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 5 * 60_000;
const FULL_BATCH = 50;
const MAX_BATCH = 500;
const MAX_CHARACTERS = 1_000_000;
// A character takes at most three bytes: the server takes a megabyte, and a browser 64 KB of what outlives its page.
const BATCH_CHARACTERS = 300_000;
const LEAVING_CHARACTERS = 20_000;

/**
 * Events on their way: numbered, kept in storage until the server has said that it has them, sent again with the same ids until then. Pages of
 * one origin share the storage entry; what two of them send counts once, by its id.
 */
export class EventQueue {
  readonly #session = newId();
  readonly #backOff;
  #sequence = 0;
  #pending: Pending[] = [];
  #gone = new Set<string>();
  readonly #carried = new Set<string>();
  #accepted = 0;
  #rejected = 0;
  #dropped = 0;
  #batchCharacters = BATCH_CHARACTERS;
  #draining: Promise<void> | null = null;
  #notBefore = 0;
  #cancelFlush: (() => void) | null = null;
  #cancelKeep: (() => void) | null = null;

  constructor(private readonly parts: QueueParts) {
    this.#backOff = backOff(FIRST_RETRY_MS, LAST_RETRY_MS, parts.random);
  }

  get counts(): EventCounts {
    return { pending: this.#pending.length, accepted: this.#accepted, rejected: this.#rejected, dropped: this.#dropped };
  }

  /** Takes what earlier pages left behind. */
  restore(text: string | null): void {
    const known = new Set(this.#pending.map(({ id }) => id));
    this.#pending = [...pendingOf(text).filter(({ id }) => !known.has(id)), ...this.#pending];
    this.#trim();
    if (this.#pending.length > 0) this.#flushIn(this.parts.flushMs);
  }

  /** Numbers an event and keeps it. What is no JSON is left out. */
  add(event: object): void {
    const id = newId();
    let json: string;
    try {
      json = JSON.stringify({ id, ...event, session: { id: this.#session, sequence: this.#sequence } });
    } catch {
      return;
    }
    this.#sequence += 1;
    this.#pending.push({ id, json });
    this.#trim();
    this.#keepSoon();
    if (this.#pending.length >= FULL_BATCH && this.#notBefore <= this.parts.endpoint.now()) void this.flush();
    else this.#flushIn(this.parts.flushMs);
  }

  /** Sends what there is. Resolves when all is sent, or at the first failure; then it goes on by itself later. */
  flush(): Promise<void> {
    if (this.parts.offline) return Promise.resolve();
    return (this.#draining ??= this.#drain().finally(() => (this.#draining = null)));
  }

  /** The network is back. */
  hurry(): void {
    this.#backOff.reset();
    if (this.#pending.length > 0) void this.flush();
  }

  /** The last moment of a page: keeps everything, and sends what a browser still carries. */
  leave(): void {
    this.#keep();
    // A page is hidden before it is left: what is being carried already need not be twice.
    const batch = this.#batch(LEAVING_CHARACTERS, this.#pending.filter(({ id }) => !this.#carried.has(id)));
    if (batch.length === 0 || this.parts.offline) return;
    for (const { id } of batch) this.#carried.add(id);
    void this.#post(batch, true).then(() => batch.forEach(({ id }) => this.#carried.delete(id)));
  }

  close(): void {
    this.#cancelFlush?.();
    this.#keep();
  }

  async #drain(): Promise<void> {
    this.#cancelFlush?.();
    this.#cancelFlush = null;
    while (this.#pending.length > 0) {
      if (this.#notBefore > this.parts.endpoint.now()) return this.#flushIn(this.#notBefore - this.parts.endpoint.now());
      const sent = await this.#post(this.#batch(this.#batchCharacters), false);
      if (sent === 'smaller') this.#batchCharacters = Math.ceil(this.#batchCharacters / 4);
      if (sent === 'again') return this.#flushIn(this.#backOff.next(Math.max(0, this.#notBefore - this.parts.endpoint.now())));
      this.#backOff.reset();
    }
  }

  #batch(characters: number, from: readonly Pending[] = this.#pending): Pending[] {
    let size = 0;
    const fits = from.slice(0, MAX_BATCH).findIndex(({ json }, index) => (size += json.length + 1) > characters && index > 0);
    return from.slice(0, fits === -1 ? MAX_BATCH : fits);
  }

  async #post(batch: readonly Pending[], keepalive: boolean): Promise<Sent> {
    const { url, headers, fetch, timeoutMs } = this.parts.endpoint;
    const abort = new AbortController();
    const send = async (): Promise<Sent> => {
      const body = `{"events":[${batch.map(({ json }) => json).join(',')}]}`;
      const lasting = keepalive ? { keepalive } : { signal: abort.signal };
      return this.#answered(await fetch(`${url}/v1/events`, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body, ...lasting }), batch);
    };
    return inTime(timeoutMs, abort, send()).catch(() => 'again');
  }

  async #answered(response: HttpAnswer, batch: readonly Pending[]): Promise<Sent> {
    const { status } = response;
    if (status === 202) return this.#taken(batch, rejectionsOf(await response.json(), batch));
    if (status === 413 && batch.length > 1) return 'smaller';
    // What the server cannot read today it cannot read tomorrow, and what comes after would wait for ever.
    if (status === 400 || status === 413) return this.#taken(batch, batch.map(({ id }) => ({ id, detail: `answered with ${status}` })));
    this.#notBefore = this.parts.endpoint.now() + retryAfterMs(response, this.parts.endpoint.now());
    return 'again';
  }

  #taken(batch: readonly Pending[], rejections: Rejection[]): Sent {
    const ids = new Set(batch.map(({ id }) => id));
    const before = this.#pending.length;
    this.#pending = this.#pending.filter(({ id }) => !ids.has(id));
    const settled = before - this.#pending.length; // fewer than were sent when another request was answered first
    for (const id of ids) this.#gone.add(id);
    this.#rejected += Math.min(settled, rejections.length);
    this.#accepted += Math.max(0, settled - rejections.length);
    this.#keep();
    if (rejections.length > 0) this.parts.rejected(rejections);
    return 'done';
  }

  #trim(): void {
    let characters = this.#pending.reduce((sum, { json }) => sum + json.length, 0);
    while (this.#pending.length > this.parts.maxEvents || characters > MAX_CHARACTERS) {
      const oldest = this.#pending.shift()!;
      characters -= oldest.json.length;
      this.#gone.add(oldest.id);
      this.#dropped += 1;
    }
  }

  #flushIn(delayMs: number): void {
    this.#cancelFlush ??= later(delayMs, () => {
      this.#cancelFlush = null;
      void this.flush();
    });
  }

  #keepSoon(): void {
    this.#cancelKeep ??= later(0, () => this.#keep());
  }

  #keep(): void {
    this.#cancelKeep?.();
    this.#cancelKeep = null;
    const { shelf, key } = this.parts;
    const stored = shelf.get(key);
    const own = new Set(this.#pending.map(({ id }) => id));
    // Other pages' events stay; an asynchronous store has one app only.
    const others = typeof stored === 'string' ? pendingOf(stored).filter(({ id }) => !own.has(id) && !this.#gone.has(id)) : [];
    this.#gone.clear();
    shelf.write(key, `[${[...others, ...this.#pending].slice(-this.parts.maxEvents).map(({ json }) => json).join(',')}]`);
  }
}

const pendingOf = (text: string | null): Pending[] => {
  const events = parsed(text);
  return !Array.isArray(events) ? [] : events.flatMap((event: { id?: unknown } | null) => (typeof event?.id === 'string' ? [{ id: event.id, json: JSON.stringify(event) }] : []));
};

const rejectionsOf = (body: unknown, batch: readonly Pending[]): Rejection[] => {
  const { rejected } = (body ?? {}) as { rejected?: unknown };
  return !Array.isArray(rejected) ? [] : rejected.flatMap((one: { index?: unknown; detail?: unknown } | null) => {
    const sent = typeof one?.index === 'number' ? batch[one.index] : undefined;
    return sent === undefined ? [] : [{ id: sent.id, detail: String(one?.detail) }];
  });
};
