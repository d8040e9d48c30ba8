import type { Effect, JournalEntry } from '../machine/effect.ts';
import type { MachineState, PhaseName } from '../machine/state.ts';

/** What a repair is at, and why it is there as far as the phase does not say. */
export interface Doing {
  readonly phase: PhaseName;
  readonly reason: string | null;
}

interface Stepped {
  readonly before: MachineState;
  readonly after: MachineState;
  readonly effects: readonly Effect[];
}

const restAfter: Partial<Record<JournalEntry['what'], string>> = {
  ...{ verified: 'afterSuccess', ineffective: 'didNotHelp', restored: 'undone' },
};

/** Follows the steps of a machine, so that each second which is lost meanwhile can be told by what it was doing. */
export class DoingOf {
  #rest = 'notBegun';
  /** Why there was no plan when it looked last; the breach goes on. */
  #advised: Doing | null = null;

  stepped({ before, after, effects }: Stepped): void {
    const [from, to] = [before.phase.name, after.phase];
    if (to.name === 'cooldown' && from !== 'cooldown') this.#rest = restOf(from, effects);
    if (to.name === 'advised') this.#advised = { phase: 'advised', reason: to.reason };
    else if (!isBetweenLooks(after)) this.#advised = null;
  }

  /** `state`: as the last step left it. */
  now(state: MachineState): Doing {
    const { phase, clock, history } = state;
    switch (phase.name) {
      case 'idle':
      case 'suspect':
        return this.#advised ?? { phase: phase.name, reason: null };
      case 'cooldown':
        return { phase: phase.name, reason: this.#rest };
      case 'advised':
        return { phase: phase.name, reason: phase.reason };
      case 'await': {
        const isForced = (history.approvalForcedUntilAt ?? 0) > clock.own;
        return { phase: phase.name, reason: isForced ? 'afterSuppression' : 'predictions' };
      }
      default:
        return { phase: phase.name, reason: null };
    }
  }
}

/** It was told that there is no plan, and the last window was not calm. */
function isBetweenLooks({ phase, history }: MachineState): boolean {
  return (phase.name === 'idle' || phase.name === 'suspect') && history.advised.length > 0 && history.calmAt === null;
}

function restOf(from: PhaseName, effects: readonly Effect[]): string {
  for (const effect of effects) {
    const reason = effect.kind === 'journal' ? restAfter[effect.entry.what] : undefined;
    if (reason !== undefined) return reason;
  }
  return from === 'await' ? 'notApproved' : 'notBegun';
}
