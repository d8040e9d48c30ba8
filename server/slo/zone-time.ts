import { daySeconds, daysInMonth, daysOf, type Six } from './instant.ts';

/** A wall clock's reading without a zone. */
export interface LocalTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  /** Seconds after midnight as the clock shows them. */
  readonly time: number;
}

/** The rules of one IANA zone, as the runtime has them. */
export class Zone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;

  /** Throws RangeError where there is no such zone. */
  constructor(name: string) {
    this.name = name;
    const fields = { year: 'numeric', month: '2-digit', day: '2-digit' } as const;
    const clock = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
    this.#format = new Intl.DateTimeFormat('en-US', { timeZone: name, calendar: 'gregory', ...fields, ...clock });
  }

  /** What the clock shows at an instant, unix seconds. */
  localOf(unix: number): LocalTime {
    const parts = new Map(this.#format.formatToParts(unix * 1000).map(({ type, value }) => [type, Number(value)]));
    const names = ['year', 'month', 'day', 'hour', 'minute', 'second'] as const;
    const [year, month, day, hour, minute, second] = names.map((name) => parts.get(name) ?? Number.NaN) as Six;
    return { year, month, day, time: hour * 3600 + minute * 60 + second };
  }

  /** Local less UTC, in seconds. */
  #offset(unix: number): number {
    const { year, month, day, time } = this.localOf(unix);
    return daysOf(year, month, day) * daySeconds + time - unix;
  }

  /**
   * Unix seconds of a local time. A time that the clock shows twice is its first showing; one that it leaps over is as
   * much later as the leap is long (midnight leapt over: the first instant of that day).
   */
  unixOf({ year, month, day, time }: LocalTime): number {
    const local = daysOf(year, month, day) * daySeconds + time;
    // No zone changes its clock twice within two days.
    const before = local - this.#offset(local - daySeconds);
    const after = local - this.#offset(local + daySeconds);
    const earlier = Math.min(before, after);
    if (earlier + this.#offset(earlier) === local) return earlier;
    const later = Math.max(before, after);
    return later + this.#offset(later) === local ? later : before;
  }
}

export function addDays(from: LocalTime, days: number): LocalTime {
  const date = new Date((daysOf(from.year, from.month, from.day) + days) * daySeconds * 1000);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    time: from.time,
  };
}

/** The same day of a later month, or that month's last day where it has no such day. */
export function addMonths(from: LocalTime, months: number): LocalTime {
  const count = from.year * 12 + (from.month - 1) + months;
  const year = Math.floor(count / 12);
  const month = count - year * 12 + 1;
  return { year, month, day: Math.min(from.day, daysInMonth(year, month)), time: from.time };
}
