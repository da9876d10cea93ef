type Listener = (event: { data: string; lastEventId: string }) => void;

/** The browser's EventSource as far as OpenFeature's web provider uses it, which Node 20 lacks. */
export class FetchEventSource {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  readyState = FetchEventSource.CONNECTING;
  onopen: (() => void) | null = null;
  onmessage: Listener | null = null;
  onerror: (() => void) | null = null;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #abort = new AbortController();

  constructor(readonly url: string) {
    void this.#read().catch(() => {
      if (this.readyState !== FetchEventSource.CLOSED) this.onerror?.();
    });
  }

  addEventListener(type: string, listener: Listener): void {
    const known = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, known.add(listener));
  }

  removeEventListener(type: string, listener: Listener): void {
    this.#listeners.get(type)?.delete(listener);
  }

  close(): void {
    this.readyState = FetchEventSource.CLOSED;
    this.#abort.abort();
  }

  async #read(): Promise<void> {
    const response = await fetch(this.url, { headers: { accept: 'text/event-stream' }, signal: this.#abort.signal });
    if (!response.ok || response.body === null) throw new Error(`the stream answers ${response.status}`);
    this.readyState = FetchEventSource.OPEN;
    this.onopen?.();
    for (const listener of this.#listeners.get('open') ?? []) listener({ data: '', lastEventId: '' });
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) this.#dispatch(block);
    }
  }

  #dispatch(block: string): void {
    const fields = block.split('\n').filter((line) => !line.startsWith(':')).map((line) => /^(\w+): ?(.*)$/.exec(line)).filter((found) => found !== null);
    const valueOf = (name: string): string | undefined => fields.filter((field) => field[1] === name).map((field) => field[2]).join('\n') || undefined;
    const data = valueOf('data');
    if (data === undefined) return;
    const event = { data, lastEventId: valueOf('id') ?? '' };
    const type = valueOf('event') ?? 'message';
    if (type === 'message') this.onmessage?.(event);
    for (const listener of this.#listeners.get(type) ?? []) listener(event);
  }
}
