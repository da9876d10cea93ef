import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

interface Grant { challenge: string; nonce: string; clientId: string; redirectUri: string }
/** What a test may spoil of the next ID token. */
export interface Spoilt { claims?: Record<string, unknown>; alg?: string; otherKey?: boolean }

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const bodyOf = async (request: IncomingMessage): Promise<URLSearchParams> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return new URLSearchParams(Buffer.concat(chunks).toString());
};

/** A small OpenID provider on node:http, with discovery, keys, PKCE and tokens that it really signs; whoever is asked about signs in at once. */
export class TestProvider {
  readonly clientId = 'pataka-test';
  readonly clientSecret = randomBytes(16).toString('hex');
  person: Record<string, unknown> = {};
  spoilt: Spoilt = {};
  /** Somebody who says no when asked whether this may know who they are. */
  denies = false;
  private readonly keys = [generateKeyPairSync('rsa', { modulusLength: 2048 }), generateKeyPairSync('rsa', { modulusLength: 2048 })];
  private readonly grants = new Map<string, Grant>();
  private server: Server | undefined;
  issuer = '';

  async start(): Promise<void> {
    this.server = createServer((request, response) => void this.answer(request, response));
    await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve));
    const address = this.server?.address();
    this.issuer = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  stop(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.issuer);
    const json = (status: number, body: object): void => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    switch (url.pathname) {
      case '/.well-known/openid-configuration': return json(200, this.discovery());
      case '/keys': return json(200, { keys: [{ ...this.keys[0]!.publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'RS256', use: 'sig' }] });
      case '/authorize': return this.authorize(url.searchParams, response);
      case '/token': return this.token(await bodyOf(request), json);
      default: return json(404, {});
    }
  }

  private discovery(): object {
    return {
      issuer: this.issuer, authorization_endpoint: `${this.issuer}/authorize`, token_endpoint: `${this.issuer}/token`, jwks_uri: `${this.issuer}/keys`, response_types_supported: ['code'],
      subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'], code_challenge_methods_supported: ['S256'], token_endpoint_auth_methods_supported: ['client_secret_post'],
    };
  }

  private authorize(query: URLSearchParams, response: ServerResponse): void {
    const code = randomBytes(16).toString('hex');
    const redirectUri = query.get('redirect_uri') ?? '';
    if (query.get('code_challenge_method') !== 'S256' || query.get('response_type') !== 'code') return void response.writeHead(400).end();
    this.grants.set(code, { challenge: query.get('code_challenge') ?? '', nonce: query.get('nonce') ?? '', clientId: query.get('client_id') ?? '', redirectUri });
    const back = new URLSearchParams({ ...(this.denies ? { error: 'access_denied' } : { code }), state: query.get('state') ?? '' });
    response.writeHead(302, { location: `${redirectUri}?${back.toString()}` }).end();
  }

  private token(form: URLSearchParams, json: (status: number, body: object) => void): void {
    const code = form.get('code') ?? '';
    const grant = this.grants.get(code);
    this.grants.delete(code);
    const challenge = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url');
    const right = grant !== undefined && challenge === grant.challenge && form.get('client_secret') === this.clientSecret && form.get('redirect_uri') === grant.redirectUri && form.get('client_id') === grant.clientId;
    if (!right) return json(400, { error: 'invalid_grant' });
    json(200, { access_token: randomBytes(16).toString('hex'), token_type: 'Bearer', expires_in: 60, id_token: this.idToken(grant) });
  }

  private idToken({ nonce, clientId }: Grant): string {
    const now = Math.floor(Date.now() / 1000);
    const { claims = {}, alg = 'RS256', otherKey = false } = this.spoilt;
    const body = `${encoded({ alg, kid: 'one' })}.${encoded({ iss: this.issuer, aud: clientId, nonce, iat: now, exp: now + 60, ...this.person, ...claims })}`;
    const key: KeyObject = this.keys[otherKey ? 1 : 0]!.privateKey;
    return `${body}.${alg === 'none' ? '' : sign('sha256', Buffer.from(body), key).toString('base64url')}`;
  }
}
