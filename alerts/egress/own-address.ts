import { type Address, type AddressRange, isWithin, parseAddress, parseRange } from './address.ts';

/** Something of the product's own: no request of a receiver goes there. */
export type OwnAddress =
  | { readonly kind: 'range'; readonly range: AddressRange; readonly port: number | null; readonly text: string }
  | { readonly kind: 'name'; readonly name: string; readonly port: number | null; readonly text: string };

const withPort = /^(?:\[([^\]]+)\]|([^:[\]]+)):([0-9]{1,5})$/;
const nameText = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

/** Reads `10.0.0.5:9092`, `[fd00::5]:8123`, `kafka.example:9092`, `10.0.0.0/24`, an address or a name; null: none of them. */
export function parseOwnAddress(text: string): OwnAddress | null {
  const [, bracketed, plain, portText] = withPort.exec(text) ?? [];
  const port = portText === undefined ? null : Number(portText);
  if (port !== null && (port < 1 || port > 65_535)) return null;
  const host = (bracketed ?? plain ?? text).toLowerCase().replace(/\.$/, '');
  // With a port it is one host; alone it may be a range.
  const range = port === null || parseAddress(host) !== null ? parseRange(host) : null;
  if (range !== null) return { kind: 'range', range, port, text };
  if (bracketed !== undefined || !isName(host)) return null;
  return { kind: 'name', name: host, port, text };
}

/** Letters, digits, dashes and underscores in labels, and a last label that is no number: what is one is an address. */
export function isName(host: string): boolean {
  return nameText.test(host) && !/(^|\.)([0-9]+|0x[0-9a-f]*)$/.test(host);
}

/** What was found of the product's own addresses at one time. */
export interface OwnPlaces {
  readonly names: readonly { readonly name: string; readonly port: number | null; readonly text: string }[];
  readonly ranges: readonly { readonly range: AddressRange; readonly port: number | null; readonly text: string }[];
}

/** The entry that forbids the address at this port, or undefined. */
export function ownPlaceOf(places: OwnPlaces, address: Address, port: number): string | undefined {
  return places.ranges.find((own) => (own.port === null || own.port === port) && isWithin(address, own.range))?.text;
}
