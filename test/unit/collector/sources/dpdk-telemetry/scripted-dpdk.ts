import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Accumulator } from '../../../../../collector/accumulator.ts';
import { CounterStates } from '../../../../../collector/counter-states.ts';
import { EthdevOwners } from '../../../../../collector/ethdev-owners.ts';
import { DpdkTelemetrySource } from '../../../../../collector/sources/dpdk-telemetry/source.ts';
import type { Kind, RowOf } from '../../../../../core/catalogue/columns.ts';
import { dropSlot, portSlot } from '../../../../../core/catalogue/kinds.ts';
import { FourninesError } from '../../../../../core/runtime/error.ts';
import type { NativeFacade, TelemetryConnection, TelemetryReply } from '../../../../../native/facade.ts';
import { ManualClock } from '../../../../fakes/manual-clock.ts';
import { ScriptedNative } from '../../../../fakes/scripted-native.ts';

const start = 1_800_000_000;

export type Status = TelemetryReply['status'];

export interface ScriptedDevice {
  readonly name: string;
  readonly stats?: Readonly<Record<string, bigint>>;
  /** Arrays of releases before 25.11. */
  readonly queueStats?: Readonly<Record<string, readonly bigint[]>>;
  /** Driver's own extended counters; the basic ones are put before them. */
  readonly xstats?: Readonly<Record<string, bigint>>;
  readonly rxQueues?: number;
  readonly txQueues?: number;
}

const basicXstats: readonly (readonly [xstat: string, stat: string])[] = [
  ['rx_good_packets', 'ipackets'],
  ['tx_good_packets', 'opackets'],
  ['rx_good_bytes', 'ibytes'],
  ['tx_good_bytes', 'obytes'],
  ['rx_missed_errors', 'imissed'],
  ['rx_errors', 'ierrors'],
  ['tx_errors', 'oerrors'],
  ['rx_mbuf_allocation_errors', 'rx_nombuf'],
];

/** A DPDK program that a test writes: what it has, and how it fails. */
export class ScriptedProgram {
  version = 'DPDK 22.11.11';
  pid = 4242;
  maxOutputLen = 16_384;
  /** By port id. */
  devices = new Map<number, ScriptedDevice>();
  mempools = new Map<string, object>();
  lcores: object | undefined;
  /** How the next questions with this command are answered, whatever is asked. */
  failures = new Map<string, { readonly status: Status; readonly text?: string }>();
  /** Refuses connections with this errno; undefined: takes them. */
  refusesWith: number | undefined;
  /** Does not answer at all. */
  isSilent = false;
  /** Answers nothing until this is settled. */
  hold: Promise<void> | undefined;
  isGone = false;
  /** ns a command takes. */
  spanNs = 24_000n;
  readonly asked: string[][] = [];
  readonly cpus: (readonly number[] | undefined)[] = [];
  attempts = 0;
  closed = 0;
  /** Runs before a command is answered: what happens to the program in between. */
  before: ((command: string) => void) | undefined;

  answer(command: string): { readonly status: Status; readonly value?: unknown } {
    const [path = '', ...parameters] = command.split(',');
    const device = this.devices.get(Number(parameters[0]));
    switch (path) {
      case '/':
        return ok(['/', '/ethdev/list', ...(this.lcores === undefined ? [] : ['/eal/lcore/usage'])]);
      case '/ethdev/list':
        return ok([...this.devices.keys()]);
      case '/ethdev/info':
        return device === undefined ? { status: 'absent' } : ok(infoOf(device));
      case '/ethdev/stats':
        return device === undefined ? { status: 'absent' } : ok({ ...statsOf(device), ...device.queueStats });
      case '/ethdev/xstats':
        return device === undefined ? { status: 'absent' } : ok(xstatsOf(device, parameters[1] === 'hide_zero=true'));
      case '/mempool/list':
        return ok([...this.mempools.keys()]);
      case '/mempool/info':
        return ok(this.mempools.get(parameters[0] ?? '') ?? {});
      case '/eal/lcore/usage':
        return this.lcores === undefined ? { status: 'absent' } : ok(this.lcores);
      default:
        return { status: 'absent' };
    }
  }
}

function ok(value: unknown): { readonly status: Status; readonly value: unknown } {
  return { status: 'ok', value };
}

function infoOf({ name, rxQueues = 1, txQueues = 1 }: ScriptedDevice): object {
  const queues = { nb_rx_queues: rxQueues, nb_tx_queues: txQueues };
  return { name, state: 1, ...queues, mtu: 1500, mac_addr: 'CE:0F:4F:1F:CC:49', dev_started: 1, numa_node: 0 };
}

function statsOf({ stats = {} }: ScriptedDevice): Record<string, bigint> {
  return Object.fromEntries(basicXstats.map(([, stat]) => [stat, stats[stat] ?? 0n]));
}

function xstatsOf(device: ScriptedDevice, hidesZero: boolean): Record<string, bigint> {
  const stats = statsOf(device);
  const basic = basicXstats.map(([xstat, stat]) => [xstat, stats[stat] ?? 0n] as const);
  const all = [...basic, ...Object.entries(device.xstats ?? {})];
  return Object.fromEntries((hidesZero ? all.filter(([, value]) => value > 0n) : all).slice(0, 256));
}

/** Numbers as a JSON text has them, bigint included. */
function toText(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map(toText).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, one]) => `${JSON.stringify(key)}:${toText(one)}`)
      .join(',')}}`;
  }
  return JSON.stringify(value);
}

function isFlat(value: unknown): value is Record<string, bigint> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((one) => typeof one === 'bigint');
}

/** A host whose DPDK programs a test writes, by the path of their socket. */
class ScriptedDpdk {
  readonly native: NativeFacade;
  readonly programs = new Map<string, ScriptedProgram>();
  #open = 0;
  openMost = 0;

  constructor(clock: ManualClock) {
    const base = new ScriptedNative(clock);
    this.native = {
      form: 'addon',
      clocks: () => base.clocks(),
      readThreads: (ids, out) => base.readThreads(ids, out),
      links: () => base.links(),
      qdiscs: () => base.qdiscs(),
      queues: () => base.queues(),
      ethtoolNames: (nic) => base.ethtoolNames(nic),
      ethtoolDriver: (nic) => base.ethtoolDriver(nic),
      ethtoolCounters: (nics, counts) => base.ethtoolCounters(nics, counts),
      affinity: () => [0, 1, 2],
      setAffinity: () => true,
      openRings: () => base.openRings(),
      openStalls: () => null,
      openTelemetry: (path) => this.#connect(path, clock),
      close: () => base.close(),
    };
  }

  async #connect(path: string, clock: ManualClock): Promise<TelemetryConnection> {
    const program = this.programs.get(path);
    if (program !== undefined) program.attempts++;
    if (program === undefined || program.isGone) throw refused(path, 111);
    if (program.refusesWith !== undefined) throw refused(path, program.refusesWith);
    this.#open++;
    this.openMost = Math.max(this.openMost, this.#open);
    const { pid } = program;
    let isOpen = true;
    return {
      version: program.version,
      pid,
      maxOutputLen: program.maxOutputLen,
      round: async (commands, { cpus }) => {
        program.asked.push([...commands]);
        program.cpus.push(cpus);
        if (program.isSilent) return new Promise(() => undefined);
        await program.hold;
        const replies: TelemetryReply[] = [];
        for (const command of commands) {
          program.before?.(command);
          if (program.isGone || program.pid !== pid) throw new FourninesError('FN_TELEMETRY_GONE', 'scripted');
          replies.push(replyTo(program, command, clock, replies.at(-1)?.status));
        }
        return { replies, late: 0 };
      },
      close: async () => {
        if (isOpen) this.#open--;
        isOpen = false;
        program.closed++;
      },
    };
  }
}

function refused(path: string, errno: number): FourninesError {
  return new FourninesError('FN_TELEMETRY_REFUSED', 'scripted', { context: { path, call: 'connect', errno } });
}

function replyTo(
  program: ScriptedProgram,
  command: string,
  clock: ManualClock,
  before: Status | undefined,
): TelemetryReply {
  const { wallNs, monoNs } = clock.read();
  const empty = { command, wallNs, monoNs, spanNs: program.spanNs, names: null, values: null, text: null };
  if (before === 'timeout' || before === 'unsent')
    return { ...empty, status: 'unsent', wallNs: 0n, monoNs: 0n, spanNs: 0n };
  const failure = program.failures.get(command);
  if (failure !== undefined) return { ...empty, status: failure.status, text: failure.text ?? null };
  const { status, value } = program.answer(command);
  if (status !== 'ok') return { ...empty, status };
  if (!isFlat(value)) return { ...empty, status, text: toText(value) };
  return { ...empty, status, names: Object.keys(value), values: BigUint64Array.from(Object.values(value)) };
}

/** A source over scripted programs, ticked by hand. */
export class DpdkBench {
  readonly clock = new ManualClock(start);
  readonly dpdk = new ScriptedDpdk(this.clock);
  readonly states = new CounterStates();
  readonly owners = new EthdevOwners();
  readonly root = mkdtempSync(join(tmpdir(), 'fn-dpdk-'));
  readonly runtimeDir = join(this.root, 'run');
  readonly procRoot = join(this.root, 'proc');
  readonly sysRoot = join(this.root, 'sys');
  readonly source: DpdkTelemetrySource;
  readonly #servers: Server[] = [];

  constructor(options: { budgetMs?: number; runtimeDirs?: readonly string[] } = {}) {
    mkdirSync(this.runtimeDir, { recursive: true });
    this.source = new DpdkTelemetrySource({
      native: this.dpdk.native,
      place: 'boot net',
      procRoot: this.procRoot,
      sysRoot: this.sysRoot,
      dpdkRuntimeDirs: (options.runtimeDirs ?? ['run']).map((dir) => join(this.root, dir)),
      ethdevOwners: this.owners,
      budgetMs: options.budgetMs ?? 2000,
    });
  }

  /** A program with a socket file; `number` of a second one with the same prefix. */
  async program(
    prefix: string,
    devices: readonly ScriptedDevice[] = [],
    { runtimeDir = 'run', number = 0, pid = 4242 }: { runtimeDir?: string; number?: number; pid?: number } = {},
  ): Promise<ScriptedProgram> {
    const program = new ScriptedProgram();
    program.pid = pid;
    for (const [id, device] of devices.entries()) program.devices.set(id, device);
    const path = await this.socketFile(prefix, runtimeDir, number);
    this.dpdk.programs.set(path, program);
    return program;
  }

  /** A socket file; without a program behind it, it is one that was left behind. */
  async socketFile(prefix: string, runtimeDir = 'run', number = 0): Promise<string> {
    const folder = join(this.root, runtimeDir, prefix);
    mkdirSync(folder, { recursive: true });
    const path = join(folder, number === 0 ? 'dpdk_telemetry.v2' : `dpdk_telemetry.v2:${number}`);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    this.#servers.push(server);
    return path;
  }

  /** /proc of a process with a telemetry thread. */
  process(pid: number, options: { comm?: string; startTicks?: number; cpu?: number; allowed?: string } = {}): void {
    const { comm = 'dpdk-testpmd', startTicks = 98_120, cpu = 1, allowed = '0-1' } = options;
    const stat = (id: number, name: string) =>
      `${id} (${name}) S ${Array.from({ length: 18 }, () => 0).join(' ')} ${startTicks} ${Array.from({ length: 16 }, () => 0).join(' ')} ${cpu} 0 0`;
    const folder = join(this.procRoot, String(pid));
    for (const [tid, name] of [
      [pid, comm],
      [pid + 1, 'telemetry-v2'],
    ] as const) {
      const task = join(folder, 'task', String(tid));
      mkdirSync(task, { recursive: true });
      writeFileSync(join(task, 'comm'), `${name}\n`);
      writeFileSync(join(task, 'stat'), stat(tid, name));
      writeFileSync(join(task, 'status'), `Name:\t${name}\nCpus_allowed_list:\t${allowed}\n`);
    }
    writeFileSync(join(folder, 'comm'), `${comm}\n`);
    writeFileSync(join(folder, 'stat'), stat(pid, comm));
  }

  /** Advances, gathers, and keeps what came unless told that the bus refused it. */
  async tick(options: { kept?: boolean; keyFrame?: boolean; seconds?: number } = {}): Promise<Accumulator> {
    this.clock.advance((options.seconds ?? 1) * 1000);
    const boundary = Number(this.clock.read().wallNs / 1_000_000_000n);
    const keyFrame = options.keyFrame ?? false;
    const into = new Accumulator({ host: 'cn1', states: this.states, keyFrame, nowMs: 0n });
    await this.source.gather({ boundary, keyFrame, signal: new AbortController().signal }, into);
    if (options.kept !== false) {
      this.states.commit(into.staged);
      this.source.kept();
    }
    return into;
  }

  async close(): Promise<void> {
    await this.source.stop();
    await Promise.all(this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
    rmSync(this.root, { recursive: true, force: true });
  }
}

export function rows<K extends Kind>(from: Accumulator, kind: K): RowOf<K>[] {
  return (from.rows.get(kind) ?? []) as RowOf<K>[];
}

export function portRow(from: Accumulator, port: string, direction = 'rx') {
  return rows(from, portSlot).find((row) => row.port === port && row.direction === direction);
}

export function dropRow(from: Accumulator, port: string, cause: string, direction = 'rx') {
  return rows(from, dropSlot).find((row) => row.port === port && row.cause === cause && row.direction === direction);
}

export function eventNames(from: Accumulator): string[] {
  const found: readonly object[] = [...from.rows].find(([kind]) => kind.name === 'event')?.[1] ?? [];
  return found.map((row) => String((row as { event?: unknown }).event));
}

/** A device with counters that grow by a step. */
export function nullDevice(name: string, packets: bigint, more: Partial<ScriptedDevice> = {}): ScriptedDevice {
  return { name, stats: { ipackets: packets, ibytes: packets * 64n }, ...more };
}
