import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vetHeaders } from '../../../../alerts/egress/headers.ts';
import { parseOwnAddress } from '../../../../alerts/egress/own-address.ts';
import { readEgressRules, readReceiverRules } from '../../../../alerts/egress/rules.ts';
import { Authority } from './certificates.ts';

const empty = { own: [], ports: [], headers: [], loopback: 'refused' } as const;
const closed = { privateRanges: [], http: 'refused', ca: null } as const;

describe("the operator's rules", () => {
  let authority: Authority;
  beforeAll(() => {
    authority = new Authority();
  });
  afterAll(() => authority[Symbol.dispose]());

  it.each([
    '10.0.0.0/8',
    '10.20.30.40',
    '172.16.0.0/12',
    '192.168.7.0/24',
    '100.64.0.0/10',
    'fc00::/7',
    'fd12:3456::/32',
  ])('%s can be approved', (range) => {
    expect(readReceiverRules({ ...closed, privateRanges: [range] }).privateRanges).toHaveLength(1);
  });

  it.each([
    ['0.0.0.0/0', 'everything'],
    ['10.0.0.0/7', 'more than private'],
    ['::/0', 'everything'],
    ['127.0.0.0/8', 'loopback'],
    ['169.254.0.0/16', 'link-local'],
    ['169.254.169.254', 'metadata'],
    ['100.100.100.200', 'metadata, though inside a shared range'],
    ['fd00:ec2::/32', 'metadata, though inside a private range'],
    ['224.0.0.0/4', 'multicast'],
    ['93.184.216.0/24', 'public: open anyway'],
    ['::ffff:10.0.0.0/104', 'IPv4 by a prefix of IPv6'],
    ['10.1.2.3/8', 'bits after the prefix'],
    ['receiver.example', 'a name'],
    ['', 'nothing'],
  ])('%s cannot: %s', (range) => {
    expect(() => readReceiverRules({ ...closed, privateRanges: [range] })).toThrowError(
      expect.objectContaining({ code: 'FN_EGRESS_RULES' }),
    );
  });

  it('tells every mistake at once', () => {
    const rules = {
      own: ['a b', '10.0.0.1:0'],
      ports: [0, 1.5, 443],
      headers: ['Host', 'x-ok'],
      loopback: 'refused',
    } as const;
    expect(() => readEgressRules(rules)).toThrowError(/a b.*10\.0\.0\.1:0.*ports: 0 .*ports: 1\.5 .*headers: Host/);
  });

  it('lists have an end', () => {
    const many = Array.from({ length: 257 }, () => '10.0.0.0/8');
    expect(() => readReceiverRules({ ...closed, privateRanges: many })).toThrowError(/more than 256/);
    expect(() => readEgressRules({ ...empty, own: many })).toThrowError(/more than 256/);
  });

  it.each([
    ['no PEM', 'ca: 1 to 256'],
    ['', 'ca: 1 to 256'],
    ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', 'certificate 1 cannot be read'],
  ])('an authority that cannot be read is a mistake, not a receiver that is never reached (%#)', (ca, told) => {
    expect(() => readReceiverRules({ ...closed, ca })).toThrowError(told);
  });

  it('several authorities in one text', () => {
    expect(() => readReceiverRules({ ...closed, ca: `${authority.pem}\nand\n${authority.pem}` })).not.toThrow();
  });

  it.each([
    ['10.0.0.5:9092', { kind: 'range', port: 9092 }],
    ['[fd00::5]:8123', { kind: 'range', port: 8123 }],
    ['10.0.0.0/24', { kind: 'range', port: null }],
    ['10.0.0.5', { kind: 'range', port: null }],
    ['fd00::5', { kind: 'range', port: null }],
    ['Kafka.Example.:9092', { kind: 'name', name: 'kafka.example', port: 9092 }],
    ['kafka', { kind: 'name', name: 'kafka', port: null }],
    ['broker_1.kafka:9092', { kind: 'name', name: 'broker_1.kafka', port: 9092 }],
  ])('own: %s', (text, expected) => {
    expect(parseOwnAddress(text)).toMatchObject(expected);
  });

  it.each([
    '',
    ':9092',
    'kafka:',
    'kafka:0',
    'kafka:65536',
    '10.0.0.0/24:9092',
    '10.0.0.256',
    '[kafka]:9092',
    'a b',
    'https://kafka',
    '-a',
    'a..b',
  ])('own: %j is none', (text) => {
    expect(parseOwnAddress(text)).toBeNull();
  });
});

describe('headers', () => {
  const added = new Set(['x-api-key']);

  it('are sent in lower case', () => {
    const headers = { 'Content-Type': 'application/json', 'ce-id': '1', 'X-Api-Key': 'k', Authorization: 'Bearer x' };
    expect(vetHeaders(headers, added)).toEqual({
      kind: 'vetted',
      headers: { 'content-type': 'application/json', 'ce-id': '1', 'x-api-key': 'k', authorization: 'Bearer x' },
    });
  });

  it.each([
    'Host',
    'HOST',
    'Content-Length',
    'Transfer-Encoding',
    'Connection',
    'Expect',
    'Upgrade',
    'Cookie',
    'Proxy-Authorization',
    'X-Forwarded-For',
    'X-aws-ec2-metadata-token',
    'Metadata-Flavor',
    'X-Other',
    '',
    'a b',
    'a:b',
    'x-api-key\r\nhost',
    'ce-\u00fc',
    '__proto__',
  ])('%j is refused', (name) => {
    const headers = Object.fromEntries([[name, 'x']]);
    expect(vetHeaders(headers, added)).toMatchObject({ kind: 'refused', code: 'header' });
  });

  it.each(['a\r\nHost: evil', 'a\nb', 'a\rb', 'a\0b', '\u00fc', 'a\u2028b', '\t'])(
    'a value of %j is refused, and not told',
    (value) => {
      const refusal = vetHeaders({ authorization: `secret${value}` }, added);
      expect(refusal).toMatchObject({ kind: 'refused', code: 'header' });
      expect(JSON.stringify(refusal)).not.toContain('secret');
    },
  );

  it('neither twice, nor many, nor long', () => {
    expect(vetHeaders({ accept: 'a', Accept: 'b' }, added)).toMatchObject({ kind: 'refused' });
    const many = Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`ce-a${index}`, 'x']));
    expect(vetHeaders(many, added)).toMatchObject({ kind: 'refused' });
    expect(vetHeaders({ authorization: 'x'.repeat(8192) }, added)).toMatchObject({ kind: 'refused' });
  });

  it('the operator adds none that decides where a request goes', () => {
    for (const name of ['host', 'Content-Length', 'x-forwarded-for', 'bad name'])
      expect(() => readEgressRules({ ...empty, headers: [name] })).toThrowError(/never/);
  });
});
