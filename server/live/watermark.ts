import type { Fleet } from './fleet.ts';

/** A host of which nothing has come for a while. */
export interface SilentHost {
  readonly host: string;
  /** End of the last slot it told, unix seconds. */
  readonly since: number;
}

export interface Watermark {
  /**
   * Up to when rows are stored: before this instant (unix seconds) every slot of every host that is not silent can be in
   * a sum. Undefined when there is no such host.
   */
  readonly completeTo: number | undefined;
  /** Those that do not hold it back: their slots are missing, and come when they are back. Longest silent first. */
  readonly silent: readonly SilentHost[];
}

export interface WatermarkClock {
  readonly monoMs: number;
  readonly startedMonoMs: number;
  readonly staleAfterMs: number;
}

/**
 * The watermark of the hosts in the store and on the line, or of one of them. `storedTo` is the end of the newest slot that
 * the store has of each host, so that after a restart it is what the store says. A host is silent only when this process
 * has listened for as long as a host may say nothing.
 */
export function watermarkOf(
  fleet: Pick<Fleet, 'hosts'>,
  storedTo: ReadonlyMap<string, number>,
  { monoMs, startedMonoMs, staleAfterMs }: WatermarkClock,
  host: string | undefined,
): Watermark {
  const names = new Set([...fleet.hosts.keys(), ...storedTo.keys()].filter((name) => (host ?? name) === name));
  const ends: number[] = [];
  const silent: SilentHost[] = [];
  for (const name of names) {
    const live = fleet.hosts.get(name);
    const told = live?.lastTick === undefined ? undefined : live.lastTick.slot + 1;
    const stored = storedTo.get(name);
    if (monoMs - (live?.arrivedAtMs ?? startedMonoMs) > staleAfterMs) {
      silent.push({ host: name, since: told ?? stored ?? 0 });
      continue;
    }
    // Never past what is live: a clock that ran ahead for a while has left stored slots in the future.
    ends.push(Math.min(stored ?? 0, told ?? stored ?? 0));
  }
  const earliest = Math.min(...ends);
  return {
    completeTo: ends.length === 0 || earliest === 0 ? undefined : earliest,
    silent: silent.sort((a, b) => a.since - b.since || (a.host < b.host ? -1 : 1)),
  };
}

/** How far what is stored of a host lies behind what it has told, s of event time; undefined: nobody knows. */
export function lagSeconds(told: number | undefined, storedTo: number | undefined): number | undefined {
  return told === undefined || storedTo === undefined ? undefined : Math.max(0, told - storedTo);
}
