import type { Alert, AlertStatus, Labels, Severity } from '../../../../alerts/alert.ts';
import { fingerprintOf } from '../../../../alerts/fingerprint.ts';
import {
  type AlertConfig,
  defaultLimits,
  type Receiver,
  type Route,
  type RouteTree,
} from '../../../../alerts/state/config.ts';
import type { Matcher } from '../../../../alerts/state/matchers.ts';

export interface AlertParts {
  readonly labels: Labels;
  readonly status?: AlertStatus;
  readonly severity?: Severity;
  readonly entry?: number;
  readonly at?: number;
  readonly startsAt?: number;
  readonly tier?: string | null;
  readonly level?: number | null;
  readonly event?: string;
  readonly summary?: string;
  readonly evidence?: string;
  readonly acknowledgedBy?: string | null;
  readonly freezes?: Labels;
}

export function anAlert(parts: AlertParts): Alert {
  const { labels, status = 'firing', severity = 'warning', entry = 1, at = 0 } = parts;
  return {
    fingerprint: fingerprintOf(labels),
    labels,
    severity,
    status,
    entry,
    startsAt: parts.startsAt ?? at,
    endsAt: status === 'resolved' ? at : null,
    changedAt: at,
    facts: {
      summary: parts.summary ?? 'packets are lost',
      event: parts.event ?? (status === 'resolved' ? 'sla.breach.closed' : 'sla.breach.opened'),
      objective: { name: 'delivery', version: 1, indicator: 'packetDelivery' },
      window: { from: 0, to: 86_400, zone: 'UTC' },
      budget: { allowed: '100', spent: '60', remaining: '40' },
      exhaustedAt: null,
      tier: parts.tier ?? 'T1',
      budgetLevel: parts.level ?? null,
      causes: [],
      tried: [],
      acknowledgedBy: parts.acknowledgedBy ?? null,
      links: { page: '/slos/delivery', evidence: parts.evidence ?? null },
    },
    ...(parts.freezes === undefined ? {} : { freezes: parts.freezes }),
  };
}

/** `port=p1`, `host!=a`, `port=~p.*`, `port!~p.*`. */
export function matchers(...texts: readonly string[]): Matcher[] {
  return texts.map((text) => {
    const [, label = '', operator = '=', value = ''] = /^(\w+)(=~|!~|!=|=)(.*)$/s.exec(text) ?? [];
    return { label, operator: operator as Matcher['operator'], value };
  });
}

/** Waits 30 s, 300 s between, repeats after an hour. */
export function aRoute(parts: Partial<Route> = {}): Route {
  return { name: 'all', matchers: [], continue: false, routes: [], ...parts };
}

export const rootTerms = {
  groupWaitSeconds: 30,
  groupIntervalSeconds: 300,
  repeatIntervalSeconds: 3_600,
} as const;

export interface ConfigParts extends Partial<Omit<AlertConfig, 'receivers' | 'limits'>> {
  readonly receivers?: readonly (string | Receiver)[];
  readonly limits?: Partial<AlertConfig['limits']>;
}

/** The operator's receivers, unless it says whose they are. */
export function aConfig(parts: ConfigParts): AlertConfig {
  const { receivers = ['ops'], limits = {}, ...rest } = parts;
  return {
    version: 1,
    trees: [operatorTree()],
    inhibitions: [],
    flapping: null,
    ...rest,
    receivers: receivers.map((each) => (typeof each === 'string' ? { name: each, tenant: null } : each)),
    limits: { ...defaultLimits, ...limits },
  };
}

export function operatorTree(root: Partial<Route> = {}): RouteTree {
  return { tenant: null, root: aRoute({ receivers: ['ops'], ...rootTerms, ...root }) };
}
