import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { FourninesError } from '../../core/runtime/error.ts';
import { openAddon } from '../../native/addon.ts';
import type { NativeFacade, TelemetryConnection } from '../../native/facade.ts';
import { describeBuilt } from './built.ts';
import { type Behaviour, PeerFolder, type ScriptedPeer } from './telemetry-peer.ts';

const patient = { replyDeadlineMs: 10_000 };
/** Long enough for an answer that is there, short enough to wait for one that is not. */
const hasty = { replyDeadlineMs: 60 };
const addonModule = fileURLToPath(new URL('../../native/addon.ts', import.meta.url));

describeBuilt('telemetry client, faults', () => {
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

  const connected = async (
    behaviour: Behaviour,
  ): Promise<{ readonly peer: ScriptedPeer; readonly connection: TelemetryConnection }> => {
    const peer = await folder.start(behaviour);
    onTestFinished(() => peer[Symbol.asyncDispose]());
    const connection = await facade.openTelemetry(peer.path, { deadlineMs: 10_000 });
    if (connection === null) throw new Error('this form cannot');
    return { peer, connection };
  };
  const statusesOf = async (round: ReturnType<TelemetryConnection['round']>) =>
    (await round).replies.map(({ status }) => status);

  describe('answers and questions stay together', () => {
    it('discards an answer to another command and takes the right one behind it', async () => {
      const { connection } = await connected({
        answer: (command) => (command === '/b' ? ['{"/a":{"old":1}}', '{"/b":{"new":2}}'] : [`{"${command}":{"c":3}}`]),
      });
      const { replies, late } = await connection.round(['/b', '/c'], patient);
      expect([replies.map(({ names }) => names), late]).toEqual([[['new'], ['c']], 1]);
    });

    it('says damaged when only the answer to another command comes, and goes on with the next', async () => {
      const { connection } = await connected({
        answer: (command) => [command === '/b' ? '{"/a":{"x":1}}' : `{"${command}":{"c":3}}`],
      });
      const { replies, late } = await connection.round(['/b', '/c'], patient);
      expect([replies.map(({ status, names }) => [status, names]), late]).toEqual([
        [
          ['damaged', null],
          ['ok', ['c']],
        ],
        1,
      ]);
    });

    it('after a time-out sends no more, and the next round takes the late answer for late', async () => {
      const { peer, connection } = await connected({});
      expect(await statusesOf(connection.round(['/x,0', '/x,1', '/x,2'], hasty))).toEqual([
        'timeout',
        'unsent',
        'unsent',
      ]);
      expect(peer.commands).toEqual(['/x,0']);
      const next = connection.round(['/x,1'], patient);
      // The same key: only by number it is known for the old one.
      peer.say(0, '{"/x":{"port":0}}');
      await peer.until(() => peer.commands.length === 2, 'the next command came');
      peer.say(0, '{"/x":{"port":1}}');
      const { replies, late } = await next;
      expect([[...(replies[0]?.values ?? [])], late]).toEqual([[1n], 1]);
    });

    it('sends nothing while an answer is owed', async () => {
      const { peer, connection } = await connected({});
      await connection.round(['/x,0'], hasty);
      const { replies } = await connection.round(['/x,1', '/x,2'], hasty);
      expect(replies.map(({ status, wallNs, monoNs, spanNs }) => [status, wallNs, monoNs, spanNs])).toEqual(
        new Array(2).fill(['unsent', 0n, 0n, 0n]),
      );
      expect(peer.commands).toEqual(['/x,0']);
    });

    it('says how long it waited for an answer that did not come', async () => {
      const { connection } = await connected({});
      const [reply] = (await connection.round(['/x'], hasty)).replies;
      expect(Number(reply?.spanNs)).toBeGreaterThanOrEqual(hasty.replyDeadlineMs * 1e6);
    });
  });

  describe('a peer that goes', () => {
    it.each(['SIGKILL', 'SIGTERM'] as const)(
      'rejects a round whose peer ends by %s with a command under way',
      async (signal) => {
        const { peer, connection } = await connected({});
        const asked = rejected(connection.round(['/x', '/y'], patient));
        await peer.until(() => peer.commands.length === 1, 'the command came');
        peer.signal(signal);
        expect((await asked).code).toBe('FN_TELEMETRY_GONE');
        expect((await rejected(connection.round(['/x'], patient))).code).toBe('FN_TELEMETRY_GONE');
        await connection.close();
      },
    );

    it('rejects a round after the peer closed the connection between two rounds', async () => {
      const { peer, connection } = await connected({ answer: () => ['{"/x":1}'] });
      await connection.round(['/x'], patient);
      peer.shut(0);
      // It may take the command before it closes, but not answer it.
      expect((await rejected(connection.round(['/y'], patient))).code).toBe('FN_TELEMETRY_GONE');
    });

    it('rejects a round that finds the peer gone while it waits for an owed answer', async () => {
      const { peer, connection } = await connected({});
      await connection.round(['/x'], hasty);
      const next = rejected(connection.round(['/y'], patient));
      peer.signal('SIGKILL');
      expect((await next).code).toBe('FN_TELEMETRY_GONE');
    });
  });

  describe('close', () => {
    it('waits for an outstanding answer', async () => {
      const { peer, connection } = await connected({});
      const asked = connection.round(['/x', '/y'], patient);
      await peer.until(() => peer.commands.length === 1, 'the command came');
      const closing = connection.close(10_000);
      peer.say(0, '{"/x":{"a":1}}');
      expect(await statusesOf(asked)).toEqual(['ok', 'unsent']);
      await closing;
      await peer.until(() => peer.ended + peer.early === 1, 'the socket is closed');
      expect([peer.early, peer.commands]).toEqual([0, ['/x']]);
    });

    it('gives up after drainMs, but keeps the socket until the answer has come', async () => {
      const { peer, connection } = await connected({});
      const asked = connection.round(['/x'], patient);
      await peer.until(() => peer.commands.length === 1, 'the command came');
      await connection.close(30);
      expect(await statusesOf(asked)).toEqual(['timeout']);
      expect(peer.ended + peer.early).toBe(0);
      peer.say(0, '{"/x":{"a":1}}');
      await peer.until(() => peer.ended + peer.early === 1, 'the socket is closed');
      expect(peer.early).toBe(0);
    });

    it('of the facade closes its connections with the same care', async () => {
      const { peer, connection } = await connected({});
      const asked = connection.round(['/x'], patient);
      await peer.until(() => peer.commands.length === 1, 'the command came');
      facade.close();
      peer.say(0, '{"/x":1}');
      expect(await statusesOf(asked)).toEqual(['ok']);
      await peer.until(() => peer.ended + peer.early === 1, 'the socket is closed');
    });

    it('may come twice; rounds after it and two rounds at once are refused', async () => {
      const { connection } = await connected({});
      const first = connection.round(['/x'], hasty);
      expect((await rejected(connection.round(['/y'], hasty))).code).toBe('FN_INTERNAL');
      await first;
      await Promise.all([connection.close(20), connection.close(20)]);
      await connection.close(20);
      const error = await rejected(connection.round(['/x'], hasty));
      expect([error.code, error.context['errno']]).toEqual(['FN_NATIVE', 9]);
      const wrong = await rejected(Promise.resolve().then(() => connection.close(0)));
      expect(wrong.code).toBe('FN_INTERNAL');
    });

    const misuses = [
      ['a command without slash', ['x'], 50, undefined],
      ['an empty command', [''], 50, undefined],
      ['a command with NUL', ['/x\0'], 50, undefined],
      ['a command longer than the server reads', [`/${'x'.repeat(1023)}`], 50, undefined],
      ['more commands than a round may have', new Array(4097).fill('/x'), 50, undefined],
      ['no deadline', ['/x'], Number.NaN, undefined],
      ['a deadline of hours', ['/x'], 1e9, undefined],
      ['a CPU beyond every mask', ['/x'], 50, [65_536]],
    ] as const;
    it.each(misuses)('refuses %s', async (_, commands, replyDeadlineMs, cpus) => {
      const { peer, connection } = await connected({});
      const options = cpus === undefined ? { replyDeadlineMs } : { replyDeadlineMs, cpus };
      expect((await rejected(connection.round(commands, options))).code).toBe('FN_INTERNAL');
      expect(peer.commands).toEqual([]);
    });
  });

  it('works where the kernel refuses the place it is given', async () => {
    const { connection } = await connected({ answer: () => ['{"/x":1}'] });
    expect(await statusesOf(connection.round(['/x'], { ...patient, cpus: [65_535] }))).toEqual(['ok']);
    expect(await statusesOf(connection.round(['/x'], { ...patient, cpus: [...facade.affinity()] }))).toEqual(['ok']);
  });

  it('leaves no thread and no descriptor behind', async () => {
    const { peer } = await connected({ answer: (command) => [`{"${command}":1}`] });
    const held = () => readdirSync('/proc/self/fd').length + readdirSync('/proc/self/task').length;
    const before = held();
    for (let i = 0; i < 20; i++) {
      const connection = await facade.openTelemetry(peer.path, { deadlineMs: 10_000 });
      await connection?.round(['/x'], patient);
      await connection?.close();
    }
    const deadline = Date.now() + 10_000;
    while (held() > before && Date.now() < deadline) await new Promise(setImmediate);
    expect(held()).toBeLessThanOrEqual(before);
  });

  const program = (path: string, body: string) =>
    promisify(execFile)(
      process.execPath,
      [
        '--expose-gc',
        '--input-type=module',
        '-e',
        `
      import { readdirSync } from 'node:fs';
      import { Worker } from 'node:worker_threads';
      import { openAddon } from ${JSON.stringify(addonModule)};
      const path = ${JSON.stringify(path)};
      const threads = () => readdirSync('/proc/self/task').length;
      const connect = () => openAddon().openTelemetry(path, { deadlineMs: 5000 });
      const until = async (condition) => {
        for (const deadline = Date.now() + 10_000; !condition() && Date.now() < deadline; ) await new Promise(setImmediate);
        if (!condition()) throw new Error('not in time');
      };
      ${body}
      process.stdout.write('end');
    `,
      ],
      { timeout: 60_000 },
    );
  const work = `import(${JSON.stringify(addonModule)}).then(async ({ openAddon }) => {
    const { parentPort, workerData } = require('node:worker_threads');
    globalThis.kept = await openAddon().openTelemetry(workerData.path, { deadlineMs: 5000 });
    parentPort.postMessage('at work');
    for (;;) await globalThis.kept.round(workerData.commands, { replyDeadlineMs: 5000 });
  });`;
  const programs: readonly (readonly [string, string])[] = [
    ['exits with idle connections open', 'globalThis.kept = [await connect(), await connect()];'],
    [
      'answers a round that nobody awaits before it exits',
      `void (await connect()).round(['/x'], { replyDeadlineMs: 5000 });`,
    ],
    [
      'closes what the garbage collector takes',
      `
      await (await connect()).close();
      const before = threads();
      await (async () => { for (let i = 0; i < 10; i++) await (await connect()).round(['/x'], { replyDeadlineMs: 5000 }); })();
      await until(() => { gc(); return threads() <= before; });`,
    ],
    [
      'ends worker threads in the middle of their rounds',
      `
      const round = () => Promise.all(Array.from({ length: 4 }, async () => {
        const worker = new Worker(${JSON.stringify(work)}, { eval: true, execArgv: [], workerData: { path, commands: new Array(50).fill('/x') } });
        await new Promise((resolve, reject) => { worker.once('message', resolve); worker.once('error', reject); });
        await worker.terminate();
      }));
      await round();
      const before = threads();
      for (let i = 0; i < 5; i++) await round();
      await until(() => threads() <= before);`,
    ],
  ];
  it.each(programs)('%s, and takes every answer before', async (_, body) => {
    const peer = await folder.start({ answer: (command) => [`{"${command}":{"a":1}}`] });
    onTestFinished(() => peer[Symbol.asyncDispose]());
    // Not synchronously: the peer's answers come from this process. A status other than 0 rejects.
    const { stdout, stderr } = await program(peer.path, body);
    expect([stdout, stderr]).toEqual(['end', '']);
    await peer.until(() => peer.ended + peer.early === peer.clients, 'all are closed');
    expect(peer.early).toBe(0);
  });
});

async function rejected(promise: Promise<unknown>): Promise<FourninesError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof FourninesError) return error;
    throw error;
  }
  throw new Error('nothing was rejected');
}
