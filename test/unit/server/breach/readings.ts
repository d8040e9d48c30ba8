import type { BreachTerms, WindowFacts } from '../../../../server/breach/window-facts.ts';
import type { ObjectiveReading, Stale, WindowReading } from '../../../../server/judge/reading.ts';
import type { BurnTier } from '../../../../server/slo/burn.ts';
import type { Evaluation } from '../../../../server/slo/evaluate.ts';
import type { Span, Window } from '../../../../server/slo/objective.ts';
import { budgetOf, verdictOf } from '../../../../server/slo/verdict.ts';

/** Readings made by hand: what slots say of one path, without files. */
export type Slot = 'good' | 'bad' | 'unknown' | 'excluded';

export const aWindow: Window = { from: 10_000, to: 10_100, zone: 'UTC' };
const ninety = { num: 9n, den: 10n };
export const someTerms: BreachTerms = {
  version: 1,
  sli: 'availability',
  target: ninety,
  finalAfterSeconds: 300,
  staleWaitSeconds: 20,
};

/** Slots of the window from its start on; those that are not given are yet to come. */
export function ofSlots(slots: readonly Slot[], window: Span = aWindow, target = ninety): Evaluation {
  const length = window.to - window.from;
  const all = Array.from({ length }, (_, i) => slots[i] ?? 'unknown');
  const count = (slot: Slot) => all.filter((each) => each === slot).length;
  const [bad, unknown, excluded] = [count('bad'), count('unknown'), count('excluded')];
  const total = BigInt(length - excluded);
  const readings = { high: { total, bad: BigInt(bad) }, low: { total, bad: BigInt(bad + unknown) } };
  return {
    ...readings,
    unshared: readings.low,
    slots: {
      ...{ expected: length, observed: length - unknown - excluded, bridged: 0 },
      ...{ unknown, excluded, idle: 0, suspect: 0 },
    },
    highLoss: { hli: 0n, chli: 0n },
    budget: budgetOf(readings, target),
    verdict: verdictOf(readings, target, { slots: unknown, bounded: true }),
    burn: [],
  };
}

/** Packets of one path; `unknown` slots of `seconds` would each have offered `peak`. */
export function ofPackets(
  { total, bad, unknown = 0, peak = 0n }: { total: bigint; bad: bigint; unknown?: number; peak?: bigint },
  window = aWindow,
  target = ninety,
): Evaluation {
  const lost = BigInt(unknown) * peak;
  const readings = { high: { total, bad }, low: { total: total + lost, bad: bad + lost } };
  const expected = window.to - window.from;
  return {
    ...readings,
    unshared: readings.low,
    slots: { expected, observed: expected - unknown, bridged: 0, unknown, excluded: 0, idle: 0, suspect: 0 },
    highLoss: undefined,
    budget: budgetOf(readings, target),
    verdict: verdictOf(readings, target, { slots: unknown, bounded: true }),
    burn: [],
  };
}

export type TierStates = Partial<Record<'T0' | 'T1' | 'T2' | 'T3' | 'T4', BurnTier['state']>>;

/** Those that fire have lost everything. */
export function tiers(states: TierStates = {}): BurnTier[] {
  return (['T0', 'T1', 'T2', 'T3', 'T4'] as const).map((tier) => ({
    tier,
    long: { bad: states[tier] === 'firing' ? '60' : '0', total: '60' },
    short: { bad: states[tier] === 'firing' ? '10' : '0', total: '10' },
    threshold: '10',
    state: states[tier] ?? 'quiet',
  }));
}

export interface Told {
  readonly evaluation: Evaluation;
  /** Of the part that has passed; default: the same. */
  readonly elapsed?: Evaluation;
  readonly at?: number;
  readonly until?: number;
  readonly window?: Window;
  readonly burn?: TierStates;
  readonly stale?: Stale | null;
}

/** A reading of slots that were seen up to the last of them. */
export function seenSlots(slots: readonly Slot[], window = aWindow): Pick<Told, 'evaluation' | 'elapsed' | 'at'> {
  const at = window.from + slots.length;
  const elapsed = ofSlots(slots, { from: window.from, to: at });
  return { evaluation: ofSlots(slots, window), elapsed, at };
}

function windowReading({ evaluation, elapsed = evaluation, window = aWindow, ...told }: Told): WindowReading {
  const at = told.at ?? window.from;
  const until = told.until ?? Math.min(Math.max(at, window.from), window.to);
  return { window, until, evaluation, elapsed, withoutExclusions: elapsed };
}

export function aReading(told: Told): ObjectiveReading {
  return {
    objective: {
      ...{ kind: 'objective', name: 'acme', version: 1, from: 0, to: null, sha256: '', witness: 'w', recordedAtMs: 0 },
      body: { service: 'acme', openslo: '', rolling: null, coverageFloor: '0.999' },
    },
    at: told.at ?? aWindow.from,
    calendar: windowReading(told),
    rolling: null,
    burn: tiers(told.burn).map((tier) => ({ ...tier, at: told.at ?? aWindow.from })),
    stale: told.stale ?? null,
  };
}

export function facts(told: Told): WindowFacts {
  return windowReading(told);
}
