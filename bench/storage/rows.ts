import type { Column, Kind, RowOf } from '../../core/catalogue/columns.ts';

/** How many objects of a kind a host has, and how often each gives a row. */
interface Population {
  readonly objects: number;
  readonly everySeconds: number;
}

/** A host of 24 guests with two ports each: 60 ports, two directions, 16 causes moving, 8 polling threads. */
const populations: Readonly<Record<string, Population>> = {
  port_slot: { objects: 120, everySeconds: 1 },
  drop_slot: { objects: 16, everySeconds: 5 },
  queue_slot: { objects: 96, everySeconds: 1 },
  thread_slot: { objects: 160, everySeconds: 1 },
  cpu_slot: { objects: 8, everySeconds: 1 },
  softnet_slot: { objects: 48, everySeconds: 1 },
  pressure_slot: { objects: 7, everySeconds: 1 },
  xstat_slot: { objects: 400, everySeconds: 5 },
  pmd_slot: { objects: 8, everySeconds: 1 },
  rxq_slot: { objects: 96, everySeconds: 5 },
  mempool_slot: { objects: 4, everySeconds: 5 },
  datapath_slot: { objects: 1, everySeconds: 1 },
  replica_slot: { objects: 1, everySeconds: 5 },
  vring_slot: { objects: 64, everySeconds: 1 },
  vring_run: { objects: 4, everySeconds: 1 },
  source_slot: { objects: 6, everySeconds: 1 },
  host_fact: { objects: 120, everySeconds: 300 },
  event: { objects: 1, everySeconds: 60 },
  tick: { objects: 1, everySeconds: 1 },
};

/** Words of columns that are the same in every row of an object. */
const words: Readonly<Record<string, (object: number) => string>> = {
  port: (object) => `vhu${(((object >> 1) * 2_654_435_761) >>> 0).toString(16).padStart(8, '0')}`,
  countedIn: () => '',
  datapath: () => 'netdev@ovs-netdev',
  cause: (object) => ['vhost_ring_full', 'no_mbuf', 'tx_ring_full', 'mtu'][object % 4] ?? 'other',
  name: (object) => `rx_q${object % 16}_packets`,
  owner: (object) => `instance-${(object >> 3).toString(16).padStart(8, '0')}`,
  threadState: (object) => (object % 5 === 0 ? 'R' : 'S'),
  bootId: () => '6f1f3c1e-7f6a-4d51-9f0e-2f1c55c1a0de',
  stream: () => '8c0f3a5b7d9e1122',
  code: () => '',
  detail: () => '{"before":"18446744073709551615"}',
};

/** A small generator of its own: the same rows in every run. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return Math.floor((state / 0x8000_0000) * below);
  };
}

/** Rows of one kind on one host, object by object within a second, as ticks bring them. */
export class HostRows<K extends Kind> {
  readonly #kind: K;
  readonly #host: number;
  readonly #random: (below: number) => number;
  readonly #totals = new Map<string, bigint>();

  constructor(kind: K, host: number) {
    this.#kind = kind;
    this.#host = host;
    this.#random = randomFrom(host * 7919 + kind.name.length + 1);
  }

  rowsOf(second: number): RowOf<K>[] {
    const { objects, everySeconds } = populations[this.#kind.name] ?? { objects: 1, everySeconds: 1 };
    if (second % everySeconds !== 0) return [];
    return Array.from({ length: objects }, (_, object) => this.#row(object, second, everySeconds));
  }

  #row(object: number, second: number, everySeconds: number): RowOf<K> {
    const random = this.#random;
    const row: Record<string, unknown> = {};
    for (const name of this.#kind.counters) {
      // A few objects are busy, many are quiet, some counters never move; rates wander by a few percent.
      const rate = this.#moves(name) ? ([0, 3, 40, 1_500, 90_000, 400_000][(object * 31 + name.length) % 6] ?? 0) : 0;
      const increment = BigInt(Math.floor(rate * everySeconds * (0.95 + random(1000) / 10_000)));
      const total = (this.#totals.get(`${object} ${name}`) ?? BigInt(object) * 1_000_003n) + increment;
      this.#totals.set(`${object} ${name}`, total);
      row[name] = total;
      row[`${name}Inc`] = increment;
    }
    for (const column of this.#kind.columns) row[column.name] ??= this.#value(column, object, second, everySeconds);
    return row as RowOf<K>;
  }

  /** Losses are rare: one second in two hundred has some. */
  #moves(counter: string): boolean {
    return !/drop|lost|miss|squeeze/i.test(counter) || this.#random(200) === 0;
  }

  #value(column: Column, object: number, second: number, everySeconds: number): unknown {
    const random = this.#random;
    switch (column.name) {
      case 'host':
        return `compute-${String(this.#host).padStart(3, '0')}`;
      case 'slot':
        return second;
      case 'slots':
        return everySeconds;
      case 'state':
        return column.type === 'Enum8' ? (column.labels[0] as string) : 'ok';
      case 'intervalNs':
        return BigInt(everySeconds) * 1_000_000_000n + BigInt(random(200_000)) - 100_000n;
      case 'readSpanNs':
        return BigInt(30_000 + random(20_000));
      case 'lateNs':
        return BigInt(200_000 + random(400_000));
      case 'epoch':
        return BigInt((object * 2_654_435_761) >>> 0) << 16n;
      case 'at':
        return BigInt(second) * 1000n + BigInt(random(1000));
      case 'direction':
        return object % 2 === 0 ? 'toGuest' : 'fromGuest';
      default:
        return this.#plain(column, object, second);
    }
  }

  #plain(column: Column, object: number, second: number): unknown {
    const random = this.#random;
    if (column.name === 'share') return object < 4 ? 'some' : 'full';
    if (column.type === 'Enum8') return column.labels[object % column.labels.length];
    if (column.type === 'String') return words[column.name]?.(object) ?? `${column.name}-${object}`;
    // What stays as it is while an object lives.
    if (/^(startTicks|size|errors)$/.test(column.name)) return BigInt(object) * 7_919n;
    if (/^(seq|wallNs|monoNs)$/.test(column.name))
      return BigInt(second) * (column.name === 'seq' ? 1n : 1_000_000_000n);
    if (/64/.test(column.type)) return BigInt(random(1_000_000));
    return column.type === 'UInt8' ? 0 : object;
  }
}
