import type { LookupFunction } from 'node:net';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { WebhookAttempt } from '@pataka/contracts';
import { hostOf, reachable, urlFaults, type Reach } from './webhook-url';

/** One message on its way. */
export interface Outgoing { url: string; headers: Record<string, string>; body: string }

const TIMEOUT_MS = 10_000;
const MOST_ANSWER = 1_000;
const BLANKED = /[\p{Cc}\p{Cs}]/gu;

const answerOf = async (response: IncomingMessage): Promise<string> => {
  let text = '';
  response.setEncoding('utf8');
  for await (const part of response) {
    text += String(part);
    if (text.length >= MOST_ANSWER) break;
  }
  response.destroy();
  // PostgreSQL holds no NUL, and nobody wants to read the others.
  return text.slice(0, MOST_ANSWER).replace(BLANKED, ' ').toWellFormed();
};

const errorText = (error: NodeJS.ErrnoException): string => {
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return `no answer within ${TIMEOUT_MS / 1000} s`;
  return error.code === undefined || error.message.includes(error.code) ? error.message.slice(0, MOST_ANSWER) : `${error.code}: ${error.message}`.slice(0, MOST_ANSWER);
};

/**
 * Sends messages, each on a connection of its own to an address that was looked up and judged for it: what a name leads to when it is connected
 * to is what was judged. Redirects are not followed.
 */
export class WebhookSender {
  constructor(readonly reach: Reach, private readonly timeoutMs = TIMEOUT_MS) {}

  /** Never rejects. */
  async send(message: Outgoing, now: string): Promise<WebhookAttempt> {
    const startedAt = performance.now();
    const done = (status: number | null, more: Partial<WebhookAttempt>): WebhookAttempt => ({ at: now, status, ms: Math.round(performance.now() - startedAt), ...more });
    const faults = urlFaults(message.url, this.reach);
    if (faults.length > 0) return done(null, { error: `the URL ${faults.join(', ')}` });
    try {
      const response = await this.post(message);
      const status = response.statusCode ?? 0;
      const answer = await answerOf(response);
      const error = status >= 300 && status < 400 ? { error: 'redirects are not followed' } : {};
      return done(status, { ...error, ...(answer === '' ? {} : { answer }) });
    } catch (error) {
      return done(null, { error: errorText(error as NodeJS.ErrnoException) });
    }
  }

  private async post({ url: text, headers, body }: Outgoing): Promise<IncomingMessage> {
    const url = new URL(text);
    const addresses = await reachable(hostOf(url), this.reach);
    // Both forms of the callback: node asks for all addresses where it may try several.
    const lookup: LookupFunction = (_host, options, callback) => {
      if (options.all === true) callback(null, [...addresses]);
      else callback(null, addresses[0]!.address, addresses[0]!.family);
    };
    const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const sent = request(url, {
        method: 'POST', lookup, agent: false, signal: AbortSignal.timeout(this.timeoutMs), maxHeaderSize: 16_384,
        headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'user-agent': 'pataka-webhooks/1', accept: '*/*' },
      }, resolve);
      sent.on('error', reject);
      sent.end(body);
    });
  }
}
