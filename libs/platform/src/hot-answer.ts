import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HotRequest } from './hot-routes';
import { Incoming } from './incoming';

/** Stands for an answer while its headers are set, and keeps them. */
export class CollectedHeaders {
  readonly list: string[] = [];

  setHeader(name: string, value: string): void {
    this.list.push(name, value);
  }

  /** Sets them after all: for an answer that `sendHot` does not give. */
  applyTo(response: ServerResponse): void {
    if (response.headersSent) return;
    for (let at = 0; at < this.list.length; at += 2) response.setHeader(this.list[at]!, this.list[at + 1]!);
  }
}

/** How long an idle connection is kept; every answer says so. */
export const KEEP_ALIVE_MS = 65_000;

export const NO_HEADERS: readonly string[] = [];
const JSON_TYPE = 'application/json; charset=utf-8';

/** What node:http knows of an answer, and has no public way to be told: that its head is out already. */
type Headed = { _header: string; _headerSent: boolean };

/**
 * The connection of an answer that may be written onto it in one piece: the whole request has been read, it is this answer's turn, and the
 * connection stays open. Everything else (pipelined requests, HTTP/1.0, Expect, refusals before the body is read, draining) takes node:http's way.
 */
const openSocketOf = (request: IncomingMessage, response: ServerResponse): Socket | null => {
  const { socket } = response;
  const ordinary = request instanceof Incoming && request.complete && request.headers.expect === undefined && request.httpVersionMinor === 1;
  return ordinary && response.shouldKeepAlive && socket !== null && socket.writable && socket.writableLength === 0 ? socket : null;
};

const ENDING = `Connection: keep-alive\r\nKeep-Alive: timeout=${KEEP_ALIVE_MS / 1000}\r\n\r\n`;
let date = '';
let dateEndsMs = 0;

const dateLine = (): string => {
  const nowMs = Date.now();
  if (nowMs >= dateEndsMs || nowMs < dateEndsMs - 1_000) {
    dateEndsMs = (Math.floor(nowMs / 1_000) + 1) * 1_000;
    date = `Date: ${new Date(nowMs).toUTCString()}\r\n`;
  }
  return date;
};

const linesOf = (headers: readonly string[]): string => {
  let lines = '';
  for (let at = 0; at < headers.length; at += 2) lines += `${headers[at]!}: ${headers[at + 1]!}\r\n`;
  return lines;
};

/** The whole head at once. No name or value comes from a caller but the request id, which was looked at. */
const headOf = (request: HotRequest, length: number, headers: readonly string[]): string =>
  `HTTP/1.1 200 OK\r\n${linesOf(request.always)}content-type: ${JSON_TYPE}\r\ncontent-length: ${length}\r\n${linesOf(headers)}${dateLine()}${ENDING}`;

const writeWhole = (socket: Socket, head: string, body: string | Buffer, isAscii: boolean): void => {
  // Without a character beyond ASCII one encoding is as good as the other, and this one is the cheaper.
  if (typeof body === 'string') return void socket.write(head + body, isAscii ? 'latin1' : 'utf8');
  socket.cork();
  socket.write(head, 'latin1');
  socket.write(body);
  socket.uncork();
};

/**
 * Answers JSON that is already text (null: no body, for 304) on a route that collects its headers. Does nothing once the caller has gone.
 * Where it can, head and body go onto the connection as one piece: half of what node:http costs is to put a head together and to write twice.
 */
export const sendHot = (request: HotRequest, response: ServerResponse, status: number, body: string | Buffer | null, headers: readonly string[] = NO_HEADERS): void => {
  if (response.headersSent || response.destroyed) return;
  if (body === null) return void response.writeHead(status, [...request.always, ...headers]).end();
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  const isAscii = typeof body === 'string' && length === body.length;
  const socket = status === 200 ? openSocketOf(request.raw, response) : null;
  if (socket !== null) {
    writeWhole(socket, headOf(request, length, headers), body, isAscii);
    const headed = response as unknown as Headed;
    headed._header = ' ';
    headed._headerSent = true;
    response.end();
    return;
  }
  response.writeHead(status, [...request.always, 'content-type', JSON_TYPE, 'content-length', String(length), ...headers]);
  if (isAscii) response.end(body, 'latin1');
  else response.end(body);
};
