import { describe, expect, test } from 'vitest';
import { cutText, oneLine } from '../../../../alerts/content/cut-text.ts';
import { newSpeaker, speakerFor } from '../../../../alerts/content/speaker.ts';
import { languages, type Words } from '../../../../alerts/content/words.ts';
import { at } from '../telling.ts';

const names = (pattern: string): string[] =>
  [...new Set([...pattern.matchAll(/\{[?!#]?([a-z_.]+)\}/g)].map(([, name = '']) => name))].sort();

describe('every language has the words of the English one', () => {
  const english = languages['en'] as Words;
  test.each(Object.keys(languages))('%s', (tag) => {
    const words = languages[tag] as Words;
    expect(Object.keys(words.sentences).sort()).toEqual(Object.keys(english.sentences).sort());
    expect(Object.keys(words.counted).sort()).toEqual(Object.keys(english.counted).sort());
    for (const [key, pattern] of Object.entries(words.sentences)) {
      expect([key, names(pattern)]).toEqual([key, names(english.sentences[key as keyof Words['sentences']])]);
    }
    for (const [key, forms] of Object.entries(words.counted)) {
      const rule = new Intl.PluralRules(tag).resolvedOptions().pluralCategories;
      expect(Object.keys(forms).sort()).toEqual([...rule].sort());
      const wanted = names(english.counted[key as keyof Words['counted']].other);
      for (const pattern of Object.values(forms)) expect([key, names(pattern)]).toEqual([key, wanted]);
    }
    expect(() => new Intl.Locale(tag)).not.toThrow();
  });
});

describe('numbers', () => {
  const speaker = speakerFor('en', 'UTC');
  test.each([
    ['0', '0'],
    ['1234567', '1,234,567'],
    ['-12345', '-12,345'],
    ['9007199254740993', '9,007,199,254,740,993'],
    ['340282366920938463463374607431768211457', '340,282,366,920,938,463,463,374,607,431,768,211,457'],
    ['not a number', 'not a number'],
    ['1e9', '1e9'],
  ])('%s is exact: %s', (text, shown) => expect(speaker.integer(text)).toBe(shown));

  test.each([
    [0n, '0 packets'],
    [1n, '1 packet'],
    [2n, '2 packets'],
    [18_446_744_073_709_551_615n, '18,446,744,073,709,551,615 packets'],
    [1_000_001n, '1,000,001 packets'],
  ])('%d', (count, shown) => expect(speaker.count('packets', count)).toBe(shown));

  test('a language with more forms has them by the last digits, of numbers beyond 2^53 too', () => {
    const packets = { one: 'one {count}', few: 'few {count}', many: 'many {count}', other: 'other {count}' };
    const english = languages['en'] as Words;
    const table = { en: english, ru: { ...english, counted: { ...english.counted, packets } } };
    const russian = newSpeaker('ru-RU', 'UTC', table);
    const form = (count: bigint): string => russian.count('packets', count).split(' ')[0] ?? '';
    expect([1n, 2n, 5n, 21n, 111n].map(form)).toEqual(['one', 'few', 'many', 'one', 'many']);
    expect([9_007_199_254_740_991n, 9_007_199_254_740_992n, 9_007_199_254_740_995n].map(form)).toEqual([
      'one',
      'few',
      'many',
    ]);
  });
});

describe('times are in the zone of the tenant', () => {
  test.each([
    ['UTC', 'Nov 27, 2026, 20:14:03 UTC'],
    ['Europe/Berlin', 'Nov 27, 2026, 21:14:03 GMT+1'],
    ['Asia/Ho_Chi_Minh', 'Nov 28, 2026, 03:14:03 GMT+7'],
    ['Asia/Kathmandu', 'Nov 28, 2026, 01:59:03 GMT+5:45'],
  ])('%s', (zone, shown) => expect(speakerFor('en', zone).time(at)).toBe(shown));

  test('the hour that comes twice in autumn is told apart by its zone', () => {
    const { time } = speakerFor('en', 'Europe/Berlin');
    const last = Date.UTC(2026, 9, 25, 0, 30) / 1000;
    expect([time(last), time(last + 3600)]).toEqual(['Oct 25, 2026, 02:30:00 GMT+2', 'Oct 25, 2026, 02:30:00 GMT+1']);
  });

  test('midnight is 00, not 24', () => expect(speakerFor('en', 'UTC').time(0)).toBe('Jan 1, 1970, 00:00:00 UTC'));

  test('a zone that is not known is UTC, and is told', () => {
    const speaker = speakerFor('en', 'Mars/Olympus\n');
    expect(speaker).toMatchObject({ zone: 'UTC', unknownZone: 'Mars/Olympus' });
    expect(speaker.time(at)).toContain('20:14:03 UTC');
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 1e15])('%d is no instant', (seconds) => {
    expect(speakerFor('en', 'UTC').time(seconds)).toBe('unknown');
  });
});

test.each(['', 'de', 'en-GB', 'EN', 'x', '../../etc', 'vi-VN', '\u0000'])('language %j is told in English', (tag) => {
  expect(speakerFor(tag, 'UTC').language).toBe('en');
});

describe('text of others', () => {
  test.each([
    ['a\r\nBcc: x@y', 'a Bcc: x@y'],
    ['\u001b[2Jcleared', '[2Jcleared'],
    ['left \u202eright', 'left right'],
    ['a\u2028b\u0085c', 'a b c'],
    ['  much   room ', 'much room'],
    ['half \ud83d', 'half \ufffd'],
  ])('%j is one harmless line', (text, line) => expect(oneLine(text)).toBe(line));

  test.each([
    ['short', 5, 'short'],
    ['longer', 5, 'long…'],
    ['abc😀def', 5, 'abc…'],
    ['abc😀def', 6, 'abc😀…'],
  ])('%j cut to %i', (text, max, cut) => expect(cutText(text, max)).toBe(cut));
});
