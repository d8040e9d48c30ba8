import { FourninesError } from '../../core/runtime/error.ts';

/** Code points, both ends included. */
export type Range = readonly [from: number, to: number];

export type Syntax =
  | { readonly type: 'one'; readonly ranges: readonly Range[]; readonly isNegated: boolean }
  | { readonly type: 'sequence'; readonly parts: readonly Syntax[] }
  | { readonly type: 'choice'; readonly options: readonly Syntax[] }
  | { readonly type: 'times'; readonly part: Syntax; readonly least: number; readonly most: number | null }
  | { readonly type: 'start' }
  | { readonly type: 'end' };

const patternLengthMax = 512;
const timesMax = 100;
const depthMax = 20;
const codeOf = (text: string): number => text.codePointAt(0) ?? 0;
const digits: readonly Range[] = [[0x30, 0x39]];
const words: readonly Range[] = [...digits, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]];
const blanks: readonly Range[] = [
  [0x09, 0x0a],
  [0x0c, 0x0d],
  [0x20, 0x20],
];
const classes: Readonly<Record<string, readonly Range[]>> = { d: digits, w: words, s: blanks };
const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v' };

/**
 * The part of RE2's syntax that alerts are matched by: literals, `.`, `[a-z]`, `[^a-z]`, `\d \w \s` and their negations, `(
 * )`, `(?: )`, `|`, `* + ? {n,m}` (greedy or not), `^`, `$`. Anything else is refused by name, not read as something else.
 */
export function parsePattern(text: string): Syntax {
  if (text.length > patternLengthMax) throw refused(text, `is longer than ${patternLengthMax}`);
  const reader = new Reader(text);
  const syntax = choice(reader, 0);
  if (reader.peek() !== undefined) throw refused(text, 'has a ) without a (');
  return syntax;
}

export function refused(text: string, problem: string): FourninesError {
  return new FourninesError('FN_ALERT_ROUTES', `the pattern ${JSON.stringify(text.slice(0, 80))} ${problem}`);
}

class Reader {
  readonly text: string;
  readonly #points: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.text = text;
    this.#points = [...text];
  }

  peek(ahead = 0): string | undefined {
    return this.#points[this.#at + ahead];
  }

  next(what: string): string {
    const point = this.#points[this.#at++];
    if (point === undefined) throw refused(this.text, `ends before ${what}`);
    return point;
  }

  took(point: string): boolean {
    if (this.peek() !== point) return false;
    this.#at++;
    return true;
  }

  /** What a form of it matches behind the present place, taken as one. */
  tookForm(form: RegExp): RegExpExecArray | null {
    const found = form.exec(this.#points.slice(this.#at, this.#at + 16).join(''));
    if (found !== null) this.#at += found[0].length;
    return found;
  }
}

function choice(reader: Reader, depth: number): Syntax {
  if (depth > depthMax) throw refused(reader.text, `is nested deeper than ${depthMax}`);
  const options = [sequence(reader, depth)];
  while (reader.took('|')) options.push(sequence(reader, depth));
  return options.length === 1 && options[0] !== undefined ? options[0] : { type: 'choice', options };
}

function sequence(reader: Reader, depth: number): Syntax {
  const parts: Syntax[] = [];
  for (let point = reader.peek(); point !== undefined && point !== '|' && point !== ')'; point = reader.peek()) {
    parts.push(repeated(reader, atom(reader, depth)));
  }
  return { type: 'sequence', parts };
}

function repeated(reader: Reader, part: Syntax): Syntax {
  const times = timesOf(reader);
  if (times === null) return part;
  reader.took('?');
  if (timesOf(reader) !== null) throw refused(reader.text, 'repeats a repetition');
  return { type: 'times', part, ...times };
}

function timesOf(reader: Reader): { readonly least: number; readonly most: number | null } | null {
  if (reader.took('*')) return { least: 0, most: null };
  if (reader.took('+')) return { least: 1, most: null };
  if (reader.took('?')) return { least: 0, most: 1 };
  if (reader.peek() !== '{') return null;
  const found = reader.tookForm(/^\{(\d{1,4})(,(\d{0,4}))?\}/);
  if (found === null) throw refused(reader.text, 'has a { that is no repetition; write \\{');
  const least = Number(found[1]);
  const most = found[2] === undefined ? least : found[3] === '' ? null : Number(found[3]);
  if (least > timesMax || (most !== null && (most > timesMax || most < least))) {
    throw refused(reader.text, `repeats more than ${timesMax} times, or from more to less`);
  }
  return { least, most };
}

function atom(reader: Reader, depth: number): Syntax {
  const point = reader.next('anything');
  switch (point) {
    case '.':
      return { type: 'one', ranges: [[0x0a, 0x0a]], isNegated: true };
    case '^':
      return { type: 'start' };
    case '$':
      return { type: 'end' };
    case '[':
      return bracket(reader);
    case '(': {
      if (reader.peek() === '?' && reader.tookForm(/^\?:/) === null)
        throw refused(reader.text, 'has a (? that is not (?:');
      const inner = choice(reader, depth + 1);
      if (!reader.took(')')) throw refused(reader.text, 'has a ( without a )');
      return inner;
    }
    case '\\':
      return { type: 'one', ...escaped(reader) };
    case '*':
    case '+':
    case '?':
    case '{':
    case '}':
    case ']':
      throw refused(reader.text, `has a ${point} that repeats or closes nothing; write \\${point}`);
    default:
      return { type: 'one', ranges: [[codeOf(point), codeOf(point)]], isNegated: false };
  }
}

function escaped(reader: Reader): { readonly ranges: readonly Range[]; readonly isNegated: boolean } {
  const point = reader.next('what is escaped');
  const lower = point.toLowerCase();
  if (/^[dws]$/i.test(point)) return { ranges: classes[lower] ?? [], isNegated: point !== lower };
  const literal = escapes[point] ?? point;
  if (literal === point && /^[a-z0-9]$/i.test(point))
    throw refused(reader.text, `has \\${point}, which is not known here`);
  return { ranges: [[codeOf(literal), codeOf(literal)]], isNegated: false };
}

function bracket(reader: Reader): Syntax {
  const isNegated = reader.took('^');
  const ranges: Range[] = [];
  for (let isFirst = true; isFirst || reader.peek() !== ']'; isFirst = false) {
    if (reader.peek() === '[') throw refused(reader.text, 'has a [ in a class; write \\[');
    const low = bracketed(reader);
    if (low.length !== 1 || reader.peek() !== '-' || reader.peek(1) === ']') {
      ranges.push(...low);
      continue;
    }
    reader.next('-');
    const high = bracketed(reader);
    const [from, to] = [low[0]?.[0] ?? 0, high[0]?.[1] ?? 0];
    if (high.length !== 1 || low[0]?.[0] !== low[0]?.[1] || high[0]?.[0] !== to || to < from) {
      throw refused(reader.text, 'has a range in a class that is none');
    }
    ranges.push([from, to]);
  }
  reader.next(']');
  return { type: 'one', ranges, isNegated };
}

function bracketed(reader: Reader): readonly Range[] {
  const point = reader.next(']');
  if (point !== '\\') return [[codeOf(point), codeOf(point)]];
  const { ranges, isNegated } = escaped(reader);
  if (isNegated) throw refused(reader.text, 'has a negated class in a class');
  return ranges;
}
