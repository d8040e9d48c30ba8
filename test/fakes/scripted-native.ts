import { FourninesError } from '../../core/runtime/error.ts';
import {
  type EthtoolCounters,
  type Link,
  type LinkTable,
  linkCounters,
  linkStride,
  type NativeFacade,
  type QdiscTable,
  type QueueTable,
  queueCounters,
  queueStride,
  type StallSampler,
  threadStatus,
  threadStride,
} from '../../native/facade.ts';
import type { ManualClock } from './manual-clock.ts';

type Counters = Partial<Record<(typeof linkCounters)[number], bigint>>;

export interface ScriptedNic extends Partial<Link> {
  readonly name: string;
  readonly ifindex: number;
  readonly counters?: Counters;
  /** Undefined: the driver has no extended counters. */
  readonly xstats?: Readonly<Record<string, bigint>>;
  /** Its rows in the kernel's table of queues. */
  readonly queues?: readonly ScriptedQueue[];
  /** errno of everything asked of it through ethtool: 19 ENODEV, 5 EIO, 95 EOPNOTSUPP ... */
  readonly ethtoolErrno?: number | undefined;
}

interface ScriptedQueue {
  readonly direction: 'rx' | 'tx';
  readonly queue: number;
  /** Those left out the driver does not have. */
  readonly counters: Partial<Record<(typeof queueCounters)[number], bigint>>;
}

export interface ScriptedThread {
  readonly runNs: bigint;
  readonly runDelayNs: bigint;
  readonly startTicks: bigint;
  readonly state?: string;
  readonly cpu?: number;
}

/**
 * A host that a test writes: what cannot be made on a real one, such as a NIC whose counters fall. The real forms are
 * held to the same contract by test/contract/native.ts.
 */
export class ScriptedNative implements NativeFacade {
  readonly form = 'typescript';
  nics: readonly ScriptedNic[] = [];
  /** By tid; a thread that is not here has ended. */
  threads = new Map<number, ScriptedThread>();
  qdiscDrops: readonly {
    readonly ifindex: number;
    readonly drops: bigint;
    readonly parent?: number;
    readonly handle?: number;
  }[] = [];
  failLinks: Error | undefined;
  /** Null: as in the form without the addon. */
  sampler: StallSampler | null = null;
  /** Whether the kernel has a table of queues (Linux 6.9). */
  hasQueues = true;
  readonly #clock: ManualClock;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  clocks(): readonly [bigint, bigint] {
    const { wallNs, monoNs } = this.#clock.read();
    return [wallNs, monoNs];
  }

  readThreads(ids: Uint32Array, out: BigUint64Array): void {
    for (let i = 0; i < ids.length / 2; i++) {
      const thread = this.threads.get(ids[i * 2 + 1] as number);
      const state = BigInt((thread?.state ?? 'R').charCodeAt(0));
      const fields =
        thread === undefined
          ? [threadStatus.gone, 0n, 0n, 0n, 0n, 0n, 0n]
          : [threadStatus.ok, thread.runNs, thread.runDelayNs, 1n, thread.startTicks, state, BigInt(thread.cpu ?? 0)];
      out.set(fields, i * threadStride);
    }
  }

  links(): LinkTable {
    if (this.failLinks !== undefined) throw this.failLinks;
    const counters = new BigUint64Array(this.nics.length * linkStride);
    const links = this.nics.map(
      ({ counters: given = {}, xstats: _xstats, queues: _queues, ethtoolErrno: _errno, ...link }, row) => {
        linkCounters.forEach((name, i) => {
          counters[row * linkStride + i] = given[name] ?? 0n;
        });
        return { flags: 65, mtu: 1500, master: 0, lower: 0, linkKind: '', memberKind: '', ...link };
      },
    );
    return { links, counters };
  }

  qdiscs(): QdiscTable {
    const rows = this.qdiscDrops;
    return {
      ifindex: Uint32Array.from(rows, (row) => row.ifindex),
      handle: Uint32Array.from(rows, (row) => row.handle ?? 1),
      parent: Uint32Array.from(rows, (row) => row.parent ?? 0xffffffff),
      kinds: rows.map(() => 'fq_codel'),
      drops: BigUint64Array.from(rows, (row) => row.drops),
    };
  }

  queues(): QueueTable | null {
    if (!this.hasQueues) return null;
    const rows = this.nics.flatMap(({ ifindex, queues = [] }) => queues.map((queue) => ({ ifindex, ...queue })));
    const counters = new BigUint64Array(rows.length * queueStride);
    const present = new Uint8Array(rows.length);
    for (const [row, { counters: given }] of rows.entries()) {
      queueCounters.forEach((name, i) => {
        // What is absent must not be looked at: a number that no counter has.
        counters[row * queueStride + i] = given[name] ?? 77_777n;
        if (given[name] !== undefined) present[row] = (present[row] as number) | (1 << i);
      });
    }
    return {
      ifindex: Uint32Array.from(rows, (row) => row.ifindex),
      direction: Uint8Array.from(rows, (row) => (row.direction === 'rx' ? 0 : 1)),
      queue: Uint32Array.from(rows, (row) => row.queue),
      counters,
      present,
    };
  }

  openRings(): null {
    return null;
  }

  ethtoolNames(nic: string): readonly string[] {
    return Object.keys(this.#ethtool(nic, 'ETHTOOL_GSSET_INFO').xstats ?? {});
  }

  ethtoolDriver(nic: string): string | null {
    this.#ethtool(nic, 'ETHTOOL_GDRVINFO');
    return 'scripted';
  }

  ethtoolCounters(nics: readonly string[], counts: Uint32Array): EthtoolCounters {
    const values: bigint[] = [];
    const starts = new Int32Array(nics.length);
    for (const [i, nic] of nics.entries()) {
      const one = this.nics.find(({ name }) => name === nic);
      const found = Object.values(one?.xstats ?? {});
      const isRead = one?.ethtoolErrno === undefined && found.length === counts[i];
      starts[i] = isRead ? values.length : -1;
      if (isRead) values.push(...found);
    }
    return { values: BigUint64Array.from(values), starts, counts };
  }

  affinity(): readonly number[] {
    return [0, 1];
  }

  setAffinity(): boolean {
    return true;
  }

  openStalls(): StallSampler | null {
    return this.sampler;
  }

  openTelemetry(): null {
    return null;
  }

  close(): void {
    this.nics = [];
  }

  /** The NIC, or the error that the addon throws of one that is not there or refuses. */
  #ethtool(nic: string, call: string): ScriptedNic {
    const found = this.nics.find(({ name }) => name === nic);
    const errno = found === undefined ? 19 : found.ethtoolErrno;
    if (found !== undefined && errno === undefined) return found;
    throw new FourninesError('FN_NATIVE', 'scripted', { context: { call, errno: errno ?? 0 } });
  }
}
