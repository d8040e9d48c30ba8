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

export const idle: Rules<'idle'> = {
  on: {
    reading(turn, _, reading) {
      const { settings, now, state } = turn;
      if (isCalm(reading, settings)) turn.remember({ advised: [] });
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
      if (reading.span !== 'window' || !isCalm(reading, turn.settings)) return;
      turn.remember({ advised: [] });
      toIdle(turn);
    },
  },
  expired: toIdle,
};
