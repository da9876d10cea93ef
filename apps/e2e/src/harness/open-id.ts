import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const formOf = async (request: IncomingMessage): Promise<URLSearchParams> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return new URLSearchParams(Buffer.concat(chunks).toString());
};
const html = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');

/** An OpenID provider with a page of its own, on which a person allows or denies; `away` it hangs up on whoever asks for a token. */
export class OpenIdProvider {
  readonly clientId = 'pataka';
  readonly clientSecret = randomBytes(16).toString('hex');
  person: Record<string, unknown> = {};
  away = false;
  issuer = '';
  readonly #key = generateKeyPairSync('rsa', { modulusLength: 2048 });
  readonly #grants = new Map<string, { challenge: string; nonce: string }>();
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  async start(): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    this.issuer = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.issuer);
    const json = (status: number, body: object): void => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    switch (url.pathname) {
      case '/.well-known/openid-configuration': return json(200, this.#discovery());
      case '/keys': return json(200, { keys: [{ ...this.#key.publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'RS256', use: 'sig' }] });
      case '/authorize': return void response.writeHead(200, { 'content-type': 'text/html' }).end(this.#page(url.searchParams));
      case '/token': return this.away ? void request.socket.destroy() : this.#token(await formOf(request), json);
      default: return json(404, {});
    }
  }

  #discovery(): object {
    return {
      issuer: this.issuer, authorization_endpoint: `${this.issuer}/authorize`, token_endpoint: `${this.issuer}/token`, jwks_uri: `${this.issuer}/keys`, response_types_supported: ['code'],
      subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'], code_challenge_methods_supported: ['S256'], token_endpoint_auth_methods_supported: ['client_secret_post'],
    };
  }

  #page(query: URLSearchParams): string {
    const code = randomBytes(16).toString('hex');
    this.#grants.set(code, { challenge: query.get('code_challenge') ?? '', nonce: query.get('nonce') ?? '' });
    const back = (answer: Record<string, string>): string => html(`${query.get('redirect_uri')}?${new URLSearchParams({ ...answer, state: query.get('state') ?? '' }).toString()}`);
    return `<!doctype html><html lang="en"><title>Provider</title><link rel="icon" href="data:,"><h1>May Pataka know who you are?</h1><a href="${back({ code })}">Allow</a> <a href="${back({ error: 'access_denied' })}">Deny</a></html>`;
  }

  #token(form: URLSearchParams, json: (status: number, body: object) => void): void {
    const grant = this.#grants.get(form.get('code') ?? '');
    this.#grants.delete(form.get('code') ?? '');
    const challenge = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url');
    if (grant === undefined || challenge !== grant.challenge || form.get('client_secret') !== this.clientSecret) return json(400, { error: 'invalid_grant' });
    const now = Math.floor(Date.now() / 1000);
    const body = `${encoded({ alg: 'RS256', kid: 'one' })}.${encoded({ iss: this.issuer, aud: this.clientId, nonce: grant.nonce, iat: now, exp: now + 60, ...this.person })}`;
    json(200, { access_token: randomBytes(16).toString('hex'), token_type: 'Bearer', expires_in: 60, id_token: `${body}.${sign('sha256', Buffer.from(body), this.#key.privateKey).toString('base64url')}` });
  }
}
