import type { Alert } from '../alert.ts';
import { shownAlert, standingOf } from './standing.ts';
import type { AlertRecord, State } from './state.ts';

/**
 * What a receiver was told that it fires and not yet that it is over, as it stands; undefined: this alert is none of it. What
 * nobody knows now goes on, and so does what was acknowledged, silenced or hidden meanwhile: it has not ended.
 */
export function ongoingFor(
  record: AlertRecord,
  receiver: string,
  { clock, now }: { readonly clock: State['clock']; readonly now: number },
): Alert | undefined {
  // As the machine would have it at its next step.
  const at = now + clock.ahead + Math.max(0, clock.now - now);
  const isTold = record.told.some((told) => told.receiver === receiver);
  return isTold && standingOf(record, at) !== 'over' ? shownAlert(record, at) : undefined;
}
