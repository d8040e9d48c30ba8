import { describe, expect, it } from 'vitest';
import { writeExposition } from '../../../../server/metrics/exposition.ts';

describe('the text form', () => {
  it('has help, type and escaped labels, and integers beyond 2^53 as they are', () => {
    const { text } = writeExposition(
      [{ name: 'a_total', type: 'counter', help: 'Line\none.', samples: [[{ port: 'a"b\\c\nd' }, (1n << 63n) + 1n]] }],
      10,
    );
    expect(text).toBe(
      '# HELP a_total Line\\none.\n# TYPE a_total counter\na_total{port="a\\"b\\\\c\\nd"} 9223372036854775809\n',
    );
  });

  it('is bounded, and says how much it left out', () => {
    const samples = Array.from({ length: 5 }, (_, i) => [{ i: String(i) }, i] as const);
    const told = writeExposition([{ name: 'a', type: 'gauge', help: 'A.', samples }], 3);
    expect([told.series, told.truncated]).toEqual([3, 2]);
    expect(told.text).not.toContain('i="3"');
  });
});
