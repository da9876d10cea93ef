import type { IncomingMessage, ServerResponse } from 'node:http';
import { DomainError, type Principal } from '@pataka/contracts';
import { type AccessDirectory, type HotRequest, type HotRoute, hotRoute } from '@pataka/platform';
import type { KeyPrincipal } from '../key-principal';
import type { RulesetChange, RulesetState } from '../ruleset/ruleset-state';
import type { StreamTokens } from './stream-tokens';

type Format = (position: number, flags: readonly string[] | null) => string;
interface Client { response: ServerResponse; principal: KeyPrincipal; format: Format }

const HEARTBEAT_MS = 15_000;
const MAX_BUFFERED_BYTES = 256 * 1024;
const MAX_CLIENTS = 5_000;
const HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' };

/**
 * Server-sent events: which flags changed, and OFREP's invitation to fetch again. Events carry no values, so a client that was cut off
 * only has to be told that there is something newer. Slow readers are cut off rather than buffered.
 */
export class ChangeStreams {
  readonly #clients = new Set<Client>();
  readonly #heartbeat: NodeJS.Timeout;

  constructor(private readonly state: RulesetState, private readonly access: AccessDirectory, private readonly tokens: StreamTokens, private readonly now: () => number) {
    state.onChange((change) => this.#broadcast(change));
    access.onChange(() => this.#dropRevoked());
    this.#heartbeat = setInterval(() => { for (const client of this.#clients) this.#send(client, ':\n\n'); }, HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  get size(): number {
    return this.#clients.size;
  }

  routes(): HotRoute[] {
    return [
      hotRoute('GET', '/v1/stream', (request, response) => this.#open(request, response, request.principal, changeEvent), { streams: true }),
      hotRoute('GET', '/ofrep/v1/stream', (request, response) => {
        const token = new URLSearchParams(request.query).get('token');
        const principal = token === null ? request.principal : this.tokens.redeem(token);
        this.#open(request, response, principal, (position) => this.#refetchEvent(position));
      }, { streams: true }),
    ];
  }

  close(): void {
    clearInterval(this.#heartbeat);
    for (const client of this.#clients) client.response.end();
    this.#clients.clear();
  }

  #open(request: HotRequest, response: ServerResponse, principal: Principal | null, format: Format): void {
    if (principal === null || principal.kind === 'management') throw new DomainError('unauthenticated', 'The stream token is not valid or has expired: evaluate in bulk again for a new one');
    if (this.#clients.size >= MAX_CLIENTS) throw new DomainError('unavailable', 'Too many streams here', [], { retryAfterSeconds: 5 });
    const client: Client = { response, principal, format };
    response.writeHead(200, HEADERS);
    response.write('retry: 3000\n\n');
    this.#clients.add(client);
    response.on('close', () => this.#clients.delete(client));
    const since = lastEventId(request.raw);
    if (since !== null && since < this.state.position) this.#announce(client, this.state.position, this.state.changedSince(since));
    else if (since === null && format === changeEvent) this.#announce(client, this.state.position, null);
  }

  #broadcast({ flags }: RulesetChange): void {
    for (const client of this.#clients) this.#announce(client, this.state.position, flags);
  }

  #announce(client: Client, position: number, flags: readonly string[] | null): void {
    const known = flags === null || client.principal.kind === 'server' ? flags : flags.filter((key) => this.state.flag(key)?.clientVisible === true);
    if (known !== null && known.length === 0) return;
    this.#send(client, client.format(position, known));
  }

  #send(client: Client, text: string): void {
    if (client.response.writableLength > MAX_BUFFERED_BYTES) client.response.destroy();
    else client.response.write(text);
  }

  #refetchEvent(position: number): string {
    const data = { type: 'refetchEvaluation', etag: String(position), lastModified: Math.floor(this.now() / 1000) };
    return `id: ${position}\nevent: message\ndata: ${JSON.stringify(data)}\n\n`;
  }

  #dropRevoked(): void {
    for (const client of this.#clients) if (!this.access.isLive(client.principal.keyId)) client.response.end();
  }
}

/** `flags: null` says that any flag may evaluate differently: fetch the ruleset again. */
const changeEvent: Format = (position, flags) => `id: ${position}\nevent: change\ndata: ${JSON.stringify({ type: 'change', position, flags })}\n\n`;

const lastEventId = (request: IncomingMessage): number | null => {
  const header = request.headers['last-event-id'];
  const id = typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : NaN;
  return Number.isNaN(id) ? null : id;
};
