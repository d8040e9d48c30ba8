import { mempoolSlot, pmdSlot } from '../../../core/catalogue/datapath-kinds.ts';
import { dropSlot, event, hostFact, portSlot, queueSlot, xstatSlot } from '../../../core/catalogue/kinds.ts';
import { FourninesError } from '../../../core/runtime/error.ts';
import type { NativeFacade } from '../../../native/facade.ts';
import type { Accumulator } from '../../accumulator.ts';
import type { EthdevOwners } from '../../ethdev-owners.ts';
import type { Source, Tick } from '../../source.ts';
import { Deadline } from './deadline.ts';
import { SocketDiscovery, type SocketScan } from './discovery.ts';
import type { Ethdev } from './ethdev.ts';
import { Peer } from './peer.ts';
import { ProcessReader } from './process-reader.ts';
import { tellPortFacts, tellProcess, tellProcessFacts } from './process-rows.ts';
import { Tidings } from './tidings.ts';

/** Folders are looked through so often, whatever inotify says. */
const scanSeconds = 10;
/** A host runs a few DPDK programs; the addon takes as many connections. */
const processesMax = 32;
/** What reading may take of the half second within which a reading is on time, ms. */
const budgetMsMost = 350;
const budgetMsLeast = 20;
/** After a tick that was cut short, this share of what it had is taken for the next ones. */
const budgetShare = 0.6;
/** Ports of a switch are told once it is known which of the switch's ports they are, or after so many ticks. */
const ownerTicks = 10;
const switchName = /^ovs-vswitchd/;

export interface DpdkTelemetryOptions {
  readonly native: NativeFacade;
  /** Boot id and network namespace. */
  readonly place: string;
  readonly procRoot: string;
  /** Folders in which each file prefix has a folder. */
  readonly dpdkRuntimeDirs: readonly string[];
  readonly ethdevOwners: EthdevOwners;
  /** /sys, or another root in tests. */
  readonly sysRoot?: string;
  /** What reading may take, ms; less in tests. */
  readonly budgetMs?: number;
}

/** What the devices of DPDK programs count, over the telemetry socket that each of them has. */
export class DpdkTelemetrySource implements Source {
  readonly name = 'dpdk-telemetry';
  readonly kinds = [portSlot, dropSlot, queueSlot, xstatSlot, pmdSlot, mempoolSlot, hostFact, event];
  readonly #options: DpdkTelemetryOptions;
  readonly #discovery: SocketDiscovery;
  readonly #tidings = new Tidings();
  /** By path, in the order of the last scan. */
  #peers = new Map<string, Peer>();
  readonly #readers = new Map<Peer, ProcessReader>();
  /** The port that tells what a card counts as a whole, by card. */
  /** Ticks that its reader had counted when a device was first read. */
  readonly #firstTicks = new WeakMap<Ethdev, number>();
  readonly #cards = new Map<string, string>();
  #scannedAt = Number.NEGATIVE_INFINITY;
  #leftOut = 0;
  #hasFailed = false;
  #budgetMs: number;

  constructor(options: DpdkTelemetryOptions) {
    this.#options = options;
    this.#discovery = new SocketDiscovery(options.dpdkRuntimeDirs);
    this.#budgetMs = options.budgetMs ?? budgetMsMost;
  }

  async start(): Promise<void> {
    this.#discovery.start();
  }

  async gather(tick: Tick, into: Accumulator): Promise<void> {
    const startedMs = performance.now();
    this.#tidings.begin();
    this.#scan(tick.boundary);
    const deadline = new Deadline(this.#budgetMs, tick.signal);
    const beyond = this.#chooseDue(tick.boundary);
    await Promise.all([...this.#peers.values()].map((peer) => this.#visit(peer, tick, deadline)));
    await this.#confirmFallen(tick, deadline, into);
    if (tick.signal.aborted) {
      // The deadline is the collector's to know: the next reading is to fit into it.
      this.#budgetMs = Math.max(budgetMsLeast, (performance.now() - startedMs) * budgetShare);
      throw new FourninesError('FN_SOURCE_TIMEOUT', 'the reading of DPDK programs was cut short');
    }
    this.#forgetEnded();
    this.#demandSomething();
    this.#tell(tick, beyond, into);
  }

  kept(): void {
    this.#tidings.kept();
    for (const { table } of this.#readers.values()) for (const ethdev of table.ethdevs) ethdev.kept();
  }

  async stop(): Promise<void> {
    this.#discovery.stop();
    const peers = [...this.#peers.values()];
    this.#peers.clear();
    this.#readers.clear();
    this.#scannedAt = Number.NEGATIVE_INFINITY;
    await Promise.all(peers.map((peer) => peer.close()));
  }

  #scan(boundary: number): void {
    const changed = this.#discovery.takeChanged();
    const isDue = Math.abs(boundary - this.#scannedAt) >= scanSeconds;
    if (!isDue && changed.size === 0 && !this.#hasFailed) return;
    this.#scannedAt = boundary;
    this.#hasFailed = false;
    this.#adopt(this.#discovery.scan());
    for (const peer of this.#peers.values()) {
      if (changed.has(peer.folder)) peer.tryAgain();
    }
  }

  /** A connection outlives its file; a socket without one goes with it. */
  #adopt({ sockets, leftOut }: SocketScan): void {
    const before = this.#peers;
    this.#peers = new Map(
      sockets.map((socket) => [socket.path, before.get(socket.path) ?? new Peer(this.#options.native, socket)]),
    );
    for (const [path, peer] of before) if (!this.#peers.has(path) && peer.isHeld) this.#peers.set(path, peer);
    this.#leftOut = leftOut;
  }

  /** Begins attempts at sockets that are due, as far as there are places; gives how many found none. */
  #chooseDue(boundary: number): number {
    const peers = [...this.#peers.values()];
    const due = peers.filter((peer) => peer.isDue(boundary));
    const places = Math.max(0, processesMax - peers.filter((peer) => peer.isHeld).length);
    // Those never tried before those that refused: files of killed programs must not keep living ones waiting.
    const chosen = [...due.filter((peer) => !peer.isStale), ...due.filter((peer) => peer.isStale)].slice(0, places);
    for (const peer of chosen) void peer.open(boundary);
    return due.filter((peer) => !chosen.includes(peer) && !peer.isStale).length;
  }

  /** One process in one tick: whatever becomes of it, the others go on. */
  async #visit(peer: Peer, tick: Tick, deadline: Deadline): Promise<void> {
    if (peer.opening !== undefined) await deadline.within(peer.opening);
    const reader = this.#readerOf(peer);
    if (reader === undefined) return;
    await reader.read(tick, deadline, this.#readsPorts(reader));
    if (!reader.isOpen) this.#hasFailed = true;
  }

  #readerOf(peer: Peer): ProcessReader | undefined {
    const { connection } = peer;
    if (connection === undefined) return undefined;
    const known = this.#readers.get(peer);
    if (known?.connection === connection) return known;
    const { native, place, procRoot, sysRoot = '/sys' } = this.#options;
    const label = this.#labelOf(peer);
    const allowedCpus = () => native.affinity();
    const reader = new ProcessReader({ peer, connection, label, place, procRoot, sysRoot, allowedCpus });
    this.#readers.set(peer, reader);
    return reader;
  }

  /** The prefix; with the folder, where a program of an earlier folder has the same. */
  #labelOf(peer: Peer): string {
    const { socket } = peer;
    const earlier = [...this.#peers.values()].slice(0, [...this.#peers.values()].indexOf(peer));
    const label = socket.number === 0 ? socket.prefix : `${socket.prefix}:${socket.number}`;
    // A program keeps its label for as long as it lives, whoever comes before it meanwhile.
    const isTaken =
      [...this.#readers].some(([other, reader]) => other !== peer && reader.isOpen && reader.label === label) ||
      earlier.some(
        (other) => !other.isStale && other.socket.prefix === socket.prefix && other.socket.number === socket.number,
      );
    return isTaken ? `${label}@${socket.runtimeDir}` : label;
  }

  #readsPorts(reader: ProcessReader): boolean {
    const { connection, ticks } = reader;
    return !isSwitch(reader) || ticks >= ownerTicks || this.#options.ethdevOwners.knows(connection.pid);
  }

  /** Prepares rows; a device whose counters fell is asked first whether it is still the same. */
  async #confirmFallen(tick: Tick, deadline: Deadline, into: Accumulator): Promise<void> {
    await Promise.all(
      [...this.#readers.values()].map(async (reader) => {
        this.#prepare(reader, tick.boundary);
        const fallen = reader.table.ethdevs.filter((ethdev) => ethdev.hasFallen(into));
        if (fallen.length > 0) await reader.confirm(fallen, deadline);
      }),
    );
  }

  #prepare(reader: ProcessReader, boundary: number): void {
    const { spread, connection } = reader;
    for (const ethdev of reader.table.ethdevs) {
      if (!ethdev.isRead) continue;
      const countedIn = this.#options.ethdevOwners.ownerOf(connection.pid, ethdev.id);
      if (countedIn === '' && this.#awaitsOwner(reader, ethdev)) continue;
      ethdev.prepare({ countedIn, boundary, spread, tellsCard: this.#tellsCard(ethdev) });
    }
  }

  /** A switch tells its new ports some seconds after it has set them up: until then they would count twice. */
  #awaitsOwner(reader: ProcessReader, ethdev: Ethdev): boolean {
    if (!isSwitch(reader) || !this.#options.ethdevOwners.knows(reader.connection.pid)) return false;
    const first = this.#firstTicks.get(ethdev) ?? reader.ticks;
    this.#firstTicks.set(ethdev, first);
    return reader.ticks - first < ownerTicks;
  }

  /** What a whole card counts is told by one of its ports, for as long as that is there. */
  #tellsCard({ card, port }: Ethdev): boolean {
    if (card === undefined) return true;
    const teller = this.#cards.get(card);
    if (teller === undefined) this.#cards.set(card, port);
    return (teller ?? port) === port;
  }

  #forgetEnded(): void {
    for (const [peer, reader] of this.#readers) {
      if (reader.isOpen) continue;
      this.#tidings.ended(reader.label, peer.endCode);
      this.#readers.delete(peer);
    }
    const ports = new Set([...this.#readers.values()].flatMap(({ table }) => table.ethdevs.map(({ port }) => port)));
    for (const [card, port] of this.#cards) if (!ports.has(port)) this.#cards.delete(card);
  }

  #demandSomething(): void {
    const peers = [...this.#peers.values()];
    if (peers.some(({ refusal }) => refusal?.code === 'FN_NATIVE_MISSING')) {
      throw new FourninesError('FN_SOURCE_FATAL', 'DPDK telemetry needs the addon', {
        context: { missing: 'native addon' },
      });
    }
    const isAnything =
      this.#readers.size > 0 || peers.some(({ refusal, isStale }) => refusal !== undefined && !isStale);
    if (!isAnything && !this.#tidings.hasToSayGoodbye) {
      throw new FourninesError('FN_SOURCE_ABSENT', 'no DPDK program answers telemetry here');
    }
  }

  #tell({ boundary, keyFrame }: Tick, beyond: number, into: Accumulator): void {
    const readers = [...this.#readers.values()];
    this.#tidings.tellGone(readers, into);
    this.#tidings.tellRefusals([...this.#peers.values()], into);
    this.#tidings.tellLeftOut(this.#leftOut + beyond, into);
    for (const reader of readers) {
      if (this.#tidings.tellProcess(reader, into) || keyFrame) tellProcessFacts(reader, into);
      tellProcess(reader, boundary, into);
      for (const ethdev of reader.table.ethdevs) {
        ethdev.close(into);
        this.#tidings.tellPort(reader, ethdev, into);
        if (keyFrame || ethdev.hasNews) tellPortFacts(ethdev, reader.label, into);
      }
    }
  }
}

function isSwitch({ look }: ProcessReader): boolean {
  return look !== undefined && switchName.test(look.comm);
}
