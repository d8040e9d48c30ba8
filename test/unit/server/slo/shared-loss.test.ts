import { describe, expect, test } from 'vitest';
import { type Asked, ask, excluded, gap, type Line, november, seen, unseen } from './asking.ts';

const minute = { calendar: ['1m', '2026-11-01 00:00:00', 'UTC'] } as const;
const packets = (target: string): Asked => ({ sli: 'packetDelivery', target, ...minute });
const slots = (run: number, target = '0.9'): Asked => ({ lossRatioMax: '0.10', run, target, ...minute });
const shared = (count: number) => ({ shared: String(count) });

describe('packets that were lost before anybody knew whose they were', () => {
  test('are offered and lost in the low reading, of each slot of a repeat and once of a gap; high knows nothing of them', () => {
    const lines = [
      seen(november, 1000, 1, { repeat: 20, ...shared(2) }),
      gap(november + 20, 40, 40_000, 0, shared(30)),
    ];
    // 20 x 2 + 30 of 60,000: met where 90 of 60,070 are allowed, not where 60.
    expect(ask(lines, packets('0.9985'))).toMatchObject({
      high: { total: 60_000n, bad: 20n },
      low: { total: 60_070n, bad: 90n },
      unshared: { total: 60_000n, bad: 20n },
      verdict: 'met',
    });
    expect(ask(lines, packets('0.999')).verdict).toBe('undetermined');
    expect(ask(lines, packets('0.9999')).verdict).toBe('breached');
  });

  test('an unknown slot may have been as large as one with what it may have lost', () => {
    const lines = [
      seen(november, 100, 0, { repeat: 58 }),
      seen(november + 58, 90, 0, shared(20)),
      unseen(november + 59),
    ];
    expect(ask(lines, packets('0.9')).low).toEqual({ total: 5_890n + 20n + 110n, bad: 130n });
  });

  test('each path that they may concern is charged with all of them', () => {
    const lines = [
      seen(november, 100, 0, { repeat: 60, ...shared(1) }),
      seen(november, 100, 0, { repeat: 60, port: 'p2', ...shared(1) }),
    ];
    expect(ask(lines, { ...packets('0.9'), ports: ['p1', 'p2'] }).low).toEqual({ total: 12_120n, bad: 120n });
  });

  test('hosts are added up; suspect and excluded slots use none of them', () => {
    const lines = [
      seen(november, 100, 0, { host: 'a', repeat: 10, ...shared(3) }),
      seen(november, 100, 0, { host: 'b', repeat: 10, ...shared(4) }),
      seen(november + 10, 100, 0, { repeat: 10, suspect: true, ...shared(5) }),
      seen(november + 20, 100, 0, { repeat: 40, ...shared(6) }),
    ];
    const also = { exclusions: [excluded(november + 20, november + 60)] };
    // Ten unknown slots of 200 and 7.
    expect(ask(lines, packets('0.9'), also).low).toEqual({ total: 2_070n + 2_070n, bad: 70n + 2_070n });
  });

  test('where nothing was offered, something may have been', () => {
    const lines = [seen(november, 0, 0, { repeat: 60, ...shared(1) })];
    expect(ask(lines, packets('0.9')).verdict).toBe('undetermined');
    expect(ask([seen(november, 0, 0, { repeat: 60 })], packets('0.9')).verdict).toBe('noTraffic');
  });
});

describe('slots with loss further up', () => {
  test('are lossy in low where all of it makes them so, and make outages there', () => {
    const lines = [
      seen(november, 100, 0, { repeat: 10, ...shared(11) }),
      // 12 of 112.
      seen(november + 10, 100, 0, { repeat: 3, ...shared(12) }),
      seen(november + 13, 100, 0, { repeat: 47 }),
    ];
    expect(ask(lines, slots(3))).toMatchObject({
      high: { total: 60n, bad: 0n },
      low: { total: 60n, bad: 3n },
      unshared: { total: 60n, bad: 0n },
      highLoss: { hli: 0n, chli: 0n },
      verdict: 'met',
    });
    expect(ask(lines, slots(4)).low.bad).toBe(0n);
    expect(ask(lines, slots(3, '0.96')).verdict).toBe('undetermined');
  });

  test('go on with what was before, and make outages longer', () => {
    const lines = [
      seen(november, 100, 0, { repeat: 20 }),
      seen(november + 20, 100, 50, { repeat: 2 }),
      seen(november + 22, 100, 0, shared(50)),
      seen(november + 23, 100, 50, { repeat: 3 }),
      seen(november + 26, 100, 0, { repeat: 34 }),
    ];
    expect(ask(lines, slots(3))).toMatchObject({ high: { bad: 3n }, low: { bad: 6n } });
  });

  test('an idle slot is in no total, unless what was lost further up makes it bad', () => {
    const idle = (over: object) => [
      seen(november, 5, 0, { repeat: 2, ...over }),
      seen(november + 2, 100, 0, { repeat: 58 }),
    ];
    expect(ask(idle({}), slots(2)).low).toEqual({ total: 58n, bad: 0n });
    expect(ask(idle(shared(4)), slots(2)).low).toEqual({ total: 58n, bad: 0n });
    expect(ask(idle(shared(5)), slots(2)).low).toEqual({ total: 60n, bad: 2n });
    // Lossy, and no outage: a good slot more would allow more.
    expect(ask(idle(shared(5)), slots(3)).low).toEqual({ total: 58n, bad: 0n });
    expect(ask(idle(shared(5)), slots(2)).high).toEqual({ total: 58n, bad: 0n });
  });

  test('of a gap, as many slots as it may have lost packets are uncertain', () => {
    const lines = [gap(november, 10, 1000, 2, shared(3)), seen(november + 10, 100, 0, { repeat: 50 })];
    expect(ask(lines, slots(3))).toMatchObject({
      high: { bad: 0n },
      low: { total: 60n, bad: 5n },
      unshared: { bad: 2n },
    });
    expect(ask([gap(november, 10, 1000, 0, shared(99)), lines[1] as Line], slots(3)).low.bad).toBe(10n);
  });

  test('another path that shares none stays what it is beside them', () => {
    const lines = [
      seen(november, 100, 0, { repeat: 60, port: 'p2' }),
      seen(november, 100, 0, { repeat: 3, ...shared(50) }),
      seen(november + 3, 100, 0, { repeat: 57 }),
      seen(november + 40, 100, 90, { repeat: 20, port: 'p3' }),
      seen(november, 100, 0, { repeat: 40, port: 'p3' }),
    ];
    const answer = ask(lines, { ...slots(3), ports: ['p1', 'p2', 'p3'] });
    expect(answer).toMatchObject({ high: { total: 60n, bad: 20n }, low: { total: 60n, bad: 23n } });
  });
});
