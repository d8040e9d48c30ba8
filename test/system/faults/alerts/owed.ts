import { hashOf } from '../../../../alerts/fingerprint.ts';
import { type Input, step } from '../../../../alerts/state/machine.ts';
import { emptyState, type State } from '../../../../alerts/state/state.ts';
import { alertOfChange } from '../../../../server/alerts/alert-of-change.ts';
import type { NewChange } from '../../../../server/control/breach-store.ts';
import { alertConfig } from './alert-config.ts';

export interface Owed {
  /** Each alert that fires at a moment at which all was quiet; `news`: the change that must have been told by then. */
  readonly firing: readonly { readonly fingerprint: string; readonly news: number }[];
  /** Fingerprints of all that are over at the end. */
  readonly over: ReadonlySet<string>;
}

/**
 * What a receiver must have been told, by the pure rules and the changes alone. How changes of one chapter come together in
 * a notification is a matter of time, so what comes and goes within a chapter may be told or not.
 */
export function owedBy(
  story: readonly (readonly NewChange[])[],
  quietAfter: readonly number[],
  receiver: string,
): Owed {
  let now = 1_000_000;
  let state = emptyState;
  const take = (input: Input) => {
    state = step(state, input, { now, hash: hashOf }).state;
  };
  take({ kind: 'configured', config: alertConfig });
  const firing: { readonly fingerprint: string; readonly news: number }[] = [];
  let chapter = 0;
  for (const written of quietAfter) {
    for (; chapter < written; chapter++) {
      for (const { row } of story[chapter] ?? []) take({ kind: 'alert', alert: alertOfChange(row, 'availability') });
    }
    while (state.wakeAt !== null) {
      now = Math.max(now + 1, state.wakeAt - state.clock.ahead);
      take({ kind: 'time' });
    }
    for (const { alert, known, news, ways } of recordsOf(state)) {
      if (known === 'firing' && ways.some((way) => way.receiver === receiver))
        firing.push({ fingerprint: alert.fingerprint, news });
    }
  }
  const over = recordsOf(state).filter(({ known }) => known === 'resolved');
  return { firing, over: new Set(over.map(({ alert }) => alert.fingerprint)) };
}

function recordsOf({ alerts }: State) {
  return alerts.parts.flatMap((part) => Object.values(part ?? {}));
}
