import type { LogRecord, LogSource } from '../../core/bus/log.ts';
import type { Kind, RowOf } from '../../core/catalogue/columns.ts';
import { datapathSlot } from '../../core/catalogue/datapath-kinds.ts';
import { dropSlot, portSlot, softnetSlot, tick } from '../../core/catalogue/kinds.ts';
import { threadSlot } from '../../core/catalogue/thread-kinds.ts';
import { sleepMs } from '../../core/runtime/clock.ts';
import { FourninesError, toFourninesError } from '../../core/runtime/error.ts';
import type { Part } from '../../core/runtime/lifecycle.ts';
import type { Logger } from '../../core/runtime/logger.ts';
import { BlockReader } from '../../core/wire/block-reader.ts';
import { decodeMessage, type Message } from '../../core/wire/message.ts';
import { HostLive, type HostRows } from './host-live.ts';

/** Some thousand rows: what is done with one read holds everything else up for about 20 ms. */
const readBytesMax = 512 * 1024;
const readWaitMs = 1000;
const retryMs = 200;
/** Hosts that have been silent for so long leave memory; the store still knows them. */
const forgetHostAfterMs = 3_600_000;
const forgetEveryMs = 10_000;

export interface FleetOptions {
  readonly source: LogSource;
  /** Where the first read begins: what a bus in memory holds, or only what is new on one that keeps days. */
  readonly from: 'earliest' | 'latest';
  readonly logger: Logger;
  readonly liveSeconds: number;
  /** A clock that never steps: arrivals are stamped with it. */
  readonly monoMs: () => number;
}

/** A message that has just arrived, as rows. */
export interface Arrival {
  readonly offset: bigint;
  readonly host: string;
  readonly slot: number;
  readonly rows: HostRows;
}

export type ArrivalListener = (arrival: Arrival) => void;

/**
 * The second reader of the bus: keeps the last seconds of every host in memory, for the page, the stream and fast
 * windows. It never holds the bus back: what it missed it counts, and the store has it.
 */
export class Fleet implements Part {
  readonly name = 'live';
  readonly hosts = new Map<string, HostLive>();
  readonly #options: FleetOptions;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  readonly #listeners = new Set<ArrivalListener>();
  readonly #readers = {
    tick: new BlockReader(tick),
    ports: new BlockReader(portSlot),
    drops: new BlockReader(dropSlot),
    threads: new BlockReader(threadSlot),
    softnet: new BlockReader(softnetSlot),
    datapaths: new BlockReader(datapathSlot),
  };
  readonly #loops: Promise<void>[] = [];
  #forgetAtMs = 0;
  #stats = { messages: 0n, unreadable: 0n, missed: 0n };

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#logger = options.logger.child({ component: 'live' });
  }

  get stats(): { readonly messages: bigint; readonly unreadable: bigint; readonly missed: bigint } {
    return this.#stats;
  }

  async start(): Promise<void> {
    this.#loops.push(this.#begin());
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException('live windows stop', 'AbortError'));
    await Promise.all(this.#loops);
  }

  /** Calls `listener` for each message from now on; the result ends that. */
  subscribe(listener: ArrivalListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A bus that is away holds up nothing else: what is stored can be asked for meanwhile. */
  async #begin(): Promise<void> {
    const { source, from } = this.#options;
    while (!this.#stopping.signal.aborted) {
      try {
        const starts: [number, bigint][] = [];
        for (const partition of await source.partitions()) starts.push([partition, await source[from](partition)]);
        await Promise.all(starts.map(([partition, offset]) => this.#run(partition, offset)));
        return;
      } catch (error) {
        await this.#failed(error);
      }
    }
  }

  async #run(partition: number, start: bigint): Promise<void> {
    const { source } = this.#options;
    const { signal } = this.#stopping;
    let offset = start;
    while (!signal.aborted) {
      try {
        const batch = await source.read({ partition, offset, maxBytes: readBytesMax, waitMs: readWaitMs, signal });
        for (const record of batch.records) this.#take(record);
        offset = batch.nextOffset;
      } catch (error) {
        if (signal.aborted) return;
        offset = await this.#recover(error, partition, offset);
      }
    }
  }

  /** Where to read on after a failed read. */
  async #recover(error: unknown, partition: number, offset: bigint): Promise<bigint> {
    const { code } = toFourninesError(error);
    if (code === 'FN_BUS_OFFSET') {
      const earliest = await this.#options.source.earliest(partition);
      if (earliest > offset) this.#stats = { ...this.#stats, missed: this.#stats.missed + (earliest - offset) };
      this.#logger.warn(
        { code, from: String(offset), to: String(earliest) },
        'live windows skip to the earliest record',
      );
      return earliest;
    }
    await this.#failed(error);
    return offset;
  }

  async #failed(error: unknown): Promise<void> {
    const { code, message } = toFourninesError(error);
    if (code === 'FN_BUS_CLOSED') this.#stopping.abort(error);
    else if (!this.#stopping.signal.aborted) this.#logger.warn({ code, reason: message }, 'bus cannot be read');
    await sleepMs(retryMs, this.#stopping.signal).catch(() => undefined);
  }

  #take(record: LogRecord): void {
    let arrival: Arrival;
    try {
      const message = decodeMessage(record.value);
      arrival = { offset: record.offset, host: message.host, slot: message.slot, rows: this.#rows(message) };
    } catch (error) {
      // Ingest keeps the bytes as a dead letter and logs; here it is only counted.
      if (!(error instanceof FourninesError)) throw error;
      this.#stats = { ...this.#stats, unreadable: this.#stats.unreadable + 1n };
      return;
    }
    const monoMs = this.#options.monoMs();
    const host = this.hosts.get(arrival.host) ?? new HostLive(arrival.host, this.#options.liveSeconds);
    this.hosts.set(arrival.host, host);
    if (!host.add(arrival.rows, monoMs)) return;
    this.#stats = { ...this.#stats, messages: this.#stats.messages + 1n };
    this.#forget(monoMs);
    for (const listener of this.#listeners) listener(arrival);
  }

  #forget(monoMs: number): void {
    if (monoMs < this.#forgetAtMs) return;
    this.#forgetAtMs = monoMs + forgetEveryMs;
    for (const [name, { arrivedAtMs }] of this.hosts)
      if (arrivedAtMs < monoMs - forgetHostAfterMs) this.hosts.delete(name);
  }

  #rows(message: Message): HostRows {
    const { tick: ticks, ports, drops, threads, softnet, datapaths } = this.#readers;
    return {
      tick: rowsOf(ticks, message),
      ports: rowsOf(ports, message),
      drops: rowsOf(drops, message),
      threads: rowsOf(threads, message),
      softnet: rowsOf(softnet, message),
      datapaths: rowsOf(datapaths, message),
    };
  }
}

function rowsOf<K extends Kind>(reader: BlockReader<K>, message: Message): RowOf<K>[] {
  return message.blocks.flatMap((block) => {
    if (block.kind !== reader.kind.name) return [];
    return reader.rows(reader.check(block, message.host));
  });
}
