import { describe, expect, test } from 'vitest';
import { type Asked, type AskedAlso, ask, excluded, gap, type Line, november, sealed, seen, unseen } from './asking.ts';

/** A minute of slots. */
const minute: Asked = { target: '0.5', calendar: ['1m', '2026-11-01 00:00:00', 'UTC'], run: 3 };

/**
 * One slot a character: g good, l lossy, i idle, ? unknown, p lossy by its probes, q good by its probes, s suspect.
 * Behind the text the minute is idle.
 */
function slots(text: string, over: Line = {}): Line[] {
  const lines = [...text].flatMap((kind, i): Line[] => {
    const slot = november + i;
    switch (kind) {
      case 'g':
        return [seen(slot, 100, 10, over)];
      case 'l':
        return [seen(slot, 100, 11, over)];
      case 'i':
        return [seen(slot, 9, 9, over)];
      case 'p':
        return [seen(slot, 0, 0, { probe: { sent: 9, lost: 1 }, ...over })];
      case 'q':
        return [seen(slot, 9, 9, { probe: { sent: 10, lost: 1 }, ...over })];
      case 's':
        return [seen(slot, 100, 100, { suspect: true, ...over })];
      case '?':
        return [unseen(slot, 1, over)];
      default:
        return [];
    }
  });
  return text.length < 60
    ? [...lines, seen(november + text.length, 0, 0, { repeat: 60 - text.length, ...over })]
    : lines;
}

interface Expected {
  readonly total: number;
  readonly high: number;
  readonly low: number;
  readonly hli: number;
  readonly chli: number;
}

function told(lines: readonly Line[], asked: Asked = {}, also: AskedAlso = {}): Expected {
  const { high, low, highLoss } = ask(lines, { ...minute, ...asked }, also);
  expect(low.total).toBe(high.total);
  return {
    total: Number(high.total),
    high: Number(high.bad),
    low: Number(low.bad),
    hli: Number(highLoss?.hli),
    chli: Number(highLoss?.chli),
  };
}

describe('the state machine of MEF 10.4 (sla §C.5), C = 0.10, n = 3', () => {
  test.each([
    // A A A A: 10 of 100 lost is not above 0.10.
    ['good slots', 'gggg', { total: 4, high: 0, low: 0, hli: 0, chli: 0 }],
    // Two lossy slots in a row are a consecutive high-loss interval, three are an outage from the first of them on.
    ['one lossy slot', 'gglgg', { total: 5, high: 0, low: 0, hli: 1, chli: 0 }],
    ['two in a row', 'ggllg', { total: 5, high: 0, low: 0, hli: 2, chli: 1 }],
    ['three in a row', 'gglll', { total: 5, high: 3, low: 3, hli: 0, chli: 0 }],
    ['two, good, two', 'llgll', { total: 5, high: 0, low: 0, hli: 4, chli: 2 }],
    // Back at the first of three slots that are not lossy: U U U | A A A.
    ['an outage that ends', 'lllggg', { total: 6, high: 3, low: 3, hli: 0, chli: 0 }],
    ['two good slots do not end it', 'lllgglgg', { total: 8, high: 8, low: 8, hli: 0, chli: 0 }],
    ['after it, loss is an interval again', 'lllggglgll', { total: 10, high: 3, low: 3, hli: 3, chli: 1 }],
    // Idle and unknown slots neither count nor break; unknown ones are bad in low only.
    ['idle between', 'liil', { total: 2, high: 0, low: 0, hli: 2, chli: 1 }],
    ['idle within an outage', 'lilil', { total: 3, high: 3, low: 3, hli: 0, chli: 0 }],
    ['unknown within an outage', 'l?l??l', { total: 6, high: 3, low: 6, hli: 0, chli: 0 }],
    ['unknown while it ends', 'lllg?gg', { total: 7, high: 3, low: 4, hli: 0, chli: 0 }],
    ['suspect is unknown', 'ls', { total: 2, high: 0, low: 1, hli: 1, chli: 0 }],
    // 1 of 9 probes is above 0.10, 1 of 10 is not; they are asked where there are fewer than 10 packets.
    ['probes', 'pppqqq', { total: 6, high: 3, low: 3, hli: 0, chli: 0 }],
  ])('%s: %s', (_, text, expected) => expect(told(slots(text))).toEqual(expected));

  test.each([
    ['0.5', 10, 'llllllllll', 0],
    ['0.10', 10, 'llllllllll', 10],
    ['0.10', 10, 'lllllllll', 0],
    ['0.10', 1, 'lgl', 2],
    ['0.109999999', 1, 'lgl', 2],
    ['0.11', 1, 'lgl', 0],
    ['0', 1, 'gl', 2],
  ])('C = %s, n = %i: %s', (lossRatioMax, run, text, high) => {
    expect(told(slots(text), { lossRatioMax, run }).high).toBe(high);
  });

  test('slots before the window say in which state it begins, and are not counted', () => {
    const before = slots('lll')
      .map((line, i) => (i < 3 ? seen(november - 3 + i, 100, 50) : line))
      .slice(0, 3);
    const rest = seen(november, 100, 0, { repeat: 60 });
    // Three good slots in the window: available from its beginning. Two lossy slots and one more: all of the outage.
    expect(told([...before, rest])).toEqual({ total: 60, high: 0, low: 0, hli: 0, chli: 0 });
    const two = [
      seen(november, 100, 0, { repeat: 2 }),
      seen(november + 2, 100, 99),
      seen(november + 3, 100, 0, { repeat: 57 }),
    ];
    expect(told([...before, ...two])).toEqual({ total: 60, high: 3, low: 3, hli: 0, chli: 0 });
    expect(told(two)).toEqual({ total: 60, high: 0, low: 0, hli: 1, chli: 0 });
  });

  test('slots behind the window can make its last ones unavailable', () => {
    const lines = [seen(november, 100, 0, { repeat: 58 }), seen(november + 58, 100, 50, { repeat: 2 })];
    expect(told(lines)).toEqual({ total: 60, high: 0, low: 0, hli: 2, chli: 1 });
    expect(told([...lines, seen(november + 60, 100, 50)])).toEqual({ total: 60, high: 2, low: 2, hli: 0, chli: 0 });
  });
});

describe('gaps with a known sum', () => {
  test('without loss, its slots end an outage', () => {
    const lines = [...slots('lll').slice(0, 3), gap(november + 3, 57, 0)];
    expect(told(lines)).toEqual({ total: 60, high: 3, low: 3, hli: 0, chli: 0 });
  });
  test('with loss it neither ends an outage nor makes one; its first slots are uncertain, the rest as around it', () => {
    const gapThen = (kind: 'good' | 'lossy') => [
      ...slots('ll').slice(0, 2),
      gap(november + 2, 10, 1000, 4),
      seen(november + 12, 100, kind === 'lossy' ? 50 : 0, { repeat: 48 }),
    ];
    expect(told(gapThen('good'))).toEqual({ total: 60, high: 0, low: 4, hli: 2, chli: 1 });
    // 2 lossy, 6 of the gap, 48 lossy: unavailable, 4 uncertain.
    expect(told(gapThen('lossy'))).toEqual({ total: 60, high: 56, low: 60, hli: 0, chli: 0 });
  });
  test('with loss, beside an outage of a single slot: what lost nothing is available', () => {
    // 1 lossy, 4 of the gap uncertain, 6 of it good, 49 good.
    const lines = [
      seen(november, 100, 50),
      gap(november + 1, 10, 1000, 4),
      seen(november + 11, 100, 0, { repeat: 49 }),
    ];
    expect(told(lines, { run: 1 })).toEqual({ total: 60, high: 1, low: 5, hli: 0, chli: 0 });
    // Where three are needed, nobody knows whether six among ten were in a row.
    const three = [seen(november, 100, 50, { repeat: 3 }), gap(november + 3, 10, 1000, 4), seen(november + 13, 100, 0)];
    expect(told([...three, seen(november + 14, 0, 0, { repeat: 46 })])).toMatchObject({ total: 14, high: 10, low: 14 });
  });
  test('with loss it does not break a run of high-loss intervals, whatever of it is known to be good', () => {
    const around = [seen(november, 100, 50), gap(november + 1, 10, 1000, 4), seen(november + 11, 100, 50)];
    const rest = seen(november + 12, 100, 0, { repeat: 48 });
    expect(told([...around, rest])).toEqual({ total: 60, high: 0, low: 4, hli: 2, chli: 1 });
    // Without loss it does: its slots are not lossy.
    const good = [seen(november, 100, 50), gap(november + 1, 10, 1000), seen(november + 11, 100, 50)];
    expect(told([...good, rest])).toEqual({ total: 60, high: 0, low: 0, hli: 2, chli: 0 });
  });
  test('cut by an end of the window or of an exclusion it is unknown: how much of it lies inside is not known', () => {
    const rest = seen(november + 10, 100, 0, { repeat: 50 });
    expect(told([gap(november - 5, 15, 1000), rest])).toEqual({ total: 60, high: 0, low: 10, hli: 0, chli: 0 });
    const exclusions = [excluded(november + 5, november + 8)];
    const cut = ask([gap(november, 10, 1000), rest], minute, { exclusions });
    expect(cut.slots).toMatchObject({ observed: 50, bridged: 0, unknown: 7, excluded: 3 });
    const whole = ask([gap(november, 10, 1000), rest], minute, { exclusions: [excluded(november, november + 12)] });
    expect(whole.slots).toMatchObject({ observed: 48, bridged: 0, unknown: 0, excluded: 12 });
  });
});

describe('sealed runs', () => {
  test('clean slots are good, idle ones are idle', () => {
    const lines = [...slots('lll').slice(0, 3), sealed(november + 3, 30, 500), sealed(november + 33, 27, 5)];
    expect(told(lines)).toEqual({ total: 33, high: 3, low: 3, hli: 0, chli: 0 });
    expect(ask(lines, minute).slots).toMatchObject({ observed: 33, idle: 27, unknown: 0 });
    expect(ask(lines, { ...minute, sli: 'packetDelivery' }).slots).toMatchObject({ observed: 60, idle: 0 });
  });
});

describe('exclusions', () => {
  test('an excluded slot leaves every count and breaks no run', () => {
    // l l l with the second excluded, then another: three lossy slots are left, and make an outage.
    const exclusions = [excluded(november + 1, november + 2)];
    expect(told(slots('llllggg'), {}, { exclusions })).toEqual({ total: 6, high: 3, low: 3, hli: 0, chli: 0 });
    expect(told(slots('lllggg'), {}, { exclusions })).toEqual({ total: 5, high: 0, low: 0, hli: 2, chli: 1 });
  });
  test('those that overlap exclude a slot once; those outside the window exclude none', () => {
    const exclusions = [
      excluded(november + 10, november + 30),
      excluded(november + 20, november + 40),
      excluded(november + 5000, november + 6000),
    ];
    const { slots: counts, verdict } = ask([seen(november, 100, 0, { repeat: 60 })], minute, { exclusions });
    expect(counts).toMatchObject({ expected: 60, observed: 30, excluded: 30 });
    expect(verdict).toBe('met');
  });
  test('a window that is excluded as a whole has no traffic to judge', () => {
    expect(ask([unseen(november, 60)], minute, { exclusions: [excluded(november, november + 60)] }).verdict).toBe(
      'noTraffic',
    );
  });
});

describe('several paths', () => {
  const other = { direction: 'fromGuest' };
  test.each([
    // Class by class: the worse of the two is the service's slot.
    ['lllgggg', 'ggggggg', { total: 7, high: 3, low: 3, hli: 0, chli: 0 }],
    ['lllgggg', 'gggllgl', { total: 7, high: 3, low: 3, hli: 3, chli: 1 }],
    ['lllgggg', 'ggglllg', { total: 7, high: 7, low: 7, hli: 0, chli: 0 }],
    ['iiggg', 'gi?il', { total: 4, high: 0, low: 1, hli: 1, chli: 0 }],
    ['iig', 'iii', { total: 1, high: 0, low: 0, hli: 0, chli: 0 }],
  ])('%s and %s', (one, two, expected) => {
    expect(told([...slots(one), ...slots(two, other)])).toEqual(expected);
  });
  test('a path is what has a row; directions without rows are none', () => {
    expect(ask(slots('ggg'), minute).slots.expected).toBe(60);
    expect(ask([...slots('ggg'), unseen(november - 100, 1, other)], minute).slots.expected).toBe(120);
  });
});

describe('a port that moves between hosts', () => {
  const a = { host: 'a' };
  const b = { host: 'b' };
  const rest = (from: number) => seen(november + from, 100, 0, { repeat: 60 - from, ...b });
  test('rows of one slot are added up', () => {
    // 60 of 100 and 0 of 500: 60 of 600 is not above 0.10. 61 of 600 is.
    const lines = (lost: number) => [seen(november, 100, lost, a), seen(november, 500, 0, b), rest(1)];
    expect(told(lines(60), { run: 1 }).high).toBe(0);
    expect(told(lines(61), { run: 1 }).high).toBe(1);
    // Two slots too small for a ratio make one that has one: 6 + 6 packets, 2 lost.
    const small = [seen(november, 6, 2, a), seen(november, 6, 0, b), rest(1)];
    expect(told(small, { run: 1 })).toMatchObject({ total: 60, high: 1 });
    // Probes, too: 1 of 12 is not above 0.10.
    const probes = [0, 1].map((lost, i) =>
      seen(november, 0, 0, { probe: { sent: 6, lost }, host: i === 0 ? 'a' : 'b' }),
    );
    expect(told([...probes, rest(1)], { run: 1 })).toMatchObject({ total: 60, high: 0 });
  });
  test('a row without a host is of another host than one with', () => {
    expect(told([seen(november, 100, 61), seen(november, 500, 0, b), rest(1)], { run: 1 }).high).toBe(1);
  });
  test.each([
    ['unknown', unseen(november + 1, 2, a), 0],
    ['suspect', seen(november + 1, 100, 0, { ...a, repeat: 2, suspect: true }), 2],
  ])('what one host does not know (%s) is not known', (_, line, suspect) => {
    const { slots: counts } = ask([line, seen(november, 100, 0, { ...b, repeat: 60 })], minute);
    expect(counts).toMatchObject({ observed: 58, unknown: 2, suspect });
  });
  test('a gap takes in what other hosts say of its slots', () => {
    // A: a gap of 10 without loss. B: from its 6th slot on, 3 lost in one: 3 of the gap are uncertain.
    const lines = [
      gap(november, 10, 1000, 0, a),
      seen(november + 5, 100, 3, b),
      seen(november + 6, 100, 0, { ...b, repeat: 54 }),
    ];
    expect(told(lines)).toEqual({ total: 60, high: 0, low: 3, hli: 0, chli: 0 });
    expect(ask(lines, { ...minute, sli: 'packetDelivery' }).high).toEqual({ total: 1000n + 5500n, bad: 3n });
    expect(ask(lines, minute).slots).toMatchObject({ bridged: 10, observed: 50 });
  });
  test('gaps and sealed runs that overlap are one; if a slot of it is unknown, so are all', () => {
    const lines = [gap(november, 10, 1000, 2, a), sealed(november + 8, 12, 50, b), rest(20)];
    expect(ask(lines, minute).slots).toMatchObject({ bridged: 20, observed: 40, unknown: 0 });
    expect(told(lines)).toEqual({ total: 60, high: 0, low: 2, hli: 0, chli: 0 });
    const hole = [...lines, unseen(november + 15, 1, { host: 'c' })];
    expect(ask(hole, minute).slots).toMatchObject({ bridged: 0, observed: 40, unknown: 20 });
  });
});
