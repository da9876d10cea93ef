/** Where a client keeps what has to survive a reload. `localStorage` fits, and so does React Native's AsyncStorage. */
export interface KeyValueStore {
  getItem(key: string): string | null | Promise<string | null>;
  setItem(key: string, value: string): unknown;
}

/** What a client reads of an answer; `body` is absent where a host cannot stream. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body?: { getReader(): { read(): Promise<{ done: boolean; value?: Uint8Array | undefined }> } } | null;
  json(): Promise<unknown>;
}

/** The part of the standard `fetch` that a client uses. */
export type Fetch = (
  url: string,
  init: { method: string; headers: Record<string, string>; body?: string; keepalive?: boolean; cache?: 'no-store'; signal?: AbortSignal },
) => Promise<HttpAnswer>;

/** Whether the page or app is seen; `leaving` is the last moment in which something can be sent. */
export type Visibility = 'visible' | 'hidden' | 'leaving';

/**
 * What a client needs of the place it runs in. A browser's is found by itself; React Native names its own. Every member may be left out.
 */
export interface Host {
  /** Default: the global `fetch`. */
  fetch?: Fetch;
  /** Default: `localStorage` where there is one; `null` keeps nothing. */
  storage?: KeyValueStore | null;
  /** Whether an answer's body can be read while it arrives; default: found out. Without it changes are polled for. */
  streaming?: boolean;
  /** Tells a listener when the page or app is hidden, seen again or left; returns how to stop that. */
  onVisibility?: (listener: (visibility: Visibility) => void) => () => void;
  /** Tells a listener when the network goes and comes back; returns how to stop that. */
  onConnectivity?: (listener: (online: boolean) => void) => () => void;
}

interface EventSink {
  addEventListener?(type: string, listener: () => void): void;
  removeEventListener?(type: string, listener: () => void): void;
}
interface BrowserGlobals extends EventSink {
  document?: EventSink & { visibilityState?: string };
  localStorage?: KeyValueStore;
  Response?: { prototype: object };
  ReadableStream?: unknown;
}

// There is no DOM library here: a browser's globals are known by their shape alone.
const globals = globalThis as unknown as BrowserGlobals;

const listen = (sink: EventSink | undefined, type: string, listener: () => void): (() => void) => {
  sink?.addEventListener?.(type, listener);
  return () => sink?.removeEventListener?.(type, listener);
};

const localStorageOf = (): KeyValueStore | null => {
  try {
    // Servers may have a localStorage of their own, shared by all whom they serve.
    return globals.document === undefined ? null : (globals.localStorage ?? null);
  } catch {
    return null; // forbidden by the user's settings
  }
};

const onVisibility = (listener: (visibility: Visibility) => void): (() => void) => {
  const { document } = globals;
  const stops = [
    listen(document, 'visibilitychange', () => listener(document?.visibilityState === 'hidden' ? 'hidden' : 'visible')),
    listen(globals, 'pagehide', () => listener('leaving')),
  ];
  return () => stops.forEach((stop) => stop());
};

const onConnectivity = (listener: (online: boolean) => void): (() => void) => {
  const stops = [listen(globals, 'online', () => listener(true)), listen(globals, 'offline', () => listener(false))];
  return () => stops.forEach((stop) => stop());
};

/** A host with every part: what was given, else what a browser has. */
export const completeHost = (given: Host = {}): Required<Host> => ({
  fetch: (url, init) => fetch(url, init as RequestInit) as unknown as Promise<HttpAnswer>, // looked up at each call: tests and agents replace it
  storage: localStorageOf(),
  streaming: globals.ReadableStream !== undefined && globals.Response !== undefined && 'body' in globals.Response.prototype,
  onVisibility,
  onConnectivity,
  ...given,
});

// A longer delay overflows in every host and is over at once.
const LONGEST_MS = 2 ** 31 - 1;

/** A timer that keeps no server process alive. Returns how to cancel it. */
export const later = (delayMs: number, work: () => void): (() => void) => {
  const timer: { unref?(): void } = setTimeout(work, Math.min(delayMs, LONGEST_MS));
  timer.unref?.();
  return () => clearTimeout(timer as NodeJS.Timeout);
};

/** Work that is given up after a while: aborted and, as some hosts' fetch ignores that, not awaited any longer. Frees what it holds in any case. */
export const inTime = async <T>(timeoutMs: number, abort: AbortController, work: Promise<T>): Promise<T> => {
  let cancel = (): void => undefined;
  const timeout = new Promise<never>((_done, fail) => {
    cancel = later(timeoutMs, () => fail(new Error('no answer in time')));
  });
  return Promise.race([work, timeout]).finally(() => {
    cancel();
    abort.abort();
  });
};
