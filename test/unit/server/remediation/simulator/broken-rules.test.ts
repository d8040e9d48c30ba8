import { describe, expect, it } from 'vitest';
import { Datapath } from '../../../../../server/remediation/simulator/datapath.ts';
import { type HostSpec, hostSpec } from '../../../../../server/remediation/simulator/host-spec.ts';
import { Invariants } from '../../../../../server/remediation/simulator/invariants.ts';
import type { Act, Look, Policy, ShiftOf } from '../../../../../server/remediation/simulator/policy.ts';
import { simulateHost } from '../../../../../server/remediation/simulator/simulate-host.ts';

const seed = 1;
const seconds = 2 * 3_600;

/** Does what it is told to at each look, right or wrong. */
class Scripted implements Policy {
  readonly terms = { algorithm: 'group', isolate: false } as const;
  readonly freezes = true;
  readonly doing = null;
  readonly look: (look: Look) => Act | undefined;

  constructor(look: (look: Look) => Act | undefined) {
    this.look = look;
  }

  settled(): void {}

  reconfigured(): void {}
}

/** The first host that is as wanted. */
function hostWith(isWanted: (spec: HostSpec) => boolean): number {
  const host = Array.from({ length: 200 }, (_none, each) => each).find((each) =>
    isWanted(hostSpec(seed, each, seconds)),
  );
  if (host === undefined) throw new Error('no such host among 200');
  return host;
}

/** What the run says when it ends, without where. */
function broken(host: number, look: (look: Look) => Act | undefined): string {
  const task = { seed, host, seconds, planner: 'ours', approveAfterSeconds: null } as const;
  try {
    simulateHost(task, new Scripted(look));
  } catch (error) {
    const text = (error as Error).message;
    const where = `seed ${seed}, host ${host}, ours, `;
    expect(text.slice(0, where.length)).toBe(where);
    return text.slice(where.length);
  }
  return 'nothing was broken';
}

function moveOf(...shifts: readonly ShiftOf[]): Act {
  return { kind: 'move', shifts, isRollback: false };
}

function undoOf(...shifts: readonly ShiftOf[]): Act {
  return { kind: 'move', shifts, isRollback: true };
}

/** Queues that no operator pinned, of ports that neither come nor go. */
function staying({ ports, queues }: HostSpec): readonly number[] {
  return queues.flatMap(({ pin, port }, queue) => {
    const [first, ...others] = ports[port]?.presences ?? [];
    return pin === null && first?.from === 0 && first.to > seconds && others.length === 0 ? [queue] : [];
  });
}

/** Of each of them: to another thread of its node, neither of the two starved. */
function shifts({ spec, place, stolenPpm }: Look): readonly ShiftOf[] {
  return staying(spec).flatMap((queue) => {
    const from = place[queue] ?? -1;
    const numa = spec.queues[queue]?.numa;
    const to = spec.pmds.findIndex((pmd, at) => pmd.numa === numa && at !== from && stolenPpm[at] === 0);
    return to === -1 || stolenPpm[from] !== 0 ? [] : [{ queue, from, to }];
  });
}

function shift(look: Look, at = 0): ShiftOf {
  const found = shifts(look)[at];
  if (found === undefined) throw new Error('no queue may move');
  return found;
}

/** A host of one node without thefts, and one of two: with queues enough that stay. */
const quiet = hostWith((spec) => spec.pmds.length === 4 && spec.thefts.length === 0 && staying(spec).length > 7);
const twoNodes = hostWith((spec) => spec.pmds.length === 8 && spec.thefts.length === 0);

describe('a run ends, with seed, host and second, when whoever moves queues', () => {
  it('does nothing wrong: not at all', () => {
    const once = (look: Look) => (look.second === 600 ? moveOf(shift(look)) : undefined);
    expect(broken(quiet, once)).toBe('nothing was broken');
  });

  it('touches a thread that others take time from', () => {
    const host = hostWith(({ thefts: [theft] }) => theft !== undefined && theft.to - theft.from > 30);
    const { thefts } = hostSpec(seed, host, seconds);
    const [theft] = thefts;
    let begun = 0;
    const at = broken(host, (look) => {
      const to = theft?.pmd ?? -1;
      const queue = look.spec.queues.findIndex(
        ({ numa, pin }, each) =>
          numa === look.spec.pmds[to]?.numa && pin === null && ![-1, to].includes(look.place[each] ?? -1),
      );
      if (look.stolenPpm[to] === 0 || queue === -1) return undefined;
      begun = look.second;
      return moveOf({ queue, from: look.place[queue] ?? -1, to });
    });
    expect(at).toBe(`second ${begun}: a move while thread ${theft?.pmd} is starved`);
    expect(begun).toBeGreaterThan(theft?.from ?? 0);
  });

  it('moves more than two queues, or more than a quarter of them', () => {
    const three = (look: Look) => (look.second === 300 ? moveOf(...shifts(look).slice(0, 3)) : undefined);
    expect(broken(quiet, three)).toBe('second 301: 3 moves');
    const present = ({ ports, queues }: HostSpec) =>
      queues.filter(({ port }) => ports[port]?.presences.some(({ from, to }) => from === 0 && to > 400)).length;
    const few = hostWith((spec) => present(spec) < 8 && spec.thefts.every(({ from }) => from > 400));
    const two = (look: Look) => (look.second === 300 ? moveOf(...shifts(look).slice(0, 2)) : undefined);
    expect(broken(few, two)).toBe('second 301: 2 moves');
  });

  it('acts within two minutes, or a seventh time within an hour', () => {
    const each = (period: number) => (look: Look) =>
      look.second % period === 0 ? moveOf(shift(look, look.second / period)) : undefined;
    expect(broken(quiet, each(115))).toBe('second 231: an act within the cooldown');
    expect(broken(quiet, each(120))).toBe('second 841: an act too many');
  });

  it('moves a queue within ten minutes again, or back within thirty', () => {
    const backAt = (second: number) => {
      let there: ShiftOf | undefined;
      return (look: Look) => {
        if (look.second === 300) {
          there = shift(look);
          return moveOf(there);
        }
        if (look.second !== second || there === undefined) return undefined;
        return moveOf({ queue: there.queue, from: there.to, to: there.from });
      };
    };
    expect(broken(quiet, backAt(895))).toMatch(/^second 896: queue \d+ moved again too soon$/);
    expect(broken(quiet, backAt(2_095))).toMatch(/^second 2096: queue \d+ went back where it was$/);
    expect(broken(quiet, backAt(2_100))).toBe('nothing was broken');
  });

  it('undoes to where it was not, or not all of it', () => {
    const undone = (by: (moved: readonly ShiftOf[]) => readonly ShiftOf[]) => {
      let moved: readonly ShiftOf[] = [];
      return (look: Look) => {
        if (look.second === 300) {
          moved = shifts(look).slice(0, 2);
          return moveOf(...moved);
        }
        return look.second === 350 ? undoOf(...by(moved)) : undefined;
      };
    };
    const back = ({ queue, from, to }: ShiftOf): ShiftOf => ({ queue, from: to, to: from });
    expect(
      broken(
        quiet,
        undone((moved) => moved.map(back)),
      ),
    ).toBe('nothing was broken');
    const elsewhere = ({ queue, from, to }: ShiftOf): ShiftOf => {
      return { queue, from: to, to: [0, 1, 2, 3].find((pmd) => pmd !== from && pmd !== to) ?? -1 };
    };
    const wrong = /^second 351: queue \d+ was undone to where it was not$/;
    expect(
      broken(
        quiet,
        undone((moved) => moved.map(elsewhere)),
      ),
    ).toMatch(wrong);
    const half = broken(
      quiet,
      undone((moved) => moved.slice(0, 1).map(back)),
    );
    expect(half).toMatch(/^second 351: queue \d+ was not undone$/);
  });

  it('takes a queue off its node, or off every thread', () => {
    const to = (place: number) => (look: Look) =>
      look.second === 300 ? moveOf({ ...shift(look), to: place }) : undefined;
    for (const place of [7, -1]) expect(broken(twoNodes, to(place))).toMatch(/^second 301: queue \d+ left its node$/);
  });

  it('moves what an operator pinned', () => {
    const pinned = hostWith(({ queues, thefts }) => thefts.length === 0 && queues.some(({ pin }) => pin !== null));
    const at = broken(pinned, ({ second, spec, place }) => {
      const queue = spec.queues.findIndex(({ pin }, each) => pin !== null && place[each] === pin);
      const from = place[queue] ?? -1;
      const to = spec.pmds.findIndex(({ numa }, pmd) => numa === spec.queues[queue]?.numa && pmd !== from);
      return second === 300 ? moveOf({ queue, from, to }) : undefined;
    });
    expect(at).toMatch(/^second 301: queue \d+ is not where its operator pinned it$/);
  });

  it('makes a packet, or loses one uncounted', () => {
    for (const packets of [1, -1]) {
      const at = broken(quiet, ({ second, packets: { polled } }) => {
        if (second === 300) polled[2] = (polled[2] ?? 0) + packets;
        return undefined;
      });
      expect(at).toBe('second 300: queue 2: its packets do not add up');
    }
  });
});

describe('rules that no policy can break', () => {
  const spec = hostSpec(seed, quiet, seconds);
  const here = () => {
    const datapath = new Datapath(spec);
    datapath.replace(new Int32Array(spec.queues.length));
    return { datapath, invariants: new Invariants(spec, datapath, `seed ${seed}, host ${quiet}, ours`) };
  };

  it('are held against the run itself: an act is over before the next look', () => {
    const { invariants } = here();
    invariants.begun(10, moveOf({ queue: 0, from: 0, to: 1 }));
    const again = () => invariants.begun(15, moveOf({ queue: 1, from: 0, to: 1 }));
    expect(again).toThrow(`seed 1, host ${quiet}, ours, second 15: two acts at once`);
  });

  it('and against a switch that forgets a queue, or moves none or another', () => {
    const { datapath, invariants } = here();
    const before = datapath.place.slice();
    const everyone = new Uint8Array(spec.queues.length).fill(1);
    invariants.second(20, everyone);
    expect(invariants.checks).toBe(spec.queues.length);
    const where = `seed 1, host ${quiet}, ours, second 20`;
    const act = moveOf({ queue: 3, from: 0, to: 1 });
    expect(() => invariants.acted(20, act, before)).toThrow(`${where}: queue 3 moved, or did not, unplanned`);
    datapath.replace(before.with(3, 1).with(4, 1));
    expect(() => invariants.acted(20, act, before)).toThrow(`${where}: queue 4 moved, or did not, unplanned`);
    datapath.replace(before.with(3, -1));
    expect(() => invariants.second(20, everyone)).toThrow(`${where}: queue 3 is not polled`);
  });
});
