import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCursor, decodePortCursor, encodeCursor } from '../../../../server/api/cursor.ts';
import { RequestProblem } from '../../../../server/api/problem.ts';

describe('a cursor', () => {
  it('comes back as it went, whatever the names hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (host, port) => {
        expect(decodePortCursor(encodeCursor([host, port, 'tx']))).toEqual({ host, port, direction: 'tx' });
      }),
    );
  });

  it('that is not ours is refused, and nothing else happens', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          decodeCursor(text, 2);
        } catch (error) {
          expect(error).toBeInstanceOf(RequestProblem);
        }
      }),
    );
    expect(() => decodePortCursor(encodeCursor(['a', 'b', 'sideways']))).toThrow(RequestProblem);
    expect(() => decodePortCursor(encodeCursor(['a', 'b']))).toThrow(RequestProblem);
  });

  it('left out is the first page', () => {
    expect(decodePortCursor(undefined)).toBeUndefined();
  });
});
