import type { Alerting, PreviewBody, TemplatePreview } from '../../server/api/schema/alerting.ts';
import type { Delivery, DeliveryDetail, ReplayBody, ToldAlert } from '../../server/api/schema/deliveries.ts';
import type { Receiver } from '../../server/api/schema/receivers.ts';
import type { Scenario } from './fixture-numbers.ts';

/** What the fixture's receivers were told: taken, waiting behind a receiver that fails, dead, and of a state nobody knows. */

type Try = readonly [outcome: DeliveryDetail['log'][number]['outcome'], status: number | null, latencyMs: number];

interface Told {
  readonly id: string;
  readonly receiver: string;
  readonly tenant: string | null;
  readonly reason: Delivery['reason'];
  readonly state: Delivery['state'];
  readonly code: string;
  readonly secondsAgo: number;
  readonly status: ToldAlert['status'];
  readonly objective: string;
  readonly leftOut: number;
  readonly tries: readonly Try[];
}

export const sentTest = 'test-01KB2RBZ4H-noc';
export const deadDelivery = 'msg_01KB2R0Q4V-acme-noc';

const told: readonly Told[] = [
  {
    ...{ id: 'msg_01KB2R9X1C-noc', receiver: 'noc', tenant: null, reason: 'escalated', state: 'delivered', code: '' },
    ...{
      secondsAgo: 610,
      status: 'firing',
      objective: 'acme-availability',
      leftOut: 37,
      tries: [['delivered', 200, 87]],
    },
  },
  {
    ...{ id: 'msg_01KB2R8A7T-globex', receiver: 'globex-hook', tenant: 'globex', reason: 'changed', state: 'waiting' },
    ...{ code: '', secondsAgo: 640, status: 'firing', objective: 'globex-delivery', leftOut: 0, tries: [] },
  },
  {
    ...{ id: 'msg_01KB2R7M3K-globex', receiver: 'globex-hook', tenant: 'globex', reason: 'new', state: 'waiting' },
    ...{ code: 'FN_RECEIVER_AWAY', secondsAgo: 900, status: 'firing', objective: 'globex-delivery', leftOut: 0 },
    tries: [
      ['retry', null, 10_004],
      ['retry', 503, 412],
      ['retry', null, 10_001],
    ],
  },
  {
    ...{
      id: deadDelivery,
      receiver: 'acme-noc',
      tenant: 'acme',
      reason: 'new',
      state: 'dead',
      code: 'FN_DELIVERY_GONE',
    },
    ...{ secondsAgo: 1_080, status: 'firing', objective: 'acme-availability', leftOut: 0 },
    tries: [
      ['retry', 502, 1_204],
      ['gone', 410, 64],
    ],
  },
  {
    ...{ id: 'msg_01KAZZ7P2D-noc', receiver: 'noc', tenant: null, reason: 'resolved', state: 'delivered', code: '' },
    ...{ secondsAgo: 260_000, status: 'resolved', objective: 'hooli-availability', leftOut: 0 },
    tries: [['delivered', 204, 31]],
  },
];

const iso = (ms: number) => new Date(ms).toISOString();

function deliveryOf(item: Told, nowMs: number): Delivery {
  const { id, receiver, tenant, reason, state, code, secondsAgo, leftOut } = item;
  const decidedMs = nowMs - secondsAgo * 1_000;
  const log = logOf(item, nowMs);
  const last = log.at(-1);
  const waits = state === 'waiting';
  return {
    ...{ id, receiver, tenant, reason, state, code, attempts: log.length, alerts: 1 + leftOut },
    summary: summaryOf(item),
    decidedAt: iso(decidedMs),
    changedAt: last?.at ?? iso(decidedMs),
    dueAt: waits ? iso(nowMs + 95_000) : null,
    untilAt: waits ? iso(decidedMs + 3 * 86_400_000) : null,
    last:
      last === undefined
        ? null
        : { at: last.at, latencyMs: last.latencyMs, outcome: last.outcome, status: last.status },
  };
}

function summaryOf({ objective, status }: Told): string {
  return status === 'resolved'
    ? `${objective}: nobody could prove it, and now it is proven`
    : `${objective} loses packets faster than its budget allows`;
}

function logOf({ id, secondsAgo, tries }: Told, nowMs: number): DeliveryDetail['log'] {
  return tries.map(([outcome, status, latencyMs], i) => ({
    ...{ attempt: i + 1, requestId: id, outcome, status, latencyMs },
    at: iso(nowMs - (secondsAgo - 5 * (i + 1)) * 1_000),
    code: codeOf(outcome, status),
    detail: status === 502 ? '<html><title>502 Bad Gateway</title>' : '',
  }));
}

function codeOf(outcome: Try[0], status: Try[1]): string {
  if (outcome === 'delivered') return '';
  if (outcome === 'gone') return 'FN_DELIVERY_GONE';
  return status === null ? 'FN_RECEIVER_AWAY' : 'FN_RECEIVER_FAILING';
}

function alertOf(scenario: Scenario, item: Told, at: number): ToldAlert {
  const isKnown = scenario !== 'noData';
  return {
    fingerprint: '9c1e7d40a4f8c5f2'.repeat(4),
    labels: { alertname: 'BudgetBurns', slo: item.objective, ...(item.tenant === null ? {} : { tenant: item.tenant }) },
    severity: 'critical',
    status: isKnown ? item.status : 'unknown',
    entry: 2,
    startsAt: at - 180,
    endsAt: item.status === 'resolved' ? at - 4 : null,
    changedAt: at - 4,
    facts: {
      summary: summaryOf(item),
      event: 'sla.breach.opened',
      objective: { name: item.objective, version: 3, indicator: 'availability' },
      window: { from: at - 2_592_000, to: at, zone: 'UTC' },
      budget: isKnown ? { allowed: '2592', spent: '2011', remaining: '581' } : null,
      exhaustedAt: isKnown ? at + 2_400 : null,
      tier: 'T1',
      budgetLevel: null,
      causes: isKnown
        ? [
            {
              ...{ cause: 'vhost_ring_full', owner: 'tenant', host: 'compute-01.zone-a', port: 'vhu3a91c0de-1f' },
              packets: '184467',
            },
          ]
        : [],
      tried: [],
      acknowledgedBy: null,
      links: {
        page: '/breaches/01KB2Q7T5X-acme-availability',
        evidence: null,
        ...(isKnown ? portLinks : {}),
      },
    },
  };
}

const portLinks = {
  timeline: '/hosts/compute-01.zone-a/ports/vhu3a91c0de-1f?tab=timeline',
  explain: '/api/v1/explain?host=compute-01.zone-a&port=vhu3a91c0de-1f',
};

export function deliveryPage(scenario: Scenario, query: URLSearchParams, nowMs: number) {
  const want = (name: string, value: string | null) => query.get(name) === null || query.get(name) === value;
  const items = (scenario === 'empty' || scenario === 'many' ? [] : told)
    .map((item) => deliveryOf(item, nowMs))
    .filter(
      ({ receiver, tenant, state }) => want('receiver', receiver) && want('tenant', tenant) && want('state', state),
    );
  return { items, nextCursor: null };
}

/** Of the operator's receiver, which takes everything. */
const test: Told = {
  ...{ id: sentTest, receiver: 'noc', tenant: null, reason: 'test', state: 'delivered', code: '', secondsAgo: 6 },
  ...{ status: 'firing', objective: '', leftOut: 0, tries: [['delivered', 200, 42]] },
};

export function deliveryDetail(scenario: Scenario, id: string, nowMs: number): DeliveryDetail | null {
  const item = [...told, test].find((one) => one.id === id);
  if (item === undefined || scenario === 'empty') return null;
  const at = Math.floor(nowMs / 1_000) - item.secondsAgo;
  const { receiver, tenant, reason, leftOut, objective } = item;
  const group = { key: `all/${objective}`, labels: { slo: objective } };
  return {
    ...deliveryOf(item, nowMs),
    notification: {
      id,
      receiver,
      tenant,
      group,
      reason,
      sequence: 4,
      at,
      alerts: reason === 'test' ? [] : [alertOf(scenario, item, at)],
      leftOut,
    },
    log: logOf(item, nowMs),
  };
}

export function receivers(scenario: Scenario, nowMs: number): Receiver[] {
  if (scenario === 'empty' || scenario === 'many') return [];
  const well = {
    circuit: 'closed',
    failures: 0,
    openUntil: null,
    disabled: '',
    waiting: 0,
    oldestSeconds: null,
  } as const;
  return [
    { ...well, name: 'acme-noc', circuit: 'disabled', failures: 2, disabled: 'the receiver answered 410 Gone' },
    {
      ...{ ...well, name: 'globex-hook', circuit: 'open', failures: 6 },
      ...{ openUntil: iso(nowMs + 60_000), waiting: 2, oldestSeconds: 900 },
    },
    { ...well, name: 'hooli-mail', failures: 2, waiting: 1, oldestSeconds: 33 },
    { ...well, name: 'noc' },
  ];
}

export function enabled(name: string): Receiver {
  return { name, circuit: 'closed', failures: 0, openUntil: null, disabled: '', waiting: 0, oldestSeconds: null };
}

/** The document has one that nothing was ever sent to, and no longer has `hooli-mail`. */
export function alerting(scenario: Scenario): Alerting {
  if (scenario === 'empty' || scenario === 'many')
    return { version: 0, document: null, by: null, at: null, receivers: [] };
  const receivers = [
    { name: 'acme-noc', tenant: 'acme', channel: 'webhook', keys: 2 },
    { name: 'globex-chat', tenant: 'globex', channel: 'slack', keys: 0 },
    { name: 'globex-hook', tenant: 'globex', channel: 'cloudevents', keys: 1 },
    { name: 'noc', tenant: null, channel: 'alertmanager-api', keys: 0 },
  ];
  return { version: 4, document: 'kind: Alerting', by: 'anna', at: '2026-11-01T00:00:00Z', receivers };
}

/** Said of one name alone, as the server says it; anything else is given back as it is. */
export function preview({ template: { title = '', text = '' } }: PreviewBody) {
  const problem = 'template line 2: there is nothing called {budgett_line}';
  if (text.includes('{budgett_line}')) return { wrong: [{ where: 'body.template.text', problem }] };
  const told: TemplatePreview = {
    title: title.replace('{title}', 'Firing (critical): a sample: packets are lost'),
    text: text.replace('{reason_line}', 'This is new.'),
    language: 'en',
    notices: [],
  };
  return told;
}

/** What the server would say to it; null: there is no such dead letter. */
export function replayed({ id }: ReplayBody) {
  const found = told.find((item) => item.id === id);
  return found?.state === 'dead' ? { replayed: 1, more: false } : null;
}
