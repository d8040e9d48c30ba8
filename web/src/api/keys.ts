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
  stalls: (host: string, range: Range, role: string | undefined, leastMs: string) =>
    ['hosts', host, 'stalls', range, role, leastMs] as const,
  softnet: (host: string, range: Range) => ['hosts', host, 'softnet', range] as const,
  ports: (filter: PortFilter, range: Range) => ['ports', filter, range] as const,
  portSeries: (host: string, port: string, range: Range) => ['ports', host, port, 'series', range] as const,
  timeline: (host: string, port: string, range: Range, queue: string | undefined) =>
    ['ports', host, port, 'timeline', range, queue] as const,
  bursts: (host: string, port: string, range: Range) => ['ports', host, port, 'bursts', range] as const,
  explanation: (host: string, port: string, fromSeconds: number, toSeconds: number) =>
    ['explain', host, port, fromSeconds, toSeconds] as const,
  queueSeries: (host: string, port: string, range: Range) => ['ports', host, port, 'queues', range] as const,
  xstats: (host: string, port: string) => ['ports', host, port, 'xstats'] as const,
  ledgers: (host: string, range: Range) => ['ledger', host, range] as const,
  ledger: (host: string, datapath: string, range: Range) => ['ledger', host, datapath, range] as const,
  slis: (filter: PortFilter, range: Range) => ['slis', filter, range] as const,
  slos: (filter: SloFilter) => ['slos', 'list', filter] as const,
  slo: (name: string) => ['slos', 'one', name] as const,
  budget: (name: string, month: string | undefined) => ['slos', 'budget', name, month] as const,
  tenants: ['tenants'] as const,
  calendar: (tenant: string, month: string | undefined) => ['tenants', tenant, 'calendar', month] as const,
  breaches: (filter: BreachFilter) => ['breaches', 'list', filter] as const,
  breach: (id: string) => ['breaches', 'one', id] as const,
  comments: (breach: string) => ['breaches', 'comments', breach] as const,
  deliveries: (filter: DeliveryFilter) => ['deliveries', 'list', filter] as const,
  delivery: (id: string) => ['deliveries', 'one', id] as const,
  receivers: ['receivers'] as const,
  alerting: ['alerting'] as const,
  silences: (filter: SloFilter) => ['silences', filter] as const,
  alerts: (filter: Pick<SloFilter, 'tenant'>) => ['alerts', filter] as const,
  audit: (filter: ActFilter) => ['audit', filter] as const,
  datapaths: ['remediation', 'datapaths'] as const,
  adviceList: ['remediation', 'advice'] as const,
  advice: (id: string) => ['remediation', 'advice', id] as const,
  exclusions: (filter: ExclusionFilter) => ['exclusions', 'list', filter] as const,
  exclusion: (id: string) => ['exclusions', 'one', id] as const,
  credits: (tenant: string, month: string | undefined) => ['credits', tenant, month] as const,
};

export interface SloFilter {
  readonly tenant?: string | undefined;
  readonly state?: string | undefined;
}

export interface BreachFilter extends SloFilter {
  readonly slo?: string | undefined;
  readonly open?: string | undefined;
}

export interface DeliveryFilter extends SloFilter {
  readonly receiver?: string | undefined;
}

export interface ActFilter {
  readonly subject?: string | undefined;
  readonly act?: string | undefined;
}

export interface ExclusionFilter {
  readonly service?: string | undefined;
  readonly state?: string | undefined;
}

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
  slos: 5_000,
  /** What changes by the day, by the hand of a person, or once a month. */
  slow: 30_000,
} as const;
