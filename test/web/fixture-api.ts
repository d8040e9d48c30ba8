import type { Problem } from '../../server/api/schema/common.ts';
import type { Health } from '../../server/api/schema/health.ts';
import type { Host, HostDetail } from '../../server/api/schema/hosts.ts';
import type { PortPage, PortSums, XstatPage } from '../../server/api/schema/ports.ts';
import type { Sli } from '../../server/api/schema/slis.ts';
import type { TickEvent } from '../../server/api/schema/stream.ts';
import {
  bridgedGap,
  causesAt,
  dropsAt,
  hostNames,
  intervalsOf,
  type Path,
  packetsAt,
  pathsOf,
  type Scenario,
  stateAt,
  tellsWhole,
  unknownGap,
} from './fixture-numbers.ts';
import { instant, type Span, spanOf, total, windowOf } from './fixture-span.ts';

/** The documents of the API over the numbers of the fixture. */

const staleAfterMs = 5_000;
const staleForSeconds = 95;
const pendingMax = 210;

export function health(nowMs: number): Health {
  return {
    status: 'ok',
    version: '0.1.0',
    startedAt: instant(nowMs / 1_000 - 86_400),
    now: new Date(nowMs).toISOString(),
    staleAfterMs,
    checks: [{ name: 'store', state: 'ok', reason: '' }],
    bus: { heldBytes: 1_048_576, bytesMax: 268_435_456 },
    collector: null,
    ingest: { rows: '184467440737', lagMs: 640, deadLetters: '0' },
    store: { state: 'ok', queued: 0 },
  };
}

export function hosts(scenario: Scenario, nowMs: number): Host[] {
  if (scenario === 'empty') return [];
  return hostNames.slice(0, scenario === 'many' ? 1 : 3).map((host, i) => hostOf(scenario, host, i, nowMs));
}

function hostOf(scenario: Scenario, host: string, i: number, nowMs: number): Host {
  const stale = scenario === 'stale' && i !== 2;
  const slot = Math.floor(nowMs / 1_000) - (stale ? staleForSeconds : 1);
  const own = pathsOf(scenario).filter((path) => path.host === host && path.countedIn === '');
  const sum = (directions: string[]) =>
    total(own.filter(({ direction }) => directions.includes(direction)).map((path) => packetsAt(path, slot)));
  const unknown = stateAt(scenario, slot) !== 'observed';
  return {
    host,
    state: stale ? 'stale' : 'live',
    bootId: `5f0c8e1${i}-6d1b-4a53-9a44-0f6f5f2f8a1${i}`,
    lastSlot: instant(slot),
    lagMs: stale ? staleForSeconds * 1_000 : 640 + i * 210,
    storedTo: instant(slot - (stale ? 0 : 2)),
    lagSeconds: stale ? 0 : 2,
    silentSince: stale ? instant(slot + 1) : null,
    ports: new Set(
      pathsOf(scenario)
        .filter((path) => path.host === host)
        .map(({ port }) => port),
    ).size,
    packetsPerSecond: unknown
      ? { rx: null, tx: null }
      : { rx: `${sum(['rx', 'fromGuest'])}`, tx: `${sum(['tx', 'toGuest'])}` },
    dropsPerSecond: unknown ? null : `${total(own.map((path) => dropsAt(path, slot)))}`,
  };
}

export function hostDetail(scenario: Scenario, host: Host, nowMs: number): HostDetail {
  const at = instant(nowMs / 1_000 - 86_400);
  const facts: [string, string, string][] = [
    ['kernel.release', '6.12.41-rt', '/proc/sys/kernel/osrelease'],
    ['cpu.isolated', '2-15,18-31', '/sys/devices/system/cpu/isolated'],
    ['hugepages.1048576kB', '96', '/sys/kernel/mm/hugepages'],
    ['port.eth0.driver', 'mlx5_core', 'ethtool'],
    ['port.eth0.numaNode', '0', '/sys/class/net/eth0/device/numa_node'],
  ];
  const source = (name: string, state: string, code: string, ns: string, rows: number) => ({
    source: name,
    state,
    code,
    durationNs: ns,
    rows,
    errors: code === '' ? '0' : '14',
  });
  return {
    host,
    facts: facts.map(([name, value, witness]) => ({ name, value, witness, at })),
    sources: [
      source('kernel', 'ok', '', '1840211', scenario === 'many' ? 20_000 : 12),
      source('thread', 'ok', '', '902113', 9),
      source(
        'ovs',
        scenario === 'noData' ? 'failed' : 'ok',
        scenario === 'noData' ? 'FN_SOURCE_SOCKET' : '',
        '2231877',
        48,
      ),
      source('dpdk', 'absent', '', '0', 0),
    ],
    collector: { cpuNs: '6120000', rssBytes: '71303168', gatherNs: '4310221', skipped: 0 },
  };
}

function silentOf(scenario: Scenario, host: string | null, nowMs: number): PortPage['silent'] {
  const silent = hosts(scenario, nowMs).flatMap(({ host: name, silentSince: since }) =>
    since === null || (host ?? name) !== name ? [] : [{ host: name, since }],
  );
  return { count: silent.length, hosts: silent.slice(0, 20) };
}

export function portPage(scenario: Scenario, query: URLSearchParams, nowMs: number): PortPage {
  const span = spanOf(query, nowMs);
  const found = select(scenario, query);
  const start = Number(query.get('cursor') ?? '0');
  const limit = Number(query.get('limit') ?? '200');
  const items = found.slice(start, start + limit).map((path) => sumsOf(scenario, path, span));
  return {
    window: windowOf(span),
    completeTo: scenario === 'noData' ? null : instant(Math.min(span.to, Math.floor(nowMs / 1_000) - 1)),
    silent: silentOf(scenario, query.get('host'), nowMs),
    revision: scenario === 'noData' ? null : instant(Math.floor(nowMs / 1_000) - 1),
    items,
    nextCursor: start + limit < found.length ? `${start + limit}` : null,
  };
}

function sumsOf(scenario: Scenario, path: Path, span: Span): PortSums {
  let packets = 0;
  let drops = 0;
  const slots = { expected: span.to - span.from, observed: 0, bridged: 0, unknown: 0, suspect: 0 };
  const causes = new Map<string, number>();
  const step = scenario === 'many' ? 30 : 1;
  for (let slot = span.from; slot < span.to; slot += step) {
    const state = stateAt(scenario, slot);
    slots[state] += Math.min(step, span.to - slot);
    if (state === 'unknown') continue;
    packets += packetsAt(path, slot) * step;
    drops += dropsAt(path, slot) * step;
    if (tellsWhole(path)) continue;
    for (const { cause, packets: lost } of causesAt(path, slot))
      causes.set(cause, (causes.get(cause) ?? 0) + lost * step);
  }
  for (const { cause, packets: lost } of intervalsOf(scenario, path, span).flatMap((interval) => interval.causes))
    causes.set(cause, (causes.get(cause) ?? 0) + lost);
  const rest = drops - total([...causes.values()]);
  const pending = tellsWhole(path) ? Math.min(rest, pendingMax) : 0;
  return {
    host: path.host,
    port: path.port,
    direction: path.direction,
    countedIn: path.countedIn,
    lastSlot: instant(span.to - 1),
    slots,
    packets: `${packets}`,
    bytes: `${packets * path.bytesPerPacket}`,
    offered: `${packets + drops}`,
    delivered: `${packets}`,
    drops: `${drops}`,
    causes: [...causes].map(([cause, lost]) => ({ cause, place: 'outside', packets: `${lost}` })),
    pending: `${pending}`,
    unexplained: `${rest - pending}`,
  };
}

export function xstats(scenario: Scenario, nowMs: number): XstatPage {
  const names = [
    'rx_good_packets',
    'rx_missed_errors',
    'rx_q0_packets',
    'rx_q1_packets',
    'tx_good_packets',
    'rx_mbuf_allocation_errors',
  ];
  if (scenario === 'empty') return { items: [], nextCursor: null };
  return {
    items: names.map((name, i) => ({
      name,
      value: `${9_007_199_254_740_993n + BigInt(i)}`,
      at: instant(nowMs / 1_000),
    })),
    nextCursor: null,
  };
}

export function slis(scenario: Scenario, query: URLSearchParams, nowMs: number): Sli[] {
  const span = spanOf(query, nowMs);
  return select(scenario, query)
    .map((path) => ({ path, sums: sumsOf(scenario, path, span) }))
    .flatMap(({ path, sums }) => [sliOf('packetDelivery', path, sums, span), sliOf('pps', path, sums, span)]);
}

function sliOf(sli: Sli['sli'], path: Path, sums: PortSums, span: Span): Sli {
  const known = sums.slots.observed + sums.slots.bridged > 0;
  const { offered, delivered, drops } = sums;
  const ppb = offered === '0' ? null : `${(BigInt(delivered) * 1_000_000_000n) / BigInt(offered)}`;
  return {
    sli,
    host: path.host,
    port: path.port,
    direction: path.direction,
    slots: sums.slots,
    offered,
    delivered,
    bad: drops,
    ratio: { num: delivered, den: offered, ppb },
    verdict: !known ? 'unknown' : offered === '0' ? 'noTraffic' : 'measured',
    peakPps: sli === 'pps' && known ? `${packetsAt(path, span.from)}` : null,
  };
}

/** What the collector of a host would send when a slot closes; null: nothing for this host. */
export function tickOf(scenario: Scenario, host: string, slot: number, port: string | null): TickEvent {
  const paths = pathsOf(scenario).filter((path) => path.host === host && (port === null || path.port === port));
  // A tick of a big host is long; a hundred ports are enough to show that rows are patched.
  const rows = paths.slice(0, 200).flatMap((path) => rowOf(scenario, path, slot));
  return { host, slot, ports: rows };
}

function rowOf(scenario: Scenario, path: Path, slot: number): TickEvent['ports'] {
  const state = stateAt(scenario, slot);
  const base = { port: path.port, direction: path.direction, countedIn: path.countedIn, suspect: false, state };
  if (state === 'observed') {
    const packets = packetsAt(path, slot);
    return [
      {
        ...base,
        slot,
        slots: 1,
        packets: `${packets}`,
        bytes: `${packets * path.bytesPerPacket}`,
        drops: `${dropsAt(path, slot)}`,
        causes: (tellsWhole(path) ? [] : causesAt(path, slot)).map(({ cause, packets: lost }) => ({
          cause,
          packets: `${lost}`,
        })),
      },
    ];
  }
  const gap = state === 'bridged' ? bridgedGap : unknownGap;
  if (scenario === 'gap' && slot % 300 !== gap.first + gap.slots - 1) return [];
  const slots = scenario === 'gap' ? gap.slots : 1;
  const sum = state === 'bridged' ? `${path.packetsPerSlot * slots}` : null;
  return [
    { ...base, slot: slot - slots + 1, slots, packets: sum, bytes: sum, drops: sum === null ? null : '0', causes: [] },
  ];
}

export function problem(status: number, code: string, detail: string, hint: string): Problem {
  return { type: `https://fournines.dev/errors/${code}`, title: 'Store not ready', status, code, detail, hint };
}

function select(scenario: Scenario, query: URLSearchParams): Path[] {
  const host = query.get('host');
  const port = query.get('port');
  return pathsOf(scenario).filter(
    (path) => (host === null || path.host === host) && (port === null || path.port === port),
  );
}
