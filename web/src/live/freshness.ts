/** Whether what the page shows is current, and if not, since when. Pure. */

export interface HostSeen {
  readonly host: string;
  /** End of the last slot that arrived, ms by the clock of the server. */
  readonly untilMs: number;
}

export interface Freshness {
  /** Hosts without a tick for too long, the longest silent first. */
  readonly stale: readonly HostSeen[];
  /** By the clock of this machine; null while the line stands, or was cut only just now. */
  readonly lineBrokenSinceMs: number | null;
}

/** A line that is back within two ticks was never worth a banner. */
const cutForgivenMs = 2_000;

export function judgeFreshness(options: {
  readonly hosts: readonly HostSeen[];
  readonly line: { readonly phase: string; readonly sinceMs: number };
  readonly staleAfterMs: number;
  readonly serverNowMs: number;
  readonly localNowMs: number;
}): Freshness {
  const { hosts, line, staleAfterMs, serverNowMs, localNowMs } = options;
  const stale = hosts
    .filter((seen) => serverNowMs - seen.untilMs > staleAfterMs)
    .sort((a, b) => a.untilMs - b.untilMs || a.host.localeCompare(b.host));
  const cutForMs = localNowMs - line.sinceMs;
  return { stale, lineBrokenSinceMs: line.phase !== 'open' && cutForMs > cutForgivenMs ? line.sinceMs : null };
}

/** The later of what the list of hosts said and what the stream brought since. */
export function joinSeen(
  hosts: readonly { readonly host: string; readonly lastSlot: string }[],
  lastSlots: ReadonlyMap<string, number>,
): HostSeen[] {
  return hosts.map(({ host, lastSlot }) => {
    const asked = Date.parse(lastSlot) + 1_000;
    const streamed = lastSlots.get(host);
    return { host, untilMs: streamed === undefined ? asked : Math.max(asked, (streamed + 1) * 1_000) };
  });
}

/** Whether the last number of a host may be called the present one. */
export function isCurrent({ stale, lineBrokenSinceMs }: Freshness, host: string): boolean {
  return lineBrokenSinceMs === null && !stale.some((seen) => seen.host === host);
}
