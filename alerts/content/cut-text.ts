// Control characters (of lines, terminals and direction) and what Unicode calls a line break; tab and LF are ruled apart.
const controls = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** One line without control characters, so that no value can begin a line, a header or a direction of its own. */
export function oneLine(text: string): string {
  return text.toWellFormed().replaceAll(controls, ' ').replaceAll(/ {2,}/g, ' ').trim();
}

/** At most `max` UTF-16 units, never half a character, with an ellipsis where something is missing. */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = max - 1;
  const last = text.charCodeAt(end - 1);
  const splits = last >= 0xd800 && last <= 0xdbff;
  return `${text.slice(0, splits ? end - 1 : end)}…`;
}

/** How much more than what is shown is looked at: enough for what `oneLine` takes out, and no work for megabytes. */
const lookAhead = 8;

/** `oneLine`, of at most `max` UTF-16 units. */
export function lineOf(text: string, max: number): string {
  return cutText(oneLine(cutText(text, lookAhead * max)), max);
}
