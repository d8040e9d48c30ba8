import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Accumulator } from '../../../../../collector/accumulator.ts';
import { portSlot, queueSlot, xstatSlot } from '../../../../../core/catalogue/kinds.ts';
import { DpdkBench, eventNames, nullDevice, portRow, rows, ScriptedProgram } from './scripted-dpdk.ts';

let bench: DpdkBench;
beforeEach(() => {
  bench = new DpdkBench();
});
afterEach(() => bench.close());

const port = 'tp:net_null0';

function grow(program: ScriptedProgram, packets: bigint): void {
  for (const [id, device] of program.devices) {
    program.devices.set(id, { ...device, stats: { ...device.stats, ipackets: packets } });
  }
}

describe('a program that goes', () => {
  it('costs the others nothing, and is unknown from there under a new pid', async () => {
    bench.process(4242, { startTicks: 1 });
    bench.process(4300);
    const program = await bench.program('tp', [nullDevice('net_null0', 5n)]);
    await bench.program('other', [nullDevice('net_null0', 5n)], { pid: 4300 });
    await bench.tick();
    await bench.tick();
    // It goes while it is being read, and another one is there at once.
    program.pid = 4250;
    bench.process(4250, { startTicks: 2 });
    const gone = await bench.tick();
    expect(portRow(gone, port)).toBeUndefined();
    expect(portRow(gone, 'other:net_null0')).toMatchObject({ state: 'observed' });
    expect(eventNames(gone)).toEqual(['port_gone', 'dpdk_process_gone']);
    expect(gone.facts.find(({ name }) => name === 'dpdk.tp.version')?.value).toBe('');
    grow(program, 900n);
    const back = await bench.tick();
    expect(eventNames(back)).toContain('dpdk_process_seen');
    expect(portRow(back, port)).toMatchObject({ slots: 2, state: 'unknown', packets: 900n, packetsInc: null });
    grow(program, 901n);
    expect(portRow(await bench.tick(), port)).toMatchObject({ slots: 1, state: 'observed', packetsInc: 1n });
  });

  it('is told before the source says that nothing is there', async () => {
    const program = await bench.program('tp', [nullDevice('net_null0', 5n)]);
    await bench.tick();
    program.isGone = true;
    // Told in a tick that the bus refused, it is told again.
    expect(eventNames(await bench.tick({ kept: false }))).toContain('dpdk_process_gone');
    expect(eventNames(await bench.tick())).toContain('dpdk_process_gone');
    await expect(bench.tick()).rejects.toMatchObject({ code: 'FN_SOURCE_ABSENT' });
  });
});

describe('no DPDK program', () => {
  it.each([
    ['no runtime folder', undefined],
    ['a file that was left behind', 'old'],
  ])('is no failure: %s', async (_, prefix) => {
    if (prefix !== undefined) await bench.socketFile(prefix);
    await expect(bench.tick()).rejects.toMatchObject({ code: 'FN_SOURCE_ABSENT' });
    const program = await bench.program('tp', [nullDevice('net_null0', 5n)]);
    for (let i = 0; i < 10; i++) await bench.tick().catch(() => undefined);
    expect(program.asked.length).toBeGreaterThan(0);
  });
});

describe('a socket that takes no connection', () => {
  it('is tried after 1, 2, 4 ... 60 s, and told once', async () => {
    const program = await bench.program('tp');
    // The end instead of a handshake: ten clients.
    program.refusesWith = 0;
    const told: string[] = [];
    const tries: number[] = [];
    for (let second = 0; second < 200; second++) {
      const before = program.attempts;
      told.push(...eventNames(await bench.tick()));
      if (program.attempts > before) tries.push(second);
    }
    expect(told).toEqual(['telemetry_refused']);
    expect(tries).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183]);
    program.refusesWith = undefined;
    for (let second = 0; second < 60; second++) await bench.tick();
    expect(program.asked.length).toBeGreaterThan(0);
  });

  it('is tried at once when something happens in its folder', async () => {
    await bench.source.start();
    const path = await bench.socketFile('tp');
    // A program elsewhere, so that there are ticks at all.
    await bench.program('other', [], { pid: 4300 });
    for (let second = 0; second < 65; second++) await bench.tick();
    const program = new ScriptedProgram();
    bench.dpdk.programs.set(path, program);
    let ticks = 0;
    await vi.waitFor(
      async () => {
        writeFileSync(join(dirname(path), `fbarray_${ticks++}`), '');
        await bench.tick();
        expect(program.attempts).toBeGreaterThan(0);
      },
      { timeout: 5000, interval: 100 },
    );
    // The next attempt was due after 60.
    expect(ticks).toBeLessThan(40);
  });

  it('is one of more than 32: the others are left out, and counted', async () => {
    for (let i = 0; i < 35; i++) await bench.program(`p${i}`, [], { pid: 5000 + i });
    const into = await bench.tick();
    expect(bench.dpdk.openMost).toBe(32);
    const [event] = [...into.rows].flatMap(([kind, found]) => (kind.name === 'event' ? found : []));
    expect(event).toMatchObject({ event: 'dpdk_processes_left_out', detail: '{"count":3}' });
    expect(eventNames(await bench.tick())).toEqual([]);
  });
});

describe('two programs of one prefix', () => {
  it('have names of their own, by number or by folder', async () => {
    await bench.close();
    bench = new DpdkBench({ runtimeDirs: ['run', 'run2'] });
    for (const [pid, runtimeDir, number] of [
      [1, 'run', 0],
      [2, 'run', 1],
      [3, 'run2', 0],
    ] as const) {
      bench.process(pid);
      await bench.program('rte', [nullDevice('net_null0', 5n)], { runtimeDir, number, pid });
    }
    await bench.tick();
    const ports = rows(await bench.tick(), portSlot).filter(({ direction }) => direction === 'rx');
    expect(ports.map(({ port: name }) => name)).toEqual([
      'rte:net_null0',
      'rte:1:net_null0',
      `rte@${bench.root}/run2:net_null0`,
    ]);
  });
});

describe('a reply', () => {
  it.each([
    ['damaged', 'stats'],
    ['damaged', 'xstats'],
    ['timeout', 'stats'],
    ['timeout', 'xstats'],
    ['absent', 'stats'],
    ['absent', 'xstats'],
  ] as const)(
    'that is %s costs the rows of /ethdev/%s alone, until the next one bridges them',
    async (status, what) => {
      const program = await bench.program('tp', [nullDevice('net_null0', 5n, { xstats: { rx_q0_packets: 1n } })]);
      await bench.tick();
      program.failures.set(`/ethdev/${what},0`, { status });
      grow(program, 6n);
      const into = await bench.tick();
      // After a time-out the rest of the round is not sent.
      const hasStats = what === 'xstats';
      expect(portRow(into, port) === undefined).toBe(!hasStats);
      if (what === 'xstats') expect(rows(into, queueSlot)).toEqual([]);
      program.failures.clear();
      grow(program, 8n);
      const after = await bench.tick();
      expect(portRow(after, port)).toMatchObject(
        hasStats ? { slots: 1, packetsInc: 2n, state: 'observed' } : { slots: 2, packetsInc: 3n, state: 'bridged' },
      );
      if (what === 'xstats') expect(rows(after, queueSlot)).toMatchObject([{ slots: 2, state: 'bridged' }]);
    },
  );

  it('that fails is told once, and that replies are good again after ten good ticks', async () => {
    const program = await bench.program('tp', [nullDevice('net_null0', 5n)]);
    await bench.tick();
    program.failures.set('/ethdev/stats,0', { status: 'damaged' });
    const failing = await bench.tick();
    const [event] = [...failing.rows].flatMap(([kind, found]) => (kind.name === 'event' ? found : []));
    expect(event).toMatchObject({
      event: 'telemetry_reply',
      object: 'tp',
      detail: JSON.stringify({
        code: 'FN_TELEMETRY_REPLY',
        command: '/ethdev/stats,0',
        status: 'damaged',
        failed: 1,
      }),
    });
    const told: string[] = [];
    // Good and bad by turns is one failure.
    for (let i = 0; i < 6; i++) {
      if (i % 2 === 0) program.failures.clear();
      else program.failures.set('/ethdev/stats,0', { status: 'damaged' });
      told.push(...eventNames(await bench.tick()));
    }
    program.failures.clear();
    for (let i = 0; i < 9; i++) told.push(...eventNames(await bench.tick()));
    expect(told).toEqual([]);
    expect(eventNames(await bench.tick({ kept: false }))).toEqual(['telemetry_recovered']);
    expect(eventNames(await bench.tick())).toEqual(['telemetry_recovered']);
    expect(eventNames(await bench.tick())).toEqual([]);
  });

  it.each(['"text"', '[]', '{"ipackets":-1}', '{"ipackets":1e3}', '18446744073709551616', '{"name":5}', ''])(
    'of another shape (%s) is none',
    async (text) => {
      const program = await bench.program('tp', [nullDevice('net_null0', 5n)]);
      await bench.tick();
      for (const command of ['/ethdev/stats,0', '/ethdev/xstats,0', '/ethdev/info,0', '/ethdev/list']) {
        program.failures.set(command, { status: 'ok', text });
      }
      if (text === '[]') program.failures.delete('/ethdev/list');
      const into = await bench.tick();
      expect(rows(into, portSlot)).toEqual([]);
      expect(eventNames(into)).toEqual(['telemetry_reply']);
      program.failures.clear();
      expect(portRow(await bench.tick(), port)).toMatchObject({ slots: 2, packetsInc: 0n });
    },
  );

  it('that never came for extended counters leaves the device its basic ones', async () => {
    const program = await bench.program('tp', [nullDevice('net_null0', 5n)]);
    program.failures.set('/ethdev/xstats,0', { status: 'damaged' });
    for (let i = 0; i < 3; i++) await bench.tick();
    grow(program, 9n);
    expect(portRow(await bench.tick(), port)).toMatchObject({ packetsInc: 4n });
  });
});

describe('replies that are anything at all', () => {
  it('never fail a tick, and never cost another program its rows', async () => {
    const odd = fc.oneof(
      fc.json({ maxDepth: 2 }),
      fc.string({ maxLength: 40 }),
      fc.constantFrom('{"name":"net_null9"}', '[0,1,99999]', '[0,0,7]', '["mb"]', '{"ipackets":18446744073709551615}'),
    );
    const commands = ['/', '/ethdev/list', '/ethdev/info,0', '/ethdev/info,7', '/ethdev/stats,0', '/ethdev/xstats,0'];
    const more = ['/mempool/list', '/mempool/info,mb', '/eal/lcore/usage'];
    const status = fc.constantFrom(
      'ok' as const,
      'ok' as const,
      'absent' as const,
      'damaged' as const,
      'timeout' as const,
    );
    const tick = fc.dictionary(fc.constantFrom(...commands, ...more), fc.record({ status, text: odd }));
    await fc.assert(
      fc.asyncProperty(fc.array(tick, { minLength: 1, maxLength: 5 }), async (ticks) => {
        const one = new DpdkBench();
        try {
          const program = await one.program('tp', [nullDevice('net_null0', 5n)]);
          program.lcores = { lcore_ids: [], total_cycles: [], busy_cycles: [], usage_ratio: [] };
          await one.program('other', [nullDevice('net_null0', 5n)], { pid: 4300 });
          await one.tick();
          for (const failures of ticks) {
            program.failures = new Map(Object.entries(failures));
            const into = await one.tick();
            expect(portRow(into, 'other:net_null0')).toMatchObject({ slots: 1, state: 'observed' });
            for (const row of rows(into, portSlot)) expect(row.packetsInc ?? 0n).toBeLessThan(1n << 33n);
          }
        } finally {
          await one.close();
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('a program that does not answer', () => {
  it('costs the others nothing; its rows are bridged when it answers again', async () => {
    await bench.close();
    bench = new DpdkBench({ budgetMs: 60 });
    const silent = await bench.program('tp', [nullDevice('net_null0', 5n)]);
    await bench.program('other', [nullDevice('net_null0', 5n)], { pid: 4300 });
    await bench.tick();
    const { promise, resolve: resume } = Promise.withResolvers<void>();
    silent.hold = promise;
    const into = await bench.tick();
    expect(portRow(into, port)).toBeUndefined();
    expect(portRow(into, 'other:net_null0')).toMatchObject({ state: 'observed' });
    expect(eventNames(into)).toEqual(['telemetry_reply']);
    const rounds = silent.asked.length;
    await bench.tick();
    // Never two rounds at once.
    expect(silent.asked.length).toBe(rounds);
    silent.hold = undefined;
    resume();
    expect(portRow(await bench.tick(), port)).toMatchObject({ slots: 3, state: 'bridged', packetsInc: 0n });
  });
});

describe('a refused tick', () => {
  it('never happened: its rows are bridged and its events told again', async () => {
    const program = await bench.program('tp', [nullDevice('net_null0', 5n, { xstats: { own: 1n } })]);
    for (const kept of [false, true]) {
      const first = await bench.tick({ kept });
      expect(eventNames(first)).toEqual(['dpdk_process_seen']);
      expect(first.facts.some(({ name }) => name === `port.${port}.driver`)).toBe(true);
      expect(first.facts.some(({ name }) => name === 'dpdk.tp.pid')).toBe(true);
    }
    await bench.tick();
    grow(program, 7n);
    await bench.tick({ kept: false });
    grow(program, 9n);
    const into = await bench.tick();
    expect(portRow(into, port)).toMatchObject({ slots: 2, packetsInc: 4n, state: 'bridged' });
    expect(rows(into, xstatSlot).find(({ name }) => name === 'rx_good_packets')).toMatchObject({ valueInc: 4n });
  });
});

describe('a tick that is cut short', () => {
  it('is a failure, and the next ones take less time', async () => {
    const silent = await bench.program('tp', [nullDevice('net_null0', 5n)]);
    await bench.tick();
    silent.isSilent = true;
    const abort = new AbortController();
    const into = new Accumulator({ host: 'cn1', states: bench.states, keyFrame: false, nowMs: 0n });
    const gather = bench.source.gather({ boundary: 1_800_000_002, keyFrame: false, signal: abort.signal }, into);
    abort.abort();
    await expect(gather).rejects.toMatchObject({ code: 'FN_SOURCE_TIMEOUT' });
    const startedMs = performance.now();
    await bench.tick({ seconds: 2 });
    // The bench allows 2 s.
    expect(performance.now() - startedMs).toBeLessThan(1500);
  });
});

describe('stop', () => {
  it('closes every connection, and a start after it finds all again', async () => {
    const program = await bench.program('tp', [nullDevice('net_null0', 5n)]);
    await bench.source.start();
    await bench.tick();
    await bench.source.stop();
    expect(program.closed).toBe(1);
    await bench.source.start();
    grow(program, 6n);
    expect(portRow(await bench.tick(), port)).toMatchObject({ packetsInc: 1n });
  });
});
