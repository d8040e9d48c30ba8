import { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { FourninesError } from '../../core/runtime/error.ts';
import { type AddressRange, formatRange, isRangeWithin, parseRange } from './address.ts';
import { isNeverAHeader } from './headers.ts';
import { type OwnAddress, parseOwnAddress } from './own-address.ts';
import { isOpenable, specialRanges } from './special-ranges.ts';

/** What the operator says for the whole product, as it stands in the configuration. */
export interface EgressSettings {
  /** The product's own: `host:port`, an address, a range. Nobody's receiver is ever there. */
  readonly own: readonly string[];
  /** Ports beside 443 and 8443 (and 80 for plain HTTP). */
  readonly ports: readonly number[];
  /** Names of headers beside those of webhooks. */
  readonly headers: readonly string[];
  /** `development`: receivers on this machine's loopback, for trying out alone. */
  readonly loopback: 'refused' | 'development';
}

/** The same, read and checked. */
export interface EgressRules {
  readonly own: readonly OwnAddress[];
  readonly ports: ReadonlySet<number>;
  readonly headers: ReadonlySet<string>;
  readonly isLoopbackAllowed: boolean;
}

/** What the operator approved for one receiver, or for all of a tenant. */
export interface ReceiverSettings {
  /** Parts of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10 and fc00::/7 in which it may be. */
  readonly privateRanges: readonly string[];
  readonly http: 'refused' | 'allowed';
  /** Certificates (PEM) of the only authorities that may vouch for it; null: those that the runtime trusts. */
  readonly ca: string | null;
}

/** The same, read and checked: keep it as long as the receiver, it holds its TLS state. */
export interface ReceiverRules {
  readonly privateRanges: readonly AddressRange[];
  readonly isHttpAllowed: boolean;
  readonly secureContext: SecureContext;
}

/** So many of each; a longer list is a mistake. */
const rulesMax = 256;
const tlsMinimum = 'TLSv1.2';

/** Throws FN_EGRESS_RULES with every mistake. */
export function readEgressRules(settings: EgressSettings): EgressRules {
  const mistakes: string[] = [];
  if (settings.own.length > rulesMax) mistakes.push(`own: more than ${rulesMax} entries`);
  const own = settings.own.slice(0, rulesMax).flatMap((text) => {
    const parsed = parseOwnAddress(text);
    if (parsed === null) mistakes.push(`own: ${text} is no host:port, address or range`);
    return parsed ?? [];
  });
  for (const port of settings.ports) {
    if (!Number.isInteger(port) || port < 1 || port > 65_535) mistakes.push(`ports: ${port} is no port`);
  }
  for (const name of settings.headers) {
    if (isNeverAHeader(name)) mistakes.push(`headers: ${name} is never a receiver's to set`);
  }
  throwMistakes(mistakes);
  return {
    own,
    ports: new Set(settings.ports),
    headers: new Set(settings.headers.map((name) => name.toLowerCase())),
    isLoopbackAllowed: settings.loopback === 'development',
  };
}

/** Throws FN_EGRESS_RULES with every mistake. */
export function readReceiverRules(settings: ReceiverSettings): ReceiverRules {
  const mistakes: string[] = [];
  if (settings.privateRanges.length > rulesMax) mistakes.push(`privateRanges: more than ${rulesMax} entries`);
  const privateRanges = settings.privateRanges.slice(0, rulesMax).flatMap((text) => {
    const range = parseRange(text);
    if (range === null) mistakes.push(`privateRanges: ${text} is no range such as 10.20.0.0/16`);
    else if (!canBeOpened(range)) mistakes.push(`privateRanges: ${formatRange(range)} is not inside a private range`);
    else return range;
    return [];
  });
  const authorities = settings.ca === null ? undefined : readAuthorities(settings.ca, mistakes);
  throwMistakes(mistakes);
  const ca = authorities === undefined ? {} : { ca: [...authorities] };
  return {
    privateRanges,
    isHttpAllowed: settings.http === 'allowed',
    secureContext: createSecureContext({ minVersion: tlsMinimum, ...ca }),
  };
}

/** Only what is private can be opened, and no metadata in it: the first special range that holds it decides. */
function canBeOpened(range: AddressRange): boolean {
  const special = specialRanges.find((candidate) => isRangeWithin(range, candidate.range));
  return special !== undefined && isOpenable(special.class);
}

const certificateText = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

function readAuthorities(pem: string, mistakes: string[]): readonly string[] {
  const found = pem.match(certificateText) ?? [];
  if (found.length === 0 || found.length > rulesMax) mistakes.push(`ca: 1 to ${rulesMax} certificates in PEM`);
  for (const [index, text] of found.entries()) {
    if (!isCertificate(text)) mistakes.push(`ca: certificate ${index + 1} cannot be read`);
  }
  return found;
}

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).serialNumber !== '';
  } catch {
    return false;
  }
}

function throwMistakes(mistakes: readonly string[]): void {
  if (mistakes.length > 0) throw new FourninesError('FN_EGRESS_RULES', mistakes.join('; '));
}
