import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatAddress,
  formatRange,
  isRangeWithin,
  isWithin,
  parseAddress,
  parseRange,
} from '../../../../alerts/egress/address.ts';

/** How a URL reader writes the same address: an oracle that is not ours. */
function canonical(text: string): string {
  const host = new URL(`http://${text.includes(':') ? `[${text}]` : text}/`).hostname;
  return host.replace(/^\[|\]$/g, '');
}

function within(address: string, range: string): boolean {
  const [parsed, parsedRange] = [parseAddress(address), parseRange(range)];
  if (parsed === null || parsedRange === null) throw new Error(`not read: ${address} ${range}`);
  return isWithin(parsed, parsedRange);
}

const ipv6Like = fc
  .array(fc.constantFrom('::', ':', '0', '1', 'ffff', 'fe80', 'a9fe', '00a', '12345', 'g', '1.2.3.4', '01.2.3.4'), {
    minLength: 1,
    maxLength: 16,
  })
  .map((parts) => parts.join(''));

describe('addresses', () => {
  it.each([
    ['1.2.3.4', 4, 0x01020304n],
    ['255.255.255.255', 4, 0xffffffffn],
    ['::', 6, 0n],
    ['::1', 6, 1n],
    ['1::', 6, 1n << 112n],
    ['64:ff9b::1.2.3.4', 6, (0x64ff9bn << 96n) | 0x01020304n],
    ['::1.2.3.4', 6, 0x01020304n],
    ['::ffff:1.2.3.4', 4, 0x01020304n],
    ['::FFFF:102:304', 4, 0x01020304n],
    ['0:0:0:0:0:ffff:1.2.3.4', 4, 0x01020304n],
  ] as const)('%s', (text, family, bits) => {
    expect(parseAddress(text)).toEqual({ family, bits });
  });

  it.each([
    ['', 'nothing'],
    ['1.2.3', 'three parts'],
    ['1.2.3.4.5', 'five parts'],
    ['256.1.1.1', 'too large'],
    ['01.2.3.4', 'a leading zero: octal to some, decimal to others'],
    ['0x7f.0.0.1', 'hexadecimal'],
    ['2130706433', 'a number'],
    ['1.2.3.4 ', 'a space'],
    ['1.2.3.4%lo', 'a zone'],
    ['fe80::1%eth0', 'a zone'],
    ['[::1]', 'brackets'],
    [':::', 'three colons'],
    ['1::2::3', 'two gaps'],
    ['1:2:3:4:5:6:7', 'a group too few'],
    ['1:2:3:4:5:6:7:8:9', 'a group too many'],
    ['1:2:3:4:5:6:7::8:9', 'a gap of nothing'],
    ['::12345', 'a long group'],
    ['1.2.3.4::', 'IPv4 at the front'],
    ['::1.2.3', 'a short IPv4 inside'],
    ['1:2:3:4:5:6:7:1.2.3.4', 'no room for IPv4'],
  ])('%s is none: %s', (text) => {
    expect(parseAddress(text)).toBeNull();
  });

  it('exactly what the system takes for an address is one, but zones', () => {
    fc.assert(
      fc.property(fc.oneof(ipv6Like, fc.ipV4(), fc.ipV4Extended(), fc.ipV6()), (text) => {
        expect(parseAddress(text) !== null).toBe(isIP(text) !== 0 && !text.includes('%'));
      }),
      { numRuns: 3000 },
    );
  });

  it('is written as a URL reader writes it, and read back as the same', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const address = parseAddress(text);
        if (address === null) throw new Error(`not read: ${text}`);
        const isMapped = text.includes(':') && address.family === 4;
        expect(formatAddress(address)).toBe(isMapped ? formatAddress(address) : canonical(text));
        expect(parseAddress(formatAddress(address))).toEqual(address);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    '1:0:0:2:0:0:0:3',
    '1:0:0:2:3:0:0:4',
    '0:0:1::',
    '::1:0:0',
    '10:0:0:100:0:1:2:3',
    '1:0:2:0:3:0:4:0',
    '::8:0:0:0:0:1',
  ])('%s is shortened at its longest run of zeros, the first of two', (text) => {
    const address = parseAddress(text);
    expect(address && formatAddress(address)).toBe(canonical(text));
  });
});

describe('ranges', () => {
  it.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['10.1.2.3', '10.1.2.3/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['fd00::/8', 'fd00::/8'],
    ['::1', '::1/128'],
    ['::ffff:10.1.2.3', '10.1.2.3/32'],
  ])('%s', (text, written) => {
    const range = parseRange(text);
    expect(range && formatRange(range)).toBe(written);
  });

  it.each([
    ['10.1.2.3/8', 'bits after the prefix: which range was meant?'],
    ['10.0.0.0/33', 'a prefix too long'],
    ['10.0.0.0/08', 'a leading zero'],
    ['10.0.0.0/', 'no prefix'],
    ['10.0.0.0/8/8', 'two prefixes'],
    ['10.0.0.0/-1', 'less than nothing'],
    ['fd00::/129', 'a prefix too long'],
    ['::ffff:10.0.0.0/104', 'IPv4 by a prefix of IPv6'],
    ['fd00::%lo/8', 'a zone'],
  ])('%s is none: %s', (text) => {
    expect(parseRange(text)).toBeNull();
  });

  it.each([
    ['10.0.0.0', '10.0.0.0/8', true],
    ['10.255.255.255', '10.0.0.0/8', true],
    ['11.0.0.0', '10.0.0.0/8', false],
    ['9.255.255.255', '10.0.0.0/8', false],
    ['::a00:1', '10.0.0.0/8', false],
    ['10.0.0.1', '::/0', false],
    ['255.255.255.255', '0.0.0.0/0', true],
    ['fdff::1', 'fd00::/8', true],
    ['fe00::1', 'fd00::/8', false],
  ])('%s in %s: %s', (address, range, is) => {
    expect(within(address, range)).toBe(is);
  });

  it('one lies within another when all of its addresses do', () => {
    const parse = (text: string) => parseRange(text) ?? expect.fail(text);
    expect(isRangeWithin(parse('10.1.0.0/16'), parse('10.0.0.0/8'))).toBe(true);
    expect(isRangeWithin(parse('10.0.0.0/8'), parse('10.0.0.0/8'))).toBe(true);
    expect(isRangeWithin(parse('10.0.0.0/7'), parse('10.0.0.0/8'))).toBe(false);
    expect(isRangeWithin(parse('11.0.0.0/16'), parse('10.0.0.0/8'))).toBe(false);
  });
});
