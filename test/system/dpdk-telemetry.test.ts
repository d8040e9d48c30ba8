import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Agent } from '../../collector/agent.ts';
import { EthdevOwners } from '../../collector/ethdev-owners.ts';
import { nothingKept } from '../../collector/resume.ts';
import { DpdkTelemetrySource } from '../../collector/sources/dpdk-telemetry/source.ts';
import type { Kind, RowOf } from '../../core/catalogue/columns.ts';
import { dropSlot, event, hostFact, portSlot, queueSlot, sourceSlot } from '../../core/catalogue/kinds.ts';
import { sleepMs } from '../../core/runtime/clock.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { BlockReader } from '../../core/wire/block-reader.ts';
import { decodeMessage, type Message } from '../../core/wire/message.ts';
import { openNative } from '../../native/open.ts';
import { skipWithoutLab } from '../lab/presence.ts';

const devices = 8;
const queues = 4;
const wait = { timeout: 30_000, interval: 50 };

/** A real testpmd without hugepages, PCI or wires: null devices, which take and give packets from nowhere. */
class Testpmd {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #output = '';

  constructor(root: string, prefix: string) {
    const vdevs = Array.from({ length: devices }, (_, i) => ['--vdev', `net_null${i}`]).flat();
    this.#child = spawn(
      'stdbuf',
      [
        ...['-oL', 'dpdk-testpmd', '-l', '0,1', '--main-lcore', '0', `--file-prefix=${prefix}`],
        ...['--no-pci', '--no-huge', '-m', '256', ...vdevs, '--', '--nb-cores=1', '--total-num-mbufs=16384'],
        ...[`--rxq=${queues}`, `--txq=${queues}`, '--forward-mode=io', '-i'],
      ],
      { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: process.env['PATH'], LC_ALL: 'C', RUNTIME_DIRECTORY: root } },
    );
    this.#exited = once(this.#child, 'exit');
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString()).slice(-200_000);
      });
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async ready(): Promise<void> {
    await vi.waitFor(() => expect(this.#output).toContain('testpmd>'), wait);
  }

  /** Types a line; what is printed after it is in the answer once it has `until`. */
  async type(line: string, until: RegExp): Promise<string> {
    this.#output = '';
    this.#child.stdin?.write(`${line}\n`);
    await vi.waitFor(() => expect(this.#output).toMatch(until), wait);
    return this.#output;
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal);
    await this.#exited;
  }
}

/** Of `show port stats all`: packets by device. */
function packetsOf(shown: string, side: 'RX' | 'TX'): bigint[] {
  return [...shown.matchAll(new RegExp(`${side}-packets: (\\d+)`, 'g'))].map(([, digits]) => BigInt(digits ?? -1));
}

describe.skipIf(skipWithoutLab)('a real DPDK program (skipped without root: EAL wants it)', () => {
  const root = mkdtempSync(join(tmpdir(), 'fn-dpdk-'));
  const runtimeDir = join(root, 'dpdk');
  const messages: Message[] = [];
  const { facade: native } = openNative();
  let agent: Agent;
  let testpmd: Testpmd;

  function rows<K extends Kind>(kind: K, from = messages): RowOf<K>[] {
    const reader = new BlockReader(kind);
    const blocks = from.flatMap((message) => message.blocks.filter((block) => block.kind === kind.name));
    return blocks.flatMap((block) => reader.rows(block));
  }
  const portRows = (port: number, direction: 'rx' | 'tx' = 'rx') =>
    rows(portSlot).filter((row) => row.port === `tp:net_null${port}` && row.direction === direction);
  const events = () => rows(event).map((row) => row.event);

  beforeAll(async () => {
    mkdirSync(runtimeDir);
    testpmd = new Testpmd(root, 'tp');
    await testpmd.ready();
    agent = new Agent({
      host: 'cn1',
      bootId: 'boot',
      sources: [
        new DpdkTelemetrySource({
          native,
          place: 'boot net',
          procRoot: '/proc',
          dpdkRuntimeDirs: [runtimeDir],
          ethdevOwners: new EthdevOwners(),
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
      sourceDeadlineMs: 500,
      readResumed: nothingKept,
    });
    await agent.start();
  });

  afterAll(async () => {
    await agent?.stop();
    await testpmd?.end('SIGKILL');
    native.close();
    rmSync(root, { recursive: true, force: true });
  });

  it('is found, with a row for each of its devices, directions and queues', async () => {
    await vi.waitFor(() => expect(portRows(devices - 1).length).toBeGreaterThan(1), wait);
    const last = messages.slice(-1);
    expect(rows(portSlot, last)).toHaveLength(devices * 2);
    expect(rows(queueSlot, last)).toHaveLength(devices * queues * 2);
    expect(rows(portSlot, last).every(({ state }) => state === 'observed')).toBe(true);
    const fact = (name: string) => rows(hostFact).find((row) => row.name === name)?.value;
    expect(fact('port.tp:net_null0.driver')).toBe('null');
    expect(fact('dpdk.tp.version')).toMatch(/^DPDK \d\d\.\d\d/);
    expect(fact('dpdk.tp.pid')).toBe(String(testpmd.pid));
    expect(events()).toEqual(['dpdk_process_seen']);
  });

  it('is summed up to the packet: by device, and by queue', async () => {
    // Bounded: null devices run as fast as a CPU does.
    await testpmd.type('start tx_first', /io packet forwarding/);
    await vi.waitFor(() => expect(portRows(0).some(({ packets }) => packets > 0n)).toBe(true), wait);
    await testpmd.type('stop', /Done\./);
    const shown = await testpmd.type(
      'show port stats all',
      new RegExp(`NIC statistics for port ${devices - 1}[^]*TX-bytes`),
    );
    for (const [side, direction] of [
      ['RX', 'rx'],
      ['TX', 'tx'],
    ] as const) {
      const truth = packetsOf(shown, side);
      expect(truth).toHaveLength(devices);
      expect(truth.every((packets) => packets > 0n)).toBe(true);
      for (const [port, packets] of truth.entries()) {
        await vi.waitFor(() => expect(portRows(port, direction).at(-1)?.packets).toBe(packets), wait);
        const found = portRows(port, direction);
        expect(found.reduce((sum, { packetsInc }) => sum + (packetsInc ?? 0n), 0n)).toBe(packets);
        expect(found.every(({ state }) => state !== 'unknown')).toBe(true);
        const byQueue = rows(queueSlot, messages.slice(-1)).filter(
          (row) => row.port === `tp:net_null${port}` && row.direction === direction,
        );
        expect(byQueue.reduce((sum, row) => sum + row.packets, 0n)).toBe(packets);
      }
    }
    expect(rows(dropSlot).every(({ packets }) => packets === 0n)).toBe(true);
  });

  it('that is reset begins a new epoch there, and counts on', async () => {
    const before = portRows(3).at(-1);
    await testpmd.type('clear port stats 3', /cleared/);
    await vi.waitFor(() => expect(portRows(3).some(({ state }) => state === 'unknown')).toBe(true), wait);
    await vi.waitFor(() => expect(portRows(3).at(-1)).toMatchObject({ state: 'observed', packets: 0n }), wait);
    const unknown = portRows(3).filter(({ state }) => state === 'unknown');
    expect(unknown).toMatchObject([{ packets: 0n, packetsInc: null, epoch: (before?.epoch ?? 0n) + 1n }]);
    expect(portRows(4).every(({ state }) => state !== 'unknown')).toBe(true);
  });

  it('that is killed is unknown from there, and its successor is found by itself', async () => {
    const killed = portRows(0).at(-1);
    await testpmd.end('SIGKILL');
    await vi.waitFor(() => expect(events()).toContain('dpdk_process_gone'), wait);
    const states = () => rows(sourceSlot).map(({ state }) => state);
    await vi.waitFor(() => expect(states().at(-1)).toBe('absent'), wait);
    const { pid } = testpmd;
    testpmd = new Testpmd(root, 'tp');
    await testpmd.ready();
    const readyAt = messages.length;
    await vi.waitFor(() => expect(portRows(0).some(({ state }) => state === 'unknown')).toBe(true), wait);
    await vi.waitFor(() => expect(portRows(0).at(-1)).toMatchObject({ state: 'observed', packets: 0n }), wait);
    // inotify, not the regular scan.
    expect(messages.length - readyAt).toBeLessThan(8);
    expect(testpmd.pid).not.toBe(pid);
    const all = portRows(0);
    const unknown = all.filter(({ state }) => state === 'unknown');
    expect(unknown).toHaveLength(1);
    expect(unknown[0]?.epoch).not.toBe(killed?.epoch);
    // Slots follow each other without a hole or an overlap, and nothing is negative or made up.
    for (const [i, row] of all.entries()) {
      const next = all[i + 1];
      if (next !== undefined) expect(next.slot).toBe(row.slot + row.slots);
    }
    expect(states()).not.toContain('failed');
    expect(states()).not.toContain('timeout');
  });
});
