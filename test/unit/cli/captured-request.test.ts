import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCapturedRequest } from '../../../cli/captured-request.ts';

const bytes = fc.uint8Array({ maxLength: 200 });
const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,20}$/);
const value = fc.stringMatching(/^[!-~]([ -~]{0,40}[!-~])?$/);

test('headers and body come back as they were written, whatever the line breaks', () => {
  const lineEnd = fc.constantFrom('\r\n', '\n');
  const request = fc.constantFrom('', 'POST /hook?x=1 HTTP/1.1', 'POST / HTTP/2');
  fc.assert(
    fc.property(
      fc.array(fc.tuple(name, value), { minLength: 1, maxLength: 9 }),
      bytes,
      lineEnd,
      request,
      (headers, body, end, first) => {
        // A chunk's length in front of a body would be taken for chunks only where the headers say so.
        const plain = headers.filter(([key]) => key.toLowerCase() !== 'transfer-encoding');
        fc.pre(plain.length > 0);
        const lines = [...(first === '' ? [] : [first]), ...plain.map(([key, text]) => `${key}: ${text}`)];
        const parsed = parseCapturedRequest(Buffer.concat([Buffer.from(`${lines.join(end)}${end}${end}`), body]));
        expect(Buffer.compare(parsed.body, body)).toBe(0);
        for (const [key] of plain) {
          const all = plain.filter(([other]) => other.toLowerCase() === key.toLowerCase()).map(([, text]) => text);
          expect(parsed.headers.get(key.toLowerCase())).toEqual(all);
        }
      },
    ),
  );
});

test('any bytes are a request or FN_USAGE', () => {
  const piece = fc.constantFrom(
    '\r\n',
    '\n',
    '\r',
    ':',
    ' ',
    'a',
    'POST / HTTP/1.1',
    'transfer-encoding: chunked',
    '\u0000',
    '0\r\n',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), bytes, (pieces, rest) => {
      try {
        parseCapturedRequest(Buffer.concat([Buffer.from(pieces.join('')), rest]));
      } catch (error) {
        expect(error).toMatchObject({ code: 'FN_USAGE' });
      }
    }),
  );
});

test('an empty first line has no headers, and is refused', () => {
  for (const text of ['\n\nbody', '\r\n\r\n', 'POST / HTTP/1.1\r\nbody']) {
    expect(() => parseCapturedRequest(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'FN_USAGE' }));
  }
});

test('a request line alone has no headers', () => {
  expect(parseCapturedRequest(Buffer.from('POST / HTTP/1.1\r\n\r\nx')).headers.size).toBe(0);
});
