import type { LedgerState } from '../api/schema/ledger.ts';
import { type Edge, edgeBound, type ToldRow, toldAcross } from './edges.ts';
import type { CausePackets } from './joints.ts';

/** Copies and taken packets of a datapath, from all rows that touch the window. */
export interface Replicas {
  /** Over rows wholly inside the window; null: there is none that is known. */
  readonly copies: bigint | null;
  readonly consumed: bigint | null;
  /** Copies that were not seen, at most. */
  readonly uncertain: bigint;
  /** A row of the window gives no bound, is unknown, or slots have no row. */
  readonly unbounded: boolean;
  /** End of the newest row, unix seconds; null: there is none. */
  readonly toldTo: number | null;
}

export interface LedgerSums {
  /** Known slots. */
  readonly known: number;
  readonly in: bigint;
  readonly out: bigint;
  readonly portDrops: bigint;
  /** In less out less port drops, as the rows have it. */
  readonly residualRaw: bigint;
  /** A port had no counters in some of these slots, since its guest was away: what was sent to it is in the residual. */
  readonly unread: boolean;
}

export interface LedgerInput {
  /** End of the window, unix seconds. */
  readonly to: number;
  readonly sums: LedgerSums;
  readonly edges: readonly Edge[];
  /** Drops between ports over rows wholly inside. */
  readonly inside: readonly CausePackets[];
  /** Drops inside are unknown for part of the window. */
  readonly insideUnknown: boolean;
  readonly replicas: Replicas;
  /** Rows near the ends: of copies, and of drops inside and packets taken. */
  readonly copiesNear: readonly ToldRow[];
  readonly lossesNear: readonly ToldRow[];
}

export interface Balance {
  readonly residual: bigint;
  /** What may be on its way at the ends, or told on their other side. */
  readonly bound: bigint;
  /** Copies that may be missing or too many; null: no bound. */
  readonly copiesUncertain: bigint | null;
  readonly state: LedgerState;
}

/**
 * The ledger of a window: in = out + portDrops + inside + consumed - copies + residual, over its known slots. A residual
 * is bounded by the ends of the stretches of known slots alone: inside a stretch each reading's error cancels, so one
 * that grows with the window shows as unexplained by itself.
 */
export function balanceOf(input: LedgerInput): Balance {
  const { sums, edges, inside, replicas } = input;
  const dropped = inside.reduce((sum, { packets }) => sum + packets, 0n);
  const residual = sums.residualRaw - dropped + (replicas.copies ?? 0n) - (replicas.consumed ?? 0n);
  const bound = edges.reduce((sum, edge) => sum + edgeBound(edge), toldAcross(edges, input.lossesNear));
  const uncertain = replicas.uncertain + toldAcross(edges, input.copiesNear);
  const copiesUncertain = replicas.unbounded ? null : uncertain;
  return { residual, bound, copiesUncertain, state: stateOf(input, residual, bound + (copiesUncertain ?? 0n)) };
}

function stateOf({ to, sums, replicas, insideUnknown }: LedgerInput, residual: bigint, most: bigint): LedgerState {
  if (sums.known === 0) return 'unknown';
  if (residual === 0n) return 'balanced';
  if (residual <= most && -residual <= most) return 'withinBound';
  // What has not been told, or cannot be bounded, may be all of it: neither good nor a finding.
  const settled = replicas.toldTo !== null && replicas.toldTo >= to;
  const isOpen = !settled || replicas.unbounded || insideUnknown || (sums.unread && residual > 0n);
  return isOpen ? 'unsettled' : 'unexplained';
}
