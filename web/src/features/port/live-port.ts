import type { PortSeries } from '../../../../server/api/schema/ports.ts';
import { lineOf, stackDrops } from '../../charts/columns.ts';
import { regionsOf } from '../../charts/gaps.ts';
import type { ChartSource, Frame } from '../../charts/source.ts';
import { appendTick, growTo, type Track, trackOf } from '../../charts/track.ts';
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
}

export function createLivePort(series: PortSeries, moving: boolean): LivePort {
  const lengthSeconds = (Date.parse(series.window.to) - Date.parse(series.window.from)) / 1_000;
  const endSeconds = Date.parse(series.window.to) / 1_000;
  // The answer ends some seconds before the stream begins. What lies between was counted, only not told to this page:
  // it stays blank until the next answer, and is not called unknown.
  let firstStreamed: number | null = null;
  const untold = (slot: number) => firstStreamed !== null && slot >= endSeconds && slot < firstStreamed;
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
  };
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
