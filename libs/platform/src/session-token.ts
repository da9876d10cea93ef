import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

/** What a session token says: whose it is, of which session, and when it holds (seconds since the epoch). */
export interface SessionClaims { sub: string; sid: string; iat: number; exp: number }

// RFC 7515 and 8037, and nothing else: what names another algorithm, type or audience is no token of ours.
const ALG = 'EdDSA';
const TYP = 'pataka-session+jwt';
const AUDIENCE = 'pataka';
const TOKEN = /^[\w-]{1,512}\.[\w-]{1,1024}\.[\w-]{86}$/;
const KID = /^[\w-]{1,64}$/;

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const decoded = (part: string): Record<string, unknown> | null => {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
};

/** A public key of Ed25519 from its 32 bytes in base64url; null where it is none. */
export const publicKeyOf = (publicKey: string): KeyObject | null => {
  try {
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
  } catch {
    return null;
  }
};

/** A signed token in JWS compact form. */
export const signSession = (claims: SessionClaims, kid: string, privateKey: KeyObject): string => {
  const body = `${encoded({ alg: ALG, typ: TYP, kid })}.${encoded({ aud: AUDIENCE, ...claims })}`;
  return `${body}.${sign(null, Buffer.from(body), privateKey).toString('base64url')}`;
};

const claimsOf = (part: string): SessionClaims | null => {
  const claims = decoded(part);
  if (claims?.['aud'] !== AUDIENCE) return null;
  const { sub, sid, iat, exp } = claims;
  const whole = typeof sub === 'string' && typeof sid === 'string' && typeof iat === 'number' && typeof exp === 'number';
  return whole ? { sub, sid, iat, exp } : null;
};

const kidOf = (part: string): string | null => {
  const header = decoded(part);
  const kid = header?.['kid'];
  return header?.['alg'] === ALG && header['typ'] === TYP && typeof kid === 'string' && KID.test(kid) ? kid : null;
};

/** What a token says, once its signature is found good; whether it still holds is for the caller to judge. `keyOf` knows the keys in force. */
export const readSession = (token: string, keyOf: (kid: string) => KeyObject | null): SessionClaims | null => {
  if (!TOKEN.test(token)) return null;
  const [header = '', claims = '', signature = ''] = token.split('.');
  const kid = kidOf(header);
  const key = kid === null ? null : keyOf(kid);
  if (key === null || !verify(null, Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url'))) return null;
  return claimsOf(claims);
};
