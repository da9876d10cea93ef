import { isAscii, isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { checkJson, DomainError } from '@pataka/contracts';
import { type BodySink, Incoming } from './incoming';

/** Largest body taken, in bytes. */
export const MAX_BODY_BYTES = 1_048_576;
const MAX_DEPTH = 64;
const MAX_STRING = 1_000_000;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const JSON_TYPE = /^application\/json[\t ]*(;[\t ]*charset[\t ]*=[\t ]*"?utf-8"?[\t ]*)?;?$/i;

const tooLarge = (limit: number): DomainError => new DomainError('too-large', `A body may have ${limit} bytes at most`);

type Done = (error: Error | null, body: Buffer) => void;

const NOTHING = Buffer.alloc(0);

/** A body on its way: calls back once, when it is whole, too large or cut off. */
class Collected implements BodySink {
  private first: Buffer | null = null;
  private rest: Buffer[] | null = null;
  private size = 0;
  private settled = false;

  constructor(private readonly limit: number, private readonly done: Done) {}

  take(chunk: Buffer): void {
    if (this.settled) return;
    this.size += chunk.length;
    if (this.size > this.limit) this.finish(tooLarge(this.limit));
    else if (this.first === null) this.first = chunk;
    else (this.rest ??= [this.first]).push(chunk);
  }

  end(): void {
    this.finish(null);
  }

  cutOff(): void {
    if (!this.settled) this.finish(new DomainError('validation', 'The body ended before it was whole'));
  }

  private finish(error: Error | null): void {
    if (this.settled) return;
    this.settled = true;
    if (error !== null) return this.done(error, NOTHING);
    this.done(null, this.rest === null ? this.first ?? NOTHING : Buffer.concat(this.rest, this.size));
  }
}

/** Reads a body whole and calls back once. For the hottest paths; everybody else awaits `readBody`. */
export const collectBody = (request: IncomingMessage, limit: number, done: Done): void => {
  const announced = Number(request.headers['content-length']);
  if (announced > limit) return done(tooLarge(limit), NOTHING);
  const body = new Collected(limit, done);
  if (request instanceof Incoming && request.handTo(body)) return;
  const cutOff = (): void => body.cutOff();
  // Never taken off again: that costs as much as the body itself, and an error that nobody listens for would end the process.
  request.on('data', (chunk: Buffer) => body.take(chunk)).on('end', () => body.end()).on('error', cutOff).on('close', cutOff);
};

/** @throws DomainError `too-large` beyond `limit` bytes, `validation` when the caller breaks off. */
export const readBody = (request: IncomingMessage, limit = MAX_BODY_BYTES): Promise<Buffer> =>
  new Promise((resolve, reject) => collectBody(request, limit, (error, body) => (error === null ? resolve(body) : reject(error))));

const announcesBody = (request: IncomingMessage): boolean =>
  request.headers['transfer-encoding'] !== undefined || (request.headers['content-length'] ?? '0') !== '0';

/** Refuses a body that is not JSON in UTF-8, or is compressed. @throws DomainError `unsupported-media-type` */
export const checkContentType = (request: IncomingMessage): void => {
  if (!announcesBody(request)) return;
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') throw new DomainError('unsupported-media-type', 'Compressed bodies are not taken');
  const type = request.headers['content-type'];
  if (type !== 'application/json' && !JSON_TYPE.test(type?.trim() ?? '')) throw new DomainError('unsupported-media-type');
};

const malformed = (detail: string): DomainError => new DomainError('malformed-json', detail);

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The parser's own message quotes the body, which may hold secrets: only the place is told.
    const at = /at position (\d+)/.exec((error as Error).message)?.[1];
    throw malformed(at === undefined ? 'The body is not valid JSON' : `The body is not valid JSON (near character ${at})`);
  }
};

// Written out as they are, or with an escape: then the long way finds out what they are.
const DOUBTFUL = /\\u|"(?:__proto__|constructor|prototype)"/;

/** Whether nothing nests too deep and no number has lost digits. */
const isSound = (value: unknown, depth: number): boolean => {
  if (typeof value === 'number') return Number.isSafeInteger(value) || (Number.isFinite(value) && !Number.isInteger(value));
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  if (Array.isArray(value)) return value.every((item) => isSound(item, depth - 1));
  for (const name in value) if (!isSound((value as Record<string, unknown>)[name], depth - 1)) return false;
  return true;
};

const checkedJson = (text: string): unknown => {
  const value = parse(text);
  // Valid UTF-8 without an escape holds neither NUL nor lone surrogates; texts are shorter than the limit of one string.
  if (text.length <= MAX_STRING && !DOUBTFUL.test(text) && isSound(value, MAX_DEPTH)) return value;
  const faults = checkJson(value, { maxDepth: MAX_DEPTH, maxString: MAX_STRING });
  if (faults.length > 0) throw new DomainError('validation', 'The body holds what cannot be taken', faults);
  return value;
};

/**
 * Parsed JSON; undefined for an empty body.
 * @throws DomainError `malformed-json` (not UTF-8, byte order mark, not JSON) or `validation` (too deep, NUL, lone surrogates, member names
 * that could reach a prototype, integers that have lost digits).
 */
export const parseJsonBody = (body: Buffer): unknown => {
  if (body.length === 0) return undefined;
  if (isAscii(body)) return checkedJson(body.toString('latin1'));
  if (!isUtf8(body)) throw malformed('The body is not valid UTF-8');
  if (body[0] === BOM[0] && body.subarray(0, BOM.length).equals(BOM)) throw malformed('The body begins with a byte order mark');
  return checkedJson(body.toString('utf8'));
};

/** Content type, size and text checked, then parsed; calls back once. For the hottest paths, where a promise is felt; everybody else awaits `readJson`. */
export const collectJson = (request: IncomingMessage, limit: number, done: (error: unknown, value: unknown) => void): void => {
  checkContentType(request);
  collectBody(request, limit, (error, body) => {
    if (error !== null) return done(error, undefined);
    let value: unknown;
    try {
      value = parseJsonBody(body);
    } catch (refusal) {
      return done(refusal, undefined);
    }
    done(null, value);
  });
};

/** The same with a promise: what a hot route that takes JSON needs. */
export const readJson = (request: IncomingMessage, limit = MAX_BODY_BYTES): Promise<unknown> =>
  new Promise((resolve, reject) => collectJson(request, limit, (error, value) => (error === null ? resolve(value) : reject(error as Error))));
