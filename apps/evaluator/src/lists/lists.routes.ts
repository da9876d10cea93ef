import type { ServerResponse } from 'node:http';
import { DomainError } from '@pataka/contracts';
import { type HotRequest, type HotRoute, hotRoute } from '@pataka/platform';
import { matches } from '../etag';
import type { KeyListFollower } from './key-list-follower';

const takesGzip = (header: string | string[] | undefined): boolean => /(^|[\s,])gzip(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(String(header ?? ''));

/** Lists for evaluation elsewhere. A list never changes, since its name is what it holds: whoever has it need not ask again. */
export class ListsRoutes {
  constructor(private readonly parts: { lists: KeyListFollower; needRules: () => void }) {}

  routes(): HotRoute[] {
    return [hotRoute('GET', '/v1/lists/{hash}', (request, response) => this.#list(request, response))];
  }

  async #list({ params, headers: asked }: HotRequest, response: ServerResponse): Promise<void> {
    this.parts.needRules();
    const hash = params['hash']!;
    const headers = { etag: `"${hash}"`, 'cache-control': 'private, max-age=31536000, immutable', 'content-type': 'text/plain; charset=utf-8', vary: 'accept-encoding' };
    const { lists } = this.parts;
    const { library } = lists;
    const text = /^[0-9a-f]{64}$/.test(hash) ? (library.text(hash) ?? (await lists.archived(hash))) : null;
    if (text === null) throw new DomainError('not-found', 'No segment names such a list: read the ruleset again');
    if (matches(asked['if-none-match'], headers.etag)) return void response.writeHead(304, headers).end();
    const gzipped = takesGzip(asked['accept-encoding']) ? await library.gzipped(hash) : undefined;
    if (gzipped === undefined) response.writeHead(200, { ...headers, 'content-length': text.length }).end(text);
    else response.writeHead(200, { ...headers, 'content-encoding': 'gzip', 'content-length': gzipped.length }).end(gzipped);
  }
}
