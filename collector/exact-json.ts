import { FourninesError } from '../core/runtime/error.ts';
import type { ErrorCode } from '../core/runtime/error-catalogue.ts';

export interface JsonBounds {
  /** Longest text, in UTF-16 units. */
  readonly charactersMax: number;
  /** Deepest nesting of objects and arrays. */
  readonly depthMax: number;
}

const defaultBounds: JsonBounds = { charactersMax: 16 * 1024 * 1024, depthMax: 64 };

/** A number of up to 15 digits is exact as a double, so a text without a longer run of digits needs no second look. */
const longDigits = /\d{16}/;
const integerText = /^-?\d+$/;

/**
 * Parses JSON so that no integer loses a digit: integers within ±(2^53 - 1) are numbers, all others are bigints.
 * Numbers written with a fraction or an exponent are doubles, as everywhere. `exactInteger` makes one type of both.
 * Throws a FourninesError of `code` for text that is no JSON, too long or too deep.
 */
export function parseExactJson(text: string, code: ErrorCode, bounds: JsonBounds = defaultBounds): unknown {
  if (text.length > bounds.charactersMax) {
    throw new FourninesError(code, 'the JSON text is longer than it may be', {
      context: { characters: text.length, charactersMax: bounds.charactersMax },
    });
  }
  if (isDeeperThan(text, bounds.depthMax)) {
    throw new FourninesError(code, 'the JSON text is nested deeper than it may be', {
      context: { depthMax: bounds.depthMax },
    });
  }
  try {
    return longDigits.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
  } catch (error) {
    throw new FourninesError(code, 'the text is not JSON', { cause: error, context: { characters: text.length } });
  }
}

/** A value of `parseExactJson` as bigint; undefined when it is no integer. */
export function exactInteger(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  return Number.isSafeInteger(value) ? BigInt(value as number) : undefined;
}

// The third argument (the text of the number, ECMAScript "JSON.parse source text access") is newer than the types.
function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? '';
  return integerText.test(source) ? BigInt(source) : value;
}

const quote = 0x22;
const backslash = 0x5c;

/** Long strings, which make up most of a reply, are passed over by native searches. */
function isDeeperThan(text: string, depthMax: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === quote) {
      at = endOfString(text, at);
    } else if (character === 0x7b || character === 0x5b) {
      if (++depth > depthMax) return true;
    } else if (character === 0x7d || character === 0x5d) {
      depth--;
    }
  }
  return false;
}

/** Where the string that opens at `start` has its closing quote; the end of the text when it has none. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1) {
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === backslash) escapes++;
    if (escapes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

/** JSON text of what was parsed here, for people: 64-bit integers as digits. */
export function exactText(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
}
