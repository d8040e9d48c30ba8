import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { addonFile, type Binding, loadBinding } from '../../native/addon.ts';
import { openNative } from '../../native/open.ts';
import { describeBuilt } from './built.ts';

const addonModule = fileURLToPath(new URL('../../native/addon.ts', import.meta.url));

describeBuilt('binding', () => {
  const room = new BigUint64Array(64);
  const handle = () => loadBinding().open();
  const detached = () => {
    const array = new Uint32Array(2);
    structuredClone(array.buffer, { transfer: [array.buffer] });
    return array;
  };
  const small = [new Uint32Array([1, 1]), new Int32Array(2), new Uint32Array(2), new BigUint64Array(8)] as const;
  const misuses: readonly (readonly [string, keyof Omit<Binding, 'version'>, () => readonly unknown[]])[] = [
    ['no arguments', 'readThreads', () => []],
    ['a number for an array', 'readThreads', () => [7, room]],
    ['a DataView for an array', 'readThreads', () => [new DataView(new ArrayBuffer(8)), room]],
    ['bytes for numbers', 'readThreads', () => [new Uint8Array(8), room]],
    ['signed for unsigned', 'readThreads', () => [new Uint32Array(2), new BigInt64Array(7)]],
    ['an odd length', 'readThreads', () => [new Uint32Array(1), room]],
    ['too little room', 'readThreads', () => [new Uint32Array(2), new BigUint64Array(6)]],
    ['too many threads', 'readThreads', () => [new Uint32Array(2 * 4_194_305), room]],
    ['room for one clock', 'clocks', () => [new BigUint64Array(1)]],
    ['no handle', 'links', () => []],
    ['null for a handle', 'links', () => [null]],
    ['any object for a handle', 'links', () => [{}]],
    ['a heir of a handle', 'links', () => [Object.create(handle())]],
    ['a proxy of a handle', 'qdiscs', () => [new Proxy(handle(), {})]],
    ['any object for a handle', 'queues', () => [{}]],
    ['a function for a handle', 'close', () => [() => 0]],
    ['a NIC that is no string', 'ethtoolNames', () => [handle(), 7]],
    ['a NIC too long', 'ethtoolDriver', () => [handle(), 'x'.repeat(16)]],
    ['a string of megabytes', 'ethtoolNames', () => [handle(), 'x'.repeat(5_000_000)]],
    ['fewer names than counts', 'ethtoolCounters', () => [handle(), 'lo\0', ...small]],
    ['names without end', 'ethtoolCounters', () => [handle(), 'lo', ...small]],
    [
      'less room than counts',
      'ethtoolCounters',
      () => [handle(), 'lo\0lo\0', new Uint32Array([9, 1]), ...small.slice(1)],
    ],
    ['a CPU beyond the mask', 'setAffinity', () => [new Uint32Array([65_536])]],
    ['numbers for CPUs', 'setAffinity', () => [[0]]],
    ['a path too long', 'telemetryOpen', () => ['x'.repeat(108), 1]],
    ['no deadline', 'telemetryOpen', () => ['/a']],
    ['a deadline that is no number', 'telemetryOpen', () => ['/a', Number.NaN]],
    ['another kind of handle', 'telemetryAsk', () => [handle(), '/a\0', 1, new Uint32Array(0), 0]],
    ['no handle', 'telemetryNext', () => []],
    ['any object for a handle', 'telemetryStop', () => [{}]],
    ['any object for a handle', 'telemetryClose', () => [{}, 1]],
  ];
  it.each(misuses)('throws TypeError for %s (%s)', (_, name, args) => {
    const call = loadBinding()[name] as (...args: readonly unknown[]) => unknown;
    expect(() => call(...args())).toThrow(TypeError);
  });

  it('takes a detached array for an empty one', () => {
    expect(() => loadBinding().readThreads(detached(), room)).not.toThrow();
  });

  it('writes nothing out of bounds when out is the memory of threads', () => {
    const memory = new ArrayBuffer(64);
    loadBinding().readThreads(new Uint32Array(memory, 0, 2), new BigUint64Array(memory));
    expect(new BigUint64Array(memory)[0]).toBe(1n);
  });

  it('loads twice in one process, and no load takes the handles of the other', () => {
    const folder = mkdtempSync(join(tmpdir(), 'fn-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const copy = join(folder, 'copy.node');
    copyFileSync(addonFile, copy);
    // The same file again under a fresh module object, and the same code from another file.
    const again: { exports: Partial<Binding> } = { exports: {} };
    process.dlopen(again as unknown as NodeJS.Module, addonFile);
    const [first, second, third] = [loadBinding(), again.exports as Binding, loadBinding(copy)];
    for (const [one, other] of [
      [first, second],
      [second, first],
      [first, third],
      [third, first],
    ] as const) {
      const opened = one.open();
      expect(one.links(opened).fields.length).toBeGreaterThan(0);
      expect(() => other.links(opened)).toThrow(TypeError);
      one.close(opened);
    }
  });

  const program = (body: string) =>
    spawnSync(
      process.execPath,
      [
        '--expose-gc',
        '--input-type=module',
        '-e',
        `
      import { readdirSync } from 'node:fs';
      import { Worker } from 'node:worker_threads';
      import { openAddon } from ${JSON.stringify(addonModule)};
      const sockets = () => readdirSync('/proc/self/fd').length;
      const until = async (condition) => {
        for (const deadline = Date.now() + 10_000; !condition() && Date.now() < deadline; ) await new Promise(setImmediate);
        if (!condition()) throw new Error('not in time');
      };
      const use = (facade) => { facade.links(); facade.queues(); facade.ethtoolNames('lo'); return facade; };
      ${body}
      process.stdout.write('end');
    `,
      ],
      { encoding: 'utf8', timeout: 60_000 },
    );
  const programs: readonly (readonly [string, string])[] = [
    [
      'closes what the garbage collector takes',
      `
      use(openAddon()).close();
      const before = sockets();
      (() => { for (let i = 0; i < 50; i++) use(openAddon()); })();
      if (sockets() < before + 100) throw new Error('sockets are not open');
      await until(() => { gc(); return sockets() <= before; });`,
    ],
    ['exits with handles open', `globalThis.kept = [use(openAddon()), use(openAddon())];`],
    [
      'works in worker threads, which close at their end what they left open',
      `
      const source = \`
        const { parentPort } = require('node:worker_threads');
        import(${JSON.stringify(addonModule)}).then(({ openAddon }) => {
          globalThis.kept = openAddon();
          globalThis.kept.ethtoolNames('lo');
          parentPort.postMessage(globalThis.kept.links().links.length);
        });\`;
      const here = use(openAddon());
      const round = () => Promise.all(Array.from({ length: 4 }, () => new Promise((resolve, reject) => {
        const worker = new Worker(source, { eval: true, execArgv: [] });
        let count = 0;
        worker.on('message', (links) => { count = links; });
        worker.on('error', reject);
        worker.on('exit', () => resolve(count));
      })));
      await round();
      const before = sockets();
      const counts = await round();
      if (counts.some((count) => count !== here.links().links.length)) throw new Error(String(counts));
      await until(() => sockets() <= before);`,
    ],
    [
      'ends a worker thread in the middle of its work',
      `
      const source = \`import(${JSON.stringify(addonModule)}).then(({ openAddon }) => {
        const facade = openAddon();
        require('node:worker_threads').parentPort.postMessage('at work');
        for (;;) facade.links();
      });\`;
      const worker = new Worker(source, { eval: true, execArgv: [] });
      await new Promise((resolve) => worker.once('message', resolve));
      await worker.terminate();`,
    ],
  ];
  it.each(programs)('%s', (_, body) => {
    const { status, stdout, stderr } = program(body);
    expect([status, stdout, stderr]).toEqual([0, 'end', '']);
  });

  it('says why it is missing, and gives the TypeScript form', () => {
    const folder = mkdtempSync(join(tmpdir(), 'fn-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'fournines.node');
    const notBuilt = openNative(file);
    expect([notBuilt.facade.form, notBuilt.missing?.code]).toEqual(['typescript', 'FN_NATIVE_MISSING']);
    expect(notBuilt.missing?.message).toBe('the native addon is not built');
    writeFileSync(file, 'no library');
    expect(openNative(file).missing?.message).toBe('the native addon cannot be loaded');
    expect([openNative().facade.form, openNative().missing]).toEqual(['addon', null]);
  });
});
