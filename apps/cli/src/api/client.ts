import type { Problem } from '@pataka/contracts';

/** An answer that is not what was asked for, said so that the next step is plain. */
export class ApiError extends Error {
  constructor(readonly status: number, readonly problem: Partial<Problem>, where: string) {
    const faults = (problem.errors ?? []).map(({ pointer, detail }) => `\n  ${pointer === '' ? '(whole)' : pointer} ${detail}`).join('');
    super(`${where}: ${status} ${problem.detail ?? problem.title ?? ''}${faults}`);
  }
}

/** Talks to a running Pataka; answers are JSON. */
export class Client {
  constructor(private readonly url: string, private readonly token: string) {}

  get<T>(path: string): Promise<T> {
    return this.send<T>('GET', path);
  }

  post<T>(path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<T> {
    return this.send<T>('POST', path, body, headers);
  }

  async send<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    const response = await this.reach(method, path, {
      method, headers: { authorization: `Bearer ${this.token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const parsed: unknown = text === '' ? undefined : JSON.parse(text);
    if (!response.ok) throw new ApiError(response.status, (parsed ?? {}) as Partial<Problem>, `${method} ${path}`);
    return parsed as T;
  }

  /** Every item of a list, page by page. */
  async *all<T>(path: string): AsyncIterable<T> {
    let cursor: string | null = null;
    do {
      const query: string = `limit=200${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
      const page: { items: T[]; nextCursor: string | null } = await this.get(`${path}?${query}`);
      yield* page.items;
      cursor = page.nextCursor;
    } while (cursor !== null);
  }

  private async reach(method: string, path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(`${this.url}${path}`, init);
    } catch (error) {
      throw new Error(`${method} ${this.url}${path}: no answer (${(error as Error & { cause?: Error }).cause?.message ?? (error as Error).message}). Is it running? Set PATAKA_URL if it is elsewhere.`, { cause: error });
    }
  }
}

/** The client that PATAKA_URL and PATAKA_ADMIN_TOKEN describe. */
export const clientFromEnvironment = (environment: NodeJS.ProcessEnv = process.env): Client => {
  const token = environment['PATAKA_ADMIN_TOKEN'];
  if (token === undefined || token === '') throw new Error('PATAKA_ADMIN_TOKEN is not set: it was printed at the first start, or is what the server was started with');
  return new Client(urlFromEnvironment(environment), token);
};

/** Where Pataka is; default the one on this machine. */
export const urlFromEnvironment = (environment: NodeJS.ProcessEnv = process.env): string => (environment['PATAKA_URL'] ?? 'http://localhost:8080').replace(/\/+$/, '');
