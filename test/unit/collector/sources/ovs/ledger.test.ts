import { describe, expect, it } from 'vitest';
import { datapathSlot } from '../../../../../core/catalogue/datapath-kinds.ts';
import { portSlot } from '../../../../../core/catalogue/kinds.ts';
import { capture } from './captures.ts';
import { followShows } from './readings.ts';

interface Port {
  readonly name: string;
  readonly rx?: number;
  readonly tx?: number;
  readonly dropped?: number;
  readonly isAway?: boolean;
}

function show(...ports: Port[]): string {
  const text = ports.map(({ name, rx = 0, tx = 0, dropped = 0, isAway }, i) => {
    const label = `  port ${i}: ${name} (dpdkvhostuserclient: mtu=1500)\n`;
    if (isAway) return `${label}, could not retrieve stats (Protocol error)`;
    return `${label}    RX packets:${rx} errors:? dropped:0 overruns:? frame:?\n    TX packets:${tx} errors:? dropped:${dropped} aborted:? carrier:?\n    collisions:?\n    RX bytes:${rx}  TX bytes:${tx}\n`;
  });
  return `netdev@d:\n  lookups: hit:5 missed:1 lost:0\n  flows: 3\n${text.join('')}`;
}

/** In, out, drops and rest of each second. */
const sumsOf = (...texts: string[]) =>
  followShows(texts)
    .rows(datapathSlot)
    .map(({ inPackets, outPackets, portDrops, residual }) => [inPackets, outPackets, portDrops, residual]);
const unknown = [null, null, null, null];

describe('the sums of a datapath', () => {
  it('are in less out less what its ports lost', () => {
    expect(
      sumsOf(show({ name: 'a' }, { name: 'b' }), show({ name: 'a', rx: 100 }, { name: 'b', tx: 90, dropped: 7 })),
    ).toEqual([[100n, 90n, 7n, 3n]]);
  });

  it('may be less than nothing: packets that were on their way, and copies, leave later than they came', () => {
    expect(sumsOf(show({ name: 'a', rx: 5 }), show({ name: 'a', rx: 5, tx: 15 }))).toEqual([[0n, 15n, 0n, -15n]]);
  });

  const a = { name: 'a', rx: 50, tx: 50 };
  const b = { name: 'b', rx: 50, tx: 50 };
  it.each([
    ['a port came, with packets', [a], [a, { name: 'b', rx: 1 }], unknown],
    ['a port came, with nothing', [a], [a, { name: 'b' }], [0n, 0n, 0n, 0n]],
    ['a port went', [a, b], [a], unknown],
    ['a port was reset', [a, b], [a, { name: 'b', rx: 1, tx: 1 }], unknown],
    ['a guest went', [a, b], [a, { ...b, isAway: true }], unknown],
    ['a guest came, with packets', [a, { ...b, isAway: true }], [a, { name: 'b', rx: 1 }], unknown],
    ['a guest came, with nothing', [a, { ...b, isAway: true }], [a, { name: 'b' }], [0n, 0n, 0n, 0n]],
    [
      'a guest is away',
      [a, { ...b, isAway: true }],
      [
        { ...a, rx: 60 },
        { ...b, isAway: true },
      ],
      [10n, 0n, 0n, 10n],
    ],
  ])('when %s', (_what, before, now, sums) => {
    expect(sumsOf(show(...before), show(...now))).toEqual([sums]);
  });

  it('are known again in the second after', () => {
    const later = show({ name: 'a', rx: 60, tx: 50 });
    expect(sumsOf(show(a, b), show(a), later)).toEqual([unknown, [10n, 0n, 0n, 10n]]);
  });

  it('name the ports in them and those that cannot be read, and allow a batch a thread and port', () => {
    const [row] = followShows([show(a, b), show(a, { ...b, isAway: true })]).rows(datapathSlot);
    expect(row).toMatchObject({ ports: 2, unread: 1, flows: 3, hold: 96n, hits: 5n, missed: 1n });
  });
});

describe('a real datapath under traffic', () => {
  const shows = ['idle', 'traffic', 'stopped'].map((when) => capture(`3.1/dpdk-show-${when}.txt`));
  const [busy, stopped] = followShows(shows).rows(datapathSlot);

  it('balances to the packet once traffic has stopped', () => {
    expect(busy).toMatchObject({ inPackets: 1_267_136n, outPackets: 777_467n, portDrops: 489_669n, residual: 0n });
    expect(stopped).toMatchObject({ inPackets: 951_040n, outPackets: 522_599n, portDrops: 428_441n, residual: 0n });
    // Each packet that came in was looked up.
    expect(stopped?.hits).toBe(2_218_171n);
  });

  it('has no sum over a guest’s end, and its other ports go on', () => {
    const read = followShows([...shows, capture('3.1/dpdk-show-guest-away.txt')]);
    expect(read.rows(datapathSlot).at(-1)).toMatchObject({ unread: 1, residual: null });
    const last = read.rows(portSlot).slice(-12);
    expect(last.map(({ port }) => port)).not.toContain('vhu2');
    expect(last.find(({ port, direction }) => port === 'vhu4' && direction === 'toGuest')).toMatchObject({
      state: 'observed',
      packetsInc: 374_976n,
      dropsOutsideInc: 2080n,
    });
  });
});
