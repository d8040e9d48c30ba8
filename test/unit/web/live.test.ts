import { describe, expect, it } from 'vitest';
import type { TickEvent } from '../../../server/api/schema/stream.ts';
import { actionOf, shortcuts } from '../../../web/src/keyboard/shortcuts.ts';
import { createServerClock } from '../../../web/src/live/clock.ts';
import { isCurrent, joinSeen, judgeFreshness } from '../../../web/src/live/freshness.ts';
import { createLive, type LineEvents } from '../../../web/src/live/live.ts';

const line = { phase: 'open', sinceMs: 0 };

describe('freshness', () => {
  const judge = (options: Partial<Parameters<typeof judgeFreshness>[0]>) =>
    judgeFreshness({ hosts: [], line, staleAfterMs: 5_000, serverNowMs: 100_000, localNowMs: 100_000, ...options });

  it('calls a host stale only beyond the limit, the longest silent first', () => {
    const hosts = [
      { host: 'a', untilMs: 95_000 },
      { host: 'b', untilMs: 94_999 },
      { host: 'c', untilMs: 10_000 },
    ];
    const found = judge({ hosts });
    expect(found.stale.map(({ host }) => host)).toEqual(['c', 'b']);
    expect([isCurrent(found, 'a'), isCurrent(found, 'b')]).toEqual([true, false]);
  });

  it('forgives a cut of two intervals, and no more', () => {
    expect(judge({ line: { phase: 'broken', sinceMs: 98_000 } }).lineBrokenSinceMs).toBeNull();
    expect(judge({ line: { phase: 'broken', sinceMs: 97_999 } }).lineBrokenSinceMs).toBe(97_999);
    expect(isCurrent(judge({ line: { phase: 'broken', sinceMs: 0 } }), 'a')).toBe(false);
  });

  it('takes the later of list and stream', () => {
    const listed = [{ host: 'a', lastSlot: '1970-01-01T00:00:10Z' }];
    expect(joinSeen(listed, new Map())).toEqual([{ host: 'a', untilMs: 11_000 }]);
    expect(joinSeen(listed, new Map([['a', 20]]))).toEqual([{ host: 'a', untilMs: 21_000 }]);
  });
});

describe('the live numbers', () => {
  function aLive() {
    let nowMs = 0;
    let hidden = false;
    let events: LineEvents | undefined;
    const planned: { task: () => void; delayMs: number }[] = [];
    const live = createLive({
      openLine: (_filter, given) => {
        events = given;
        return () => undefined;
      },
      nowMs: () => nowMs,
      later: (task, delayMs) => planned.push({ task, delayMs }),
      hidden: () => hidden,
    });
    live.watch({});
    return {
      live,
      planned,
      tick: (slot: number) => events?.onTick(aTick(slot)),
      phase: (phase: 'open' | 'broken') => events?.onPhase(phase),
      reset: () => events?.onReset(),
      hide: () => {
        hidden = true;
      },
      runPlanned: () =>
        planned.splice(0).forEach(({ task, delayMs }) => {
          nowMs += delayMs;
          task();
        }),
    };
  }

  function aTick(slot: number): TickEvent {
    const port = { port: 'p', direction: 'rx' as const, countedIn: '', slot, slots: 1, state: 'observed' as const };
    return {
      host: 'h',
      slot,
      ports: [{ ...port, suspect: false, packets: `${slot}`, bytes: '0', drops: '0', causes: [] }],
    };
  }

  it('keep the youngest of each port and tell tables once for many ticks', () => {
    const { live, tick, planned, runPlanned } = aLive();
    let told = 0;
    live.subscribe(() => {
      told += 1;
    });
    tick(1);
    tick(2);
    expect(planned).toHaveLength(1);
    runPlanned();
    expect([told, live.version(), live.latest('h', 'p', 'rx')?.packets]).toEqual([1, 1, '2']);
    tick(3);
    expect(planned[0]?.delayMs).toBe(1_000);
  });

  it('wait longer in the background', () => {
    const { tick, planned, runPlanned, hide } = aLive();
    tick(1);
    runPlanned();
    hide();
    tick(2);
    expect(planned[0]?.delayMs).toBe(10_000);
  });

  it('tell charts of each tick, and everyone of a reset', () => {
    const { live, tick, reset } = aLive();
    const slots: number[] = [];
    let resets = 0;
    const forget = live.onTick(({ slot }) => slots.push(slot));
    live.onReset(() => {
      resets += 1;
    });
    tick(1);
    reset();
    forget();
    tick(2);
    expect([slots, resets]).toEqual([[1], 1]);
  });

  it('remember since when the line is as it is', () => {
    const { live, phase, tick, runPlanned } = aLive();
    phase('open');
    tick(1);
    runPlanned();
    tick(2);
    runPlanned();
    phase('broken');
    phase('broken');
    expect(live.state()).toEqual({ phase: 'broken', sinceMs: 1_000 });
  });
});

describe('the clock of the server', () => {
  it('is this clock moved by what the server said', () => {
    let nowMs = 1_000;
    const clock = createServerClock(() => nowMs);
    clock.setServerNow(61_000);
    nowMs = 2_000;
    expect(clock.nowMs()).toBe(62_000);
    clock.setServerNow(Number.NaN);
    expect(clock.nowMs()).toBe(62_000);
  });
});

describe('keys', () => {
  it('act alone or in pairs', () => {
    expect(actionOf('f', 'g')).toBe('goFleet');
    expect(actionOf('f', null)).toBeNull();
    expect(actionOf('g', null)).toBeNull();
    expect(actionOf('=', null)).toBe('zoomIn');
    expect(actionOf('?', 'g')).toBe('openHelp');
  });

  it('are not given twice', () => {
    const all = shortcuts.map(({ keys }) => keys.join(' '));
    expect(new Set(all).size).toBe(all.length);
  });
});
