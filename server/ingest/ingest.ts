import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { LogSource } from '../../core/bus/log.ts';
import { sleepMs } from '../../core/runtime/clock.ts';
import { FourninesError, toFourninesError } from '../../core/runtime/error.ts';
import type { Part } from '../../core/runtime/lifecycle.ts';
import { BlockLedger, pruneBlocks, unsettledLogs } from '../control/block-ledger.ts';
import type { ControlStore } from '../control/control-store.ts';
import { type Grant, Leases } from '../control/leases.ts';
import { forgetStreams } from '../control/speakers.ts';
import { BacklogTurns } from './backlog-turns.ts';
import { Inserter, type InserterOptions } from './inserter.ts';
import { type InserterStats, sumStats } from './inserter-stats.ts';
import { KeptBlocks } from './kept-block.ts';
import { Retry } from './retry.ts';

export interface IngestOptions
  extends Omit<InserterOptions, 'partition' | 'logId' | 'ledger' | 'grant' | 'kept' | 'log' | 'turns'> {
  readonly log: LogSource;
  /**
   * Names the log for good: its topic and the topic's id. `volatile`: it is in memory and ends with this process, so each
   * run is a log of its own, and its blocks are kept on disk until they are stored.
   */
  readonly logId: 'volatile' | (() => Promise<string>);
  readonly control: ControlStore;
  /** Resolves when the control store can be asked. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  /** Nobody else can have this control store: whoever else is named in it as an owner is dead. */
  readonly alone: boolean;
  /** How long a partition stays with a server that is not heard of. */
  readonly leaseMs?: number;
  /** Names the store for good. Servers that share a log must share it; absent: there is no other server. */
  readonly storeId?: ((signal: AbortSignal) => Promise<string>) | undefined;
}

const volatilePrefix = 'mem-';
const defaultLeaseMs = 10_000;
const keptDays = 8;
/** A spool that is found again after that begins anew. */
const streamDays = 90;
const pruneEveryMs = 3_600_000;
/** One batch is inserted, one is ready, one is being made. */
const backlogBatchesMax = 3;

interface Held {
  readonly grant: Grant;
  readonly inserter: Inserter;
  /** Being handed over. */
  leaving: boolean;
}

/**
 * Ingest of all partitions that fall to this server. Servers share them by leases in the control store: each live one
 * takes its share, gives up what another should have (storing first what it has read), and takes over what a dead one
 * left when its lease has run out.
 */
export class Ingest implements Part {
  readonly name = 'ingest';
  readonly #options: IngestOptions;
  readonly #holder = randomBytes(8).toString('hex');
  readonly #leases: Leases;
  readonly #leaseMs: number;
  readonly #kept: KeptBlocks | undefined;
  readonly #held = new Map<number, Held>();
  readonly #leaving = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #past: InserterStats[] = [];
  readonly #turns = new BacklogTurns(backlogBatchesMax);
  #logId = '';
  #storeId = 'own';
  #server: Grant | undefined;
  #loop: Promise<void> | undefined;
  #failing = false;
  #pruneAtMs = 0;

  constructor(options: IngestOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? defaultLeaseMs;
    this.#leases = new Leases(options.control, this.#leaseMs);
    this.#kept = options.logId === 'volatile' ? new KeptBlocks(join(options.dataFolder, 'ingest')) : undefined;
  }

  async start(): Promise<void> {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new FourninesError('FN_BUS_CLOSED', 'ingest is stopping'));
    await this.#loop;
    for (const [partition, held] of this.#held) this.#leave(partition, held);
    await Promise.all(this.#leaving);
    if (this.#server !== undefined) await this.#leases.release(this.#server).catch(() => undefined);
  }

  /** Sums over the partitions of this server, former ones included. */
  stats(): InserterStats {
    const live = [...this.#held.values()].map(({ inserter }) => inserter.stats());
    const total = sumStats([...this.#past, ...live]);
    if (this.#loop === undefined || this.#stopping.signal.aborted) return total;
    return { ...total, state: this.#failing ? 'waiting' : live.length === 0 ? 'reading' : total.state };
  }

  /** Partitions that this server stores now. */
  get partitions(): readonly number[] {
    return [...this.#held].filter(([, { leaving }]) => !leaving).map(([partition]) => partition);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const retry = new Retry();
    let ready = false;
    while (!signal.aborted) {
      try {
        if (!ready) await this.#prepare();
        ready = true;
        await this.#round();
        this.#failing = false;
        retry.failures = 0;
        await sleepMs(this.#leaseMs / 4, signal);
      } catch (error) {
        if (signal.aborted) return;
        const { code, message } = toFourninesError(error);
        this.#failing = true;
        if (retry.failures % 16 === 0) {
          this.#options.logger.error({ code, reason: message }, 'partitions cannot be shared out; it is tried again');
        }
        await retry.wait(signal).catch(() => undefined);
      }
    }
  }

  async #prepare(): Promise<void> {
    const { logId, alone, control, ready, storeId } = this.#options;
    await ready(this.#stopping.signal);
    if (alone) await this.#leases.releaseAll();
    this.#logId = logId === 'volatile' ? `${volatilePrefix}${this.#holder}` : await logId();
    if (storeId !== undefined) this.#storeId = await storeId(this.#stopping.signal);
    if (this.#kept === undefined) return;
    // What former lives of a log in memory recorded and did not finish.
    for (const { topic, partition } of await unsettledLogs(control, volatilePrefix)) {
      const grant = await this.#leases.acquire(leaseName(topic, partition), this.#holder);
      if (grant === undefined) continue;
      // Not the log at hand: its offsets begin again, and its records must not be released by those of a former life.
      const inserter = this.#inserter(grant, topic, partition, await this.#kept.log(topic, partition, 0n));
      const stop = () => void inserter.abandon();
      this.#stopping.signal.addEventListener('abort', stop, { once: true });
      await inserter.settleUndone();
      this.#stopping.signal.removeEventListener('abort', stop);
      this.#past.push(inserter.stats());
    }
    await this.#kept.clear();
  }

  async #round(): Promise<void> {
    const { log, control } = this.#options;
    // First: a server that cannot reach the log has no share in it.
    const partitions = await log.partitions();
    const servers = await this.#beAlive();
    const mine = servers.indexOf(this.#holder);
    const isMine = (partition: number) => mine >= 0 && partition % servers.length === mine;
    for (const [partition, held] of this.#held) {
      if (held.leaving) continue;
      if (!isMine(partition)) this.#leave(partition, held);
      else if (!(await this.#leases.renew(held.grant))) await this.#abandon(partition, held);
    }
    for (const partition of partitions) {
      if (isMine(partition) && !this.#held.has(partition)) await this.#take(partition);
    }
    if (performance.now() < this.#pruneAtMs) return;
    this.#pruneAtMs = performance.now() + pruneEveryMs;
    await pruneBlocks(control, keptDays);
    await forgetStreams(control, streamDays);
    await this.#leases.forget('server:');
  }

  /** Gives all live servers that share this log and its store, this one among them. */
  async #beAlive(): Promise<readonly string[]> {
    if (this.#server === undefined || !(await this.#leases.renew(this.#server))) {
      this.#server = undefined;
      await this.#sharers(() => true);
      const name = `${this.#serversOf()}${this.#storeId}:${this.#holder}`;
      this.#server = await this.#leases.acquire(name, this.#holder);
    }
    try {
      // Two that came at the same time, or were cut off from each other, have not seen each other: one of them goes.
      return await this.#sharers((other) => other < this.#holder);
    } catch (error) {
      if (toFourninesError(error).code === 'FN_STORE_OTHER') await this.#standBack();
      throw error;
    }
  }

  /** Half of the blocks in one store and half in another would be sums that nobody can trust: FN_STORE_OTHER. */
  async #sharers(goesBefore: (holder: string) => boolean): Promise<readonly string[]> {
    const sharers = await this.#leases.holders(`${this.#serversOf()}${this.#storeId}:`);
    if (this.#options.storeId === undefined) return sharers;
    const all = await this.#leases.holders(this.#serversOf());
    const others = all.filter((holder) => !sharers.includes(holder) && goesBefore(holder));
    if (others.length === 0) return sharers;
    throw new FourninesError('FN_STORE_OTHER', 'a server that runs puts the blocks of this log into another store', {
      context: { log: this.#logId, servers: others.length },
    });
  }

  async #standBack(): Promise<void> {
    for (const [partition, held] of this.#held) this.#leave(partition, held);
    if (this.#server !== undefined) await this.#leases.release(this.#server);
    this.#server = undefined;
  }

  /** Servers on this log; those on another one have no share in it. */
  #serversOf(): string {
    return `server:${this.#logId}:`;
  }

  async #take(partition: number): Promise<void> {
    const grant = await this.#leases.acquire(leaseName(this.#logId, partition), this.#holder);
    if (grant === undefined) return;
    const inserter = this.#inserter(grant, this.#logId, partition, this.#options.log);
    try {
      await inserter.start();
    } catch (error) {
      // Held without being stored, it would be nobody's.
      await this.#leases.release(grant).catch(() => undefined);
      throw error;
    }
    this.#held.set(partition, { grant, inserter, leaving: false });
    this.#options.logger.info({ partition, epoch: String(grant.epoch) }, 'this server stores a partition');
  }

  #inserter(grant: Grant, logId: string, partition: number, log: LogSource): Inserter {
    const { logId: _, control, ready: __, alone: ___, leaseMs: ____, storeId: _____, ...options } = this.#options;
    const ledger = new BlockLedger(control, logId, partition);
    return new Inserter({ ...options, log, partition, logId, ledger, grant, kept: this.#kept, turns: this.#turns });
  }

  /** Stores what has been read, then gives the partition to whoever asks next. */
  #leave(partition: number, held: Held): void {
    if (held.leaving) return;
    held.leaving = true;
    const left = this.#handOver(partition, held);
    this.#leaving.add(left);
    void left.finally(() => this.#leaving.delete(left));
  }

  async #handOver(partition: number, { grant, inserter }: Held): Promise<void> {
    await inserter.stop();
    this.#forget(partition, inserter);
    await this.#leases.release(grant).catch((error: unknown) => {
      const { code, message } = toFourninesError(error);
      this.#options.logger.warn({ partition, code, reason: message }, 'a lease could not be given back; it runs out');
    });
  }

  async #abandon(partition: number, { inserter }: Held): Promise<void> {
    await inserter.abandon();
    this.#forget(partition, inserter);
  }

  #forget(partition: number, inserter: Inserter): void {
    this.#held.delete(partition);
    this.#past.push(inserter.stats());
    // Many hand-overs are one past.
    this.#past.splice(0, this.#past.length, sumStats(this.#past));
  }
}

function leaseName(logId: string, partition: number): string {
  return `ingest:${logId}:${partition}`;
}
