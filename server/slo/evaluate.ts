import { type HighLoss, PathAvailability, ServiceSlots } from './availability.ts';
import { Burn, type BurnTier, longestBurnSeconds } from './burn.ts';
import { lossOf } from './loss.ts';
import type { AvailabilitySli, Exclusion, Objective, Window } from './objective.ts';
import { PathPackets } from './path-packets.ts';
import { piecesOf } from './pieces.ts';
import { SlotCounter, type SlotCounts } from './slot-counts.ts';
import type { SlotsFile } from './slots-reader.ts';
import { Cuts } from './spans.ts';
import { type Budget, budgetOf, type Readings, type Verdict, verdictOf } from './verdict.ts';

export interface Question {
  readonly objective: Objective;
  readonly exclusions: readonly Exclusion[];
  readonly window: Window;
  /** The instant of burn rates; absent: they are not asked for. */
  readonly at?: number | undefined;
  readonly file: SlotsFile;
}

export interface Evaluation extends Readings {
  readonly slots: SlotCounts;
  /** Availability only. */
  readonly highLoss: HighLoss | undefined;
  readonly budget: Budget;
  readonly verdict: Verdict;
  readonly burn: readonly BurnTier[];
}

/** Computes the verdict of an objective from rows. Everything comes from its arguments: anybody gets the same integers. */
export function evaluate(question: Question): Evaluation {
  const { sli } = question.objective;
  return sli.sli === 'availability' ? evaluateAvailability(question, sli) : evaluatePackets(question);
}

function viewOf({ window, at }: Question) {
  if (at === undefined) return window;
  return { from: Math.min(window.from, at - longestBurnSeconds), to: Math.max(window.to, at) };
}

/**
 * Packet delivery (Occurrences; sla research §C.1). `high` leaves unknown slots out; `low` takes each at the largest
 * offered of any observed slot of its path in the window, all of it lost.
 *
 * Example: 3 observed slots of 1,000, 900 and 1,100 packets, 2 bad in all, and 1 unknown slot. High 2 of 3,000;
 * low 1,102 of 4,100.
 */
function evaluatePackets(question: Question): Evaluation {
  const { file, window, exclusions, objective } = question;
  const cuts = new Cuts(window, exclusions);
  const counter = new SlotCounter(window);
  const burn = question.at === undefined ? undefined : new Burn(question.at);
  const high = { total: 0n, bad: 0n };
  const low = { total: 0n, bad: 0n };
  let bounded = true;
  for (const path of file.paths) {
    const packets = new PathPackets();
    counter.addPath();
    for (const piece of piecesOf(file, path, cuts, viewOf(question))) {
      burn?.addPackets(piece);
      packets.add(piece, counter.add(piece, false));
    }
    high.total += packets.total;
    high.bad += packets.bad;
    low.total += packets.total + packets.unknown;
    low.bad += packets.bad + packets.unknown;
    bounded &&= packets.bounded;
  }
  return answer({ high, low }, objective, { slots: counter.counts(), bounded, burn, highLoss: undefined });
}

/**
 * Availability (Timeslices; MEF 10.4, sla research §C.5). `high` takes unavailable slots as bad; `low` unknown and
 * uncertain ones too.
 */
function evaluateAvailability(question: Question, sli: AvailabilitySli): Evaluation {
  const { file, window, exclusions, objective } = question;
  const cuts = new Cuts(window, exclusions);
  const counter = new SlotCounter(window);
  const burn = question.at === undefined ? undefined : new Burn(question.at);
  const service = new ServiceSlots(window.to - window.from);
  const highLoss = { hli: 0n, chli: 0n };
  for (const path of file.paths) {
    const states = new PathAvailability(sli.run, window);
    counter.addPath();
    for (const piece of piecesOf(file, path, cuts, viewOf(question))) {
      const loss = lossOf(piece, sli);
      burn?.addSlots(piece, loss);
      counter.add(piece, loss === 'idle');
      states.add(piece.from, piece.to, loss, piece.bad);
    }
    const { hli, chli } = states.highLoss();
    highLoss.hli += hli;
    highLoss.chli += chli;
    service.add(states.classes);
  }
  const [unavailable, unknown, uncertain, available] = service.counts() as [number, number, number, number];
  const total = BigInt(unavailable + unknown + uncertain + available);
  const high = { total, bad: BigInt(unavailable) };
  const low = { total, bad: BigInt(unavailable + unknown + uncertain) };
  return answer({ high, low }, objective, { slots: counter.counts(), bounded: true, burn, highLoss });
}

interface Rest {
  readonly slots: SlotCounts;
  /** Whether `low` is a bound: something was seen of every path that has unknown slots. */
  readonly bounded: boolean;
  readonly burn: Burn | undefined;
  readonly highLoss: HighLoss | undefined;
}

function answer(readings: Readings, { sli, target }: Objective, { slots, bounded, burn, highLoss }: Rest): Evaluation {
  return {
    ...readings,
    slots,
    highLoss,
    budget: budgetOf(readings, target),
    verdict: verdictOf(readings, target, { slots: slots.unknown, bounded }),
    burn: burn?.tiers(sli.sli, target) ?? [],
  };
}
