import type { ServerResponse } from 'node:http';
import { DomainError } from '@pataka/contracts';
import { type HotRequest, type HotRoute, hotRoute, readJson, sendJson } from '@pataka/platform';
import { explain, prepareContext } from '@pataka/evaluation';
import { etagOf, matches } from '../etag';
import type { RulesetState } from './ruleset-state';

type Parts = { state: RulesetState; needRules: () => void; environments: () => string[]; now: () => number };

/** The ruleset for evaluation elsewhere, and why a context gets what it gets. */
export class RulesetRoutes {
  readonly #etags = new Map<string, { text: string; etag: string }>();

  constructor(private readonly parts: Parts) {}

  routes(): HotRoute[] {
    return [
      hotRoute('GET', '/v1/ruleset', (request, response) => this.#ruleset(request, response)),
      hotRoute('POST', '/v1/explain', (request, response) => this.#explain(request, response)),
    ];
  }

  #ruleset(request: HotRequest, response: ServerResponse): void {
    const principal = request.principal;
    if (principal === null || principal.kind !== 'server') throw new DomainError('forbidden');
    this.parts.needRules();
    const text = this.parts.state.text(principal.environment);
    const headers = { etag: this.#etagOf(principal.environment, text), 'cache-control': 'no-cache' };
    if (matches(request.headers['if-none-match'], headers.etag)) return void response.writeHead(304, headers).end();
    sendJson(response, 200, text, headers);
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

  #etagOf(environment: string, text: string): string {
    const known = this.#etags.get(environment);
    if (known?.text === text) return known.etag;
    const etag = etagOf(text);
    this.#etags.set(environment, { text, etag });
    return etag;
  }
}

const fault = (pointer: string, detail: string): DomainError => new DomainError('validation', detail, [{ pointer, detail }]);
