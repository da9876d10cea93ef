/** A request that was not answered as hoped: what to do next depends on the status. */
export class ServerError extends Error {
  /**
   * @param status - of the answer; 0 where there was none
   * @param retryAfterMs - how long the server asks to be left alone
   */
  constructor(message: string, readonly status: number, readonly retryAfterMs = 0, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ServerError';
  }

  /** The key is not accepted: trying soon again is no use, but keys come to life too. */
  get isRefusal(): boolean {
    return this.status === 401 || this.status === 403;
  }
}

const retryAfterOf = (response: Response): number => {
  const header = response.headers.get('retry-after');
  if (header === null) return 0;
  const seconds = /^\d+$/.test(header.trim()) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), 3_600) * 1000 : 0;
};

const causeOf = (error: unknown): string => {
  const { message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message;
};

/** A failed answer as an error; its body is read so that the connection can be used again. */
const refusal = async (method: string, path: string, response: Response): Promise<ServerError> => {
  const text = await response.text().catch(() => '');
  let detail = '';
  try {
    const problem = JSON.parse(text) as { detail?: string; title?: string };
    detail = problem.detail ?? problem.title ?? '';
  } catch {
    // An answer of something in between; the status has to do.
  }
  return new ServerError(`${method} ${path}: ${response.status}${detail === '' ? '' : ` ${detail}`}`, response.status, retryAfterOf(response));
};

/** An answer's content. */
export type Answer = { readonly bytes: Uint8Array; readonly etag: string | undefined };

/** Runs a request that ends with the caller's signal or the timeout. `AbortSignal.any` would keep a long-lived signal's followers. */
const within = async <T>(ms: number, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const bounds = new AbortController();
  const abort = (): void => bounds.abort(signal.reason);
  const timer = setTimeout(() => bounds.abort(new Error(`no answer within ${ms} ms`)), ms);
  timer.unref();
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort);
  try {
    return await work(bounds.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
};

/** The server behind a URL and a key. Every request ends within the timeout, its body included. */
export class Server {
  private readonly base: string;

  constructor(url: string, private readonly key: string, private readonly timeoutMs: number) {
    this.base = url.replace(/\/+$/, '');
  }

  /** @returns null where the entity tag still holds. @throws ServerError */
  async get(path: string, signal: AbortSignal, etag?: string): Promise<Answer | null> {
    return within(this.timeoutMs, signal, (bounded) => this.asking('GET', path, async () => {
      const response = await this.send('GET', path, etag === undefined ? {} : { 'if-none-match': etag }, bounded);
      if (response.status === 304) return null;
      if (!response.ok) throw await refusal('GET', path, response);
      return { bytes: new Uint8Array(await response.arrayBuffer()), etag: response.headers.get('etag') ?? undefined };
    }));
  }

  /** @throws ServerError */
  async post(path: string, body: string, signal: AbortSignal): Promise<unknown> {
    return within(this.timeoutMs, signal, (bounded) => this.asking('POST', path, async () => {
      const response = await this.send('POST', path, { 'content-type': 'application/json' }, bounded, body);
      if (!response.ok) throw await refusal('POST', path, response);
      return response.json();
    }));
  }

  /** Opens a stream, which `signal` ends; the timeout holds for its beginning. @throws ServerError */
  async open(path: string, headers: Record<string, string>, abort: AbortController): Promise<Response> {
    const timer = setTimeout(() => abort.abort(new Error(`no answer within ${this.timeoutMs} ms`)), this.timeoutMs);
    timer.unref();
    return this.asking('GET', path, async () => {
      const response = await this.send('GET', path, { accept: 'text/event-stream', ...headers }, abort.signal);
      if (!response.ok) throw await refusal('GET', path, response);
      if (response.headers.get('content-type')?.startsWith('text/event-stream') === true) return response;
      abort.abort();
      throw new ServerError(`GET ${path}: the answer is no stream`, response.status);
    }).finally(() => clearTimeout(timer));
  }

  private send(method: string, path: string, headers: Record<string, string>, signal: AbortSignal, body?: string): Promise<Response> {
    return fetch(`${this.base}${path}`, { method, headers: { ...headers, authorization: `Bearer ${this.key}` }, signal, ...(body === undefined ? {} : { body }) });
  }

  private async asking<T>(method: string, path: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw error instanceof ServerError ? error : new ServerError(`${method} ${path}: no answer (${causeOf(error)})`, 0, 0, { cause: error });
    }
  }
}
