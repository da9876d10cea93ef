/** One server-sent event. */
export type StreamEvent = { readonly type: string; readonly data: string; readonly id: string | undefined };

/** What a stream tells: events, and how long to wait before connecting again. */
export type StreamHandlers = {
  event(event: StreamEvent): Promise<void> | void;
  retry(ms: number): void;
};

const MAX_EVENT_CHARACTERS = 64 * 1024 * 1024;

/** Reads server-sent events out of chunks of text, as the HTML standard describes them. */
export class EventStreamParser {
  private rest = '';
  private data: string[] = [];
  private type = '';
  private id: string | undefined;

  constructor(private readonly handlers: StreamHandlers) {}

  /** @throws RangeError where an event never ends */
  async push(chunk: string): Promise<void> {
    this.rest += chunk;
    if (this.rest.length > MAX_EVENT_CHARACTERS) throw new RangeError('an event of the stream is too long');
    // A carriage return at the end may be half of a line's end.
    const complete = this.rest.endsWith('\r') ? this.rest.length - 1 : this.rest.length;
    const lines = this.rest.slice(0, complete).split(/\r\n|\n|\r/);
    this.rest = lines.pop()! + this.rest.slice(complete);
    for (const line of lines) await this.line(line);
  }

  private async line(line: string): Promise<void> {
    if (line === '') return this.dispatch();
    const colon = line.indexOf(':');
    if (colon === -1) return this.field(line, '');
    this.field(line.slice(0, colon), line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1));
  }

  private field(name: string, value: string): void {
    if (name === 'data') this.data.push(value);
    else if (name === 'event') this.type = value;
    else if (name === 'id' && !value.includes('\0')) this.id = value;
    else if (name === 'retry' && /^\d{1,7}$/.test(value)) this.handlers.retry(Number(value));
  }

  private async dispatch(): Promise<void> {
    const { data, type } = this;
    this.data = [];
    this.type = '';
    if (data.length > 0) await this.handlers.event({ type: type === '' ? 'message' : type, data: data.join('\n'), id: this.id });
  }
}

/** Reads a stream to its end, or until nothing has come for `silenceMs`: then `abort` ends it. */
export const readStream = async (response: Response, handlers: StreamHandlers, abort: AbortController, silenceMs: number): Promise<void> => {
  if (response.body === null) return;
  const parser = new EventStreamParser(handlers);
  const decoder = new TextDecoder();
  const watch = setTimeout(() => abort.abort(new Error(`nothing has come for ${silenceMs} ms`)), silenceMs);
  watch.unref();
  try {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      watch.refresh();
      await parser.push(decoder.decode(chunk, { stream: true }));
    }
  } finally {
    clearTimeout(watch);
  }
};
