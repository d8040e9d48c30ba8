import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactInteger, parseExactJson } from '../../../../../collector/exact-json.ts';
import { JsonStream } from '../../../../../collector/json-stream.ts';

const parse = (text: string) => parseExactJson(text, 'FN_OVS_REPLY');

describe('exact JSON', () => {
  it.each([
    ['9007199254740991', 9_007_199_254_740_991],
    ['9007199254740992', 9_007_199_254_740_992n],
    ['-9223372036854775808', -(2n ** 63n)],
    ['18446744073709551615', 2n ** 64n - 1n],
    ['0', 0],
    ['1.5', 1.5],
    [
      '[1,{"a":12345678901234567890,"b":"12345678901234567890"}]',
      [1, { a: 12_345_678_901_234_567_890n, b: '12345678901234567890' }],
    ],
  ])('%s keeps every digit', (text, value) => expect(parse(text)).toEqual(value));

  it('gives back any 64-bit integer', () => {
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 63n), 2n ** 64n - 1n), (value) => {
        expect(exactInteger((parse(`{"v":${value}}`) as { v: unknown }).v)).toBe(value);
      }),
    );
  });

  it.each(['', '{', '{"a":}', 'nan', '[1,]', '{"a":1}x'])('%j is refused by code', (text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'FN_OVS_REPLY' }));
  });

  it('is bounded in depth and length, and a bracket in a string has no depth', () => {
    const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(parse(deep(64))).toBeInstanceOf(Array);
    expect(() => parse(deep(65))).toThrow(expect.objectContaining({ code: 'FN_OVS_REPLY' }));
    expect(parse(JSON.stringify(`${'['.repeat(100)}"\\`))).toHaveLength(102);
    expect(() => parseExactJson('[1]', 'FN_OVS_REPLY', { charactersMax: 2, depthMax: 4 })).toThrow();
  });

  it('is no integer when it has a fraction', () => {
    expect(exactInteger(1.5)).toBeUndefined();
    expect(exactInteger('1')).toBeUndefined();
  });
});

describe('a stream of JSON objects', () => {
  const objects = ['{"a":"}{\\"\\\\"}', '{}', '{"ü":["🐧",{"n":[1,2]}]}', '{"long":"line\\nline"}'];
  const bytes = Buffer.from(objects.join(' \n'));

  it('comes out the same in any cut', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(bytes.length), { maxLength: 20 }), (cuts) => {
        const stream = new JsonStream('FN_OVS_REPLY');
        const ends = [...cuts.sort((a, b) => a - b), bytes.length];
        let start = 0;
        const texts = ends.flatMap((end) => {
          const part = stream.push(bytes.subarray(start, end));
          start = end;
          return part;
        });
        expect(texts).toEqual(objects);
      }),
    );
  });

  it('comes out the same byte by byte', () => {
    const stream = new JsonStream('FN_OVS_REPLY');
    expect([...bytes].flatMap((byte) => stream.push(Buffer.from([byte])))).toEqual(objects);
  });

  it('keeps what it holds when the caller uses its buffer again', () => {
    const stream = new JsonStream('FN_OVS_REPLY');
    const buffer = Buffer.from('{"a":1');
    stream.push(buffer);
    buffer.fill(0);
    expect(stream.push(Buffer.from('}'))).toEqual(['{"a":1}']);
  });

  it.each([
    ['something between objects', '{} x'],
    ['an array', '[1]'],
    ['depth', '{"a":'.repeat(65)],
    ['size', `{"a":"${'x'.repeat(2000)}"}`],
    ['size without an end', `{"a":"${'x'.repeat(2000)}`],
  ])('is lost at %s, and stays lost', (_what, text) => {
    const stream = new JsonStream('FN_OVS_REPLY', { bytesMax: 1000, depthMax: 64 });
    const lost = expect.objectContaining({ code: 'FN_OVS_REPLY' });
    expect(() => stream.push(Buffer.from(text))).toThrow(lost);
    expect(() => stream.push(Buffer.from('{}'))).toThrow(lost);
  });

  it('takes time by its length, however small the pieces', () => {
    const text = Buffer.from(`{"a":"${'\\n'.repeat(200_000)}"}`);
    const stream = new JsonStream('FN_OVS_REPLY');
    const start = performance.now();
    let found = 0;
    for (let at = 0; at < text.length; at += 7) found += stream.push(text.subarray(at, at + 7)).length;
    expect(found).toBe(1);
    // 400 kB in 57,000 pieces take some 20 ms; a copy of what is held for each piece would take many seconds.
    expect(performance.now() - start).toBeLessThan(2000);
  });
});
