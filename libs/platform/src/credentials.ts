import { hash, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { KeyKind } from '@pataka/contracts';

/** A secret just made: `token` is shown once and kept nowhere, the rest is what an AccessKey holds. */
export interface NewToken { token: string; hash: string; hint: string; id: string }

const SECRET_BYTES = 32;
const HINT_CHARACTERS = 6;

/** Hex SHA-256 of a token. The secret is 256 random bits, so a slow hash would buy nothing and cost on every request. */
export const hashToken = (token: string): string => hash('sha256', token, 'hex');

/** What may be shown of a token: what kind it is and a few characters, enough to tell two apart and too few to guess the rest. */
export const hintOf = (token: string): string => {
  const secretAt = /^pataka_[a-z]+_/.exec(token)?.[0].length ?? 0;
  // A secret that somebody chose may be short: then nothing of it is shown.
  return token.length - secretAt < SECRET_BYTES ? '…' : `${token.slice(0, secretAt + HINT_CHARACTERS)}…`;
};

/** A new secret of 256 random bits, told by its prefix in scanners for leaked secrets. */
export const newToken = (kind: KeyKind): NewToken => {
  const token = `pataka_${kind}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
  return { token, hash: hashToken(token), hint: hintOf(token), id: `key_${randomBytes(10).toString('hex')}` };
};

const MAX_TOKEN = 512;
const BEARER = /^bearer +([\x21-\x7e]+) *$/i;
const VISIBLE = /^[\x21-\x7e]+$/;
const USUAL = 'Bearer ';

const bearerOf = (authorization: string): string | null => {
  // As nearly everybody writes it: then one pattern is enough.
  if (authorization.startsWith(USUAL)) {
    const token = authorization.slice(USUAL.length);
    if (VISIBLE.test(token)) return token;
  }
  return BEARER.exec(authorization)?.[1] ?? null;
};

/** The token of `Authorization: Bearer` or, where there is none, of `X-API-Key`; null without a usable one. */
export const tokenOf = (headers: IncomingHttpHeaders): string | null => {
  const bearer = headers.authorization === undefined ? null : bearerOf(headers.authorization);
  if (bearer !== null) return bearer.length <= MAX_TOKEN ? bearer : null;
  const apiKey = headers['x-api-key'];
  const token = typeof apiKey === 'string' ? apiKey.trim() : '';
  return token.length <= MAX_TOKEN && VISIBLE.test(token) ? token : null;
};
