import type { Credit } from '../../server/api/schema/credits.ts';
import type { DecisionBody, Exclusion, ExclusionBody, ExclusionDetail } from '../../server/api/schema/exclusions.ts';
import type { Scenario } from './fixture-numbers.ts';
import { runningMonth, sloPage } from './fixture-slos.ts';
import { instant } from './fixture-span.ts';

/** Exclusions and credits of the fixture. Nothing is kept: a decision is judged and answered. */

export const requestedExclusion = '7d0f3c52-11aa-4a58-9b53-3d0c9c1f2a01';

export function exclusions(scenario: Scenario, nowMs: number): Exclusion[] {
  if (scenario === 'empty' || scenario === 'many') return [];
  const now = Math.floor(nowMs / 3_600_000) * 3_600;
  const base = {
    service: 'acme-voice',
    revision: 1,
    requestedBy: 'anna',
    requestedAt: instant(now - 90_000),
    decidedBy: null,
  };
  return [
    {
      ...base,
      ...{ id: requestedExclusion, from: instant(now - 86_400), to: instant(now - 79_200), category: 'maintenance' },
      ...{ reason: 'Kernel of compute-01 renewed, guests moved away and back', state: 'requested' },
      notice: { givenAt: instant(now - 260_000), reference: 'ticket NOC-4711' },
      warnings: ['notice was given 48 h before; the agreement says 72 h'],
    },
    {
      ...base,
      ...{ id: '0b1c9f10-52fd-4f0e-8a6e-0f7f5f2f8a02', from: instant(now - 700_000), to: instant(now - 690_000) },
      ...{ category: 'customerRequest', reason: 'Acme tested its failover', state: 'approved' },
      ...{ revision: 2, decidedBy: 'minh', notice: null, warnings: [] },
    },
    {
      ...base,
      ...{ id: '3f7a2e44-9a1d-4b62-8c0f-5f2f8a1e0c03', from: instant(now - 900_000), to: instant(now - 890_000) },
      ...{ service: 'globex-edge', category: 'attack', reason: 'Flood from outside', state: 'rejected' },
      ...{ revision: 2, decidedBy: 'minh', notice: null, warnings: [] },
    },
  ];
}

export function exclusionDetail(scenario: Scenario, id: string, nowMs: number): ExclusionDetail | null {
  const found = exclusions(scenario, nowMs).find((item) => item.id === id);
  if (found === undefined) return null;
  const hash = (revision: number) => `${revision}b7c41e09ad25f368`.repeat(4).slice(0, 64);
  const event = (revision: number, state: Exclusion['state'], by: string, comment: string) => ({
    ...{ revision, state, by, comment, at: instant(Date.parse(found.requestedAt) / 1_000 + revision * 3_000) },
    ...{ document: '{}', sha256: hash(revision), previous: revision === 1 ? null : hash(revision - 1) },
  });
  const decided =
    found.decidedBy === null ? [] : [event(2, found.state, found.decidedBy, 'agreed by mail of the tenant')];
  const slos = sloPage(scenario, new URLSearchParams(), nowMs).items.filter(({ service }) => service === found.service);
  return {
    ...found,
    events: [event(1, 'requested', found.requestedBy, ''), ...decided],
    ...{ brokenAt: null, notJudged: [] },
    effect: slos.flatMap(({ name, calendar }) =>
      calendar === null
        ? []
        : [{ slo: name, window: calendar.window, without: calendar.withoutExclusions, with: calendar.figures }],
    ),
  };
}

/** Null: it is done. Else what the server finds wrong with it. */
export function wrongWithDecision(id: string, { by }: DecisionBody, nowMs: number) {
  const found = exclusions('normal', nowMs).find((item) => item.id === id);
  if (found === undefined || found.requestedBy !== by) return null;
  return [{ where: 'body.by', problem: `must be another person than ${by}, who asked for it` }];
}

export function requested(body: ExclusionBody, nowMs: number): Exclusion {
  const { notice = null, ...rest } = body;
  const told = {
    state: 'requested',
    revision: 1,
    decidedBy: null,
    requestedAt: instant(nowMs / 1_000),
  } as const;
  return { ...rest, ...told, id: requestedExclusion, notice, warnings: [] };
}

export function credits(scenario: Scenario, tenant: string, nowMs: number): Credit[] {
  if (scenario === 'empty' || tenant !== 'acme') return [];
  const month = runningMonth(nowMs - 31 * 86_400_000);
  const entry = (number: number, state: Credit['state'], fee: string, amount: string, currency: string): Credit => ({
    ...{ entry: number, id: `acme-gold/acme-voice/${month}`, state, tenant, agreement: 'acme-gold' },
    ...{ service: 'acme-voice', item: 'edge 10G', month, slo: 'acme-delivery', verdict: 'breached' },
    ...{ bad: '311000', total: '2592000000', share: { num: '10', den: '100' }, fee, amount, currency },
    explanation: `311,000 bad of 2,592,000,000; allowed 259,200; achieved 0.99988001 is in the tier from 0.9998 below 0.9999, which gives 10/100; 10/100 of the fee of ${fee} is ${amount}, below the cap of 100/100.`,
    at: instant(nowMs / 1_000 - 40_000 + number * 60),
    previous: number === 1 ? null : `${number - 1}`.repeat(64).slice(0, 64),
    sha256: `${number}`.repeat(64).slice(0, 64),
    ...{ agreementVersion: 1, change: state === 'computed' ? amount : '0', document: '{}', comment: '' },
    ...{ by: state === 'computed' ? 'fournines' : 'anna', corrects: state === 'computed' ? null : number - 1 },
  });
  return [
    entry(1, 'computed', '120000000', '12000000', 'VND'),
    entry(2, 'notified', '120000000', '12000000', 'VND'),
    { ...entry(3, 'computed', '480050', '48005', 'EUR'), id: `acme-gold/acme-batch/${month}`, service: 'acme-batch' },
  ];
}
