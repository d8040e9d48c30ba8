import type { LogRecord, LogSource, ReadBatch, ReadRequest } from '../../core/bus/log.ts';
import { sleepMs } from '../../core/runtime/clock.ts';
import { FourninesError } from '../../core/runtime/error.ts';
import { aPortRow, aTickMessage } from './tick-message.ts';

export interface GeneratedLogOptions {
  readonly seed: number;
  /** Messages of each host. */
  readonly messages: number;
  readonly hosts: number;
  readonly partitions?: number;
  /** Unix seconds of the first slot. */
  readonly firstSlot: number;
  /** How long one read takes, ms: so that blocks stay small. */
  readonly readMs: number;
  readonly recordsARead: number;
}

/** What must be in the store when all of a generated log is. */
export interface GeneratedSums {
  readonly messages: number;
  readonly rows: number;
  readonly packets: bigint;
  readonly poison: number;
}

interface Entry {
  readonly key: string;
  readonly value: Uint8Array;
}

/** Numbers that look random and are the same each time. */
export function randomOf(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/**
 * A log that any process can make again from its seed: messages of several hosts, about a tenth of them a second time at a
 * later offset, neighbours swapped, some poison between. It outlives every process, as Kafka does.
 */
export class GeneratedLog implements LogSource {
  readonly heldBytes = 0;
  readonly sums: GeneratedSums;
  readonly #options: GeneratedLogOptions;
  readonly #entries: Entry[][];
  /** Records below are forgotten, as retention does. */
  forgotten = 0n;

  constructor(options: GeneratedLogOptions) {
    this.#options = options;
    const partitions = options.partitions ?? 1;
    this.#entries = Array.from({ length: partitions }, () => []);
    const random = randomOf(options.seed);
    let [packets, poison] = [0n, 0];
    for (let seq = 0; seq < options.messages; seq++) {
      for (let host = 0; host < options.hosts; host++) {
        const entries = this.#entries[host % partitions] as Entry[];
        const increment = BigInt(Math.floor(random() * 1000));
        packets += 2n * increment;
        entries.push(aMessage(`h${host}`, options.firstSlot + seq, BigInt(seq), increment));
        if (random() < 0.1) entries.push(entries[Math.floor(random() * entries.length)] as Entry);
        if (random() < 0.2 && entries.length > 2) entries.splice(-2, 2, ...entries.slice(-2).reverse());
        if (random() < 0.02) {
          entries.push({ key: `h${host}`, value: Buffer.from(`poison ${poison}`) });
          poison++;
        }
      }
    }
    // Poison may have been picked to come twice: it is kept each time.
    const all = this.#entries.flat();
    const letters = all.filter(({ value }) => Buffer.from(value).subarray(0, 6).equals(Buffer.from('poison'))).length;
    const messages = options.messages * options.hosts;
    this.sums = { messages, rows: 2 * messages, packets, poison: letters };
  }

  async partitions(): Promise<readonly number[]> {
    return this.#entries.map((_, partition) => partition);
  }

  async earliest(): Promise<bigint> {
    return this.forgotten;
  }

  async latest(partition: number): Promise<bigint> {
    return BigInt(this.#entries[partition]?.length ?? 0);
  }

  async read({ partition, offset, waitMs, signal }: ReadRequest): Promise<ReadBatch> {
    const { readMs, recordsARead } = this.#options;
    const entries = this.#entries[partition] as Entry[];
    const endOffset = BigInt(entries.length);
    if (offset < this.forgotten || offset > endOffset) throw new FourninesError('FN_BUS_OFFSET', 'not held');
    await sleepMs(offset === endOffset ? waitMs : readMs, signal);
    const from = Number(offset);
    const records = entries.slice(from, from + recordsARead).map(({ key, value }, i): LogRecord => {
      return { partition, offset: offset + BigInt(i), key, value, appendedAtMs: 1_000_000 + from + i };
    });
    return { records, nextOffset: offset + BigInt(records.length), endOffset };
  }

  release(): void {}
}

function aMessage(host: string, slot: number, seq: bigint, packetsInc: bigint): Entry {
  const ports = ['p1', 'p2'].map((port) => aPortRow({ host, port, slot, packetsInc }));
  return { key: host, value: aTickMessage({ host, slot, seq, ports }) };
}
