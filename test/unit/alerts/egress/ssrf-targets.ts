import type { RefusalCode } from '../../../../alerts/egress/result.ts';
import type { EgressSettings, ReceiverSettings } from '../../../../alerts/egress/rules.ts';

/** A public address that stands for a receiver anywhere; nothing here ever leaves this machine. */
export const publicAddress = '93.184.216.34';

/** Rules under which the table holds: one approved range of each kind, and a product that stands partly in public and partly in them. */
export const settings: EgressSettings = {
  own: ['192.30.255.1:8443', '192.30.254.0/24', '10.20.0.5:8443', '[fd12:3456::5]:8443', 'store.example.net:8443'],
  ports: [],
  headers: [],
  loopback: 'refused',
};
export const receiver: Omit<ReceiverSettings, 'ca'> = {
  privateRanges: ['10.20.0.0/16', '100.64.0.0/10', 'fd00::/8'],
  http: 'refused',
};
/** Where the names of the product are. */
export const ownNames: Readonly<Record<string, readonly string[]>> = {
  'store.example.net': ['10.20.0.9', '192.30.255.9'],
};

export interface Target {
  readonly url: string;
  /** What the resolver says of its name. */
  readonly answers?: readonly string[];
  readonly why: string;
}
export interface ForbiddenTarget extends Target {
  readonly code: RefusalCode;
}

type Row = readonly [url: string, why: string, answers?: readonly string[]];

function forbidden(code: RefusalCode, rows: readonly Row[]): ForbiddenTarget[] {
  return rows.map(([url, why, answers]) => ({ code, url, why, ...(answers === undefined ? {} : { answers }) }));
}

export const forbiddenTargets: readonly ForbiddenTarget[] = [
  ...forbidden('address', [
    ['https://127.0.0.1/', 'loopback'],
    ['https://127.255.255.254/', 'loopback is a /8'],
    ['https://127.1/', 'two parts'],
    ['https://127.0.1/', 'three parts'],
    ['https://2130706433/', 'one decimal number'],
    ['https://0x7f000001/', 'one hexadecimal number'],
    ['https://017700000001/', 'one octal number'],
    ['https://0x7f.0.0.1/', 'hexadecimal part'],
    ['https://0177.0.0.01/', 'octal parts'],
    ['https://127.0.0.1./', 'trailing dot'],
    ['https://１２７.０.０.１/', 'full-width digits'],
    ['https://127。0。0。1/', 'ideographic full stops'],
    ['https://①②⑦.⓪.⓪.①/', 'digits in circles'],
    ['https://[::1]/', 'loopback of IPv6'],
    ['https://[0:0:0:0:0:0:0:1]/', 'written out'],
    ['https://[::ffff:127.0.0.1]/', 'IPv4-mapped'],
    ['https://[::ffff:7f00:1]/', 'IPv4-mapped, in hexadecimal'],
    ['https://localhost/', 'the name itself'],
    ['https://LOCALHOST./', 'upper case and a dot'],
    ['https://a.b.localhost/', 'below localhost (RFC 6761)'],
    ['https://0.0.0.0/', 'unspecified: reaches this machine'],
    ['https://0/', 'unspecified, short'],
    ['https://0.1.2.3/', 'this network'],
    ['https://[::]/', 'unspecified of IPv6'],
    ['https://[::ffff:0.0.0.0]/', 'unspecified, IPv4-mapped'],
    ['https://169.254.169.254/latest/meta-data/', 'metadata'],
    ['https://2852039166/', 'metadata as a number'],
    ['https://0xa9fea9fe/', 'metadata in hexadecimal'],
    ['https://0251.0376.0251.0376/', 'metadata in octal'],
    ['https://169.254.43518/', 'metadata in three parts'],
    ['https://[::ffff:169.254.169.254]/', 'metadata, IPv4-mapped'],
    ['https://[64:ff9b::a9fe:a9fe]/', 'metadata through NAT64'],
    ['https://100.100.100.200/', 'metadata inside an approved range'],
    ['https://168.63.129.16/', 'platform service at a public address'],
    ['https://192.0.0.192/', 'metadata'],
    ['https://[fd00:ec2::254]/', 'metadata inside an approved range'],
    ['https://[fd00:ec2::23]/', 'credentials of pods, inside an approved range'],
    ['https://[fd20:ce::254]/', 'metadata inside an approved range'],
    ['https://[fd00:c1::a9fe:a9fe]/', 'metadata inside an approved range'],
    ['https://[fd00:42::42]/', 'metadata inside an approved range'],
    ['https://[fd00:a9fe:a9fe::1]/', 'metadata inside an approved range'],
    ['https://[fd00:100::100:200]/', 'metadata inside an approved range'],
    ['https://169.254.1.1/', 'link-local'],
    ['https://[fe80::1]/', 'link-local of IPv6'],
    ['https://[febf::1]/', 'end of link-local'],
    ['https://10.0.0.1/', 'private, not approved'],
    ['https://10.21.0.1/', 'private, beside the approved range'],
    ['https://10.19.255.255/', 'private, just before the approved range'],
    ['https://172.16.0.1/', 'private, not approved'],
    ['https://172.31.255.255/', 'end of a private range'],
    ['https://192.168.1.1/', 'private, not approved'],
    ['https://[fc00::1]/', 'unique local, beside the approved half'],
    ['https://[::ffff:10.0.0.1]/', 'private, IPv4-mapped'],
    ['https://224.0.0.1/', 'multicast'],
    ['https://239.255.255.250/', 'multicast'],
    ['https://[ff02::1]/', 'multicast of IPv6'],
    ['https://255.255.255.255/', 'broadcast'],
    ['https://240.0.0.1/', 'reserved'],
    ['https://192.0.2.1/', 'documentation'],
    ['https://198.51.100.7/', 'documentation'],
    ['https://203.0.113.9/', 'documentation'],
    ['https://[2001:db8::1]/', 'documentation'],
    ['https://[3fff::1]/', 'documentation'],
    ['https://198.18.0.1/', 'benchmarking'],
    ['https://198.19.255.255/', 'end of benchmarking'],
    ['https://[2001:2::1]/', 'benchmarking'],
    ['https://192.0.0.8/', 'protocol assignments'],
    ['https://192.88.99.1/', 'relay of 6to4'],
    ['https://192.31.196.1/', 'AS112'],
    ['https://192.52.193.1/', 'AMT'],
    ['https://192.175.48.1/', 'AS112'],
    ['https://[::127.0.0.1]/', 'IPv4-compatible'],
    ['https://[::5db8:d822]/', 'IPv4-compatible of a public address'],
    ['https://[::ffff:0:7f00:1]/', 'IPv4-translated'],
    ['https://[64:ff9b::7f00:1]/', 'loopback through NAT64'],
    ['https://[64:ff9b::10.20.0.1]/', 'an approved address, but through NAT64'],
    ['https://[64:ff9b:1::5db8:d822]/', 'NAT64 of a site: where the IPv4 address is in it nobody says'],
    ['https://[2002:7f00:1::1]/', '6to4 of loopback'],
    ['https://[2002:5db8:d822::1]/', '6to4 of a public address'],
    ['https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/', 'Teredo'],
    ['https://[2001:470:1f0b::5efe:10.0.0.1]/', 'ISATAP'],
    ['https://[2001:470:1f0b:0:200:5efe:a00:1]/', 'ISATAP with the u bit'],
    ['https://[fd12:3456::5efe:a00:1]/', 'ISATAP inside an approved range'],
    ['https://[2001:1::1]/', 'protocol assignments'],
    ['https://[2001:20::1]/', 'ORCHID: an identifier, no place'],
    ['https://[2620:4f:8000::1]/', 'AS112'],
    ['https://[100::1]/', 'discard-only'],
    ['https://[100:0:0:1::1]/', 'dummy prefix'],
    ['https://[5f00::1]/', 'segments of SRv6'],
    ['https://[fec0::1]/', 'site-local of old'],
    ['https://[4000::1]/', 'not assigned to anybody'],
    ['https://rebound.test/', 'a name that gives loopback', ['127.0.0.1']],
    ['https://metadata.test/', 'a name that gives metadata', ['169.254.169.254']],
    ['https://mapped.test/', 'a name that gives a mapped address', ['::ffff:127.0.0.1']],
    ['https://private.test/', 'a name that gives what is not approved', ['10.0.0.1']],
    ['https://mixed.test/', 'a public address first, then a private one', [publicAddress, '10.0.0.1']],
    ['https://mixed6.test/', 'a public address of IPv4, loopback of IPv6', [publicAddress, '::1']],
    ['https://tenth.test/', 'nine good ones and a bad one', [...tenPublic().slice(1), '127.0.0.1']],
    ['https://zone.test/', 'an answer with a zone', ['fe80::1%lo']],
    ['https://number.test/', 'an answer that is a number', ['2130706433']],
    ['https://trailing.test./', 'a trailing dot is the same name', ['127.0.0.1']],
    ['https://straße.test/', 'a name in another script', ['127.0.0.1']],
  ]),
  ...forbidden('own-address', [
    ['https://192.30.255.1:8443/', 'the product, at a public address'],
    ['https://[::ffff:192.30.255.1]:8443/', 'the same, IPv4-mapped'],
    ['https://[64:ff9b::c01e:ff01]:8443/', 'the same, through NAT64'],
    ['https://192.30.254.77/', 'a network of the product, at any port'],
    ['https://10.20.0.5:8443/', 'the product, inside an approved range'],
    ['https://[fd12:3456::5]:8443/', 'the product, inside an approved range'],
    ['https://10.20.0.9:8443/', "an address of the product's name"],
    ['https://192.30.255.9:8443/', "another address of the product's name"],
    ['https://store.example.net:8443/', "the product's name", [publicAddress]],
    ['https://STORE.example.net.:8443/', 'the same name, written otherwise', [publicAddress]],
    ['https://alias.test:8443/', 'another name of the product', ['10.20.0.9']],
    ['https://10.20.77.1/', 'an address of this machine, inside an approved range'],
    ['https://198.252.206.1/', 'a public address of this machine'],
  ]),
  ...forbidden('many-addresses', [
    ['https://many.test/', 'more addresses than are looked at', [...tenPublic(), ...tenPublic(), publicAddress]],
  ]),
  ...forbidden('scheme', [
    ['http://93.184.216.34/', 'plain, where it is not approved'],
    ['ftp://93.184.216.34/', 'no web scheme'],
    ['gopher://127.0.0.1:6379/_FLUSHALL', 'no web scheme'],
    ['ws://93.184.216.34/', 'no web scheme'],
  ]),
  ...forbidden('port', [
    ['https://93.184.216.34:22/', 'a port of another service'],
    ['https://93.184.216.34:9092/', 'a port of another service'],
    ['https://93.184.216.34:0/', 'no port at all'],
    ['https://93.184.216.34:80/', 'plain port, for a secure scheme'],
  ]),
  ...forbidden('url', [
    ['https://user:secret@93.184.216.34/', 'a password in the URL'],
    ['https://@93.184.216.34/', 'an empty user'],
    ['https://good.test@127.0.0.1/', 'a user that looks like the host'],
    ['https://127.0.0.1\\@good.test/', 'a backslash: readers differ on where the host ends'],
    ['https://good.test#@127.0.0.1/', 'a fragment: readers differ on where the host ends'],
    ['https://good.test/#', 'an empty fragment'],
    ['https://%31%32%37.0.0.1/', 'a host in percent signs'],
    ['https://127.0.0.1%00.good.test/', 'an end of string inside the host'],
    ['https://[fe80::1%25lo]/', 'a zone'],
    ['https://1.2.3.4.5/', 'a number too many'],
    ['https://256.256.256.256/', 'numbers too large'],
    ['https://good.test.0x7f/', 'a name that ends in a number'],
    ['https://09.0.0.1/', 'no octal number'],
    ['https://good..test/', 'an empty label'],
    ['https://good.test,127.0.0.1/', 'two hosts'],
    ['https://good.test /', 'a space'],
    ['https://good\t.test/', 'a tab, which readers of URLs drop'],
    ['https://good.test/\r\nHost: 127.0.0.1', 'a header inside the URL'],
    ['https:/127.0.0.1/', 'one slash, which readers of URLs mend'],
    ['//127.0.0.1/', 'no scheme'],
    ['127.0.0.1', 'no URL'],
    ['file:///etc/passwd', 'a file'],
    ['https://', 'nothing'],
    [`https://good.test/${'a'.repeat(2048)}`, 'longer than a URL may be'],
  ]),
];

export const allowedTargets: readonly Target[] = [
  { url: 'https://93.184.216.34/', why: 'public' },
  { url: 'https://93.184.216.34:8443/hook?key=1', why: 'the other usual port' },
  { url: 'HTTPS://93.184.216.34/', why: 'upper case is the same scheme' },
  { url: 'https://0x5db8d822/', why: 'public, oddly written' },
  { url: 'https://[::ffff:93.184.216.34]/', why: 'public, IPv4-mapped' },
  { url: 'https://[64:ff9b::5db8:d822]/', why: 'public, through NAT64' },
  { url: 'https://[2606:4700::1111]/', why: 'public, of IPv6' },
  { url: 'https://11.0.0.1/', why: 'just after a private range' },
  { url: 'https://172.32.0.1/', why: 'just after a private range' },
  { url: 'https://172.15.255.255/', why: 'just before a private range' },
  { url: 'https://192.169.0.1/', why: 'just after a private range' },
  { url: 'https://169.253.255.255/', why: 'just before link-local' },
  { url: 'https://223.255.255.254/', why: 'just before multicast' },
  { url: 'https://10.20.0.1/', why: 'in the approved range' },
  { url: 'https://10.20.255.255:8443/', why: 'end of the approved range' },
  { url: 'https://10.20.0.5/', why: 'beside a port of the product' },
  { url: 'https://100.64.0.1/', why: 'shared, approved' },
  { url: 'https://100.100.100.201/', why: 'beside the metadata in an approved range' },
  { url: 'https://[fd12:3456::1]/', why: 'unique local, approved' },
  { url: 'https://[::ffff:10.20.0.1]/', why: 'approved, IPv4-mapped' },
  { url: 'https://hook.test/', why: 'a name', answers: [publicAddress] },
  { url: 'https://hook.test./', why: 'a name with a dot at its end', answers: [publicAddress] },
  { url: 'https://both.test/', why: 'a name in both families', answers: [publicAddress, '2606:4700::1111'] },
  { url: 'https://ten.test/', why: 'a name with ten addresses', answers: tenPublic() },
  { url: 'https://inside.test/', why: 'a name in the approved range', answers: ['10.20.3.4'] },
  { url: 'https://xn--bcher-kva.test/', why: 'a name in another script', answers: [publicAddress] },
  { url: 'https://store.example.net/', why: "the product's name at another port", answers: [publicAddress] },
];

function tenPublic(): string[] {
  return Array.from({ length: 10 }, (_, index) => `93.184.216.${34 + index}`);
}

/** Every name of the tables, with what the resolver says of it. */
export const answersByName: ReadonlyMap<string, readonly string[]> = new Map(
  [...forbiddenTargets, ...allowedTargets].flatMap(({ url, answers }) => {
    const host = URL.parse(url)?.hostname.replace(/\.$/, '');
    return answers === undefined || host === undefined ? [] : [[host, answers] as const];
  }),
);
/** Addresses of this machine, as the tables have them. */
export const localAddresses: readonly string[] = ['127.0.0.1', '::1', '10.20.77.1', '198.252.206.1'];
