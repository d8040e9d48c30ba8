import { describe, expect, it } from 'vitest';
import { Accumulator, type CloseRequest } from '../../../collector/accumulator.ts';
import { CounterStates } from '../../../collector/counter-states.ts';
import { identityOf } from '../../../collector/slot.ts';
import type { RowOf } from '../../../core/catalogue/columns.ts';
import { dropSlot, event } from '../../../core/catalogue/kinds.ts';

const start = 1_800_000_000;
const second = 1_000_000_000n;

/** A drop counter read at chosen boundaries; each read is kept, and gives its row or undefined. */
class Reads {
  readonly #states = new CounterStates();

  at(
    boundary: number,
    packets: bigint,
    more: Partial<Pick<CloseRequest<typeof dropSlot>, 'ownPace' | 'derived' | 'resetSeen' | 'identity'>> = {},
  ): RowOf<typeof dropSlot> | undefined {
    const into = new Accumulator({ host: 'cn1', states: this.#states, keyFrame: false, nowMs: 0n });
    into.close({
      kind: dropSlot,
      own: { port: 'vhu1', direction: 'toGuest', cause: 'vhost_down', place: 'outside' },
      time: {
        boundary: start + boundary,
        wallNs: BigInt(start + boundary) * second,
        monoNs: BigInt(boundary) * second,
        readSpanNs: 0n,
      },
      identity: identityOf('boot', 'vhu1'),
      values: { packets },
      rules: { packets: { widthBits: 64, perSecondMax: 1n << 40n } },
      onChange: true,
      ...more,
    });
    this.#states.commit(into.staged);
    return (into.rows.get(dropSlot) as RowOf<typeof dropSlot>[] | undefined)?.[0];
  }
}

describe('an object that is read at its own pace', () => {
  it('is quiet over an interval of several slots in which nothing moved', () => {
    const reads = new Reads();
    reads.at(0, 5n, { ownPace: 'quiet' });
    expect(reads.at(5, 5n, { ownPace: 'quiet' })).toMatchObject({ slots: 5, packetsInc: 0n });
    expect(reads.at(10, 5n, { ownPace: 'quiet' })).toBeUndefined();
    expect(reads.at(15, 9n, { ownPace: 'quiet' })).toMatchObject({
      slot: start + 10,
      slots: 5,
      state: 'bridged',
      packetsInc: 4n,
    });
  });

  it('is written all the same when its source says so', () => {
    const reads = new Reads();
    reads.at(0, 5n, { ownPace: 'quiet' });
    reads.at(5, 5n, { ownPace: 'quiet' });
    expect(reads.at(10, 5n, { ownPace: 'write' })).toMatchObject({ slots: 5, packetsInc: 0n });
  });

  it('without a pace of its own a gap is written even when nothing moved', () => {
    const reads = new Reads();
    reads.at(0, 5n);
    reads.at(1, 5n);
    expect(reads.at(6, 5n)).toMatchObject({ slots: 5, state: 'bridged' });
  });
});

describe('a derived counter', () => {
  it('stands still over a dip and catches up, so that the sum is exact', () => {
    const reads = new Reads();
    const sums = [0n, 100n, 97n, 99n, 130n].map((value, i) => reads.at(i, value, { derived: true })?.packetsInc ?? 0n);
    expect(sums).toEqual([0n, 100n, 0n, 0n, 30n]);
  });

  it('begins anew when a reset was seen, and where it is another object', () => {
    const reads = new Reads();
    reads.at(0, 100n, { derived: true });
    const resetSeen = { why: 'reset', counter: 'tx_dropped', before: 9n, now: 0n } as const;
    expect(reads.at(1, 3n, { derived: true, resetSeen })).toMatchObject({ state: 'unknown', packets: 3n });
    expect(reads.at(2, 4n, { derived: true })).toMatchObject({ state: 'observed', packetsInc: 1n });
    expect(reads.at(3, 1n, { derived: true, identity: identityOf('boot', 'vhu1', 'again') })).toMatchObject({
      state: 'unknown',
      packets: 1n,
    });
  });
});

describe('what a source cannot have counted', () => {
  const into = () => new Accumulator({ host: 'cn1', states: new CounterStates(), keyFrame: false, nowMs: 0n });
  const request = (packets: bigint, port = 'p'): CloseRequest<typeof dropSlot> => ({
    kind: dropSlot,
    own: { port, direction: 'rx', cause: 'other', place: 'outside' },
    time: { boundary: start, wallNs: BigInt(start) * second, monoNs: 0n, readSpanNs: 0n },
    identity: identityOf('boot', port),
    values: { packets },
    rules: { packets: { widthBits: 64, perSecondMax: 1n << 40n } },
  });

  it.each([-1n, 1n << 64n])('is no reading: %s', (value) => {
    const accumulator = into();
    expect(accumulator.close(request(value))).toBeNull();
    expect(accumulator.staged.size).toBe(0);
    expect(accumulator.rows.get(event)).toMatchObject([{ event: 'counter_unbelievable' }]);
  });

  it('is told so often and no more, and then counted', () => {
    const accumulator = into();
    for (let i = 0; i < 1000; i++) accumulator.close(request(-1n, `p${i}`));
    accumulator.finish();
    const events = accumulator.rows.get(event) as RowOf<typeof event>[];
    expect(events).toHaveLength(201);
    expect(events.at(-1)).toMatchObject({ event: 'counter_events_left_out', detail: '{"count":800}' });
  });

  it('under a name of any length is told by its beginning', () => {
    const accumulator = into();
    accumulator.event('port_seen', 'n'.repeat(500_000), {});
    expect((accumulator.rows.get(event) as RowOf<typeof event>[])[0]?.object).toHaveLength(300);
  });
});
