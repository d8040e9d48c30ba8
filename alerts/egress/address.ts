/** One address, as its integer: two ways to write the same one cannot differ. */
export interface Address {
  readonly family: 4 | 6;
  /** 32 or 128 bits. */
  readonly bits: bigint;
}

/** All addresses that begin with the same bits (CIDR). */
export interface AddressRange {
  readonly first: Address;
  readonly prefixLength: number;
}

const octet = '(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
/** Four decimals without leading zeros. Octal, hex and short forms become this one where a URL is read. */
const ipv4Text = new RegExp(`^${octet}\\.${octet}\\.${octet}\\.${octet}$`);

/**
 * Reads the plain form of either family; null: none. `::ffff:10.1.2.3` is the IPv4 address itself, as the kernel takes it. A zone
 * (`fe80::1%eth0`) is none: it has a meaning on one machine only.
 */
export function parseAddress(text: string): Address | null {
  const bits = text.includes(':') ? ipv6Bits(text) : ipv4Bits(text);
  if (bits === null) return null;
  if (!text.includes(':')) return { family: 4, bits };
  return bits >> 32n === 0xffffn ? embeddedIn(bits) : { family: 6, bits };
}

/** The IPv4 address in the last 32 bits. */
export function embeddedIn(bits: bigint): Address {
  return { family: 4, bits: bits & 0xffff_ffffn };
}

function ipv4Bits(text: string): bigint | null {
  const parts = ipv4Text.exec(text)?.slice(1);
  return parts === undefined ? null : parts.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);
}

/** RFC 4291, section 2.2: eight groups, one `::` for groups of zeros, the last two groups perhaps as IPv4. */
function ipv6Bits(text: string): bigint | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const groups = halves.map((half, index) => groupsOf(half, index === halves.length - 1));
  const [head, tail] = groups;
  if (head === undefined || head === null || tail === null) return null;
  const left = 8 - head.length - (tail?.length ?? 0);
  // `::` stands for at least one group.
  if (tail === undefined ? left !== 0 : left < 1) return null;
  const all = [...head, ...Array<bigint>(left).fill(0n), ...(tail ?? [])];
  return all.reduce((bits, group) => (bits << 16n) | group, 0n);
}

function groupsOf(half: string, isLast: boolean): bigint[] | null {
  if (half === '') return [];
  const parts = half.split(':');
  const groups: bigint[] = [];
  for (const [index, part] of parts.entries()) {
    const embedded = isLast && index === parts.length - 1 ? ipv4Bits(part) : null;
    if (embedded !== null) groups.push(embedded >> 16n, embedded & 0xffffn);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(BigInt(`0x${part}`));
    else return null;
  }
  return groups;
}

/** The one way to write it: RFC 5952 for IPv6. */
export function formatAddress({ family, bits }: Address): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 0xffn).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => ((bits >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  const text = groups.join(':');
  const zeros = [...text.matchAll(/\b0(?::0)+\b/g)].map(([run]) => run);
  const longest = zeros.reduce((best, run) => (run.length > best.length ? run : best), '');
  if (longest === '') return text;
  const at = text.search(new RegExp(`\\b${longest}\\b`));
  return `${text.slice(0, at).replace(/:$/, '')}::${text.slice(at + longest.length).replace(/^:/, '')}`;
}

/** Reads `10.0.0.0/8`, or one address; null: none, or bits are set after the prefix (which range was meant?). */
export function parseRange(text: string): AddressRange | null {
  const [, address = '', length] = /^([^/]+)(?:\/(0|[1-9][0-9]{0,2}))?$/.exec(text) ?? [];
  const first = parseAddress(address);
  if (first === null) return null;
  const width = widthOf(first);
  const prefixLength = length === undefined ? width : Number(length);
  if (prefixLength > width) return null;
  const rest = (1n << BigInt(width - prefixLength)) - 1n;
  return (first.bits & rest) === 0n ? { first, prefixLength } : null;
}

export function isWithin(address: Address, range: AddressRange): boolean {
  if (address.family !== range.first.family) return false;
  const rest = BigInt(widthOf(address) - range.prefixLength);
  return address.bits >> rest === range.first.bits >> rest;
}

/** Whether every address of `inner` is one of `outer`. */
export function isRangeWithin(inner: AddressRange, outer: AddressRange): boolean {
  return inner.prefixLength >= outer.prefixLength && isWithin(inner.first, outer);
}

export function formatRange({ first, prefixLength }: AddressRange): string {
  return `${formatAddress(first)}/${prefixLength}`;
}

function widthOf({ family }: Address): number {
  return family === 4 ? 32 : 128;
}
