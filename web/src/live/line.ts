import type { TickEvent } from '../../../server/api/schema/stream.ts';
import { apiPath, type Params } from '../api/client.ts';
import type { LineEvents } from './live.ts';

const retryFirstMs = 1_000;
const retryMaxMs = 15_000;

/**
 * One server-sent stream, kept alive. The browser reconnects by itself with Last-Event-ID after a cut; after an
 * answer that is no stream it gives up, and then a new line is opened here, which cannot know what it missed.
 */
export function openLine(filter: Params, events: LineEvents): () => void {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let retryMs = retryFirstMs;

  function connect(fresh: boolean): void {
    const opened = new EventSource(apiPath(['stream'], filter));
    source = opened;
    opened.addEventListener('open', () => {
      retryMs = retryFirstMs;
      events.onPhase('open');
      if (!fresh) events.onReset();
    });
    opened.addEventListener('tick', (event) => {
      const tick = parseTick(event.data);
      if (tick !== null) events.onTick(tick);
    });
    opened.addEventListener('reset', () => events.onReset());
    opened.addEventListener('error', () => {
      events.onPhase('broken');
      if (opened.readyState !== EventSource.CLOSED) return;
      timer = setTimeout(() => connect(false), retryMs);
      retryMs = Math.min(retryMaxMs, retryMs * 2);
    });
  }

  events.onPhase('connecting');
  connect(true);
  return () => {
    clearTimeout(timer);
    source?.close();
  };
}

/** A tick that cannot be read is left out: its slots then show as a gap, which is what they are for this page. */
function parseTick(text: unknown): TickEvent | null {
  try {
    const value: unknown = JSON.parse(String(text));
    return typeof value === 'object' && value !== null && 'ports' in value ? (value as TickEvent) : null;
  } catch {
    return null;
  }
}
