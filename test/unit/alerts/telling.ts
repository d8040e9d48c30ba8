import type { Alert, AlertFacts } from '../../../alerts/alert.ts';
import type { FormContext } from '../../../alerts/channel.ts';
import type { Notification } from '../../../alerts/notification.ts';
import { newKeyPair, newSecret, parseSigningKey } from '../../../alerts/signature/key.ts';

/** 2026-11-27T20:14:03Z. */
export const at = 1_795_810_443;

function factsOf(over: Partial<AlertFacts> = {}): AlertFacts {
  return {
    summary: 'acme-frankfurt loses packets faster than its budget allows',
    event: 'sla.breach.opened',
    objective: { name: 'acme-frankfurt', version: 3, indicator: 'packet-delivery' },
    window: { from: at - 3600, to: at, zone: 'Europe/Berlin' },
    budget: { allowed: '9007199254740993', spent: '9007199254740000', remaining: '993' },
    exhaustedAt: at + 600,
    tier: 'T0',
    budgetLevel: null,
    causes: [
      {
        ...{ cause: 'vhost_ring_full', owner: 'provider', host: 'cn1', port: 'p1', packets: '1234' },
        owners: { provider: '1234', tenant: '0', contract: '0', unknown: '0' },
      },
    ],
    tried: ['moved the queue to core 5', 'raised the ring to 1024'],
    acknowledgedBy: null,
    links: { page: '/slos/acme-frankfurt?from=1&to=2', evidence: '/api/v1/breaches/4f1c/changes/2/bundle' },
    ...over,
  };
}

export function alertOf(over: Partial<Alert> = {}, facts: Partial<AlertFacts> = {}): Alert {
  return {
    fingerprint: 'a'.repeat(64),
    labels: {
      alertname: 'BudgetBurns',
      breach: '4f1c0a77b0de',
      service: 'frankfurt',
      slo: 'acme-frankfurt',
      tenant: 'acme',
    },
    severity: 'critical',
    status: 'firing',
    entry: 2,
    startsAt: at - 120,
    endsAt: null,
    changedAt: at - 5,
    facts: factsOf(facts),
    ...over,
  };
}

export function notificationOf(over: Partial<Notification> = {}): Notification {
  return {
    id: 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W',
    receiver: 'acme-noc',
    tenant: 'acme',
    group: { key: 'acme/acme-frankfurt', labels: { slo: 'acme-frankfurt' } },
    reason: 'new',
    sequence: 7,
    at,
    alerts: [alertOf()],
    leftOut: 0,
    ...over,
  };
}

export const secretText = newSecret();
export const pair = newKeyPair();

export function contextOf(over: Partial<FormContext> = {}): FormContext {
  return {
    baseUrl: 'https://fournines.example/noc/',
    language: 'en',
    zone: 'Europe/Berlin',
    attemptAt: at + 1,
    keys: [parseSigningKey(secretText)],
    mail: { from: 'fournines@noc.example', to: ['on-call@acme.example'] },
    ...over,
  };
}

export function textOf(body: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(body);
}
