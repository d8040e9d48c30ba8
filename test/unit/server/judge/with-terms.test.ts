import { expect, test } from 'vitest';
import { withTerms } from '../../../../server/judge/window-reading.ts';
import { readObjective } from '../../../../server/openslo/objective-file.ts';
import type { SliName } from '../../../../server/slo/objective.ts';
import { objectiveText } from '../slo/asking.ts';

const of = (sli: SliName) => readObjective('slo.yaml', objectiveText({ sli }));
const ratio = { num: 2n, den: 100n };

test('other terms are those that an indicator has', () => {
  expect(withTerms(of('availability'), { target: '0.5', lossRatioMax: '0.02', run: 7 })).toMatchObject({
    ...{ sli: { sli: 'availability', lossRatioMax: ratio, run: 7 }, target: { num: 5n, den: 10n } },
  });
  expect(withTerms(of('cleanSlots'), { lossRatioMax: '0.02' }).sli).toEqual({ sli: 'cleanSlots', lossRatioMax: ratio });
  expect(withTerms(of('packetDelivery'), { target: '0.5' }).sli).toEqual({ sli: 'packetDelivery' });
});

test.each([
  ['cleanSlots', { run: 7 }, 'acme is of cleanSlots, which has no run'],
  ['cleanSlots', { lossRatioMax: '0' }, 'lossRatioMax 0 is no share'],
  ['packetDelivery', { run: 7 }, 'acme is of packetDelivery, which has no run'],
  ['packetDelivery', { lossRatioMax: '0.1' }, 'acme is of packetDelivery, which has no lossRatioMax'],
  ['availability', { lossRatioMax: '1' }, 'is no decimal from 0 to 1'],
] as const)('%s, asked for %j, is refused', (sli, terms, message) => {
  expect(() => withTerms(of(sli), terms)).toThrow(message);
});
