import { describe, expect, it } from 'vitest';
import { causes } from '../../../core/catalogue/causes.ts';
import type { LedgerDetail, LedgerEntry } from '../../../server/api/schema/ledger.ts';
import type { PortSeries } from '../../../server/api/schema/ports.ts';
import { beyondBound, driftFrame, flowFrame, residualFrame } from '../../../web/src/features/ledger/frames.ts';
import {
  balanceTerms,
  cyclesAPacket,
  isToldLater,
  jointViews,
  pmdRows,
  stateView,
} from '../../../web/src/features/ledger/model.ts';
import { causeWords } from '../../../web/src/features/port/cause-words.ts';
import { causeIntervals } from '../../../web/src/features/port/model.ts';

function anEntry(change: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    host: 'h',
    datapath: 'netdev@ovs-netdev',
    lastSlot: '2026-07-14T14:00:00Z',
    slots: { expected: 4, observed: 4, bridged: 0, unknown: 0, suspect: 0 },
    ports: 2,
    flows: 3,
    in: '73736448',
    out: '20935616',
    portDrops: '52800832',
    insideDrops: [],
    copies: '0',
    consumed: '0',
    copiesUncertain: '0',
    residual: '0',
    residualRaw: '0',
    bound: '32',
    settledTo: '2026-07-14T14:00:00Z',
    state: 'balanced',
    ...change,
  };
}

function aDetail(change: Partial<LedgerDetail> = {}): LedgerDetail {
  return {
    window: { from: '1970-01-01T00:00:00Z', to: '1970-01-01T00:00:04Z' },
    completeTo: null,
    silent: { count: 0, hosts: [] },
    revision: null,
    entry: anEntry(),
    joints: [],
    ports: [],
    pmds: [],
    queues: [],
    series: { stepSeconds: 1, at: [0, 1, 2, 3], in: [], out: [], portDrops: [], residualRaw: [], bound: [] },
    ...change,
  };
}

function aSeries(residualRaw: (string | null)[], bound: (string | null)[]): LedgerDetail {
  const flows = { in: ['10', '20', null, '30'], out: ['9', '19', null, '30'], portDrops: ['1', '1', null, '0'] };
  return aDetail({ series: { stepSeconds: 1, at: [0, 1, 2, 3], ...flows, residualRaw, bound } });
}

describe('the balance', () => {
  it('has every sum of the equation, with its sign', () => {
    const insideDrops = [
      { cause: 'policy', packets: '5' },
      { cause: 'upcall_lost', packets: '2' },
    ];
    const terms = balanceTerms(anEntry({ insideDrops, copies: '3', residual: '-4' }));
    expect(terms.map(({ sign, name, packets }) => `${sign}${name} ${packets}`)).toEqual([
      'in 73736448',
      '=out 20935616',
      '+dropped at ports 52800832',
      '+dropped inside 7',
      '+taken by the switch 0',
      '−copies 3',
      '+left over -4',
    ]);
  });

  it('holds to the packet: the sums of its right side are the left', () => {
    const signs = { '': 0n, '=': 1n, '+': 1n, '−': -1n } as const;
    const [came, ...rest] = balanceTerms(anEntry());
    expect(rest.reduce((sum, { sign, packets }) => sum + signs[sign] * (packets ?? 0n), 0n)).toBe(came?.packets);
  });

  it('is no number where nothing is known, and unknown where copies are', () => {
    expect(balanceTerms(anEntry({ state: 'unknown' })).map(({ packets }) => packets)).toEqual(Array(7).fill(null));
    expect(balanceTerms(anEntry({ copies: null })).find(({ name }) => name === 'copies')?.packets).toBeNull();
  });

  it('says whether its steps lack what is told later', () => {
    expect(isToldLater(anEntry())).toBe(false);
    expect(isToldLater(anEntry({ copies: null, consumed: '1' }))).toBe(true);
    expect(isToldLater(anEntry({ insideDrops: [{ cause: 'policy', packets: '1' }] }))).toBe(true);
  });
});

describe('the state of a ledger', () => {
  it.each([
    ['balanced', {}, 'Every packet that came in went out', 'Nothing to do.'],
    ['withinBound', { residual: '7' }, '7 packets came in and are in no other sum: no more than the 32', 'it is 0'],
    ['unexplained', { residual: '1000', copiesUncertain: '8' }, ': 960 more than can be', 'See in the chart'],
    ['unexplained', { residual: '-1000' }, '1,000 more packets went out or were lost than came in', 'See in'],
    ['unexplained', { residual: '33', copiesUncertain: null }, ': 1 more than can be', 'See in'],
    ['unsettled', { residual: '9' }, 'told up to 14:00:05 only', 'Wait ten seconds'],
    ['unknown', {}, 'No second of this window is known', 'see Sources'],
  ] as const)('%s %o says what it means and what to do', (state, change, meaning, advice) => {
    const view = stateView(anEntry({ ...change, state }), '14:00:05');
    expect(view.meaning).toContain(meaning);
    expect(view.advice).toContain(advice);
  });
});

describe('the joints', () => {
  const owners = { provider: '0', tenant: '0', contract: '0', unknown: '0' };
  const drop = (port: string, cause: string, packets: string) => ({
    port,
    direction: 'toGuest' as const,
    cause,
    packets,
    owners: { ...owners, unknown: packets },
  });

  it('stand in the order of the way, whatever the order of the answer', () => {
    const joints = [
      { joint: 'ring' as const, passed: '1', lost: '0', owners, drops: [] },
      { joint: 'wire' as const, passed: null, lost: '0', owners, drops: [] },
    ];
    const views = jointViews(aDetail({ joints }));
    expect(views.map(({ joint, passed, lost }) => [joint, passed, lost])).toEqual([
      ['wire', null, 0n],
      ['rxq', null, null],
      ['pmd', null, null],
      ['port', null, null],
      ['ring', 1n, 0n],
    ]);
  });

  it('sum a cause over its ports and name the three largest', () => {
    const drops = [drop('a', 'mtu', '2'), drop('b', 'mtu', '3'), drop('a', 'w', '9'), drop('a', 'x', '1')];
    const joints = [
      { joint: 'port' as const, passed: '1', lost: '16', owners, drops: [...drops, drop('a', 'y', '1')] },
    ];
    const port = jointViews(aDetail({ joints })).find(({ joint }) => joint === 'port');
    expect(port?.largest).toEqual([
      { cause: 'w', packets: 9n },
      { cause: 'mtu', packets: 5n },
      { cause: 'x', packets: 1n },
    ]);
    expect(port?.others).toBe(1);
  });

  it('have owners only where something was lost, unknown last', () => {
    const owned = { ...owners, provider: '9007199254740993', unknown: '2' };
    const joints = [{ joint: 'ring' as const, passed: '1', lost: '9007199254740995', owners: owned, drops: [] }];
    expect(jointViews(aDetail({ joints })).at(-1)?.owners).toEqual([
      { owner: 'provider', packets: 9_007_199_254_740_993n },
      { owner: 'unknown', packets: 2n },
    ]);
    const views = jointViews(aDetail({ joints, entry: anEntry({ state: 'unknown' }) }));
    expect(views.every((view) => view.owners.length === 0)).toBe(true);
  });

  it('show what has no place only where something has none', () => {
    const of = (lost: string) => [{ joint: 'unknown' as const, passed: null, lost, owners, drops: [] }];
    expect(jointViews(aDetail({ joints: of('0') }))).toHaveLength(5);
    expect(jointViews(aDetail({ joints: of('1') })).at(-1)?.joint).toBe('unknown');
  });

  it('lose nothing that is known where nothing is: null, not zero', () => {
    const joints = [{ joint: 'ring' as const, passed: '0', lost: '0', owners, drops: [] }];
    const views = jointViews(aDetail({ joints, entry: anEntry({ state: 'unknown' }) }));
    expect(views.map(({ passed, lost }) => [passed, lost])).toEqual(Array(5).fill([null, null]));
  });
});

function aPmd(change: Partial<LedgerDetail['pmds'][number]>): LedgerDetail['pmds'][number] {
  const none = { busyPpm: null, rxPackets: null, txPackets: null, upcalls: null, lostUpcalls: null };
  const cycles = { usedCycles: null, busyCycles: null, sleepUs: null };
  return { core: 2, numa: 0, isolated: false, ...none, ...cycles, thread: null, ...change };
}

describe('polling threads', () => {
  it.each([
    ['rounds without a packet included', { usedCycles: '1999', rxPackets: '10' }, 199n],
    ['on packets alone where they are counted', { usedCycles: '1999', busyCycles: '500', rxPackets: '10' }, 50n],
    ['not told', { usedCycles: null, rxPackets: '10' }, null],
    ['nothing received', { usedCycles: '1999', rxPackets: '0' }, null],
  ])('cycles a packet: %s', (_name, change, cycles) => expect(cyclesAPacket(aPmd(change))).toBe(cycles));

  it('count their queues', () => {
    const pmd = aPmd({});
    const queue = { port: 'p', numa: 0, enabled: true, usagePpm: null };
    const rows = pmdRows(
      aDetail({
        pmds: [
          { ...pmd, core: 2 },
          { ...pmd, core: 3 },
        ],
        queues: [
          { ...queue, queue: 0, core: 2 },
          { ...queue, queue: 1, core: 2 },
        ],
      }),
    );
    expect(rows.map(({ pmd: { core }, queues }) => [core, queues])).toEqual([
      [2, 2],
      [3, 0],
    ]);
  });
});

describe('what is left over, over time', () => {
  const detail = aSeries(['3', '-9', null, '2'], ['8', '8', null, '8']);

  it('is drawn as packets of a step with its bound, and not where it is unknown', () => {
    const frame = residualFrame(detail);
    expect(frame.lines.map(({ label, drawn }) => [label, drawn])).toEqual([
      ['left over', [3, -9, null, 2]],
      ['bound', [8, 8, null, 8]],
    ]);
    expect(frame.regions).toMatchObject([{ kind: 'unknown', fromSeconds: 2, toSeconds: 3 }]);
    expect(flowFrame(detail).lines.map(({ label }) => label)).toEqual(['in', 'out', 'dropped at ports']);
  });

  it('is beyond its bound on either side, and never where it is unknown', () => {
    expect(beyondBound(residualFrame(detail))).toEqual({ steps: 1, firstSeconds: 1, most: -9n });
    expect(beyondBound(residualFrame(aSeries(['8', '-8', null, '0'], ['8', '8', '0', '8'])))).toBeNull();
  });

  it('adds up anew after a gap, within the bounds of both ends', () => {
    const frame = driftFrame(aSeries(['3', '4', null, '2'], ['8', '1', '1', '5']));
    expect(frame.lines.map(({ own }) => own)).toEqual([
      [3n, 7n, null, 2n],
      [16n, 9n, null, 10n],
    ]);
  });

  it('shows a leak that no single step shows', () => {
    const leak = aSeries(['7', '7', '7', '7'], ['8', '8', '8', '8']);
    expect(beyondBound(residualFrame(leak))).toBeNull();
    expect(beyondBound(driftFrame(leak))).toEqual({ steps: 2, firstSeconds: 2, most: 28n });
  });
});

describe('causes', () => {
  it('have words, every one of the catalogue, and none that are made up', () => {
    expect(Object.keys(causes).filter((cause) => causeWords(cause) === null)).toEqual([]);
    expect(causeWords('of_a_younger_server')).toBeNull();
    expect(causeWords('toString')).toBeNull();
  });

  it('told over stretches keep them, without what is no loss', () => {
    const interval = { from: '1970-01-01T00:00:05Z', to: '1970-01-01T00:00:10Z', packets: '9007199254740993' };
    const direction = {
      direction: 'toGuest' as const,
      packets: [],
      bytes: [],
      drops: [],
      causes: [],
      causeIntervals: [
        { ...interval, cause: 'mtu' },
        { ...interval, cause: 'filtered' },
      ],
      bridged: [],
    };
    const series: PortSeries = {
      host: 'h',
      port: 'p',
      window: { from: interval.from, to: interval.to },
      stepSeconds: 1,
      at: [],
      directions: [direction, { ...direction, direction: 'fromGuest' }],
    };
    expect(causeIntervals(series, 'toGuest')).toEqual([
      { cause: 'mtu', fromSeconds: 5, toSeconds: 10, packets: 9_007_199_254_740_993n },
    ]);
  });
});
