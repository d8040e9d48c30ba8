import type { Kind } from '../core/catalogue/columns.ts';
import type { GroupState } from './slot.ts';

/** Objects that were not read for so long are forgotten: back after that, they open a new epoch's first read. */
const forgetAfterSeconds = 3600;

export interface KeptState extends GroupState {
  /** Whether a row of this group was ever written. */
  readonly written: boolean;
}

/** Names a counter group: kind and key columns, in the kind's order. */
export function groupKey(kind: Kind, row: Readonly<Record<string, unknown>>): string {
  return `${kind.name}\u0000${kind.key.map((name) => String(row[name])).join('\u0000')}`;
}

/** Whether a group key is of this kind. */
export function isKeyOf(kind: Kind, key: string): boolean {
  return key.startsWith(`${kind.name}\u0000`);
}

/**
 * The last read of each counter group that is certain to be kept. Moves on only by `commit`, after the bus has taken the
 * rows made of it: a tick that the bus refused never happened, and the next one bridges it.
 */
export class CounterStates {
  readonly #states: Map<string, KeptState>;

  constructor(resumed: ReadonlyMap<string, KeptState> = new Map()) {
    this.#states = new Map(resumed);
  }

  get size(): number {
    return this.#states.size;
  }

  /** Every group; each state is replaced, never changed. */
  get all(): ReadonlyMap<string, KeptState> {
    return this.#states;
  }

  get(key: string): KeptState | undefined {
    return this.#states.get(key);
  }

  /** `renamed`: former port names; what was not read under its new name in this tick begins anew. */
  commit(staged: ReadonlyMap<string, KeptState | null>, renamed: ReadonlySet<string> = new Set()): void {
    if (renamed.size > 0) {
      for (const key of this.#states.keys()) if (renamed.has(key.split('\u0000')[1] ?? '')) this.#states.delete(key);
    }
    for (const [key, state] of staged) {
      if (state === null) this.#states.delete(key);
      else this.#states.set(key, state);
    }
  }

  /** Drops groups not read since an hour before `boundary`; call now and then. */
  forget(boundary: number): void {
    for (const [key, state] of this.#states) {
      if (state.placed.boundary < boundary - forgetAfterSeconds) this.#states.delete(key);
    }
  }
}
