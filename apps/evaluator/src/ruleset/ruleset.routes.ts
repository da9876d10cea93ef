import type { ServerResponse } from 'node:http';
import { DomainError } from '@pataka/contracts';
import { type HotRequest, type HotRoute, hotRoute, readJson, sendJson } from '@pataka/platform';
import { explain, prepareContext } from '@pataka/evaluation';
import { matches } from '../etag';
import { RulesetBodies } from './ruleset-bodies';
import type { RulesetState } from './ruleset-state';

type Parts = { state: RulesetState; needRules: () => void; environments: () => string[]; now: () => number };

/** The ruleset for evaluation elsewhere, and why a context gets what it gets. */
export class RulesetRoutes {
  readonly #bodies = new RulesetBodies();

  constructor(private readonly parts: Parts) {}

  routes(): HotRoute[] {
    return [
      hotRoute('GET', '/v1/ruleset', (request, response) => this.#ruleset(request, response)),
      hotRoute('POST', '/v1/explain', (request, response) => this.#explain(request, response)),
    ];
  }

  async #ruleset(request: HotRequest, response: ServerResponse): Promise<void> {
    const principal = request.principal;
    if (principal === null || principal.kind !== 'server') throw new DomainError('forbidden');
    this.parts.needRules();
    const { environment } = principal;
    const text = this.parts.state.text(environment);
    const { plain, etag } = this.#bodies.plain(environment, text);
    const headers = { etag, 'cache-control': 'no-cache', vary: 'accept-encoding' };
    if (matches(request.headers['if-none-match'], etag)) return void response.writeHead(304, headers).end();
    if (!takesGzip(request.headers['accept-encoding'])) return sendJson(response, 200, plain, headers);
    // Other bytes than the plain ones, so the tag is a weak one.
    sendJson(response, 200, await this.#bodies.compressed(environment, text), { ...headers, etag: `W/${etag}`, 'content-encoding': 'gzip' });
  }

  async #explain(request: HotRequest, response: ServerResponse): Promise<void> {
    this.parts.needRules();
    const body = (await readJson(request.raw)) as { flagKey?: unknown; context?: unknown; environment?: unknown; at?: unknown } | null | undefined;
    if (typeof body !== 'object' || body === null || typeof body.flagKey !== 'string') throw fault('/flagKey', 'must name a flag');
    if (body.at !== undefined) throw new DomainError('not-implemented', 'Explaining another instant is not available in this version', [{ pointer: '/at', detail: 'leave it out: the present rules are explained' }]);
    const environment = this.#environmentOf(request, body.environment);
    const context = prepareContext(body.context);
    if ('errorCode' in context) throw fault('/context', context.errorDetails);
    const explanation = explain(this.parts.state.compiled(environment), body.flagKey, context, this.parts.now());
    sendJson(response, 200, JSON.stringify({ environment, position: this.parts.state.position, recorded: false, context: body.context ?? {}, explanation }));
  }

  #environmentOf(request: HotRequest, given: unknown): string {
    const principal = request.principal;
    if (principal !== null && principal.kind !== 'management') return principal.environment;
    const environment = given ?? 'production';
    if (typeof environment !== 'string' || !this.parts.environments().includes(environment)) throw fault('/environment', 'is not a known environment');
    return environment;
  }
}

const takesGzip = (header: string | string[] | undefined): boolean => /(^|,)[\t ]*gzip[\t ]*(;[\t ]*q=(1|0\.\d*[1-9]).*)?(,|$)/i.test(String(header ?? ''));

const fault = (pointer: string, detail: string): DomainError => new DomainError('validation', detail, [{ pointer, detail }]);
