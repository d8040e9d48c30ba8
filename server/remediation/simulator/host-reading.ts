import type { HostReading, Move } from '../machine/host.ts';
import { unplaced } from './datapath.ts';
import type { Look, ShiftOf } from './policy.ts';
import { queueId } from './window.ts';

/** A simulated switch answers at once. */
const unixctlMs = 1;

/** The host as it is now: of a look that is over, its placement and thefts are still the present ones. */
export function hostReading({ spec, place, stolenPpm }: Look): HostReading {
  const queues = spec.queues.flatMap(({ numa, pin }, index) => {
    const pmd = place[index] ?? unplaced;
    const core = spec.pmds[pmd]?.core ?? null;
    return core === null
      ? []
      : [{ id: queueId(spec, index), numa, core, pin: pin === null ? null : ('operator' as const) }];
  });
  const pmds = spec.pmds.map(({ core, numa }, pmd) => ({ core, numa, runDelayPpm: stolenPpm[pmd] ?? null }));
  return { identity: 'simulated', queues, pmds, unixctlMs };
}

/** Moves by cores and ids, as places. */
export function shiftsOf({ spec }: Look, moves: readonly Move[]): readonly ShiftOf[] {
  const places = new Map(spec.pmds.map(({ core }, place) => [core, place]));
  const indexes = new Map(spec.queues.map((_queue, index) => [queueId(spec, index), index]));
  return moves.map(({ rxq, from, to }) => ({
    queue: indexes.get(rxq) ?? unplaced,
    from: places.get(from) ?? unplaced,
    to: places.get(to) ?? unplaced,
  }));
}

/** What brings every queue of a pre-image that is still there back to where it was. */
export function shiftsBack(look: Look, preImage: HostReading): readonly ShiftOf[] {
  const cores = new Map(hostReading(look).queues.map(({ id, core }) => [id, core]));
  const moves = preImage.queues.flatMap(({ id, core }) => {
    const now = cores.get(id);
    return core === null || now === undefined || now === null || now === core ? [] : [{ rxq: id, from: now, to: core }];
  });
  return shiftsOf(look, moves);
}
