import { type Fetch, type HttpAnswer, inTime } from './host';
import { canonical, type EvaluationContext, flagAnswersOf, type Snapshot, snapshotOf } from './snapshot';

/** A stream that a bulk answer names: server-sent events that invite to ask again. */
export interface EventStream { url: string; ownOrigin: boolean; inactivityMs: number | null }
/** A configuration that an event told of; a replica behind it waits for it before it answers. */
export interface Hint { etag?: string; lastModified?: string | number }

/** How a bulk evaluation ended. */
export type BulkOutcome =
  | { kind: 'answer'; snapshot: Snapshot; streams: EventStream[]; dateMs: number }
  | { kind: 'same'; dateMs: number }
  | { kind: 'refused'; errorCode: string; errorDetails: string }
  | { kind: 'denied'; status: number }
  | { kind: 'failed'; retryAfterMs: number };

/** Where and as whom a client asks. */
export interface Endpoint { url: string; headers: Record<string, string>; fetch: Fetch; timeoutMs: number; now: () => number }

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** `Retry-After` in milliseconds: seconds or a date; 0 where there is none. */
export const retryAfterMs = ({ headers }: HttpAnswer, now: number): number => {
  const text = headers.get('retry-after');
  const at = text === null ? 0 : /^\d+$/.test(text) ? now + Number(text) * 1000 : Date.parse(text);
  return Math.max(0, (Number.isNaN(at) ? 0 : at) - now);
};

const streamOf = (raw: unknown, baseUrl: string): EventStream[] => {
  if (!isRecord(raw) || raw['type'] !== 'sse') return [];
  const endpoint = isRecord(raw['endpoint']) ? raw['endpoint'] : {};
  const delay = raw['inactivityDelaySec'];
  const inactivityMs = typeof delay === 'number' && delay > 0 ? delay * 1000 : null;
  if (typeof endpoint['requestUri'] === 'string') {
    // Its token is for those who cannot send headers. We can, and so it stays out of logs and never expires.
    const url = `${typeof endpoint['origin'] === 'string' ? endpoint['origin'] : baseUrl}${endpoint['requestUri']}`;
    return endpoint['origin'] === undefined ? [{ url: url.replace(/([?&])token=[^&]*&?/, '$1').replace(/[?&]$/, ''), ownOrigin: true, inactivityMs }] : [{ url, ownOrigin: false, inactivityMs }];
  }
  return typeof raw['url'] === 'string' ? [{ url: raw['url'], ownOrigin: false, inactivityMs }] : [];
};

const queryOf = ({ etag, lastModified }: Hint): string => {
  const parts = [...(etag === undefined ? [] : [`flagConfigEtag=${encodeURIComponent(etag)}`]), ...(lastModified === undefined ? [] : [`flagConfigLastModified=${encodeURIComponent(lastModified)}`])];
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
};

const answered = async (response: HttpAnswer, context: EvaluationContext, { url, now }: Endpoint, dateMs: number): Promise<BulkOutcome> => {
  const body = await response.json();
  const flags = isRecord(body) ? flagAnswersOf(body['flags']) : null;
  if (!isRecord(body) || flags === null) return { kind: 'failed', retryAfterMs: 0 };
  const { flagSetVersion, engine } = isRecord(body['metadata']) ? body['metadata'] : {};
  const etag = response.headers.get('etag');
  const snapshot = snapshotOf({
    context, flags, at: now(),
    ...(etag === null ? {} : { etag }), ...(typeof flagSetVersion === 'number' ? { position: flagSetVersion } : {}), ...(typeof engine === 'string' ? { engine } : {}),
  }, false);
  const streams = Array.isArray(body['eventStreams']) ? body['eventStreams'].flatMap((stream) => streamOf(stream, url)) : [];
  return { kind: 'answer', snapshot, streams, dateMs };
};

const refused = async (response: HttpAnswer): Promise<BulkOutcome> => {
  const body = await response.json().catch(() => null);
  const { errorCode, errorDetails } = isRecord(body) ? body : {};
  return { kind: 'refused', errorCode: typeof errorCode === 'string' ? errorCode : 'GENERAL', errorDetails: typeof errorDetails === 'string' ? errorDetails : '' };
};

const read = (response: HttpAnswer, context: EvaluationContext, endpoint: Endpoint): Promise<BulkOutcome> | BulkOutcome => {
  const { status, headers } = response;
  const dateMs = Date.parse(headers.get('date') ?? '');
  if (status === 200) return answered(response, context, endpoint, dateMs);
  if (status === 304) return { kind: 'same', dateMs };
  if (status === 400) return refused(response);
  if (status === 401 || status === 403) return { kind: 'denied', status };
  return { kind: 'failed', retryAfterMs: retryAfterMs(response, endpoint.now()) };
};

/** What may go with a bulk evaluation. */
export interface Asking { hint?: Hint; abort?: AbortController }

/** Evaluates every flag for a context: OFREP's bulk request. Never throws. `known` is what may be answered as unchanged. */
export const evaluateBulk = async (endpoint: Endpoint, context: EvaluationContext, known: Snapshot | null, { hint = {}, abort = new AbortController() }: Asking = {}): Promise<BulkOutcome> => {
  const etag = known !== null && known.contextText === canonical(context) ? known.etag : undefined;
  const ask = async (): Promise<BulkOutcome> => {
    const response = await endpoint.fetch(`${endpoint.url}/ofrep/v1/evaluate/flags${queryOf(hint)}`, {
      method: 'POST', signal: abort.signal, body: JSON.stringify({ context }),
      headers: { ...endpoint.headers, 'content-type': 'application/json', ...(etag === undefined ? {} : { 'if-none-match': etag }) },
    });
    return read(response, context, endpoint);
  };
  return inTime(endpoint.timeoutMs, abort, ask()).catch(() => ({ kind: 'failed', retryAfterMs: 0 }));
};
