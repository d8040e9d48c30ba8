import { expect, test } from 'vitest';
import { hashOf } from '../../../../alerts/fingerprint.ts';
import { type AlertConfig, defaultFlapping, type Route } from '../../../../alerts/state/config.ts';
import { configProblems } from '../../../../alerts/state/config-problems.ts';
import { step } from '../../../../alerts/state/machine.ts';
import { emptyState } from '../../../../alerts/state/state.ts';
import { aConfig, aRoute, matchers, operatorTree } from './an-alert.ts';

const withRoot = (root: Partial<Route>): AlertConfig => aConfig({ trees: [operatorTree(root)] });
const deep = (levels: number): Route => aRoute({ name: `r${levels}`, routes: levels === 0 ? [] : [deep(levels - 1)] });

test('a configuration that holds has no problems', () => {
  const inhibition = {
    name: 'host',
    sources: matchers('kind=host'),
    targets: matchers('kind=~port.*'),
    equal: ['host'],
  };
  expect(configProblems(aConfig({ inhibitions: [inhibition], flapping: defaultFlapping }))).toEqual([]);
});

test.each<[string, AlertConfig, RegExp]>([
  ['a version from 1', aConfig({ version: 0 }), /version/],
  ['receivers that are there', withRoot({ receivers: ['nobody'] }), /no receiver nobody/],
  [
    'also to escalate to',
    withRoot({ escalation: [{ afterSeconds: 60, receivers: ['nobody'] }] }),
    /no receiver nobody/,
  ],
  [
    'no receiver of another tenant',
    aConfig({ receivers: [{ name: 'ops', tenant: 't1' }] }),
    /ops is t1's, the route is the operator's/,
  ],
  [
    "a tenant's own receivers",
    aConfig({ trees: [{ ...operatorTree(), tenant: 't1' }] }),
    /ops is the operator's, the route is t1's/,
  ],
  ['receivers with names of their own', aConfig({ receivers: ['ops', 'ops'] }), /two receivers are called ops/],
  ['receivers with names', aConfig({ receivers: ['ops', ''] }), /a receiver needs a name/],
  ['one tree a tenant', aConfig({ trees: [operatorTree(), operatorTree()] }), /two trees/],
  ['routes with names of their own', withRoot({ routes: [aRoute()] }), /two routes are called all/],
  ['waits of a second at least', withRoot({ groupWaitSeconds: 0 }), /groupWaitSeconds must be whole, from 1/],
  ['whole seconds', withRoot({ groupIntervalSeconds: 1.5 }), /groupIntervalSeconds/],
  ['repetitions of a minute at least', withRoot({ repeatIntervalSeconds: 59 }), /repeatIntervalSeconds/],
  ['steps that come later', withRoot({ escalation: [{ afterSeconds: 0, receivers: ['ops'] }] }), /afterSeconds/],
  ['patterns that can be read', withRoot({ matchers: matchers('port=~(') }), /the pattern "\(" has a \( without/],
  ['matchers of a label', withRoot({ matchers: [{ label: '', operator: '=', value: 'x' }] }), /names no label/],
  ['routes that are not too deep', withRoot({ routes: [deep(10)] }), /deeper than 10/],
  [
    'sources and targets',
    aConfig({ inhibitions: [{ name: 'x', sources: [], targets: matchers('a=b'), equal: [] }] }),
    /needs sources/,
  ],
  [
    'patterns of rules that can be read',
    aConfig({ inhibitions: [{ name: 'x', sources: matchers('a=~['), targets: matchers('a=b'), equal: [] }] }),
    /inhibition x: the pattern/,
  ],
  ['flapping that begins at two', aConfig({ flapping: { ...defaultFlapping, changes: 1 } }), /flapping.changes/],
  ['room for what is named', aConfig({ limits: { named: 0 } }), /limits.named/],
])('it needs %s', (_what, config, problem) => {
  expect(configProblems(config).join('\n')).toMatch(problem);
});

test('one with problems is refused with all of them, and the state stays', () => {
  const config = aConfig({ version: 0, limits: { named: 0 } });
  const take = (version: number) =>
    step(emptyState, { kind: 'configured', config: { ...config, version } }, { now: 0, hash: hashOf });
  expect(() => take(1)).toThrowError(
    expect.objectContaining({ code: 'FN_ALERT_ROUTES', message: expect.stringMatching(/named/) }),
  );
  expect(emptyState.config.version).toBe(0);
});
