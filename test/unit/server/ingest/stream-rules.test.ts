import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Speakers } from '../../../../server/control/speakers.ts';
import { judgeBlock, type RecordHead, type StreamRules } from '../../../../server/ingest/stream-rules.ts';

const rules: StreamRules = { fenceSilentSeconds: 5, gapsMax: 256 };
const nobody: Speakers = { streams: [], hosts: [] };

function aRecord(offset: number, seq: number, over: Partial<NonNullable<RecordHead['head']>> = {}): RecordHead {
  const head = { host: 'h', stream: 's', seq: BigInt(seq), slot: 1000 + seq, ...over };
  return { offset: BigInt(offset), appendedAtMs: 1_000_000 + offset, head, refusal: undefined };
}

/** Judges blocks one after the other, each with what the one before left behind. */
function judge(blocks: readonly (readonly RecordHead[])[], given: StreamRules = rules) {
  const streams = new Map<string, Speakers['streams'][number]>();
  const hosts = new Map<string, Speakers['hosts'][number]>();
  return blocks.map((block) => {
    const verdict = judgeBlock(block, { streams: [...streams.values()], hosts: [...hosts.values()] }, given);
    for (const state of verdict.changed.streams) streams.set(`${state.host}/${state.stream}`, state);
    for (const state of verdict.changed.hosts) hosts.set(state.host, state);
    return {
      leftOut: [...verdict.leftOut].map(([offset, reason]) => `${offset} ${reason}`),
      told: verdict.told.map(({ event, detail }) => `${event} ${Object.values(detail).join(' ')}`),
      gaps: verdict.changed.streams.map(({ gaps }) => gaps),
    };
  });
}

describe('the same message at another offset', () => {
  test('is left out, in one block or in a later one', () => {
    const [first, second] = judge([
      [aRecord(0, 0), aRecord(1, 1), aRecord(2, 0)],
      [aRecord(3, 1), aRecord(4, 2)],
    ]);
    expect(first?.leftOut).toEqual(['2 duplicate']);
    expect(second?.leftOut).toEqual(['3 duplicate']);
  });

  test('of another stream or host is another message', () => {
    const [only] = judge([[aRecord(0, 0), aRecord(1, 0, { host: 'other' })]]);
    expect(only?.leftOut).toEqual([]);
  });
});

describe('a hole in the sequence', () => {
  test('is told once, at its block, and what fills it later is stored once', () => {
    const verdicts = judge([[aRecord(0, 0), aRecord(1, 4)], [aRecord(2, 2)], [aRecord(3, 2), aRecord(4, 5)]]);
    expect(verdicts.map(({ told }) => told)).toEqual([['seq_hole s 1 3'], [], []]);
    expect(verdicts.map(({ leftOut }) => leftOut)).toEqual([[], [], ['3 duplicate']]);
    expect(verdicts.map(({ gaps }) => gaps)).toEqual([['1-3'], ['1-1,3-3'], ['1-1,3-3']]);
  });

  test('that is filled within its block is none', () => {
    const [only] = judge([[aRecord(0, 0), aRecord(1, 3), aRecord(2, 1), aRecord(3, 2)]]);
    expect(only).toEqual({ leftOut: [], told: [], gaps: [''] });
  });

  test('left by a refused message has that reason and is not told; replayed, the message is stored', () => {
    const refused: RecordHead = { ...aRecord(1, 1), refusal: 'FN_WIRE_SCHEMA' };
    const verdicts = judge([[aRecord(0, 0), refused], [aRecord(2, 4)], [aRecord(3, 1)], [aRecord(4, 1)]]);
    expect(verdicts.map(({ told }) => told)).toEqual([[], ['seq_hole s 2 3'], [], []]);
    expect(verdicts.map(({ leftOut }) => leftOut)).toEqual([['1 FN_WIRE_SCHEMA'], [], [], ['4 duplicate']]);
  });

  test('a stream first seen in its middle is told as that, not as a hole', () => {
    const [only] = judge([[aRecord(0, 7)]]);
    expect(only).toEqual({ leftOut: [], told: ['stream_joined s 7'], gaps: ['0-6'] });
  });

  test('beyond the bound the oldest are forgotten: what comes from there is kept apart, not guessed about', () => {
    const every2nd = Array.from({ length: 6 }, (_, i) => aRecord(i, 2 * i));
    const [, late] = judge([every2nd, [aRecord(9, 1), aRecord(10, 9), aRecord(11, 8)]], { ...rules, gapsMax: 2 });
    expect(late?.leftOut).toEqual(['9 FN_SEQ_FORGOTTEN', '11 duplicate']);
  });
});

describe('two collectors with one host id', () => {
  const second = (offset: number, seq: number, slot: number) => aRecord(offset, seq, { stream: 't', slot });

  test('the second is kept out while the first speaks; told once a block', () => {
    const [only] = judge([[aRecord(0, 0), second(1, 0, 1001), aRecord(2, 1), second(3, 1, 1002)]]);
    expect(only?.leftOut).toEqual(['1 FN_HOST_FENCED', '3 FN_HOST_FENCED']);
    expect(only?.told).toEqual(['host_fenced s t']);
  });

  test('a new stream after a silence (a wiped spool) is taken and told; the old one is kept out then', () => {
    const [only] = judge([[aRecord(0, 0), second(1, 0, 1005), aRecord(2, 1)]]);
    expect(only?.leftOut).toEqual(['2 FN_HOST_FENCED']);
    expect(only?.told).toEqual(['stream_changed s t', 'host_fenced t s']);
  });

  test('an operator lets the next one in', () => {
    const released: Speakers = {
      streams: [{ host: 'h', stream: 's', highest: 0n, floor: 0n, gaps: '' }],
      hosts: [{ host: 'h', stream: 's', newestSlot: 1000n, released: true }],
    };
    const verdict = judgeBlock([second(1, 0, 1001)], released, rules);
    expect(verdict.leftOut.size).toBe(0);
    expect(verdict.changed.hosts).toEqual([{ host: 'h', stream: 't', newestSlot: 1001n, released: false }]);
  });

  test('what the first one has stored is a duplicate, not an intruder, when it comes again', () => {
    const verdicts = judge([[aRecord(0, 0), aRecord(1, 1)], [second(2, 0, 1010)], [aRecord(3, 1)]]);
    expect(verdicts[2]?.leftOut).toEqual(['3 duplicate']);
  });

  test('without a fence the newcomer takes over at once', () => {
    const [only] = judge([[aRecord(0, 0), second(1, 0, 1000)]], { ...rules, fenceSilentSeconds: 0 });
    expect(only?.leftOut).toEqual([]);
  });
});

describe('a message that is refused', () => {
  const refused = (offset: number, over: Parameters<typeof aRecord>[2]): RecordHead => {
    return { ...aRecord(offset, 0, over), refusal: 'FN_WIRE_BLOCK' };
  };

  test('of another stream takes the voice from nobody, however late its slot', () => {
    const [only] = judge([[aRecord(0, 0), refused(1, { stream: 't', slot: 9_000 }), aRecord(2, 1)]]);
    expect(only).toEqual({ leftOut: ['1 FN_WIRE_BLOCK'], told: [], gaps: [''] });
  });

  test('gives nobody a voice: the first to be stored has it', () => {
    const [only] = judge([[refused(0, { stream: 't', slot: 9_000 }), aRecord(1, 0)]]);
    expect(only).toEqual({ leftOut: ['0 FN_WIRE_BLOCK'], told: [], gaps: [''] });
  });

  test('of the speaker itself does not make it speak of the future: a wiped spool is heard after a silence', () => {
    const [only] = judge([
      [aRecord(0, 0), refused(1, { seq: 1n, slot: 9_000 }), aRecord(2, 0, { stream: 't', slot: 1005 })],
    ]);
    expect(only?.leftOut).toEqual(['1 FN_WIRE_BLOCK']);
    expect(only?.told).toEqual(['stream_changed s t']);
  });
});

test('whatever the order and the repetitions, each message of a stream is stored exactly once', () => {
  const seqs = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 200 });
  fc.assert(
    fc.property(seqs, fc.integer({ min: 1, max: 20 }), (order, blockLength) => {
      const records = order.map((seq, offset) => aRecord(offset, seq));
      const blocks: RecordHead[][] = [];
      for (let at = 0; at < records.length; at += blockLength) blocks.push(records.slice(at, at + blockLength));
      const leftOut = new Set(judge(blocks).flatMap((verdict) => verdict.leftOut.map((text) => text.split(' ')[0])));
      const stored = order.filter((_, offset) => !leftOut.has(String(offset)));
      expect(stored.toSorted((a, b) => a - b)).toEqual([...new Set(order)].toSorted((a, b) => a - b));
    }),
    { numRuns: 200 },
  );
});

test('a record that cannot be read is kept for its own reason and touches no stream', () => {
  const verdict = judgeBlock(
    [{ offset: 3n, appendedAtMs: 0, head: undefined, refusal: 'FN_WIRE_DAMAGED' }],
    nobody,
    rules,
  );
  expect([...verdict.leftOut]).toEqual([[3n, 'FN_WIRE_DAMAGED']]);
  expect(verdict.changed).toEqual({ streams: [], hosts: [] });
});
