import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { ActPage, BreachComment, BreachComments } from '../../server/api/schema/acts.ts';
import { Alerting, TemplatePreview } from '../../server/api/schema/alerting.ts';
import { BreachDetail, BreachPage } from '../../server/api/schema/breaches.ts';
import { PortBursts } from '../../server/api/schema/bursts.ts';
import { Problem } from '../../server/api/schema/common.ts';
import { CreditPage } from '../../server/api/schema/credits.ts';
import { DeliveryDetail, DeliveryPage } from '../../server/api/schema/deliveries.ts';
import { ExclusionDetail, ExclusionPage } from '../../server/api/schema/exclusions.ts';
import { Explanation } from '../../server/api/schema/explain.ts';
import { Health } from '../../server/api/schema/health.ts';
import { HostDetail, HostPage, SoftnetSeries, StallList, ThreadSeries } from '../../server/api/schema/hosts.ts';
import { LedgerDetail, LedgerPage } from '../../server/api/schema/ledger.ts';
import { PortPage, PortSeries, QueueSeries, XstatPage } from '../../server/api/schema/ports.ts';
import { ReceiverPage } from '../../server/api/schema/receivers.ts';
import { AdviceDetail, AdvicePage, DatapathNowPage } from '../../server/api/schema/remediation.ts';
import { AlertPage, Silence, SilencePage, SilencePreview } from '../../server/api/schema/silences.ts';
import { SliPage } from '../../server/api/schema/slis.ts';
import { Budget, MonthCalendar, SloDetail, SloPage, TenantPage, WhatIf } from '../../server/api/schema/slos.ts';
import { TickEvent } from '../../server/api/schema/stream.ts';
import { PortTimeline } from '../../server/api/schema/timeline.ts';
import { activeSilence, endedSilence, made, said, silencePreview } from './fixture-acts.ts';
import { fullAdvice, outcomeAdvice, planAdvice, unknownAdvice } from './fixture-advice.ts';
import { problem, tickOf } from './fixture-api.ts';
import { openBreach } from './fixture-breaches.ts';
import { deadDelivery, preview } from './fixture-deliveries.ts';
import { requestedExclusion } from './fixture-exclusions.ts';
import { hostNames, type Scenario } from './fixture-numbers.ts';
import { answer } from './fixture-server.ts';
import { whatIf } from './fixture-slos.ts';

/** A page that works on a fixture proves something only when the fixture speaks as the server does. */

const nowMs = Date.UTC(2026, 6, 14, 14, 0, 3);
const host = hostNames[0] ?? '';
const routes: [string, TSchema][] = [
  ['health', Health],
  ['hosts', HostPage],
  [`hosts/${host}`, HostDetail],
  [`hosts/${host}/threads`, ThreadSeries],
  [`hosts/${host}/stalls?role=pmd&order=longest`, StallList],
  [`hosts/${host}/softnet`, SoftnetSeries],
  ['ports?limit=20', PortPage],
  [`ports/${host}/bond0/series`, PortSeries],
  [`ports/${host}/bond0/queues`, QueueSeries],
  [`ports/${host}/bond0/xstats`, XstatPage],
  [`ports/${host}/vhu7be2044a-90/series`, PortSeries],
  [`ports/${host}/bond0/timeline`, PortTimeline],
  [`ports/${host}/vhu7be2044a-90/timeline`, PortTimeline],
  [`ports/${host}/vhu7be2044a-90/bursts`, PortBursts],
  [`explain?host=${host}&port=vhu7be2044a-90`, Explanation],
  [`ledger?host=${host}`, LedgerPage],
  [`ledger/${host}/netdev@ovs-netdev`, LedgerDetail],
  [`ledger/${host}/${encodeURIComponent('netdev@edge')}`, LedgerDetail],
  [`slis?host=${host}&port=bond0`, SliPage],
  ['slos', SloPage],
  ['tenants', TenantPage],
  ['tenants/acme/calendar?month=2026-02', MonthCalendar],
  ['breaches', BreachPage],
  ['deliveries', DeliveryPage],
  ['receivers', ReceiverPage],
  ['alerting', Alerting],
  ['silences?state=active', SilencePage],
  ['alerts', AlertPage],
  ['audit', ActPage],
  [`breaches/${openBreach}/comments`, BreachComments],
  ['remediation/datapaths', DatapathNowPage],
  ['remediation/advice', AdvicePage],
  ['exclusions', ExclusionPage],
  ['credits?tenant=acme', CreditPage],
];
/** Of these the empty fixture has none. */
const singles: [string, TSchema][] = [
  ['slos/acme-availability', SloDetail],
  ['slos/globex-delivery/budget?month=2026-07', Budget],
  [`breaches/${openBreach}`, BreachDetail],
  [`deliveries/${deadDelivery}`, DeliveryDetail],
  [`exclusions/${requestedExclusion}`, ExclusionDetail],
  ...[planAdvice, outcomeAdvice, fullAdvice, unknownAdvice].map((id): [string, TSchema] => [
    `remediation/advice/${id}`,
    AdviceDetail,
  ]),
];

describe.each<Scenario>(['normal', 'empty', 'stale', 'noData', 'gap'])('the fixture in scenario %s', (scenario) => {
  it.each(routes)('answers %s as the schema says', (path, schema) => {
    const body = answer(scenario, new URL(`http://fixture/api/v1/${path}`), nowMs);
    expect([...Value.Errors(schema, body)]).toEqual([]);
  });

  it('ticks as the schema says', () => {
    for (let slot = 0; slot < 300; slot += 7) {
      expect(Value.Check(TickEvent, tickOf(scenario, host, slot, null))).toBe(true);
    }
  });
});

describe.each<Scenario>(['normal', 'stale', 'noData', 'gap'])('the fixture in scenario %s', (scenario) => {
  it.each(singles)('answers %s as the schema says', (path, schema) => {
    const body = answer(scenario, new URL(`http://fixture/api/v1/${path}`), nowMs);
    expect([...Value.Errors(schema, body)]).toEqual([]);
  });
});

it('the fixture answers what if as the schema says', () => {
  expect([
    ...Value.Errors(WhatIf, whatIf('acme-availability', { target: '0.9999', run: 10, days: 30 }, nowMs)),
  ]).toEqual([]);
});

it('the fixture answers to acts as the schema says', () => {
  const matchers = ['slo=acme-availability'];
  const told: [TSchema, unknown][] = [
    [SilencePreview, silencePreview({ matchers }, nowMs)],
    [Silence, made({ matchers, endsAt: '2026-07-14T15:00:00Z', by: 'anna', comment: 'repair' }, nowMs)],
    [Silence, endedSilence(activeSilence, 'anna', nowMs)],
    [BreachComment, said({ by: 'anna', comment: 'seen' }, nowMs)],
    [TemplatePreview, preview({ template: { title: '{title}' } })],
  ];
  for (const [schema, body] of told) expect([...Value.Errors(schema, body)]).toEqual([]);
});

it('the fixture fails as the schema says', () => {
  expect(Value.Check(Problem, problem(503, 'FN_STORE_UNAVAILABLE', 'detail', 'hint'))).toBe(true);
});
