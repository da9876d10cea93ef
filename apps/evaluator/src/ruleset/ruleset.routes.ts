import type { ServerResponse } from 'node:http';
import { DomainError } from '@pataka/contracts';
import { type HotRequest, type HotRoute, hotRoute, sendJson } from '@pataka/platform';
import { matches } from '../etag';
import { RulesetBodies } from './ruleset-bodies';
import type { RulesetState } from './ruleset-state';

type Parts = { state: RulesetState; needRules: () => void };

/** The ruleset for evaluation elsewhere. */
export class RulesetRoutes {
  readonly #bodies = new RulesetBodies();

  constructor(private readonly parts: Parts) {}

  routes(): HotRoute[] {
    return [hotRoute('GET', '/v1/ruleset', (request, response) => this.#ruleset(request, response))];
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
}

const takesGzip = (header: string | string[] | undefined): boolean => /(^|,)[\t ]*gzip[\t ]*(;[\t ]*q=(1|0\.\d*[1-9]).*)?(,|$)/i.test(String(header ?? ''));
