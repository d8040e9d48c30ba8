import { counterMap } from '../../../core/counters/counter-map.ts';
import type { DriverName } from '../../../core/counters/map-types.ts';
import { type CauseReading, causesOf, held } from '../../../core/counters/normalise.ts';
import { type QueueCounters, queueCountersOf, queuesShownMax } from '../../../core/counters/queues.ts';
import { type PciId, recogniseDriver } from '../../../core/counters/recognise.ts';
import { assert } from '../../../core/runtime/error.ts';
import type { Accumulator } from '../../accumulator.ts';
import type { EpochEnd, ReadTime } from '../../slot.ts';
import { type EthdevIdentity, type EthdevReading, EthdevRows } from './ethdev-rows.ts';
import type { BasicStats, EthdevInfo } from './replies.ts';
import { type Xstats, XstatsReader, type XstatsReply } from './xstats.ts';

/** An ethdev whose extended counters are not read each second writes them once in so many seconds, moved or not. */
const writeAgainSeconds = 60;
/** So often nothing usable may come before the device is told by its basic statistics alone. */
const missesMax = 3;
/** "0000:01:00.0" and what representors append: the card is what stands before the function. */
const pciName = /^([0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2})\.[0-7]/;
/** Places in the order in which they count where two readings of one cause have one key. */
const places = ['outside', 'inside', 'beside', 'filtered'] as const;

export interface EthdevOptions {
  readonly id: number;
  /** Name in the rows: the process's label and the device's name. */
  readonly port: string;
  readonly identity: EthdevIdentity;
  readonly info: EthdevInfo;
  readonly pci: PciId | null;
}

/** How the rows of one tick are to be told. */
export interface TellOptions {
  readonly countedIn: string;
  readonly boundary: number;
  /** Ticks between two readings of the extended counters. */
  readonly spread: number;
  /** Whether this port tells what its card counts as a whole. */
  readonly tellsCard: boolean;
}

/** What is known of one ethdev of a process, and what was read of it in this tick. */
export class Ethdev {
  readonly port: string;
  /** The PCI card it is a function of; undefined for virtual devices. */
  readonly card: string | undefined;
  readonly #options: EthdevOptions;
  readonly #xstatsReader = new XstatsReader();
  #info: EthdevInfo;
  #driver: DriverName | undefined;
  /** The last extended counters; null: it was said that there are none. */
  #xstats: Xstats | null | undefined;
  #causes: readonly CauseReading[] = [];
  #writtenAt = Number.NEGATIVE_INFINITY;
  /** Read in this tick. */
  #stats: { readonly stats: BasicStats; readonly time: ReadTime } | undefined;
  #xstatsTime: ReadTime | undefined;
  #raw: readonly CauseReading[] = [];
  #rows: EthdevRows | undefined;
  #tell: TellOptions | undefined;
  #resetSeen: EpochEnd | undefined;
  #misses = 0;
  #writing: number | undefined;
  #hasNews = true;

  constructor(options: EthdevOptions) {
    this.#options = options;
    this.#info = options.info;
    this.port = options.port;
    this.card = pciName.exec(options.info.name)?.[1];
  }

  get id(): number {
    return this.#options.id;
  }

  get info(): EthdevInfo {
    return this.#info;
  }

  get driver(): DriverName | undefined {
    return this.#driver;
  }

  get mayHideZero(): boolean {
    return this.#xstatsReader.mayHideZero;
  }

  /** Entries of the last reply when it was cut; else 0. */
  get xstatsCutAt(): number {
    return this.#xstats?.cut === true ? this.#xstats.count : 0;
  }

  /** Queues that have no counters, though the device has them: ethdev shows 16. */
  get queuesHidden(): number {
    const most = Math.max(this.#info.rxQueues ?? 0, this.#info.txQueues ?? 0);
    if (most <= queuesShownMax || this.#xstats === undefined) return 0;
    const shown = this.#queues().reduce((highest, { queue }) => Math.max(highest, queue + 1), 0);
    return Math.max(0, most - Math.max(shown, queuesShownMax));
  }

  /** Whether rows can be made of what was read in this tick. */
  get isRead(): boolean {
    return this.#stats !== undefined && this.#xstats !== undefined;
  }

  /** Whether something was learnt of it since its facts were last told and kept. */
  get hasNews(): boolean {
    return this.#hasNews;
  }

  /** The bus has taken what the tick told. */
  kept(): void {
    this.#hasNews = false;
    this.#writtenAt = this.#writing ?? this.#writtenAt;
    this.#writing = undefined;
  }

  beginTick(): void {
    this.#stats = undefined;
    this.#xstatsTime = undefined;
    this.#rows = undefined;
    this.#writing = undefined;
  }

  takeInfo(info: EthdevInfo): void {
    const wasSetUp = info.rxQueues === this.#info.rxQueues && info.txQueues === this.#info.txQueues;
    if (!wasSetUp) this.#xstatsReader.forget();
    this.#info = info;
    this.#hasNews = true;
  }

  takeStats(stats: BasicStats, time: ReadTime): void {
    this.#stats = { stats, time };
  }

  /** null: the program says that it has none of this device. */
  takeXstats(reply: XstatsReply | null, time: ReadTime): void {
    if (reply === null) {
      // A device that had them is being set up or taken away: what was read last stands.
      if (this.#xstats === undefined) this.#doWithoutXstats();
      return;
    }
    const xstats = this.#xstatsReader.read(reply);
    // The whole reply was cut, and was asked for its names only: the next one, without zeros, is of other counters.
    if (reply.mayBeShorter && xstats.cut) return;
    this.#recognise([...xstats.values.keys()]);
    if (xstats.cut !== this.#xstats?.cut) this.#hasNews = true;
    this.#xstats = xstats;
    this.#xstatsTime = time;
  }

  /** They were asked for, and nothing usable came. */
  missXstats(): void {
    this.#misses++;
    if (this.#xstats === undefined && this.#misses >= missesMax) this.#doWithoutXstats();
  }

  #doWithoutXstats(): void {
    this.#xstats = null;
    this.#recognise([]);
  }

  /** Once: another driver's map would make other sums of the same counters. */
  #recognise(xstatNames: readonly string[]): void {
    if (this.#driver !== undefined) return;
    this.#driver = recogniseDriver(this.#info.name, this.#options.pci, xstatNames);
    this.#hasNews = true;
  }

  /** Makes the rows of this tick. Only when `isRead`. */
  prepare(options: TellOptions): void {
    this.#raw = this.#rawCauses();
    this.#tell = options;
    this.#rows = new EthdevRows(this.#reading(options));
  }

  /** Whether what was prepared says that the device was reset, or that another one has taken its id. */
  hasFallen(into: Accumulator): boolean {
    this.#resetSeen = this.#rows?.fallen(into);
    return this.#resetSeen !== undefined;
  }

  /** Closes the slots that this tick's reading closes. After `hasFallen`. */
  close(into: Accumulator): void {
    if (this.#rows === undefined || this.#tell === undefined) return;
    const resetSeen = this.#resetSeen;
    if (resetSeen !== undefined) {
      // What was held back of the old life is not of the new one.
      this.#causes = [];
      this.#rows = new EthdevRows(this.#reading(this.#tell));
    }
    this.#rows.close(into, resetSeen);
    if (this.#xstatsTime === undefined) return;
    this.#causes = held(this.#causes, this.#raw);
    if (this.#writesAgain(this.#tell.boundary)) this.#writing = this.#tell.boundary;
  }

  #reading({ countedIn, boundary, spread, tellsCard }: TellOptions): EthdevReading {
    assert(this.#stats !== undefined, 'rows of an ethdev that was read');
    const { stats, time } = this.#stats;
    const causes = held(this.#causes, this.#raw);
    const isWhole = this.#xstats === null || this.#xstatsTime !== undefined;
    const again = this.#writesAgain(boundary) ? 'write' : 'quiet';
    const isGuest = this.#driver === 'vhost';
    return {
      port: this.port,
      countedIn,
      identity: this.#options.identity,
      directions: isGuest ? { rx: 'fromGuest', tx: 'toGuest' } : { rx: 'rx', tx: 'tx' },
      stats,
      time,
      causes,
      toldCauses: isWhole ? onePerKey(causes.filter(({ scope }) => scope === 'port' || tellsCard)) : [],
      queues: isWhole || stats.queues !== undefined ? this.#queues() : [],
      xstats:
        this.#xstatsTime === undefined
          ? undefined
          : { values: this.#xstats?.values ?? noValues, time: this.#xstatsTime },
      ownPace: spread > 1 ? again : undefined,
    };
  }

  #writesAgain(boundary: number): boolean {
    return Math.abs(boundary - this.#writtenAt) >= writeAgainSeconds;
  }

  /**
   * Causes by the counter map. The extended counters hold the basic ones too, read in the same call; in a tick without
   * them the basic ones are newer.
   */
  #rawCauses(): CauseReading[] {
    const values = new Map(this.#xstats?.values);
    const basic = this.#stats?.stats;
    if (basic !== undefined) {
      for (const [name, value] of basicNames(basic)) {
        if (this.#xstatsTime === undefined || !values.has(name)) values.set(name, value);
      }
    }
    return causesOf(this.#driver ?? 'generic', values, { absentIsZero: this.#xstats?.absentIsZero ?? false });
  }

  /** From the extended counters where they have them, else from the basic ones, which show 16 queues at most. */
  #queues(): QueueCounters[] {
    const isGuest = this.#driver === 'vhost';
    const named = queueCountersOf(this.#xstats?.values ?? noValues, isGuest);
    const isCurrent = this.#xstatsTime !== undefined;
    const queues = named.length > 0 ? (isCurrent ? named : []) : this.#basicQueues(isGuest);
    return countsQueueErrors(this.#driver ?? 'generic') ? queues : queues.map((queue) => ({ ...queue, errors: null }));
  }

  #basicQueues(isGuest: boolean): QueueCounters[] {
    const told = this.#stats?.stats.queues;
    if (told === undefined) return [];
    const { rxQueues = 0, txQueues = 0 } = this.#info;
    const rx = told.ipackets.slice(0, rxQueues).map((count, queue) => ({
      direction: isGuest ? ('fromGuest' as const) : ('rx' as const),
      queue,
      packets: count,
      bytes: told.ibytes[queue] ?? null,
      errors: told.errors[queue] ?? null,
    }));
    const tx = told.opackets.slice(0, txQueues).map((count, queue) => ({
      direction: isGuest ? ('toGuest' as const) : ('tx' as const),
      queue,
      packets: count,
      bytes: told.obytes[queue] ?? null,
      errors: null,
    }));
    return [...rx, ...tx];
  }
}

const noValues: ReadonlyMap<string, bigint> = new Map();

/** The basic statistics under the names they have among the extended ones (rte_ethdev.c, eth_dev_stats_strings). */
function basicNames(stats: BasicStats): readonly (readonly [name: string, value: bigint])[] {
  return [
    ['rx_missed_errors', stats.imissed],
    ['rx_errors', stats.ierrors],
    ['tx_errors', stats.oerrors],
    ['rx_mbuf_allocation_errors', stats.rxNombuf],
  ];
}

/**
 * A row of drops has one key a cause. Where a cause is told at two places (a port's own errors and those of its card)
 * the one that is in the port's totals is told; the other stands among the extended counters.
 */
function onePerKey(causes: readonly CauseReading[]): CauseReading[] {
  const byKey = new Map<string, CauseReading>();
  for (const place of places) {
    for (const cause of causes.filter((one) => one.place === place)) {
      const key = `${cause.direction} ${cause.cause}`;
      if (!byKey.has(key)) byKey.set(key, cause);
    }
  }
  return [...byKey.values()];
}

const queueErrorRow = 'rx_q{q}_errors';

/** Whether the map takes a queue's errors for lost packets: as a total of its own, or as a share of one. */
function countsQueueErrors(driver: DriverName): boolean {
  const { rows } = counterMap.drivers[driver];
  const row = rows.find(({ counter }) => counter === queueErrorRow);
  if (row === undefined || row.role === 'evidence') return false;
  return row.of === undefined || rows.some(({ counter, role }) => counter === row.of && role === 'total');
}
