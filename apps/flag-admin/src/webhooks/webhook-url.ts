import { lookup } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import type { Fault } from '@pataka/contracts';
import { isPublicAddress } from './public-address';

/** Every address of a host name. */
export type Resolve = (host: string) => Promise<readonly LookupAddress[]>;
export const resolveByDns: Resolve = (host) => lookup(host, { all: true, verbatim: true });

/** Where webhooks may go: to the public internet over TLS, unless private addresses are allowed. */
export class Reach {
  constructor(readonly allowPrivate: boolean, readonly resolve: Resolve) {}
}

const PORTS: ReadonlySet<string> = new Set(['', '443', '8443']);
const LOCAL_NAME = /(^|\.)(localhost|local|localdomain|internal|intranet|home\.arpa|test|invalid|onion)$/;

/** A URL's host as the resolver takes it: no brackets, no dot at the end. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '').toLowerCase();

const publicFaults = (url: URL): string[] => {
  const host = hostOf(url);
  return [
    ...(url.protocol === 'https:' ? [] : ['must be https']),
    ...(PORTS.has(url.port) ? [] : ['may only name port 443 or 8443']),
    // URL has made dotted numbers of decimal, octal and hexadecimal addresses.
    ...(LOCAL_NAME.test(host) || (isIP(host) !== 0 && !isPublicAddress(host)) ? ['leads to a private address'] : []),
  ];
};

/** What is wrong with a URL by its looks. */
export const urlFaults = (text: string, { allowPrivate }: Pick<Reach, 'allowPrivate'>): string[] => {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['https:', 'http:'].includes(url.protocol) || url.hostname === '') return ['must be a URL like https://example.com/hook'];
  const faults = [
    ...(url.username === '' && url.password === '' ? [] : ['must not hold credentials: the signature is what proves who sends']),
    ...(url.hash === '' ? [] : ['must not have a fragment']),
  ];
  return allowPrivate ? faults : [...faults, ...publicFaults(url)];
};

/** The addresses of a host, all of them allowed. @throws Error that says what is wrong, to be shown. */
export const reachable = async (host: string, { allowPrivate, resolve }: Reach): Promise<readonly LookupAddress[]> => {
  const family = isIP(host);
  const found = family !== 0 ? [{ address: host, family }] : await resolve(host).catch(() => []);
  if (found.length === 0) throw new Error('the host name cannot be resolved');
  // One private address among public ones is enough to refuse: nobody knows which of them is taken.
  if (!allowPrivate && !found.every(({ address }) => isPublicAddress(address))) throw new Error('the host leads to a private address');
  return found;
};

const MOST_CHARACTERS = 2048;

/** Faults of a body's `url`, its host looked up; those of its shape are the shape's to tell. */
export const bodyUrlFaults = async (body: unknown, reach: Reach): Promise<Fault[]> => {
  const text = typeof body === 'object' && body !== null && 'url' in body ? body.url : undefined;
  if (typeof text !== 'string' || text === '' || text.length > MOST_CHARACTERS) return [];
  const faults = urlFaults(text, reach);
  if (faults.length === 0 && !reach.allowPrivate) await reachable(hostOf(new URL(text)), reach).catch((error: Error) => faults.push(error.message));
  return faults.map((detail) => ({ pointer: '/url', detail }));
};

/** As much of a URL as may be told to everybody. */
export const shownUrl = (text: string): string => {
  if (!URL.canParse(text)) return '';
  const { origin, pathname, search } = new URL(text);
  return pathname === '/' && search === '' ? origin : `${origin}/…`;
};
