import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Address, formatAddress, parseAddress, parseRange } from '../../../../alerts/egress/address.ts';
import { type AddressClass, classifyAddress } from '../../../../alerts/egress/address-class.ts';

/**
 * The rows of IANA's registries of special-purpose addresses, IPv4 and IPv6, both last updated 2025-10-09 (read again 2026-07-18):
 * block, and whether it is globally reachable; null where the registry says neither.
 */
const registry: readonly (readonly [block: string, isReachable: boolean | null])[] = [
  ['0.0.0.0/8', false],
  ['0.0.0.0/32', false],
  ['10.0.0.0/8', false],
  ['100.64.0.0/10', false],
  ['127.0.0.0/8', false],
  ['169.254.0.0/16', false],
  ['172.16.0.0/12', false],
  ['192.0.0.0/24', false],
  ['192.0.0.0/29', false],
  ['192.0.0.8/32', false],
  ['192.0.0.9/32', true],
  ['192.0.0.10/32', true],
  ['192.0.0.170/32', false],
  ['192.0.0.171/32', false],
  ['192.0.2.0/24', false],
  ['192.31.196.0/24', true],
  ['192.52.193.0/24', true],
  ['192.88.99.0/24', null],
  ['192.88.99.2/32', false],
  ['192.168.0.0/16', false],
  ['192.175.48.0/24', true],
  ['198.18.0.0/15', false],
  ['198.51.100.0/24', false],
  ['203.0.113.0/24', false],
  ['240.0.0.0/4', false],
  ['255.255.255.255/32', false],
  ['::1/128', false],
  ['::/128', false],
  ['64:ff9b:1::/48', false],
  ['100::/64', false],
  ['100:0:0:1::/64', false],
  ['2001::/23', false],
  ['2001::/32', null],
  ['2001:1::1/128', true],
  ['2001:1::2/128', true],
  ['2001:1::3/128', true],
  ['2001:2::/48', false],
  ['2001:3::/32', true],
  ['2001:4:112::/48', true],
  ['2001:10::/28', null],
  ['2001:20::/28', true],
  ['2001:30::/28', true],
  ['2001:db8::/32', false],
  ['2002::/16', null],
  ['2620:4f:8000::/48', true],
  ['3fff::/20', false],
  ['5f00::/16', false],
  ['fc00::/7', false],
  ['fe80::/10', false],
];
/** Of those, what an operator can approve for a tenant. */
const openable = new Set(['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']);

function classOf(text: string): AddressClass {
  const address = parseAddress(text);
  if (address === null) throw new Error(`not read: ${text}`);
  return classifyAddress(address).class;
}

function ends(block: string): readonly [Address, Address] {
  const range = parseRange(block);
  if (range === null) throw new Error(`not read: ${block}`);
  const { first, prefixLength } = range;
  const width = first.family === 4 ? 32 : 128;
  return [first, { ...first, bits: first.bits | ((1n << BigInt(width - prefixLength)) - 1n) }];
}

describe('classes of addresses', () => {
  it.each(registry)('%s of the registry is special from its first to its last address', (block) => {
    for (const end of ends(block)) {
      const { class: found } = classifyAddress(end);
      expect(found).not.toBe('public');
      expect(['private', 'shared'].includes(found)).toBe(openable.has(block));
    }
  });

  it.each([
    ['1.0.0.0', 'after 0.0.0.0/8'],
    ['9.255.255.255', 'before 10.0.0.0/8'],
    ['11.0.0.0', 'after 10.0.0.0/8'],
    ['100.63.255.255', 'before 100.64.0.0/10'],
    ['100.128.0.0', 'after 100.64.0.0/10'],
    ['126.255.255.255', 'before 127.0.0.0/8'],
    ['128.0.0.0', 'after 127.0.0.0/8'],
    ['169.253.255.255', 'before 169.254.0.0/16'],
    ['169.255.0.0', 'after 169.254.0.0/16'],
    ['172.15.255.255', 'before 172.16.0.0/12'],
    ['172.32.0.0', 'after 172.16.0.0/12'],
    ['191.255.255.255', 'before 192.0.0.0/24'],
    ['192.0.1.0', 'after 192.0.0.0/24'],
    ['192.0.3.0', 'after 192.0.2.0/24'],
    ['192.88.100.0', 'after 192.88.99.0/24'],
    ['192.167.255.255', 'before 192.168.0.0/16'],
    ['192.169.0.0', 'after 192.168.0.0/16'],
    ['198.17.255.255', 'before 198.18.0.0/15'],
    ['198.20.0.0', 'after 198.18.0.0/15'],
    ['223.255.255.255', 'before 224.0.0.0/4'],
    ['168.63.129.15', 'before the WireServer'],
    ['2001:200::', 'after 2001::/23'],
    ['2001:db7:ffff:ffff:ffff:ffff:ffff:ffff', 'before 2001:db8::/32'],
    ['2001:db9::', 'after 2001:db8::/32'],
    ['2003::', 'after 2002::/16'],
    ['2620:4f:7fff::1', 'before 2620:4f:8000::/48'],
    ['3fff:1000::', 'after 3fff::/20'],
    ['64:ff9b::1.0.0.1', 'a public address through NAT64'],
  ])('%s is public: %s', (text) => {
    expect(classOf(text)).toBe('public');
  });

  it.each([
    ['169.254.169.254', 'metadata'],
    ['100.100.100.200', 'metadata'],
    ['fd00:ec2::254', 'metadata'],
    ['10.0.0.1', 'private'],
    ['fd12::1', 'private'],
    ['100.64.0.1', 'shared'],
    ['127.0.0.1', 'loopback'],
    ['::1', 'loopback'],
    ['0.0.0.0', 'unspecified'],
    ['::', 'unspecified'],
    ['169.254.0.1', 'link-local'],
    ['fe80::1', 'link-local'],
    ['239.1.2.3', 'multicast'],
    ['ff0e::1', 'multicast'],
    ['255.255.255.255', 'broadcast'],
    ['203.0.113.1', 'documentation'],
    ['198.18.0.1', 'benchmarking'],
    ['240.0.0.1', 'reserved'],
    ['::127.0.0.1', 'translated'],
    ['::ffff:0:127.0.0.1', 'translated'],
    ['64:ff9b::127.0.0.1', 'translated'],
    ['64:ff9b::10.0.0.1', 'translated'],
    ['2002:7f00:1::', 'translated'],
    ['2001:0:1::', 'translated'],
    ['2a00::200:5efe:1.2.3.4', 'translated'],
    ['::ffff:10.0.0.1', 'private'],
  ] as const)('%s is %s', (text, expected) => {
    expect(classOf(text)).toBe(expected);
  });

  it('nothing of IPv6 is public outside 2000::/3, but NAT64 of public addresses', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), (bits) => {
        const isUnicast = bits >> 125n === 1n;
        const isNat64 = bits >> 32n === 0x64ff9bn << 64n;
        const { class: found, why } = classifyAddress({ family: 6, bits });
        if (!isUnicast && !isNat64) expect(found).not.toBe('public');
        expect(why).toContain(formatAddress({ family: 6, bits }));
      }),
      { numRuns: 2000 },
    );
  });

  it('an address that holds another one has both faces', () => {
    const inner = parseAddress('192.30.255.1');
    for (const text of ['64:ff9b::192.30.255.1', '2a00::5efe:192.30.255.1']) {
      const outer = parseAddress(text) ?? expect.fail(text);
      expect(classifyAddress(outer).faces).toEqual([outer, inner]);
    }
  });
});
