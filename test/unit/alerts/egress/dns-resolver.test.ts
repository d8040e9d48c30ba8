import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseAddress } from '../../../../alerts/egress/address.ts';
import { DnsResolver } from '../../../../alerts/egress/resolver.ts';
import { never } from './network.ts';

/** What the server says of one name: addresses, a code of failure (3: no such name), or nothing at all. */
type Zone = Readonly<Record<string, readonly string[] | number | 'silent'>>;

/** A name server over UDP (RFC 1035): one question, its answers. */
class NameServer {
  readonly questions: string[] = [];
  zone: Zone = {};
  readonly #socket: Socket = createSocket('udp4');

  async start(): Promise<string> {
    this.#socket.on('message', (message, from) => this.#answer(message, from));
    this.#socket.bind(0, '127.0.0.1');
    await once(this.#socket, 'listening');
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  async stop(): Promise<void> {
    this.#socket.close();
    await once(this.#socket, 'close');
  }

  #answer(message: Buffer, from: RemoteInfo): void {
    const { name, end } = nameAt(message, 12);
    const type = message.readUInt16BE(end);
    this.questions.push(`${name} ${type === 1 ? 'A' : 'AAAA'}`);
    const said = this.zone[`${name} ${type === 1 ? 'A' : 'AAAA'}`] ?? this.zone[name] ?? 3;
    if (said === 'silent') return;
    const code = typeof said === 'number' ? said : 0;
    const records = (typeof said === 'number' ? [] : said).flatMap((text) => record(text, type));
    const header = Buffer.alloc(12);
    message.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8180 | code, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    const question = message.subarray(12, end + 4);
    this.#socket.send(Buffer.concat([header, question, ...records]), from.port, from.address);
  }
}

function nameAt(message: Buffer, start: number): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.subarray(at + 1, at + 1 + length).toString());
    at += length + 1;
  }
  return { name: labels.join('.'), end: at + 1 };
}

/** An answer record that points to the question's name; of the other family: none. */
function record(text: string, type: number): Buffer[] {
  const address = parseAddress(text);
  if (address === null || (address.family === 4) !== (type === 1)) return [];
  const hex = address.bits.toString(16).padStart(address.family === 4 ? 8 : 32, '0');
  const data = Buffer.from(hex, 'hex');
  const head = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 0, 0, data.length]);
  return [Buffer.concat([head, data])];
}

describe('names by DNS', () => {
  let server: NameServer;
  let resolver: DnsResolver;

  beforeEach(async () => {
    server = new NameServer();
    resolver = new DnsResolver([await server.start()]);
  });
  afterEach(() => server.stop());

  it('gives every address of both families, and asks once for each', async () => {
    const ten = Array.from({ length: 10 }, (_, index) => `93.184.216.${34 + index}`);
    server.zone = { 'hook.test': [...ten, '2606:4700::1111', '::1'] };
    const found = await resolver.resolve('hook.test', never);
    if (found.kind !== 'addresses') expect.fail(found.kind);
    expect([...found.addresses].sort()).toEqual([...ten, '2606:4700::1111', '::1'].sort());
    expect(server.questions.sort()).toEqual(['hook.test A', 'hook.test AAAA']);
  });

  it('forbidden ones as well: what to think of them is decided elsewhere', async () => {
    server.zone = { 'rebound.test': ['127.0.0.1', '169.254.169.254', '::1'] };
    expect(await resolver.resolve('rebound.test', never)).toMatchObject({
      kind: 'addresses',
      addresses: expect.arrayContaining(['127.0.0.1', '169.254.169.254', '::1']),
    });
  });

  it.each([
    ['there is no such name', {}],
    ['it has no address', { 'hook.test': [] }],
  ])('none: %s', async (_why, zone) => {
    server.zone = zone;
    expect(await resolver.resolve('hook.test', never)).toEqual({ kind: 'none' });
  });

  it.each([
    ['failed', 2],
    ['refused', 5],
  ])('the server %s', async (_why, code) => {
    server.zone = { 'hook.test': code };
    expect(await resolver.resolve('hook.test', never)).toMatchObject({ kind: 'failed' });
  });

  it('one family suffices where the other cannot be asked for', async () => {
    server.zone = { 'hook.test A': ['93.184.216.34'], 'hook.test AAAA': 2 };
    expect(await resolver.resolve('hook.test', never)).toEqual({ kind: 'addresses', addresses: ['93.184.216.34'] });
  });

  it('neither /etc/hosts nor a search list has a say', async () => {
    expect(await resolver.resolve('localhost', never)).toEqual({ kind: 'none' });
    expect(server.questions.sort()).toEqual(['localhost A', 'localhost AAAA']);
  });

  it('a server that says nothing is left when time is over', async () => {
    server.zone = { 'hook.test': 'silent' };
    const stop = new AbortController();
    const asked = resolver.resolve('hook.test', stop.signal);
    await vi.waitFor(() => expect(server.questions.length).toBeGreaterThanOrEqual(2));
    stop.abort();
    // At once, and not when the resolver itself has had enough of it.
    expect(await asked).toEqual({ kind: 'failed', why: 'the resolver says ECANCELLED' });
    expect(await resolver.resolve('hook.test', stop.signal)).toMatchObject({ kind: 'failed' });
  });
});
