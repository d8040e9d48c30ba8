import { createServer as createTlsServer } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createEgress, type Egress, type EgressBounds } from '../../../../alerts/egress/egress.ts';
import { type ReceiverRules, readEgressRules, readReceiverRules } from '../../../../alerts/egress/rules.ts';
import { Authority } from './certificates.ts';
import { found, Listener, never, noOwn, post, ScriptedNames, WholeWorld } from './network.ts';
import { publicAddress } from './ssrf-targets.ts';

describe('TLS', () => {
  let authority: Authority;
  let other: Authority;
  let trusting: ReceiverRules;
  let listener: Listener;
  const closed = { privateRanges: [], http: 'refused' } as const;

  beforeAll(() => {
    authority = new Authority();
    other = new Authority();
    trusting = readReceiverRules({ ...closed, ca: authority.pem });
  });
  afterAll(() => {
    authority[Symbol.dispose]();
    other[Symbol.dispose]();
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await listener[Symbol.asyncDispose]();
  });

  function egressTo(to: Listener, bounds: Partial<EgressBounds> = {}): Egress {
    const rules = readEgressRules({ own: [], ports: [], headers: [], loopback: 'refused' });
    const resolver = new ScriptedNames(new Map([['hook.test', [found(publicAddress)]]]));
    return createEgress(rules, { resolver, dial: new WholeWorld(to).dial, ownLookups: noOwn, bounds });
  }

  async function serve(hosts: readonly string[], by: Authority, days?: number): Promise<Listener> {
    return Listener.https(by.issue(hosts, days), (_request, response) => response.end('over TLS'));
  }

  it("a certificate of the receiver's own authority, for its name", async () => {
    listener = await serve(['hook.test'], authority);
    const result = await egressTo(listener).send(post('https://hook.test/'), trusting, never);
    expect(result).toMatchObject({ kind: 'answered', status: 200, excerpt: 'over TLS', address: publicAddress });
  });

  it('a certificate for the address, where the URL has one', async () => {
    listener = await serve([publicAddress], authority);
    const result = await egressTo(listener).send(post(`https://${publicAddress}/`), trusting, never);
    expect(result).toMatchObject({ kind: 'answered', status: 200 });
  });

  it.each([
    ['for another name', ['other.test'], 1, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['for the address it was reached at, not for its name', [publicAddress], 1, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['expired', ['hook.test'], -1, 'CERT_HAS_EXPIRED'],
  ] as const)('a certificate that is %s is refused', async (_why, hosts, days, told) => {
    listener = await serve(hosts, authority, days);
    const result = await egressTo(listener).send(post('https://hook.test/'), trusting, never);
    const why = `TLS with hook.test: ${told}`;
    expect(result).toMatchObject({ kind: 'failed', code: 'certificate', why, address: publicAddress });
  });

  it('one of another authority is refused, whatever the environment says', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    listener = await serve(['hook.test'], other);
    const egress = egressTo(listener);
    const refused = { code: 'certificate', why: expect.stringContaining('UNABLE_TO_VERIFY_LEAF_SIGNATURE') };
    expect(await egress.send(post('https://hook.test/'), trusting, never)).toMatchObject(refused);
    const usual = readReceiverRules({ ...closed, ca: null });
    expect(await egress.send(post('https://hook.test/'), usual, never)).toMatchObject(refused);
  });

  it('an own authority is the only one: it vouches for no other receiver', async () => {
    listener = await serve(['hook.test'], authority);
    const another = readReceiverRules({ ...closed, ca: other.pem });
    const result = await egressTo(listener).send(post('https://hook.test/'), another, never);
    expect(result).toMatchObject({ kind: 'failed', code: 'certificate' });
  });

  it('old versions are refused', async () => {
    const { cert, key } = authority.issue(['hook.test']);
    const options = { cert, key, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const;
    listener = await Listener.of(createTlsServer(options, (socket) => socket.end()));
    const result = await egressTo(listener).send(post('https://hook.test/'), trusting, never);
    expect(result).toMatchObject({ kind: 'failed', code: 'tls' });
  });

  it('a receiver that wants a certificate of ours', async () => {
    const { cert, key } = authority.issue(['hook.test']);
    const options = { cert, key, requestCert: true, rejectUnauthorized: true, ca: authority.pem };
    listener = await Listener.of(createTlsServer(options, (socket) => socket.end()));
    const result = await egressTo(listener).send(post('https://hook.test/'), trusting, never);
    expect(result).toMatchObject({ kind: 'failed', code: 'tls' });
  });

  it('plain HTTP behind an https URL', async () => {
    listener = await Listener.http((_request, response) => response.end());
    const result = await egressTo(listener).send(post('https://hook.test/'), trusting, never);
    expect(result).toMatchObject({ kind: 'failed', code: 'tls' });
  });

  it('nothing after the connection: the time for TLS ends it', async () => {
    listener = await Listener.raw((socket) => socket.resume());
    const result = await egressTo(listener, { tlsMs: 100 }).send(post('https://hook.test/'), trusting, never);
    expect(result).toMatchObject({ kind: 'failed', code: 'tls-timeout' });
    await vi.waitFor(() => expect(listener.open).toBe(0));
  });

  it('the name is told to the receiver (SNI), an address is not', async () => {
    const seen: unknown[] = [];
    const { cert, key } = authority.issue(['hook.test', publicAddress]);
    listener = await Listener.of(
      createTlsServer({ cert, key }, (socket) => {
        seen.push(socket.servername);
        socket.once('data', () => socket.end('HTTP/1.1 204 No\r\n\r\n'));
      }),
    );
    const egress = egressTo(listener);
    for (const host of ['hook.test', publicAddress]) {
      expect(await egress.send(post(`https://${host}/`), trusting, never)).toMatchObject({ status: 204 });
    }
    expect(seen).toEqual(['hook.test', false]);
  });
});
