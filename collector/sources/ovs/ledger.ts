import { datapathSlot } from '../../../core/catalogue/datapath-kinds.ts';
import { portSlot } from '../../../core/catalogue/kinds.ts';
import type { Accumulator } from '../../accumulator.ts';
import { type ClosedSlot, identityOf, type ReadTime } from '../../slot.ts';
import type { DpctlDatapath } from './dpctl-show.ts';
import type { DaemonLife, PortFlow } from './ports.ts';

/** Increments of one slot, or of a gap whose sums are known. */
interface LedgerSums {
  readonly inPackets: bigint;
  readonly outPackets: bigint;
  readonly portDrops: bigint;
}

/** A batch of OVS (NETDEV_MAX_BURST): what a thread takes from a queue, or gathers for a port, at a time. */
const batchPackets = 32n;
const counters = { widthBits: 64, perSecondMax: 4_000_000_000n } as const;

export interface LedgerRead {
  readonly life: DaemonLife;
  readonly datapath: DpctlDatapath;
  readonly flows: readonly PortFlow[];
  /** Names of the ports in the sums of the last kept tick; undefined: there was none. */
  readonly before: ReadonlySet<string> | undefined;
  /** Polling threads, as last told. */
  readonly pmds: number;
  readonly time: ReadTime;
}

/**
 * Writes a ledger row. `refused`: the reading was no boundary, for its ports neither: the next one covers these slots,
 * too. `unread`: its ports were read, but not its lookups: the next row covers more slots than its ports do.
 */
export function closeLedger(read: LedgerRead, into: Accumulator): 'closed' | 'refused' | 'unread' {
  const { life, datapath, time } = read;
  const { hit, missed, lost } = datapath;
  if (hit === undefined || missed === undefined || lost === undefined) return 'unread';
  const counted = read.flows.filter(({ port }) => port.inLedger);
  const sums = sumsOf(counted, read.before);
  const refused = into.refused.late + into.refused.duplicate;
  into.close({
    kind: datapathSlot,
    own: {
      datapath: datapath.name,
      ports: counted.length,
      unread: counted.filter(isUnread).length,
      flows: Number(datapath.flows ?? 0n),
      inPackets: sums?.inPackets ?? null,
      outPackets: sums?.outPackets ?? null,
      portDrops: sums?.portDrops ?? null,
      residual: sums === undefined ? null : sums.inPackets - sums.outPackets - sums.portDrops,
      hold: batchPackets * BigInt(Math.max(1, read.pmds)) * BigInt(counted.length + 1),
    },
    time,
    identity: identityOf(life.place, 'datapath', life.pid, life.startTicks, datapath.name),
    values: { hits: hit, missed, lost },
    rules: { hits: counters, missed: counters, lost: counters },
  });
  return into.refused.late + into.refused.duplicate === refused ? 'closed' : 'refused';
}

/** A guest that is away has no rings, and so no counters: nothing comes from it, and nothing reaches it. */
export function isUnread({ port }: PortFlow): boolean {
  return port.read.failure !== undefined;
}

const column = Object.fromEntries(portSlot.counters.map((name, i) => [name, i])) as Readonly<Record<string, number>>;

/** Undefined when any port came with packets, went, was reset, or covers other slots than the rest. */
function sumsOf(flows: readonly PortFlow[], before: ReadonlySet<string> | undefined): LedgerSums | undefined {
  const read = flows.filter((flow) => !isUnread(flow));
  const now = new Set(read.map(({ port }) => port.name));
  if (before === undefined || [...before].some((name) => !now.has(name))) return undefined;
  const total = { inPackets: 0n, outPackets: 0n, portDrops: 0n };
  let slots: ClosedSlot | undefined;
  for (const flow of read) {
    if (!before.has(flow.port.name) && flow.isFresh) continue;
    const [rx, tx] = [flow.rx, flow.tx];
    if (rx === undefined || tx === undefined) return undefined;
    slots ??= rx;
    if ([rx, tx].some(({ slot, slots: length }) => slot !== slots?.slot || length !== slots.slots)) return undefined;
    const increment = (closed: ClosedSlot, name: string) => closed.increments[column[name] ?? -1] ?? null;
    const came = [increment(rx, 'packets'), increment(rx, 'dropsInside')];
    const left = [increment(tx, 'packets'), increment(tx, 'dropsOutside')];
    if ([...came, ...left].some((value) => value === null)) return undefined;
    total.inPackets += came[0] ?? 0n;
    total.portDrops += (came[1] ?? 0n) + (left[1] ?? 0n);
    total.outPackets += left[0] ?? 0n;
  }
  return total;
}
