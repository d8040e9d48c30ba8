import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { excerptMaxBytes, excerptOf } from '../../../../alerts/egress/excerpt.ts';
import { retryAfterMaxMs, retryAfterMs } from '../../../../alerts/egress/retry-after.ts';

const nowMs = Date.UTC(1994, 10, 6, 8, 49, 0);

describe('Retry-After', () => {
  it.each([
    ['0', 0],
    ['120', 120_000],
    [' 120 ', 120_000],
    ['86401', retryAfterMaxMs],
    ['999999999999999', retryAfterMaxMs],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 37_000],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 37_000],
    ['Sun Nov  6 08:49:37 1994', 37_000],
    ['Sun, 06 Nov 1994 08:48:00 GMT', 0],
    ['Sat, 05 Nov 1994 08:49:37 GMT', 0],
    ['Fri, 06 Nov 2099 08:49:37 GMT', retryAfterMaxMs],
    ['Monday, 06-Nov-44 08:49:37 GMT', 0],
    ['Sunday, 06-Nov-95 08:49:37 GMT', retryAfterMaxMs],
  ])('%s', (text, expected) => {
    expect(retryAfterMs(text, nowMs)).toBe(expected);
  });

  it.each([
    undefined,
    '',
    'soon',
    '-1',
    '1.5',
    '1e9',
    '0x10',
    '12 s',
    '9999999999999999',
    'Sun, 06 Nov 1994 08:49:37 +0100',
    '1994-11-06T08:49:37Z',
    'Sun, 06 Xxx 1994 08:49:37 GMT',
  ])('%s says nothing', (text) => {
    expect(retryAfterMs(text, nowMs)).toBeNull();
  });

  it('whatever it is: nothing, or between now and a day', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
        ),
        (text) => {
          const waitMs = retryAfterMs(text, nowMs);
          expect(waitMs === null || (Number.isInteger(waitMs) && waitMs >= 0 && waitMs <= retryAfterMaxMs)).toBe(true);
        },
      ),
    );
  });
});

describe('excerpts', () => {
  it.each([
    ['ok', 'ok'],
    ['{"error":"größer"}', '{"error":"größer"}'],
    ['two\r\nlines\tand a tab\n', 'two lines and a tab'],
    ['\u001b[31mred\u001b[0m', '\ufffd[31mred\ufffd[0m'],
    ['a\u0000b\u0007c\u007fd\u009be', 'a\ufffdb\ufffdc\ufffdd\ufffde'],
    ['\u202egnp.exe', '\ufffdgnp.exe'],
    ['a\u2028b\u2029c', 'a\ufffdb\ufffdc'],
    ['\ue000', '\ufffd'],
  ])('%j', (text, expected) => {
    expect(excerptOf(Buffer.from(text))).toBe(expected);
  });

  it('whatever comes, nothing in it can steer a terminal, and it is short', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3 * excerptMaxBytes }), (body) => {
        const text = excerptOf(body);
        expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(text.length).toBeLessThanOrEqual(excerptMaxBytes);
      }),
      { numRuns: 300 },
    );
  });
});
