import type { PortSeries } from '../../../../server/api/schema/ports.ts';
import { lineOf, stackDrops } from '../../charts/columns.ts';
import { regionsOf } from '../../charts/gaps.ts';
import type { ChartSource, Frame } from '../../charts/source.ts';
import { appendTick, fillFrom, growTo, type Track, trackOf } from '../../charts/track.ts';
import type { PortTick } from '../../live/live.ts';

/** A port's charts: what was asked for once, growing by ticks. Pure apart from being mutable. */
export interface LivePort {
  readonly directions: readonly {
    readonly direction: string;
    readonly packets: ChartSource;
    readonly drops: ChartSource;
  }[];
  /** `quiet`: nobody looks; call `show` later. */
  take(ticks: readonly PortTick[], quiet: boolean): void;
  /** Time has passed up to this slot whether ticks came or not. */
  pass(slot: number): void;
  show(): void;
  /** Slots that neither the answer nor the stream has told, although younger ones were: they can be asked for. */
  untold(): Hole | null;
  /** The answer for a hole: known values take the place of what is not known, and of nothing else. */
  fill(series: PortSeries, quiet: boolean): void;
}

/** Half open, unix seconds. */
export interface Hole {
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

/** The youngest slots of an answer may still have been on the road when it was given. */
const roadSeconds = 10;

export function createLivePort(series: PortSeries, moving: boolean): LivePort {
  const lengthSeconds = (Date.parse(series.window.to) - Date.parse(series.window.from)) / 1_000;
  const endSeconds = Date.parse(series.window.to) / 1_000;
  // The answer ends some seconds before the stream begins. What lies between was counted, only not told to this page:
  // it stays blank until it has been asked for, and is not called unknown.
  let firstStreamed: number | null = null;
  const untold = (slot: number) => firstStreamed !== null && slot >= endSeconds && slot < firstStreamed;
  const streamed = new Set<number>();
  const tracks = series.directions.map(({ direction }) => {
    const track = trackOf(series, direction);
    const listeners = new Set<() => void>();
    let frames = framesOf({ track, lengthSeconds, endSeconds, moving, untold });
    const subscribe = (listener: () => void) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    };
    return {
      track,
      packets: { read: () => frames.packets, subscribe },
      drops: { read: () => frames.drops, subscribe },
      redraw: () => {
        frames = framesOf({ track, lengthSeconds, endSeconds, moving, untold });
        for (const listener of listeners) listener();
      },
    };
  });
  const show = () => {
    for (const { redraw } of tracks) redraw();
  };
  return {
    directions: tracks.map(({ track, packets, drops }) => ({ direction: track.direction, packets, drops })),
    take: (ticks, quiet) => {
      const first = ticks[0];
      if (!moving || first === undefined) return;
      firstStreamed ??= first.slot;
      for (const { track } of tracks) for (const tick of ticks) appendTick(track, tick);
      for (const { slot, slots } of ticks) for (let i = 0; i < slots; i += 1) streamed.add(slot + i);
      if (!quiet) show();
    },
    pass: (slot) => {
      const late = tracks.filter(({ track }) => track.stepSeconds === 1 && (track.at.at(-1) ?? slot) < slot);
      if (!moving || late.length === 0) return;
      for (const { track, redraw } of late) {
        growTo(track, slot);
        redraw();
      }
    },
    show,
    untold: () => {
      if (!moving) return null;
      return holeOf(
        tracks.map(({ track }) => track),
        { streamed, afterSeconds: endSeconds - roadSeconds },
      );
    },
    fill: (answer, quiet) => {
      const learnt = tracks.filter(({ track }) => fillFrom(track, answer));
      if (quiet) return;
      for (const { redraw } of learnt) redraw();
    },
  };
}

/** From the first slot that nobody told to the last: both lie before the youngest that the stream brought. */
function holeOf(
  tracks: readonly Track[],
  { streamed, afterSeconds }: { readonly streamed: ReadonlySet<number>; readonly afterSeconds: number },
): Hole | null {
  const last = [...streamed].reduce((a, b) => Math.max(a, b), afterSeconds);
  const missing = tracks.flatMap(({ at, packets, bridges, stepSeconds }) =>
    at.filter(
      (slot, i) =>
        stepSeconds === 1 &&
        slot >= afterSeconds &&
        slot < last &&
        packets[i] === null &&
        !streamed.has(slot) &&
        !bridges.some(({ fromSeconds, toSeconds }) => fromSeconds <= slot && slot < toSeconds),
    ),
  );
  if (missing.length === 0) return null;
  return { fromSeconds: Math.min(...missing), toSeconds: Math.max(...missing) + 1 };
}

function framesOf(options: {
  readonly track: Track;
  readonly lengthSeconds: number;
  readonly endSeconds: number;
  readonly moving: boolean;
  readonly untold: (slot: number) => boolean;
}): { packets: Frame; drops: Frame } {
  const { track, lengthSeconds, endSeconds, moving, untold } = options;
  const { at, stepSeconds, packets, bridges } = track;
  const reached = (at.at(-1) ?? endSeconds) + stepSeconds;
  const toSeconds = moving ? Math.max(endSeconds, reached) : endSeconds;
  const fromSeconds = toSeconds - lengthSeconds;
  // A bridge stands in the future of nothing and the past of everything: it is cut to what is shown.
  const shown = bridges.filter((bridge) => bridge.toSeconds > fromSeconds && bridge.fromSeconds < toSeconds);
  const regions = regionsOf({
    at,
    stepSeconds,
    known: (i) => packets[i] !== null || untold(at[i] ?? 0),
    bridges: shown,
  });
  const base = { fromSeconds, toSeconds, stepSeconds, at: [...at], regions };
  return {
    packets: { ...base, lines: [lineOf('packets', [...packets], stepSeconds)] },
    drops: { ...base, lines: stackDrops(track) },
  };
}
