import type { PortSeries } from '../../../server/api/schema/ports.ts';
import type { PortTick } from '../live/live.ts';
import type { Bridge } from './gaps.ts';

/**
 * One direction of a port over a window, stepped, growing at its young end from the stream: a ring, because its old
 * end is let go. Values are sums over a step; null: not known whole. Pure apart from being mutable.
 */
export interface Track {
  readonly direction: string;
  readonly stepSeconds: number;
  /** Steps kept. */
  readonly capacity: number;
  readonly at: number[];
  readonly packets: (bigint | null)[];
  readonly bytes: (bigint | null)[];
  readonly drops: (bigint | null)[];
  /** Per cause, as long as `at`. */
  readonly causes: Map<string, (bigint | null)[]>;
  readonly bridges: Bridge[];
  /** Stretches over which causes were told as sums and not second by second. */
  readonly toldWhole: readonly Stretch[];
}

/** Half open, unix seconds. */
export interface Stretch {
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

/** Not a loss, so never stacked with losses. */
const noLoss = 'filtered';

export function trackOf(series: PortSeries, direction: string): Track {
  const found = series.directions.find((item) => item.direction === direction);
  const steps = series.at.length;
  return {
    direction,
    stepSeconds: series.stepSeconds,
    capacity: Math.max(steps, 1),
    at: [...series.at],
    packets: bigints(found?.packets, steps),
    bytes: bigints(found?.bytes, steps),
    drops: bigints(found?.drops, steps),
    causes: new Map(
      (found?.causes ?? [])
        .filter(({ cause }) => cause !== noLoss)
        .map(({ cause, packets }) => [cause, bigints(packets, steps)]),
    ),
    bridges: (found?.bridged ?? []).map((gap) => ({
      fromSeconds: Date.parse(gap.from) / 1_000,
      toSeconds: Date.parse(gap.to) / 1_000,
      packets: BigInt(gap.packets),
      drops: BigInt(gap.drops),
    })),
    toldWhole: joined(
      (found?.causeIntervals ?? []).map(({ from, to }) => ({
        fromSeconds: Date.parse(from) / 1_000,
        toSeconds: Date.parse(to) / 1_000,
      })),
    ),
  };
}

/**
 * Takes what a tick says of this port. Only for steps of one second: a longer step is whole only when the server says
 * so. A slot that never came stays null between its neighbours; a slot that is there already is not doubled.
 */
export function appendTick(track: Track, tick: PortTick): void {
  if (track.stepSeconds !== 1 || tick.direction !== track.direction) return;
  const bridged = tick.state === 'bridged' && !tick.suspect && tick.packets !== null;
  if (bridged && !track.bridges.some(({ fromSeconds }) => fromSeconds === tick.slot)) {
    track.bridges.push({
      fromSeconds: tick.slot,
      toSeconds: tick.slot + tick.slots,
      packets: BigInt(tick.packets ?? '0'),
      drops: BigInt(tick.drops ?? '0'),
    });
  }
  growTo(track, tick.slot + tick.slots - 1);
  if (tick.state === 'observed' && !tick.suspect) set(track, tick);
  trim(track);
}

/**
 * Takes from a younger answer the steps that this track has and does not know, and nothing else: what the stream or an
 * earlier answer said stays. True when something was learnt.
 */
export function fillFrom(track: Track, series: PortSeries): boolean {
  const younger = trackOf(series, track.direction);
  if (younger.stepSeconds !== track.stepSeconds) return false;
  const indexOf = new Map(track.at.map((at, i) => [at, i]));
  let learnt = false;
  younger.at.forEach((at, i) => {
    const index = indexOf.get(at);
    const packets = younger.packets[i] ?? null;
    if (index === undefined || packets === null || track.packets[index] !== null) return;
    track.packets[index] = packets;
    track.bytes[index] = younger.bytes[i] ?? null;
    track.drops[index] = younger.drops[i] ?? null;
    for (const [cause, values] of younger.causes) causeOf(track, cause)[index] = values[i] ?? null;
    learnt = true;
  });
  return learnt;
}

/** Makes room up to a slot, all unknown: what happens when time passes and nothing comes. */
export function growTo(track: Track, slot: number): void {
  const last = track.at.at(-1);
  const first = last === undefined ? slot : Math.max(last + 1, slot - track.capacity + 1);
  for (let at = first; at <= slot; at += 1) {
    track.at.push(at);
    track.packets.push(null);
    track.bytes.push(null);
    track.drops.push(null);
    for (const values of track.causes.values()) values.push(null);
  }
}

function set(track: Track, tick: PortTick): void {
  const first = track.at[0];
  if (first === undefined || tick.slot < first) return;
  const index = track.at.lastIndexOf(tick.slot);
  if (index === -1) return;
  track.packets[index] = toBigint(tick.packets);
  track.bytes[index] = toBigint(tick.bytes);
  track.drops[index] = toBigint(tick.drops);
  for (const { cause, packets } of tick.causes) {
    if (cause === noLoss) continue;
    causeOf(track, cause)[index] = BigInt(packets);
  }
}

function causeOf(track: Track, cause: string): (bigint | null)[] {
  const kept = track.causes.get(cause);
  if (kept !== undefined) return kept;
  // A cause seen for the first time dropped nothing before, as far as the slots are known.
  const values = track.drops.map((drops) => (drops === null ? null : 0n));
  track.causes.set(cause, values);
  return values;
}

function trim(track: Track): void {
  const excess = track.at.length - track.capacity;
  if (excess <= 0) return;
  for (const values of [track.at, track.packets, track.bytes, track.drops, ...track.causes.values()]) {
    values.splice(0, excess);
  }
  const oldest = track.at[0] ?? 0;
  while (track.bridges[0] !== undefined && track.bridges[0].toSeconds <= oldest) track.bridges.shift();
}

function bigints(values: readonly (string | null)[] | undefined, steps: number): (bigint | null)[] {
  return Array.from({ length: steps }, (_, i) => toBigint(values?.[i] ?? null));
}

function toBigint(value: string | null): bigint | null {
  return value === null ? null : BigInt(value);
}

/** The same seconds in as few stretches as can be: a day of five-second intervals becomes one. */
function joined(stretches: readonly Stretch[]): Stretch[] {
  const found: Stretch[] = [];
  for (const stretch of [...stretches].sort((a, b) => a.fromSeconds - b.fromSeconds)) {
    const last = found.at(-1);
    if (last === undefined || stretch.fromSeconds > last.toSeconds) found.push(stretch);
    else if (stretch.toSeconds > last.toSeconds) found[found.length - 1] = { ...last, toSeconds: stretch.toSeconds };
  }
  return found;
}
