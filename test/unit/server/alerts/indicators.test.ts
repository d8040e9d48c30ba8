import { expect, test } from 'vitest';
import { FourninesError } from '../../../../core/runtime/error.ts';
import { Indicators } from '../../../../server/alerts/indicators.ts';
import { aReading, ofSlots } from '../breach/readings.ts';

const readable = `apiVersion: openslo/v1
kind: SLO
metadata: { name: acme }
spec:
  service: acme
  indicator:
    metadata: { name: delivery }
    spec: { thresholdMetric: { metricSource: { type: fournines, spec: { sli: packetDelivery, ports: [p1] } } } }
  timeWindow: [{ duration: 28d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: 0.9999 }]
`;
const versions = [readable, 'apiVersion: openslo/v0', '{'];

test('what cannot be read any more, or is not there, is empty and fails for nobody else', async () => {
  const indicators = new Indicators(async (name, number) => {
    const openslo = versions[number - 1];
    if (openslo === undefined) return undefined;
    const { objective } = aReading({ evaluation: ofSlots([]) });
    return { ...objective, name, version: number, body: { ...objective.body, openslo } };
  });
  const asked = [1, 2, 3, 4, 1].map((version) => indicators.of({ name: 'acme', version }));
  expect(await Promise.all(asked)).toEqual(['packetDelivery', '', '', '', 'packetDelivery']);
});

test('a store that is away is no answer: the same change must be the same alert later', async () => {
  const indicators = new Indicators(async () => {
    throw new FourninesError('FN_CONTROL_AWAY', 'away');
  });
  await expect(indicators.of({ name: 'acme', version: 1 })).rejects.toMatchObject({ code: 'FN_CONTROL_AWAY' });
});
