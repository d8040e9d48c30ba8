import { describe, expect, test } from 'vitest';
import {
  acknowledge,
  endPresent,
  remembered,
  type Step,
  takeBurnAgain,
  takeReading,
  takeWindow,
} from '../../../../server/breach/machine.ts';
import type { BreachChange, BreachRecord } from '../../../../server/breach/record.ts';
import { staleWaitSeconds } from '../../../../server/breach/stale-move.ts';
import {
  aReading,
  aWindow,
  facts,
  ofPackets,
  ofSlots,
  type Slot,
  seenSlots,
  someTerms,
  type Told,
  tiers,
} from './readings.ts';

const { from, to } = aWindow;
/** 100 slots at 0.9: 10 may be bad. */
const slots = (...runs: readonly [Slot, number][]) => runs.flatMap(([slot, n]) => Array<Slot>(n).fill(slot));

const clean = ofSlots(slots(['good', 100]));

/** Takes readings one after another, and gives what changed. */
class Story {
  records: readonly BreachRecord[] = [];
  readonly changes: BreachChange[] = [];
  terms = someTerms;

  read(told: Told, now = told.at ?? from): string[] {
    const reading = aReading(told);
    return this.took(takeReading(this.records, { reading, terms: this.terms, now }));
  }

  closed(told: Told, now: number): string[] {
    return this.took(takeWindow(this.records, { facts: facts(told), terms: this.terms, at: now, now }));
  }

  took({ records, changes }: Step): string[] {
    this.records = records;
    this.changes.push(...changes);
    return changes.map(({ record: { key, state, tier, level, entry } }) =>
      [key.subject, key.ordinal, `#${entry}`, state, tier, level].filter((each) => each !== null).join(' '),
    );
  }

  of(subject: string): BreachRecord {
    const found = this.records.find(({ key }) => key.subject === subject);
    if (found === undefined) throw new Error(`nothing of ${subject}`);
    return found;
  }
}

describe('burn', () => {
  test('a tier that fires is a risk, a faster one a change of it, and it is over when none is held', () => {
    const story = new Story();
    const burn = (states: Told['burn'], at: number) => story.read({ evaluation: clean, burn: states ?? {}, at });
    expect(burn({}, from + 1)).toEqual([]);
    expect(burn({ T4: 'firing' }, from + 2)).toEqual(['burn 1 #1 risk T4']);
    expect(burn({ T4: 'firing' }, from + 3)).toEqual([]);
    expect(burn({ T4: 'firing', T1: 'firing', T0: 'firing' }, from + 4)).toEqual(['burn 1 #2 risk T0']);
    expect(burn({ T4: 'firing', T1: 'firing' }, from + 5)).toEqual([]);
    expect(burn({ T0: 'firing' }, from + 6)).toEqual([]);
    expect(burn({}, from + 7)).toEqual(['burn 1 #3 resolved']);
    expect(burn({ T2: 'firing' }, from + 8)).toEqual(['burn 2 #1 risk T2']);
  });

  test('a frozen tier keeps what was last known of it, and opens nothing', () => {
    const story = new Story();
    const burn = (states: Told['burn'], at: number) => story.read({ evaluation: clean, burn: states ?? {}, at });
    expect(burn({ T0: 'frozen', T3: 'frozen', T4: 'frozen' }, from + 1)).toEqual([]);
    expect(burn({ T0: 'firing', T3: 'frozen', T4: 'frozen' }, from + 2)).toEqual(['burn 1 #1 risk T0']);
    expect(burn({ T0: 'frozen', T3: 'frozen', T4: 'frozen' }, from + 3)).toEqual([]);
    // T3 and T4 never fired: that they are frozen holds nothing up.
    expect(burn({ T3: 'frozen', T4: 'frozen' }, from + 4)).toEqual(['burn 1 #2 resolved']);
  });

  test('while nothing comes, quiet is no news: unknown is never good', () => {
    const story = new Story();
    story.read({ evaluation: clean, burn: { T1: 'firing' } });
    const stale = { since: from + 1, hosts: ['cn1'] };
    expect(story.read({ evaluation: clean, at: from + 5, stale })).toEqual([]);
    expect(story.read({ evaluation: clean, at: from + 6 })).toEqual(['burn 1 #2 resolved']);
  });

  test('a reading without tiers, of a window that is over, or of a version that ended says nothing of the present', () => {
    const story = new Story();
    story.terms = { ...someTerms, version: 2 };
    story.read({ evaluation: clean, burn: { T2: 'firing' } });
    const without = { ...aReading({ evaluation: clean, at: from + 1 }), burn: [] };
    const past = aReading({ evaluation: clean, at: to + 1, stale: { since: 0, hosts: [] } });
    const running = aReading({ evaluation: clean, at: from + 2 });
    const ended = { ...running, objective: { ...running.objective, to: from + 1 } };
    for (const [reading, version] of [
      [without, 2],
      [past, 2],
      [ended, 1],
    ] as const) {
      expect(takeReading(story.records, { reading, terms: { ...someTerms, version }, now: to }).changes).toEqual([]);
    }
  });

  test('one that never fired, judged again, is retracted; one whose facts come back is over, but stands', () => {
    const story = new Story();
    story.read({ evaluation: clean, burn: { T0: 'firing' } });
    const again = (...judged: [ReturnType<typeof tiers>, ReturnType<typeof tiers>?][]) => {
      const both = judged.map(([with_, without = with_]) => ({ tiers: with_, unexcluded: without }));
      const asked = { judged: both, target: someTerms.target, at: from + 50 };
      return story.took(takeBurnAgain(story.records, story.of('burn'), asked));
    };
    // It fires now: the present says more than the past.
    expect(again([tiers()])).toEqual([]);
    story.read({ evaluation: clean, at: from + 9 });
    expect(again([tiers()], [tiers({ T0: 'frozen' })])).toEqual([]);
    expect(again([tiers()], [tiers({ T2: 'firing' })])).toEqual([]);
    expect(again()).toEqual([]);
    // Frozen, but nothing less bad is known of it.
    const half = tiers({ T0: 'firing' }).map((tier) => ({ ...tier, state: 'frozen' as const }));
    expect(again([half, tiers({ T0: 'firing' })])).toEqual([]);
    // T4 never fired, and T0 is frozen because its slots are excluded.
    expect(again([tiers({ T0: 'frozen', T4: 'frozen' }), tiers({ T0: 'firing', T4: 'frozen' })])).toEqual([
      'burn 1 #3 retracted',
    ]);
    expect(again([tiers()])).toEqual([]);
    expect(again([tiers({ T0: 'firing' })])).toEqual(['burn 1 #4 resolved']);
  });

  test('goes on over the end of its window, and ends with the version that it was judged by', () => {
    const story = new Story();
    story.read({ evaluation: clean, burn: { T2: 'firing' } });
    const next = { from: to, to: to + 100, zone: 'UTC' };
    const burn = { T2: 'firing' } as const;
    expect(story.read({ evaluation: clean, at: to + 1, window: next, burn })).toEqual([]);
    story.terms = { ...someTerms, version: 2 };
    expect(story.read({ evaluation: clean, at: to + 2, window: next, burn })).toEqual([
      'burn 1 #2 resolved',
      'burn 1 #1 risk T2',
    ]);
    expect(story.changes.at(-2)?.reason).toBe('version 2 of the objective holds now');
    expect(story.took(endPresent(story.records, to + 3))).toEqual(['burn 1 #2 resolved']);
  });
});

describe('the budget of slots', () => {
  test('its levels are risks, and it is open once more is bad than the whole window allows', () => {
    const story = new Story();
    const bad = (n: number) => story.read(seenSlots(slots(['bad', n])));
    expect(bad(4)).toEqual([]);
    expect(bad(5)).toEqual(['budget 1 #1 risk 50']);
    expect(bad(7)).toEqual([]);
    expect(bad(8)).toEqual(['budget 1 #2 risk 75']);
    expect(bad(10)).toEqual(['budget 1 #3 risk 100']);
    expect(bad(11)).toEqual(['budget 1 #4 open 100']);
    expect(bad(12)).toEqual([]);
  });

  test('late rows take it back, and bring it again: one breach, one number more each time', () => {
    const story = new Story();
    const bad = (n: number) => story.read(seenSlots(slots(['bad', n], ['good', 20 - n])));
    expect(bad(11)).toEqual(['budget 1 #1 open 100']);
    expect(bad(9)).toEqual(['budget 1 #2 retracted 90']);
    expect(bad(9)).toEqual([]);
    expect(bad(11)).toEqual(['budget 1 #3 open 100']);
    expect(bad(2)).toEqual(['budget 1 #4 retracted']);
    expect(bad(5)).toEqual(['budget 1 #5 risk 50']);
    expect(bad(4)).toEqual(['budget 1 #6 retracted']);
    expect(story.changes.map(({ before }) => before)).toEqual([
      ...[null, 'open', 'retracted', 'open', 'retracted', 'risk'],
    ]);
  });

  test('a clock that steps back takes nothing back', () => {
    const story = new Story();
    story.read(seenSlots(slots(['good', 9], ['bad', 11])));
    expect(story.read(seenSlots(slots(['good', 9], ['bad', 3])))).toEqual([]);
    expect(story.of('budget').state).toBe('open');
  });

  test('an exclusion over the bad slots takes it back', () => {
    const story = new Story();
    story.read(seenSlots(slots(['bad', 11])));
    expect(story.read(seenSlots(slots(['excluded', 11])))).toEqual(['budget 1 #2 retracted']);
  });

  test('nothing may be bad: the first bad slot breaks the promise', () => {
    const story = new Story();
    story.terms = { ...someTerms, target: { num: 1n, den: 1n } };
    const read = (slot: Slot) =>
      story.read({ evaluation: ofSlots([slot], aWindow, story.terms.target), elapsed: clean });
    expect(read('good')).toEqual([]);
    expect(read('bad')).toEqual(['budget 1 #1 open 100']);
  });
});

describe('the budget of packets', () => {
  const packets = { ...someTerms, sli: 'packetDelivery' } as const;
  const story = () => Object.assign(new Story(), { terms: packets });

  test('levels are of what is allowed so far; proven it is at the end of the window', () => {
    const told = story();
    const lost = (bad: bigint, total: bigint, at: number) => told.read({ evaluation: ofPackets({ total, bad }), at });
    expect(lost(1n, 9n, from + 1)).toEqual([]);
    expect(lost(60n, 1000n, from + 10)).toEqual(['budget 1 #1 risk 50']);
    expect(lost(120n, 1000n, from + 20)).toEqual(['budget 1 #2 risk 100']);
    // The same loss in more traffic; a level is left only well below itself.
    expect(lost(120n, 1250n, from + 25)).toEqual([]);
    expect(lost(120n, 1600n, from + 30)).toEqual(['budget 1 #3 risk 75']);
    expect(lost(120n, 3000n, from + 40)).toEqual(['budget 1 #4 resolved']);
    expect(lost(400n, 3000n, from + 50)).toEqual(['budget 1 #5 risk 100']);
    expect(lost(400n, 3000n, to)).toEqual(['budget 1 #6 open 100']);
  });

  test('less loss by late rows is a retraction, more traffic is not', () => {
    const told = story();
    told.read({ evaluation: ofPackets({ total: 1000n, bad: 60n }), at: from + 10 });
    expect(told.read({ evaluation: ofPackets({ total: 1000n, bad: 30n }), at: from + 11 })).toEqual([
      'budget 1 #2 retracted',
    ]);
  });
});

describe('what is unproven', () => {
  test('more unknown slots than budget are a risk; what becomes known takes it back', () => {
    const story = new Story();
    const read = (...runs: [Slot, number][]) => {
      return story.read(seenSlots(slots(...runs)));
    };
    expect(read(['good', 10], ['unknown', 10])).toEqual([]);
    expect(read(['good', 10], ['unknown', 11])).toEqual(['unproven 1 #1 risk']);
    expect(read(['good', 10], ['unknown', 15], ['good', 5])).toEqual([]);
    expect(read(['good', 30])).toEqual(['unproven 1 #2 retracted']);
    expect(read(['good', 19], ['unknown', 12])).toEqual(['unproven 1 #3 risk']);
    expect(read(['good', 19], ['bad', 12])).toEqual(['unproven 1 #4 resolved', 'budget 1 #1 open 100']);
    expect(read(['good', 19], ['unknown', 12])).toEqual(['unproven 1 #5 risk', 'budget 1 #2 retracted']);
  });

  test('packets: what has passed decides, and at the end the window', () => {
    const story = Object.assign(new Story(), { terms: { ...someTerms, sli: 'packetDelivery' } as const });
    // 80 of 100 slots are unknown, 5 of them have passed: 500 packets of 2,500, of which 250 may be lost.
    const evaluation = ofPackets({ total: 2000n, bad: 10n, unknown: 80, peak: 100n });
    const passed = (unknown: number) => ofPackets({ total: 2000n, bad: 10n, unknown, peak: 100n });
    expect(story.read({ evaluation, elapsed: passed(0), at: from + 20 })).toEqual([]);
    expect(story.read({ evaluation, elapsed: passed(5), at: from + 25 })).toEqual(['unproven 1 #1 risk']);
    expect(story.read({ evaluation, elapsed: passed(1), at: from + 26 })).toEqual(['unproven 1 #2 retracted']);
    expect(story.read({ evaluation, at: to })).toEqual(['unproven 1 #3 risk']);
  });
});

describe('a window that is over', () => {
  const broken = ofSlots(slots(['good', 89], ['bad', 11]));
  const kept = ofSlots(slots(['good', 95], ['bad', 5]));

  test('is final once late rows had their time and its rows are there', () => {
    const story = new Story();
    story.read({ evaluation: broken, at: to });
    expect(story.closed({ evaluation: broken, at: to }, to + 299)).toEqual([]);
    expect(story.closed({ evaluation: broken, until: to - 1, at: to }, to + 300)).toEqual([]);
    expect(story.closed({ evaluation: broken, at: to }, to + 300)).toEqual(['budget 1 #2 finalised 100']);
    expect(story.changes.at(-1)?.reason).toBe('final: breached');
    expect(story.closed({ evaluation: broken, at: to }, to + 400)).toEqual([]);
  });

  test('what changes it afterwards is a numbered amendment, and so is what changes it back', () => {
    const story = new Story();
    story.read({ evaluation: broken, at: to });
    story.closed({ evaluation: broken, at: to }, to + 300);
    expect(story.closed({ evaluation: kept, at: to }, to + 500)).toEqual(['budget 1 #3 amended 100']);
    expect(story.closed({ evaluation: kept, at: to }, to + 501)).toEqual([]);
    expect(story.closed({ evaluation: broken, at: to }, to + 600)).toEqual(['budget 1 #4 amended 100']);
    expect(story.changes.slice(-2).map(({ reason }) => reason)).toEqual([
      'amendment 1: met, as the rows are now',
      'amendment 2: breached, as the rows are now',
    ]);
    // A clock that stepped back reads half of it.
    expect(story.closed({ evaluation: kept, until: to - 50, at: to }, to + 700)).toEqual([]);
  });

  test('found broken only when it is final already, is opened and final at once', () => {
    const story = new Story();
    expect(story.closed({ evaluation: broken, at: to }, to + 300)).toEqual([
      'budget 1 #1 open 100',
      'budget 1 #2 finalised 100',
    ]);
  });

  test('and still unproven is final as undetermined', () => {
    const story = new Story();
    const evaluation = ofSlots(slots(['good', 85], ['unknown', 15]));
    expect(story.read({ evaluation, at: to })).toEqual(['unproven 1 #1 risk']);
    expect(story.closed({ evaluation, at: to }, to + 300)).toEqual(['unproven 1 #2 finalised']);
    expect(story.changes.at(-1)?.reason).toBe('final: undetermined');
  });

  test('in which nothing went wrong leaves no breach; of which nothing is known, one that is undetermined', () => {
    expect(new Story().closed({ evaluation: clean, at: to }, to + 300)).toEqual([]);
    expect(new Story().closed({ evaluation: ofSlots([]), at: to }, to + 300)).toEqual([
      'unproven 1 #1 risk',
      'unproven 1 #2 finalised',
    ]);
  });
});

describe('silence', () => {
  test('waits for as long as a total loss needs to be noticed, and a hold (sla §4.3)', () => {
    expect(staleWaitSeconds({ num: 9999n, den: 10_000n }, 60)).toBe(66);
    expect(staleWaitSeconds({ num: 99n, den: 100n }, 60)).toBe(579);
    expect(staleWaitSeconds({ num: 1n, den: 1n }, 60)).toBe(60);
  });

  test('is told after the wait and at its end, and moves nothing else', () => {
    const story = new Story();
    const stale = { since: from, hosts: ['cn1'] };
    expect(story.read({ evaluation: clean, at: from + 19, until: from, stale })).toEqual([]);
    expect(story.read({ evaluation: clean, at: from + 20, until: from, stale })).toEqual(['stale 1 #1 risk']);
    expect(story.changes[0]?.reason).toBe('no complete slots come: cn1');
    expect(story.read({ evaluation: clean, at: from + 60, until: from, stale })).toEqual([]);
    expect(story.read({ evaluation: clean, at: from + 61 })).toEqual(['stale 1 #2 resolved']);
  });
});

describe('an acknowledgement', () => {
  test('is a change of its own on what goes on, and none on what is over', () => {
    const story = new Story();
    story.read({ evaluation: clean, burn: { T2: 'firing' } });
    const mark = () =>
      story.took(acknowledge(story.records, story.of('burn'), { by: 'kim', comment: 'looking', at: from + 3 }));
    expect(mark()).toEqual(['burn 1 #2 risk T2']);
    expect(story.changes.at(-1)).toMatchObject({ reason: 'acknowledged by kim: looking', facts: null });
    expect(story.of('burn').acknowledgedBy).toBe('kim');
    story.read({ evaluation: clean, burn: { T0: 'firing' }, at: from + 4 });
    expect(story.of('burn').acknowledgedBy).toBe('kim');
    story.read({ evaluation: clean, at: from + 5 });
    expect(mark()).toEqual([]);
  });

  test('of a risk is none of the broken promise', () => {
    const story = new Story();
    story.read(seenSlots(slots(['bad', 6])));
    story.took(acknowledge(story.records, story.of('budget'), { by: 'kim', comment: '', at: from + 7 }));
    story.read(seenSlots(slots(['bad', 8])));
    expect(story.of('budget')).toMatchObject({ level: 75, acknowledgedBy: 'kim' });
    story.read(seenSlots(slots(['bad', 11])));
    expect(story.of('budget')).toMatchObject({ state: 'open', acknowledgedBy: null });
  });
});

test('what must be remembered: all that goes on, and the last of each subject and window', () => {
  const story = new Story();
  for (const at of [1, 2, 3]) {
    story.read({ evaluation: clean, burn: { T0: 'firing' }, at: from + at });
    story.read({ evaluation: clean, at: from + at });
  }
  story.read(seenSlots(slots(['bad', 6])));
  const left = (before: number) => remembered(story.records, before).map(({ key }) => [key.subject, key.ordinal]);
  expect(left(0)).toEqual([
    ['burn', 3],
    ['budget', 1],
  ]);
  expect(left(to + 1)).toEqual([['budget', 1]]);
});
