import { randomBytes } from 'node:crypto';
import { DomainError, type Member } from '@pataka/contracts';
import type { Database } from '@pataka/event-sourcing';
import type { OidcConfig } from '@pataka/platform';
import type * as OpenId from 'openid-client';
import { highestRole } from '../members/member.decider';

interface Login { state: string; nonce: string; verifier: string; return_to: string }
/** Who a provider says came, and where they wanted to go. */
export interface Provided { details: Pick<Member, 'email' | 'name' | 'role'>; identity: { issuer: string; subject: string }; emailVerified: boolean; returnTo: string }

const LIFETIME_MS = 10 * 60 * 1000;
/** Seconds that a browser keeps the cookie of a sign-in under way. */
export const OIDC_SECONDS = LIFETIME_MS / 1000;
const MAX_VALUES = 1000;
const TIMEOUT_SECONDS = 10;

// Loaded on first use: most installations have no provider.
const library = (): Promise<typeof OpenId> => import('openid-client');

/** A path of this origin and nothing that a browser could take for another one. */
export const safeReturn = (path: unknown): string => (typeof path === 'string' && path.length <= 512 && /^\/(?![/\\])[\x21-\x7e]*$/.test(path) && !path.includes('\\') ? path : '/');

const valueAt = (claims: object, path: string): unknown =>
  Object.hasOwn(claims, path) ? (claims as Record<string, unknown>)[path] : path.split('.').reduce<unknown>((value, name) => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined), claims);

const textsOf = (value: unknown): string[] => (typeof value === 'string' ? [value] : Array.isArray(value) ? value.slice(0, MAX_VALUES).filter((one): one is string => typeof one === 'string') : []);

/** Whether nobody answered, by what fetch throws and the library wraps. */
const isAway = (error: unknown): boolean =>
  error instanceof TypeError || (error instanceof Error && (['TimeoutError', 'AbortError'].includes(error.name) || isAway(error.cause)));

/** Signing in with an OpenID provider: authorization code with PKCE, state and nonce; the ID token's signature is checked too. */
export class Oidc {
  private discovered: Promise<OpenId.Configuration> | null = null;

  constructor(
    private readonly config: OidcConfig, private readonly redirectUri: string, private readonly database: Database, private readonly schema: string, private readonly now: () => number,
  ) {}

  get name(): string {
    return this.config.name;
  }

  /** Where to send the browser, and the id that its cookie has to bring back. */
  async begin(returnTo: string): Promise<{ url: string; id: string }> {
    const openId = await library();
    const provider = await this.provider();
    const id = randomBytes(32).toString('base64url');
    const [state, nonce, verifier] = [openId.randomState(), openId.randomNonce(), openId.randomPKCECodeVerifier()];
    await this.database.query(`DELETE FROM ${this.schema}.oidc_logins WHERE expires_at < $1`, [new Date(this.now())]);
    await this.database.query(
      `INSERT INTO ${this.schema}.oidc_logins (id, state, nonce, verifier, return_to, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`, [id, state, nonce, verifier, returnTo, new Date(this.now() + LIFETIME_MS)],
    );
    const url = openId.buildAuthorizationUrl(provider, {
      redirect_uri: this.redirectUri, scope: 'openid email profile', state, nonce, code_challenge: await openId.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
    });
    return { url: url.href, id };
  }

  /**
   * Who came back. `query` is what the provider added to the address.
   * @throws DomainError `unauthenticated` for everything that does not fit together, `forbidden` for somebody without a role
   */
  async finish(id: string | null, query: string): Promise<Provided> {
    const login = await this.take(id);
    const claims = await this.claims(login, query);
    const role = highestRole(textsOf(valueAt(claims, this.config.roleClaim)), this.config.roles);
    if (role === null) throw new DomainError('forbidden', 'The provider gives you no role here: ask whoever manages PATAKA_OIDC_ROLES');
    const email = typeof claims['email'] === 'string' ? claims['email'] : `${claims.sub}@${new URL(claims.iss).hostname}`;
    const name = typeof claims['name'] === 'string' && claims['name'] !== '' ? claims['name'] : email;
    return {
      details: { email: email.slice(0, 254), name: name.slice(0, 128), role }, identity: { issuer: claims.iss, subject: claims.sub }, emailVerified: claims['email_verified'] === true, returnTo: login.return_to,
    };
  }

  /** A sign-in under way is used once. */
  private async take(id: string | null): Promise<Login> {
    const [login] = id === null ? [] : await this.database.query<Login & { expires_at: Date }>(`DELETE FROM ${this.schema}.oidc_logins WHERE id = $1 RETURNING *`, [id]);
    if (login === undefined || login.expires_at.getTime() < this.now()) throw new DomainError('unauthenticated', 'This sign-in took too long or was begun elsewhere: begin again');
    return login;
  }

  private async claims(login: Login, query: string): Promise<OpenId.IDToken> {
    const openId = await library();
    const provider = await this.provider();
    try {
      const tokens = await openId.authorizationCodeGrant(provider, new URL(`${this.redirectUri}?${query}`), {
        pkceCodeVerifier: login.verifier, expectedState: login.state, expectedNonce: login.nonce, idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (claims !== undefined) return claims;
    } catch (error) {
      if ((error as { error?: unknown }).error === 'access_denied') throw new DomainError('forbidden', 'The provider was told no: begin again, and let it tell who you are', [], { denied: true });
      if (isAway(error)) throw new DomainError('unavailable', 'The OpenID provider does not answer: try again shortly', [], { retryAfterSeconds: 5 });
      // What the library says may quote tokens: its code is enough to find out what was wrong.
      throw new DomainError('unauthenticated', `The provider's answer was not accepted (${String((error as { code?: unknown }).code ?? 'unknown')}): begin again`);
    }
    throw new DomainError('unauthenticated', 'The provider sent no ID token');
  }

  private provider(): Promise<OpenId.Configuration> {
    this.discovered ??= this.discover().catch((error: Error) => {
      this.discovered = null;
      throw new DomainError('unavailable', `The OpenID provider does not answer (${error.name}): try again shortly`, [], { retryAfterSeconds: 5 });
    });
    return this.discovered;
  }

  private async discover(): Promise<OpenId.Configuration> {
    const openId = await library();
    const issuer = new URL(this.config.issuer);
    // The configuration takes http for a provider on this machine alone.
    const execute = [openId.enableNonRepudiationChecks, ...(issuer.protocol === 'http:' ? [openId.allowInsecureRequests] : [])];
    return openId.discovery(issuer, this.config.clientId, this.config.clientSecret, undefined, { execute, timeout: TIMEOUT_SECONDS });
  }
}
