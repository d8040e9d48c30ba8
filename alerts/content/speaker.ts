import { lineOf } from './cut-text.ts';
import { parseTemplate, renderTemplate, type Template, type TemplateScope } from './template.ts';
import { type CountedKey, languages, type SentenceKey, type Words } from './words.ts';

/** Says things in one language and one time zone. */
export interface Speaker {
  /** Of the words, which may be another than the one asked for. */
  readonly language: string;
  readonly zone: string;
  /** A zone that was asked for and is not known; times are in UTC then. */
  readonly unknownZone: string | undefined;
  say(key: Exclude<SentenceKey, BuiltinKey>, values?: Values): string;
  /** The built-in templates, unfilled. */
  builtin(part: 'title' | 'text'): string;
  /** As `say`, in the form that the language has for this many. `{count}` is the number. */
  count(key: CountedKey, count: bigint, values?: Values): string;
  /** Exact, with the language's separators; text that is no integer stays as it is. */
  integer(text: string | bigint): string;
  /** An instant of unix seconds, to the second, with its zone. */
  time(seconds: number): string;
  list(items: readonly string[]): string;
}

export type Values = Readonly<Record<string, string>>;

type BuiltinKey = 'builtin.title' | 'builtin.text';

const fallback = 'en';
/** More than any sentence with values that have been cut before. */
const sentenceLengthMax = 16_384;
/** The largest instant that Date can hold, in seconds. */
const secondsMax = 8.64e12;

/** Making one costs a thousand times what it says; there are as many as tenants have zones and languages. */
const speakers = new Map<string, Speaker>();
const speakersMax = 512;

/** The speaker of a receiver. Nothing that is asked for keeps it from speaking: English and UTC are always there. */
export function speakerFor(language: string, zone: string): Speaker {
  const key = JSON.stringify([language, zone]);
  let speaker = speakers.get(key);
  if (speaker === undefined) {
    speaker = newSpeaker(language, zone, languages);
    if (speakers.size >= speakersMax) speakers.clear();
    speakers.set(key, speaker);
  }
  return speaker;
}

/** As `speakerFor`, with words of another table. */
export function newSpeaker(language: string, zone: string, table: Readonly<Record<string, Words>>): Speaker {
  const tag = knownTag(language, table);
  const words = table[tag] ?? table[fallback];
  if (words === undefined) throw new RangeError('a table of words has English in it');
  const times = timeFormat(tag, zone);
  const numbers = new Intl.NumberFormat(tag, { useGrouping: true, maximumFractionDigits: 0 });
  const plurals = new Intl.PluralRules(tag);
  const lists = new Intl.ListFormat(tag, { type: 'unit', style: 'long' });
  const integer = (text: string | bigint): string => {
    if (typeof text === 'bigint') return numbers.format(text);
    return /^-?\d{1,40}$/.test(text) ? numbers.format(BigInt(text)) : lineOf(text, 40);
  };
  return {
    language: tag,
    zone: times === undefined ? 'UTC' : zone,
    unknownZone: times === undefined ? lineOf(zone, 60) : undefined,
    say: (key, values = {}) => fill(words.sentences[key], values),
    builtin: (part) => words.sentences[`builtin.${part}`],
    count(key, count, values = {}) {
      const forms = words.counted[key];
      const form = forms[plurals.select(pluralOperand(count))] ?? forms.other;
      return fill(form, { ...values, count: integer(count) });
    },
    integer,
    time(seconds) {
      if (!(Math.abs(seconds) <= secondsMax)) return words.sentences.unknown;
      return (times ?? utcFormat(tag)).format(new Date(seconds * 1000));
    },
    list: (items) => lists.format(items),
  };
}

/** The tag itself, its language alone, or English. */
function knownTag(language: string, table: Readonly<Record<string, Words>>): string {
  const tags = Object.keys(table);
  const wanted = [language, language.split('-')[0] ?? ''].map((tag) => tag.toLowerCase());
  for (const want of wanted) {
    const tag = tags.find((each) => each.toLowerCase() === want);
    if (tag !== undefined) return tag;
  }
  return fallback;
}

const timeParts = {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
  timeZoneName: 'short',
} as const;

function utcFormat(tag: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(tag, { ...timeParts, timeZone: 'UTC' });
}

function timeFormat(tag: string, zone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat(tag, { ...timeParts, timeZone: zone });
  } catch {
    // A zone that this machine does not know must not keep an alert from being told.
    return undefined;
  }
}

/** Which form a number takes hangs on its last digits and on whether it is small: a million is as good as its multiples. */
function pluralOperand(count: bigint): number {
  const size = count < 0n ? -count : count;
  const cycle = 1_000_000n;
  return Number(size < cycle ? size : cycle + (size % cycle));
}

const parsed = new Map<string, Template>();

function fill(pattern: string, values: Values): string {
  let template = parsed.get(pattern);
  if (template === undefined) {
    template = parseTemplate(pattern);
    // Patterns come from the tables of words alone, so there are as many as these have.
    parsed.set(pattern, template);
  }
  return renderTemplate(template, scopeOf(values), sentenceLengthMax);
}

function scopeOf(values: Values): TemplateScope {
  return {
    value: (name) => {
      const text = Object.hasOwn(values, name) ? values[name] : undefined;
      return text === undefined ? undefined : { text, isKnown: true };
    },
    list: () => undefined,
  };
}
