export const daySeconds = 86_400;
/** Slots are unix seconds in 32 bits: up to 2106-02-07T06:28:15Z. */
export const lastSecond = 0xffff_ffff;

/** Days from 1970-01-01 to a day of the Gregorian calendar. Years begin in March here, so that leap days come last. */
export function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return (
    era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}

export function daysInMonth(year: number, month: number): number {
  return month === 12 ? 31 : daysOf(year, month + 1, 1) - daysOf(year, month, 1);
}

export function isDate(year: number, month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
}

export interface Instant {
  /** Unix seconds, rounded down. */
  readonly second: number;
  /** False: some part of a second comes on top. */
  readonly whole: boolean;
}

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z$/;

/** An RFC 3339 instant in UTC, from 1970 to 2106; undefined: it is none. A leap second has no slot of its own. */
export function parseInstant(text: string): Instant | undefined {
  const match = rfc3339.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as Six;
  if (!isDate(year, month, day) || hour > 23 || minute > 59 || second > 59) return undefined;
  const unix = daysOf(year, month, day) * daySeconds + hour * 3600 + minute * 60 + second;
  return unix < 0 || unix > lastSecond ? undefined : { second: unix, whole: /^0*$/.test(match[7] ?? '') };
}

export type Six = [number, number, number, number, number, number];

export function isoOf(unixSeconds: number): string {
  return new Date(unixSeconds * 1000).toISOString().replace('.000Z', 'Z');
}
