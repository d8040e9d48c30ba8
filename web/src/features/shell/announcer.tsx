import { useRef } from 'react';
import { useFreshness } from '../../live/use-freshness.ts';

/** Tells those who hear the page when it goes stale and when it is back; the same text twice is said once. */
export function Announcer() {
  const { stale, lineBrokenSinceMs } = useFreshness();
  const wasBad = useRef(false);
  const bad = stale.length > 0 || lineBrokenSinceMs !== null;
  let text = '';
  if (lineBrokenSinceMs !== null) text = 'Live stream disconnected.';
  else if (stale.length > 0)
    text = stale.length === 1 ? `Host ${stale[0]?.host} is stale.` : `${stale.length} hosts are stale.`;
  else if (wasBad.current) text = 'Recovered: all numbers are current.';
  if (bad) wasBad.current = true;
  return (
    <div className="hidden" aria-live="polite" data-announcer="">
      {text}
    </div>
  );
}
