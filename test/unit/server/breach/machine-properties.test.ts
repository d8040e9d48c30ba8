import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isOngoing } from '../../../../server/breach/breach.ts';
import { acknowledge, type Step, takeBurnAgain, takeReading, takeWindow } from '../../../../server/breach/machine.ts';
import type { BreachChange, BreachRecord } from '../../../../server/breach/record.ts';
import { aReading, facts, ofSlots, type Slot, seenSlots, someTerms, type TierStates, tiers } from './readings.ts';

const window = { from: 1_000, to: 1_040, zone: 'UTC' };
const length = window.to - window.from;

/** What may happen to a window of 40 slots, of which four may be bad. */
type Happening =
  | { readonly what: 'time'; readonly slots: readonly Slot[] }
  | { readonly what: 'late'; readonly at: number; readonly slot: Slot }
  | { readonly what: 'clock'; readonly back: number }
  | { readonly what: 'burn'; readonly tiers: TierStates }
  | { readonly what: 'again'; readonly tiers: TierStates }
  | { readonly what: 'stale'; readonly seconds: number | null }
  | { readonly what: 'closed'; readonly after: number }
  | { readonly what: 'seen' };

const slot = fc.constantFrom<Slot>('good', 'bad', 'unknown', 'excluded');
const state = fc.constantFrom('firing', 'quiet', 'frozen' as const);
const tierStates = fc.record({ T0: state, T2: state, T4: state });
const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({ what: fc.constant('time' as const), slots: fc.array(slot, { minLength: 1, maxLength: 8 }) }),
  fc.record({ what: fc.constant('late' as const), at: fc.nat(length - 1), slot }),
  fc.record({ what: fc.constant('clock' as const), back: fc.nat(20) }),
  fc.record({ what: fc.constant('burn' as const), tiers: tierStates }),
  fc.record({ what: fc.constant('again' as const), tiers: tierStates }),
  fc.record({ what: fc.constant('stale' as const), seconds: fc.option(fc.nat(60)) }),
  fc.record({ what: fc.constant('closed' as const), after: fc.constantFrom(0, 299, 300, 1000) }),
  fc.constant({ what: 'seen' as const }),
);

/** A window, and the machine that reads it. Every happening is read twice: the second time must change nothing. */
class Run {
  records: readonly BreachRecord[] = [];
  readonly changes: BreachChange[] = [];
  readonly #slots: Slot[] = [];
  /** Slots that the clock has taken back. */
  #back = 0;
  #burn: TierStates = {};
  #stale: number | null = null;

  happen(happening: Happening): void {
    switch (happening.what) {
      case 'time':
        this.#slots.push(...happening.slots.slice(0, length - this.#slots.length));
        this.#back = 0;
        break;
      case 'late':
        if (happening.at < this.#slots.length) this.#slots[happening.at] = happening.slot;
        break;
      case 'clock':
        this.#back = Math.min(happening.back, this.#slots.length);
        break;
      case 'burn':
        this.#burn = happening.tiers;
        break;
      case 'stale':
        this.#stale = happening.seconds;
        break;
      case 'again':
        this.#again(happening.tiers);
        break;
      case 'closed':
        this.#closed(happening.after);
        break;
      default:
        this.#seen();
    }
    if (!['again', 'closed', 'seen'].includes(happening.what)) this.#read();
  }

  #took(step: (records: readonly BreachRecord[]) => Step): void {
    const { records, changes } = step(this.records);
    this.records = records;
    this.changes.push(...changes);
    expect(step(records).changes).toEqual([]);
  }

  #read(): void {
    const known = this.#slots.slice(0, this.#slots.length - this.#back);
    const at = window.from + known.length;
    const stale = this.#stale === null ? null : { since: at - this.#stale, hosts: ['cn1'] };
    const reading = aReading({ ...seenSlots(known, window), window, burn: this.#burn, stale });
    this.#took((records) => takeReading(records, { reading, terms: someTerms, now: at }));
  }

  #again(states: TierStates): void {
    for (const record of this.records.filter(({ key }) => key.subject === 'burn')) {
      const judged = [{ tiers: tiers(states), unexcluded: tiers(states) }];
      this.#took((records) => {
        const same = records.find(({ key }) => key.ordinal === record.key.ordinal && key.subject === 'burn') ?? record;
        return takeBurnAgain(records, same, { judged, target: someTerms.target, at: window.to });
      });
    }
  }

  #closed(after: number): void {
    const evaluation = ofSlots(this.#slots, window);
    const now = window.to + after;
    const closed = facts({ evaluation, window, at: now, until: window.to });
    this.#took((records) => takeWindow(records, { facts: closed, terms: someTerms, at: now, now }));
  }

  #seen(): void {
    for (const record of this.records) {
      const { records, changes } = acknowledge(this.records, record, { by: 'kim', comment: '', at: window.from });
      this.records = records;
      this.changes.push(...changes);
    }
  }
}

const nameOf = ({ record: { key } }: BreachChange) => `${key.windowFrom} ${key.subject} ${key.ordinal}`;

/** Which state may follow which; an acknowledgement leaves it as it is. */
const follows: Record<string, readonly string[]> = {
  none: ['risk', 'open'],
  risk: ['risk', 'open', 'resolved', 'retracted', 'finalised'],
  open: ['open', 'retracted', 'finalised'],
  resolved: ['risk', 'open', 'retracted'],
  retracted: ['risk', 'open', 'resolved'],
  finalised: ['amended'],
  amended: ['amended'],
};

const runs = fc.array(happening, { minLength: 1, maxLength: 40 });
function after(happenings: readonly Happening[]): Run {
  const run = new Run();
  for (const each of happenings) run.happen(each);
  return run;
}

test('whatever comes: one ongoing breach of a subject, numbers without holes, no end without a beginning', () => {
  fc.assert(
    fc.property(runs, (happenings) => {
      const run = after(happenings);
      const states = new Map<string, { state: string; entry: number }>();
      const ongoing = new Set<string>();
      for (const change of run.changes) {
        const name = nameOf(change);
        const { state, entry, key } = change.record;
        const last = states.get(name) ?? { state: 'none', entry: 0 };
        expect(entry).toBe(last.entry + 1);
        expect(change.before ?? 'none').toBe(last.state);
        expect(follows[last.state]).toContain(state);
        expect(change.reason).not.toBe('');
        states.set(name, { state, entry });
        if (isOngoing(state)) ongoing.add(name);
        else ongoing.delete(name);
        expect([...ongoing].filter((each) => each.includes(` ${key.subject} `)).length).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 150 },
  );
});

test('the same story told again gives the same changes', () => {
  fc.assert(
    fc.property(runs, (happenings) => {
      expect(after(happenings).changes).toEqual(after(happenings).changes);
    }),
    { numRuns: 60 },
  );
});

test('in the end the budget says what the slots say, by whatever way they came', () => {
  fc.assert(
    fc.property(runs, fc.array(slot, { minLength: length, maxLength: length }), (happenings, slots) => {
      // Those that make a window final fix it.
      const open = happenings.filter((each) => each.what !== 'closed');
      const late = slots.map((each, at) => ({ what: 'late' as const, at, slot: each }));
      const run = after([...open, { what: 'time', slots: Array<Slot>(length).fill('good') }, ...late]);
      const verdict = ofSlots(slots, window).verdict;
      const stateOf = (subject: string) => run.records.find(({ key }) => key.subject === subject)?.state ?? 'none';
      expect(stateOf('budget') === 'open').toBe(verdict === 'breached');
      expect(stateOf('unproven') === 'risk').toBe(verdict === 'undetermined');
    }),
    { numRuns: 100 },
  );
});
