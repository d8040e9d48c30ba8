import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { useApp } from '../app-context.ts';
import type { Live } from './live.ts';

/** Opens the stream for what the page shows, for as long as it is shown. */
export function useWatch(host?: string, port?: string): void {
  const { live } = useApp();
  const queries = useQueryClient();
  useEffect(() => {
    const forget = live.onReset(() => void queries.invalidateQueries());
    const close = live.watch({ ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port }) });
    return () => {
      close();
      forget();
    };
  }, [live, queries, host, port]);
}

/** Renders again when the live numbers were patched, at most once a second. The number only grows. */
export function useLiveVersion(): { live: Live; version: number } {
  const { live } = useApp();
  const version = useSyncExternalStore(live.subscribe, live.version);
  return { live, version };
}

/** Renders again each second, for ages; not in the background. */
export function useSecond(): void {
  const [, setBeat] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setBeat((beat) => beat + 1);
    }, 1_000);
    return () => clearInterval(timer);
  }, []);
}
