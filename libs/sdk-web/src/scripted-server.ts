import type { Fetch, Host, HttpAnswer, KeyValueStore, Visibility } from './host';

/** A request as the far end of a test's network sees it. */
export interface Seen { url: string; method: string; headers: Record<string, string>; body: { context?: object; events?: Record<string, unknown>[] }; keepalive: boolean }
type Flags = Record<string, object>;

const answer = (status: number, body?: unknown, headers: Record<string, string> = {}): HttpAnswer => ({
  status, headers: { get: (name) => headers[name] ?? null }, json: () => Promise.resolve(body),
});

/** Storage in memory, like a browser's. */
export class MemoryStore implements KeyValueStore {
  readonly entries = new Map<string, string>();
  getItem(key: string): string | null { return this.entries.get(key) ?? null; }
  setItem(key: string, value: string): void { this.entries.set(key, value); }
}

/** The far end of the ports of a client, for tests without a network: answers as OFREP says, can be away, and has a page that can be hidden. */
export class ScriptedServer {
  flags: Flags = {};
  /** What is answered instead, while it is set: a status, or 0 for no network. */
  fails: { status: number; headers?: Record<string, string>; body?: unknown } | null = null;
  metadata: object = { flagSetVersion: 1, engine: 'e1' };
  eventStreams: object[] | undefined = [{ type: 'sse', endpoint: { requestUri: '/ofrep/v1/stream?token=t' }, inactivityDelaySec: 120 }];
  readonly seen: Seen[] = [];
  readonly taken: Record<string, unknown>[] = [];
  reject: (event: Record<string, unknown>) => string | null = () => null;
  #streams: ((chunk: Uint8Array | null) => void)[] = [];
  #visibility: ((visibility: Visibility) => void)[] = [];
  #connectivity: ((online: boolean) => void)[] = [];

  constructor(readonly storage: KeyValueStore | null = new MemoryStore(), readonly streaming = true) {}

  get host(): Host {
    const port = <T>(list: T[]) => (listener: T) => {
      list.push(listener);
      return () => void list.splice(list.indexOf(listener), 1);
    };
    return { fetch: this.fetch, storage: this.storage, streaming: this.streaming, onVisibility: port(this.#visibility), onConnectivity: port(this.#connectivity) };
  }

  get streams(): number { return this.#streams.length; }
  bulks(): Seen[] { return this.seen.filter(({ url }) => url.includes('/evaluate/flags')); }
  see(visibility: Visibility): void { this.#visibility.forEach((listener) => listener(visibility)); }
  connect(online: boolean): void { this.#connectivity.forEach((listener) => listener(online)); }
  push(text: string): void { this.#streams.forEach((stream) => stream(new TextEncoder().encode(text))); }
  cut(): void { this.#streams.splice(0).forEach((stream) => stream(null)); }

  announce(position: number): void {
    this.metadata = { ...this.metadata, flagSetVersion: position };
    this.push(`id: ${position}\nevent: message\ndata: ${JSON.stringify({ type: 'refetchEvaluation', etag: String(position), lastModified: 1 })}\n\n`);
  }

  readonly fetch: Fetch = async (url, { method, headers, body, keepalive = false, signal }) => {
    this.seen.push({ url, method, headers, keepalive, body: body === undefined ? {} : (JSON.parse(body) as Seen['body']) });
    if (this.fails !== null) {
      if (this.fails.status === 0) throw new TypeError('no network');
      return answer(this.fails.status, this.fails.body, this.fails.headers);
    }
    if (url.includes('/stream')) return this.#stream(signal);
    return url.includes('/v1/events') ? this.#take() : this.#evaluate(headers);
  };

  #evaluate(headers: Record<string, string>): HttpAnswer {
    const flags = Object.entries(this.flags).map(([key, flag]) => ({ key, reason: 'STATIC', ...flag }));
    const etag = `"${JSON.stringify([flags, this.seen.at(-1)!.body.context]).length}-${JSON.stringify(flags)}"`;
    if (headers['if-none-match'] === etag) return answer(304, undefined, { etag });
    return answer(200, { flags, metadata: this.metadata, ...(this.eventStreams === undefined ? {} : { eventStreams: this.eventStreams }) }, { etag });
  }

  #take(): HttpAnswer {
    const events = this.seen.at(-1)!.body.events ?? [];
    const rejected = events.flatMap((event, index) => (this.reject(event) === null ? [] : [{ index, detail: this.reject(event) }]));
    this.taken.push(...events.filter((event) => this.reject(event) === null));
    return answer(202, { accepted: events.length - rejected.length, rejected });
  }

  #stream(signal: AbortSignal | undefined): HttpAnswer {
    const waiting: (Uint8Array | null)[] = [];
    let wake = (): void => undefined;
    const sink = (chunk: Uint8Array | null): void => {
      waiting.push(chunk);
      wake();
    };
    this.#streams.push(sink);
    signal?.addEventListener('abort', () => {
      this.#streams = this.#streams.filter((stream) => stream !== sink);
      sink(null);
    });
    const read = async (): Promise<{ done: boolean; value?: Uint8Array }> => {
      while (waiting.length === 0) await new Promise<void>((done) => (wake = done));
      const value = waiting.shift()!;
      if (value === null && signal?.aborted === true) throw new Error('aborted');
      return value === null ? { done: true } : { done: false, value };
    };
    return { ...answer(200), body: { getReader: () => ({ read }) } };
  }
}
