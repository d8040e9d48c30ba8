import type { Kind } from '../../../core/catalogue/columns.ts';
import { datapathSlot, pmdSlot, replicaSlot, rxqSlot } from '../../../core/catalogue/datapath-kinds.ts';
import { dropSlot, event, hostFact, portSlot, queueSlot, xstatSlot } from '../../../core/catalogue/kinds.ts';
import { sleepMs } from '../../../core/runtime/clock.ts';
import type { NativeFacade } from '../../../native/facade.ts';
import type { Accumulator } from '../../accumulator.ts';
import type { EthdevOwners } from '../../ethdev-owners.ts';
import type { ReadTime } from '../../slot.ts';
import type { Source, Tick } from '../../source.ts';
import { timedAnswer } from '../../timed-read.ts';
import type { VhostPort, VhostSockets } from '../../vhost-sockets.ts';
import { type Daemon, DaemonConnection } from './daemon.ts';
import { DatapathReader } from './datapath.ts';
import { type DpctlShow, parseDpctlShow } from './dpctl-show.ts';
import { writeDaemonFacts } from './facts.ts';
import { mayAskForCounters, withStatistics } from './harmless.ts';
import type { VswitchSnapshot } from './interfaces.ts';
import { isUserSpace, isVhost } from './named-port.ts';
import { OvsdbMonitor } from './ovsdb.ts';
import type { DaemonLife } from './ports.ts';
import { type Ask, SlowAnswers, unlessRefused } from './slow-answers.ts';
import { StatisticsFollower, type ToldStatistics } from './told-statistics.ts';

/** So many ticks are waited for the database, which tells ports made anew apart; then it goes without. */
const ticksWithoutDatabase = 10;
/** For all answers of a tick: a late one would be no reading of this second, and would cost the others theirs. */
const answerMs = 450;
const factsEverySeconds = 10;

export interface OvsSourceOptions {
  readonly native: NativeFacade;
  readonly place: string;
  readonly procRoot: string;
  readonly ovsRunDir: string;
  readonly ethdevOwners: EthdevOwners;
  readonly vhostSockets: VhostSockets;
  /** For tests where the harm is of no account. */
  readonly mayAskForCounters?: typeof mayAskForCounters;
}

/** Datapaths of Open vSwitch in user space: ports, causes, polling threads, queues, and the ledger. */
export class OvsSource implements Source {
  readonly name = 'ovs';
  readonly kinds: readonly Kind[] = [
    portSlot,
    dropSlot,
    queueSlot,
    xstatSlot,
    pmdSlot,
    rxqSlot,
    datapathSlot,
    replicaSlot,
    hostFact,
    event,
  ];
  readonly #options: OvsSourceOptions;
  readonly #connection: DaemonConnection;
  readonly #mayAskForCounters: typeof mayAskForCounters;
  readonly #statistics = new StatisticsFollower();
  readonly #datapaths = new Map<string, DatapathReader>();
  #monitor: OvsdbMonitor | undefined;
  #snapshot: VswitchSnapshot | undefined;
  #portNames: ReadonlySet<string> = new Set();
  #daemon: Daemon | undefined;
  #version: string | undefined;
  #slow = new SlowAnswers();
  /** Ticks since this daemon was found. */
  #ticks = 0;
  /** Pid of the daemon that was last told to be there. */
  #toldPid: number | undefined;
  #isDatabaseHeard = false;
  #factsAt = Number.NEGATIVE_INFINITY;

  constructor(options: OvsSourceOptions) {
    this.#options = options;
    this.#mayAskForCounters = options.mayAskForCounters ?? mayAskForCounters;
    this.#connection = new DaemonConnection(options.ovsRunDir, options.procRoot);
  }

  async start(): Promise<void> {
    const { native } = this.#options;
    this.#monitor = new OvsdbMonitor({
      path: this.#connection.dbPath,
      clock: {
        read: () => {
          const [wallNs, monoNs] = native.clocks();
          return { wallNs, monoNs };
        },
        sleep: sleepMs,
      },
      random: Math.random,
      listener: {
        onUpdate: (update) => {
          if (this.#snapshot?.interfaces.size !== update.snapshot.interfaces.size || update.statistics.size === 0)
            this.#portNames = new Set([...update.snapshot.interfaces.values()].map(({ name }) => name));
          this.#snapshot = update.snapshot;
          this.#isDatabaseHeard = true;
          this.#statistics.take(update);
        },
        onHeard: (at) => {
          this.#statistics.hear(at);
          this.#isDatabaseHeard = true;
        },
        // Tried again by itself; what the daemon tells goes on meanwhile, and what was known of ports stands.
        onAway: () => {
          this.#statistics.loseHearing();
          this.#isDatabaseHeard = false;
        },
      },
    });
    this.#monitor.start();
  }

  async stop(): Promise<void> {
    await this.#monitor?.stop();
    this.#monitor = undefined;
    this.#statistics.loseHearing();
    this.#connection.close();
  }

  async gather(tick: Tick, into: Accumulator): Promise<void> {
    const daemon = this.#connection.find();
    if (daemon !== this.#daemon) this.#adopt(daemon);
    const { pid } = daemon.found;
    if (this.#toldPid !== undefined && this.#toldPid !== pid)
      into.event('vswitchd_restarted', 'ovs', { pid, before: this.#toldPid });
    if (this.#snapshot === undefined && this.#ticks++ < ticksWithoutDatabase) return;
    this.#tellOwners(daemon);
    const { native } = this.#options;
    const [, beganNs] = native.clocks();
    const ask: Ask = async (command, args) => {
      const spentMs = Number((native.clocks()[1] - beganNs) / 1_000_000n);
      const deadlineMs = Math.max(1, answerMs - spentMs);
      return timedAnswer(native, tick.boundary, () =>
        daemon.client.call(command, args, { deadlineMs, signal: tick.signal }),
      );
    };
    const version = await this.#askVersion(ask);
    const isLive = this.#mayAskForCounters(version, this.#snapshot);
    await this.#slow.before(tick.boundary, [...this.#datapaths.values()], isLive, ask);
    const [text, time] = await ask('dpctl/show', isLive ? ['-s'] : []);
    const told = this.#statistics.next(time);
    const life = this.#lifeOf(daemon, version);
    const isFactTime = tick.keyFrame || tick.boundary - this.#factsAt >= factsEverySeconds;
    const reading = this.#readingOf(
      parseDpctlShow(text, (name) => this.#portNames.has(name)),
      time,
      isLive,
      told,
    );
    this.#take(reading.show, isLive);
    for (const reader of this.#datapaths.values())
      if (reading.time !== undefined) reader.close({ life, time: reading.time, facts: isFactTime }, into);
    await this.#slow.after({ boundary: tick.boundary, life, isLive, ask }, [...this.#datapaths.values()], into);
    if (told !== undefined) {
      for (const reader of this.#datapaths.values())
        reader.closeStatistics({ life, told, previous: this.#statistics.previous, boundary: tick.boundary }, into);
    }
    if (isFactTime) {
      const [pid, snapshot, isHeard] = [daemon.found.pid, this.#snapshot, this.#isDatabaseHeard];
      writeDaemonFacts({ pid, version, isLive, snapshot, isHeard }, into);
      this.#factsAt = tick.boundary;
    }
  }

  kept(): void {
    this.#statistics.kept();
    for (const reader of this.#datapaths.values()) reader.kept();
    this.#toldPid = this.#daemon?.found.pid;
  }

  /** Another daemon: whatever was followed of the one before has ended. The same one may be connected to anew. */
  #adopt(daemon: Daemon): void {
    const last = this.#daemon;
    this.#daemon = daemon;
    const { pid, startTicks } = daemon.found;
    if (last?.found.pid === pid && last.found.startTicks === startTicks) return;
    if (last !== undefined) {
      this.#options.ethdevOwners.forget(last.found.pid);
      this.#options.vhostSockets.forget(last.found.pid);
      const [wallNs, monoNs] = this.#options.native.clocks();
      this.#statistics.forget({ wallNs, monoNs });
    }
    this.#slow = new SlowAnswers();
    this.#version = undefined;
    this.#ticks = 0;
    for (const reader of this.#datapaths.values()) reader.restart();
  }

  #lifeOf({ found }: Daemon, version: string | undefined): DaemonLife {
    return { place: this.#options.place, pid: found.pid, startTicks: found.startTicks, version: version ?? '' };
  }

  /**
   * Which ethdevs of the daemon's process are ports here: their telemetry is a second witness, not a second count. And
   * which sockets lead to guests.
   */
  #tellOwners({ found }: Daemon): void {
    if (this.#snapshot === undefined) return;
    const owners = new Map<number, string>();
    for (const { name, type, status } of this.#snapshot.interfaces.values()) {
      const portId = status.get('port_no');
      if (type === 'dpdk' && portId !== undefined && /^\d{1,5}$/.test(portId))
        owners.set(Number(portId), `ovs:${name}`);
    }
    this.#options.ethdevOwners.tell(found.pid, owners);
    this.#options.vhostSockets.tell(found.pid, vhostPortsOf(this.#snapshot));
  }

  /** What the daemon itself says: the column of the database is written by start scripts, if at all. */
  async #askVersion(ask: Ask): Promise<string | undefined> {
    if (this.#version === undefined) {
      const answer = await unlessRefused(ask('version', []));
      this.#version = answer && /\d+\.\d+(\.\d+)*/.exec(answer[0])?.[0];
    }
    return this.#version;
  }

  /** Counters of ports and when they were read; without a time there are none in this tick. */
  #readingOf(
    show: DpctlShow,
    time: ReadTime,
    isLive: boolean,
    told: ToldStatistics | undefined,
  ): { readonly show: DpctlShow; readonly time: ReadTime | undefined } {
    if (isLive) return { show, time };
    if (told === undefined || this.#snapshot === undefined) return { show, time: undefined };
    return { show: withStatistics(show, this.#snapshot, told.statistics), time: told.time };
  }

  #take(show: DpctlShow, isLive: boolean): void {
    const found = show.datapaths.filter(({ name }) => isUserSpace(name));
    for (const name of this.#datapaths.keys())
      if (!found.some((datapath) => datapath.name === name)) this.#datapaths.delete(name);
    for (const datapath of found) {
      const reader = this.#datapaths.get(datapath.name) ?? new DatapathReader(datapath.name);
      this.#datapaths.set(datapath.name, reader);
      reader.read(datapath, this.#snapshot, isLive);
    }
  }
}

/** The vhost ports by their sockets: whose rings the guest at the other end has. */
function vhostPortsOf({ interfaces }: VswitchSnapshot): ReadonlyMap<string, VhostPort> {
  const ports = new Map<string, VhostPort>();
  for (const { name, type, status, options } of interfaces.values()) {
    const socket = status.get('socket') ?? options.get('vhost-server-path');
    if (!isVhost(type) || socket === undefined) continue;
    const told = status.get('status');
    ports.set(socket, { port: name, isConnected: told === undefined ? undefined : told === 'connected' });
  }
  return ports;
}
