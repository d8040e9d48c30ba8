/** The clock of the server as this machine can know it: a laptop that is a minute off must not call a host stale. */
export interface ServerClock {
  nowMs(): number;
  setServerNow(serverNowMs: number): void;
}

export function createServerClock(localNowMs: () => number): ServerClock {
  let skewMs = 0;
  return {
    nowMs: () => localNowMs() + skewMs,
    setServerNow: (serverNowMs) => {
      if (Number.isFinite(serverNowMs)) skewMs = serverNowMs - localNowMs();
    },
  };
}
