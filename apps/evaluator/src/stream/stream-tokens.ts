import { createHmac, timingSafeEqual } from 'node:crypto';
import type { AccessDirectory } from '@pataka/platform';
import type { KeyPrincipal } from '../key-principal';

const LIFETIME_MS = 10 * 60 * 1000;
const SHARED_MS = 30_000;
const MAX_SHARED = 10_000;

interface Claims { k: string; e: string; x: number }

/**
 * Tokens for the OFREP event stream, since a browser's EventSource cannot send headers: ten minutes, one environment, one key. They are
 * signed with the key's stored hash, which every evaluator knows, so no further secret is kept; revoking the key ends them.
 */
export class StreamTokens {
  readonly #recent = new Map<string, { token: string; environment: string; until: number }>();

  constructor(private readonly access: AccessDirectory, private readonly now: () => number) {}

  /** A token made in the last half minute or now: signing costs as much as evaluating dozens of flags. */
  recent(principal: KeyPrincipal): string {
    const now = this.now();
    const known = this.#recent.get(principal.keyId);
    if (known !== undefined && known.until > now && known.environment === principal.environment) return known.token;
    if (this.#recent.size >= MAX_SHARED) this.#recent.clear();
    const token = this.issue(principal);
    this.#recent.set(principal.keyId, { token, environment: principal.environment, until: now + SHARED_MS });
    return token;
  }

  issue(principal: KeyPrincipal): string {
    const claims: Claims = { k: principal.keyId, e: principal.environment, x: this.now() + LIFETIME_MS };
    const body = Buffer.from(JSON.stringify(claims)).toString('base64url');
    return `${body}.${this.#sign(body, principal.keyId) ?? ''}`;
  }

  /** Whose token this is; null for one that is forged, expired, or of a key that is gone. */
  redeem(token: string): KeyPrincipal | null {
    const [body = '', signature = ''] = token.split('.');
    const claims = claimsOf(body);
    if (claims === null || claims.x < this.now() || !sameText(this.#sign(body, claims.k) ?? '', signature)) return null;
    return this.#principalOf(claims);
  }

  #principalOf({ k: keyId, e: environment }: Claims): KeyPrincipal | null {
    const kind = this.access.isLive(keyId) ? this.access.keyById(keyId)?.kind : undefined;
    return kind === 'server' || kind === 'client' ? { kind, environment, keyId, subject: keyId } : null;
  }

  #sign(body: string, keyId: string): string | null {
    const key = this.access.keyById(keyId);
    return key === undefined ? null : createHmac('sha256', key.hash).update(body).digest('base64url');
  }
}

const claimsOf = (body: string): Claims | null => {
  try {
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as Partial<Claims> | null;
    return typeof claims?.k === 'string' && typeof claims.e === 'string' && typeof claims.x === 'number' ? (claims as Claims) : null;
  } catch {
    return null;
  }
};

const sameText = (a: string, b: string): boolean => {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length > 0 && left.length === right.length && timingSafeEqual(left, right);
};
