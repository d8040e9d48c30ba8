import { useMemo } from 'react';
import { isCurrent } from '../../live/freshness.ts';
import { useFreshness } from '../../live/use-freshness.ts';
import { useLiveVersion } from '../../live/use-live.ts';
import { type NowFor, nothingKnown, nowOf } from './model.ts';

/** Live numbers, renewed once a second; of a stale host, or with a broken stream, the present is unknown. */
export function useNow(host?: string): { nowFor: NowFor; version: number } {
  const { live, version } = useLiveVersion();
  const freshness = useFreshness(host);
  const silent = freshness.stale.map((seen) => seen.host).join('\n');
  const broken = freshness.lineBrokenSinceMs;
  const nowFor = useMemo((): NowFor => {
    const judged = {
      stale: silent.split('\n').map((name) => ({ host: name, untilMs: 0 })),
      lineBrokenSinceMs: broken,
    };
    return (name, port, direction) =>
      isCurrent(judged, name) ? nowOf(live.latest(name, port, direction)) : nothingKnown;
  }, [live, silent, broken]);
  return { nowFor, version };
}
