import { toAdvised, toAttempt, toCooldown, toPlan } from '../entering.ts';
import type { PlannedMoves } from '../event.ts';
import { modeNow } from '../mode.ts';
import type { Attempt, PhaseOf } from '../state.ts';
import type { Turn } from '../turn.ts';
import type { Rules } from './rules.ts';

export const plan: Rules<'plan'> = {
  on: {
    planned(turn, phase, { plan: found, reason }) {
      if (found === null) {
        toAdvised(turn, reason, null);
        return;
      }
      const attempt = attemptOf(turn, phase, found);
      if (modeNow(turn.state, turn.settings) === 'advise') toAdvised(turn, 'advise', attempt.proposal);
      else toAttempt(turn, attempt);
    },
  },
  expired: (turn) => toAdvised(turn, 'noPlan', null),
};

function attemptOf(turn: Turn, { cause, replans, approval }: PhaseOf<'plan'>, found: PlannedMoves): Attempt {
  const { id, moves, predictedMaxUsagePpm, host, ageMs } = found;
  const sorted = [...moves].sort((a, b) => (a.rxq < b.rxq ? -1 : 1));
  const fingerprint = [cause, ...sorted.map(({ rxq, from, to }) => `${rxq}:${from}>${to}`)].join(' ');
  const proposal = { id, fingerprint, cause, moves: sorted, predictedMaxUsagePpm, host, readAt: turn.now - ageMs };
  return { proposal, replans, approval };
}

export const awaiting: Rules<'await'> = {
  on: {
    decided(turn, { attempt }, { proposal, isApproved, by }) {
      if (proposal !== attempt.proposal.id) return;
      if (!isApproved) {
        toCooldown(turn, turn.settings.timers.cooldownMs);
        return;
      }
      const approval = { fingerprint: attempt.proposal.fingerprint, by };
      const { cause, readAt } = attempt.proposal;
      // A human takes longer than a plan is good for: the approval holds for the same moves, made from what is read now.
      if (turn.now - readAt > turn.settings.timers.planValidMs)
        toPlan(turn, { cause, replans: attempt.replans, approval });
      else toAttempt(turn, { ...attempt, approval });
    },
  },
  expired(turn, { attempt }) {
    turn.emit({ kind: 'withdrawRequest', proposal: attempt.proposal.id });
    toCooldown(turn, turn.settings.timers.cooldownMs);
  },
};
