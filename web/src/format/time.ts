export type Zone = 'utc' | 'local';

const dayMs = 86_400_000;

/** `14:03:22`, on a day other than that of `nearMs` with the date before it. No zone: the page says it once. */
export function formatClock(atMs: number, zone: Zone, nearMs?: number): string {
  const { date, time } = partsOf(atMs, zone);
  return nearMs !== undefined && partsOf(nearMs, zone).date !== date ? `${date} ${time}` : time;
}

/** An instant of ns since 1970 with its milliseconds, cut. */
export function formatInstantNs(ns: string, zone: Zone): string {
  const ms = BigInt(ns) / 1_000_000n;
  return `${formatInstant(Number(ms), zone)}.${String(ms % 1_000n).padStart(3, '0')}`;
}

export function formatInstant(atMs: number, zone: Zone): string {
  const { date, time } = partsOf(atMs, zone);
  return `${date} ${time}`;
}

/** The label of an axis: as little as tells ticks `stepSeconds` apart from each other. */
export function formatTick(atSeconds: number, stepSeconds: number, zone: Zone): string {
  const { date, time } = partsOf(atSeconds * 1_000, zone);
  if (stepSeconds * 1_000 >= dayMs) return date.slice(5);
  if (time === '00:00:00') return date.slice(5);
  return stepSeconds % 60 === 0 ? time.slice(0, 5) : time;
}

export function zoneName(zone: Zone): string {
  return zone === 'utc' ? 'UTC' : 'local time';
}

function partsOf(atMs: number, zone: Zone): { date: string; time: string } {
  const at = new Date(atMs);
  if (Number.isNaN(at.getTime())) return { date: '—', time: '—' };
  // Shifted by the offset of that very instant, so that local time is right on both sides of a change of the clocks.
  const shown = zone === 'utc' ? at : new Date(atMs - at.getTimezoneOffset() * 60_000);
  const iso = shown.toISOString();
  return { date: iso.slice(0, 10), time: iso.slice(11, 19) };
}
