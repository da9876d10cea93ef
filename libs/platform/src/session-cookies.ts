import type { IncomingHttpHeaders } from 'node:http';
import { DomainError } from '@pataka/contracts';

/** Cookies of a signed-in browser: the short token that every service checks, and what flag-admin renews it by. */
export type SessionCookie = 'session' | 'renewal' | 'oidc';

// The prefixes are the browser's promise that nobody but this origin, over TLS, has set them (RFC 6265bis).
const secureNames: Record<SessionCookie, string> = { session: '__Host-pataka_session', renewal: '__Secure-pataka_renewal', oidc: '__Secure-pataka_oidc' };
const plainNames: Record<SessionCookie, string> = { session: 'pataka_session', renewal: 'pataka_renewal', oidc: 'pataka_oidc' };
const paths: Record<SessionCookie, string> = { session: '/', renewal: '/api/session', oidc: '/api/session/oidc' };
const MAX_COOKIES = 8192;

const valueIn = (header: string, name: string): string | null => {
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return null;
};

/** The value of one of our cookies; the one that only we can have set comes first. */
export const cookieOf = (headers: IncomingHttpHeaders, cookie: SessionCookie): string | null => {
  const header = headers.cookie;
  if (header === undefined || header.length > MAX_COOKIES) return null;
  return valueIn(header, secureNames[cookie]) ?? valueIn(header, plainNames[cookie]);
};

/**
 * A `Set-Cookie` that JavaScript cannot read. Strict: no other site's link or form brings it along; lax only where a browser comes back from an
 * OpenID provider. `maxAgeSeconds` 0 removes it.
 */
export const setCookie = (cookie: SessionCookie, value: string, { secure, maxAgeSeconds }: { secure: boolean; maxAgeSeconds: number }): string => {
  const name = secure ? secureNames[cookie] : plainNames[cookie];
  const sameSite = cookie === 'oidc' ? 'Lax' : 'Strict';
  return `${name}=${value}; Path=${paths[cookie]}; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=${sameSite}${secure ? '; Secure' : ''}`;
};

/** Sent with every write of a page of ours: no form and no other site can add a header of its own without being asked about it first. */
export const REQUEST_HEADER = 'x-pataka-csrf';

const hostOf = (origin: string): string | null => (URL.canParse(origin) ? new URL(origin).host : null);

/** true when a browser says that another origin's page has sent this. */
const fromElsewhere = (headers: IncomingHttpHeaders): boolean => {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  // Browsers leave Sec-Fetch-Site out where the page came over plain HTTP.
  return headers.origin !== undefined && hostOf(headers.origin) !== headers.host;
};

/**
 * Refuses what another site's page may have sent along with this browser's cookies.
 * @throws DomainError `forbidden`
 */
export const refuseForeign = (method: string, headers: IncomingHttpHeaders): void => {
  if (fromElsewhere(headers)) throw new DomainError('forbidden', 'This came from a page of another origin: open this one, or send a token instead of cookies');
  if (method !== 'GET' && method !== 'HEAD' && headers[REQUEST_HEADER] === undefined) {
    throw new DomainError('forbidden', 'A write with a session cookie needs the header X-Pataka-CSRF: 1 (or send a token instead of cookies)');
  }
};
