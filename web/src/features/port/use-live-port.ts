import { useEffect, useMemo, useRef } from 'react';
import type { PortSeries } from '../../../../server/api/schema/ports.ts';
import { useApp } from '../../app-context.ts';
import type { PortTick } from '../../live/live.ts';
import { createLivePort, type Hole, type LivePort } from './live-port.ts';

/** Ticks kept, so that a renewed answer, which is some seconds old, does not lose what the stream already brought. */
const recentMax = 240;
/** A slot that has not come this long after its end is shown as unknown. */
const lateSeconds = 6;

/** How often one hole is asked for: its slots may still be on their way into the store. The next answer comes anyway. */
const asksMax = 4;

/** Charts that grow with the stream; a fixed range stands still. `ask` fetches the seconds that the stream began after. */
export function useLivePort(series: PortSeries, moving: boolean, ask: (hole: Hole) => Promise<PortSeries>): LivePort {
  const { live, clock } = useApp();
  const recent = useRef<PortTick[]>([]);
  const port = useMemo(() => {
    const made = createLivePort(series, moving);
    made.take(recent.current, true);
    made.show();
    return made;
  }, [series, moving]);

  const asked = useRef({ from: 0, times: 0, waiting: false });
  useEffect(() => {
    let gone = false;
    const fillHole = async () => {
      const hole = port.untold();
      if (hole === null || asked.current.waiting) return;
      const times = asked.current.from === hole.fromSeconds ? asked.current.times : 0;
      if (times >= asksMax) return;
      asked.current = { from: hole.fromSeconds, times: times + 1, waiting: true };
      // A failure leaves the hole as it is: a tick later it is asked for again.
      const answer = await ask(hole).catch(() => null);
      asked.current.waiting = false;
      if (answer !== null && !gone) port.fill(answer, document.hidden);
    };
    const forget = live.onTick((tick) => {
      if (tick.host !== series.host) return;
      const own = tick.ports.filter((item) => item.port === series.port);
      recent.current = [...recent.current, ...own].slice(-recentMax);
      port.take(own, document.hidden);
      void fillHole();
    });
    const onVisible = () => {
      if (!document.hidden) port.show();
    };
    const timer = setInterval(() => {
      if (!document.hidden) port.pass(Math.floor(clock.nowMs() / 1_000) - lateSeconds);
    }, 1_000);
    document.addEventListener('visibilitychange', onVisible);
    return () => {
      gone = true;
      forget();
      clearInterval(timer);
      document.removeEventListener('visibilitychange', onVisible);
    };
  }, [live, clock, port, ask, series.host, series.port]);

  return port;
}
