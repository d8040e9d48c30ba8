import type { DeliveryKeeperStats } from '../alerts/delivery-keeper.ts';
import type { DispatcherStats } from '../alerts/dispatcher.ts';
import type { NotifierStats } from '../alerts/notifier.ts';
import type { OutboxSums } from '../control/delivery-log.ts';
import type { Family } from './exposition.ts';

export interface AlertStats {
  readonly notifier: NotifierStats;
  readonly dispatcher: DispatcherStats;
  readonly keeper: DeliveryKeeperStats;
}

/** What this process did to tell people of breaches. Never by receiver: tenants make as many of them as they like. */
export function alertFamilies(stats: AlertStats): Family[] {
  const { notifier, dispatcher, keeper } = stats;
  const parts = Object.entries(stats);
  return [
    counter('fournines_alert_changes_total', 'Changes of breaches that were looked at.', [[{}, notifier.changes]]),
    counter('fournines_alert_notifications_total', 'Notifications that were put into the outbox.', [
      [{}, notifier.notifications],
    ]),
    gauge('fournines_alert_changes_refused', 'Changes that wait because there is no room for another alert.', [
      [{}, notifier.refused],
    ]),
    counter(
      'fournines_delivery_attempts_total',
      'Attempts to deliver, by what they came to.',
      Object.entries(dispatcher.outcomes).map(([outcome, count]) => [{ outcome }, count] as const),
    ),
    gauge('fournines_delivery_lanes', 'Receivers that are being sent to.', [[{}, dispatcher.lanes]]),
    counter('fournines_deliveries_forgotten_total', 'Deliveries of long ago that were removed from the log.', [
      [{}, keeper.forgotten],
    ]),
    counter(
      'fournines_alert_failures_total',
      'Failures of ours, by part.',
      parts.map(([part, { failures }]) => [{ part }, failures] as const),
    ),
    gauge(
      'fournines_alert_last_error',
      '1: the code of the last failure of the part; without a sample none failed.',
      parts.flatMap(([part, { lastErrorCode: code }]) => (code === '' ? [] : [[{ part, code }, 1] as const])),
    ),
  ];
}

/** What waits in the outbox, of all servers. undefined: the control store does not answer, and there are no samples at all. */
export function outboxFamilies(sums: OutboxSums | undefined, nowMs: number): Family[] {
  const known = sums === undefined ? [] : [sums];
  return [
    gauge(
      'fournines_alert_changes_pending',
      'Changes of breaches that nobody has looked at yet.',
      known.map(({ pending }) => [{}, pending] as const),
    ),
    gauge(
      'fournines_outbox_deliveries',
      'Deliveries that wait, and dead letters; at most a hundred thousand of each are counted.',
      known.flatMap(({ waiting, dead }) => [
        [{ state: 'waiting' }, waiting] as const,
        [{ state: 'dead' }, dead] as const,
      ]),
    ),
    gauge(
      'fournines_outbox_oldest_waiting_seconds',
      'How long ago the oldest of what waits was decided; 0: nothing waits.',
      known.map(({ oldestMs }) => [{}, oldestMs === null ? 0 : Math.max(0, nowMs - oldestMs) / 1000] as const),
    ),
    gauge(
      'fournines_outbox_receivers',
      'Receivers that something was ever sent to, by circuit.',
      known.flatMap(({ receivers }) => Object.entries(receivers).map(([circuit, n]) => [{ circuit }, n] as const)),
    ),
  ];
}

function counter(name: string, help: string, samples: Family['samples']): Family {
  return { name, type: 'counter', help, samples };
}

function gauge(name: string, help: string, samples: Family['samples']): Family {
  return { name, type: 'gauge', help, samples };
}
