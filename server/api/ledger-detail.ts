import { FourninesError } from '../../core/runtime/error.ts';
import type { OwnedPackets } from '../attribution/evidence.ts';
import { edgeBound } from '../ledger/edges.ts';
import { type Blame, type CausePackets, type JointPort, jointsOf } from '../ledger/joints.ts';
import { type ThreadTimes, threadsByCore } from '../ledger/pmd-threads.ts';
import { isKnown } from '../sli/coverage.ts';
import { delivery } from '../sli/packet-delivery.ts';
import { datapathPage } from '../store/queries/datapath-page.ts';
import { datapathPorts } from '../store/queries/datapath-ports.ts';
import { datapathSums } from '../store/queries/datapath-sums.ts';
import { latestRxqs } from '../store/queries/latest-rxqs.ts';
import { ownerSums } from '../store/queries/owner-sums.ts';
import { pmdSums } from '../store/queries/pmd-sums.ts';
import { pmdThreads } from '../store/queries/pmd-threads.ts';
import { type QueryContext, type RowsOf, runQuery } from '../store/run-query.ts';
import { decodePortCursor } from './cursor.ts';
import { keyOf, type ReadEntry, readEdges, readEntries } from './ledger-entries.ts';
import { type AccountedPath, readAccountedPaths } from './path-sums.ts';
import type { LedgerDetail, LedgerEntry } from './schema/ledger.ts';
import { stepGrid } from './series.ts';
import { iso, type RequestedWindow } from './window.ts';

export interface DetailRequest {
  readonly window: RequestedWindow;
  readonly step: number;
  readonly host: string;
  readonly datapath: string;
  /** Unix second: how far back a datapath is looked for that has no row in the window. */
  readonly now: number;
}

/** Raw rows live so long, s. */
const rawSeconds = 7 * 86_400;
const pathsAPage = 1_000;
/** 5,000 ports in both directions; no datapath is known to hold more. */
const pathPagesMax = 10;

/** Everything about one datapath over a window but the window itself. */
export async function readDetail(
  store: QueryContext,
  request: DetailRequest,
): Promise<Pick<LedgerDetail, 'entry' | 'joints' | 'ports' | 'pmds' | 'queues' | 'series'>> {
  const { window, host, datapath } = request;
  const read = await readEntry(store, request);
  const [facts, owners, pmds, queues, series] = await Promise.all([
    runQuery(store, datapathPorts, { host, datapath }),
    runQuery(store, ownerSums, { host, ...window }),
    readPmds(store, request),
    runQuery(store, latestRxqs, { ...window, host, datapath }),
    readSeries(store, request),
  ]);
  const paths = facts.length === 0 ? [] : await readAllPaths(store, request);
  const factOf = new Map(facts.map((fact) => [fact.port, fact]));
  const ports = paths.flatMap((path) => {
    const fact = factOf.get(path.port);
    return fact === undefined ? [] : [{ path, port: jointPort(path, fact) }];
  });
  return {
    entry: read.entry,
    joints: joints(
      ports.map(({ port }) => port),
      read.inside,
      { datapath, blame: blameOf(owners) },
    ),
    ports: ports.map(({ path, port }) => portOf(path, port)),
    pmds,
    queues: queues.map(({ enabled, ...queue }) => ({ ...queue, enabled: enabled === 1 })),
    series,
  };
}

/** Polling threads by what they count themselves, and beside it what the kernel booked for them. */
async function readPmds(store: QueryContext, request: DetailRequest): Promise<LedgerDetail['pmds']> {
  const { window, host, datapath } = request;
  const [pmds, threads] = await Promise.all([
    runQuery(store, pmdSums, { ...window, host, datapath }),
    runQuery(store, pmdThreads, { ...window, host }),
  ]);
  const times = threads.map(({ owner, name, knownNs, runNs, runDelayNs }) => {
    return { owner, name, knownNs: BigInt(knownNs), runNs: BigInt(runNs), runDelayNs: BigInt(runDelayNs) };
  });
  const byCore = threadsByCore(datapath, times);
  return pmds.map(({ isolated, ...pmd }) => ({
    ...pmd,
    isolated: isolated === 1,
    thread: threadOf(byCore.get(pmd.core)),
  }));
}

function threadOf(times: ThreadTimes | undefined): LedgerDetail['pmds'][number]['thread'] {
  if (times === undefined) return null;
  const { knownNs, runNs, runDelayNs } = times;
  return { knownNs: String(knownNs), runNs: String(runNs), runDelayNs: String(runDelayNs) };
}

/** The ledger of one datapath; without a row in the window an empty one, where the datapath is known at all. */
async function readEntry(store: QueryContext, { window, host, datapath, now }: DetailRequest): Promise<ReadEntry> {
  const [read] = (await readEntries(store, { window, host, datapath, limit: 1 })).entries;
  if (read !== undefined) return read;
  const ever = { from: Math.max(0, now - rawSeconds), to: now + 1 };
  const page = datapathPage({ host, datapath });
  const [row] = await runQuery(store, datapathSums, { ...ever, step: ever.to - ever.from, ...page, limit: 1 });
  if (row === undefined) {
    throw new FourninesError('FN_NOT_FOUND', `there is no datapath ${datapath} on ${host}`, {
      context: { host, datapath },
    });
  }
  return { entry: emptyEntry(row, window), inside: [] };
}

function emptyEntry(row: RowsOf<typeof datapathSums>[number], window: RequestedWindow): LedgerEntry {
  const expected = window.to - window.from;
  return {
    host: row.host,
    datapath: row.datapath,
    lastSlot: iso(row.lastSlot),
    slots: { expected, observed: 0, bridged: 0, unknown: expected, suspect: 0 },
    ports: row.ports,
    flows: row.flows,
    in: '0',
    out: '0',
    portDrops: '0',
    insideDrops: [],
    copies: null,
    consumed: null,
    copiesUncertain: null,
    residual: '0',
    residualRaw: '0',
    bound: '0',
    settledTo: null,
    state: 'unknown',
  };
}

async function readAllPaths(store: QueryContext, { window, host }: DetailRequest): Promise<AccountedPath[]> {
  const all: AccountedPath[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < pathPagesMax; page++) {
    const after = decodePortCursor(cursor);
    const read = await readAccountedPaths(store, { window, host, port: undefined, after, limit: pathsAPage });
    all.push(...read.paths);
    if (read.nextCursor === null) break;
    cursor = read.nextCursor;
  }
  return all;
}

function jointPort(path: AccountedPath, fact: RowsOf<typeof datapathPorts>[number]): JointPort {
  const { offered, delivered } = delivery(path);
  return {
    port: path.port,
    type: fact.type,
    direction: path.direction,
    counted: fact.counted === 1,
    known: isKnown(path.slots),
    packets: path.packets,
    offered,
    delivered,
    causes: path.causes.filter(({ place }) => place !== 'filtered'),
    pending: path.pending,
    unexplained: path.unexplained,
  };
}

function portOf(path: AccountedPath, port: JointPort): LedgerDetail['ports'][number] {
  return {
    port: port.port,
    type: port.type,
    direction: port.direction,
    counted: port.counted,
    slots: path.slots,
    packets: String(port.packets),
    drops: String(delivery(path).drops),
    causes: port.causes.map(({ cause, packets }) => ({ cause, packets: String(packets) })),
    pending: String(port.pending),
    unexplained: String(port.unexplained),
  };
}

function joints(
  ports: readonly JointPort[],
  inside: readonly CausePackets[],
  of: { readonly datapath: string; readonly blame: Blame },
): LedgerDetail['joints'] {
  return jointsOf(ports, inside, of).map(({ joint, passed, lost, owners, drops }) => ({
    joint,
    passed: passed === null ? null : String(passed),
    lost: String(lost),
    owners: ownerTexts(owners),
    drops: drops.map((drop) => ({ ...drop, packets: String(drop.packets), owners: ownerTexts(drop.owners) })),
  }));
}

function ownerTexts({ provider, tenant, contract, unknown }: OwnedPackets): LedgerDetail['joints'][number]['owners'] {
  return { provider: String(provider), tenant: String(tenant), contract: String(contract), unknown: String(unknown) };
}

function blameOf(rows: RowsOf<typeof ownerSums>): Blame {
  const said = new Map(
    rows.map(({ port, direction, cause, place, provider, tenant, contract }) => [
      `${port} ${direction} ${cause} ${place}`,
      { provider: BigInt(provider), tenant: BigInt(tenant), contract: BigInt(contract) },
    ]),
  );
  return ({ port, direction, cause, place }) => said.get(`${port} ${direction} ${cause} ${place}`);
}

async function readSeries(store: QueryContext, request: DetailRequest): Promise<LedgerDetail['series']> {
  const { window, step, host, datapath } = request;
  const grid = stepGrid(window.from, window.to, step);
  const page = datapathPage({ host, datapath });
  const [sums, edges] = await Promise.all([
    runQuery(store, datapathSums, { ...window, step, ...page, limit: grid.at.length }),
    readEdges(store, { window, step, page }),
  ]);
  const bounds = new Map<number, bigint>();
  for (const edge of edges.get(keyOf({ host, datapath })) ?? []) {
    bounds.set(edge.step, (bounds.get(edge.step) ?? 0n) + edgeBound(edge));
  }
  const fill = (value: (row: (typeof sums)[number]) => string) =>
    grid.fill(
      sums.map((row) => ({ at: row.at, observed: Number(row.observed) + Number(row.bridged), value: value(row) })),
    );
  return {
    stepSeconds: step,
    at: [...grid.at],
    in: fill((row) => row.inPackets),
    out: fill((row) => row.outPackets),
    portDrops: fill((row) => row.portDrops),
    residualRaw: fill((row) => row.residual),
    bound: fill((row) => String(bounds.get((row.at - window.from) / step) ?? 0n)),
  };
}
