/** A receiver cannot hold its notifications back for longer. */
export const retryAfterMaxMs = 24 * 3_600_000;

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const month = `(${months.join('|')})`;
const time = '([0-2][0-9]):([0-5][0-9]):([0-6][0-9])';

/** The three forms of RFC 9110, section 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT` and the two of old. */
const httpDates = {
  fixed: new RegExp(`^[A-Z][a-z]{2}, ([0-9]{2}) ${month} ([0-9]{4}) ${time} GMT$`),
  rfc850: new RegExp(`^[A-Z][a-z]{5,8}, ([0-9]{2})-${month}-([0-9]{2}) ${time} GMT$`),
  asctime: new RegExp(`^[A-Z][a-z]{2} ${month} ([ 0-9][0-9]) ${time} ([0-9]{4})$`),
};

/** Reads Retry-After, seconds or a date, as milliseconds from now: 0 where the date has passed, null where it cannot be read. */
export function retryAfterMs(text: string | undefined, nowMs: number): number | null {
  if (text === undefined) return null;
  const trimmed = text.trim();
  if (/^[0-9]{1,15}$/.test(trimmed)) return Math.min(Number(trimmed) * 1000, retryAfterMaxMs);
  const atMs = httpDateMs(trimmed, nowMs);
  return atMs === null ? null : Math.min(Math.max(atMs - nowMs, 0), retryAfterMaxMs);
}

function httpDateMs(text: string, nowMs: number): number | null {
  const fixed = httpDates.fixed.exec(text);
  if (fixed !== null) {
    const [, day = '', name = '', year = '', hour = '', minute = '', second = ''] = fixed;
    return utcMs(Number(year), name, day, hour, minute, second);
  }
  const rfc850 = httpDates.rfc850.exec(text);
  if (rfc850 !== null) {
    const [, day = '', name = '', year = '', hour = '', minute = '', second = ''] = rfc850;
    return utcMs(fullYear(Number(year), nowMs), name, day, hour, minute, second);
  }
  const [, name = '', day = '', hour = '', minute = '', second = '', year] = httpDates.asctime.exec(text) ?? [];
  return year === undefined ? null : utcMs(Number(year), name, day, hour, minute, second);
}

/** Two digits that seem to be more than 50 years ahead are of the last century (RFC 9110). */
function fullYear(twoDigits: number, nowMs: number): number {
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + twoDigits;
  return year > thisYear + 50 ? year - 100 : year;
}

function utcMs(year: number, name: string, day: string, hour: string, minute: string, second: string): number {
  return Date.UTC(year, months.indexOf(name), Number(day), Number(hour), Number(minute), Number(second));
}
