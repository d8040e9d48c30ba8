import { useApp } from '../../app-context.ts';
import { Icon } from '../../components/icon.tsx';
import { formatSpan } from '../../format/duration.ts';
import { formatClock, zoneName } from '../../format/time.ts';
import { useFreshness } from '../../live/use-freshness.ts';
import { useUrl } from '../../url/use-url.ts';

const namesShown = 3;

/** Says that what is below is not current, since when, and for whom. Nothing when all is well. */
export function StaleBanner({ host }: { readonly host?: string }) {
  const { zone } = useUrl();
  const { clock } = useApp();
  const { stale, lineBrokenSinceMs } = useFreshness(host);
  const since = (atMs: number) => `since ${formatClock(atMs, zone, clock.nowMs())} ${zoneName(zone)}`;
  const first = stale[0];
  return (
    <>
      {lineBrokenSinceMs === null ? null : (
        <p className="banner" data-banner="line">
          <Icon name="stale" /> <strong>Stale.</strong> The live stream is disconnected {since(lineBrokenSinceMs)} and
          is being tried again. Numbers below may be old.
        </p>
      )}
      {first === undefined ? null : (
        <p className="banner" data-banner="host">
          <Icon name="stale" /> <strong>{stale.length === 1 ? 'Stale host.' : `${stale.length} stale hosts.`}</strong>{' '}
          {stale
            .slice(0, namesShown)
            .map((seen) => seen.host)
            .join(', ')}
          {stale.length > namesShown ? ` and ${stale.length - namesShown} more` : ''}: no tick {since(first.untilMs)} (
          {formatSpan((clock.nowMs() - first.untilMs) / 1_000)}). What happened since then is unknown.
        </p>
      )}
    </>
  );
}
