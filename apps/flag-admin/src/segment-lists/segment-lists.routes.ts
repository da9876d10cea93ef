import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { DomainError, type KeyListName } from '@pataka/contracts';
import type { KeyListText } from '@pataka/evaluation';
import { commandContextOf, type HotRequest, type HotRoute, hotRoute, type HttpCommandContext, MAX_BODY_BYTES, requireIfMatch, sendJson } from '@pataka/platform';
import { KeyCollector } from './key-collector';
import { type KeyFormat, KeyReader } from './key-reader';
import { LineReader } from './line-reader';
import type { SegmentLists } from './segment-lists';

const PATH = '/api/segments/{key}/lists/{list}';
const MAX_UPLOAD_BYTES = 64 * 1024 * 1024;
/** An upload holds some 200 MB while it is under way. */
const MOST_UPLOADS = 4;
const RETRY_SECONDS = 5;
const CSV_HEADER = 'key\n';
const KEYS_A_PIECE = 4_096;

/** @throws DomainError `not-found` */
export const listNamed = (name: string | undefined): KeyListName => {
  if (name !== 'included' && name !== 'excluded') throw new DomainError('not-found', 'A segment has the lists included and excluded');
  return name;
};

const formatOf = ({ headers }: IncomingMessage): KeyFormat => {
  const [type, ...parameters] = (headers['content-type'] ?? '').toLowerCase().split(';').map((part) => part.trim());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length).replaceAll('"', '') ?? 'utf-8';
  const taken = (type === 'text/csv' || type === 'text/plain') && charset === 'utf-8' && (headers['content-encoding'] ?? 'identity') === 'identity';
  if (!taken) throw new DomainError('unsupported-media-type', 'Send text/csv or text/plain in UTF-8, not compressed');
  return type === 'text/csv' ? 'csv' : 'text';
};

const tooLarge = (): DomainError => new DomainError('too-large', `A file may have ${MAX_UPLOAD_BYTES} bytes at most`);

const announcedBytes = ({ headers }: IncomingMessage): number => Number(headers['content-length'] ?? 0);

/** Reads the keys as they come in, and to the end whatever is wrong with them, so that every fault is named at once. */
const readKeys = async (request: IncomingMessage, format: KeyFormat): Promise<{ text: KeyListText; digest: string }> => {
  const collector = new KeyCollector();
  const keys = new KeyReader(format, collector.add);
  const lines = new LineReader(keys);
  const digest = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_UPLOAD_BYTES) throw tooLarge();
      digest.update(chunk);
      lines.push(chunk);
    }
  } catch (error) {
    throw error instanceof DomainError ? error : new DomainError('validation', 'The body ended before it was whole');
  }
  lines.end();
  keys.end();
  return { text: await collector.text(), digest: digest.digest('hex') };
};

/** The body is part of what an Idempotency-Key stands for; it has gone by, so its digest speaks for it. */
const withBody = (context: HttpCommandContext, digest: string): HttpCommandContext =>
  context.idempotency === undefined ? context
    : { ...context, idempotency: { key: context.idempotency.key, fingerprint: createHash('sha256').update(`${context.idempotency.fingerprint}\n${digest}`).digest('hex') } };

const csvField = (key: string): string => (/[",]/.test(key) ? `"${key.replaceAll('"', '""')}"` : key);

/** A list's text is its CSV unless a key needs quotes. */
function* csvOf(text: KeyListText): Generator<string | KeyListText> {
  yield CSV_HEADER;
  if (!text.includes(0x22) && !text.includes(0x2c)) return yield text;
  const keys = Buffer.from(text.buffer, text.byteOffset, text.length);
  for (let start = 0; start < keys.length; ) {
    let end = start;
    for (let count = 0; count < KEYS_A_PIECE && end < keys.length; count += 1) end = keys.indexOf(10, end) + 1;
    yield `${keys.toString('utf8', start, end - 1).split('\n').map(csvField).join('\n')}\n`;
    start = end;
  }
}

/** Uploads and downloads of lists: on the server itself, because nothing else passes a body on as it comes in. */
export class SegmentListRoutes {
  private uploads = 0;

  constructor(private readonly lists: SegmentLists) {}

  routes(): HotRoute[] {
    return [hotRoute('PUT', PATH, (request, response) => this.upload(request, response)), hotRoute('GET', PATH, (request, response) => this.download(request, response))];
  }

  private async upload(request: HotRequest, response: ServerResponse): Promise<void> {
    const { raw, params } = request;
    const list = listNamed(params['list']);
    const context = commandContextOf(raw);
    requireIfMatch(context);
    const format = formatOf(raw);
    if (announcedBytes(raw) > MAX_UPLOAD_BYTES) throw tooLarge();
    if (this.uploads >= MOST_UPLOADS) throw new DomainError('rate-limited', `${MOST_UPLOADS} lists are being uploaded`, [], { retryAfterSeconds: RETRY_SECONDS });
    this.uploads += 1;
    await this.take(request, list, context, format, response).finally(() => { this.uploads -= 1; });
  }

  private async take({ raw, params }: HotRequest, list: KeyListName, context: HttpCommandContext, format: KeyFormat, response: ServerResponse): Promise<void> {
    // The server has said so already for bodies that every route takes.
    if (raw.headers.expect !== undefined && announcedBytes(raw) > MAX_BODY_BYTES) response.writeContinue();
    const { text, digest } = await readKeys(raw, format);
    const { document, version, replayed } = await this.lists.replace(params['key']!, list, text, withBody(context, digest));
    sendJson(response, 200, JSON.stringify(document), { etag: `"${version}"`, ...(replayed ? { 'idempotency-replayed': 'true' } : {}) });
  }

  private async download({ params }: HotRequest, response: ServerResponse): Promise<void> {
    const list = listNamed(params['list']);
    const { version, text } = await this.lists.read(params['key']!, list);
    if (text === null) throw new DomainError('not-found', `The segment has no list of ${list} keys`);
    response.writeHead(200, { 'content-type': 'text/csv; charset=utf-8; header=present', 'content-disposition': `attachment; filename="${params['key']!.replace(/[^\w.-]/g, '_')}-${list}.csv"`, etag: `"${version}"` });
    await pipeline(csvOf(text), response);
  }
}
