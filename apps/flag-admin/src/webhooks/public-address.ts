import { BlockList, isIP } from 'node:net';

const listOf = (family: 'ipv4' | 'ipv6', networks: readonly (readonly [string, number])[]): BlockList => {
  const list = new BlockList();
  for (const [network, bits] of networks) list.addSubnet(network, bits, family);
  return list;
};

// IANA's special-purpose registry: this network, private, shared, loopback, link-local, protocol assignments, documentation, 6to4 relays, benchmarks, multicast, reserved.
const specialV4 = listOf('ipv4', [
  ['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12], ['192.0.0.0', 24], ['192.0.2.0', 24],
  ['192.88.99.0', 24], ['192.168.0.0', 16], ['198.18.0.0', 15], ['198.51.100.0', 24], ['203.0.113.0', 24], ['224.0.0.0', 4], ['240.0.0.0', 4],
]);
// Only global unicast is public at all: that leaves out loopback, unique local, link-local, multicast, and IPv4 in any wrapping (mapped, NAT64).
const globalV6 = listOf('ipv6', [['2000::', 3]]);
// Of it: protocol assignments with Teredo, documentation, 6to4 (an IPv4 address inside).
const specialV6 = listOf('ipv6', [['2001::', 23], ['2001:db8::', 32], ['2002::', 16], ['3fff::', 20]]);

/** Whether an address is one of the public internet; false for what is no address. */
export const isPublicAddress = (address: string): boolean => {
  const family = isIP(address);
  if (family === 4) return !specialV4.check(address, 'ipv4');
  return family === 6 && globalV6.check(address, 'ipv6') && !specialV6.check(address, 'ipv6');
};
