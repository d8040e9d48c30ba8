import { type Direction, directions } from '../../core/catalogue/kind-parts.ts';
import { RequestProblem } from './problem.ts';

/** Where a page ended: the last key it gave, opaque to the client. */
export function encodeCursor(key: readonly string[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** The key of a cursor of ours with `parts` parts; a 400 for anything else. */
export function decodeCursor(cursor: string | undefined, parts: number): readonly string[] | undefined {
  if (cursor === undefined) return undefined;
  const key = parse(cursor);
  if (!Array.isArray(key) || key.length !== parts || !key.every((part) => typeof part === 'string')) throw notOurs();
  return key;
}

/** The cursor of a page of ports. */
export function decodePortCursor(cursor: string | undefined) {
  const key = decodeCursor(cursor, 3);
  if (key === undefined) return undefined;
  const [host, port, direction] = key as [string, string, string];
  if (!directions.some((known) => known === direction)) throw notOurs();
  return { host, port, direction: direction as Direction };
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw notOurs();
  }
}

function notOurs(): RequestProblem {
  return new RequestProblem([{ where: 'querystring.cursor', problem: 'is not a cursor this server gave' }]);
}
