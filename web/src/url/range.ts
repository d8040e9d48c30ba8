/** Ranges of time as the URL and the range picker know them. Pure: `now` is an argument. */

export const presets = ['1m', '5m', '15m', '1h', '6h', '24h', '7d'] as const;
export type Preset = (typeof presets)[number];

export type Range =
  | { readonly kind: 'relative'; readonly last: Preset }
  | { readonly kind: 'absolute'; readonly fromSeconds: number; readonly toSeconds: number };

/** Half open, whole unix seconds. */
export interface TimeWindow {
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

export const defaultRange: Range = { kind: 'relative', last: '5m' };

/**
 * The youngest seconds are still on the road (tick, bus, ingest): a window that reached to now would call them
 * unknown on every look.
 */
const settleSeconds = 3;

const presetSeconds: Record<Preset, number> = {
  '1m': 60,
  '5m': 300,
  '15m': 900,
  '1h': 3_600,
  '6h': 21_600,
  '24h': 86_400,
  '7d': 604_800,
};
const shortestSeconds = 10;
const longestSeconds = 90 * 86_400;

export function isPreset(value: unknown): value is Preset {
  return presets.some((preset) => preset === value);
}

export function resolveRange(range: Range, nowMs: number): TimeWindow {
  if (range.kind === 'absolute') return { fromSeconds: range.fromSeconds, toSeconds: range.toSeconds };
  const toSeconds = Math.floor(nowMs / 1_000) - settleSeconds;
  return { fromSeconds: toSeconds - presetSeconds[range.last], toSeconds };
}

/** `[` and `]`: by half a window. Reaching the present again gives back the relative range, if the length is one. */
export function shiftRange(range: Range, direction: -1 | 1, nowMs: number): Range {
  const { fromSeconds, toSeconds } = resolveRange(range, nowMs);
  const lengthSeconds = toSeconds - fromSeconds;
  const by = Math.max(1, Math.floor(lengthSeconds / 2)) * direction;
  if (direction === 1 && range.kind === 'relative') return range;
  return settle(fromSeconds + by, toSeconds + by, nowMs);
}

/** `+` halves the window around its middle, `-` doubles it; a relative range stays one and steps through the presets. */
export function zoomRange(range: Range, direction: 'in' | 'out', nowMs: number): Range {
  if (range.kind === 'relative') {
    const index = presets.indexOf(range.last) + (direction === 'in' ? -1 : 1);
    return { kind: 'relative', last: presets[index] ?? range.last };
  }
  const lengthSeconds = range.toSeconds - range.fromSeconds;
  const wanted = direction === 'in' ? Math.floor(lengthSeconds / 2) : lengthSeconds * 2;
  const next = Math.min(longestSeconds, Math.max(shortestSeconds, wanted));
  const fromSeconds = Math.floor((range.fromSeconds + range.toSeconds - next) / 2);
  return settle(fromSeconds, fromSeconds + next, nowMs);
}

/** A piece of a chart that was drawn over, as a range. */
export function rangeOfSelection(fromSeconds: number, toSeconds: number): Range | null {
  const from = Math.floor(fromSeconds);
  const to = Math.ceil(toSeconds);
  if (!(to - from >= 2)) return null;
  const missing = Math.max(0, shortestSeconds - (to - from));
  return { kind: 'absolute', fromSeconds: from - Math.floor(missing / 2), toSeconds: to + Math.ceil(missing / 2) };
}

function settle(fromSeconds: number, toSeconds: number, nowMs: number): Range {
  const latest = Math.floor(nowMs / 1_000) - settleSeconds;
  const lengthSeconds = toSeconds - fromSeconds;
  // Time goes on between going back and coming forward again: close to the present is the present.
  if (toSeconds < latest - Math.floor(lengthSeconds / 10)) return { kind: 'absolute', fromSeconds, toSeconds };
  const last = presets.find((preset) => presetSeconds[preset] === lengthSeconds);
  if (last !== undefined) return { kind: 'relative', last };
  return { kind: 'absolute', fromSeconds: latest - lengthSeconds, toSeconds: latest };
}
