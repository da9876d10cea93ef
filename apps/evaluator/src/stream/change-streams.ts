import type { IncomingMessage, ServerResponse } from 'node:http';
import { DomainError, type Principal } from '@pataka/contracts';
import { type AccessDirectory, type HotRequest, type HotRoute, hotRoute } from '@pataka/platform';
import type { KeyPrincipal } from '../key-principal';
import type { RulesetChange } from '../ruleset/ruleset-history';
import type { RulesetState } from '../ruleset/ruleset-state';
import { eventText, type Feed, type FeedKind, type Told } from './feeds';
import type { StreamTokens } from './stream-tokens';

interface Parts { state: RulesetState; access: AccessDirectory; tokens: StreamTokens; now: () => number; random: () => number }
interface Channel { feed: Feed; clients: Map<ServerResponse, KeyPrincipal> }

const HEARTBEAT_MS = 15_000;
const HEARTBEAT = Buffer.from(':\n\n');
const MAX_BUFFERED_BYTES = 256 * 1024;
const END_MS = 250;
const MAX_CLIENTS = 5_000;
const RETRY_MS = { least: 1_000, most: 5_000 };
const HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' };

/**
 * Server-sent events: what changed, and OFREP's invitation to fetch again. A client that was cut off names the last event it has seen and
 * is told what it missed, or to fetch everything. Slow readers are cut off rather than buffered.
 */
export class ChangeStreams {
  readonly #channels = new Map<string, Channel>();
  readonly #heartbeat: NodeJS.Timeout;
  /** Events sent, and clients cut off or turned away, by why. */
  readonly told = { sent: 0, slow: 0, limit: 0, shutdown: 0 };
  #size = 0;
  #closed = false;

  constructor(private readonly parts: Parts) {
    parts.state.onChange((change) => this.#broadcast(change));
    parts.access.onChange(() => this.#dropRevoked());
    this.#heartbeat = setInterval(() => this.#each((response) => void this.#send(response, HEARTBEAT)), HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  get size(): number {
    return this.#size;
  }

  routes(): HotRoute[] {
    return [
      hotRoute('GET', '/v1/stream', (request, response) => this.#open(request, response, request.principal, 'change'), { streams: true }),
      hotRoute('GET', '/ofrep/v1/stream', (request, response) => {
        const token = new URLSearchParams(request.query).get('token');
        // A client that comes back with an old token, but sends its key too, need not evaluate again for a new one.
        const principal = (token === null ? null : this.parts.tokens.redeem(token)) ?? request.principal;
        this.#open(request, response, principal, 'refetch');
      }, { streams: true }),
    ];
  }

  /** Ends every stream, and opens none any more. Who does not read would hold up the end of the process: such streams are cut. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#heartbeat);
    const open: ServerResponse[] = [];
    this.#each((response) => open.push(response.end()));
    this.told.shutdown += open.length;
    setTimeout(() => { for (const response of open) response.destroy(); }, END_MS).unref();
    this.#channels.clear();
  }

  #open(request: HotRequest, response: ServerResponse, principal: Principal | null, kind: FeedKind): void {
    if (principal === null || principal.kind === 'management') throw new DomainError('unauthenticated', 'The stream token is not valid or has expired: evaluate in bulk again for a new one');
    if (this.#closed) throw new DomainError('unavailable', 'This evaluator is going away', [], { retryAfterSeconds: 1 });
    if (this.#size >= MAX_CLIENTS) {
      this.told.limit += 1;
      throw new DomainError('unavailable', 'Too many streams here', [], { retryAfterSeconds: 5 });
    }
    const { feed, clients } = this.#channelOf({ kind, environment: principal.environment, audience: principal.kind });
    // Such an answer ends with its connection anyway: without chunks an event is one write.
    response.useChunkedEncodingByDefault = false;
    response.writeHead(200, HEADERS);
    const welcome = this.#missed(feed, lastEventId(request.raw));
    // Clients that lose their server together shall not come back together.
    const retryMs = Math.round(RETRY_MS.least + this.parts.random() * (RETRY_MS.most - RETRY_MS.least));
    response.write(`retry: ${retryMs}\n\n${welcome ?? ''}`);
    if (welcome !== null) this.told.sent += 1;
    clients.set(response, principal);
    this.#size += 1;
    response.on('close', () => { if (clients.delete(response)) this.#size -= 1; });
  }

  /** What to tell a client that comes: after its last event, or, of the changes themselves, from the beginning. */
  #missed(feed: Feed, since: number | null): string | null {
    const { state } = this.parts;
    const { position } = state;
    if (since === null && feed.kind === 'refetch') return null;
    const difference = since === null ? { flags: null, visible: [], touched: null } : state.changedSince(since);
    return this.#text(feed, { position: Math.max(position, since ?? 0), newest: position, difference });
  }

  #broadcast(change: RulesetChange): void {
    const { position } = this.parts.state;
    const told = { position, newest: Math.max(position, change.position), difference: change };
    for (const { feed, clients } of this.#channels.values()) {
      const text = clients.size === 0 ? null : this.#text(feed, told);
      if (text === null) continue;
      const bytes = Buffer.from(text);
      for (const response of clients.keys()) if (this.#send(response, bytes)) this.told.sent += 1;
    }
  }

  #text(feed: Feed, told: Told): string | null {
    return eventText(this.parts.state, feed, told, this.parts.now());
  }

  #channelOf(feed: Feed): Channel {
    const name = `${feed.kind} ${feed.audience} ${feed.environment}`;
    let channel = this.#channels.get(name);
    if (channel === undefined) this.#channels.set(name, (channel = { feed, clients: new Map() }));
    return channel;
  }

  #dropRevoked(): void {
    this.#each((response, { keyId }) => { if (!this.parts.access.isLive(keyId)) response.end(); });
  }

  /** false where the client does not keep up, and is cut off. */
  #send(response: ServerResponse, bytes: Buffer): boolean {
    if (response.writableLength <= MAX_BUFFERED_BYTES) {
      response.write(bytes);
      return true;
    }
    this.told.slow += response.destroyed ? 0 : 1;
    response.destroy();
    return false;
  }

  #each(visit: (response: ServerResponse, principal: KeyPrincipal) => void): void {
    for (const { clients } of this.#channels.values()) for (const [response, principal] of clients) visit(response, principal);
  }
}

const lastEventId = (request: IncomingMessage): number | null => {
  const header = request.headers['last-event-id'];
  const id = typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : NaN;
  return Number.isNaN(id) ? null : id;
};
