import { type Balance, balanceOf, type LedgerInput, type Replicas } from '../ledger/balance.ts';
import { type Edge, edgesOf } from '../ledger/edges.ts';
import type { CausePackets } from '../ledger/joints.ts';
import { countSlots } from '../sli/coverage.ts';
import { datapathEdges } from '../store/queries/datapath-edges.ts';
import { type DatapathKey, datapathPage } from '../store/queries/datapath-page.ts';
import { datapathSums } from '../store/queries/datapath-sums.ts';
import { insideSums } from '../store/queries/inside-sums.ts';
import { replicaSums } from '../store/queries/replica-sums.ts';
import { instantsMax, toldNear } from '../store/queries/told-near.ts';
import { type QueryContext, type RowsOf, runQuery } from '../store/run-query.ts';
import { encodeCursor } from './cursor.ts';
import type { LedgerEntry } from './schema/ledger.ts';
import { iso, type RequestedWindow } from './window.ts';

export interface LedgerRequest {
  readonly window: RequestedWindow;
  readonly host?: string | undefined;
  readonly datapath?: string | undefined;
  readonly after?: DatapathKey | undefined;
  readonly limit: number;
}

/** A ledger as the answer has it, and the numbers that a page of its joints needs. */
export interface ReadEntry {
  readonly entry: LedgerEntry;
  readonly inside: readonly CausePackets[];
}

export interface EntryPage {
  readonly entries: readonly ReadEntry[];
  readonly nextCursor: string | null;
}

type SumsRow = RowsOf<typeof datapathSums>[number];
type ReplicaRow = RowsOf<typeof replicaSums>[number];
type ToldRow = RowsOf<typeof toldNear>[number];

/** Ledgers of a page of datapaths over one window. */
export async function readEntries(store: QueryContext, request: LedgerRequest): Promise<EntryPage> {
  const { window, host, datapath, after, limit } = request;
  const step = window.to - window.from;
  const page = datapathPage({ host, datapath, after });
  const rows = await runQuery(store, datapathSums, { ...window, step, ...page, limit: limit + 1 });
  const listed = rows.slice(0, limit);
  const until = listed.at(-1);
  if (until === undefined) return { entries: [], nextCursor: null };
  const asked = { ...window, ...datapathPage({ host, datapath, after, until }) };
  const [edges, replicas, inside] = await Promise.all([
    readEdges(store, { window, step, page: asked }),
    runQuery(store, replicaSums, asked),
    runQuery(store, insideSums, asked),
  ]);
  // The ends of the window come first: whatever else is cut, they are asked for.
  const instants = [...new Set([window.from, window.to, ...[...edges.values()].flat().map(({ at }) => at)])];
  const near = instants.slice(0, instantsMax);
  const told = await runQuery(store, toldNear, { ...asked, instants: near.join(',') });
  const replicaOf = new Map(replicas.map((row) => [keyOf(row), row]));
  const insideOf = Map.groupBy(inside, keyOf);
  const toldOf = Map.groupBy(told, keyOf);
  const entries = listed.map((row) =>
    entryOf(row, window, {
      edges: edges.get(keyOf(row)) ?? [],
      near: new Set(near),
      replica: replicaOf.get(keyOf(row)),
      inside: insideOf.get(keyOf(row)) ?? [],
      told: toldOf.get(keyOf(row)) ?? [],
    }),
  );
  return { entries, nextCursor: rows.length > limit ? encodeCursor([until.host, until.datapath]) : null };
}

/** The ends of the stretches of known slots of each datapath, by `keyOf`. */
export async function readEdges(
  store: QueryContext,
  ask: { readonly window: RequestedWindow; readonly step: number; readonly page: ReturnType<typeof datapathPage> },
): Promise<ReadonlyMap<string, Edge[]>> {
  const rows = await runQuery(store, datapathEdges, { ...ask.page, ...ask.window, step: ask.step });
  const optional = (value: string | null) => (value === null ? null : BigInt(value));
  const read = rows.map((row) => ({
    ...row,
    inPackets: optional(row.inPackets),
    outPackets: optional(row.outPackets),
    portDrops: optional(row.portDrops),
    intervalNs: BigInt(row.intervalNs),
    readSpanNs: BigInt(row.readSpanNs),
    lateNs: BigInt(row.lateNs),
    hold: BigInt(row.hold),
    starts: row.starts === 1,
    ends: row.ends === 1,
  }));
  return new Map([...Map.groupBy(read, keyOf)].map(([key, of]) => [key, edgesOf(of)]));
}

export function keyOf({ host, datapath }: DatapathKey): string {
  return JSON.stringify([host, datapath]);
}

interface Told {
  readonly edges: readonly Edge[];
  /** Instants that were asked for; what is told near others is not known. */
  readonly near: ReadonlySet<number>;
  readonly replica: ReplicaRow | undefined;
  readonly inside: RowsOf<typeof insideSums>;
  readonly told: readonly ToldRow[];
}

function entryOf(row: SumsRow, window: RequestedWindow, told: Told): ReadEntry {
  const inside = told.inside
    .map(({ cause, packets }) => ({ cause, packets: BigInt(packets) }))
    .filter(({ packets }) => packets > 0n);
  const input: LedgerInput = {
    to: window.to,
    sums: {
      known: Number(row.observed) + Number(row.bridged),
      in: BigInt(row.inPackets),
      out: BigInt(row.outPackets),
      portDrops: BigInt(row.portDrops),
      residualRaw: BigInt(row.residual),
      unread: row.unread !== '0',
    },
    edges: told.edges,
    inside,
    insideUnknown: told.inside.some(({ unknown }) => unknown !== '0'),
    replicas: replicasOf(told),
    copiesNear: told.told.filter(({ what }) => what === 'copies').map(nearRow),
    lossesNear: told.told.filter(({ what }) => what !== 'copies').map(nearRow),
  };
  return { entry: tell(row, window, input, balanceOf(input)), inside };
}

function replicasOf({ replica, edges, near }: Told): Replicas {
  if (replica === undefined) return { copies: null, consumed: null, uncertain: 0n, unbounded: true, toldTo: null };
  const known = replica.known !== '0';
  const firstKnown = Math.min(...edges.map(({ at }) => at));
  const hasHoles = Number(replica.told) < replica.toldTo - replica.toldFrom || replica.toldFrom > firstKnown;
  return {
    copies: known ? BigInt(replica.copies) : null,
    consumed: known ? BigInt(replica.consumed) : null,
    uncertain: BigInt(replica.uncertain),
    unbounded: replica.unbounded !== '0' || hasHoles || edges.some(({ at }) => !near.has(at)),
    toldTo: replica.toldTo,
  };
}

function nearRow(row: ToldRow) {
  return {
    from: row.from,
    to: row.to,
    name: `${row.what} ${row.name}`,
    packets: BigInt(row.packets),
    intervalNs: BigInt(row.intervalNs),
    readSpanNs: BigInt(row.readSpanNs),
    lateNs: BigInt(row.lateNs),
  };
}

function tell(row: SumsRow, window: RequestedWindow, input: LedgerInput, balance: Balance): LedgerEntry {
  const { sums, replicas, inside } = input;
  const optional = (value: bigint | null) => (value === null ? null : String(value));
  return {
    host: row.host,
    datapath: row.datapath,
    lastSlot: iso(row.lastSlot),
    slots: countSlots(window.to - window.from, {
      observed: Number(row.observed),
      bridged: Number(row.bridged),
      suspect: Number(row.suspect),
    }),
    ports: row.ports,
    flows: row.flows,
    in: String(sums.in),
    out: String(sums.out),
    portDrops: String(sums.portDrops),
    insideDrops: inside.map(({ cause, packets }) => ({ cause, packets: String(packets) })),
    copies: optional(replicas.copies),
    consumed: optional(replicas.consumed),
    copiesUncertain: optional(balance.copiesUncertain),
    residual: String(balance.residual),
    residualRaw: String(sums.residualRaw),
    bound: String(balance.bound),
    settledTo: replicas.toldTo === null ? null : iso(replicas.toldTo),
    state: balance.state,
  };
}
