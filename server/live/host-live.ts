import type { RowOf } from '../../core/catalogue/columns.ts';
import type { datapathSlot } from '../../core/catalogue/datapath-kinds.ts';
import type { dropSlot, portSlot, softnetSlot, tick } from '../../core/catalogue/kinds.ts';
import type { threadSlot } from '../../core/catalogue/thread-kinds.ts';
import { PathWindow } from './path-window.ts';

export type PortRow = RowOf<typeof portSlot>;
export type DropRow = RowOf<typeof dropSlot>;
export type ThreadRow = RowOf<typeof threadSlot>;
export type SoftnetRow = RowOf<typeof softnetSlot>;
export type DatapathRow = RowOf<typeof datapathSlot>;
export type TickRow = RowOf<typeof tick>;

/** The last row of a path, and its last seconds. */
export interface LivePath {
  last: PortRow;
  readonly window: PathWindow;
  /** Slots given so far, by state: a counter since the server started. */
  readonly slotsByState: Record<'observed' | 'bridged' | 'unknown' | 'suspect', bigint>;
}

/** The last ledger row of a datapath, and sums over its known slots since the server started. */
export interface LiveDatapath {
  last: DatapathRow;
  readonly sums: { inPackets: bigint; outPackets: bigint; portDrops: bigint; unknownSlots: bigint };
}

/** What one message says, kind by kind. */
export interface HostRows {
  readonly tick: readonly TickRow[];
  readonly ports: readonly PortRow[];
  readonly drops: readonly DropRow[];
  readonly threads: readonly ThreadRow[];
  readonly softnet: readonly SoftnetRow[];
  readonly datapaths: readonly DatapathRow[];
}

/** Objects that have not been read for so long are forgotten here; the store keeps them. */
const forgetAfterSeconds = 60;

/** The newest of one host. Bounded by the objects the host has and the seconds kept of each path. */
export class HostLive {
  readonly host: string;
  readonly paths = new Map<string, LivePath>();
  /** Raw drop counters by port, direction and cause: their last written row stands until the next. */
  readonly drops = new Map<string, DropRow>();
  readonly threads = new Map<string, ThreadRow>();
  readonly softnet = new Map<number, SoftnetRow>();
  readonly datapaths = new Map<string, LiveDatapath>();
  lastTick: TickRow | undefined;
  arrivedAtMs = 0;
  readonly #seconds: number;

  constructor(host: string, seconds: number) {
    this.host = host;
    this.#seconds = seconds;
  }

  /**
   * Takes a message's rows; `monoMs` is when they arrived, on a clock that never steps. False: it has been taken before,
   * as when a spool sends again what was not acknowledged.
   */
  add(rows: HostRows, monoMs: number): boolean {
    const tick = rows.tick[0];
    if (tick === undefined || (this.lastTick !== undefined && isOlder(tick, this.lastTick))) return false;
    this.lastTick = tick;
    this.arrivedAtMs = monoMs;
    for (const row of rows.ports) this.#addPort(row);
    for (const row of rows.drops) this.drops.set(`${row.port}\u0000${row.direction}\u0000${row.cause}`, row);
    for (const row of rows.threads) this.threads.set(`${row.tid}:${row.startTicks}`, row);
    for (const row of rows.softnet) this.softnet.set(row.cpu, row);
    for (const row of rows.datapaths) this.#addDatapath(row);
    if (tick.slot % forgetAfterSeconds === 0) this.#forget(tick.slot - forgetAfterSeconds);
    return true;
  }

  #addPort(row: PortRow): void {
    const key = `${row.port}\u0000${row.direction}`;
    const path = this.paths.get(key) ?? this.#newPath(key, row);
    const { slot, slots, state, packetsInc, bytesInc, dropsOutsideInc, dropsInsideInc } = row;
    const suspect = row.suspect === 1;
    path.window.add({
      slot,
      slots,
      state,
      suspect,
      packets: packetsInc,
      bytes: bytesInc,
      dropsOutside: dropsOutsideInc,
      dropsInside: dropsInsideInc,
    });
    path.last = row;
    path.slotsByState[suspect ? 'suspect' : state] += BigInt(slots);
  }

  #newPath(key: string, row: PortRow): LivePath {
    const path: LivePath = {
      last: row,
      window: new PathWindow(this.#seconds),
      slotsByState: { observed: 0n, bridged: 0n, unknown: 0n, suspect: 0n },
    };
    this.paths.set(key, path);
    return path;
  }

  #addDatapath(row: DatapathRow): void {
    const sums = this.datapaths.get(row.datapath)?.sums ?? {
      inPackets: 0n,
      outPackets: 0n,
      portDrops: 0n,
      unknownSlots: 0n,
    };
    this.datapaths.set(row.datapath, { last: row, sums });
    if (row.residual === null || row.suspect === 1) {
      sums.unknownSlots += BigInt(row.slots);
      return;
    }
    sums.inPackets += row.inPackets ?? 0n;
    sums.outPackets += row.outPackets ?? 0n;
    sums.portDrops += row.portDrops ?? 0n;
  }

  #forget(before: number): void {
    for (const [key, { last }] of this.paths) if (last.slot + last.slots < before) this.paths.delete(key);
    for (const [key, row] of this.threads) if (row.slot + row.slots < before) this.threads.delete(key);
    for (const [key, { last }] of this.datapaths) if (last.slot + last.slots < before) this.datapaths.delete(key);
    // Drops between ports stand under the name of their datapath.
    const ports = new Set([...[...this.paths.values()].map(({ last }) => last.port), ...this.datapaths.keys()]);
    for (const [key, row] of this.drops) if (!ports.has(row.port)) this.drops.delete(key);
  }
}

/** A message read again. Boot clocks order the ticks of one boot, whatever the wall clock does. */
function isOlder(tick: TickRow, last: TickRow): boolean {
  return tick.bootId === last.bootId && tick.monoNs <= last.monoNs;
}
