const formats = new Map<string, Intl.DateTimeFormat | null>();

/** An instant as the clocks of an IANA zone show it: `2026-11-01 00:00:00`. A zone that this browser does not know: UTC, said so. */
export function formatInZone(instant: string, zone: string): string {
  const at = Date.parse(instant);
  if (Number.isNaN(at)) return '—';
  const format = formatFor(zone);
  // Swedish dates are written as ISO 8601 writes them.
  return format === null ? `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC` : format.format(at);
}

/** A window in its own zone, without the seconds when they are all zero. */
export function formatWindow({ from, to, zone }: { from: string; to: string; zone: string }): string {
  const [start, end] = [formatInZone(from, zone), formatInZone(to, zone)];
  const short = start.endsWith(':00') && end.endsWith(':00');
  return short ? `${start.slice(0, -3)} – ${end.slice(0, -3)}` : `${start} – ${end}`;
}

function formatFor(zone: string): Intl.DateTimeFormat | null {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  let format: Intl.DateTimeFormat | null = null;
  try {
    format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
  } catch {
    // Names of zones come and go with releases of the browser.
  }
  formats.set(zone, format);
  return format;
}
