import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectSecure, type SecureContext } from 'node:tls';
import { systemCode } from '../../core/runtime/error.ts';
import { type Address, formatAddress, parseAddress } from './address.ts';
import { type Failure, fail } from './result.ts';

/** Begins a connection to an address. The one place where a request leaves; tests put their own network behind it. */
export type Dial = (address: string, port: number) => Socket;

/** There is nothing to look up: whoever asks wants a name, and names were resolved and checked before. */
function noLookup(): never {
  throw new TypeError('an address is dialled, never a name');
}

export const dialAddress: Dial = (address, port) =>
  connectPlain({ host: address, port, lookup: noLookup, autoSelectFamily: false, noDelay: true });

export interface Connected {
  readonly kind: 'connected';
  readonly socket: Socket;
}

/** A connection to exactly that address, or why there is none. `signal` ends it. */
export async function connectTo(
  address: Address,
  port: number,
  dial: Dial,
  signal: AbortSignal,
): Promise<Connected | Failure> {
  const text = formatAddress(address);
  const socket = dial(text, port);
  const problem = await untilReady(socket, 'connect', signal);
  if (problem === null && isPeer(socket, address)) return { kind: 'connected', socket };
  socket.destroy();
  if (problem === null) return fail('peer', `the connection leads elsewhere than to ${text}`);
  return fail('connect', `${text}, port ${port}: ${problem.code}`);
}

function isPeer(socket: Socket, address: Address): boolean {
  const peer = parseAddress(socket.remoteAddress ?? '');
  return peer !== null && peer.family === address.family && peer.bits === address.bits;
}

export interface TlsIdentity {
  /** The name, or the address, that the certificate must be for. */
  readonly host: string;
  /** Names are told to the other side (SNI), addresses are not. */
  readonly isName: boolean;
  readonly secureContext: SecureContext;
}

/** TLS over the connection, the certificate checked against name and authorities whatever the environment says. */
export async function secure(socket: Socket, identity: TlsIdentity, signal: AbortSignal): Promise<Connected | Failure> {
  const { host, isName, secureContext } = identity;
  const secured = connectSecure({
    socket,
    host,
    servername: isName ? host : '',
    secureContext,
    rejectUnauthorized: true,
    ALPNProtocols: ['http/1.1'],
  });
  const problem = await untilReady(secured, 'secureConnect', signal);
  if (problem === null && secured.authorized) return { kind: 'connected', socket: secured };
  secured.destroy();
  socket.destroy();
  const code = problem?.code ?? 'not authorized';
  return fail(problem !== null && !certificateCodes.test(code) ? 'tls' : 'certificate', `TLS with ${host}: ${code}`);
}

/** How OpenSSL names what can be wrong with a chain, and Node a name that does not fit. */
const certificateCodes =
  /^(CERT_|CRL_|DEPTH_ZERO_|ERROR_IN_CERT_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_|PATH_LENGTH_|SELF_SIGNED_|UNABLE_TO_)/;

/** Null once `event` has come, or what came instead. */
function untilReady(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
): Promise<{ readonly code: string } | null> {
  return new Promise((resolve) => {
    const settle = (problem: { readonly code: string } | null) => {
      socket.off(event, onReady);
      socket.off('close', onClose);
      signal.removeEventListener('abort', onEnd);
      resolve(problem);
    };
    const onReady = () => settle(null);
    const onClose = () => settle({ code: 'closed' });
    const onEnd = () => settle({ code: 'given up' });
    // Stays: a connection may fail again while it is being taken down, and an error nobody hears ends the process.
    socket.on('error', (error) => settle({ code: systemCode(error) ?? 'failed' }));
    socket.on(event, onReady);
    socket.on('close', onClose);
    if (signal.aborted) onEnd();
    else signal.addEventListener('abort', onEnd, { once: true });
  });
}
