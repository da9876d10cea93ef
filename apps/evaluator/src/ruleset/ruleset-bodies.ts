import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { etagOf } from '../etag';

interface Body { text: string; plain: Buffer; etag: string; compressed: Promise<Buffer> | null }

const compress = promisify(gzip);

/** Rulesets as bytes, with tag and compressed: each made once per text and shared by all who ask, however many come at once. */
export class RulesetBodies {
  readonly #bodies = new Map<string, Body>();

  /** The bytes of an environment's text, and their tag. */
  plain(environment: string, text: string): Pick<Body, 'plain' | 'etag'> {
    return this.#bodyOf(environment, text);
  }

  compressed(environment: string, text: string): Promise<Buffer> {
    const body = this.#bodyOf(environment, text);
    return (body.compressed ??= compress(body.plain));
  }

  #bodyOf(environment: string, text: string): Body {
    const known = this.#bodies.get(environment);
    if (known?.text === text) return known;
    const body: Body = { text, plain: Buffer.from(text), etag: etagOf(text), compressed: null };
    this.#bodies.set(environment, body);
    return body;
  }
}
