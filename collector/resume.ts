import type { Kind } from '../core/catalogue/columns.ts';
import { dropSlot, portSlot } from '../core/catalogue/kinds.ts';
import { groupKey, isKeyOf, type KeptState } from './counter-states.ts';
import { identityOfEpoch, type Placed, slotNs } from './slot.ts';

/** A row as the catalogue describes it, of whatever kind. */
type AnyRow = Readonly<Record<string, unknown>>;

/** The rows of one host that are certain to be kept: the last tick, and the last row of each key of each kind. */
export interface KeptRows {
  /** `boundary`: end of the last slot of which everything is kept; a tick is stored after its rows. */
  readonly tick: {
    readonly bootId: string;
    readonly wallNs: bigint;
    readonly monoNs: bigint;
    readonly boundary: number;
  } | null;
  readonly rows: ReadonlyMap<string, readonly AnyRow[]>;
  /**
   * The boot clock less the wall clock in the tick that told a row, ns: the wall clock may have stepped since. Left out:
   * as in the last tick.
   */
  readonly monoLessWallNs?: ReadonlyMap<AnyRow, bigint>;
  /** Where every counter stood before these rows were written, by group key; left out: only the rows are known. */
  readonly states?: ReadonlyMap<string, KeptState>;
}

/** The run before this one is taken to have told every slot of so long before its last: as far back as rows are read. */
const coveredBeforeSeconds = 86_400;

/** Reads what was last kept of this host; null: nothing is. */
export type ReadResumed = (signal: AbortSignal) => Promise<KeptRows | null>;

export const nothingKept: ReadResumed = async () => null;

/**
 * Where each counter stood in the last row that is certain to be kept. What was read after it and died with the process
 * is in the next difference: the state is never kept apart from the rows, so the two cannot disagree.
 *
 * A drop counter is written when it moves. No row since means that it stood still up to the last row of its port, which
 * is read with it: it is resumed from there, so that the gap of the drops is the gap of the port.
 */
export function resumeStates(sourceKinds: readonly Kind[], kept: KeptRows, bootId: string): Map<string, KeptState> {
  const states = new Map<string, KeptState>();
  const { tick } = kept;
  // Another boot has other counters; their identities would say so too.
  if (tick === null || tick.bootId !== bootId) return states;
  const lastOffset = tick.monoNs - tick.wallNs;
  const placed = (row: AnyRow) => placedAt(row, kept.monoLessWallNs?.get(row) ?? lastOffset);
  const ports = newest(portSlot, kept.rows.get(portSlot.name) ?? []);
  for (const kind of sourceKinds.filter(({ counters }) => counters.length > 0)) {
    for (const row of newest(kind, kept.rows.get(kind.name) ?? [])) {
      const anchor = kind === dropSlot ? anchorOf(row, ports, tick.boundary) : undefined;
      const values = kind.counters.map((name) => row[name] as bigint | null).filter((value) => value !== null);
      states.set(groupKey(kind, row), {
        placed: placed(laterOf(row, anchor)),
        epoch: row['epoch'] as bigint,
        values,
        written: true,
      });
    }
  }
  if (kept.states === undefined) return states;
  return overCheckpoint(sourceKinds, kept.states, states, (key, state) => {
    const [, port, direction] = key.split('\u0000');
    const anchor = state.written ? anchorOf({ port, direction }, ports, tick.boundary) : undefined;
    if (anchor === undefined || endOf(anchor) <= state.placed.boundary) return state;
    return { ...state, placed: placed(anchor) };
  });
}

function placedAt(row: AnyRow, monoLessWallNs: bigint): Placed {
  const boundary = endOf(row);
  const wallNs = BigInt(boundary) * slotNs + (row['lateNs'] as bigint);
  const covered = [{ from: boundary - coveredBeforeSeconds, to: boundary }];
  return { boundary, wallNs, monoNs: wallNs + monoLessWallNs, covered };
}

/**
 * The states of the rows, and of the checkpoint what has no row behind it: those counters did not move, or were not read.
 * An object that was renamed meanwhile has its state under the new name alone. `anchored`: a drop counter without a row
 * stood still up to the last row of its port.
 */
function overCheckpoint(
  sourceKinds: readonly Kind[],
  checkpoint: ReadonlyMap<string, KeptState>,
  fromRows: ReadonlyMap<string, KeptState>,
  anchored: (key: string, state: KeptState) => KeptState,
): Map<string, KeptState> {
  const byName = new Map(sourceKinds.map((kind) => [kind.name, kind]));
  const moved = new Set([...fromRows].map(([key, state]) => objectOf(byName, key, state)));
  const still = new Map<string, readonly [string, KeptState]>();
  for (const [key, state] of checkpoint) {
    const object = objectOf(byName, key, state);
    if (object === undefined || moved.has(object)) continue;
    const other = still.get(object)?.[1];
    if (other === undefined || state.placed.monoNs > other.placed.monoNs) still.set(object, [key, state]);
  }
  const states = new Map<string, KeptState>();
  for (const [key, state] of still.values()) states.set(key, isKeyOf(dropSlot, key) ? anchored(key, state) : state);
  for (const [key, state] of fromRows) states.set(key, state);
  return states;
}

/** Names the counted object whatever its port is called; undefined: of no such kind. */
function objectOf(byName: ReadonlyMap<string, Kind>, key: string, { epoch }: KeptState): string | undefined {
  const [name = '', ...parts] = key.split('\u0000');
  const kind = byName.get(name);
  if (kind === undefined) return undefined;
  return [name, identityOfEpoch(epoch), ...parts.filter((_, i) => kind.key[i] !== 'port')].join('\u0000');
}

/** The states of several sources as one: each holds what all have resumed, and of a group the newest counts. */
export function newestStates(all: readonly ReadonlyMap<string, KeptState>[]): Map<string, KeptState> {
  const states = new Map<string, KeptState>();
  for (const [key, state] of all.flatMap((each) => [...each])) {
    const other = states.get(key);
    if (other === undefined || state.placed.monoNs >= other.placed.monoNs) states.set(key, state);
  }
  return states;
}

/** The newest row of a drop counter's port, if the tick that was stored after it proves that no drop row is missing. */
function anchorOf(row: AnyRow, ports: readonly AnyRow[], provenTo: number): AnyRow | undefined {
  const same = ports.filter((port) => port['port'] === row['port'] && port['direction'] === row['direction']);
  return same.find((port) => endOf(port) <= provenTo);
}

/** Of rows of one object, the newest: a port that was renamed has rows under both names, and stands in the newer one. */
function newest(kind: Kind, rows: readonly AnyRow[]): AnyRow[] {
  const others = kind.key.filter((name) => name !== 'port');
  const found = new Map<string, AnyRow>();
  for (const row of rows) {
    const object = [identityOfEpoch(row['epoch'] as bigint), ...others.map((name) => String(row[name]))].join('\u0000');
    found.set(object, laterOf(row, found.get(object)));
  }
  return [...found.values()];
}

function laterOf(row: AnyRow, other: AnyRow | undefined): AnyRow {
  return other !== undefined && endOf(other) > endOf(row) ? other : row;
}

function endOf(row: AnyRow): number {
  return (row['slot'] as number) + (row['slots'] as number);
}
