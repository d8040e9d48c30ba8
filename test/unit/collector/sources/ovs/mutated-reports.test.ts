import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCoverage } from '../../../../../collector/sources/ovs/coverage.ts';
import { parseDpctlShow } from '../../../../../collector/sources/ovs/dpctl-show.ts';
import { parseFlowDump } from '../../../../../collector/sources/ovs/dump-flows.ts';
import { parsePmdPerf } from '../../../../../collector/sources/ovs/pmd-perf.ts';
import { parsePmdRxq } from '../../../../../collector/sources/ovs/pmd-rxq.ts';
import type { PassedOver } from '../../../../../collector/sources/ovs/report-text.ts';
import { capture, capturesOf } from './captures.ts';

const parsers: readonly (readonly [string, (text: string) => PassedOver])[] = [
  ['show', parseDpctlShow],
  ['pmd-perf', parsePmdPerf],
  ['pmd-rxq', parsePmdRxq],
  ['coverage', parseCoverage],
  ['flows', parseFlowDump],
];

type Mutation = (text: string) => string;
const at = (text: string, share: number) => Math.floor(share * (text.length + 1));
const share = fc.double({ min: 0, max: 1, noNaN: true });
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  share.map((end) => (text: string) => text.slice(0, at(text, end))),
  fc.tuple(share, share).map(
    ([a, b]) =>
      (text: string) =>
        text.slice(0, at(text, a)) + text.slice(at(text, b)),
  ),
  fc.tuple(share, fc.nat(7)).map(([where, bit]) => (text: string) => {
    const bytes = Buffer.from(text);
    const byte = Math.min(bytes.length - 1, Math.floor(where * bytes.length));
    if (byte >= 0) bytes[byte] = (bytes[byte] as number) ^ (1 << bit);
    return bytes.toString('latin1');
  }),
  fc.tuple(share, share).map(([from, to]) => (text: string) => {
    const lines = text.split('\n');
    lines.splice(Math.floor(to * lines.length), 0, lines[Math.floor(from * (lines.length - 1))] ?? '');
    return lines.join('\n');
  }),
  fc.tuple(share, fc.string({ maxLength: 30 })).map(([where, more]) => (text: string) => {
    const here = at(text, where);
    return text.slice(0, here) + more + text.slice(here);
  }),
);

function bigintsOf(value: unknown): bigint[] {
  if (typeof value === 'bigint') return [value];
  if (value instanceof Map) return [...value.values()].flatMap(bigintsOf);
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(bigintsOf) : [];
}

/** Every number that stands in the text; a duration in seconds also as milliseconds. */
function numbersIn(text: string): Set<bigint> {
  const digits = text.match(/\d+/g) ?? [];
  const durations = [...text.matchAll(/(\d+)\.(\d{3})/g)].map(([, whole, part]) => `${whole}${part}`);
  return new Set([...digits, ...durations].map(BigInt));
}

describe.each(parsers)('a damaged report of %s', (part, parse) => {
  it.each(capturesOf(part))('gives no number that is not in it: %s', (name) => {
    const whole = capture(name);
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
        const text = mutations.reduce((damaged, mutate) => mutate(damaged), whole);
        const known = numbersIn(text);
        const report = parse(text);
        expect(bigintsOf(report).filter((value) => value < 0n || !known.has(value))).toEqual([]);
        expect(report.unknownSamples.length).toBeLessThanOrEqual(5);
      }),
      { numRuns: 60 },
    );
  });

  it('and any other text never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(() => parse(text)).not.toThrow();
      }),
    );
  });

  it.each([
    ['one long line', (text: string) => text.replaceAll('\n', ' ')],
    ['open parentheses', () => `  port 1: ${' (a: '.repeat(100_000)}`],
    ['spaces', () => `  port: ${' '.repeat(200_000)}x  queue-id:${' '.repeat(200_000)}`],
    ['nested actions', () => `x, packets:1, bytes:1, used:never, actions:${'clone('.repeat(50_000)}`],
    ['commas', () => `x${', packets:1'.repeat(30_000)}`],
  ])('takes bounded time for %s', (_what, damage) => {
    const text = damage(capturesOf(part).map(capture).join('').repeat(40));
    const start = performance.now();
    parse(text);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
