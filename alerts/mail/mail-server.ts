import { X509Certificate } from 'node:crypto';
import { FourninesError } from '../../core/runtime/error.ts';
import { isBareAddress } from '../channels/email/address.ts';
import { parseAddress } from '../egress/address.ts';
import { classifyAddress } from '../egress/address-class.ts';
import { isOpenable } from '../egress/special-ranges.ts';

/** The operator's own mail server, which hands mails on: what stands in the configuration, its files read. */
export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** `implicit`: TLS from the first byte; `starttls`: nothing is said before it; `none`: in the clear. */
  readonly tls: 'implicit' | 'starttls' | 'none';
  /** Empty: it asks for none. */
  readonly user: string;
  readonly password: string;
  readonly from: string;
  /** PEM of the only authorities that may vouch for it; null: those that the runtime trusts. */
  readonly ca: string | null;
}

/** Throws FN_CONFIG with what is wrong; else gives what it was given. */
export function checkedMailServer(server: MailServer): MailServer {
  const problem = problemOf(server);
  if (problem !== null) throw new FourninesError('FN_CONFIG', `server.alerts.mail.${problem}`);
  return server;
}

function problemOf({ host, tls, user, password, from, ca }: MailServer): string | null {
  if (!isBareAddress(from)) return 'from: must be a bare address such as fournines@example.net';
  if ((user === '') !== (password === '')) return 'user: user and passwordFile belong together';
  if (/[\r\n\0]/.test(`${user}${password}`)) return 'passwordFile: user and password are one line each';
  const place = placeOf(host);
  if (tls === 'none' && place === 'elsewhere')
    return 'tls: none is for this machine, or an address of a private network';
  if (tls === 'none' && password !== '' && place !== 'loopback')
    return 'tls: a password is not sent in the clear; use implicit or starttls';
  return ca === null || isAuthority(ca) ? null : 'caFile: has no certificate in PEM';
}

/** A name other than `localhost` may be anywhere. */
function placeOf(host: string): 'loopback' | 'private' | 'elsewhere' {
  if (host === 'localhost') return 'loopback';
  const address = parseAddress(host);
  if (address === null) return 'elsewhere';
  const found = classifyAddress(address).class;
  if (found === 'loopback') return 'loopback';
  return isOpenable(found) ? 'private' : 'elsewhere';
}

function isAuthority(pem: string): boolean {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  try {
    return found.map((text) => new X509Certificate(text)).length > 0;
  } catch {
    return false;
  }
}
