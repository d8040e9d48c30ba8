import { type Address, type AddressRange, embeddedIn, formatAddress, isWithin } from './address.ts';
import { type SpecialClass, specialRanges } from './special-ranges.ts';

/** `public`: anybody's. Everything else is special. */
export type AddressClass = 'public' | SpecialClass;

export interface ClassifiedAddress {
  readonly class: AddressClass;
  /** Which range, in words: `10.1.2.3 is private (RFC 1918)`. */
  readonly why: string;
  /**
   * What a packet to it may reach: itself, in plain form, and the IPv4 address inside of it. A rule that forbids one of them forbids
   * the address.
   */
  readonly faces: readonly Address[];
}

const nat64: AddressRange = { first: { family: 6, bits: 0x0064_ff9bn << 96n }, prefixLength: 96 };
/** What IANA gives out as global unicast: whatever lies outside and has no entry is not assigned, and refused. */
const globalUnicast: AddressRange = { first: { family: 6, bits: 1n << 125n }, prefixLength: 3 };
/** Bits that an ISATAP interface identifier may have set or not (RFC 5214, section 6.1: u and g). */
const isatapFree = 0x0300_0000n;
const isatapMark = 0x0000_5efen;

/** Says of which kind an address is. What no table knows is public in IPv4, which is given out wholly, and reserved in IPv6. */
export function classifyAddress(address: Address): ClassifiedAddress {
  const text = formatAddress(address);
  if (isIsatap(address)) {
    const why = `${text} is translated (RFC 5214, ISATAP)`;
    return { class: 'translated', why, faces: [address, embeddedIn(address.bits)] };
  }
  const found = specialRanges.find(({ range }) => isWithin(address, range));
  if (found !== undefined)
    return { class: found.class, why: `${text} is ${found.class} (${found.source})`, faces: [address] };
  if (address.family === 4) return { class: 'public', why: `${text} is public`, faces: [address] };
  if (isWithin(address, nat64)) return classifyTranslated(address, text);
  if (!isWithin(address, globalUnicast))
    return { class: 'reserved', why: `${text} is reserved (outside 2000::/3)`, faces: [address] };
  return { class: 'public', why: `${text} is public`, faces: [address] };
}

/** RFC 6052: what DNS64 gives where the network has no IPv4. Good for public addresses alone (section 3.1). */
function classifyTranslated(address: Address, text: string): ClassifiedAddress {
  const inner = classifyAddress(embeddedIn(address.bits));
  const faces = [address, ...inner.faces];
  if (inner.class === 'public') return { class: 'public', why: `${text} is public (RFC 6052)`, faces };
  return { class: 'translated', why: `${text} is translated (RFC 6052): ${inner.why}`, faces };
}

/** Whether the last 64 bits are those of ISATAP: a tunnel to the IPv4 address in its last 32. */
function isIsatap(address: Address): boolean {
  return address.family === 6 && ((address.bits >> 32n) & 0xffff_ffffn & ~isatapFree) === isatapMark;
}
