import { type HighLoss, PathAvailability } from './availability.ts';
import { Burn, type BurnTier, longestBurnSeconds } from './burn.ts';
import { PathCleanSlots } from './clean-slots.ts';
import { lossOf } from './loss.ts';
import { type Exclusion, isOfSlots, type Objective, type SlotSli, type Window } from './objective.ts';
import { PathPackets } from './path-packets.ts';
import { piecesOf } from './pieces.ts';
import { ServiceSlots } from './slot-classes.ts';
import { SlotCounter, type SlotCounts } from './slot-counts.ts';
import type { SlotsFile } from './slots-reader.ts';
import { Cuts } from './spans.ts';
import { type Budget, budgetOf, type Reading, type Readings, type Verdict, verdictOf } from './verdict.ts';

export interface Question {
  readonly objective: Objective;
  readonly exclusions: readonly Exclusion[];
  readonly window: Window;
  /** The instant of burn rates; absent: they are not asked for. */
  readonly at?: number | undefined;
  readonly file: SlotsFile;
}

export interface Evaluation extends Readings {
  /** The low reading as if nothing that was lost further up had been of these paths: what is unknown of them alone. */
  readonly unshared: Reading;
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
  return isOfSlots(sli) ? evaluateSlots(question, sli) : evaluatePackets(question);
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
 *
 * What was lost further up and may have been a path's was offered to it and lost in `low`, to each path that it may
 * concern: a bound for each of them, not for all together.
 */
function evaluatePackets(question: Question): Evaluation {
  const { file, window, exclusions, objective } = question;
  const cuts = new Cuts(window, exclusions);
  const counter = new SlotCounter(window);
  const burn = question.at === undefined ? undefined : new Burn(question.at);
  const high = { total: 0n, bad: 0n };
  const low = { total: 0n, bad: 0n };
  const unshared = { total: 0n, bad: 0n };
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
    low.total += packets.total + packets.unproven;
    low.bad += packets.bad + packets.unproven;
    unshared.total += packets.total + packets.unknown;
    unshared.bad += packets.bad + packets.unknown;
    bounded &&= packets.bounded;
  }
  const rest = { slots: counter.counts(), unshared, bounded, burn, highLoss: undefined };
  return answer({ high, low }, objective, rest);
}

/**
 * Availability (MEF 10.4, sla research §C.5) and clean slots (§C.1), both Timeslices. `high` takes as bad what is proven to
 * be; `low` unknown and uncertain slots too, and what comes of it if all that was lost further up was of the paths that it
 * may concern: the worse of both for each slot, so every slot that is bad in `high` is bad in `low`.
 */
function evaluateSlots(question: Question, sli: SlotSli): Evaluation {
  const { file, window, exclusions, objective } = question;
  const cuts = new Cuts(window, exclusions);
  const counter = new SlotCounter(window);
  const burn = question.at === undefined ? undefined : new Burn(question.at);
  const service = new ServiceSlots(window.to - window.from);
  let worst: ServiceSlots | undefined;
  const highLoss = { hli: 0n, chli: 0n };
  for (const path of file.paths) {
    const slots =
      sli.sli === 'availability' ? new PathAvailability(sli, window) : new PathCleanSlots(sli.lossRatioMax, window);
    let worstSlots: typeof slots | undefined;
    counter.addPath();
    for (const piece of piecesOf(file, path, cuts, viewOf(question))) {
      const loss = lossOf(piece, sli);
      burn?.addSlots(piece, loss);
      counter.add(piece, loss === 'idle');
      // Nearly no path shares any loss: it costs nothing until one does.
      if (piece.shared > 0n) worstSlots ??= slots.fork();
      slots.add(piece, loss);
      worstSlots?.addWorst(piece, loss);
    }
    if (slots instanceof PathAvailability) {
      const { hli, chli } = slots.highLoss();
      highLoss.hli += hli;
      highLoss.chli += chli;
    }
    if (worstSlots !== undefined) worst ??= service.fork();
    worst?.add(slots.classes);
    if (worstSlots !== undefined) worst?.add(worstSlots.classes);
    service.add(slots.classes);
  }
  const { high, low: unshared } = service.readings();
  const low = worst === undefined ? unshared : worst.readings().low;
  const rest = { slots: counter.counts(), unshared, bounded: true, burn };
  return answer({ high, low }, objective, { ...rest, highLoss: sli.sli === 'availability' ? highLoss : undefined });
}

interface Rest {
  readonly slots: SlotCounts;
  readonly unshared: Reading;
  /** Whether `low` is a bound: something was seen of every path that has unknown slots. */
  readonly bounded: boolean;
  readonly burn: Burn | undefined;
  readonly highLoss: HighLoss | undefined;
}

function answer(readings: Readings, { sli, target }: Objective, rest: Rest): Evaluation {
  const { slots, unshared, bounded, burn, highLoss } = rest;
  return {
    ...readings,
    unshared,
    slots,
    highLoss,
    budget: budgetOf(readings, target),
    verdict: verdictOf(readings, target, { slots: slots.unknown, bounded }),
    burn: burn?.tiers(sli.sli, target) ?? [],
  };
}
