import { type Address, formatAddress } from './address.ts';
import { type Connected, connectTo, type Dial, dialAddress, secure } from './connection.ts';
import { Deadline, unlessEnded } from './deadline.ts';
import { exchange } from './exchange.ts';
import { vetHeaders } from './headers.ts';
import { judgeAddress, judgeAnswer, judgeName } from './judge.ts';
import { type OwnLookups, OwnWatch, systemLookups } from './own-watch.ts';
import { DnsResolver, type NameResolver } from './resolver.ts';
import { type Answered, type EgressResult, type Failure, fail, type Refusal, refuse } from './result.ts';
import type { EgressRules, ReceiverRules } from './rules.ts';
import { parseTarget, type Target } from './target.ts';

/** What is posted to a receiver. */
export interface EgressRequest {
  readonly url: string;
  /** Without Host, length and whatever else decides on the connection: those are made here. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** How long and how much at most. Defaults in `egressBounds`. */
export interface EgressBounds {
  readonly dnsMs: number;
  /** Of one address. */
  readonly connectMs: number;
  readonly tlsMs: number;
  readonly answerMs: number;
  /** Everything together. */
  readonly wholeMs: number;
  readonly requestBytes: number;
  readonly headerBytes: number;
  readonly responseBytes: number;
  /** Addresses of a name that are looked at; with more it is refused. */
  readonly addresses: number;
  /** Addresses that are tried, one after another, where a connection cannot be made. */
  readonly connections: number;
}

/** Standard Webhooks asks for 15 to 30 s in all. Twenty addresses are ten of each family. */
export const egressBounds: EgressBounds = {
  dnsMs: 3_000,
  connectMs: 4_000,
  tlsMs: 5_000,
  answerMs: 15_000,
  wholeMs: 20_000,
  requestBytes: 1024 * 1024,
  headerBytes: 16 * 1024,
  responseBytes: 64 * 1024,
  addresses: 20,
  connections: 3,
};

export interface EgressOptions {
  readonly bounds?: Partial<EgressBounds>;
  readonly resolver?: NameResolver;
  readonly dial?: Dial;
  readonly ownLookups?: OwnLookups;
  /** Milliseconds since 1970, to read dates by. */
  readonly wallMs?: () => number;
  /** Milliseconds of a clock that never steps. */
  readonly monoMs?: () => number;
}

export type Reachable = { readonly kind: 'reachable'; readonly addresses: readonly string[] };

/** The one way for a request to a receiver out of the product. */
export interface Egress {
  /**
   * Sends one request: names are resolved, every address is checked, one of them is connected to. Never rejects. May be called any
   * number of times at once; how many is the caller's to bound.
   */
  send(request: EgressRequest, receiver: ReceiverRules, signal: AbortSignal): Promise<EgressResult>;
  /** Whether a request would be let out now, without sending anything: for whoever writes a receiver down. */
  check(url: string, receiver: ReceiverRules, signal: AbortSignal): Promise<Reachable | Refusal | Failure>;
}

/** Makes the way out, by the operator's rules. */
export function createEgress(rules: EgressRules, options: EgressOptions = {}): Egress {
  return new GuardedEgress(rules, options);
}

interface Route {
  readonly kind: 'route';
  readonly target: Target;
  readonly addresses: readonly Address[];
}

interface FoundAddresses {
  readonly kind: 'addresses';
  readonly addresses: readonly string[];
}

const loopback: FoundAddresses = { kind: 'addresses', addresses: ['127.0.0.1', '::1'] };

class GuardedEgress implements Egress {
  readonly #rules: EgressRules;
  readonly #bounds: EgressBounds;
  readonly #resolver: NameResolver;
  readonly #dial: Dial;
  readonly #own: OwnWatch;
  readonly #wallMs: () => number;
  readonly #monoMs: () => number;

  constructor(rules: EgressRules, options: EgressOptions) {
    this.#rules = rules;
    this.#bounds = { ...egressBounds, ...options.bounds };
    this.#resolver = options.resolver ?? new DnsResolver();
    this.#dial = options.dial ?? dialAddress;
    this.#wallMs = options.wallMs ?? Date.now;
    this.#monoMs = options.monoMs ?? (() => performance.now());
    this.#own = new OwnWatch(rules.own, options.ownLookups ?? systemLookups, this.#monoMs);
  }

  async check(url: string, receiver: ReceiverRules, signal: AbortSignal): Promise<Reachable | Refusal | Failure> {
    using whole = new Deadline(this.#bounds.wholeMs, signal);
    const route = await this.#route(url, receiver, whole.signal);
    if (route.kind === 'route') return { kind: 'reachable', addresses: route.addresses.map(formatAddress) };
    return named(route, whole);
  }

  async send(request: EgressRequest, receiver: ReceiverRules, signal: AbortSignal): Promise<EgressResult> {
    const startMs = this.#monoMs();
    const trip: Trip = { address: null };
    using whole = new Deadline(this.#bounds.wholeMs, signal);
    const end = named(await this.#attempt(request, receiver, trip, whole.signal), whole);
    return { ...end, latencyMs: Math.round(this.#monoMs() - startMs), address: trip.address };
  }

  async #attempt(
    request: EgressRequest,
    receiver: ReceiverRules,
    trip: Trip,
    signal: AbortSignal,
  ): Promise<Answered | Refusal | Failure> {
    const { requestBytes } = this.#bounds;
    if (request.body.length > requestBytes)
      return refuse('request-size', `the body is longer than ${requestBytes} bytes`);
    const vetted = vetHeaders(request.headers, this.#rules.headers);
    if (vetted.kind === 'refused') return vetted;
    const route = await this.#route(request.url, receiver, signal);
    if (route.kind !== 'route') return route;
    const connected = await this.#connect(route, receiver, trip, signal);
    if (connected.kind === 'failed') return connected;
    const headers = headersOf(route.target, vetted.headers, request.body);
    const outgoing = { path: route.target.path, headers, body: request.body };
    return exchange(connected.socket, outgoing, this.#bounds, this.#wallMs, signal);
  }

  /** Where the request would go, each address checked; or why it goes nowhere. */
  async #route(url: string, receiver: ReceiverRules, signal: AbortSignal): Promise<Route | Refusal | Failure> {
    const target = parseTarget(url, this.#rules, receiver);
    if (target.kind === 'refused') return target;
    const own = await unlessEnded(this.#own.places(), signal);
    if (own === undefined || own === null)
      return fail('own-unknown', "where the product's own addresses are is not known");
    const judging = { port: target.port, rules: this.#rules, receiver, own };
    const { host } = target;
    if (host.kind === 'address')
      return judgeAddress(host.address, judging) ?? { kind: 'route', target, addresses: [host.address] };
    const refusal = judgeName(target, own);
    if (refusal !== null) return refusal;
    const found = host.kind === 'loopback' ? loopback : await this.#resolve(host.name, signal);
    if (found.kind !== 'addresses') return found;
    const judged = judgeAnswer(found.addresses, judging);
    return judged.kind === 'refused' ? judged : { kind: 'route', target, addresses: judged.addresses };
  }

  async #resolve(name: string, signal: AbortSignal): Promise<FoundAddresses | Refusal | Failure> {
    using deadline = new Deadline(this.#bounds.dnsMs, signal);
    const found = await unlessEnded(this.#resolver.resolve(name, deadline.signal), deadline.signal);
    if (found === undefined || deadline.isLate) return fail('dns-timeout', `${name} was not resolved in time`);
    if (found.kind === 'failed') return fail('dns', `${name}: ${found.why}`);
    if (found.kind === 'none' || found.addresses.length === 0) return fail('no-address', `${name} has no address`);
    const { addresses } = this.#bounds;
    if (found.addresses.length <= addresses) return found;
    return refuse('many-addresses', `${name} has more than ${addresses} addresses`);
  }

  /** A connection to the first address that takes one. TLS is tried once: an address that speaks it badly is no reason for the next. */
  async #connect(route: Route, receiver: ReceiverRules, trip: Trip, signal: AbortSignal): Promise<Connected | Failure> {
    const { target } = route;
    let last = fail('connect', 'there is no address to connect to');
    for (const address of route.addresses.slice(0, this.#bounds.connections)) {
      if (signal.aborted) break;
      using deadline = new Deadline(this.#bounds.connectMs, signal);
      const connected = await connectTo(address, target.port, this.#dial, deadline.signal);
      if (connected.kind === 'connected') {
        trip.address = formatAddress(address);
        return target.isSecure ? this.#secure(connected, target, receiver, signal) : connected;
      }
      last = deadline.isLate ? fail('connect-timeout', `${formatAddress(address)} did not answer in time`) : connected;
    }
    return last;
  }

  async #secure(
    { socket }: Connected,
    target: Target,
    receiver: ReceiverRules,
    signal: AbortSignal,
  ): Promise<Connected | Failure> {
    using deadline = new Deadline(this.#bounds.tlsMs, signal);
    const { hostText: host } = target;
    const identity = { host, isName: target.host.kind !== 'address', secureContext: receiver.secureContext };
    const secured = await secure(socket, identity, deadline.signal);
    if (secured.kind === 'connected' || !deadline.isLate) return secured;
    return fail('tls-timeout', `TLS with ${host} took too long`);
  }
}

/** What is learnt on the way. */
interface Trip {
  address: string | null;
}

/** Whatever the step under way called it: a failure after the end of all time is that end. */
function named<T extends Answered | Refusal | Failure>(end: T, whole: Deadline): T | Failure {
  if (end.kind !== 'failed' || !whole.signal.aborted) return end;
  return whole.isLate ? fail('timeout', 'everything together took too long') : fail('cancelled', 'it was given up');
}

function headersOf(
  target: Target,
  vetted: Readonly<Record<string, string>>,
  body: Uint8Array,
): Readonly<Record<string, string>> {
  return {
    host: target.authority,
    'user-agent': 'Fournines',
    ...vetted,
    // The excerpt in the log is text: nothing packed is asked for.
    'accept-encoding': 'identity',
    'content-length': String(body.length),
    connection: 'close',
  };
}
