import { useEffect, useMemo, useRef } from 'react';
import type { PortSeries } from '../../../../server/api/schema/ports.ts';
import { useApp } from '../../app-context.ts';
import type { PortTick } from '../../live/live.ts';
import { createLivePort, type LivePort } from './live-port.ts';

/** Ticks kept, so that a renewed answer, which is some seconds old, does not lose what the stream already brought. */
const recentMax = 240;
/** A slot that has not come this long after its end is shown as unknown. */
const lateSeconds = 6;

/** Charts that grow with the stream; a fixed range stands still. */
export function useLivePort(series: PortSeries, moving: boolean): LivePort {
  const { live, clock } = useApp();
  const recent = useRef<PortTick[]>([]);
  const port = useMemo(() => {
    const made = createLivePort(series, moving);
    made.take(recent.current, true);
    made.show();
    return made;
  }, [series, moving]);

  useEffect(() => {
    const forget = live.onTick((tick) => {
      if (tick.host !== series.host) return;
      const own = tick.ports.filter((item) => item.port === series.port);
      recent.current = [...recent.current, ...own].slice(-recentMax);
      port.take(own, document.hidden);
    });
    const onVisible = () => {
      if (!document.hidden) port.show();
    };
    const timer = setInterval(() => {
      if (!document.hidden) port.pass(Math.floor(clock.nowMs() / 1_000) - lateSeconds);
    }, 1_000);
    document.addEventListener('visibilitychange', onVisible);
    return () => {
      forget();
      clearInterval(timer);
      document.removeEventListener('visibilitychange', onVisible);
    };
  }, [live, clock, port, series.host, series.port]);

  return port;
}
