import { Agent, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import { Unavailable } from '@pataka/event-sourcing';
import { sendProblem } from '@pataka/platform';
import type { Upstream } from './gateway';

// Of one connection only (RFC 9110, 7.6.1): not for the next hop.
const hopByHop = new Set(['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding', 'upgrade']);

const forwarded = (headers: IncomingMessage['headers'], remote: string | undefined): Record<string, string | string[]> => {
  const kept = Object.entries(headers).filter(([name, value]) => value !== undefined && !hopByHop.has(name)) as [string, string | string[]][];
  return { ...Object.fromEntries(kept), ...(remote === undefined ? {} : { 'x-forwarded-for': remote }) };
};

/** A service in another process. Streams both ways; while it is down callers get 503 with Retry-After. */
export class ProxyUpstream implements Upstream {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 512 });

  constructor(private readonly target: () => { host: string; port: number } | null) {}

  url(): string | null {
    const target = this.target();
    return target === null ? null : `http://${target.host}:${target.port}`;
  }

  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    const target = this.target();
    if (target === null) return this.#away(response);
    const headers = forwarded(request.headers, request.socket.remoteAddress);
    const onward = httpRequest({ ...target, agent: this.#agent, method: request.method, path: request.url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, forwarded(answer.headers, undefined));
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    onward.on('error', () => (response.headersSent ? void response.destroy() : this.#away(response)));
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  };

  close(): void {
    this.#agent.destroy();
  }

  #away(response: ServerResponse): void {
    sendProblem(response, new Unavailable('service', { retryAfterSeconds: 1 }));
  }
}
