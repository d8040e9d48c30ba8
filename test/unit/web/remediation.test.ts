import { describe, expect, it } from 'vitest';
import type { AdviceDetail } from '../../../server/api/schema/remediation.ts';
import {
  certificateText,
  differenceText,
  filterAdvice,
  isOfThen,
  noPlanText,
  peersText,
  percent,
  phaseText,
  reasonText,
  searchedText,
  shareText,
  usageText,
  waysOf,
} from '../../../web/src/features/remediation/model.ts';
import { pictureOf } from '../../../web/src/features/remediation/picture.ts';

const limits = { maxMoves: 2, enterPpm: 900_000, acceptPpm: 850_000, settlePpm: 800_000, gainPpm: 100_000 };
const certificate = { lowerBoundPpm: 690_000, gapPpm: 28_986, optimalForMoves: 2 };
const thread = (core: number, usagePpm: number, rxqs: readonly (readonly [string, number])[]) => ({
  ...{ core, usagePpm, numa: 0, overheadPpm: 20_000, stolenPpm: core === 4 ? 800 : 0 },
  rxqs: rxqs.map(([id, ppm]) => ({ id, usagePpm: ppm, isPinned: false })),
});
const advice: AdviceDetail = {
  ...{ id: 'a', host: 'cn1', datapath: 'netdev@ovs-netdev', at: '2026-11-01T00:00:00Z', decision: 'plan' },
  ...{ diagnosis: 'overload', because: [], gates: [], lacks: [], reason: null, beforePpm: 938_775 },
  ...{ moves: [{ rxq: 'vhu2/0', from: 2, to: 4 }], predictedPpm: 709_999, engine: '1', resolutionPpm: 10_000 },
  ...{ certificate, limits, input: {}, outcome: null, entry: 1, previous: null, sha256: '', chain: 'holds' },
  before: [
    thread(2, 938_775, [
      ['vhu2/0', 420_000],
      ['vhu1/0', 500_000],
    ]),
    thread(4, 204_248, [['vhu3/0', 200_000]]),
  ],
  after: [
    thread(2, 510_204, [['vhu1/0', 500_000]]),
    thread(4, 709_999, [
      ['vhu3/0', 200_000],
      ['vhu2/0', 420_000],
    ]),
  ],
  peers: [
    { algorithm: 'cycles', moved: 4, unpolled: 0, maxUsagePpm: 730_000 },
    { algorithm: 'group', moved: 1, unpolled: 2, maxUsagePpm: 690_000 },
  ],
};
const none: AdviceDetail = {
  ...{ ...advice, decision: 'none', moves: [], predictedPpm: null, certificate: null, after: [] },
};

describe('figures', () => {
  it('are cut to a tenth, as the server cuts them, and shares of others are never made nothing of', () => {
    expect([percent(709_999), percent(0), percent(999), percent(1_020_000)]).toEqual([
      '70.9 %',
      '0.0 %',
      '0.0 %',
      '102.0 %',
    ]);
    expect([shareText(0), shareText(1), shareText(800), shareText(20_000)]).toEqual([
      '0 %',
      '0.01 %',
      '0.08 %',
      '2.00 %',
    ]);
    expect([differenceText(10_204), differenceText(-10_204), differenceText(0)]).toEqual(['+1.0 %', '−1.0 %', '0.0 %']);
  });

  it('that are not known are no zero', () => {
    expect(usageText(null)).toBe('unknown');
  });
});

describe('the certificate in words', () => {
  it('puts the bound beside what the plan reaches', () => {
    expect(certificateText(advice)).toBe(
      'No placement can do better than 69.0 %; this plan reaches 70.9 % with one move.',
    );
    const two = [...advice.moves, { rxq: 'vhu1/0', from: 2, to: 6 }];
    expect(certificateText({ ...advice, moves: two, predictedPpm: 690_000 })).toBe(
      'No placement can do better than 69.0 %; this plan reaches it with two moves.',
    );
    expect(certificateText(none)).toBeNull();
  });

  it('says up to how many moves it is exact, and where less is no better', () => {
    const text = searchedText(certificate, limits);
    expect(text).toContain('of at most two moves none is better');
    expect(text).toContain('below 80.0 % less is no better');
  });
});

describe('why not otherwise', () => {
  it('names what each rebalance of the switch would move, reach and leave unpolled', () => {
    expect(peersText(advice)).toBe(
      'A rebalance by cycles would move 4 queues, reach 73.0 %; by group would move one queue, reach 69.0 % and leave ' +
        'two queues that nobody polls. This plan moves 1 and reaches 70.9 %.',
    );
    expect(waysOf(advice).map(({ name, moved }) => [name, moved])).toEqual([
      ['As it is', 0],
      ['This plan', 1],
      ['Open vSwitch, cycles', 4],
      ['Open vSwitch, group', 1],
    ]);
    expect(waysOf(none).map(({ isOurs }) => isOurs)).toEqual([false, false, false]);
  });

  it('gives the reason where there is no plan: of the planner, of what lacks, of the diagnosis', () => {
    expect(noPlanText({ ...none, reason: 'noAcceptablePlan' })).toContain('gains at least 10.0 %');
    expect(noPlanText({ ...none, diagnosis: 'unknown', lacks: ['shares of queues'] })).toBe(
      'Nothing can be planned without shares of queues.',
    );
    expect(noPlanText({ ...none, diagnosis: 'upstream' })).toMatch(/^Moving queues is no answer/);
    expect(reasonText('notNeeded', null)).toBe(
      'No move is needed: no thread is full, and no service burns its budget.',
    );
  });
});

describe('the list', () => {
  it('is found by words in any order', () => {
    expect(filterAdvice([advice], 'vhu2 overload')).toHaveLength(1);
    expect(filterAdvice([advice], 'overload held')).toHaveLength(0);
  });

  it('knows where a datapath has gone on since', () => {
    const { host, datapath } = advice;
    const now = { ...advice, maxUsagePpm: null, advice: 'b', phase: null, since: null };
    expect(isOfThen(advice, [now])).toBe(now);
    expect(isOfThen(advice, [{ ...now, advice: 'a' }])).toBeUndefined();
    expect(isOfThen({ ...advice, host: `${host}0`, datapath }, [now])).toBeUndefined();
  });
});

it('where the machine is has words, and one that nobody ran has no state', () => {
  expect([phaseText('advised'), phaseText('suspect'), phaseText(null)]).toEqual([
    'told',
    'suspected',
    'not followed yet',
  ]);
});

describe('the picture', () => {
  it('stacks theft, overhead and queues, moved ones last, and marks where the limits are', () => {
    const { before, after, scalePpm, hidden } = pictureOf(advice, false);
    expect(before[0]).toMatchObject({ core: 2, isOver: true, note: '▲ vhu2/0 leaves for core 4' });
    expect(before[0]?.segments).toEqual([
      { kind: 'overhead', name: 'overhead', fromPpm: 0, ppm: 20_000 },
      { kind: 'queue', name: 'vhu1/0', fromPpm: 20_000, ppm: 500_000 },
      { kind: 'moved', name: 'vhu2/0', fromPpm: 520_000, ppm: 420_000 },
    ]);
    // A tenth of what overhead leaves stays free at the limit.
    expect([before[0]?.enterPpm, before[0]?.acceptPpm]).toEqual([902_000, 853_000]);
    expect(after[1]).toMatchObject({ isOver: false, note: '▲ vhu2/0 came from core 2' });
    expect(after[1]?.segments[0]).toEqual({ kind: 'stolen', name: 'taken by others', fromPpm: 0, ppm: 800 });
    expect([scalePpm, hidden]).toEqual([1_000_000, 0]);
  });

  it('has room for more than a core', () => {
    const before = [thread(2, 1_224_489, [['vhu1/0', 1_200_000]])];
    expect(pictureOf({ ...none, before }, false).scalePpm).toBe(1_220_000);
  });

  it('shows what moves and the busiest of many, and all when asked', () => {
    const idle = Array.from({ length: 20 }, (_, i) => thread(10 + i, 1_000 * i, []));
    const many = { ...advice, before: [...idle, ...advice.before], after: [...idle, ...advice.after] };
    const { before, hidden } = pictureOf(many, false);
    expect(hidden).toBe(10);
    expect(before.map(({ core }) => core)).toEqual([20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 2, 4]);
    expect(pictureOf(many, true)).toMatchObject({ hidden: 0 });
  });
});
