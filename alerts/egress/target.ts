import { type Address, parseAddress } from './address.ts';
import { isName } from './own-address.ts';
import { type Refusal, refuse } from './result.ts';
import type { EgressRules, ReceiverRules } from './rules.ts';

export type Host =
  | { readonly kind: 'address'; readonly address: Address }
  | { readonly kind: 'name'; readonly name: string }
  /** `localhost` and below it: never asked of a resolver (RFC 6761). */
  | { readonly kind: 'loopback' };

/** Where a URL leads, as far as can be said without asking anybody. */
export interface Target {
  readonly kind: 'target';
  readonly isSecure: boolean;
  readonly host: Host;
  /** As the certificate must have it: the name, or the address without brackets. */
  readonly hostText: string;
  readonly port: number;
  /** Of the Host header. */
  readonly authority: string;
  /** Path and query; may hold secrets. */
  readonly path: string;
}

const urlMaxLength = 2048;
const urlText = /^([a-z][a-z0-9+.-]*):\/\/([^/?]+)([/?].*)?$/i;
/** White space, control characters and backslashes: a URL reader drops or turns some of them, and sees another host than people do. */
const misread = /[\s\\]|\p{C}/u;
const securePorts: ReadonlySet<number> = new Set([443, 8443]);
const plainPort = 80;

/**
 * Reads the URL of a receiver by the rules. Hosts are read as the WHATWG URL standard does: `0x7f.1`, `2130706433`, full-width digits
 * and a trailing dot are 127.0.0.1, a name in another script is its `xn--` form, and a name that ends in a number is none.
 */
export function parseTarget(text: string, rules: EgressRules, receiver: ReceiverRules): Target | Refusal {
  if (text.length > urlMaxLength) return refuse('url', `the URL is longer than ${urlMaxLength} characters`);
  if (misread.test(text)) return refuse('url', 'the URL has a space, a backslash or a control character');
  if (text.includes('#')) return refuse('url', 'the URL has a fragment');
  const [, scheme = '', authority = ''] = urlText.exec(text) ?? [];
  if (scheme === '') return refuse('url', 'the URL cannot be read: it must be like https://host/path');
  if (authority.includes('@')) return refuse('url', 'the URL has a user or password in it; use a header');
  if (authority.includes('%')) return refuse('url', 'the URL has a percent sign in its host');
  const isSecure = scheme.toLowerCase() === 'https';
  if (!isSecure && scheme.toLowerCase() !== 'http') return refuse('scheme', `scheme ${scheme} is not https`);
  if (!isSecure && !receiver.isHttpAllowed) return refuse('scheme', 'plain http is not approved for this receiver');
  const url = URL.parse(text);
  if (url === null) return refuse('url', 'the URL cannot be read, or its host is no name and no address');
  return targetOf(url, isSecure, rules);
}

function targetOf(url: URL, isSecure: boolean, rules: EgressRules): Target | Refusal {
  const hostText = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const host = hostOf(hostText);
  if (host === null) return refuse('url', 'the host is no name and no address');
  const port = url.port === '' ? (isSecure ? 443 : plainPort) : Number(url.port);
  const isUsual = isSecure ? securePorts.has(port) : port === plainPort;
  if (!isUsual && !rules.ports.has(port)) return refuse('port', `port ${port} is not on the list`);
  const bracketed = hostText.includes(':') ? `[${hostText}]` : hostText;
  const authority = url.port === '' ? bracketed : `${bracketed}:${url.port}`;
  return { kind: 'target', isSecure, host, hostText, port, authority, path: `${url.pathname}${url.search}` };
}

function hostOf(text: string): Host | null {
  const address = parseAddress(text);
  if (address !== null) return { kind: 'address', address };
  if (!isName(text)) return null;
  return /(^|\.)localhost$/.test(text) ? { kind: 'loopback' } : { kind: 'name', name: text };
}
