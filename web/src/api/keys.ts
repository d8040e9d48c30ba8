import type { Range } from '../url/range.ts';

/**
 * Keys of everything the page asks for. A relative range stands in a key as itself and is resolved when asking, so
 * that a moving window stays one entry of the cache instead of a new one each second.
 */
export const keys = {
  health: ['health'] as const,
  hosts: ['hosts'] as const,
  host: (host: string) => ['hosts', host] as const,
  threads: (host: string, range: Range) => ['hosts', host, 'threads', range] as const,
  softnet: (host: string, range: Range) => ['hosts', host, 'softnet', range] as const,
  ports: (filter: PortFilter, range: Range) => ['ports', filter, range] as const,
  portSeries: (host: string, port: string, range: Range) => ['ports', host, port, 'series', range] as const,
  queueSeries: (host: string, port: string, range: Range) => ['ports', host, port, 'queues', range] as const,
  xstats: (host: string, port: string) => ['ports', host, port, 'xstats'] as const,
  ledgers: (host: string, range: Range) => ['ledger', host, range] as const,
  ledger: (host: string, datapath: string, range: Range) => ['ledger', host, datapath, range] as const,
  slis: (filter: PortFilter, range: Range) => ['slis', filter, range] as const,
};

export interface PortFilter {
  readonly host?: string;
  readonly port?: string;
}

/** How often to ask again, ms. A page in the background does not ask. */
export const paceMs = {
  health: 10_000,
  hosts: 2_000,
  host: 5_000,
  sums: 5_000,
  series: 5_000,
  xstats: 10_000,
} as const;
