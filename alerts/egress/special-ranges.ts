import { assert } from '../../core/runtime/error.ts';
import { type AddressRange, parseRange } from './address.ts';

/** What is neither public nor unknown. */
export type SpecialClass =
  | 'private'
  | 'shared'
  | 'loopback'
  | 'unspecified'
  | 'link-local'
  | 'multicast'
  | 'broadcast'
  | 'documentation'
  | 'benchmarking'
  | 'metadata'
  | 'translated'
  | 'reserved';

export interface SpecialRange {
  readonly range: AddressRange;
  readonly class: SpecialClass;
  /** Who says so. */
  readonly source: string;
}

/**
 * Every block of IANA's IPv4 and IPv6 Special-Purpose Address Registries (both last updated 2025-10-09, read again 2026-07-18), the
 * multicast spaces, and the addresses at which clouds answer their machines with credentials. The first that fits counts, so
 * that what is narrower stands first. Blocks which the registries call globally reachable but where no web server lives (anycast
 * of protocols, AS112, AMT) are reserved as well.
 */
const rows: readonly (readonly [text: string, rangeClass: SpecialClass, source: string])[] = [
  ['169.254.169.254/32', 'metadata', 'AWS, Azure, GCP, OpenStack and others'],
  ['100.100.100.200/32', 'metadata', 'Alibaba Cloud'],
  ['168.63.129.16/32', 'metadata', 'Azure WireServer'],
  ['192.0.0.192/32', 'metadata', 'Oracle Cloud Classic'],
  ['fd00:ec2::/32', 'metadata', 'AWS'],
  ['fd20:ce::254/128', 'metadata', 'GCP'],
  ['fd00:c1::a9fe:a9fe/128', 'metadata', 'Oracle Cloud'],
  ['fd00:42::42/128', 'metadata', 'Scaleway'],
  ['fd00:a9fe:a9fe::1/128', 'metadata', 'Akamai'],
  ['fd00:100::100:200/128', 'metadata', 'Alibaba Cloud'],

  ['0.0.0.0/8', 'unspecified', 'RFC 791'],
  ['10.0.0.0/8', 'private', 'RFC 1918'],
  ['100.64.0.0/10', 'shared', 'RFC 6598'],
  ['127.0.0.0/8', 'loopback', 'RFC 1122'],
  ['169.254.0.0/16', 'link-local', 'RFC 3927'],
  ['172.16.0.0/12', 'private', 'RFC 1918'],
  ['192.0.0.0/24', 'reserved', 'RFC 6890, with the blocks of RFC 7335, 7600, 7723, 8155 and 8880'],
  ['192.0.2.0/24', 'documentation', 'RFC 5737'],
  ['192.31.196.0/24', 'reserved', 'RFC 7535'],
  ['192.52.193.0/24', 'reserved', 'RFC 7450'],
  ['192.88.99.0/24', 'reserved', 'RFC 7526 and 6751'],
  ['192.168.0.0/16', 'private', 'RFC 1918'],
  ['192.175.48.0/24', 'reserved', 'RFC 7534'],
  ['198.18.0.0/15', 'benchmarking', 'RFC 2544'],
  ['198.51.100.0/24', 'documentation', 'RFC 5737'],
  ['203.0.113.0/24', 'documentation', 'RFC 5737'],
  ['224.0.0.0/4', 'multicast', 'RFC 5771'],
  ['255.255.255.255/32', 'broadcast', 'RFC 919'],
  ['240.0.0.0/4', 'reserved', 'RFC 1112'],

  ['::/128', 'unspecified', 'RFC 4291'],
  ['::1/128', 'loopback', 'RFC 4291'],
  ['::/96', 'translated', 'RFC 4291, IPv4-compatible'],
  ['::ffff:0:0:0/96', 'translated', 'RFC 2765'],
  ['64:ff9b:1::/48', 'translated', 'RFC 8215'],
  ['100::/64', 'reserved', 'RFC 6666'],
  ['100:0:0:1::/64', 'reserved', 'RFC 9780'],
  ['2001::/32', 'translated', 'RFC 4380, Teredo'],
  ['2001:2::/48', 'benchmarking', 'RFC 5180'],
  ['2001::/23', 'reserved', 'RFC 2928, with the blocks of RFC 7343, 7450, 7535, 7723, 8155, 9374 and 9665'],
  ['2001:db8::/32', 'documentation', 'RFC 3849'],
  ['2002::/16', 'translated', 'RFC 3056, 6to4'],
  ['2620:4f:8000::/48', 'reserved', 'RFC 7534'],
  ['3fff::/20', 'documentation', 'RFC 9637'],
  ['5f00::/16', 'reserved', 'RFC 9602'],
  ['fc00::/7', 'private', 'RFC 4193'],
  ['fe80::/10', 'link-local', 'RFC 4291'],
  ['fec0::/10', 'reserved', 'RFC 3879'],
  ['ff00::/8', 'multicast', 'RFC 4291'],
];

export const specialRanges: readonly SpecialRange[] = rows.map(([text, rangeClass, source]) => {
  const range = parseRange(text);
  assert(range !== null, `${text} is a range`);
  return { range, class: rangeClass, source };
});

/** Whether an approved range can open addresses of this class. */
export function isOpenable(addressClass: string): boolean {
  return addressClass === 'private' || addressClass === 'shared';
}
