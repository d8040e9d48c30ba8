import { createContext, useContext } from 'react';
import type { ServerClock } from './live/clock.ts';
import type { Live } from './live/live.ts';

/** What lives as long as the page: the line to the server and its clock. */
export interface App {
  readonly live: Live;
  readonly clock: ServerClock;
}

export const AppContext = createContext<App | null>(null);

export function useApp(): App {
  const app = useContext(AppContext);
  if (app === null) throw new Error('AppContext is missing above this component');
  return app;
}
