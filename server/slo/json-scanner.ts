import { daySeconds, daysOf, isDate } from './instant.ts';

/** What is wrong at one key of a line; who reads the file knows the line. */
export class LineMistake extends Error {
  readonly key: string;
  readonly hint: string | undefined;

  constructor(key: string, what: string, hint?: string) {
    super(what);
    this.key = key;
    this.hint = hint;
  }
}

const quote = 0x22;
const colon = 0x3a;
const backslash = 0x5c;
const zero = 0x30;
/** No byte: also a NUL is one, and has no place in a line. */
export const lineEnd = -1;
const textBytesMax = 512;
const textsKept = 1024;
const usualForm = '0000-00-00T00:00:00Z';
const u64Max = 2n ** 64n - 1n;
/** A comma, closing brackets, spaces. */
const behindNumbers = new Set([lineEnd, 0x2c, 0x7d, 0x5d, 0x20, 0x09, 0x0d]);

/**
 * Reads the JSON of one line from its bytes, value by value as the caller expects them. Slower ways (JSON.parse) take
 * the last of two equal keys, and round numbers: neither is good enough for evidence.
 */
export class JsonScanner {
  /** The key whose value is being read; for messages. */
  key = '';
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;
  /** The day of the last instant, and its first second. */
  #date = 0;
  #dateSecond = 0;
  /** Texts come again and again: keys, ports, causes. */
  readonly #texts: (string | undefined)[] = new Array(textsKept);

  /** `words` that will come often: they are then these very strings, which compare faster than equal ones. */
  constructor(words: readonly string[]) {
    for (const word of words) {
      let hash = 0;
      for (let i = 0; i < word.length; i++) hash = hashOf(hash, word.charCodeAt(i));
      this.#texts[hash & (textsKept - 1)] = word;
    }
  }

  begin(bytes: Uint8Array, from: number, to: number): void {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = to;
    this.key = '';
  }

  fail(what: string, hint?: string): never {
    throw new LineMistake(this.key, what, hint);
  }

  /** The next byte that is no space, without taking it; `lineEnd` at the end. */
  peek(): number {
    for (;;) {
      if (this.#at >= this.#end) return lineEnd;
      const byte = this.#bytes[this.#at] as number;
      if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return byte;
      this.#at++;
    }
  }

  /** Takes one character where it is the next. */
  takes(character: string): boolean {
    if (this.peek() !== character.charCodeAt(0)) return false;
    this.#at++;
    return true;
  }

  expect(character: string, what: string): void {
    if (!this.takes(character)) this.fail(`${what}, not ${this.#shown()}`);
  }

  /** After a member: true when another follows, false at the closing character. */
  another(closing: string): boolean {
    if (this.takes(',')) return true;
    if (this.takes(closing)) return false;
    return this.fail(`"," or "${closing}" belongs here, not ${this.#shown()}`, 'Each line is one whole JSON object.');
  }

  finish(): void {
    if (this.peek() !== lineEnd) this.fail(`the object has ended, but ${this.#shown()} follows`);
  }

  /** A key and the colon behind it; cheaper where it is the one that is expected. */
  memberKey(expected: string | undefined): string {
    if (expected !== undefined && this.peek() === quote) {
      const from = this.#at + 1;
      const to = from + expected.length;
      if (this.#bytes[to] === quote && this.#bytes[to + 1] === colon && this.#equals(expected, from, to)) {
        this.#at = to + 2;
        return expected;
      }
    }
    const key = this.text();
    const before = this.key;
    this.key = key;
    this.expect(':', 'a ":" belongs behind the key');
    this.key = before;
    return key;
  }

  text(): string {
    if (this.peek() !== quote) this.fail(`must be a text in quotes, not ${this.#shown()}`);
    const bytes = this.#bytes;
    const from = this.#at + 1;
    let hash = 0;
    let at = from;
    for (; at < this.#end; at++) {
      const byte = bytes[at] as number;
      if (byte === quote) break;
      if (byte === backslash || byte < 0x20 || byte >= 0x80) return this.#hardText(from);
      hash = hashOf(hash, byte);
    }
    if (at >= this.#end) this.fail('the text has no closing quote');
    this.#at = at + 1;
    const known = this.#texts[hash & (textsKept - 1)];
    if (known !== undefined && this.#equals(known, from, at)) return known;
    if (at - from > textBytesMax) this.fail(`the text is longer than ${textBytesMax} bytes`);
    let text = '';
    for (let i = from; i < at; i++) text += String.fromCharCode(bytes[i] as number);
    this.#texts[hash & (textsKept - 1)] = text;
    return text;
  }

  #equals(text: string, from: number, to: number): boolean {
    if (text.length !== to - from) return false;
    for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== this.#bytes[from + i]) return false;
    return true;
  }

  /** With escapes, or beyond ASCII. */
  #hardText(from: number): string {
    let at = from;
    while (at < this.#end && this.#bytes[at] !== quote) at += this.#bytes[at] === backslash ? 2 : 1;
    if (at >= this.#end) this.fail('the text has no closing quote');
    if (at - from > textBytesMax) this.fail(`the text is longer than ${textBytesMax} bytes`);
    this.#at = at + 1;
    let parsed: unknown;
    try {
      parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(this.#bytes.subarray(from - 1, at + 1)));
    } catch {
      this.fail('the text is not JSON in UTF-8');
    }
    return parsed as string;
  }

  /**
   * Unix seconds of an instant in its usual form, 2026-11-01T00:00:00Z; undefined, and nothing taken, where it is another
   * text. Every row has one, and no two are alike: reading them as texts is half of the work.
   */
  usualInstant(): number | undefined {
    if (this.peek() !== quote || this.#bytes[this.#at + 21] !== quote || this.#at + 22 > this.#end) return undefined;
    const from = this.#at + 1;
    for (let i = 0; i < 20; i++) {
      const byte = this.#bytes[from + i] as number;
      const wanted = usualForm.charCodeAt(i);
      if (wanted === zero ? byte < zero || byte > zero + 9 : byte !== wanted) return undefined;
    }
    const year = this.#two(from) * 100 + this.#two(from + 2);
    const [month, day] = [this.#two(from + 5), this.#two(from + 8)];
    const date = (year * 100 + month) * 100 + day;
    if (date !== this.#date) {
      if (year < 1970 || year > 2105 || !isDate(year, month, day)) return undefined;
      this.#date = date;
      this.#dateSecond = daysOf(year, month, day) * daySeconds;
    }
    const [hour, minute, second] = [this.#two(from + 11), this.#two(from + 14), this.#two(from + 17)];
    if (hour > 23 || minute > 59 || second > 59) return undefined;
    this.#at = from + 21;
    return this.#dateSecond + hour * 3600 + minute * 60 + second;
  }

  #two(at: number): number {
    return ((this.#bytes[at] as number) - zero) * 10 + (this.#bytes[at + 1] as number) - zero;
  }

  /** An integer from 0 to 2^64 - 1 in quotes. */
  packets(): bigint {
    const bytes = this.#bytes;
    if (this.peek() !== quote) this.#failPackets();
    const from = this.#at + 1;
    let value = 0;
    let at = from;
    for (; at < this.#end; at++) {
      const digit = (bytes[at] as number) - zero;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const digits = at - from;
    if (bytes[at] !== quote || digits === 0 || digits > 20 || (digits > 1 && bytes[from] === zero)) this.#failPackets();
    // Up to 15 digits a number is exact.
    const whole = digits <= 15 ? BigInt(value) : this.#large(from, at);
    if (whole > u64Max)
      this.fail(`${whole} is more than 2^64 - 1`, 'No 64-bit counter goes further: look at what wrote it.');
    this.#at = at + 1;
    return whole;
  }

  #large(from: number, to: number): bigint {
    let text = '';
    for (let i = from; i < to; i++) text += String.fromCharCode(this.#bytes[i] as number);
    return BigInt(text);
  }

  #failPackets(): never {
    const hint = 'Write counts as texts, such as "12000": beyond 2^53 JSON numbers are not exact everywhere.';
    return this.fail(`must be an integer from 0 to 2^64 - 1 in quotes, not ${this.#shown()}`, hint);
  }

  /** A plain integer from `min` to `max`, at most 2^32 - 1. */
  count(min: number, max: number): number {
    this.peek();
    const from = this.#at;
    let value = 0;
    let at = from;
    for (; at < this.#end && at - from < 11; at++) {
      const digit = (this.#bytes[at] as number) - zero;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const next = at < this.#end ? (this.#bytes[at] as number) : lineEnd;
    const plain = at > from && behindNumbers.has(next) && !(at - from > 1 && this.#bytes[from] === zero);
    if (!plain || value < min || value > max) {
      this.fail(`must be an integer from ${min} to ${max} without quotes, not ${this.#shown()}`);
    }
    this.#at = at;
    return value;
  }

  truth(): boolean {
    this.peek();
    for (const word of ['true', 'false']) {
      if (this.#equals(word, this.#at, Math.min(this.#end, this.#at + word.length))) {
        this.#at += word.length;
        return word === 'true';
      }
    }
    return this.fail(`must be true or false, not ${this.#shown()}`);
  }

  /** What stands here, short enough for a message. */
  #shown(): string {
    if (this.peek() === lineEnd) return 'the end of the line';
    const bytes = this.#bytes.subarray(this.#at, Math.min(this.#end, this.#at + 24));
    // A byte order mark is shown, too.
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
    const token = /^(?:"[^"]*"?|[^,\]}\s]+|.)/.exec(text)?.[0] ?? text;
    return this.#at + token.length < this.#end && token.length >= 24 ? `${token}…` : token;
  }
}

function hashOf(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0;
}
