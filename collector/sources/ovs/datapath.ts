import { replicaSlot } from '../../../core/catalogue/datapath-kinds.ts';
import { dropSlot, xstatSlot } from '../../../core/catalogue/kinds.ts';
import { counterMap } from '../../../core/counters/counter-map.ts';
import { coverageCausesOf } from '../../../core/counters/normalise.ts';
import { recogniseDriver } from '../../../core/counters/recognise.ts';
import type { Accumulator } from '../../accumulator.ts';
import { type EpochEnd, identityOf, packetsPerSecondMax, type ReadTime } from '../../slot.ts';
import { CopyCounter } from './copies.ts';
import type { CoverageReport } from './coverage.ts';
import { DownPackets } from './down-packets.ts';
import type { DpctlDatapath } from './dpctl-show.ts';
import type { FlowDump } from './dump-flows.ts';
import { forgetPortFacts, writePortFacts, writePortStates } from './facts.ts';
import type { VswitchSnapshot } from './interfaces.ts';
import { closeLedger, isUnread } from './ledger.ts';
import { isVhost, type NamedPort, namePort } from './named-port.ts';
import type { PmdPerf } from './pmd-perf.ts';
import { closePort, type DaemonLife, type PortFlow, portIdentity } from './ports.ts';
import { closeStatistics } from './statistics.ts';
import type { ToldStatistics } from './told-statistics.ts';

const packets = { widthBits: 64, perSecondMax: packetsPerSecondMax } as const;
/** Rows that are written on change are written once in so many seconds all the same. */
const allEverySeconds = 60;

interface SeenPorts {
  /** Names of those in the ledger's sums; undefined: there was no ledger. */
  readonly summed: ReadonlySet<string> | undefined;
  /** Identities by name. */
  readonly ports: ReadonlyMap<string, bigint>;
}

/** Lookups that found a flow, and that found none, as `dpctl/show` told them. */
export interface Lookups {
  readonly hit: bigint;
  readonly missed: bigint;
}

interface Reset {
  readonly end: EpochEnd;
  /** When it was seen, boot clock, ns. */
  readonly seenNs: bigint;
}

/** What flows did, and the lookups of the same tick. */
export interface CopiesRead {
  /** Undefined: they are too many, or could not be read. */
  readonly dump: FlowDump | undefined;
  readonly lookups: Lookups;
  /** Packets of the daemon's own. */
  readonly executed: bigint;
  readonly time: ReadTime;
}

/** Follows one datapath from tick to tick. What it remembers of a tick counts only once that was kept. */
export class DatapathReader {
  readonly name: string;
  readonly down = new DownPackets();
  #copies = new CopyCounter();
  /** Makes counters of our own those of this run: a restart cannot take them up again. */
  #run = 0;
  #datapath: DpctlDatapath | undefined;
  #ports: readonly NamedPort[] = [];
  #flows: readonly PortFlow[] = [];
  #pmds = 0;
  #allAt = Number.NEGATIVE_INFINITY;
  /** As last kept, and as read in this tick. */
  #kept: SeenPorts | undefined;
  #read: SeenPorts | undefined;
  /** Ports whose counters were reset since their last statistics. */
  readonly #resets = new Map<string, Reset>();
  /** Ports that came into being while we watched, until their first statistics. */
  readonly #born = new Map<string, ReadTime>();
  /** Ports whose guests were seen to be away since their counters were last kept, and those away in this tick. */
  #away = new Set<string>();
  #awayNow: ReadonlySet<string> = new Set();
  /** The statistics of this tick. */
  #told: { readonly monoNs: bigint; readonly ports: readonly string[]; readonly allAt: number } | undefined;
  /** Copies that may have been missed since those last kept; null: nobody knows how many. */
  #uncertain: bigint | null = 0n;
  #isCopied = false;
  /** When drops between ports were last written whether they moved or not: as kept, and in this tick. */
  #insideAllAt = Number.NEGATIVE_INFINITY;
  #insideAll: number | undefined;
  /** The beginning of down packets whose first row was kept. */
  #begun = 0;

  constructor(name: string) {
    this.name = name;
  }

  get flowCount(): bigint | undefined {
    return this.#datapath?.flows;
  }

  get lookups(): Lookups | undefined {
    const { hit, missed } = this.#datapath ?? {};
    return hit === undefined || missed === undefined ? undefined : { hit, missed };
  }

  /** Ports without counters, whose guests are away. */
  get unread(): number {
    return this.#flows.filter(isUnread).length;
  }

  /** Names in rows by the daemon's own. */
  get portNames(): ReadonlyMap<string, string> {
    return new Map(this.#ports.map(({ name, read }) => [read.name, name]));
  }

  /** Packets that ports counted as sent or dropped. */
  get counted(): bigint {
    return this.#flows.reduce((sum, { handed }) => sum + (handed ?? 0n), 0n);
  }

  /** The daemon was started again. */
  restart(): void {
    this.#copies = new CopyCounter();
    this.#uncertain = 0n;
    this.down.lose();
    this.#resets.clear();
    this.#born.clear();
    this.#pmds = 0;
  }

  /** Takes what `dpctl/show` says of this datapath in this tick. `isLive`: its counters, too. */
  read(datapath: DpctlDatapath, snapshot: VswitchSnapshot | undefined, isLive: boolean): void {
    this.#read = this.#kept;
    this.#told = undefined;
    this.#isCopied = false;
    this.#insideAll = undefined;
    this.#datapath = datapath;
    const rows = new Map([...(snapshot?.interfaces.values() ?? [])].map((row) => [row.name, row]));
    this.#ports = datapath.ports.map((port) => namePort(this.name, port, rows.get(port.name)));
    this.#awayNow = new Set(this.#ports.filter((port) => isAway(port, isLive)).map(({ name }) => name));
    for (const name of this.#awayNow) this.#away.add(name);
  }

  /** port_slot and datapath_slot rows, and what came and went. */
  close({ life, time, facts }: { life: DaemonLife; time: ReadTime; facts: boolean }, into: Accumulator): void {
    if (this.#datapath === undefined) return;
    if (this.#run === 0) {
      this.#run = time.boundary;
      // What an earlier run counted of absent guests ended with it.
      this.#endDown(into);
    }
    this.#flows = this.#ports.map((port) => {
      const wasAway = this.#away.has(port.name);
      return closePort(port, { life, datapath: this.name, driver: driverOf(port), time, wasAway }, into);
    });
    const before = this.#kept;
    const outcome = closeLedger(
      { life, datapath: this.#datapath, flows: this.#flows, before: before?.summed, pmds: this.#pmds, time },
      into,
    );
    const ports = new Map(this.#ports.map((port) => [port.name, portIdentity(life, this.name, port)]));
    const summed = new Set(
      this.#flows.filter((flow) => flow.port.inLedger && !isUnread(flow)).map(({ port }) => port.name),
    );
    const wasCounting = this.down.isCounting;
    this.#noteEnds(before?.summed, summed, time);
    if (wasCounting && !this.down.isCounting) this.#endDown(into);
    this.#reportChanges(before?.ports, ports, time, into);
    writePortStates(this.#ports, into);
    if (facts) writePortFacts(this.name, this.#ports, into);
    if (outcome !== 'refused') this.#read = { summed: outcome === 'closed' ? summed : undefined, ports };
  }

  kept(): void {
    if (this.#read !== this.#kept) this.#away = new Set(this.#awayNow);
    this.#kept = this.#read;
    if (this.#isCopied) this.#uncertain = 0n;
    if (this.#insideAll !== undefined) this.#insideAllAt = this.#insideAll;
    this.#begun = this.down.beginnings;
    if (this.#told === undefined) return;
    const { monoNs, ports, allAt } = this.#told;
    this.#allAt = allAt;
    for (const name of ports) this.#born.delete(name);
    // Statistics that are older than what was seen of a port may be of before its reset.
    for (const [name, { seenNs }] of this.#resets) if (seenNs <= monoNs) this.#resets.delete(name);
  }

  /** Where a port's counters ended, packets died in them that no difference shows any more. */
  #noteEnds(before: ReadonlySet<string> | undefined, now: ReadonlySet<string>, { monoNs }: ReadTime): void {
    for (const { port, resetSeen: end } of this.#flows)
      if (end !== undefined) this.#resets.set(port.name, { end, seenNs: monoNs });
    const ended = before === undefined || [...before].some((name) => !now.has(name));
    if (ended || this.#flows.some(({ resetSeen }) => resetSeen !== undefined) || this.unread === 0) this.down.lose();
  }

  #reportChanges(
    before: ReadonlyMap<string, bigint> | undefined,
    now: ReadonlyMap<string, bigint>,
    time: ReadTime,
    into: Accumulator,
  ): void {
    if (before === undefined) return;
    for (const { port, isFresh } of this.#flows) {
      const was = before.get(port.name);
      if (was === now.get(port.name)) continue;
      if (isFresh) this.#born.set(port.name, time);
      into.event(was === undefined ? 'port_seen' : 'port_recreated', port.name, { datapath: this.name });
    }
    for (const name of before.keys()) {
      if (now.has(name)) continue;
      into.event('port_gone', name, { datapath: this.name });
      forgetPortFacts(name, into);
    }
  }

  /** Rows from the statistics in the database. */
  closeStatistics(
    {
      life,
      told,
      previous,
      boundary,
    }: { life: DaemonLife; told: ToldStatistics; previous: ToldStatistics | undefined; boundary: number },
    into: Accumulator,
  ): void {
    const all = boundary - this.#allAt >= allEverySeconds;
    const ports: string[] = [];
    for (const port of this.#ports) {
      const statistics = port.row && told.statistics.get(port.row.uuid);
      if (statistics === undefined || port.row === undefined) continue;
      closeStatistics(
        {
          port,
          identity: portIdentity(life, this.name, port),
          policedIdentity: portIdentity(life, this.name, port, 'policed'),
          version: life.version,
          driver: driverOf(port),
          statistics,
          previous: previous?.statistics.get(port.row.uuid),
          resetSeen: this.#resets.get(port.name)?.end,
          bornAt: previous?.statistics.has(port.row.uuid) === true ? undefined : this.#born.get(port.name),
          time: told.time,
          all,
        },
        into,
      );
      ports.push(port.name);
    }
    this.#told = { monoNs: told.time.monoNs, ports, allAt: all ? boundary : this.#allAt };
    // Says up to when the causes of every port have been told, whether or not any moved.
    into.close({
      kind: xstatSlot,
      own: { port: this.name, name: 'ovsdb.statistics' },
      time: told.time,
      identity: this.#own(life, 'statistics'),
      values: { value: told.count },
      rules: { value: packets },
      ownPace: 'write',
    });
  }

  notePmds(count: number): void {
    this.#pmds = count;
  }

  /** Packets to guests that are away, from what the threads handed out, asked before the ports. */
  closeDown(threads: readonly PmdPerf[], life: DaemonLife, time: ReadTime, into: Accumulator): void {
    // A beginning whose tick was not kept never happened.
    if (this.#begun !== this.down.beginnings) this.down.lose();
    const down = this.down.read({ sent: sentBy(threads), counted: this.counted });
    if (down === undefined) return;
    this.#closeInside('vhost_down', down, { identity: this.#downIdentity(life), time, derived: true }, into);
  }

  /** Begins to count them, from what the threads handed out, asked after the ports. */
  beginDown(threads: readonly PmdPerf[], life: DaemonLife, time: ReadTime, into: Accumulator): void {
    this.down.begin({ sent: sentBy(threads), counted: this.counted });
    this.#closeInside('vhost_down', 0n, { identity: this.#downIdentity(life), time, derived: true }, into);
  }

  #downIdentity(life: DaemonLife): bigint {
    return this.#own(life, 'down', this.down.beginnings);
  }

  #endDown(into: Accumulator): void {
    into.end(dropSlot, insideOwn(this.name, 'vhost_down'));
  }

  /** Drops between ports. They are the process's: no port can be named. */
  closeCoverage(report: CoverageReport, life: DaemonLife, time: ReadTime, into: Accumulator): void {
    // Counters that never moved are not printed, but counted: then those that are absent are 0.
    const zeros = counterMap.coverage.rows.filter(({ role }) => role === 'total').map(({ counter }) => counter);
    const totals = new Map([
      ...(report.neverHit === undefined ? [] : zeros.map((name) => [name, 0n] as const)),
      ...report.totals,
    ]);
    const all = time.boundary - this.#insideAllAt >= allEverySeconds;
    if (all) this.#insideAll = time.boundary;
    for (const { cause, packets: lost } of merged(coverageCausesOf(totals))) {
      const identity = identityOf(life.place, 'coverage', life.pid, life.startTicks, cause);
      this.#closeInside(cause, lost, { identity, time, derived: false, all }, into);
    }
  }

  /** replica_slot: how many copies flows made, as they stood at `time`. */
  closeCopies({ dump, lookups, executed, time }: CopiesRead, life: DaemonLife, into: Accumulator): void {
    const isWhole = dump !== undefined && dump.unknownLines === 0 && dump.flows.every(({ ufid }) => ufid !== undefined);
    const ports = this.#ports.length;
    const sums = isWhole ? this.#copies.add({ flows: dump.flows, ...lookups, executed, ports }) : this.#copies.lose();
    this.#uncertain = this.#uncertain === null || sums.uncertain === null ? null : this.#uncertain + sums.uncertain;
    this.#isCopied = true;
    into.close({
      kind: replicaSlot,
      own: { datapath: this.name, flows: sums.flows, uncertain: this.#uncertain },
      time,
      identity: this.#own(life, 'copies'),
      values: { copies: sums.copies, consumed: sums.consumed },
      rules: { copies: packets, consumed: packets },
      ownPace: 'write',
    });
  }

  #closeInside(
    cause: string,
    lost: bigint,
    { all = false, ...read }: { identity: bigint; time: ReadTime; derived: boolean; all?: boolean },
    into: Accumulator,
  ): void {
    into.close({
      kind: dropSlot,
      own: insideOwn(this.name, cause),
      values: { packets: lost },
      rules: { packets },
      onChange: true,
      ownPace: all ? 'write' : 'quiet',
      ...read,
    });
  }

  #own(life: DaemonLife, ...what: readonly (string | number)[]): bigint {
    return identityOf(life.place, this.name, life.pid, life.startTicks, this.#run, ...what);
  }
}

/** While counters are not asked for, only the database says that a guest left. */
function isAway({ read, row }: NamedPort, isLive: boolean): boolean {
  if (read.failure !== undefined) return true;
  return !isLive && isVhost(read.type) && row?.status.get('status') === 'disconnected';
}

/** Drops between ports stand under the name of their datapath. */
function insideOwn(datapath: string, cause: string) {
  return { port: datapath, direction: 'rx', cause, place: 'beside' } as const;
}

function driverOf({ row }: NamedPort) {
  return recogniseDriver(row?.status.get('driver_name') ?? '', null, []);
}

function sentBy(threads: readonly PmdPerf[]): bigint {
  return threads.reduce((sum, { txPackets }) => sum + (txPackets ?? 0n), 0n);
}

/** One number a cause: its rows have no port and one place. */
function merged(readings: ReturnType<typeof coverageCausesOf>): { cause: string; packets: bigint }[] {
  return [...Map.groupBy(readings, ({ cause }) => cause)].map(([cause, same]) => ({
    cause,
    packets: same.reduce((sum, reading) => sum + reading.packets, 0n),
  }));
}
