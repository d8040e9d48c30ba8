import {
  type EthtoolCounters,
  type Link,
  type LinkTable,
  linkCounters,
  linkStride,
  type NativeFacade,
  type QdiscTable,
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
}

export interface ScriptedThread {
  readonly runNs: bigint;
  readonly runDelayNs: bigint;
  readonly startTicks: bigint;
  readonly state?: string;
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
          : [threadStatus.ok, thread.runNs, thread.runDelayNs, 1n, thread.startTicks, state, 0n];
      out.set(fields, i * threadStride);
    }
  }

  links(): LinkTable {
    if (this.failLinks !== undefined) throw this.failLinks;
    const counters = new BigUint64Array(this.nics.length * linkStride);
    const links = this.nics.map(({ counters: given = {}, xstats: _xstats, ...link }, row) => {
      linkCounters.forEach((name, i) => {
        counters[row * linkStride + i] = given[name] ?? 0n;
      });
      return { flags: 65, mtu: 1500, master: 0, lower: 0, linkKind: '', memberKind: '', ...link };
    });
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

  ethtoolNames(nic: string): readonly string[] {
    return Object.keys(this.nics.find(({ name }) => name === nic)?.xstats ?? {});
  }

  ethtoolDriver(): string | null {
    return 'scripted';
  }

  ethtoolCounters(nics: readonly string[], counts: Uint32Array): EthtoolCounters {
    const values: bigint[] = [];
    const starts = new Int32Array(nics.length);
    for (const [i, nic] of nics.entries()) {
      const found = Object.values(this.nics.find(({ name }) => name === nic)?.xstats ?? {});
      starts[i] = found.length === counts[i] ? values.length : -1;
      if (found.length === counts[i]) values.push(...found);
    }
    return { values: BigUint64Array.from(values), starts, counts };
  }

  affinity(): readonly number[] {
    return [0, 1];
  }

  setAffinity(): boolean {
    return true;
  }

  close(): void {
    this.nics = [];
  }
}
