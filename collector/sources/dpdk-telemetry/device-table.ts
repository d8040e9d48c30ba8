import type { TelemetryReply } from '../../../native/facade.ts';
import type { ReadTime } from '../../slot.ts';
import { Ethdev } from './ethdev.ts';
import type { EthdevIdentity } from './ethdev-rows.ts';
import { pciIdOf } from './pci.ts';
import {
  basicStatsOf,
  commandsOf,
  type EthdevInfo,
  ethdevInfoOf,
  type LcoreUsage,
  lcoreUsageOf,
  type MempoolInfo,
  mempoolInfoOf,
  poolNamesOf,
  portIdsOf,
} from './replies.ts';
import type { PlannedPool, PlannedPort, Question } from './round-plan.ts';

/** A device is asked how it is called once in so many seconds; see round-plan.ts. */
const infoSeconds = 10;
const mempoolsMax = 128;
/** A name of a port in a row is at most so long. */
const nameBytesMax = 255;
const never = Number.NEGATIVE_INFINITY;

export interface DeviceTableOptions {
  /** What the process is called in rows. */
  readonly label: string;
  readonly identity: EthdevIdentity;
  readonly sysRoot: string;
  /** Bytes a reply may have. */
  readonly bytesMax: number;
  /** Whether the program can leave out zeros. */
  readonly hidesZero: boolean;
}

interface Entry {
  readonly ethdev: Ethdev;
  statsAt: number;
  xstatsAt: number;
  infoAt: number;
}

/** What a process has told of itself: devices, pools, commands; and what it told in this tick. */
export class DeviceTable {
  readonly #options: DeviceTableOptions;
  readonly #entries = new Map<number, Entry>();
  readonly #mempools = new Map<string, number>();
  #commands: ReadonlySet<string> | undefined;
  #mempoolsAt = never;
  #lcoresAt = never;
  /** Told in this tick. */
  readonly #informed = new Set<number>();
  readonly #unknown = new Set<number>();
  #pools: (MempoolInfo & { readonly name: string })[] = [];
  #lcores: { readonly usage: readonly LcoreUsage[]; readonly time: ReadTime } | undefined;

  constructor(options: DeviceTableOptions) {
    this.#options = options;
  }

  get ethdevs(): readonly Ethdev[] {
    return [...this.#entries.values()].map(({ ethdev }) => ethdev);
  }

  /** Devices that were asked how they are called in this tick. */
  get informed(): ReadonlySet<number> {
    return this.#informed;
  }

  /** Ids in this tick's list of which nothing is known yet. */
  get unknown(): readonly number[] {
    return [...this.#unknown];
  }

  get pools(): readonly (MempoolInfo & { readonly name: string })[] {
    return this.#pools;
  }

  get lcores(): { readonly usage: readonly LcoreUsage[]; readonly time: ReadTime } | undefined {
    return this.#lcores;
  }

  beginTick(): void {
    for (const { ethdev } of this.#entries.values()) ethdev.beginTick();
    this.#informed.clear();
    this.#unknown.clear();
    this.#pools = [];
    this.#lcores = undefined;
  }

  /** What the plan of a round needs to know. */
  planned() {
    const ports = [...this.#entries.values()].map(
      ({ ethdev, statsAt, xstatsAt, infoAt }): PlannedPort => ({
        id: ethdev.id,
        statsAt,
        xstatsAt,
        infoAt,
        hidesZero: this.#options.hidesZero && ethdev.mayHideZero,
      }),
    );
    const mempools = [...this.#mempools].map(([name, infoAt]): PlannedPool => ({ name, infoAt }));
    return {
      ports,
      knowsCommands: this.#commands !== undefined,
      mempools,
      mempoolsAt: this.#mempoolsAt,
      lcoresAt: this.#lcoresAt,
      tellsLcores: this.#commands?.has('/eal/lcore/usage') ?? false,
    };
  }

  /** Takes a reply that came; false when it cannot be read. */
  take(question: Question, reply: TelemetryReply, time: ReadTime): boolean {
    switch (question.about) {
      case 'commands':
        this.#commands = commandsOf(reply);
        return this.#commands !== undefined;
      case 'ports':
        return this.#takePorts(portIdsOf(reply));
      case 'info':
        return this.#takeInfo(question.portId, ethdevInfoOf(reply), time.boundary);
      case 'stats':
        return this.#takeStats(question.portId, reply, time);
      case 'xstats':
        return this.#takeXstats(question, reply, time);
      case 'mempools':
        this.#mempoolsAt = time.boundary;
        return this.#takeMempools(poolNamesOf(reply));
      case 'mempool':
        return this.#takeMempool(question.name, mempoolInfoOf(reply), time.boundary);
      case 'lcores':
        return this.#takeLcores(lcoreUsageOf(reply), time);
    }
  }

  /** Takes that a question was refused, or that no reply to it can be used. */
  takeNone(question: Question, isRefused: boolean, time: ReadTime): void {
    if (question.about === 'lcores') this.#lcoresAt = time.boundary;
    if (question.about === 'mempools') this.#mempoolsAt = time.boundary;
    if (question.about === 'commands' && isRefused) this.#commands = new Set();
    if (question.about !== 'xstats') return;
    const ethdev = this.#entries.get(question.portId)?.ethdev;
    if (isRefused) ethdev?.takeXstats(null, time);
    else ethdev?.missXstats();
  }

  #takePorts(ids: readonly number[] | undefined): boolean {
    if (ids === undefined) return false;
    const present = new Set(ids);
    for (const id of this.#entries.keys()) if (!present.has(id)) this.#entries.delete(id);
    for (const id of ids) if (!this.#entries.has(id)) this.#unknown.add(id);
    return true;
  }

  #takeInfo(id: number, info: EthdevInfo | undefined, boundary: number): boolean {
    if (info === undefined) return false;
    this.#informed.add(id);
    this.#unknown.delete(id);
    const known = this.#entries.get(id);
    if (known?.ethdev.info.name === info.name) {
      known.ethdev.takeInfo(info);
      known.infoAt = boundary;
      return true;
    }
    const { label, identity, sysRoot } = this.#options;
    const port = portName(label, info.name);
    const pci = pciIdOf(sysRoot, info.name);
    const ethdev = new Ethdev({ id, port, identity: [...identity, info.name], info, pci });
    // Spread over the seconds, so that they are not all asked in the same one.
    this.#entries.set(id, { ethdev, statsAt: never, xstatsAt: never, infoAt: boundary - (id % infoSeconds) });
    return true;
  }

  #takeStats(id: number, reply: TelemetryReply, time: ReadTime): boolean {
    const entry = this.#entries.get(id);
    const stats = basicStatsOf(reply);
    if (entry === undefined || stats === undefined) return stats !== undefined;
    entry.statsAt = time.boundary;
    entry.ethdev.takeStats(stats, time);
    return true;
  }

  #takeXstats(question: Extract<Question, { about: 'xstats' }>, reply: TelemetryReply, time: ReadTime): boolean {
    const entry = this.#entries.get(question.portId);
    const xstats = flatOf(reply);
    if (entry === undefined || xstats === undefined) return xstats !== undefined;
    const { hidesZero } = question;
    const { bytesMax } = this.#options;
    entry.xstatsAt = time.boundary;
    entry.ethdev.takeXstats(
      { ...xstats, hidesZero, mayBeShorter: this.#options.hidesZero && !hidesZero, bytesMax },
      time,
    );
    return true;
  }

  #takeMempools(names: readonly string[] | undefined): boolean {
    if (names === undefined) return false;
    const present = new Set(names);
    for (const name of this.#mempools.keys()) if (!present.has(name)) this.#mempools.delete(name);
    for (const name of present) {
      if (!this.#mempools.has(name) && this.#mempools.size < mempoolsMax) this.#mempools.set(name, never);
    }
    return true;
  }

  /** Releases before 23.03 do not count free buffers: that is a reply, and no row. */
  #takeMempool(name: string, info: MempoolInfo | undefined, boundary: number): boolean {
    if (this.#mempools.has(name)) this.#mempools.set(name, boundary);
    if (info !== undefined) this.#pools.push({ name, ...info });
    return true;
  }

  #takeLcores(usage: readonly LcoreUsage[] | undefined, time: ReadTime): boolean {
    this.#lcoresAt = time.boundary;
    if (usage !== undefined) this.#lcores = { usage, time };
    return usage !== undefined;
  }
}

/** Of a device without extended counters the object is empty, and may come as text. */
function flatOf({ names, values, text }: TelemetryReply) {
  if (names !== null && values !== null) return { names, values };
  return text?.trim() === '{}' ? { names: [], values: new BigUint64Array(0) } : undefined;
}

/** `PREFIX:ETHDEV`; of one that is too long the beginning goes, since the device's own name tells devices apart. */
export function portName(label: string, ethdev: string): string {
  const name = Buffer.from(`${label}:${ethdev}`);
  if (name.length <= nameBytesMax) return `${label}:${ethdev}`;
  // The first character may have been cut in two.
  const kept = name.subarray(name.length - nameBytesMax).toString('utf8');
  return kept.replace(/^\uFFFD+/, '');
}
