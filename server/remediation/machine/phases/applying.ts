import {
  planAgain,
  release,
  toCooldown,
  toHalt,
  toPause,
  toReconcile,
  toRollback,
  toSettle,
  toVerify,
} from '../entering.ts';
import type { HostReading } from '../host.ts';
import { likenessTo } from '../host.ts';
import type { Action, CommandId, PhaseOf } from '../state.ts';
import type { Turn } from '../turn.ts';
import type { Rules } from './rules.ts';

export const apply: Rules<'apply'> = {
  on: {
    outcome(turn, phase, { command, result }) {
      if (!isAnswerTo(phase, command)) return;
      const { action } = phase;
      switch (result) {
        case 'committed':
          toSettle(turn, action, null);
          return;
        case 'aborted':
          turn.journal(action, 'abandoned', 'the transaction was aborted');
          planAgain(turn, action, 'aborted');
          return;
        case 'refused':
          turn.journal(action, 'abandoned', 'the executor refused');
          release(turn, action);
          toPause(turn);
          return;
        case 'unknown':
          toReconcile(turn, action);
          return;
      }
    },
  },
  expired: (turn, { action }) => toReconcile(turn, action),
};

export const reconcile: Rules<'reconcile'> = {
  on: {
    placement(turn, phase, { command, host }) {
      // An answer without content is none: it is asked again, until the time is over.
      if (isAnswerTo(phase, command) && host !== null) decide(turn, phase.action, host);
    },
  },
  expired(turn, { action, giveUpAt }) {
    if (turn.now < giveUpAt) toReconcile(turn, action, giveUpAt);
    else toHalt(turn, action, 'the placement cannot be read');
  },
};

function decide(turn: Turn, action: Action, host: HostReading): void {
  switch (likenessTo({ preImage: action.preImage, moves: action.proposal.moves }, host)) {
    case 'asPlanned':
      if (action.undo === null) toSettle(turn, action, host);
      else toRollback(turn, action, action.undo, host);
      return;
    case 'asBefore':
      restored(turn, action);
      return;
    case 'moot':
      toVerify(turn, action, 'moot');
      return;
    case 'mixed':
      toRollback(turn, action, 'neither as planned nor as before', host);
      return;
  }
}

/** As it was: because it was undone, or was never there. */
export function restored(turn: Turn, action: Action): void {
  const wasThere = action.isCharged || action.undo !== null;
  turn.journal(action, wasThere ? 'restored' : 'abandoned', action.undo ?? 'nothing was changed');
  release(turn, action);
  const { penanceMs, pauseMs } = turn.settings.timers;
  toCooldown(turn, wasThere ? penanceMs : pauseMs);
}

export function isAnswerTo({ command }: Pick<PhaseOf<'apply'>, 'command'>, { epoch, seq }: CommandId): boolean {
  return command.epoch === epoch && command.seq === seq;
}
