import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { slotsOfDay } from '../../../../server/seal/day-slots.ts';
import { cutLines, leadIn, repeatEqual, runSeconds, sealRuns } from '../../../../server/seal/runs.ts';
import { countedOf, decodeLine, encodeLine, endOf, type SlotLine, sumsOf } from '../../../../server/seal/slot-line.ts';
import { aCause, aDay, aRow, dayStart, histories } from './histories.ts';

const path = { host: 'cn1', port: 'p1', direction: 'toGuest' } as const;
/** Lines with times from the day's start, without what is always the same. */
const told = (lines: readonly SlotLine[]) =>
  lines.map((line) => {
    const { slot, slots, state } = line;
    const head = `${slot - dayStart}+${slots} ${state}`;
    if (line.state === 'unknown') return head;
    const whose = (owner: string) => (owner === 'unknown' ? '' : `:${owner}`);
    const drops = line.drops.map(({ cause, owner, packets }) => ` ${cause}${whose(owner)}=${packets}`).join('');
    const suspect = (line.state === 'observed' || line.state === 'bridged') && line.suspect ? ' suspect' : '';
    return `${head}${line.state === 'sealed' ? ` ${line.class}` : ''} ${line.offered}/${line.delivered}${drops}${suspect}`;
  });

describe('owners of a slot that several intervals tell', () => {
  const lost = (at: number) => aRow(at, { dropsOutside: 5n });
  const owned = new Map([[dayStart, { owner: 'tenant', cause: 'vhost_ring_full' } as const]]);
  const lines = (ports: ReturnType<typeof lost>[], over = {}) =>
    told(slotsOfDay(aDay(ports, { owned, ...over })).lines);

  test('stand in its line, and in no other', () => {
    expect(lines([lost(0), lost(1)])).toEqual([
      '0+1 observed 105/100 vhost_ring_full:tenant=5',
      '1+1 observed 105/100 pending=5',
    ]);
  });

  test('of one of several causes the cause is not named', () => {
    const several = new Map([[dayStart, { owner: 'contract', cause: undefined } as const]]);
    expect(lines([lost(0)], { owned: several })).toEqual(['0+1 observed 105/100 pending:contract=5']);
  });

  test('a gap and a suspect second have none', () => {
    const gap = aRow(0, { state: 'bridged', slots: 5, dropsOutside: 5n });
    expect(lines([gap])).toEqual(['0+5 bridged 105/100 pending=5']);
    expect(lines([aRow(0, { suspect: true, dropsOutside: 5n })])).toEqual(['0+1 observed 105/100 pending=5 suspect']);
  });

  test('are no clean second: what was lost stays one by one', () => {
    const sealed = sealRuns(slotsOfDay(aDay([lost(0), lost(1)], { owned })).lines);
    expect(told(repeatEqual(sealed))).toHaveLength(2);
  });

  test('what counts of a line is offered less the contract’s, and bad is the provider’s and the unknown', () => {
    const drops = [
      { cause: 'a', owner: 'contract', packets: 4n },
      { cause: 'b', owner: 'tenant', packets: 3n },
      { cause: 'c', owner: 'provider', packets: 2n },
      { cause: 'd', owner: 'unknown', packets: 1n },
    ] as const;
    expect(countedOf({ offered: 100n, drops })).toEqual({ offered: 96n, bad: 3n });
  });

  test('what others lost neither breaks nor makes an outage before a window', () => {
    const mine = aRow(0, { packets: 0n, dropsOutside: 50n });
    const [line] = slotsOfDay(aDay([mine], { owned })).lines as SlotLine[];
    expect(leadIn([line as SlotLine], 1)).toEqual({ lines: [line], settled: true });
    const [bad] = slotsOfDay(aDay([mine])).lines as SlotLine[];
    expect(leadIn([bad as SlotLine, line as SlotLine], 2).settled).toBe(false);
  });
});

describe('lines of a day', () => {
  const drops = (at: number) => aRow(at, { dropsOutside: 3n, dropsInside: 2n });
  const beside = { place: 'beside', cause: 'qdisc_full' } as const;
  const bridged = { state: 'bridged', slots: 5 } as const;
  test.each([
    ['what was counted and what was lost before is offered', [drops(0)], [], ['0+1 observed 103/98 pending=5']],
    [
      'a cause told for the slot is named, the rest is pending',
      [drops(0)],
      [aCause(0, { packets: 4n })],
      ['0+1 observed 103/98 no_mbuf=4 pending=1'],
    ],
    [
      'causes that explain more than was lost explain nothing',
      [drops(0)],
      [aCause(0, { packets: 6n })],
      ['0+1 observed 103/98 pending=5'],
    ],
    [
      'a cause told over five slots is never spread over them',
      [drops(0), aRow(1)],
      [aCause(0, { ...bridged, packets: 5n })],
      ['0+1 observed 103/98 pending=5', '1+1 observed 100/100'],
    ],
    [
      'in a gap of those slots it is exact',
      [aRow(0, { ...bridged, dropsOutside: 9n })],
      [aCause(0, { ...bridged, packets: 5n }), aCause(2, { cause: 'policer', packets: 4n })],
      ['0+5 bridged 109/100 no_mbuf=5 policer=4'],
    ],
    [
      'a cause has the owners that its row was given',
      [drops(0)],
      [aCause(0, { packets: 4n, owners: { provider: 1n, tenant: 0n, contract: 3n, unknown: 0n } })],
      ['0+1 observed 103/98 no_mbuf:contract=3 no_mbuf:provider=1 pending=1'],
    ],
    [
      'rows of one cause add up owner by owner',
      [aRow(0, { ...bridged, dropsOutside: 9n })],
      [
        aCause(0, { packets: 4n, owners: { provider: 0n, tenant: 4n, contract: 0n, unknown: 0n } }),
        aCause(1, { packets: 5n, owners: { provider: 0n, tenant: 3n, contract: 0n, unknown: 2n } }),
      ],
      ['0+5 bridged 109/100 no_mbuf:tenant=7 no_mbuf=2'],
    ],
    ['filtered frames are no loss', [aRow(0)], [aCause(0, { place: 'filtered' })], ['0+1 observed 100/100']],
    [
      'what a queueing discipline lost on the way out was offered, too',
      [aRow(0)],
      [aCause(0, { ...beside, packets: 4n })],
      ['0+1 observed 104/100 qdisc_full=4'],
    ],
    [
      'told over two slots, it makes one gap of them',
      [aRow(0), aRow(1), aRow(2)],
      [aCause(0, { ...beside, state: 'bridged', slots: 2, packets: 4n })],
      ['0+2 bridged 204/200 qdisc_full=4', '2+1 observed 100/100'],
    ],
    [
      'told over a slot of which the port says nothing, all of them are unknown',
      [aRow(0), aRow(2)],
      [aCause(0, { ...beside, state: 'bridged', slots: 3, packets: 4n })],
      ['0+3 unknown'],
    ],
    [
      'where it is not known no total is',
      [aRow(0), aRow(1)],
      [aCause(1, { ...beside, state: 'unknown', packets: 0n })],
      ['0+1 observed 100/100', '1+1 unknown'],
    ],
    [
      'a slot that two rows tell differently is unknown, one told twice alike is known',
      [aRow(0), aRow(0, { packets: 1n }), aRow(1), aRow(1)],
      [],
      ['0+1 unknown', '1+1 observed 100/100'],
    ],
    [
      'suspect numbers are said to be, and give way to a row that knows',
      [aRow(0), aRow(0, { suspect: true }), aRow(1, { suspect: true })],
      [],
      ['0+1 observed 100/100', '1+1 observed 100/100 suspect'],
    ],
    [
      'unknown stands only where nothing else does',
      [aRow(0, { state: 'unknown', slots: 5, packets: 0n }), aRow(2), aRow(3, { suspect: true })],
      [],
      ['0+2 unknown', '2+1 observed 100/100', '3+1 observed 100/100 suspect', '4+1 unknown'],
    ],
  ])('%s', (_rule, ports, causes, expected) => {
    expect(told(slotsOfDay(aDay(ports, { causes })).lines)).toEqual(expected);
  });

  test('a gap that enters from the day before is told there, and what contradicts it is unknown', () => {
    const entering = [{ slot: dayStart - 2, slots: 4 }];
    expect(told(slotsOfDay(aDay([aRow(2)], { entering })).lines)).toEqual(['2+1 observed 100/100']);
    expect(told(slotsOfDay(aDay([aRow(1), aRow(2)], { entering })).lines)).toEqual([
      '0+2 unknown',
      '2+1 observed 100/100',
    ]);
  });

  test('numbers that no line holds stand aside', () => {
    const late = aCause(0, { slots: 5, state: 'bridged', packets: 5n });
    const twice = aRow(1, { suspect: true, packets: 7n });
    const { asides } = slotsOfDay(aDay([drops(0), aRow(1), twice], { causes: [late] }));
    expect(asides).toEqual([twice, late]);
  });
});

describe('any history', () => {
  test('balances in every line, tells no slot twice, and is the same in any order of rows', () => {
    fc.assert(
      fc.property(histories, fc.infiniteStream(fc.nat()), (day, chance) => {
        const { lines, asides } = slotsOfDay(day);
        for (const [i, line] of lines.entries()) {
          if (i > 0) expect(line.slot).toBeGreaterThanOrEqual(endOf(lines[i - 1] as SlotLine));
          if (line.state === 'unknown') continue;
          expect(line.drops.reduce((sum, { packets }) => sum + packets, line.delivered)).toBe(line.offered);
        }
        const shuffle = <T>(rows: readonly T[]) =>
          rows
            .map((row) => ({ row, key: chance.next().value as number }))
            .sort((a, b) => a.key - b.key)
            .map(({ row }) => row);
        const other = slotsOfDay({ ...day, ports: shuffle(day.ports), causes: shuffle(day.causes) });
        expect(other).toEqual({ lines, asides });
      }),
      { numRuns: 100 },
    );
  });

  test('has equal sums, and equally many slots of each kind, in seconds, with repeats, and in sealed runs', () => {
    fc.assert(
      fc.property(histories, (day) => {
        const { lines } = slotsOfDay(day);
        const sums = sumsOf(lines);
        const runs = repeatEqual(sealRuns(lines));
        expect(sumsOf(repeatEqual(lines))).toEqual(sums);
        expect(sumsOf(runs)).toEqual(sums);
        expect(repeatEqual(sealRuns(repeatEqual(lines)))).toEqual(runs);
        for (const line of runs)
          if (line.state === 'sealed') expect(line.slot % runSeconds).toBeLessThanOrEqual(runSeconds - line.slots);
      }),
      { numRuns: 300 },
    );
  });

  test('gives the same of any window on quarters of an hour, from seconds and from seals', () => {
    const quarter = fc.integer({ min: 0, max: 12 });
    fc.assert(
      fc.property(histories, quarter, quarter, (day, a, b) => {
        const window = { from: dayStart + Math.min(a, b) * runSeconds, to: dayStart + Math.max(a, b) * runSeconds };
        const { lines } = slotsOfDay(day);
        const sealed = cutLines(repeatEqual(sealRuns(lines)), window);
        expect(sealed.cut).toBeUndefined();
        expect(sumsOf(sealed.lines)).toEqual(sumsOf(cutLines(lines, window).lines));
      }),
      { numRuns: 300 },
    );
  });

  test('comes back from its text as it was', () => {
    fc.assert(
      fc.property(histories, (day) => {
        const lines = repeatEqual(sealRuns(slotsOfDay(day).lines));
        expect(lines.map((line) => decodeLine(encodeLine(path, line)))).toEqual(lines);
      }),
      { numRuns: 100 },
    );
  });
});

test('a line is written with its keys in one order, and integers as text', () => {
  const totals = { slot: dayStart, slots: 900, offered: 2n ** 60n, delivered: 2n ** 60n, drops: [] };
  expect(encodeLine(path, { state: 'sealed', class: 'clean', ...totals, offeredMax: 7n })).toBe(
    '{"host":"cn1","port":"p1","direction":"toGuest","slot":"2026-11-01T00:00:00Z","state":"sealed","class":"clean","slots":900,"offered":"1152921504606846976","offeredMax":"7","delivered":"1152921504606846976","drops":[]}',
  );
  const lost = {
    ...totals,
    slots: 2,
    offered: 3n,
    delivered: 1n,
    drops: [{ cause: 'mtu', owner: 'unknown', packets: 2n } as const],
  };
  expect(encodeLine(path, { state: 'observed', ...lost, suspect: true, shared: 0n })).toBe(
    '{"host":"cn1","port":"p1","direction":"toGuest","slot":"2026-11-01T00:00:00Z","repeat":2,"state":"observed","offered":"3","delivered":"1","drops":[{"cause":"mtu","owner":"unknown","packets":"2"}],"suspect":true}',
  );
  const bridged = { state: 'bridged' as const, ...lost, suspect: false, shared: 12n };
  expect(encodeLine(path, bridged)).toBe(
    '{"host":"cn1","port":"p1","direction":"toGuest","slot":"2026-11-01T00:00:00Z","state":"bridged","slots":2,"offered":"3","delivered":"1","drops":[{"cause":"mtu","owner":"unknown","packets":"2"}],"shared":"12"}',
  );
  expect(decodeLine(encodeLine(path, bridged))).toEqual(bridged);
  expect(encodeLine(path, { state: 'unknown', slot: dayStart, slots: 1 })).toBe(
    '{"host":"cn1","port":"p1","direction":"toGuest","slot":"2026-11-01T00:00:00Z","state":"unknown"}',
  );
});

describe('windows', () => {
  const clean = Array.from({ length: 30 }, (_, i) => aRow(i));
  const { lines } = slotsOfDay(aDay(clean));

  test('cut repeats and unknown slots; of a gap that crosses an end nothing is known; a sealed run is refused', () => {
    const mixed = slotsOfDay(
      aDay([
        aRow(0),
        aRow(1),
        aRow(2, { state: 'bridged', slots: 4 }),
        aRow(6, { state: 'unknown', slots: 4, packets: 0n }),
      ]),
    ).lines;
    const window = { from: dayStart + 1, to: dayStart + 4 };
    expect(told(cutLines(repeatEqual(mixed), window).lines)).toEqual(['1+1 observed 100/100', '2+2 unknown']);
    expect(told(cutLines(mixed, { from: dayStart + 7, to: dayStart + 9 }).lines)).toEqual(['7+2 unknown']);
    expect(cutLines(sealRuns(lines), { from: dayStart + 3, to: dayStart + 60 }).cut?.at).toBe(dayStart + 3);
    expect(cutLines(sealRuns(lines), { from: dayStart, to: dayStart + 30 }).cut).toBeUndefined();
  });

  test('begin with the last run of equal slots before them; idle and unknown slots neither count nor break', () => {
    const lossy = aRow(4, { dropsOutside: 50n });
    const before = slotsOfDay(
      aDay([
        ...Array.from({ length: 4 }, (_, i) => aRow(i)),
        lossy,
        aRow(5),
        aRow(6, { packets: 3n }),
        aRow(7, { state: 'unknown', packets: 0n }),
        aRow(8),
        aRow(9),
      ]),
    ).lines;
    expect(told(leadIn(before, 3).lines)[0]).toBe('5+1 observed 100/100');
    expect(leadIn(before, 4)).toMatchObject({ settled: true, lines: { length: 10 } });
    expect(leadIn(before, 5)).toMatchObject({ settled: false, lines: { length: 10 } });
    const dead = aRow(10, { packets: 0n, dropsOutside: 50n });
    expect(leadIn(slotsOfDay(aDay([dead, { ...dead, slot: dead.slot + 1 }])).lines, 2).settled).toBe(true);
  });
});
