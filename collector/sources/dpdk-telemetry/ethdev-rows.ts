import type { Direction } from '../../../core/catalogue/kind-parts.ts';
import { dropSlot, portSlot, queueSlot, xstatSlot } from '../../../core/catalogue/kinds.ts';
import type { CauseReading } from '../../../core/counters/normalise.ts';
import type { QueueCounters } from '../../../core/counters/queues.ts';
import type { Accumulator, CloseRequest } from '../../accumulator.ts';
import { bytesPerSecondMax, type EpochEnd, identityOf, packetsPerSecondMax, type ReadTime } from '../../slot.ts';
import type { BasicStats } from './replies.ts';

/** What makes an ethdev the one it is: place, process and its start, name. */
export type EthdevIdentity = readonly (string | number | bigint)[];

/** One ethdev as it was read in one tick. */
export interface EthdevReading {
  /** Name in the rows. */
  readonly port: string;
  readonly countedIn: string;
  readonly identity: EthdevIdentity;
  readonly directions: { readonly rx: Direction; readonly tx: Direction };
  readonly stats: BasicStats;
  readonly time: ReadTime;
  /** Every cause, for the totals. */
  readonly causes: readonly CauseReading[];
  /** Those that are told as rows of this port: not in a tick without extended counters, nor what another port told. */
  readonly toldCauses: readonly CauseReading[];
  readonly queues: readonly QueueCounters[];
  readonly xstats: { readonly values: ReadonlyMap<string, bigint>; readonly time: ReadTime } | undefined;
  /** Undefined: everything is read each second. */
  readonly ownPace: 'quiet' | 'write' | undefined;
}

type PortRequest = CloseRequest<typeof portSlot>;
type DropRequest = CloseRequest<typeof dropSlot>;

const packets = { widthBits: 64, perSecondMax: packetsPerSecondMax } as const;
const bytes = { widthBits: 64, perSecondMax: bytesPerSecondMax } as const;
/** Registers of 32 bits that a driver passes on as they are: more than so many drops a second are not believed. */
const narrow = { widthBits: 32, perSecondMax: 20_000_000n } as const;
/** Nothing is known of an extended counter, so any rise is believed and any fall is a new epoch. */
const anyCounter = { widthBits: 64, perSecondMax: 1n << 62n } as const;
const uint64Max = (1n << 64n) - 1n;
const queueNumberMax = 0xffff;

/** Of rte_ethdev.c: names that are another view of the basic statistics. */
const basicXstat =
  /^([rt]x_good_(packets|bytes)|[rt]x_errors|rx_missed_errors|rx_mbuf_allocation_errors|[rt]x_q\d+_?(packets|bytes|errors))$/;

/** A drop counts in a total of its port. */
function isTotal({ place }: Pick<CauseReading, 'place'>): boolean {
  return place === 'outside' || place === 'inside';
}

/** The rows of one ethdev in one tick, before they are closed. */
export class EthdevRows {
  readonly #reading: EthdevReading;
  readonly #ports: readonly PortRequest[];
  readonly #drops: readonly DropRequest[];

  constructor(reading: EthdevReading) {
    this.#reading = reading;
    const { stats, directions } = reading;
    this.#ports = [
      this.#portRequest(directions.rx, stats.ipackets, stats.ibytes),
      this.#portRequest(directions.tx, stats.opackets, stats.obytes),
    ];
    this.#drops = reading.toldCauses.map((cause) => this.#dropRequest(cause));
  }

  /**
   * A fall that says that the basic statistics were reset since the last kept read. rte_eth_stats_reset clears packets,
   * bytes, errors and queues in one act, and every total of drops holds at least one of them. What a driver counts beside
   * them has a reset of its own (rte_eth_xstats_reset) and may be a gauge, so it speaks for itself alone.
   */
  fallen(into: Accumulator): EpochEnd | undefined {
    for (const request of this.#ports) {
      // A narrow counter that went round falls without a reset; closing tells the two apart.
      const isNarrow = request.rules.dropsOutside.widthBits === 32 || request.rules.dropsInside.widthBits === 32;
      const values = isNarrow ? { ...request.values, dropsOutside: uint64Max, dropsInside: uint64Max } : request.values;
      const end = into.fallen({ ...request, values });
      if (end !== undefined) return end;
    }
    for (const request of this.#drops) {
      if (!isTotal(request.own) || request.rules.packets.widthBits === 32) continue;
      const end = into.fallen(request);
      if (end !== undefined) return end;
    }
    return undefined;
  }

  close(into: Accumulator, resetSeen: EpochEnd | undefined): void {
    for (const request of this.#ports) into.close({ ...request, resetSeen });
    for (const request of this.#drops) {
      into.close({ ...request, resetSeen: isTotal(request.own) ? resetSeen : undefined });
    }
    this.#closeQueues(into, resetSeen);
    this.#closeXstats(into, resetSeen);
  }

  #portRequest(direction: Direction, packetCount: bigint, byteCount: bigint): PortRequest {
    const { port, countedIn, identity, time, causes } = this.#reading;
    const own = causes.filter((cause) => cause.direction === direction && cause.scope === 'port');
    const outside = own.filter(({ place }) => place === 'outside');
    const inside = own.filter(({ place }) => place === 'inside');
    // A sum over other counters than before is another sum: what it differs by is no loss.
    const summed = [...outside, ...inside].flatMap(({ counters }) => counters);
    return {
      kind: portSlot,
      own: { port, direction, countedIn },
      time,
      identity: identityOf(...identity, 'port', direction, ...namesWithoutSign(summed)),
      values: {
        packets: packetCount,
        bytes: byteCount,
        dropsOutside: sumOf(outside),
        dropsInside: sumOf(inside),
      },
      rules: { packets, bytes, dropsOutside: ruleOf(outside), dropsInside: ruleOf(inside) },
    };
  }

  #dropRequest(cause: CauseReading): DropRequest {
    const { port, identity, time, ownPace } = this.#reading;
    return {
      kind: dropSlot,
      own: { port, direction: cause.direction, cause: cause.cause, place: cause.place },
      time,
      identity: identityOf(...identity, 'drop', cause.place, ...cause.counters),
      values: { packets: cause.packets },
      rules: { packets: ruleOf([cause]) },
      onChange: true,
      ...(ownPace === undefined ? {} : { ownPace }),
    };
  }

  #closeQueues(into: Accumulator, resetSeen: EpochEnd | undefined): void {
    const { port, identity, queues } = this.#reading;
    const time = this.#reading.xstats?.time ?? this.#reading.time;
    for (const { direction, queue, packets: count, bytes: byteCount, errors } of queues) {
      // Without packets there is nothing to say of a queue.
      if (count === null || queue > queueNumberMax) continue;
      into.close({
        kind: queueSlot,
        own: { port, direction, queue },
        time,
        identity: identityOf(...identity, 'queue', direction, queue),
        values: { packets: count, bytes: byteCount, drops: errors },
        rules: { packets, bytes, drops: packets },
        resetSeen,
      });
    }
  }

  #closeXstats(into: Accumulator, resetSeen: EpochEnd | undefined): void {
    const { port, xstats, ownPace } = this.#reading;
    if (xstats === undefined) return;
    const identity = identityOf(...this.#reading.identity, 'xstat');
    const pace = ownPace === undefined ? {} : { ownPace };
    for (const [name, value] of xstats.values) {
      into.close({
        kind: xstatSlot,
        own: { port, name },
        time: xstats.time,
        identity,
        values: { value },
        rules: { value: anyCounter },
        onChange: true,
        resetSeen: resetSeen !== undefined && basicXstat.test(name) ? resetSeen : undefined,
        ...pace,
      });
    }
  }
}

/** A total less a part is of the same counters whether the part is there or not; order says nothing. */
function namesWithoutSign(counters: readonly string[]): string[] {
  return [...new Set(counters.map((name) => name.replace(/^-/, '')))].sort();
}

function sumOf(causes: readonly CauseReading[]): bigint {
  return causes.reduce((sum, { packets: count }) => sum + count, 0n);
}

function ruleOf(causes: readonly CauseReading[]): typeof packets | typeof narrow {
  return causes.some(({ widthBits }) => widthBits === 32) ? narrow : packets;
}
