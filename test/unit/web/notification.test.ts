import { describe, expect, it } from 'vitest';
import { sampleNotification } from '../../../alerts/content/sample.ts';
import type { Delivery, ToldAlert, ToldNotification } from '../../../server/api/schema/deliveries.ts';
import type { Receiver } from '../../../server/api/schema/receivers.ts';
import {
  answerText,
  budgetText,
  canEnable,
  causeText,
  circuitWords,
  dueText,
  filterDeliveries,
  latencyText,
  lifeText,
  ownPath,
  previewBody,
  reasonText,
  receiverRows,
  receiverText,
  secondText,
  summaryText,
  tellsNothing,
} from '../../../web/src/features/notification/model.ts';

const notification = structuredClone(sampleNotification) as ToldNotification;
const alert = notification.alerts[0] as ToldAlert;
const delivery: Delivery = {
  ...{ id: 'msg_1', receiver: 'noc', tenant: 'acme', reason: 'new', summary: 'acme loses packets', alerts: 1 },
  ...{ state: 'waiting', decidedAt: '2026-11-01T00:00:00Z', changedAt: '2026-11-01T00:00:05Z', attempts: 1 },
  ...{ dueAt: '2026-11-01T00:01:00Z', untilAt: '2026-11-04T00:00:00Z', code: 'FN_RECEIVER_AWAY' },
  last: { at: '2026-11-01T00:00:05Z', latencyMs: 10_004, outcome: 'retry', status: null },
};
const receiver: Receiver = {
  ...{ name: 'noc', circuit: 'closed', failures: 0, openUntil: null, disabled: '', waiting: 0, oldestSeconds: null },
};

describe('a notification in the log', () => {
  it('tells of its worst alert and counts the others, those without room among them', () => {
    expect(summaryText(delivery)).toBe('acme loses packets');
    expect(secondText(delivery)).toBe('new');
    expect(secondText({ reason: 'resolved', alerts: 1_238 })).toBe('and 1,237 more: it is over');
    expect(summaryText({ summary: '', alerts: 0, reason: 'new' })).toBe('no alerts');
    expect(summaryText({ summary: '', alerts: 0, reason: 'test' })).toBe('nothing has happened');
    expect(summaryText({ summary: '', alerts: 1, reason: 'new' })).toBe('an alert without words');
    expect(reasonText({ reason: 'test' })).toBe('a test');
  });

  it('tells no answer, no attempt and an answer apart', () => {
    expect(answerText(delivery)).toBe('no answer came');
    expect(latencyText(delivery.last)).toBe('10.0 s');
    expect([answerText({ last: null }), latencyText(null)]).toEqual(['no attempt yet', null]);
    expect(answerText({ last: { at: '', latencyMs: 64, outcome: 'gone', status: 410 } })).toBe('answered 410');
  });

  it('says when it is tried again, and of what is over nothing', () => {
    expect(dueText(delivery, 'utc')).toBe(
      'Next attempt at 2026-11-01 00:01:00, after those before it; a dead letter from 2026-11-04 00:00:00 on',
    );
    expect(dueText({ dueAt: null, untilAt: null }, 'utc')).toBeNull();
  });

  it('is found by words in any order', () => {
    expect(filterDeliveries([delivery], 'away acme')).toHaveLength(1);
    expect(filterDeliveries([delivery], 'acme dead')).toHaveLength(0);
  });
});

describe('an alert that was told', () => {
  it('says what is gone of the budget, and that it is unknown where nobody judged', () => {
    expect(budgetText(alert.facts, 'utc')).toBe(
      'Budget: 201 bad of 259 allowed, 58 left; gone at 2026-11-27 20:15:03 at this pace.',
    );
    expect(budgetText({ ...alert.facts, exhaustedAt: null }, 'utc')).toBe('Budget: 201 bad of 259 allowed, 58 left.');
    expect(budgetText({ ...alert.facts, budget: null }, 'utc')).toContain('is unknown');
    expect(tellsNothing({ notification })).toBe(false);
    const unjudged = { ...alert, facts: { ...alert.facts, budget: null } };
    expect(tellsNothing({ notification: { ...notification, alerts: [unjudged] } })).toBe(true);
    expect(tellsNothing({ notification: { ...notification, alerts: [] } })).toBe(false);
  });

  it('says since when, until when, and when that is unknown', () => {
    expect(lifeText(alert, 'utc')).toBe('Since 2026-11-27 20:12:03');
    expect(lifeText({ ...alert, status: 'unknown' }, 'utc')).toContain('whether it goes on is unknown');
    expect(lifeText({ ...alert, endsAt: alert.startsAt + 60 }, 'utc')).toBe(
      'From 2026-11-27 20:12:03 to 2026-11-27 20:13:03',
    );
    const [cause] = alert.facts.causes;
    if (cause === undefined) throw new Error('the sample has a cause');
    expect(causeText(cause)).toBe('vhost_ring_full, owner provider, 1,234 packets');
    const owners = { provider: '1000', tenant: '0', contract: '0', unknown: '34' };
    expect(causeText({ ...cause, owner: 'several', owners })).toContain('owners provider 1,000, unknown 34');
    expect(causeText({ ...cause, owner: '', packets: null })).toBe(
      'vhost_ring_full, owner unknown, nobody knows how many packets',
    );
  });

  it.each([
    ['/breaches/1?from=a', true],
    ['//elsewhere.example/', false],
    ['/\\elsewhere.example', false],
    ['javascript:alert(1)', false],
    ['', false],
    [null, false],
  ])('leads nowhere but to our own pages: %s', (path, leads) => {
    expect(ownPath(path)).toBe(leads ? path : null);
  });
});

it('a receiver is told in words, and that nothing failed is not called good', () => {
  const words = (over: Partial<Receiver>) => circuitWords({ ...receiver, ...over }, '12:00:00');
  expect(words({})).toMatchObject({ name: 'sent to', tone: 'neutral' });
  expect(words({ failures: 2 })).toMatchObject({ name: 'failing', tone: 'warn' });
  expect(words({ circuit: 'open', failures: 6 }).meaning).toContain('until 12:00:00');
  expect(words({ circuit: 'disabled', disabled: 'it is gone' })).toMatchObject({ tone: 'bad' });
  expect((['closed', 'open', 'disabled'] as const).map((circuit) => canEnable({ circuit }))).toEqual([
    false,
    true,
    true,
  ]);
});

describe('receivers', () => {
  const told = (name: string, keys = 0) => ({ name, tenant: null, channel: 'slack', keys });

  it('are those of the document and those that something was sent to, by name, each once', () => {
    const rows = receiverRows([receiver, { ...receiver, name: 'gone' }], [told('noc'), told('a-new-one')]);
    expect(rows.map(({ name, told, queue }) => [name, told !== null, queue !== null])).toEqual([
      ['a-new-one', true, false],
      ['gone', false, true],
      ['noc', true, true],
    ]);
  });

  it('say what they are, whose, and whether what they get is signed', () => {
    expect(receiverText({ told: told('noc') })).toBe('slack, no tenant, no key');
    expect(receiverText({ told: { ...told('noc', 2), tenant: 'acme' } })).toBe('slack, acme, 2 keys');
    expect(receiverText({ told: null })).toBe('not in the document of receivers');
  });
});

it('an empty field of a template is left out, and lines end as a template ends them', () => {
  const fields: Record<string, string> = { title: ' ', text: 'a\r\n{b}', zone: 'Europe/Berlin', language: '' };
  expect(previewBody((name) => fields[name] ?? '')).toEqual({ template: { text: 'a\n{b}' }, zone: 'Europe/Berlin' });
});
