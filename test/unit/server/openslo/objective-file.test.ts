import { describe, expect, test } from 'vitest';
import { FourninesError } from '../../../../core/runtime/error.ts';
import { readExclusions } from '../../../../server/openslo/exclusions-file.ts';
import { readObjective } from '../../../../server/openslo/objective-file.ts';

const text = `apiVersion: openslo/v1
kind: SLO
metadata: { name: acme-availability }
spec:
  service: acme
  indicator:
    metadata: { name: availability }
    spec:
      thresholdMetric:
        metricSource:
          type: fournines
          spec: { sli: availability, ports: [p1, p2], lossRatioMax: "0.10", run: 5 } # C and n
  timeWindow: [{ duration: 1M, isRolling: false, calendar: { startTime: "2026-11-01 00:00:00", timeZone: Asia/Ho_Chi_Minh } }]
  budgetingMethod: Timeslices
  objectives: [{ target: 0.9999 }]
`;
const but = (old: string, put: string) => {
  expect(text).toContain(old);
  return text.replace(old, put);
};

function mistakeOf(doing: () => unknown): FourninesError {
  try {
    doing();
  } catch (error) {
    if (error instanceof FourninesError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('an objective', () => {
  test('is read as it stands', () => {
    const { name, ports, sli, target, window } = readObjective('slo.yaml', text);
    expect({ name, ports, sli, target }).toEqual({
      name: 'acme-availability',
      ports: ['p1', 'p2'],
      sli: { sli: 'availability', lossRatioMax: { num: 10n, den: 100n }, run: 5 },
      target: { num: 9999n, den: 10_000n },
    });
    expect(window).toMatchObject({
      rolling: false,
      duration: { count: 1, unit: 'M' },
      start: { year: 2026, month: 11, day: 1, time: 0 },
      zone: { name: 'Asia/Ho_Chi_Minh' },
    });
  });
  test('may carry names, labels and annotations for people and other tools', () => {
    const more =
      'metadata: { name: acme-availability, displayName: A, labels: { a: [b] }, annotations: { x.y/z: "1" } }';
    const named = but('metadata: { name: acme-availability }', more).replace(
      'service: acme',
      'description: D\n  service: acme',
    );
    expect(readObjective('slo.yaml', named.replace('{ target', '{ displayName: T, target')).name).toBe(
      'acme-availability',
    );
  });
  test.each([
    ['0.9999', 9999n, 10_000n],
    ['"0.9999"', 9999n, 10_000n],
    ['0.99990000001', 99_990_000_001n, 100_000_000_000n],
    // As a float this would be 1.
    ['0.99999999999999999999', 99_999_999_999_999_999_999n, 10n ** 20n],
    ['1', 1n, 1n],
    ['1.0', 10n, 10n],
    ['0', 0n, 1n],
  ])('target %s is exact', (target, num, den) => {
    expect(readObjective('slo.yaml', but('target: 0.9999', `target: ${target}`)).target).toEqual({ num, den });
  });
  test('rolls, and counts packets', () => {
    const packets = but(
      '{ sli: availability, ports: [p1, p2], lossRatioMax: "0.10", run: 5 }',
      '{ sli: packetDelivery, ports: [p1] }',
    )
      .replace(/timeWindow: .*/, 'timeWindow: [{ duration: 28d, isRolling: true }]')
      .replace('Timeslices', 'Occurrences');
    expect(readObjective('slo.yaml', packets)).toMatchObject({
      sli: { sli: 'packetDelivery' },
      window: { rolling: true, duration: { count: 28, unit: 'd' } },
    });
  });
});

describe('an objective that does not fit is refused with line and key', () => {
  test.each([
    ['an empty file', '', 'slo.yaml line 1: must have the keys apiVersion, kind, metadata, spec'],
    ['no YAML', 'a: [', 'slo.yaml line 1: '],
    ['a tab', `kind: SLO\n\tspec: 1\n`, 'slo.yaml line 2: '],
    ['two documents', `${text}---\n${text}`, 'slo.yaml line 16: '],
    ['a key twice', but('kind: SLO', 'kind: SLO\nkind: SLO'), 'slo.yaml line 3: a key stands twice'],
    ['a key within twice', but('run: 5', 'run: 5, run: 6'), 'slo.yaml line 12: a key stands twice'],
    [
      'an unknown key',
      but('run: 5', 'runs: 5'),
      'line 12, key spec.indicator.spec.thresholdMetric.metricSource.spec.runs: unknown key',
    ],
    ['an unknown key at the top', `${text}extra: 1\n`, 'line 16, key extra: unknown key'],
    [
      'what we cannot judge',
      but('objectives: [', 'alertPolicies: []\n  objectives: ['),
      'line 15, key spec.alertPolicies: unknown key',
    ],
    ['no kind', but('kind: SLO\n', ''), 'slo.yaml line 1: kind is missing'],
    [
      'no run',
      but(', run: 5', ''),
      'line 12, key spec.indicator.spec.thresholdMetric.metricSource.spec: run is missing',
    ],
    [
      'another version',
      but('openslo/v1', 'openslo/v2alpha'),
      'line 1, key apiVersion: must be openslo/v1, not "openslo/v2alpha"',
    ],
    ['another kind', but('kind: SLO', 'kind: SLI'), 'line 2, key kind: must be SLO, not "SLI"'],
    [
      'another source',
      but('type: fournines', 'type: prometheus'),
      'line 11, key spec.indicator.spec.thresholdMetric.metricSource.type: must be fournines',
    ],
    [
      'another sli',
      but('sli: availability', 'sli: latency'),
      'line 12, key spec.indicator.spec.thresholdMetric.metricSource.spec.sli: must be one of packetDelivery, availability',
    ],
    [
      'the other method',
      but('Timeslices', 'Occurrences'),
      'line 14, key spec.budgetingMethod: must be Timeslices, not "Occurrences"',
    ],
    ['no ports', but('[p1, p2]', '[]'), 'spec.ports: must name at least one port'],
    ['a port twice', but('[p1, p2]', '[p1, p1]'), 'spec.ports[1]: "p1" stands twice'],
    ['a port that is a number', but('[p1, p2]', '[p1, 2]'), 'spec.ports[1]: must be a text'],
    ['run 0', but('run: 5', 'run: 0'), 'spec.run: must be an integer from 1 to 3600, not 0'],
    ['run 1.5', but('run: 5', 'run: 1.5'), 'spec.run: must be an integer from 1 to 3600, not 1.5'],
    ['run -1', but('run: 5', 'run: -1'), 'spec.run: must be an integer from 1 to 3600, not -1'],
    ['a loss of all', but('"0.10"', '"1"'), 'spec.lossRatioMax: must be below 1'],
    ['a loss in percent', but('"0.10"', '10'), 'spec.lossRatioMax: must be below 1'],
    ['a loss below 0', but('"0.10"', '"-0.1"'), 'spec.lossRatioMax: "-0.1" is no plain decimal'],
    [
      'a loss of packets',
      but('sli: availability', 'sli: packetDelivery'),
      'spec.lossRatioMax: belongs to indicators of slots',
    ],
    ['a run of clean slots', but('sli: availability', 'sli: cleanSlots'), 'spec.run: belongs to availability'],
    [
      'clean slots that may lose nothing',
      but(
        'sli: availability, ports: [p1, p2], lossRatioMax: "0.10", run: 5',
        'sli: cleanSlots, ports: [p1], lossRatioMax: "0"',
      ),
      'spec.lossRatioMax: must be above 0',
    ],
    [
      'two windows',
      but('}]\n  budgeting', '}, {}]\n  budgeting').replace('} }, {}]', '} }, {}]'),
      'line 13, key spec.timeWindow: must have one member, not 2',
    ],
    [
      'no window',
      text.replace(/timeWindow: .*/, 'timeWindow: []'),
      'line 13, key spec.timeWindow: must have one member, not 0',
    ],
    ['another duration', but('1M', '1 month'), 'line 13, key spec.timeWindow[0].duration: "1 month" is no duration'],
    ['a duration of none', but('1M', '0d'), 'spec.timeWindow[0].duration: "0d" is no duration'],
    ['isRolling "no"', but('isRolling: false', 'isRolling: "no"'), 'isRolling: must be true or false'],
    [
      'a calendar that rolls',
      but('isRolling: false', 'isRolling: true'),
      'calendar: belongs to windows that do not roll',
    ],
    ['no calendar', text.replace(/, calendar: .* \}\]/, ' }]'), 'key spec.timeWindow[0]: calendar is missing'],
    ['no such zone', but('Asia/Ho_Chi_Minh', 'Asia/Hanoi'), 'timeZone: there is no zone "Asia/Hanoi"'],
    ['an offset', but('Asia/Ho_Chi_Minh', '"+07:00"'), 'timeZone: there is no zone "+07:00"'],
    [
      'a start with a zone',
      but('2026-11-01 00:00:00', '2026-11-01T00:00:00Z'),
      'startTime: "2026-11-01T00:00:00Z" is no date and time without a zone',
    ],
    ['30 February', but('2026-11-01', '2026-02-30'), 'startTime: "2026-02-30 00:00:00" is no date'],
    ['a start of 1969', but('2026-11-01', '1969-11-01'), 'startTime: "1969-11-01 00:00:00" is no date'],
    [
      'two targets',
      but('[{ target: 0.9999 }]', '[{ target: 0.9999 }, { target: 0.99 }]'),
      'line 15, key spec.objectives: must have one member, not 2',
    ],
    [
      'targetPercent',
      but('target: 0.9999', 'targetPercent: 99.99'),
      'line 15, key spec.objectives[0].targetPercent: unknown key',
    ],
    ['no target', but('target: 0.9999', 'target:'), 'line 15, key spec.objectives[0].target: '],
    ['a text', but('target: 0.9999', 'target: high'), 'target: "high" is no plain decimal from 0 to 1'],
    ['an exponent', but('target: 0.9999', 'target: 9.999e-1'), 'target: "9.999e-1" is no plain decimal from 0 to 1'],
    ['below 0', but('target: 0.9999', 'target: -0.5'), 'target: "-0.5" is no plain decimal from 0 to 1'],
    ['hexadecimal', but('target: 0.9999', 'target: 0x1'), 'target: "0x1" is no plain decimal from 0 to 1'],
    ['not a number', but('target: 0.9999', 'target: .nan'), 'target: ".nan" is no plain decimal from 0 to 1'],
    ['above 100', but('target: 0.9999', 'target: 9999'), 'target: 9999 is no ratio: a target is from 0 to 1'],
    ['an alias', but('ports: [p1, p2]', 'ports: [&p p1, *p]'), 'spec.ports[1]: an alias'],
    ['a tag', but('ports: [p1, p2]', 'ports: [!mine p1]'), 'line 12'],
    ['300,000 characters', `${text}${'#'.repeat(300_000)}`, 'slo.yaml is longer than 262144 characters'],
  ])('%s', (_, file, what) => {
    const error = mistakeOf(() => readObjective('slo.yaml', file));
    expect(error.code).toBe('FN_OBJECTIVE_FILE');
    expect(error.message).toContain(what);
  });
  test.each([
    ['99.99', '0.9999'],
    ['99.999', '0.99999'],
    ['100', '1'],
    ['5', '0.05'],
    ['1.01', '0.0101'],
  ])('a percent, %s, is said to be one', (percent, ratio) => {
    const error = mistakeOf(() => readObjective('slo.yaml', but('target: 0.9999', `target: ${percent}`)));
    expect(error.message).toBe(
      `slo.yaml line 15, key spec.objectives[0].target: ${percent} is a percent: a target is a ratio from 0 to 1`,
    );
    expect(error.hint).toBe(`If ${percent} % is meant, write ${ratio}.`);
  });
});

describe('exclusions', () => {
  const one =
    '{ from: 2026-11-01T00:00:00Z, to: "2026-11-01T01:00:00Z", category: maintenance, reason: r, approvedBy: a }';
  const from = 1_793_491_200;
  test('are half open, and cut to slots that lie wholly inside', () => {
    const ragged = one.replace('00:00:00Z', '00:00:00.5Z').replace('01:00:00Z', '01:00:00.9Z');
    const rest = { category: 'maintenance', reason: 'r', approvedBy: 'a' };
    expect(readExclusions('x.yaml', `- ${one}\n- ${ragged}\n`)).toEqual([
      { from, to: from + 3600, ...rest },
      { from: from + 1, to: from + 3600, ...rest },
    ]);
    expect(readExclusions('x.yaml', '[]')).toEqual([]);
  });
  test.each([
    ['no list', one, 'x.yaml line 1: must be a list'],
    ['an empty file', '', 'x.yaml line 1: must be a list'],
    ['no reason', `\n- ${one.replace('reason: r, ', '')}`, 'x.yaml line 2, key [0]: reason is missing'],
    [
      'nobody approved',
      `- ${one.replace('approvedBy: a', 'approvedBy: ""')}`,
      'line 1, key [0].approvedBy: must not be empty',
    ],
    ['an unknown key', `- ${one}\n- ${one.replace('reason', 'because')}`, 'line 2, key [1].because: unknown key'],
    [
      'the wrong way round',
      `- ${one.replace('T01', 'T00')}`,
      'line 1, key [0].to: must lie at least one slot behind from',
    ],
    [
      'less than a slot',
      `- ${one.replace('01:00:00Z', '00:00:00.9Z')}`,
      'key [0].to: must lie at least one slot behind from',
    ],
    [
      'a zone',
      `- ${one.replace('01:00:00Z', '01:00:00+07:00')}`,
      'key [0].to: "2026-11-01T01:00:00+07:00" is no RFC 3339 instant in UTC',
    ],
  ])('%s', (_, file, what) => {
    const error = mistakeOf(() => readExclusions('x.yaml', file));
    expect(error.code).toBe('FN_EXCLUSIONS_FILE');
    expect(error.message).toContain(what);
  });
});
