import { describe, expect, it } from 'vitest';
import { formatBytes } from '../../../web/src/format/bytes.ts';
import { formatCount, formatScaled, formatShort } from '../../../web/src/format/count.ts';
import { formatPercent, formatTimes, fractionOf } from '../../../web/src/format/decimal.ts';
import { formatDurationNs, formatLagMs, formatSpan } from '../../../web/src/format/duration.ts';
import { formatMoney } from '../../../web/src/format/money.ts';
import { formatBitRate, formatPacketRate } from '../../../web/src/format/rate.ts';
import { formatRatio } from '../../../web/src/format/ratio.ts';
import { formatClock, formatInstant, formatTick } from '../../../web/src/format/time.ts';
import { formatInZone, formatWindow } from '../../../web/src/format/zone-time.ts';

describe('counts', () => {
  it.each([
    ['0', '0'],
    ['999', '999'],
    ['1000', '1,000'],
    ['9007199254740993', '9,007,199,254,740,993'],
    ['-1234', '−1,234'],
  ])('groups %s as %s', (value, text) => expect(formatCount(value)).toBe(text));

  it.each([
    [0n, 1n, '0 pps'],
    [1n, 1n, '1 pps'],
    [999n, 1n, '999 pps'],
    [999_999n, 1n, '999 kpps'],
    [1_000_000n, 1n, '1.00 Mpps'],
    [1_239_999n, 1n, '1.23 Mpps'],
    [12_399_999n, 1n, '12.3 Mpps'],
    [1n, 3n, '0.33 pps'],
    [1n, 101n, '< 0.01 pps'],
  ])('scales %s / %s to %s', (num, den, text) => expect(formatScaled(num, den, 'pps')).toBe(text));

  it('never shows a small number as zero', () => {
    for (let den = 1n; den < 10n ** 20n; den *= 7n) expect(formatScaled(1n, den, '')).not.toBe('0');
  });

  it('keeps numbers beyond 2^53 exact to its last shown digit', () => {
    expect(formatShort('18446744073709551615')).toBe('18.4 E');
  });
});

describe('rates', () => {
  it('gives packets over a step as a rate', () => expect(formatPacketRate('15000000', 10)).toBe('1.50 Mpps'));
  it('gives bytes as bits', () => expect(formatBitRate('1250000000')).toBe('10.0 Gb/s'));
});

describe('ratios', () => {
  it.each([
    [1n, 1n, '100 %'],
    [0n, 1n, '0 %'],
    [0n, 0n, '—'],
    [1n, 2n, '50.000 %'],
    [999_999_993n, 1_000_000_000n, '99.99999930 %'],
    [1n, 3_000_000n, '0.000033 %'],
    [10n ** 18n - 1n, 10n ** 18n, '> 99.999999999999 %'],
    [1n, 10n ** 18n, '< 0.000000000001 %'],
  ])('%s / %s is %s', (num, den, text) => expect(formatRatio(num, den)).toBe(text));

  it('says 100 % and 0 % only when they are exact', () => {
    for (let den = 2n; den < 10n ** 24n; den = den * 3n + 1n) {
      expect(Number.parseFloat(formatRatio(den - 1n, den).replace('> ', ''))).toBeLessThan(100);
      expect(formatRatio(den - 1n, den)).not.toMatch(/^100/);
      expect(formatRatio(1n, den)).not.toMatch(/^0(\.0+)? %$/);
    }
  });
});

describe('durations', () => {
  it.each([
    ['0', '0 ns'],
    ['999', '999 ns'],
    ['1500', '1.50 µs'],
    ['41900000', '41.9 ms'],
    ['61000000000', '61 s'],
  ])('%s ns is %s', (ns, text) => expect(formatDurationNs(ns)).toBe(text));

  it.each([
    [0, '0 s'],
    [22, '22 s'],
    [303, '5 min 3 s'],
    [3_600, '1 h'],
    [97_200, '1 d 3 h'],
  ])('%s s is %s', (seconds, text) => expect(formatSpan(seconds)).toBe(text));

  it('says lag in what fits', () => {
    expect([0, 640, 2_190, 95_000].map(formatLagMs)).toEqual(['0 ms', '640 ms', '2.1 s', '1 min 35 s']);
  });
});

describe('bytes and times', () => {
  it('counts in powers of 1024', () => {
    expect(['0', '1023', '1024', '71303168'].map(formatBytes)).toEqual(['0 B', '1023 B', '1.0 KiB', '68.0 MiB']);
  });

  const at = Date.UTC(2026, 6, 14, 14, 3, 22);
  it('writes instants in UTC', () => expect(formatInstant(at, 'utc')).toBe('2026-07-14 14:03:22'));
  it('adds the date only on another day', () => {
    expect(formatClock(at, 'utc', at + 1_000)).toBe('14:03:22');
    expect(formatClock(at, 'utc', at + 86_400_000)).toBe('2026-07-14 14:03:22');
  });
  it('writes ticks as short as tells them apart', () => {
    expect(formatTick(at / 1_000, 5, 'utc')).toBe('14:03:22');
    expect(formatTick(at / 1_000 - 22, 60, 'utc')).toBe('14:03');
    expect(formatTick(Date.UTC(2026, 6, 14) / 1_000, 3_600, 'utc')).toBe('07-14');
  });
  it('does not fail on an instant that is none', () => expect(formatInstant(Number.NaN, 'utc')).toBe('— —'));
});

describe('decimals', () => {
  it.each([
    ['0.9999', '99.99 %'],
    ['0.99990', '99.990 %'],
    ['0.99990000001', '99.990000001 %'],
    ['0.9', '90 %'],
    ['0.10', '10 %'],
    ['0.005', '0.5 %'],
    ['1', '100 %'],
    ['0', '0 %'],
    ['soon', 'soon'],
  ])('writes %s as %s, with the digits that stand there', (text, percent) => expect(formatPercent(text)).toBe(percent));

  it('are exact fractions', () => {
    expect(fractionOf('14.4')).toEqual({ num: 144n, den: 10n });
    expect(fractionOf('0.9999')).toEqual({ num: 9_999n, den: 10_000n });
    for (const text of ['', '-1', '1e3', '.5', '1.', 'NaN']) expect(fractionOf(text)).toBe(null);
  });

  it.each([
    [0n, 1n, '0×'],
    [1n, 1_000n, '< 0.01×'],
    [1n, 1n, '1.00×'],
    [60_000n, 3_600n, '16.6×'],
    [999_999n, 1_000n, '999×'],
    [1n, 0n, '—'],
  ])('cuts %s / %s times to %s', (num, den, text) => expect(formatTimes({ num, den })).toBe(text));
});

it.each([
  ['1234567', 'EUR', '12,345.67 EUR'],
  ['5', 'EUR', '0.05 EUR'],
  ['0', 'USD', '0.00 USD'],
  ['12000000', 'VND', '12,000,000 VND'],
  ['1234', 'KWD', '1.234 KWD'],
  ['-150', 'EUR', '−1.50 EUR'],
  ['9007199254740993', 'JPY', '9,007,199,254,740,993 JPY'],
])('writes %s minor units of %s as %s', (amount, currency, text) => expect(formatMoney(amount, currency)).toBe(text));

describe('times of a zone', () => {
  it('are those of its clocks, on both sides of a change', () => {
    expect(formatInZone('2026-10-31T17:00:00Z', 'Asia/Ho_Chi_Minh')).toBe('2026-11-01 00:00:00');
    expect(formatInZone('2026-03-28T23:00:00Z', 'Europe/Berlin')).toBe('2026-03-29 00:00:00');
    expect(formatInZone('2026-03-29T22:00:00Z', 'Europe/Berlin')).toBe('2026-03-30 00:00:00');
  });

  it('are UTC, and say so, where the zone is not known', () => {
    expect(formatInZone('2026-11-01T00:00:00Z', 'Mars/Olympus')).toBe('2026-11-01 00:00:00 UTC');
    expect(formatInZone('soon', 'UTC')).toBe('—');
  });

  it('leave the seconds of a window out when they say nothing', () => {
    const window = { from: '2026-11-01T00:00:00Z', to: '2026-12-01T00:00:00Z', zone: 'UTC' };
    expect(formatWindow(window)).toBe('2026-11-01 00:00 – 2026-12-01 00:00');
    expect(formatWindow({ ...window, to: '2026-12-01T00:00:07Z' })).toBe('2026-11-01 00:00:00 – 2026-12-01 00:00:07');
  });
});
