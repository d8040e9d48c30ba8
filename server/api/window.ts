import { RequestProblem } from './problem.ts';

/** A window of whole seconds, [from, to), unix seconds. */
export interface RequestedWindow {
  readonly from: number;
  readonly to: number;
}

/** Raw rows live seven days and minutes ninety; a longer window is a report's, not the page's. */
const windowSecondsMax = 31 * 86_400;
/** Slots are 32-bit unix seconds in the store: up to 2106. */
const secondMax = 0xffff_ffff;
const defaultWindowSeconds = 300;
/** A chart has about as many pixels; a series has at most so many steps. */
const stepsMax = 2000;
const steps = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 21_600, 86_400] as const;

/**
 * The window asked for, or the last five minutes before `defaultTo` (the watermark). Seconds are whole: a fraction is
 * refused, since slots cannot be split.
 */
export function requestedWindow(
  query: { readonly from?: string | undefined; readonly to?: string | undefined },
  defaultTo: number,
): RequestedWindow {
  const to = query.to === undefined ? defaultTo : wholeSecond(query.to, 'to');
  const from = query.from === undefined ? to - defaultWindowSeconds : wholeSecond(query.from, 'from');
  if (from < 0) throw new RequestProblem([{ where: 'querystring.from', problem: 'lies before 1970' }]);
  if (from >= to) throw new RequestProblem([{ where: 'querystring.from', problem: 'must be before to' }]);
  if (to - from > windowSecondsMax) {
    throw new RequestProblem([{ where: 'querystring.from', problem: 'makes a window of more than 31 days' }]);
  }
  return { from, to };
}

function wholeSecond(text: string, name: string): number {
  const ms = Date.parse(text);
  if (!Number.isFinite(ms) || ms % 1000 !== 0 || ms < 0 || ms > secondMax * 1000) {
    throw new RequestProblem([
      { where: `querystring.${name}`, problem: 'must be an instant on a whole second, as 2026-11-01T00:00:00Z' },
    ]);
  }
  return ms / 1000;
}

/** The step asked for, or the smallest that keeps a chart within its bound; the window is widened to whole steps. */
export function requestedStep(
  window: RequestedWindow,
  step: number | undefined,
): { window: RequestedWindow; step: number } {
  const seconds = window.to - window.from;
  const chosen = step ?? steps.find((candidate) => seconds / candidate <= 600) ?? 86_400;
  if (seconds / chosen > stepsMax) {
    throw new RequestProblem([{ where: 'querystring.step', problem: `gives more than ${stepsMax} steps` }]);
  }
  const from = Math.floor(window.from / chosen) * chosen;
  const to = Math.min(Math.ceil(window.to / chosen), Math.floor(secondMax / chosen)) * chosen;
  return { window: { from, to }, step: chosen };
}

export function iso(unixSeconds: number): string {
  return new Date(unixSeconds * 1000).toISOString().replace('.000Z', 'Z');
}
