import { release, toPause, turnedDown } from '../entering.ts';
import { type Action, type Attempt, grants, type PhaseOf } from '../state.ts';
import type { Turn } from '../turn.ts';
import type { Rules } from './rules.ts';

export const acquire: Rules<'acquire'> = {
  on: {
    granted(turn, phase, { what, proposal }) {
      if (proposal !== phase.attempt.proposal.id || phase.held.includes(what)) return;
      const held = [...phase.held, what];
      if (held.length < grants.length) {
        turn.go({ ...phase, held });
        return;
      }
      const { attempt } = phase;
      turn.go({ name: 'precheck', attempt, action: null, endsAt: turn.now + turn.settings.timers.precheckMs });
      turn.emit({ kind: 'precheck', proposal });
    },
    refused(turn, { attempt }, { proposal }) {
      if (proposal === attempt.proposal.id) giveUp(turn, attempt);
    },
  },
  expired: (turn, { attempt }) => giveUp(turn, attempt),
};

export const precheck: Rules<'precheck'> = {
  on: {
    prechecked(turn, phase, { proposal, host }) {
      const { attempt, action } = phase;
      if (action !== null || proposal !== attempt.proposal.id) return;
      const guard = turn.failing('journal', { attempt, host });
      if (guard !== undefined) {
        turnedDown(turn, guard, attempt);
        return;
      }
      if (host === null) {
        giveUp(turn, attempt);
        return;
      }
      // Numbered like a command, so that an answer to an earlier intent never speaks for a later one.
      const { epoch, seq } = turn.command();
      const intent = `${epoch}.${seq}`;
      const made: Action = { ...attempt, intent, preImage: host, undo: null, isCharged: false };
      turn.go({ ...phase, action: made });
      turn.emit({ kind: 'journalIntent', action: made });
    },
    journalled: (turn, phase, { intent, isDurable }) => carryOut(turn, phase, isDurable ? intent : null),
  },
  expired(turn, { attempt, action }) {
    if (action !== null) turn.journal(action, 'abandoned', 'no answer in time');
    giveUp(turn, attempt);
  },
};

/** Only what is written down is carried out. */
function carryOut(turn: Turn, { action }: PhaseOf<'precheck'>, durableIntent: string | null): void {
  if (action === null) return;
  const { intent, moves, preImage } = { ...action, moves: action.proposal.moves };
  const guard = turn.failing('apply', { attempt: action, durableIntent, intent, host: preImage });
  if (guard !== undefined) {
    turn.journal(action, 'abandoned', guard);
    turnedDown(turn, guard, action);
    return;
  }
  const { applyMs, deadManMs } = turn.settings.timers;
  const command = turn.command();
  const since = turn.now - 86_400_000;
  turn.remember({ appliedAt: [...turn.state.history.appliedAt.filter((at) => at > since), turn.now] });
  // What it was before is part of the new pre-image, so that it is no longer undone by itself.
  turn.set({ soak: null });
  turn.go({ name: 'apply', action, command, endsAt: turn.now + applyMs });
  turn.emit({ kind: 'apply', command, intent, moves, preImage, expiresInMs: applyMs, deadManMs });
}

function giveUp(turn: Turn, attempt: Attempt): void {
  release(turn, attempt);
  toPause(turn);
}
