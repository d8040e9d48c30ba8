import { readFileSync } from 'node:fs';
import { afterEach, expect, it, vi } from 'vitest';
import { Accumulator } from '../../collector/accumulator.ts';
import { CounterStates } from '../../collector/counter-states.ts';
import { ProcessorThreads } from '../../collector/processor-threads.ts';
import { ThreadSource } from '../../collector/sources/thread/source.ts';
import type { RowOf } from '../../core/catalogue/columns.ts';
import { cpuSlot } from '../../core/catalogue/thread-kinds.ts';
import { openNative } from '../../native/open.ts';
import { Spawned } from './spawned.ts';

/** What soft interrupts really take of a real CPU, as far as this kernel tells. */

/** The first that this process may run on. */
const cpu = Number(/^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
/** Polls by its name, and sends itself packets: each is received in a soft interrupt on the CPU that sent it. Ends by itself. */
const flood = `
require('node:fs').writeFileSync('/proc/self/comm', 'pmd-c0${cpu}/id:1');
const { createSocket } = require('node:dgram');
const to = createSocket('udp4');
const from = createSocket('udp4');
const packet = Buffer.alloc(64);
const send = () => {
  for (let i = 0; i < 50; i++) from.send(packet);
  setImmediate(send);
};
to.bind(0, '127.0.0.1', () => from.connect(to.address().port, '127.0.0.1', send));
setTimeout(() => process.exit(), 60_000);
`;
let flooding: Spawned | undefined;
let source: ThreadSource | undefined;
afterEach(async () => {
  await source?.stop();
  await flooding?.stop('SIGKILL');
});

it('a flood of packets is seen in the soft interrupts of its CPU', { timeout: 90_000 }, async () => {
  flooding = new Spawned('taskset', ['-c', String(cpu), process.execPath, '-e', flood]);
  const native = openNative().facade;
  const states = new CounterStates();
  const processorThreads = new ProcessorThreads();
  source = new ThreadSource({ native, place: 'b0', procRoot: '/proc', processorThreads, stallHz: 25 });
  await source.start();
  const { signal } = new AbortController();
  const rows: RowOf<typeof cpuSlot>[] = [];
  const gather = () => {
    const boundary = Math.round(Date.now() / 1000);
    const into = new Accumulator({ host: 'cn1', states, keyFrame: false, nowMs: 0n });
    source?.gather({ boundary, keyFrame: false, signal }, into);
    states.commit(into.staged);
    source?.kept();
    rows.push(...((into.rows.get(cpuSlot) ?? []) as RowOf<typeof cpuSlot>[]).filter((row) => row.cpu === cpu));
  };
  const taken = () => rows.reduce((sum, { softirqNsInc }) => sum + (softirqNsInc ?? 0n), 0n);
  await vi.waitFor(
    () => {
      gather();
      expect(taken()).toBeGreaterThanOrEqual(100_000_000n);
    },
    { timeout: 60_000, interval: 500 },
  );
  for (const row of rows) {
    expect(row.softirqNs % row.resolutionNs).toBe(0n);
    // Of a second, no more than a second; the reading itself may be late.
    expect(taken()).toBeLessThanOrEqual(rows.reduce((sum, { intervalNs }) => sum + intervalNs, 1_000_000_000n));
  }
});
