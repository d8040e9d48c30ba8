import type { Problem } from '../../server/api/schema/common.ts';
import type { Health } from '../../server/api/schema/health.ts';
import type { Host, HostDetail, SoftnetSeries, ThreadSeries } from '../../server/api/schema/hosts.ts';
import type { PortPage, PortSeries, PortSums, QueueSeries, XstatPage } from '../../server/api/schema/ports.ts';
import type { Sli } from '../../server/api/schema/slis.ts';
import type { TickEvent } from '../../server/api/schema/stream.ts';
import {
  bridgedGap,
  causesAt,
  dropsAt,
  hostNames,
  type Path,
  packetsAt,
  pathsOf,
  type Scenario,
  stateAt,
  unknownGap,
} from './fixture-numbers.ts';

/** The documents of the API over the numbers of the fixture. */

export interface Span {
  readonly from: number;
  readonly to: number;
}

const staleAfterMs = 5_000;
const staleForSeconds = 95;

export function spanOf(query: URLSearchParams, nowMs: number): Span {
  const now = Math.floor(nowMs / 1_000) - 2;
  const to = secondsOf(query.get('to')) ?? now;
  return { from: secondsOf(query.get('from')) ?? to - 300, to };
}

export function health(nowMs: number): Health {
  return {
    status: 'ok',
    version: '0.1.0',
    startedAt: instant(nowMs / 1_000 - 86_400),
    now: new Date(nowMs).toISOString(),
    staleAfterMs,
    checks: [{ name: 'store', state: 'ok', reason: '' }],
    bus: { heldBytes: 1_048_576, bytesMax: 268_435_456, refused: '0' },
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

export function portPage(scenario: Scenario, query: URLSearchParams, nowMs: number): PortPage {
  const span = spanOf(query, nowMs);
  const found = select(scenario, query);
  const start = Number(query.get('cursor') ?? '0');
  const limit = Number(query.get('limit') ?? '200');
  const items = found.slice(start, start + limit).map((path) => sumsOf(scenario, path, span));
  return {
    window: windowOf(span),
    completeTo: scenario === 'noData' ? null : instant(Math.min(span.to, Math.floor(nowMs / 1_000) - 1)),
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
    for (const { cause, packets: lost } of causesAt(path, slot))
      causes.set(cause, (causes.get(cause) ?? 0) + lost * step);
  }
  const named = total([...causes.values()]);
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
    unexplained: `${drops - named}`,
  };
}

export function portSeries(scenario: Scenario, host: string, port: string, span: Span): PortSeries {
  const paths = pathsOf(scenario).filter((path) => path.host === host && path.port === port);
  const { at, stepSeconds } = stepsOf(span);
  const values = (pick: (slot: number) => number) => at.map((slot) => stepValue(scenario, slot, stepSeconds, pick));
  return {
    host,
    port,
    window: windowOf(span),
    stepSeconds,
    at,
    directions: paths.map((path) => ({
      direction: path.direction,
      packets: values((slot) => packetsAt(path, slot)),
      bytes: values((slot) => packetsAt(path, slot) * path.bytesPerPacket),
      drops: values((slot) => dropsAt(path, slot)),
      causes: causesAt(path, 0).map(({ cause }) => ({
        cause,
        packets: values((slot) => causesAt(path, slot).find((item) => item.cause === cause)?.packets ?? 0),
      })),
      bridged: bridgesOf(scenario, path, span),
    })),
  };
}

function bridgesOf(scenario: Scenario, path: Path, { from, to }: Span): PortSeries['directions'][number]['bridged'] {
  if (scenario !== 'gap') return [];
  const found = [];
  for (let base = Math.floor(from / 300) * 300; base < to; base += 300) {
    const start = base + bridgedGap.first;
    const end = start + bridgedGap.slots;
    if (start < from || end > to) continue;
    const slots = Array.from({ length: bridgedGap.slots }, (_, i) => start + i);
    const packets = total(slots.map((slot) => packetsAt(path, slot)));
    found.push({
      from: instant(start),
      to: instant(end),
      packets: `${packets}`,
      bytes: `${packets * path.bytesPerPacket}`,
      drops: `${total(slots.map((slot) => dropsAt(path, slot)))}`,
    });
  }
  return found;
}

export function queueSeries(scenario: Scenario, host: string, port: string, span: Span): QueueSeries {
  const paths = pathsOf(scenario).filter((path) => path.host === host && path.port === port);
  const { at, stepSeconds } = stepsOf(span);
  const shares = [0.31, 0.27, 0.24, 0.18];
  return {
    host,
    port,
    window: windowOf(span),
    stepSeconds,
    at,
    queues: paths.flatMap((path) =>
      shares.map((share, queue) => ({
        direction: path.direction,
        queue,
        packets: at.map((slot) =>
          stepValue(scenario, slot, stepSeconds, (s) => Math.floor(packetsAt(path, s + queue * 11) * share)),
        ),
        bytes: at.map((slot) =>
          stepValue(scenario, slot, stepSeconds, (s) => Math.floor(packetsAt(path, s) * share) * 400),
        ),
        drops: at.map((slot) =>
          path.direction === 'rx'
            ? stepValue(scenario, slot, stepSeconds, (s) => (queue === 0 ? dropsAt(path, s) : 0))
            : null,
        ),
      })),
    ),
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

export function threads(scenario: Scenario, span: Span): ThreadSeries {
  const { at, stepSeconds } = stepsOf(span);
  const names: [string, string, string, string][] = [
    ['vcpu', 'acme-fw-1', 'CPU 0/KVM', 'R'],
    ['vcpu', 'acme-fw-1', 'CPU 1/KVM', 'R'],
    ['emulator', 'acme-fw-1', 'qemu-system-x86', 'S'],
    ['vhost', 'acme-fw-1', 'vhost-41210', 'S'],
    ['pmd', 'ovs-vswitchd', 'pmd-c03/id:9', 'R'],
    ['vcpu', 'beta-upf-2', 'CPU 0/KVM', 'T'],
  ];
  return {
    from: instant(span.from),
    to: instant(span.to),
    stepSeconds,
    at,
    threads: names.map(([role, owner, name, threadState], i) => ({
      pid: 41_200,
      tid: 41_210 + i,
      role,
      owner,
      name,
      threadState,
      cpu: 2 + i,
      runNs: at.map((slot) =>
        stepValue(scenario, slot, stepSeconds, (s) => 610_000_000 + ((s * (i + 3)) % 97) * 1_000_000),
      ),
      runDelayNs: at.map((slot) => stepValue(scenario, slot, stepSeconds, (s) => ((s * (i + 7)) % 53) * 900 * (6 - i))),
    })),
  };
}

export function softnet(scenario: Scenario, span: Span): SoftnetSeries {
  const { at, stepSeconds } = stepsOf(span);
  const column = (pick: (slot: number) => number) => at.map((slot) => stepValue(scenario, slot, stepSeconds, pick));
  return {
    from: instant(span.from),
    to: instant(span.to),
    stepSeconds,
    at,
    cpus: Array.from({ length: 4 }, (_, cpu) => ({
      cpu,
      processed: column((slot) => 1_200 + ((slot * (cpu + 1)) % 311)),
      dropped: column((slot) => (cpu === 1 && slot % 97 < 3 ? 4 : 0)),
      timeSqueeze: column((slot) => (slot % 61 === cpu ? 1 : 0)),
    })),
    pressure: ['cpu', 'memory', 'io'].flatMap((resource, i) =>
      ['some', 'full'].map((share, j) => ({
        resource,
        share,
        totalUs: column((slot) => ((slot * (i + 2)) % 43) * (9 - 3 * i) * (2 - j)),
      })),
    ),
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
        causes: causesAt(path, slot).map(({ cause, packets: lost }) => ({ cause, packets: `${lost}` })),
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

function stepsOf({ from, to }: Span): { at: number[]; stepSeconds: number } {
  const stepSeconds = [1, 10, 60, 600, 3_600].find((step) => (to - from) / step <= 900) ?? 3_600;
  return {
    stepSeconds,
    at: Array.from({ length: Math.floor((to - from) / stepSeconds) }, (_, i) => from + i * stepSeconds),
  };
}

function stepValue(
  scenario: Scenario,
  start: number,
  stepSeconds: number,
  pick: (slot: number) => number,
): string | null {
  let sum = 0;
  for (let slot = start; slot < start + stepSeconds; slot += 1) {
    if (stateAt(scenario, slot) !== 'observed') return null;
    sum += pick(slot);
  }
  return `${sum}`;
}

function windowOf({ from, to }: Span) {
  return { from: instant(from), to: instant(to) };
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function secondsOf(value: string | null): number | null {
  return value === null ? null : Math.floor(Date.parse(value) / 1_000);
}

function instant(seconds: number): string {
  return new Date(Math.floor(seconds) * 1_000).toISOString().replace('.000Z', 'Z');
}
