import type { Direction } from '../../core/catalogue/kind-parts.ts';
import { type UncausedDrops, uncausedDrops } from '../ledger/pending.ts';
import { countSlots, type SlotCounts } from '../sli/coverage.ts';
import type { PathSums } from '../sli/packet-delivery.ts';
import { causeSums, causeSumsParameters } from '../store/queries/cause-sums.ts';
import { dropsUntold } from '../store/queries/drops-untold.ts';
import { pageOf } from '../store/queries/port-page.ts';
import { portSums, portSumsParameters } from '../store/queries/port-sums.ts';
import { type QueryContext, type RowsOf, runQuery } from '../store/run-query.ts';
import { encodeCursor } from './cursor.ts';
import type { RequestedWindow } from './window.ts';

export interface CauseSum {
  readonly cause: string;
  readonly place: 'inside' | 'outside' | 'beside' | 'filtered';
  readonly packets: bigint;
}

/** One port and direction over a window, as the store has it. */
export interface StoredPath extends PathSums {
  readonly host: string;
  readonly port: string;
  readonly countedIn: string;
  readonly lastSlot: number;
  readonly bytes: bigint;
  readonly packetsMax: bigint;
  readonly slots: SlotCounts;
  readonly causes: readonly CauseSum[];
}

export interface PathPage {
  readonly paths: readonly StoredPath[];
  readonly nextCursor: string | null;
}

export interface PathRequest {
  readonly window: RequestedWindow;
  readonly host: string | undefined;
  readonly port: string | undefined;
  readonly after: { readonly host: string; readonly port: string; readonly direction: Direction } | undefined;
  readonly limit: number;
}

/** A page of paths with their sums and their drops by cause. */
export async function readPaths(store: QueryContext, request: PathRequest): Promise<PathPage> {
  const { window, host, port, after, limit } = request;
  const rows = await runQuery(store, portSums, portSumsParameters({ ...window, host, port, after, limit: limit + 1 }));
  const listed = rows.slice(0, limit);
  const last = listed.at(-1);
  if (last === undefined) return { paths: [], nextCursor: null };
  const causes = await runQuery(store, causeSums, causeSumsParameters({ ...window, host, port, after, until: last }));
  const causesOf = Map.groupBy(causes, keyOf);
  return {
    paths: listed.map((row) => storedPath(row, causesOf.get(keyOf(row)) ?? [], window)),
    nextCursor: rows.length > limit ? encodeCursor([last.host, last.port, last.direction]) : null,
  };
}

function keyOf(row: { readonly host: string; readonly port: string; readonly direction: string }): string {
  return JSON.stringify([row.host, row.port, row.direction]);
}

function storedPath(
  row: RowsOf<typeof portSums>[number],
  causes: RowsOf<typeof causeSums>,
  window: RequestedWindow,
): StoredPath {
  const sums = causes.map(({ cause, place, packets }) => ({ cause, place, packets: BigInt(packets) }));
  const beside = sums.reduce((total, { place, packets }) => (place === 'beside' ? total + packets : total), 0n);
  return {
    host: row.host,
    port: row.port,
    direction: row.direction,
    countedIn: row.countedIn,
    lastSlot: row.lastSlot,
    packets: BigInt(row.packets),
    bytes: BigInt(row.bytes),
    dropsOutside: BigInt(row.dropsOutside),
    dropsInside: BigInt(row.dropsInside),
    dropsBeside: beside,
    packetsMax: BigInt(row.packetsMax),
    slots: countSlots(window.to - window.from, {
      // A slot whose drops at the qdisc are unknown is not known, however well the port counted.
      observed: Math.max(0, Number(row.observed) - unknownBeside(causes, 'unknown')),
      bridged: Math.max(0, Number(row.bridged) - unknownBeside(causes, 'unknownGap')),
      suspect: Number(row.suspect),
    }),
    causes: sums.filter(({ packets }) => packets > 0n),
  };
}

function unknownBeside(causes: RowsOf<typeof causeSums>, column: 'unknown' | 'unknownGap'): number {
  return Math.max(0, ...causes.filter(({ place }) => place === 'beside').map((cause) => Number(cause[column])));
}

/** A path with the drops of its own totals that no cause explains. */
export interface AccountedPath extends StoredPath, UncausedDrops {}

/** Like `readPaths`, with what is left of the drops when all causes are told. */
export async function readAccountedPaths(
  store: QueryContext,
  request: PathRequest,
): Promise<{ readonly paths: readonly AccountedPath[]; readonly nextCursor: string | null }> {
  const { paths, nextCursor } = await readPaths(store, request);
  const until = paths.at(-1);
  const { window, host = '', port = '', after } = request;
  const untold = paths.some((path) => explained(path) < path.dropsOutside + path.dropsInside)
    ? await runQuery(store, dropsUntold, { ...window, host, port, ...pageOf({ after, until }) })
    : [];
  const untoldOf = new Map(untold.map((row) => [keyOf(row), row]));
  return { paths: paths.map((path) => ({ ...path, ...uncaused(path, untoldOf.get(keyOf(path))) })), nextCursor };
}

function uncaused(path: StoredPath, untold: RowsOf<typeof dropsUntold>[number] | undefined): UncausedDrops {
  return uncausedDrops({
    drops: path.dropsOutside + path.dropsInside,
    explained: explained(path),
    untold: BigInt(untold?.untold ?? 0),
    crossing: BigInt(untold?.crossing ?? 0),
  });
}

function explained({ causes }: StoredPath): bigint {
  return causes.reduce(
    (total, { place, packets }) => (place === 'inside' || place === 'outside' ? total + packets : total),
    0n,
  );
}
