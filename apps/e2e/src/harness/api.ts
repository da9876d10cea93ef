/** An answer as it came; `body` is parsed where it is JSON. */
export interface Reply<T = Record<string, unknown>> { status: number; headers: Headers; text: string; body: T }
/** What goes with a request. A string or bytes as `body` are sent as they are. */
export interface Sent { body?: unknown; headers?: Record<string, string>; token?: string | null; timeoutMs?: number }

/** An answer that the story did not expect. */
export class Unexpected extends Error {
  constructor(readonly reply: Reply<unknown>, where: string) {
    super(`${where}: ${reply.status} ${reply.text.slice(0, 500)}`);
  }
}

const isRaw = (body: unknown): boolean => typeof body === 'string' || body instanceof Uint8Array;

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

const DEFAULT_TIMEOUT_MS = 15_000;

/** Talks HTTP as any outsider would. */
export class Api {
  constructor(readonly url: string, readonly token: string | null) {}

  as(token: string | null): Api {
    return new Api(this.url, token);
  }

  /** The answer, whatever its status. Throws when the connection breaks: then nobody knows what happened. */
  async send<T = Record<string, unknown>>(method: string, path: string, { body, headers = {}, token = this.token, timeoutMs = DEFAULT_TIMEOUT_MS }: Sent = {}): Promise<Reply<T>> {
    const response = await fetch(`${this.url}${path}`, {
      method, signal: AbortSignal.timeout(timeoutMs),
      headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: isRaw(body) ? (body as string) : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: parsed(text) as T };
  }

  /** The answer's body; @throws Unexpected unless it is a 2xx. */
  async ask<T = Record<string, unknown>>(method: string, path: string, sent: Sent = {}): Promise<T> {
    const reply = await this.send<T>(method, path, sent);
    if (reply.status < 200 || reply.status > 299) throw new Unexpected(reply, `${method} ${path}`);
    return reply.body;
  }

  get<T = Record<string, unknown>>(path: string): Promise<T> {
    return this.ask<T>('GET', path);
  }

  post<T = Record<string, unknown>>(path: string, body: unknown = {}): Promise<T> {
    return this.ask<T>('POST', path, { body });
  }

  /** Every item of a list, page by page. */
  async all<T>(path: string): Promise<T[]> {
    const items: T[] = [];
    let cursor: string | null = null;
    do {
      const page: { items: T[]; nextCursor: string | null } = await this.get(`${path}?limit=200${cursor === null ? '' : `&cursor=${cursor}`}`);
      items.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    return items;
  }
}
