import { useEffect, useRef } from 'react';
import { type Action, actionOf, pairWithinMs } from './shortcuts.ts';

export function useShortcuts(run: (action: Action) => void): void {
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    let before: { key: string; at: number } | null = null;
    function onKey(event: KeyboardEvent): void {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || takesText(event.target)) return;
      const recent = before !== null && event.timeStamp - before.at < pairWithinMs ? before.key : null;
      before = { key: event.key, at: event.timeStamp };
      const action = actionOf(event.key, recent);
      if (action === null) return;
      event.preventDefault();
      latest.current(action);
    }
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}

/** Keys belong to a field being typed in, and to an open dialog. */
function takesText(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.closest('input, textarea, select, [role="dialog"]') !== null;
}
