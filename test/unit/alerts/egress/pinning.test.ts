import http from 'node:http';
import { connect, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Dial } from '../../../../alerts/egress/connection.ts';
import { createEgress, type Egress, type EgressOptions } from '../../../../alerts/egress/egress.ts';
import type { NameResolver, Resolution } from '../../../../alerts/egress/resolver.ts';
import { readEgressRules, readReceiverRules } from '../../../../alerts/egress/rules.ts';
import { found, Listener, never, noOwn, ownLookups, post, ScriptedNames, WholeWorld } from './network.ts';
import { publicAddress } from './ssrf-targets.ts';

const receiver = readReceiverRules({ privateRanges: ['10.20.0.0/16'], http: 'allowed', ca: null });
const rules = readEgressRules({ own: [], ports: [], headers: [], loopback: 'refused' });

let listener: Listener;
let world: WholeWorld;

beforeEach(async () => {
  listener = await Listener.http((_request, response) => response.end());
  world = new WholeWorld(listener);
});
afterEach(() => listener[Symbol.asyncDispose]());

function egressWith(resolver: NameResolver, options: EgressOptions = {}): Egress {
  return createEgress(rules, { resolver, dial: world.dial, ownLookups: noOwn, ...options });
}

function names(...script: readonly Resolution[]): ScriptedNames {
  return new ScriptedNames(new Map([['hook.test', script]]));
}

const hook = post('http://hook.test/');

describe('a name and its addresses', () => {
  it('one that changes between check and connection is asked for once: what was checked is what is dialled', async () => {
    const rebinding = names(found(publicAddress), found('127.0.0.1'));
    expect(await egressWith(rebinding).send(hook, receiver, never)).toMatchObject({ kind: 'answered' });
    expect(rebinding.asked).toEqual(['hook.test']);
    expect(world.dialled).toEqual([`${publicAddress} 80`]);
  });

  it('each attempt checks anew', async () => {
    const rebinding = names(found(publicAddress), found('127.0.0.1'), found(publicAddress));
    const egress = egressWith(rebinding);
    const kinds = [];
    for (let attempt = 1; attempt <= 3; attempt++) kinds.push((await egress.send(hook, receiver, never)).kind);
    expect(kinds).toEqual(['answered', 'refused', 'answered']);
    expect(listener.connections).toBe(2);
  });

  it('a connection that leads elsewhere than to the checked address is not used', async () => {
    // As a redirecting rule of a firewall, or a dialler that resolves for itself, would do.
    const astray: Dial = () => connect({ host: '127.0.0.1', port: listener.port });
    let bytes = 0;
    const quiet = await Listener.raw((socket) => socket.on('data', (chunk) => (bytes += chunk.length)));
    const toQuiet: Dial = () => connect({ host: '127.0.0.1', port: quiet.port });
    for (const dial of [astray, toQuiet]) {
      const result = await egressWith(names(found(publicAddress)), { dial }).send(hook, receiver, never);
      expect(result).toMatchObject({ kind: 'failed', code: 'peer', address: null });
    }
    await vi.waitFor(() => expect(quiet.open).toBe(0));
    expect(bytes).toBe(0);
    await quiet[Symbol.asyncDispose]();
  });

  it.each<readonly [what: string, resolution: Resolution, code: string]>([
    ['does not exist', { kind: 'none' }, 'no-address'],
    ['has no address', found(), 'no-address'],
    ['cannot be resolved', { kind: 'failed', why: 'the resolver says ESERVFAIL' }, 'dns'],
  ])('one that %s is a failure, not a refusal', async (_what, resolution, code) => {
    const result = await egressWith(names(resolution)).send(hook, receiver, never);
    expect(result).toMatchObject({ kind: 'failed', code, address: null });
    expect(listener.connections).toBe(0);
  });

  it('a slow resolver is given up, and told so', async () => {
    const told: boolean[] = [];
    const slow: NameResolver = {
      resolve: (_name, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            told.push(true);
            resolve({ kind: 'failed', why: 'it was given up' });
          });
        }),
    };
    const result = await egressWith(slow, { bounds: { dnsMs: 20 } }).send(hook, receiver, never);
    expect(result).toMatchObject({ kind: 'failed', code: 'dns-timeout' });
    expect(told).toEqual([true]);
  });

  it('of ten addresses three are tried, in turn, until one takes the connection', async () => {
    const ten = Array.from({ length: 10 }, (_, index) => `93.184.216.${34 + index}`);
    const dead = await Listener.raw(() => undefined);
    const { port } = dead;
    await dead[Symbol.asyncDispose]();
    const dialled: string[] = [];
    const dying =
      (living: number): Dial =>
      (address, to) => {
        dialled.push(address);
        return dialled.length < living ? connect({ host: '127.0.0.1', port }) : world.dial(address, to);
      };
    const send = (living: number) =>
      egressWith(names(found(...ten)), { dial: dying(living) }).send(hook, receiver, never);
    expect(await send(3)).toMatchObject({ kind: 'answered', address: ten[2] });
    expect(dialled).toEqual(ten.slice(0, 3));
    dialled.length = 0;
    expect(await send(4)).toMatchObject({ kind: 'failed', code: 'connect', address: null });
    expect(dialled).toEqual(ten.slice(0, 3));
  });

  it('no further address is dialled once it was given up', async () => {
    const stop = new AbortController();
    const dialled: string[] = [];
    const dial: Dial = (address) => {
      dialled.push(address);
      stop.abort();
      return new Socket();
    };
    const two = egressWith(names(found(publicAddress, '93.184.216.35')), { dial });
    expect(await two.send(hook, receiver, stop.signal)).toMatchObject({ kind: 'failed', code: 'cancelled' });
    expect(dialled).toEqual([publicAddress]);
  });

  it('an address that does not answer at all costs the time of one, and the next is tried', async () => {
    // A connection that is never begun has nobody at its other end.
    const dial: Dial = (address, port) => (address === publicAddress ? new Socket() : world.dial(address, port));
    const egress = egressWith(names(found(publicAddress, '93.184.216.35')), { dial, bounds: { connectMs: 30 } });
    expect(await egress.send(hook, receiver, never)).toMatchObject({ kind: 'answered', address: '93.184.216.35' });
    const alone = egressWith(names(found(publicAddress)), { dial, bounds: { connectMs: 30 } });
    expect(await alone.send(hook, receiver, never)).toMatchObject({ kind: 'failed', code: 'connect-timeout' });
  });
});

describe('what must not be used by accident', () => {
  it('proxies of the environment are passed by', async () => {
    const proxy = await Listener.http((_request, response) => response.end('from the proxy'));
    const variables = ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'all_proxy'];
    const env = Object.fromEntries(variables.map((name) => [name, `http://127.0.0.1:${proxy.port}`]));
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    vi.stubEnv('NODE_USE_ENV_PROXY', '1');
    const restore = http.setGlobalProxyFromEnv(env);
    try {
      // That the proxy would be used: plainly asked, Node goes to it.
      const plain = await new Promise<number>((resolve) => {
        http.get('http://hook.test/', (response) =>
          response.resume().on('end', () => resolve(response.statusCode ?? 0)),
        );
      });
      expect([plain, proxy.connections]).toEqual([200, 1]);
      expect(await egressWith(names(found(publicAddress))).send(hook, receiver, never)).toMatchObject({ excerpt: '' });
      expect([proxy.connections, listener.connections]).toEqual([1, 1]);
    } finally {
      restore();
      vi.unstubAllEnvs();
      await proxy[Symbol.asyncDispose]();
    }
  });

  it('a connection is used once, even where the receiver would keep it', async () => {
    const egress = egressWith(names(found(publicAddress)));
    for (let attempt = 1; attempt <= 3; attempt++) await egress.send(hook, receiver, never);
    expect(listener.connections).toBe(3);
    await vi.waitFor(() => expect(listener.open).toBe(0));
  });

  it("without knowing where the product's own addresses are, nothing is sent", async () => {
    const own = readEgressRules({ own: ['store.example:8123'], ports: [], headers: [], loopback: 'refused' });
    const lookups = ownLookups([], {});
    const egress = createEgress(own, { resolver: names(found(publicAddress)), dial: world.dial, ownLookups: lookups });
    expect(await egress.send(hook, receiver, never)).toMatchObject({ kind: 'failed', code: 'own-unknown' });
    expect(world.dialled).toEqual([]);
  });
});

describe('asking without sending', () => {
  it('says where a request would go, and dials nobody', async () => {
    const egress = egressWith(names(found('10.20.1.2', publicAddress)));
    expect(await egress.check('http://hook.test/', receiver, never)).toEqual({
      kind: 'reachable',
      addresses: ['10.20.1.2', publicAddress],
    });
    expect(world.dialled).toEqual([]);
    expect(await egress.check('http://hook.test/', receiver, AbortSignal.abort())).toMatchObject({ code: 'cancelled' });
  });
});
