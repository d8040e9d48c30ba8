import { expect, test } from 'vitest';
import { alertFamilies, outboxFamilies } from '../../../../server/metrics/alert-families.ts';
import { writeExposition } from '../../../../server/metrics/exposition.ts';

const failed = { failures: 2, lastErrorCode: 'FN_CONTROL_AWAY' };
const well = { failures: 0, lastErrorCode: '' };
const stats = {
  notifier: { changes: 7, notifications: 3, refused: 1, ...failed },
  dispatcher: {
    ...{ attempts: 6, delivered: 3, dead: 1, lanes: 2, ...well },
    outcomes: { delivered: 3, retry: 2, giveUp: 1, gone: 0 },
  },
  keeper: { forgotten: 500, ...well },
};
const sums = { pending: 4, waiting: 12, dead: 1, oldestMs: 10_000, receivers: { closed: 3, open: 1, disabled: 0 } };

const samples = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

test('tell what was done and what went wrong, by part and by outcome', () => {
  const lines = samples(writeExposition(alertFamilies(stats), 100).text);
  expect(lines).toEqual([
    'fournines_alert_changes_total 7',
    'fournines_alert_notifications_total 3',
    'fournines_alert_changes_refused 1',
    'fournines_delivery_attempts_total{outcome="delivered"} 3',
    'fournines_delivery_attempts_total{outcome="retry"} 2',
    'fournines_delivery_attempts_total{outcome="giveUp"} 1',
    'fournines_delivery_attempts_total{outcome="gone"} 0',
    'fournines_delivery_lanes 2',
    'fournines_deliveries_forgotten_total 500',
    'fournines_alert_failures_total{part="notifier"} 2',
    'fournines_alert_failures_total{part="dispatcher"} 0',
    'fournines_alert_failures_total{part="keeper"} 0',
    'fournines_alert_last_error{part="notifier",code="FN_CONTROL_AWAY"} 1',
  ]);
});

test('tell how long the oldest has waited, and nothing while the store does not answer', () => {
  const lines = samples(writeExposition(outboxFamilies(sums, 25_500), 100).text);
  expect(lines).toContain('fournines_outbox_oldest_waiting_seconds 15.5');
  expect(lines).toContain('fournines_outbox_deliveries{state="dead"} 1');
  expect(lines).toContain('fournines_outbox_receivers{circuit="open"} 1');
  expect(samples(writeExposition(outboxFamilies(undefined, 25_500), 100).text)).toEqual([]);
  const idle = outboxFamilies({ ...sums, waiting: 0, oldestMs: null }, 25_500);
  expect(samples(writeExposition(idle, 100).text)).toContain('fournines_outbox_oldest_waiting_seconds 0');
});

test('counters, and they alone, end in total; no name has a receiver', () => {
  for (const { name, type, samples } of [...alertFamilies(stats), ...outboxFamilies(sums, 0)]) {
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
    for (const [labels] of samples) expect(Object.keys(labels)).not.toContain('receiver');
  }
});
