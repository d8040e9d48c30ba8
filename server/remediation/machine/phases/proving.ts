import { bar, release, toCooldown, toHalt, toPause, toRollback, toVerify } from '../entering.ts';
import { likenessTo } from '../host.ts';
import type { PhaseOf, Verdict } from '../state.ts';
import type { Turn } from '../turn.ts';
import { isAnswerTo, restored } from './applying.ts';
import type { Rules } from './rules.ts';

/** Of how many verdicts the error of predictions is the mean. */
const errorsKept = 20;

export const settle: Rules<'settle'> = {
  on: {
    placement(turn, phase, { command, host }) {
      if (!isAnswerTo(phase, command) || phase.isAsPlanned) return;
      const { action } = phase;
      if (host === null) {
        toHalt(turn, action, 'the switch does not answer after the change');
        return;
      }
      const likeness = likenessTo({ preImage: action.preImage, moves: action.proposal.moves }, host);
      if (likeness === 'asPlanned') turn.go({ ...phase, isAsPlanned: true });
      else if (likeness === 'moot') toVerify(turn, action, 'moot');
      else if (likeness === 'asBefore') restored(turn, action);
      else toRollback(turn, action, 'a queue is not where it was to be', host);
    },
    measured(turn, { action }, { intent, verdict }) {
      if (intent !== action.intent) return;
      if (verdict === 'worse') toRollback(turn, action, 'others lose packets');
      else if (verdict === 'moot') toVerify(turn, action, 'moot');
    },
  },
  expired(turn, { action, isAsPlanned }) {
    if (isAsPlanned) toVerify(turn, action, null);
    else toRollback(turn, action, 'nothing says that the queues are where they were to be');
  },
};

export const verify: Rules<'verify'> = {
  on: {
    measured(turn, phase, { intent, of, verdict, observedMaxUsagePpm }) {
      const { action, command } = phase;
      if (intent !== action.intent || phase.verdict !== null) return;
      // That nobody else lost anything says nothing of what it was made for.
      if (of !== 'effect' && verdict !== 'worse') return;
      // An effect that nobody can put a number to was not shown.
      if (verdict === 'worse' || verdict === 'unknown' || (observedMaxUsagePpm === null && verdict !== 'moot')) {
        toRollback(turn, action, verdict === 'worse' ? 'worse' : 'nobody knows what it did');
        return;
      }
      turn.go({ ...phase, verdict, observedMaxUsagePpm });
      turn.emit({ kind: 'confirm', command, intent: action.intent });
    },
    confirmed(turn, phase, { command, isKept }) {
      if (phase.verdict === null || !isAnswerTo(phase, command)) return;
      // Of a change without its queues nothing is left to keep.
      if (isKept || phase.verdict === 'moot') proven(turn, phase, phase.verdict);
      else restored(turn, { ...phase.action, undo: 'the host undid it, since nobody confirmed it in time' });
    },
  },
  // Success must be shown; silence is failure.
  expired: (turn, { action }) => toRollback(turn, action, 'nobody says that it helped'),
};

function proven(turn: Turn, { action, observedMaxUsagePpm }: PhaseOf<'verify'>, verdict: Verdict): void {
  const { timers } = turn.settings;
  const { errorsPpm } = turn.state.history;
  turn.journal(action, verdict === 'good' ? 'verified' : verdict, '', observedMaxUsagePpm);
  release(turn, action);
  // Without an observation there is no error, and no small one either.
  if (verdict === 'moot' || observedMaxUsagePpm === null) {
    toPause(turn);
    return;
  }
  const error = Math.abs(observedMaxUsagePpm - action.proposal.predictedMaxUsagePpm);
  turn.remember({ errorsPpm: [...errorsPpm, error].slice(-errorsKept) });
  turn.set({ soak: { action, endsAt: turn.now + timers.soakMs } });
  turn.emit({ kind: 'measure', intent: action.intent, of: 'soak' });
  if (verdict === 'ineffective') bar(turn, action.proposal.cause);
  toCooldown(turn, verdict === 'good' ? timers.cooldownMs : timers.penanceMs);
}
