import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { FourninesError } from '../../core/runtime/error.ts';
import { openAddon } from '../../native/addon.ts';
import type { NativeFacade, TelemetryConnection, TelemetryReply } from '../../native/facade.ts';
import { describeBuilt } from './built.ts';
import { type Behaviour, PeerFolder, type ScriptedPeer } from './telemetry-peer.ts';

const patient = { replyDeadlineMs: 10_000 };
/** Long enough for an answer that is there, short enough to wait for one that is not. */
const hasty = { replyDeadlineMs: 60 };

describeBuilt('telemetry client', () => {
  let folder: PeerFolder;
  let facade: NativeFacade;
  beforeAll(() => {
    folder = new PeerFolder();
  });
  afterAll(() => folder[Symbol.dispose]());
  beforeEach(() => {
    facade = openAddon();
  });
  afterEach(() => facade.close());

  const start = async (behaviour: Behaviour, path?: string): Promise<ScriptedPeer> => {
    const peer = await folder.start(behaviour, path);
    onTestFinished(() => peer[Symbol.asyncDispose]());
    return peer;
  };
  const connect = async (path: string, deadlineMs = 10_000): Promise<TelemetryConnection> => {
    const connection = await facade.openTelemetry(path, { deadlineMs });
    if (connection === null) throw new Error('this form cannot');
    return connection;
  };
  /** Asks one command of a peer that answers with these datagrams. */
  const ask = async (command: string, ...datagrams: string[]): Promise<TelemetryReply & { late: number }> => {
    const peer = await start({ answer: () => datagrams });
    const connection = await connect(peer.path);
    const { replies, late } = await connection.round([command], patient);
    await connection.close();
    return { ...(replies[0] as TelemetryReply), late };
  };

  describe('open', () => {
    it('reads the handshake before anything is sent', async () => {
      const peer = await start({});
      const { version, pid, maxOutputLen } = await connect(peer.path);
      expect([version, pid, maxOutputLen]).toEqual(['DPDK 99.01.0', 4711, 16_384]);
      expect(peer.commands).toEqual([]);
    });

    it('is refused with errno where no socket is, where nobody listens, and where it is no socket of this kind', async () => {
      const missing = await rejected(connect(folder.freshPath()));
      expect([missing.code, missing.context['errno']]).toEqual(['FN_TELEMETRY_REFUSED', 2]);
      const peer = await folder.start();
      await peer[Symbol.asyncDispose]();
      const stale = await rejected(connect(peer.path));
      expect([stale.code, stale.context['errno']]).toEqual(['FN_TELEMETRY_REFUSED', 111]);
      const file = folder.freshPath();
      writeFileSync(file, '');
      expect((await rejected(connect(file))).code).toBe('FN_TELEMETRY_REFUSED');
      const stream = createServer();
      const path = folder.freshPath();
      await new Promise<void>((resolve) => stream.listen(path, resolve));
      // EPROTOTYPE
      expect((await rejected(connect(path))).context['errno']).toBe(91);
      await new Promise((resolve) => stream.close(resolve));
    });

    it('is refused by the end instead of a handshake: ten clients already', async () => {
      const peer = await start({ handshake: null });
      const opening = rejected(connect(peer.path));
      await peer.until(() => peer.clients === 1, 'the client is there');
      peer.shut(0);
      const error = await opening;
      expect([error.code, error.context['errno']]).toEqual(['FN_TELEMETRY_REFUSED', 0]);
    });

    const handshakes = [
      ['no JSON', 'hello'],
      ['cut off', '{"version":"DPDK 22.11.0","pid":1,"max_out'],
      ['without pid', '{"version":"DPDK 22.11.0","max_output_len":16384}'],
      ['a pid that no process has', '{"version":"DPDK","pid":0,"max_output_len":16384}'],
      ['replies of a gigabyte', '{"version":"DPDK","pid":1,"max_output_len":1073741824}'],
      ['longer than handshakes are', `{"version":"${'x'.repeat(5000)}","pid":1,"max_output_len":16384}`],
    ] as const;
    it.each(handshakes)('says FN_TELEMETRY_HANDSHAKE for one with %s', async (_, handshake) => {
      const peer = await start({ handshake });
      expect((await rejected(connect(peer.path))).code).toBe('FN_TELEMETRY_HANDSHAKE');
    });

    it('gives up on a silent peer at the deadline, but keeps the socket until the handshake has come', async () => {
      const peer = await start({ handshake: null });
      const error = await rejected(connect(peer.path, 60));
      expect([error.code, error.context['errno']]).toEqual(['FN_TELEMETRY_HANDSHAKE', 110]);
      peer.say(0, '{"version":"late"}');
      await peer.until(() => peer.ended + peer.early === 1, 'the socket is closed');
      expect(peer.early).toBe(0);
    });

    it('reaches a new process behind the same path', async () => {
      const path = folder.freshPath();
      const first = await folder.start({}, path);
      const old = await connect(path);
      first.signal('SIGKILL');
      await first[Symbol.asyncDispose]();
      expect((await rejected(old.round(['/a'], patient))).code).toBe('FN_TELEMETRY_GONE');
      await start({ handshake: '{"version":"DPDK 99","pid":4712,"max_output_len":16384}' }, path);
      expect((await connect(path)).pid).toBe(4712);
    });

    it('takes 32 connections and says so of one more', async () => {
      const peer = await start({});
      const connections: TelemetryConnection[] = [];
      for (let i = 0; i < 32; i++) connections.push(await connect(peer.path));
      const error = await rejected(connect(peer.path));
      expect([error.code, error.context['errno']]).toEqual(['FN_TELEMETRY_REFUSED', 24]);
      await Promise.all(connections.map((connection) => connection.close()));
    });
  });

  describe('replies', () => {
    it('reads a flat object of unsigned integers to the last unit of 64 bits, duplicates in order', async () => {
      const { status, names, values, text } = await ask(
        '/x,1',
        '{"/x":{"a":0,"b":9007199254740993,"c":18446744073709551615,"a":7,"\\u00e9\\"\\\\":1}}',
      );
      expect([status, names, text]).toEqual(['ok', ['a', 'b', 'c', 'a', 'é"\\'], null]);
      expect([...(values ?? [])]).toEqual([0n, 9_007_199_254_740_993n, 18_446_744_073_709_551_615n, 7n, 1n]);
    });

    const texts = [
      ['a number that 64 bits do not hold', '{"a":18446744073709551616}'],
      ['a negative number', '{"a":1,"b":-1}'],
      ['a fraction', '{"a":1.5}'],
      ['an exponent', '{"a":1e3}'],
      ['text in it', '{"name":"0000:01:00.0","mtu":1500}'],
      ['an array in it', '{"q":[1,2],"n":3}'],
      ['a null in it', '{"a":null}'],
      ['a name with NUL', '{"a\\u0000b":1}'],
      ['half a surrogate pair as name', '{"\\ud800":1}'],
    ] as const;
    it.each(texts)('gives an object with %s verbatim', async (_, value) => {
      const { status, names, values, text } = await ask('/x', `{"/x":${value}}`);
      expect([status, names, values, text]).toEqual(['ok', null, null, value]);
    });

    it.each(['[]', '[0,1]', '"text"', 'true', '12', ' { "a" : [ 1 , { } ] } '])('gives %s verbatim', async (value) => {
      expect(await ask('/x', `{"/x":${value}}\n`)).toMatchObject({ status: 'ok', text: value.trim() });
    });

    it('takes an empty object for no counters, and null for absent', async () => {
      expect(await ask('/x', ' { "/x" : { } } ')).toMatchObject({ status: 'ok', names: [], text: null });
      expect(await ask('/x,9', '{"/x":null}')).toMatchObject({
        status: 'absent',
        names: null,
        values: null,
        text: null,
      });
    });

    const damages = [
      ['a datagram cut off', '{"/x":{"a":1,"b"'],
      ['no JSON', 'no'],
      ['a trailing comma', '{"/x":{"a":1,}}'],
      ['a number with a leading zero', '{"/x":{"a":01}}'],
      ['a raw control character', '{"/x":{"a\nb":1}}'],
      ['text that is not UTF-8', Buffer.from('{"/x":{"\xff":1}}', 'latin1').toString('latin1')],
      ['two keys', '{"/x":1,"/y":2}'],
      ['something behind it', '{"/x":{"a":1}}x'],
      ['brackets without end', `{"/x":${'['.repeat(8000)}`],
      ['more bytes than announced', `{"/x":"${'y'.repeat(18_000)}"}`],
    ] as const;
    it.each(damages)('says damaged for %s', async (_, datagram) => {
      const peer = await start({});
      const connection = await connect(peer.path);
      const asked = connection.round(['/x'], patient);
      await peer.until(() => peer.commands.length === 1, 'the command came');
      peer.say(0, Buffer.from(datagram, 'latin1'));
      const [reply] = (await asked).replies;
      expect([reply?.status, reply?.names, reply?.values, reply?.text]).toEqual(['damaged', null, null, null]);
      expect((reply?.spanNs ?? 0n) > 0n).toBe(true);
    });

    it('agrees with JSON.parse about what is JSON, and about every number', async () => {
      const peer = await start({});
      const connection = await connect(peer.path);
      const random = aRandom(4711);
      for (let i = 0; i < 600; i++) {
        const value = damaged('{"k":0,"m":18446744073709551615,"w\\u0041\\n":12}', random);
        const asked = connection.round(['/x'], patient);
        await peer.until(() => peer.commands.length === i + 1, 'the command came');
        peer.say(0, `{"/x":${value}}`);
        const [reply] = (await asked).replies;
        expect([value, toldOf(reply)]).toEqual([value, expectedOf(value)]);
      }
    });

    it('reads 16 KiB in one reply, and gives equal names as the same array', async () => {
      const names = Array.from({ length: 700 }, (_, i) => `rx_q${i}_packets`);
      const value = JSON.stringify(Object.fromEntries(names.map((name, i) => [name, i])));
      expect(value.length).toBeGreaterThan(14_000);
      const peer = await start({ answer: (command) => [`{"${command.split(',')[0]}":${value}}`] });
      const connection = await connect(peer.path);
      const [first, second] = (await connection.round(['/x,0', '/x,1'], patient)).replies;
      const [third] = (await connection.round(['/y'], patient)).replies;
      expect(first?.names).toEqual(names);
      expect(second?.names).toBe(first?.names);
      expect(third?.names).toBe(first?.names);
      expect([...(third?.values ?? [])]).toEqual(names.map((_, i) => BigInt(i)));
    });

    it('keeps names right when they change more often than it remembers', async () => {
      let made = 0;
      const peer = await start({ answer: () => [`{"/x":{"n${made}":${made++}}}`] });
      const connection = await connect(peer.path);
      for (let round = 0; round < 8; round++) {
        const { replies } = await connection.round(new Array(100).fill('/x'), patient);
        for (const [i, { names, values }] of replies.entries()) {
          const expected = round * 100 + i;
          expect([names, values?.[0]]).toEqual([[`n${expected}`], BigInt(expected)]);
        }
      }
    });

    it('stamps replies in order, between two looks at the clocks', async () => {
      const [beforeWallNs, beforeMonoNs] = facade.clocks();
      const peer = await start({ answer: (command) => [`{"${command}":1}`] });
      const { replies } = await (await connect(peer.path)).round(['/a', '/b'], patient);
      const [afterWallNs, afterMonoNs] = facade.clocks();
      const [a, b] = replies as [TelemetryReply, TelemetryReply];
      expect(beforeMonoNs < a.monoNs && a.monoNs < b.monoNs && b.monoNs < afterMonoNs).toBe(true);
      expect(beforeWallNs < a.wallNs && a.wallNs < b.wallNs && b.wallNs < afterWallNs).toBe(true);
      expect(a.monoNs + a.spanNs / 2n <= b.monoNs - b.spanNs / 2n + 1n).toBe(true);
    });
  });

  it('sends nothing for an empty round, and takes the next at once, however soon it is done', async () => {
    const peer = await start({});
    const connection = await connect(peer.path);
    for (let i = 0; i < 2000; i++) expect(await connection.round([], hasty)).toEqual({ replies: [], late: 0 });
    expect(peer.commands).toEqual([]);
  });

  it('asks two processes at once, each on its own thread', async () => {
    const silent = await start({});
    const quick = await start({ answer: (command) => [`{"${command}":2}`] });
    const waiting = (await connect(silent.path)).round(['/a'], patient);
    const second = await connect(quick.path);
    for (let i = 0; i < 20; i++) expect((await second.round(['/b'], patient)).replies[0]?.text).toBe('2');
    silent.say(0, '{"/a":1}');
    expect((await waiting).replies[0]?.text).toBe('1');
  });
});

/** A small generator, the same numbers each time. */
function aRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

function damaged(text: string, random: (below: number) => number): string {
  const signs = '"\\{}[],:09-+.eEu n\ttruefalsenull';
  const bytes = [...text];
  for (let i = random(4); i > 0; i--) {
    bytes.splice(random(bytes.length), random(2), ...(random(3) === 0 ? [] : [signs[random(signs.length)] ?? '']));
  }
  return bytes.join('');
}

/** Status and content of a reply, comparable with `expectedOf`. */
function toldOf(reply: TelemetryReply | undefined): unknown {
  if (reply?.names === null || reply === undefined) return [reply?.status, reply?.text];
  return reply.names.map((name, i) => [name, reply.values?.[i]]);
}

/** The same by JSON.parse, whose reviver sees each number as it was written. */
function expectedOf(value: string): unknown {
  const visits: [string, string][] = [];
  let parsed: unknown;
  try {
    parsed = JSON.parse(value, function (this: unknown, key, one: unknown, context?: { source?: string }) {
      visits.push([key, context?.source ?? '']);
      return one;
    });
  } catch {
    return ['damaged', null];
  }
  // The last visit is to the value itself.
  const members = visits.slice(0, -1);
  if (parsed === null) return ['absent', null];
  const isFlat = members.every(([, source]) => /^\d+$/.test(source) && BigInt(source) < 2n ** 64n);
  if (typeof parsed !== 'object' || Array.isArray(parsed) || !isFlat) return ['ok', value.trim()];
  return members.map(([key, source]) => [key, BigInt(source)]);
}

async function rejected(promise: Promise<unknown>): Promise<FourninesError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof FourninesError) return error;
    throw error;
  }
  throw new Error('nothing was rejected');
}
