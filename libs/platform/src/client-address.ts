import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

const plain = (address: string): string => MAPPED.exec(address.trim())?.[1] ?? address.trim();

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** Loopback, and the addresses and networks (10.0.0.0/8) of a configuration. */
export const trustedProxies = (networks: readonly string[] = []): BlockList => {
  const list = new BlockList();
  for (const network of ['127.0.0.0/8', '::1', ...networks]) {
    const [address = '', bits] = network.split('/');
    if (bits === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(bits), familyOf(address));
  }
  return list;
};

/**
 * Where a request comes from: its connection's other end or, behind proxies that are trusted, what the last of them that is not has been seen
 * as. What a caller writes into X-Forwarded-For itself stands further left and is never reached.
 */
export const clientAddressOf = (request: IncomingMessage, trusted: BlockList): string => {
  const forwarded = request.headers['x-forwarded-for'];
  const chain = (typeof forwarded === 'string' ? forwarded.split(',') : []).slice(-20).map(plain);
  let address = plain(request.socket.remoteAddress ?? '');
  while (isIP(address) !== 0 && trusted.check(address, familyOf(address))) {
    const before = chain.pop();
    if (before === undefined || isIP(before) === 0) break;
    address = before;
  }
  return address;
};

/** One customer has a whole /64 of IPv6: its addresses count as one. */
export const networkOf = (address: string): string => {
  if (isIP(address) !== 6) return address;
  const [head = '', tail = ''] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const middle = address.includes('::') ? Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0') : [];
  return `${[...left, ...middle, ...right].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
};
