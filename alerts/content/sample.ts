import type { Alert } from '../alert.ts';
import type { Notification } from '../notification.ts';

/** 2026-11-27T20:14:03Z; samples know no clock. */
const sampleAt = 1_795_810_443;

/** An alert with everything that one can have: templates are checked and previewed against it. */
const sampleAlert: Alert = {
  fingerprint: '9c1e7d40a4f8c5f2b3b6f1d0e7a8492c5d6e7f8091a2b3c4d5e6f708192a3b4c',
  labels: { alertname: 'BudgetBurns', breach: 'sample', service: 'sample', slo: 'sample-delivery', tenant: 'sample' },
  severity: 'critical',
  status: 'firing',
  entry: 2,
  startsAt: sampleAt - 120,
  endsAt: null,
  changedAt: sampleAt - 5,
  facts: {
    summary: 'a sample: packets are lost faster than the budget allows',
    event: 'sla.breach.opened',
    objective: { name: 'sample-delivery', version: 3, indicator: 'packet-delivery' },
    window: { from: sampleAt - 2_592_000, to: sampleAt, zone: 'UTC' },
    budget: { allowed: '259', spent: '201', remaining: '58' },
    exhaustedAt: sampleAt + 60,
    tier: 'T0',
    budgetLevel: 75,
    causes: [{ cause: 'vhost_ring_full', owner: 'provider', host: 'host-1', port: 'port-1', packets: '1234' }],
    tried: ['moved the queue to another core'],
    acknowledgedBy: null,
    links: { page: '/', evidence: '/', timeline: '/', explain: '/' },
  },
};

/** What a template is shown with before there is anything to tell. */
export const sampleNotification: Notification = {
  id: 'msg_sample',
  receiver: 'sample',
  tenant: 'sample',
  group: { key: 'sample/sample-delivery', labels: { slo: 'sample-delivery' } },
  reason: 'new',
  sequence: 1,
  at: sampleAt,
  alerts: [sampleAlert],
  leftOut: 0,
};

/**
 * What Alertmanager and its kind are told for a test: an alert of its own that ends by itself. The others have a reason to
 * say that it is one; for these an alert of a test would be a true one.
 */
export function alertsOrTest({ reason, receiver, at, alerts }: Notification): readonly Alert[] {
  if (reason !== 'test') return alerts;
  const { facts } = sampleAlert;
  const summary = 'This is a test. Nothing has happened.';
  const none = { budget: null, exhaustedAt: null, tier: null, budgetLevel: null, causes: [], tried: [] };
  const own: Alert = {
    ...sampleAlert,
    labels: { alertname: 'FourninesTest', receiver },
    severity: 'info',
    entry: 1,
    startsAt: at,
    changedAt: at,
    facts: { ...facts, ...none, summary, event: 'sla.test', links: { page: '/', evidence: null } },
  };
  return [own];
}
