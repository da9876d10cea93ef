import type { Fault, Problem, ProblemCode } from '@pataka/contracts';
import { apiToken, CSRF_HEADER, renewSession, tellSignedOut } from './credentials';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type QueryValue = string | number | undefined;

/** What goes with a request. `version` becomes If-Match, `reason` is kept with the event. */
export interface RequestOptions {
  body?: unknown;
  query?: Record<string, QueryValue>;
  version?: number | undefined;
  reason?: string | undefined;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

/** An answer: the body and, where there is one, the version to send back with the next change. */
export interface Reply<T> { data: T; version: number | undefined; status: number }

/** A page of a list. */
export interface Page<T> { items: T[]; nextCursor: string | null }

/** The server said no, or nobody answered (`offline`). */
export class ApiError extends Error {
  constructor(readonly status: number, readonly code: ProblemCode | 'offline', message: string, readonly problem: Partial<Problem> = {}, readonly requestId: string | null = null) {
    super(message);
  }

  /** Faults of the input by pointer. */
  get faults(): readonly Fault[] {
    return this.problem.errors ?? [];
  }
}

export const isApiError = (error: unknown, ...codes: ApiError['code'][]): error is ApiError =>
  error instanceof ApiError && (codes.length === 0 || codes.includes(error.code));

const RETRIES = 2;
const RETRY_MS = 400;
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

// crypto.randomUUID exists on secure origins alone, and people try this out on http://192.168…
const randomId = (): string => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

const urlOf = (path: string, query: RequestOptions['query']): string => {
  const given = Object.entries(query ?? {}).filter((entry): entry is [string, string | number] => entry[1] !== undefined && entry[1] !== '');
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
};

const isRaw = (body: unknown): body is Blob | string => body instanceof Blob || typeof body === 'string';

/** Headers that every request to the API carries. */
export const signingHeaders = (): Record<string, string> => {
  const token = apiToken();
  return { [CSRF_HEADER]: '1', ...(token === null ? {} : { authorization: `Bearer ${token}` }) };
};

const headersOf = (method: Method, { body, version, reason, headers }: RequestOptions): Record<string, string> => ({
  accept: 'application/json', ...signingHeaders(),
  ...(body === undefined || isRaw(body) ? {} : { 'content-type': 'application/json' }),
  ...(method === 'GET' ? {} : { 'idempotency-key': randomId() }),
  ...(version === undefined ? {} : { 'if-match': `"${version}"` }),
  ...(reason === undefined || reason.trim() === '' ? {} : { 'x-reason': encodeURIComponent(reason.trim()) }),
  ...headers,
});

const problemOf = async (response: Response): Promise<ApiError> => {
  const problem = (await response.json().catch(() => ({}))) as Partial<Problem>;
  return new ApiError(response.status, problem.code ?? 'internal', problem.detail ?? problem.title ?? response.statusText, problem, response.headers.get('x-request-id'));
};

/** A write carries its Idempotency-Key through every try, so trying again after a lost answer does nothing twice. */
const tryFetch = async (url: string, init: RequestInit, left: number): Promise<Response> => {
  try {
    const response = await fetch(url, init);
    if (response.status !== 503 || left === 0) return response;
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    if (left === 0) throw new ApiError(0, 'offline', (error as Error).message);
  }
  await pause(RETRY_MS * (RETRIES - left + 1));
  return tryFetch(url, init, left - 1);
};

const versionOf = (response: Response): number | undefined => {
  const version = /^"(\d+)"$/.exec(response.headers.get('etag') ?? '')?.[1];
  return version === undefined ? undefined : Number(version);
};

/** One request to the API. @throws ApiError for everything but success. */
export const request = async <T>(method: Method, path: string, options: RequestOptions = {}): Promise<Reply<T>> => {
  const { body, query, signal } = options;
  const init: RequestInit = {
    method, credentials: 'same-origin', headers: headersOf(method, options), ...(signal === undefined ? {} : { signal }),
    ...(body === undefined ? {} : { body: isRaw(body) ? body : JSON.stringify(body) }),
  };
  let response = await tryFetch(urlOf(path, query), init, RETRIES);
  // A session token holds for minutes: what came too late is asked once more with a new one.
  if (response.status === 401 && (await renewSession(path))) response = await tryFetch(urlOf(path, query), init, RETRIES);
  if (!response.ok) {
    const error = await problemOf(response);
    if (error.status === 401) tellSignedOut();
    throw error;
  }
  const data = response.status === 204 ? undefined : await response.json();
  return { data: data as T, version: versionOf(response), status: response.status };
};

export const get = async <T>(path: string, query?: RequestOptions['query'], signal?: AbortSignal): Promise<T> =>
  (await request<T>('GET', path, { ...(query === undefined ? {} : { query }), signal })).data;

const PAGE_SIZE = 200;

/** Every item of a list, page by page; `onPage` sees what is there so far, so that the first can be shown before the last has come. */
export const getAll = async <T>(path: string, options: { query?: RequestOptions['query']; signal?: AbortSignal; limit?: number; onPage?: (items: readonly T[]) => void } = {}): Promise<T[]> => {
  const items: T[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await get<Page<T>>(path, { limit: PAGE_SIZE, ...options.query, cursor }, options.signal);
    items.push(...page.items);
    if (page.nextCursor === null || items.length >= (options.limit ?? Infinity)) return items;
    options.onPage?.([...items]);
    cursor = page.nextCursor;
  }
};

/** A path with its parts encoded: at`/api/flags/${key}`. */
export const at = (parts: TemplateStringsArray, ...values: string[]): string =>
  parts.reduce((path, part, index) => `${path}${part}${index < values.length ? encodeURIComponent(values[index]!) : ''}`, '');
