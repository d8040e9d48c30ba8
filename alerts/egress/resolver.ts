import { Resolver } from 'node:dns/promises';
import { systemCode } from '../../core/runtime/error.ts';

export type Resolution =
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
  /** The name does not exist, or has no address. */
  | { readonly kind: 'none' }
  | { readonly kind: 'failed'; readonly why: string };

/** Asks for all addresses of a name, IPv4 first. Never rejects; a signal that ends gives `failed`. */
export interface NameResolver {
  resolve(name: string, signal: AbortSignal): Promise<Resolution>;
}

const none = new Set(['ENOTFOUND', 'ENODATA']);
const triesMax = 2;
/** Of one question to one server; the deadline of the whole is the signal's. */
const questionMs = 1000;

/**
 * DNS, by the servers of /etc/resolv.conf and no other source. The system's own look-up would also read /etc/hosts, but it keeps one
 * of the process's few threads until it ends: four names of a slow server would stop every read of a file here.
 */
export class DnsResolver implements NameResolver {
  readonly #servers: readonly string[] | undefined;

  /** Servers as `127.0.0.1:53`; left out, those of the system. */
  constructor(servers?: readonly string[]) {
    this.#servers = servers;
  }

  async resolve(name: string, signal: AbortSignal): Promise<Resolution> {
    // One for each name: it is cancelled as a whole, and sees a resolv.conf that has changed.
    const resolver = new Resolver({ timeout: questionMs, tries: triesMax });
    if (this.#servers !== undefined) resolver.setServers(this.#servers);
    const cancel = () => resolver.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      if (signal.aborted) return { kind: 'failed', why: 'it was given up' };
      return merge(await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]));
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }
}

/** A family that could not be asked for is left out where the other one answered: what is connected to was checked all the same. */
function merge(answers: readonly PromiseSettledResult<string[]>[]): Resolution {
  const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  if (addresses.length > 0) return { kind: 'addresses', addresses };
  const codes = answers.flatMap((answer) => (answer.status === 'rejected' ? [systemCode(answer.reason) ?? ''] : []));
  const failed = codes.find((code) => !none.has(code));
  return failed === undefined ? { kind: 'none' } : { kind: 'failed', why: `the resolver says ${failed}` };
}
