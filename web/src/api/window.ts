import { useApp } from '../app-context.ts';
import type { Range } from '../url/range.ts';
import { resolveRange } from '../url/range.ts';
import { instantOf } from '../url/search.ts';
import type { Params } from './client.ts';

/** Gives the `from` and `to` of a request at the moment it is made, by the clock of the server. */
export function useWindowParams(range: Range): () => Params {
  const { clock } = useApp();
  return () => {
    const { fromSeconds, toSeconds } = resolveRange(range, clock.nowMs());
    return { from: instantOf(fromSeconds), to: instantOf(toSeconds) };
  };
}

/** A fixed range that has passed does not change: no need to ask again. */
export function paceOf(range: Range, everyMs: number): number | false {
  return range.kind === 'relative' ? everyMs : false;
}
