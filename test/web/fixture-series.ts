import type { SoftnetSeries, StallList, ThreadSeries } from '../../server/api/schema/hosts.ts';
import type { PortSeries, QueueSeries } from '../../server/api/schema/ports.ts';
import {
  bridgedGap,
  causesAt,
  dropsAt,
  intervalsOf,
  type Path,
  packetsAt,
  pathsOf,
  type Scenario,
  stateAt,
  tellsWhole,
} from './fixture-numbers.ts';
import { instant, type Span, total, windowOf } from './fixture-span.ts';

/** The stepped series of the API over the numbers of the fixture. */

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
      causes: tellsWhole(path)
        ? []
        : causesAt(path, 0).map(({ cause }) => ({
            cause,
            packets: values((slot) => causesAt(path, slot).find((item) => item.cause === cause)?.packets ?? 0),
          })),
      causeIntervals: intervalsOf(scenario, path, span).flatMap(({ from, to, causes }) =>
        causes.map(({ cause, packets }) => ({ cause, from: instant(from), to: instant(to), packets: `${packets}` })),
      ),
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

function delayAt(second: number, thread: number): number {
  return ((second * (thread + 7)) % 53) * 900 * (6 - thread);
}

/** What is sampled, from the run delay of a second; a thread that is stopped waits for nothing. */
function stallsOf(threadState: string, series: (of: (delayNs: number) => number) => (string | null)[]) {
  const isStopped = threadState === 'T';
  return {
    involuntarySwitches: series((delayNs) => (delayNs > 100_000 ? 2 : 0)),
    delayInvoluntaryLowNs: series((delayNs) => Math.floor(delayNs / 2)),
    delayInvoluntaryHighNs: series((delayNs) => delayNs),
    stoppedNs: series(() => (isStopped ? 1_000_000_000 : 0)),
    longestStallLowNs: series((delayNs) => (isStopped ? 1_000_000_000 : Math.floor(delayNs / 3))),
    longestStallHighNs: series((delayNs) => (isStopped ? 1_040_000_000 : delayNs)),
    stalls: series(() => 0),
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
      runDelayNs: at.map((slot) => stepValue(scenario, slot, stepSeconds, (s) => delayAt(s, i))),
      ...stallsOf(threadState, (of) =>
        at.map((slot) => stepValue(scenario, slot, stepSeconds, (s) => of(delayAt(s, i)))),
      ),
    })),
  };
}

/** Gaps of the fixture's polling thread, the longest first; one goes on, of one nobody knows how long it was. */
export function stalls(scenario: Scenario, { from, to }: Span, query: URLSearchParams): StallList {
  const least = BigInt(query.get('leastMs') ?? '0') * 1_000_000n;
  const ns = (seconds: number, ms: number) => `${BigInt(seconds) * 1_000_000_000n + BigInt(ms) * 1_000_000n}`;
  const thread = {
    pid: 41_200,
    tid: 41_214,
    startTicks: '99',
    role: 'pmd',
    owner: 'ovs-vswitchd',
    name: 'pmd-c03/id:9',
  };
  const kinds: [stall: string, lowMs: number, highMs: number, waits: number, goesOn: boolean][] = [
    ['stopped', 812, 850, 0, false],
    ['waiting', 61, 95, 0, true],
    ['involuntary', 14, 14, 1, false],
    ['mixed', 3, 26, 4, false],
    ['wakeup', 2, 2, 1, false],
  ];
  const rows = kinds.map(([stall, lowMs, highMs, waits, goesOn], i) => {
    const at = from + 10 + 50 * i;
    const place = { at: instant(at), fromNs: ns(at, 100), toNs: ns(at, 140 + highMs) };
    return { ...thread, ...place, lowNs: ns(0, lowMs), highNs: ns(0, highMs), waits, stall, goesOn };
  });
  const isTold = scenario !== 'empty' && scenario !== 'noData' && from < to;
  const found = isTold ? rows.filter(({ highNs }) => BigInt(highNs) >= least) : [];
  return { ...told({ from, to }), stalls: found, more: false };
}

function told({ from, to }: Span) {
  return { from: instant(from), to: instant(to) };
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

export function stepsOf({ from, to }: Span): { at: number[]; stepSeconds: number } {
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
