import fc from 'fast-check';
import type { AlertStatus, Severity } from '../../../../alerts/alert.ts';
import type { AlertConfig } from '../../../../alerts/state/config.ts';
import { aConfig, aRoute, matchers, operatorTree, rootTerms } from './an-alert.ts';
import type { Timeline } from './timeline.ts';

/** What may happen to nine alerts of two hosts and two tenants. */
export type Happening =
  | { readonly what: 'change'; readonly of: string; readonly status: AlertStatus; readonly severity: Severity }
  | { readonly what: 'late'; readonly of: string; readonly status: AlertStatus; readonly entry: number }
  | { readonly what: 'time'; readonly seconds: number }
  | { readonly what: 'acknowledge'; readonly of: string; readonly before: number }
  | {
      readonly what: 'silence';
      readonly id: string;
      readonly text: string;
      readonly tenant: string | null;
      readonly seconds: number;
    }
  | { readonly what: 'end silence'; readonly id: string }
  | { readonly what: 'configure'; readonly config: number };

export const names = ['host a', 'host b', 'p1', 'p2', 'b/p1', 't1/a/p3', 't1/b/p4', 't2/a/p3', 't2/b/p4'] as const;
const receivers = [
  'ops',
  'desk',
  'boss',
  { name: 'of-t1', tenant: 't1' },
  { name: 'boss-t1', tenant: 't1' },
  { name: 'of-t2', tenant: 't2' },
];
const hostHidesPorts = {
  name: 'host',
  sources: matchers('kind=host'),
  targets: matchers('kind=port'),
  equal: ['host'],
};
const criticalHides = {
  name: 'worst',
  sources: matchers('severity=critical'),
  targets: matchers('severity=info'),
  equal: ['host'],
};
const flapping = { changes: 2, withinSeconds: 3_000, quietSeconds: 1_000 };
const tenantTree = (tenant: string, escalates: boolean) => ({
  tenant,
  root: aRoute({
    name: 'own',
    receivers: [`of-${tenant}`],
    ...rootTerms,
    groupWaitSeconds: 7,
    groupBy: ['port'],
    escalation: escalates ? [{ afterSeconds: 400, receivers: [`boss-${tenant}`] }] : [],
  }),
});
const onlyTenants = [tenantTree('t1', true), tenantTree('t2', false)];
const split = operatorTree({
  repeatIntervalSeconds: 900,
  groupBy: ['host'],
  escalation: [{ afterSeconds: 500, receivers: ['boss'] }],
  routes: [
    aRoute({ name: 'critical', matchers: matchers('severity=critical'), receivers: ['desk'], continue: true }),
    aRoute({ name: 'ports', matchers: matchers('port=~p[13]'), groupBy: 'all' }),
  ],
});

/**
 * Between which a story changes. The last is what every story ends with: all is told to somebody, nothing is hidden or held.
 */
export const configs: readonly AlertConfig[] = [
  aConfig({ receivers, trees: [split, ...onlyTenants], inhibitions: [hostHidesPorts, criticalHides], flapping }),
  aConfig({ receivers, trees: [operatorTree(), ...onlyTenants], flapping, limits: { named: 2 } }),
  aConfig({ receivers, trees: [split], inhibitions: [criticalHides] }),
  aConfig({ receivers: [], trees: [] }),
  aConfig({ receivers, trees: [operatorTree({ groupBy: ['host'] }), ...onlyTenants] }),
];

const name = fc.constantFrom(...names);
const status = fc.constantFrom<AlertStatus>('firing', 'firing', 'resolved', 'unknown');
const severity = fc.constantFrom<Severity>('critical', 'warning', 'info');
const silenceId = fc.constantFrom('s1', 's2', 's3');

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ what: fc.constant('change' as const), of: name, status, severity }) },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('late' as const),
      of: name,
      status,
      entry: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      what: fc.constant('time' as const),
      seconds: fc.constantFrom(1, 5, 30, 90, 301, 700, 2_000, -1, -500),
    }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('acknowledge' as const), of: name, before: fc.nat(2) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('silence' as const),
      id: silenceId,
      text: fc.constantFrom('host=a', 'kind=port', 'port=~p[34]', 'severity!=critical'),
      tenant: fc.constantFrom(null, 't1', 't2'),
      seconds: fc.constantFrom(10, 400, 3_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('end silence' as const), id: silenceId }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('configure' as const), config: fc.nat(configs.length - 2) }) },
);

/** Long ones: short ones hardly ever have two rules meet. */
export const stories: fc.Arbitrary<readonly Happening[]> = fc.array(happening, {
  minLength: 30,
  maxLength: 120,
  size: 'max',
});

export function happen(t: Timeline, each: Happening): void {
  switch (each.what) {
    case 'change':
      t.push(each.of, { status: each.status, severity: each.severity });
      break;
    case 'late':
      t.push(each.of, { status: each.status, entry: each.entry });
      break;
    case 'time':
      t.at(t.now + each.seconds).take({ kind: 'time' });
      break;
    case 'acknowledge':
      t.acknowledge(each.of, 'mai', t.lastEntry(each.of) - each.before);
      break;
    case 'silence':
      t.silence(each.id, [each.text], t.now + each.seconds, { tenant: each.tenant });
      break;
    case 'end silence':
      t.endSilence(each.id);
      break;
    case 'configure':
      t.configureNext(configs[each.config]);
      break;
  }
}

/** All that is named fires once more under the last configuration, and is told; then all of it is over. */
export function end(t: Timeline, between: (t: Timeline) => void): void {
  t.configureNext(configs.at(-1));
  for (const id of ['s1', 's2', 's3']) t.endSilence(id);
  for (const each of names) t.push(each, { status: 'firing', severity: 'warning' });
  t.at(t.now + 2_000);
  between(t);
  for (const each of names) t.over(each);
  t.at(t.now + 2_000);
}
