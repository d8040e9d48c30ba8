import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Agent } from '../../collector/agent.ts';
import { ProcessorThreads } from '../../collector/processor-threads.ts';
import { nothingKept } from '../../collector/resume.ts';
import { VringSource } from '../../collector/sources/vring/source.ts';
import { VhostSockets } from '../../collector/vhost-sockets.ts';
import type { Kind, RowOf } from '../../core/catalogue/columns.ts';
import { event } from '../../core/catalogue/kinds.ts';
import { vringRun, vringSlot } from '../../core/catalogue/ring-kinds.ts';
import { sleepMs } from '../../core/runtime/clock.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { BlockReader } from '../../core/wire/block-reader.ts';
import { decodeMessage, type Message } from '../../core/wire/message.ts';
import { openNative } from '../../native/open.ts';
import { skipWithoutLab } from '../lab/presence.ts';

const wait = { timeout: 60_000, interval: 50 };
const size = 256;

/** A real testpmd with one device, without hugepages or PCI: its memory is a file in memory, which vhost-user can share. */
class Testpmd {
  readonly child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #output = '';

  constructor(root: string, prefix: string, device: string, mode: string) {
    this.child = spawn(
      'stdbuf',
      [
        ...[
          '-oL',
          'dpdk-testpmd',
          '-l',
          '0,1',
          '--main-lcore',
          '0',
          `--file-prefix=${prefix}`,
          '--no-pci',
          '--no-huge',
        ],
        ...[
          '-m',
          '64',
          '--vdev',
          device,
          '--',
          '--nb-cores=1',
          '--total-num-mbufs=2048',
          `--forward-mode=${mode}`,
          '-i',
        ],
      ],
      { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: process.env['PATH'], LC_ALL: 'C', RUNTIME_DIRECTORY: root } },
    );
    this.#exited = once(this.child, 'exit');
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString()).slice(-200_000);
      });
    }
  }

  async ready(): Promise<void> {
    await vi.waitFor(() => expect(this.#output).toContain('testpmd>'), wait);
  }

  type(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  async end(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.#exited;
  }
}

describe.skipIf(skipWithoutLab)('rings of a real DPDK guest (skipped without root and dpdk-testpmd)', () => {
  const root = mkdtempSync(join(tmpdir(), 'fn-vring-'));
  const runtimeDir = join(root, 'dpdk');
  const socket = join(root, 'sock');
  const messages: Message[] = [];
  const { facade: native } = openNative();
  let agent: Agent;
  let guest: Testpmd;
  let host: Testpmd;

  function rows<K extends Kind>(kind: K): RowOf<K>[] {
    const reader = new BlockReader(kind);
    return messages
      .flatMap(({ blocks }) => blocks.filter((block) => block.kind === kind.name))
      .flatMap((b) => reader.rows(b));
  }
  const slots = (direction: 'toGuest' | 'fromGuest', from = 0) =>
    rows(vringSlot).filter((row) => row.direction === direction && row.slot >= from);
  const nextSlot = () => Math.max(0, ...rows(vringSlot).map(({ slot }) => slot)) + 2;

  beforeAll(async () => {
    mkdirSync(runtimeDir);
    guest = new Testpmd(root, 'g', `net_virtio_user0,path=${socket},server=1,queues=1,queue_size=${size}`, 'txonly');
    host = new Testpmd(root, 'h', `net_vhost0,iface=${socket},client=1,queues=1`, 'rxonly');
    // The guest serves the socket, and does not go on before the host has come.
    await Promise.all([guest.ready(), host.ready()]);
    agent = new Agent({
      host: 'cn1',
      bootId: 'boot',
      sources: [
        new VringSource({
          native,
          procRoot: '/proc',
          dpdkRuntimeDirs: [runtimeDir],
          qemuMonitors: [],
          vhostSockets: new VhostSockets(),
          processorThreads: new ProcessorThreads(),
        }),
      ],
      sink: {
        append: async (_, value) => {
          messages.push(decodeMessage(value));
          return { partition: 0, offset: 0n };
        },
      },
      clock: {
        read: () => {
          const [wallNs, monoNs] = native.clocks();
          return { wallNs, monoNs };
        },
        sleep: sleepMs,
      },
      logger: silentLogger,
      sourceDeadlineMs: 900,
      readResumed: nothingKept,
    });
    await agent.start();
  }, 120_000);

  afterAll(async () => {
    await agent?.stop();
    await guest?.end();
    await host?.end();
    native.close();
    rmSync(root, { recursive: true, force: true });
  });

  it('idle: every buffer of the guest is free, nothing waits to be sent, under the name of the host’s device', async () => {
    await vi.waitFor(() => expect(slots('toGuest').length).toBeGreaterThan(1), wait);
    for (const direction of ['toGuest', 'fromGuest'] as const) {
      const row = slots(direction).at(-1);
      expect(row).toMatchObject({ port: 'h:net_vhost0', queue: 0, size, witness: 'memzone', layout: 'split' });
      expect(row).toMatchObject({ fillMax: 0, fullNs: 0n, suspectSamples: 0, fill0: row?.samples });
      expect(row?.samples).toBeGreaterThan(100);
    }
  });

  it('a host that stands still: the guest fills its ring, and then it is full without a break', async () => {
    host.child.kill('SIGSTOP');
    // stdbuf becomes testpmd, so that the pid is testpmd's own.
    guest.type('start');
    await vi.waitFor(() => expect(slots('fromGuest').at(-1)?.fillMax).toBe(size), wait);
    const from = nextSlot();
    await vi.waitFor(() => expect(slots('fromGuest', from).length).toBeGreaterThan(1), wait);
    const row = slots('fromGuest', from).at(-1);
    expect(row).toMatchObject({ fillMax: size, fillP99: size, fill9: row?.samples, emptyNs: 0n });
    expect(row?.fullNs).toBeGreaterThan(0n);
    expect(rows(vringRun).some((run) => run.slot === row?.slot && run.direction === 'fromGuest')).toBe(true);
    expect(slots('toGuest', from).at(-1)).toMatchObject({ fillMax: 0 });
  });

  it('a host that goes on: the ring is full no longer', async () => {
    const from = nextSlot();
    host.type('start');
    host.child.kill('SIGCONT');
    // Both poll on one CPU: whether the ring is ever empty under load is theirs to say.
    const isRelieved = ({ fill9, samples }: { fill9: number; samples: number }) => fill9 < samples;
    await vi.waitFor(() => expect(slots('fromGuest', from).some(isRelieved)).toBe(true), wait);
    guest.type('stop');
    await vi.waitFor(() => expect(slots('fromGuest').at(-1)).toMatchObject({ fillMax: 0 }), wait);
  });

  it('a guest that ends takes its rings with it', async () => {
    await guest.end();
    await vi.waitFor(() => expect(rows(event).filter((row) => row.event === 'vring_let_go')).toHaveLength(2), wait);
    expect(rows(event).filter((row) => row.event === 'vring_ended')).toEqual([]);
    const seen = rows(event).filter((row) => row.event === 'vring_seen');
    expect(seen.map(({ detail }) => JSON.parse(detail))).toEqual([
      { guest: 'g', size, way: 'mapped' },
      { guest: 'g', size, way: 'mapped' },
    ]);
    expect(rows(event).filter(({ event: what }) => what === 'vring_refused')).toEqual([]);
  });
});
