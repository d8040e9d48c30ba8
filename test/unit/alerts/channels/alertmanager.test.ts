import { describe, expect, test } from 'vitest';
import { alertmanager } from '../../../../alerts/channels/alertmanager/form.ts';
import { alertmanagerApi, resendSecondsDefault } from '../../../../alerts/channels/alertmanager-api/form.ts';
import { alertOf, at, contextOf, notificationOf, textOf } from '../telling.ts';

const bodyOf = (body: Uint8Array) => JSON.parse(textOf(body));
const over = alertOf({
  status: 'resolved',
  endsAt: at - 1,
  changedAt: at,
  labels: { alertname: 'BudgetBurns', tenant: 'acme' },
});

describe('the body of webhooks, version 4', () => {
  test('has the keys of Alertmanager and no others', () => {
    const alerts = [alertOf(), over];
    const { headers, body } = alertmanager.form(notificationOf({ alerts, leftOut: 3 }), contextOf({ keys: [] }));
    expect(headers).toEqual({ 'content-type': 'application/json' });
    const told = bodyOf(body);
    expect(Object.keys(told).sort()).toEqual(
      ['alerts', 'commonAnnotations', 'commonLabels', 'externalURL', 'groupKey', 'groupLabels', 'receiver', 'status',
        'truncatedAlerts', 'version'], // biome-ignore format: a list
    );
    expect(told).toMatchObject({
      version: '4',
      status: 'firing',
      receiver: 'acme-noc',
      groupKey: 'acme/acme-frankfurt',
      groupLabels: { slo: 'acme-frankfurt' },
      commonLabels: { alertname: 'BudgetBurns', tenant: 'acme' },
      externalURL: 'https://fournines.example/noc/',
      truncatedAlerts: 3,
    });
    expect(told.commonAnnotations).toMatchObject({ severity: 'critical', budget_spent: '9007199254740000' });
    expect(told.commonAnnotations).not.toHaveProperty('state');
    for (const alert of told.alerts) {
      expect(Object.keys(alert)).toEqual(
        ['status', 'labels', 'annotations', 'startsAt', 'endsAt', 'generatorURL', 'fingerprint'], // biome-ignore format: a list
      );
    }
    expect(told.alerts[0]).toMatchObject({ status: 'firing', endsAt: '0001-01-01T00:00:00Z' });
    expect(told.alerts[1]).toMatchObject({ status: 'resolved', endsAt: '2026-11-27T20:14:02Z' });
  });

  test('what nobody knows fires, and says so', () => {
    const { body } = alertmanager.form(notificationOf({ alerts: [alertOf({ status: 'unknown' })] }), contextOf());
    const told = bodyOf(body);
    expect(told).toMatchObject({ status: 'firing', alerts: [{ status: 'firing', annotations: { state: 'unknown' } }] });
  });

  test('a group of resolved ones is resolved', () => {
    expect(bodyOf(alertmanager.form(notificationOf({ alerts: [over] }), contextOf()).body).status).toBe('resolved');
  });

  test('is signed where there is a key', () => {
    expect(alertmanager.form(notificationOf(), contextOf()).headers).toHaveProperty('webhook-signature');
  });

  test('what has no room is counted', () => {
    const alerts = Array.from({ length: 5000 }, () => alertOf());
    const { body } = alertmanager.form(notificationOf({ alerts }), contextOf());
    expect(body.length).toBeLessThanOrEqual(256_000);
    const told = bodyOf(body);
    expect(told.alerts.length).toBeGreaterThan(100);
    expect(told.alerts.length + told.truncatedAlerts).toBe(5000);
  });

  test('annotations have the numbers, and say what is not known', () => {
    const unknown = alertOf({}, { budget: null, exhaustedAt: null, causes: [], tried: [], tier: null });
    const [first] = bodyOf(alertmanager.form(notificationOf({ alerts: [unknown] }), contextOf()).body).alerts;
    expect(first.annotations).toMatchObject({
      budget_allowed: 'unknown',
      budget_exhausted_at: 'unknown',
      likely_cause: 'unknown',
    });
    expect(first.annotations).not.toHaveProperty('tier');
    const cause = { cause: 'x', owner: '', host: 'h', port: '', packets: null };
    const many = alertOf({}, { causes: Array.from({ length: 7 }, () => cause) });
    const [second] = bodyOf(alertmanager.form(notificationOf({ alerts: [many] }), contextOf()).body).alerts;
    expect(second.annotations.likely_cause).toMatch(/^x at h, owner unknown, packets unknown; .*; and 2 more$/);
  });
});

describe('the API of Alertmanager, version 2', () => {
  const posted = (notification = notificationOf(), context = contextOf()) =>
    bodyOf(alertmanagerApi.form(notification, context).body);

  test('is posted to, unsigned', () => {
    const { pathSuffix, method, headers } = alertmanagerApi.form(notificationOf(), contextOf());
    expect({ pathSuffix, method, headers }).toEqual({
      pathSuffix: '/api/v2/alerts',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
  });

  test('labels stay the same from the first word to the last, so that it is one alert there', () => {
    const life = [
      alertOf({ entry: 1, severity: 'warning' }, { tier: null, budget: null }),
      alertOf({ entry: 2, severity: 'critical', status: 'unknown' }),
      alertOf({ entry: 3, status: 'resolved', endsAt: at }, { budget: { allowed: '1', spent: '2', remaining: '-1' } }),
    ];
    const labels = life.map((alert) => posted(notificationOf({ alerts: [alert] }))[0].labels);
    expect(new Set(labels.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(labels[0]).toEqual(alertOf().labels);
  });

  test('what goes on, or may, ends four resends ahead of each attempt', () => {
    const alerts = [alertOf(), alertOf({ status: 'unknown' })];
    const told = posted(notificationOf({ alerts }), contextOf({ attemptAt: at, resendSeconds: 30 }));
    for (const alert of told) {
      expect(alert).toMatchObject({ startsAt: '2026-11-27T20:12:03Z', endsAt: '2026-11-27T20:16:03Z' });
    }
    expect(told[1].annotations.state).toBe('unknown');
    const [usual] = posted(notificationOf(), contextOf({ attemptAt: at }));
    expect(Date.parse(usual.endsAt) / 1000).toBe(at + 4 * resendSecondsDefault);
  });

  test('what is over has its end, never one ahead of the attempt, never one before its start', () => {
    const ended = (endsAt: number | null, startsAt = at - 120) => {
      const alerts = [alertOf({ status: 'resolved', endsAt, startsAt, changedAt: at - 1 })];
      const [alert] = posted(notificationOf({ alerts }), contextOf({ attemptAt: at }));
      return [alert.startsAt.slice(11), alert.endsAt.slice(11)];
    };
    expect(ended(at - 10)).toEqual(['20:12:03Z', '20:13:53Z']);
    expect(ended(null)).toEqual(['20:12:03Z', '20:14:02Z']);
    expect(ended(at + 500)).toEqual(['20:12:03Z', '20:14:03Z']);
    expect(ended(at + 500, at + 400)).toEqual(['20:14:03Z', '20:14:03Z']);
  });

  test('a test is an alert of its own, which ends by itself', () => {
    for (const alerts of [[], [alertOf()]]) {
      const told = posted(notificationOf({ reason: 'test', alerts }), contextOf({ attemptAt: at }));
      expect(told).toMatchObject([
        {
          labels: { alertname: 'FourninesTest', receiver: 'acme-noc' },
          annotations: { summary: 'This is a test. Nothing has happened.', budget_spent: 'unknown' },
          startsAt: '2026-11-27T20:14:03Z',
          endsAt: '2026-11-27T20:18:03Z',
        },
      ]);
      const body = bodyOf(alertmanager.form(notificationOf({ reason: 'test', alerts }), contextOf()).body);
      expect(body).toMatchObject({ status: 'firing', alerts: [{ labels: { alertname: 'FourninesTest' } }] });
    }
  });

  test('names of labels are those that every version takes, and none is lost', () => {
    const labels = { 'a-b': '1', 'a.b': '2', a_b: '3', '9x': '4', '': '5', __name__: '6', ü: '7', empty: '' };
    const [alert] = posted(notificationOf({ alerts: [alertOf({ labels })] }));
    expect(alert.labels).toEqual({
      alertname: 'FourninesBreach',
      a_b: '1',
      a_b_2: '2',
      a_b_3: '3',
      x9x: '4',
      x: '5',
      x__name__: '6',
      _: '7',
    });
    for (const name of Object.keys(alert.labels)) expect(name).toMatch(/^[a-zA-Z_][a-zA-Z0-9_]*$/);
  });
});
