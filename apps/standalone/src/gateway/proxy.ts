import { Agent, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import { Unavailable } from '@pataka/event-sourcing';
import { MAX_BODY_BYTES, problemAnswer, readBody, sendJson, sendProblem } from '@pataka/platform';
import type { Upstream } from './gateway';

// Of one connection only (RFC 9110, 7.6.1): not for the next hop. Who waited to send a body has sent it, and its length is written anew.
const ofOneHop = new Set(['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding', 'upgrade']);
const ofRequests = new Set([...ofOneHop, 'expect', 'content-length']);

type Headers = Record<string, string | string[]>;
const without = (names: ReadonlySet<string>, headers: IncomingMessage['headers']): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([name, value]) => value !== undefined && !names.has(name)) as [string, string | string[]][]);

const announcesBody = ({ headers }: IncomingMessage): boolean => headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined;

const onwardHeaders = (request: IncomingMessage, body: Buffer | null): Headers => {
  const { remoteAddress } = request.socket;
  // Appended, never replaced: who reads it walks from the right, past the proxies it trusts.
  const before = request.headers['x-forwarded-for'];
  return {
    ...without(ofRequests, request.headers),
    ...(body === null ? {} : { 'content-length': String(body.length) }),
    ...(remoteAddress === undefined ? {} : { 'x-forwarded-for': typeof before === 'string' ? `${before}, ${remoteAddress}` : remoteAddress }),
  };
};

/** Refuses a request whose upload may still be under way: it is read to its end, for whoever is cut off while sending never sees the answer. */
const refuse = (request: IncomingMessage, response: ServerResponse, error: unknown): void => {
  request.resume();
  const { status, body, headers: { connection: _, ...headers } } = problemAnswer(error);
  sendJson(response, status, body, headers);
};

/** A service in another process or thread. While it is down callers get 503 with Retry-After. */
export class ProxyUpstream implements Upstream {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 512 });

  constructor(private readonly target: () => { host: string; port: number } | null) {}

  url(): string | null {
    const target = this.target();
    return target === null ? null : `http://${target.host}:${target.port}`;
  }

  /**
   * A body is read whole before it is passed on: a service that answers early, and closes, would break a pipe that is still being written to, and its
   * answer would be lost with it. No service takes more than `MAX_BODY_BYTES`. Answers are streamed.
   */
  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    if (!announcesBody(request)) return this.#pass(request, response, null);
    readBody(request, MAX_BODY_BYTES).then((body) => this.#pass(request, response, body), (error: unknown) => refuse(request, response, error));
  };

  close(): void {
    this.#agent.destroy();
  }

  #pass(request: IncomingMessage, response: ServerResponse, body: Buffer | null): void {
    const target = this.target();
    if (target === null) return this.#away(response);
    let answered = false;
    const onward = httpRequest({ ...target, agent: this.#agent, method: request.method, path: request.url, headers: onwardHeaders(request, body) }, (answer) => {
      answered = true;
      response.writeHead(answer.statusCode ?? 502, without(ofOneHop, answer.headers));
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    // Once there is an answer, it alone tells whether it came to its end.
    onward.on('error', () => { if (!answered) this.#away(response); });
    response.on('close', () => onward.destroy());
    onward.end(body ?? undefined);
  }

  #away(response: ServerResponse): void {
    sendProblem(response, new Unavailable('service', { retryAfterSeconds: 1 }));
  }
}
