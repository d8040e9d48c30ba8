import type { Instant } from '../../../core/runtime/clock.ts';
import { type ReadTime, slotNs } from '../../slot.ts';
import type { OvsdbUpdate } from './ovsdb.ts';

/** The daemon writes statistics every 5 s, or less often where it is told to (other_config:stats-update-interval, ms). */
const refreshSecondsMin = 5;

/** A reading of every port's statistics, as they stood at `time`. */
export interface ToldStatistics {
  readonly time: ReadTime;
  /** By uuid of the interface. */
  readonly statistics: ReadonlyMap<string, ReadonlyMap<string, bigint>>;
  /** Refreshes seen in this run. */
  readonly count: bigint;
}

type Statistics = ToldStatistics['statistics'];

/**
 * Follows the statistics that the daemon writes into the database, and moves on only when a tick was kept.
 *
 * What stands there on connecting, or when the daemon has just started, is of no known time, or of another life: only a
 * refresh that arrives is a reading. It names those that changed; the others were read at the same moment, unchanged.
 * Where nothing changes nothing arrives: a silence of two refreshes, up to the last sign of life of the database, says
 * that all stood as they are now before it.
 */
export class StatisticsFollower {
  #latest: Statistics | undefined;
  #arrived: ToldStatistics | undefined;
  #kept: ToldStatistics | undefined;
  #offered: ToldStatistics | undefined;
  /** The last sign of life of the database. */
  #heard: Instant | undefined;
  /** Since when every change would have been heard; boot clock, ns. */
  #hearingSinceNs: bigint | undefined;
  #refreshSeconds = refreshSecondsMin;
  #count = 0n;

  take(update: OvsdbUpdate): void {
    const { interfaces, root } = update.snapshot;
    const configuredMs = root?.otherConfig.get('stats-update-interval') ?? '';
    const configured = /^\d{1,9}$/.test(configuredMs) ? Math.ceil(Number(configuredMs) / 1000) : 0;
    this.#refreshSeconds = Math.max(refreshSecondsMin, configured);
    // A port that the daemon has not written of yet has no statistics, whatever arrives of the others.
    const written = [...interfaces.values()].filter(({ statistics }) => statistics.size > 0);
    this.#latest = new Map(written.map(({ uuid, statistics }) => [uuid, statistics]));
    if (update.isResync) this.#hearingSinceNs = update.at.monoNs;
    else if (update.statistics.size > 0) this.#arrive(this.#latest, timeOf(update.at));
  }

  /** The database lives: whatever it had to tell before, it has told. */
  hear(at: Instant): void {
    this.#heard = at;
  }

  /** The database is away: silence says nothing. */
  loseHearing(): void {
    this.#hearingSinceNs = undefined;
  }

  /** Another daemon: what stands in the database is not of its life until it has refreshed it. */
  forget(now: Instant): void {
    this.#arrived = undefined;
    this.#kept = undefined;
    this.#offered = undefined;
    if (this.#hearingSinceNs !== undefined) this.#hearingSinceNs = now.monoNs;
  }

  /** The reading before, as last kept. */
  get previous(): ToldStatistics | undefined {
    return this.#kept;
  }

  /** What to write in this tick; undefined: nothing new. `time` is that of an answer of the daemon in this same tick. */
  next(time: ReadTime): ToldStatistics | undefined {
    const silent = silentUntil(time, this.#heard, 2 * this.#refreshSeconds);
    const after = this.#kept?.time.boundary ?? Number.NEGATIVE_INFINITY;
    const news = this.#arrived !== undefined && this.#arrived.time.boundary > after;
    const heard =
      silent !== undefined &&
      this.#hearingSinceNs !== undefined &&
      silent.monoNs - this.#hearingSinceNs >= BigInt(this.#refreshSeconds) * slotNs;
    if (!news && heard && this.#latest !== undefined && silent.boundary - after >= this.#refreshSeconds)
      this.#arrive(this.#latest, silent);
    const arrived = this.#arrived;
    this.#offered = arrived !== undefined && arrived.time.boundary > after ? arrived : undefined;
    return this.#offered;
  }

  kept(): void {
    if (this.#offered !== undefined) this.#kept = this.#offered;
    this.#offered = undefined;
  }

  #arrive(statistics: Statistics, time: ReadTime): void {
    this.#count++;
    this.#arrived = { time, statistics, count: this.#count };
  }
}

/** Rows carry no time: a refresh was read just before it arrived. Its slot ends at the nearest second. */
function timeOf({ wallNs, monoNs }: Instant): ReadTime {
  return { boundary: Number((wallNs + slotNs / 2n) / slotNs), wallNs, monoNs, readSpanNs: 0n };
}

/** The whole second so many seconds before the earlier of two signs of life. */
function silentUntil(time: ReadTime, heard: Instant | undefined, seconds: number): ReadTime | undefined {
  if (heard === undefined) return undefined;
  const { wallNs, monoNs } = heard.monoNs < time.monoNs ? heard : time;
  const boundary = Number(wallNs / slotNs) - seconds;
  const backNs = wallNs - BigInt(boundary) * slotNs;
  return { boundary, wallNs: BigInt(boundary) * slotNs, monoNs: monoNs - backNs, readSpanNs: 0n };
}
