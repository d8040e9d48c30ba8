import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import type { Alert } from '../../../../alerts/alert.ts';
import { cloudevents } from '../../../../alerts/channels/cloudevents/form.ts';
import { webhook } from '../../../../alerts/channels/webhook/form.ts';
import { parseSigningKey, parseVerifyingKey } from '../../../../alerts/signature/key.ts';
import { verifyWebhook } from '../../../../alerts/signature/verify.ts';
import { alertOf, at, contextOf, notificationOf, pair, secretText, textOf } from '../telling.ts';

const bodyOf = (body: Uint8Array) => JSON.parse(textOf(body));

describe('webhook', () => {
  test('the whole body, to the key', () => {
    const { method, pathSuffix, headers, body, notices } = webhook.form(notificationOf(), contextOf());
    expect({ method, pathSuffix, notices }).toEqual({ method: 'POST', pathSuffix: '', notices: [] });
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W',
      'webhook-timestamp': String(at + 1),
    });
    expect(bodyOf(body)).toEqual({
      type: 'sla.breach.opened',
      timestamp: '2026-11-27T20:13:58Z',
      data: {
        id: 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W',
        receiver: 'acme-noc',
        tenant: 'acme',
        reason: 'new',
        sequence: 7,
        at: '2026-11-27T20:14:03Z',
        status: 'firing',
        group: { key: 'acme/acme-frankfurt', labels: { slo: 'acme-frankfurt' }, labelsLeftOut: 0 },
        alerts: [
          {
            fingerprint: 'a'.repeat(64),
            labels: {
              alertname: 'BudgetBurns',
              breach: '4f1c0a77b0de',
              service: 'frankfurt',
              slo: 'acme-frankfurt',
              tenant: 'acme',
            },
            labelsLeftOut: 0,
            severity: 'critical',
            status: 'firing',
            entry: 2,
            startsAt: '2026-11-27T20:12:03Z',
            endsAt: null,
            changedAt: '2026-11-27T20:13:58Z',
            event: 'sla.breach.opened',
            summary: 'acme-frankfurt loses packets faster than its budget allows',
            objective: { name: 'acme-frankfurt', version: 3, indicator: 'packet-delivery' },
            window: { from: '2026-11-27T19:14:03Z', to: '2026-11-27T20:14:03Z', zone: 'Europe/Berlin' },
            budget: { allowed: '9007199254740993', spent: '9007199254740000', remaining: '993' },
            exhaustedAt: '2026-11-27T20:24:03Z',
            tier: 'T0',
            budgetLevel: null,
            causes: [
              {
                ...{ cause: 'vhost_ring_full', owner: 'provider', host: 'cn1', port: 'p1', packets: '1234' },
                owners: { provider: '1234', tenant: '0', contract: '0', unknown: '0' },
              },
            ],
            causesLeftOut: 0,
            tried: ['moved the queue to core 5', 'raised the ring to 1024'],
            triedLeftOut: 0,
            acknowledgedBy: null,
            links: {
              page: 'https://fournines.example/noc/slos/acme-frankfurt?from=1&to=2',
              evidence: 'https://fournines.example/noc/api/v1/breaches/4f1c/changes/2/bundle',
              timeline: null,
              explain: null,
            },
          },
        ],
        leftOut: 0,
        page: 'https://fournines.example/noc/',
      },
    });
  });

  test('the package standardwebhooks takes it as it is sent', () => {
    const now = Math.floor(Date.now() / 1000);
    const { headers, body } = webhook.form(notificationOf(), contextOf({ attemptAt: now }));
    const verified = new Webhook(secretText).verify(Buffer.from(body), { ...headers });
    expect(verified).toMatchObject({ type: 'sla.breach.opened' });
  });

  test('each attempt has the same id and body, its own time and signature', () => {
    const first = webhook.form(notificationOf(), contextOf());
    const second = webhook.form(notificationOf(), contextOf({ attemptAt: at + 300 }));
    expect(Buffer.compare(first.body, second.body)).toBe(0);
    expect(second.headers['webhook-id']).toBe(first.headers['webhook-id']);
    expect(second.headers['webhook-timestamp']).toBe(String(at + 300));
    expect(second.headers['webhook-signature']).not.toBe(first.headers['webhook-signature']);
  });

  test('every key signs', () => {
    const keys = [parseSigningKey(pair.secretKey), parseSigningKey(secretText)];
    const { headers, body } = webhook.form(notificationOf(), contextOf({ keys }));
    for (const key of [secretText, pair.publicKey]) {
      const received = {
        id: headers['webhook-id'],
        timestamp: headers['webhook-timestamp'],
        signature: headers['webhook-signature'],
        body,
      };
      const options = { nowSeconds: at, toleranceSeconds: 5 };
      expect(verifyWebhook(received, [parseVerifyingKey(key)], options).valid).toBe(true);
    }
  });

  test('without a key there is none', () => {
    for (const channel of [webhook, cloudevents]) {
      expect(() => channel.form(notificationOf(), contextOf({ keys: [] }))).toThrow(
        expect.objectContaining({ code: 'FN_WEBHOOK_KEY' }),
      );
    }
  });
});

describe('the type', () => {
  const typeOf = (over: Parameters<typeof notificationOf>[0]): string =>
    bodyOf(webhook.form(notificationOf(over), contextOf()).body).type;
  const closed = alertOf({}, { event: 'sla.breach.closed' });
  test.each([
    ['of one change', {}, 'sla.breach.opened'],
    ['of two of a kind', { alerts: [alertOf(), alertOf()] }, 'sla.breach.opened'],
    ['of two kinds', { alerts: [alertOf(), closed] }, 'sla.alerts.changed'],
    ['of a test', { alerts: [], reason: 'test' as const }, 'sla.test'],
    ['of what is no type', { alerts: [alertOf({}, { event: 'a b\r\nc' })] }, 'sla.alerts.changed'],
  ])('%s', (_, over, type) => expect(typeOf(over)).toBe(type));
});

describe('the size', () => {
  const huge = 'ß"\u0001\ud83d'.repeat(20_000);
  const worst: Alert = {
    ...alertOf(
      { fingerprint: huge, labels: Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`l${i}${huge}`, huge])) },
      {
        summary: huge,
        event: huge,
        objective: { name: huge, version: 1, indicator: huge },
        window: { from: at, to: at, zone: huge },
        budget: { allowed: huge, spent: huge, remaining: huge },
        tier: huge,
        causes: Array.from({ length: 9 }, () => ({ cause: huge, owner: huge, host: huge, port: huge, packets: huge })),
        tried: Array.from({ length: 9 }, () => huge),
        acknowledgedBy: huge,
        links: { page: `/${huge}`, evidence: `/${huge}`, timeline: `/${huge}`, explain: `/${huge}` },
      },
    ),
  };

  test.each([
    ['webhook', webhook],
    ['cloudevents', cloudevents],
  ])('%s: the worst alert there can be still has a body below 20 kB', (_, channel) => {
    const group = { key: huge, labels: worst.labels };
    const notification = notificationOf({ alerts: [worst, worst], group, tenant: huge, receiver: huge, leftOut: 5 });
    const { body } = channel.form(notification, contextOf());
    expect(body.length).toBeLessThan(20_000);
    const { data } = bodyOf(body);
    expect(data.alerts.length + data.leftOut).toBe(7);
    const [{ causes, causesLeftOut, tried, triedLeftOut, ...alert }] = data.alerts;
    expect(alert).toMatchObject({ budget: null, labelsLeftOut: 500 });
    expect([causes.length + causesLeftOut, tried.length + triedLeftOut]).toEqual([9, 9]);
  });

  test('alerts without room are counted and linked, the first ones stay', () => {
    const alerts = Array.from({ length: 5000 }, (_, i) => alertOf({ fingerprint: String(i).padStart(64, '0') }));
    const { body, notices } = webhook.form(notificationOf({ alerts, leftOut: 7 }), contextOf());
    const { data } = bodyOf(body);
    expect(body.length).toBeLessThan(20_000);
    expect(body.length).toBeGreaterThan(18_000);
    expect(data.alerts.length + data.leftOut).toBe(5007);
    expect(data.alerts.map((alert: Alert) => Number(alert.fingerprint))).toEqual(
      data.alerts.map((_: Alert, i: number) => i),
    );
    expect(notices).toMatchObject([{ code: 'left_out', message: expect.stringContaining(String(data.leftOut)) }]);
    expect(data.page).toBe('https://fournines.example/noc/');
  });

  test('lists are cut with a count, labels are whole or counted', () => {
    const causes = Array.from({ length: 8 }, (_, i) => ({
      cause: `c${i}`,
      owner: '',
      host: 'h',
      port: 'p',
      packets: null,
    }));
    const labels = { short: 'kept', long: 'x'.repeat(3000), ['__proto__']: 'kept too' };
    const { body } = webhook.form(notificationOf({ alerts: [alertOf({ labels }, { causes })] }), contextOf());
    const [alert] = bodyOf(body).data.alerts;
    expect(alert.causes).toHaveLength(5);
    expect(alert.causes[0]).toEqual({ cause: 'c0', owner: '', host: 'h', port: 'p', packets: null });
    expect(alert).toMatchObject({ causesLeftOut: 3, labelsLeftOut: 1 });
    expect(Object.entries(alert.labels)).toEqual([
      ['__proto__', 'kept too'],
      ['short', 'kept'],
    ]);
  });

  test('whatever stands in it, the body is JSON, bounded, and keeps every number', () => {
    const text = fc.string({ unit: 'binary', maxLength: 400 });
    const number = fc.bigInt({ min: 0n, max: 2n ** 80n }).map(String);
    const alerts = fc.array(
      fc.record({ summary: text, cause: text, label: text, packets: fc.option(number), spent: number }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(alerts, text, (told, key) => {
        const notification = notificationOf({
          group: { key, labels: { [key]: key } },
          alerts: told.map(({ summary, cause, label, packets, spent }) =>
            alertOf(
              { labels: { [label]: label } },
              {
                summary,
                causes: [{ cause, owner: cause, host: cause, port: cause, packets }],
                budget: { allowed: '1', spent, remaining: '0' },
              },
            ),
          ),
        });
        const { body } = webhook.form(notification, contextOf());
        expect(body.length).toBeLessThan(20_000);
        const { data } = bodyOf(body);
        expect(data.alerts.length + data.leftOut).toBe(told.length);
        for (const [i, alert] of data.alerts.entries()) expect(alert.budget.spent).toBe(told[i]?.spent);
      }),
    );
  });
});

describe('cloudevents', () => {
  test('has the attributes of 1.0 beside the same data', () => {
    const { headers, body } = cloudevents.form(notificationOf(), contextOf());
    const { data, ...attributes } = bodyOf(body);
    expect(headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
    expect(attributes).toEqual({
      specversion: '1.0',
      id: 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W',
      source: '/sla/acme/frankfurt',
      type: 'sla.breach.opened',
      subject: 'a'.repeat(64),
      time: '2026-11-27T20:13:58Z',
      datacontenttype: 'application/json',
      sequence: '0000000007',
    });
    expect(data).toEqual(bodyOf(webhook.form(notificationOf(), contextOf()).body).data);
    expect(headers['webhook-id']).toBe(attributes.id);
  });

  test('its source is a URI reference, whatever the names are', () => {
    const alerts = [alertOf({ labels: {} }, { objective: { name: 'a b/ü?#\n', version: 1, indicator: 'x' } })];
    const { body } = cloudevents.form(notificationOf({ alerts, tenant: '..' }), contextOf());
    expect(bodyOf(body).source).toBe('/sla/-/a%20b%2F%C3%BC%3F%23');
  });

  test('of several services and objectives, and of nobody, it is the group', () => {
    const other = alertOf(
      { fingerprint: 'b', labels: {} },
      { objective: { name: 'other', version: 1, indicator: 'x' } },
    );
    const notification = notificationOf({ alerts: [alertOf(), other], tenant: null });
    expect(bodyOf(cloudevents.form(notification, contextOf()).body)).toMatchObject({
      source: '/sla/operator/acme%2Facme-frankfurt',
      subject: 'acme/acme-frankfurt',
    });
  });
});
