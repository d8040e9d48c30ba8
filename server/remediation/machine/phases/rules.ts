import type { EventOf, MachineEvent } from '../event.ts';
import type { PhaseName, PhaseOf } from '../state.ts';
import type { Turn } from '../turn.ts';

/** What a phase does with what it is told; anything it has no rule for changes nothing. */
export interface Rules<N extends PhaseName> {
  readonly on: {
    readonly [K in MachineEvent['kind']]?: (turn: Turn, phase: PhaseOf<N>, event: EventOf<K>) => void;
  };
  /** Its time is over. */
  readonly expired: (turn: Turn, phase: PhaseOf<N>) => void;
}

export function never(): void {}
