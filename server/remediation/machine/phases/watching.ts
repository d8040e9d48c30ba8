import { toAdvised, toIdle, toPlan } from '../entering.ts';
import type { EventOf } from '../event.ts';
import { modeNow } from '../mode.ts';
import type { Settings } from '../settings.ts';
import type { Turn } from '../turn.ts';
import { never, type Rules } from './rules.ts';

/** Consecutive windows, or seconds of the last five, that make a suspicion more than that. */
const windowsNeeded = 2;
const samplesKept = 5;
const samplesNeeded = 3;

type Reading = EventOf<'reading'>;

function isHot({ isValid, isBurning, maxUsagePpm }: Reading, { limits }: Settings): boolean {
  return isValid && (isBurning || (maxUsagePpm !== null && maxUsagePpm >= limits.enterPpm));
}

/** What is not known is not calm. */
function isCalm({ isValid, isBurning, maxUsagePpm }: Reading, { limits }: Settings): boolean {
  return isValid && !isBurning && maxUsagePpm !== null && maxUsagePpm <= limits.leavePpm;
}

/** A breach that comes back before all has been calm for a while is the same: what was told of it is known until then. */
function followCalm(turn: Turn, reading: Reading): void {
  const { settings, now, state } = turn;
  const { advised, calmAt } = state.history;
  if (advised.length === 0 || reading.span !== 'window') return;
  if (!isCalm(reading, settings)) turn.remember({ calmAt: null });
  else if (calmAt === null) turn.remember({ calmAt: now });
  else if (now - calmAt >= settings.timers.overMs) turn.remember({ advised: [], calmAt: null });
}

export const idle: Rules<'idle'> = {
  on: {
    reading(turn, _, reading) {
      followCalm(turn, reading);
      const { settings, now, state } = turn;
      if (modeNow(state, settings) === 'off' || !isHot(reading, settings)) return;
      const endsAt = now + settings.timers.suspectMs;
      turn.go({
        name: 'suspect',
        windows: reading.span === 'window' ? 1 : 0,
        samples: samplesOf([], reading, true),
        endsAt,
      });
    },
  },
  expired: never,
};

export const suspect: Rules<'suspect'> = {
  on: {
    reading(turn, phase, reading) {
      followCalm(turn, reading);
      const hot = isHot(reading, turn.settings);
      const windows = reading.span === 'window' ? (hot ? phase.windows + 1 : 0) : phase.windows;
      const samples = samplesOf(phase.samples, reading, hot);
      if (windows >= windowsNeeded || samples.filter(Boolean).length >= samplesNeeded) toDiagnose(turn);
      else turn.go({ ...phase, windows, samples });
    },
  },
  expired: toIdle,
};

function samplesOf(before: readonly boolean[], { span }: Reading, hot: boolean): readonly boolean[] {
  return span === 'sample' ? [...before, hot].slice(-samplesKept) : before;
}

function toDiagnose(turn: Turn): void {
  turn.go({ name: 'diagnose', endsAt: turn.now + turn.settings.timers.diagnoseMs });
  turn.emit({ kind: 'diagnose' });
}

export const diagnose: Rules<'diagnose'> = {
  on: {
    diagnosed(turn, _, { cause, subject, heldBy }) {
      if (cause === 'calm') toIdle(turn);
      else if (heldBy !== null) toAdvised(turn, heldBy, null);
      // Of a theft the thief is to be moved, not the queue; only a human can say so far.
      else if (cause !== 'overload') toAdvised(turn, cause, null);
      else toPlan(turn, { cause: `${cause} ${subject}`, replans: 0, approval: null });
    },
  },
  expired: (turn) => toAdvised(turn, 'noDiagnosis', null),
};

export const advised: Rules<'advised'> = {
  on: {
    reading(turn, _, reading) {
      followCalm(turn, reading);
      if (reading.span === 'window' && isCalm(reading, turn.settings)) toIdle(turn);
    },
  },
  expired: toIdle,
};
