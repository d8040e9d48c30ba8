import { randomBytes } from 'node:crypto';
import type { LogSink } from '../core/bus/log.ts';
import type { Kind, RowOf } from '../core/catalogue/columns.ts';
import { event, hostFact, kinds, sourceSlot, tick as tickKind, xstatSlot } from '../core/catalogue/kinds.ts';
import type { Clock, Instant } from '../core/runtime/clock.ts';
import { toFourninesError } from '../core/runtime/error.ts';
import type { Part } from '../core/runtime/lifecycle.ts';
import type { Logger } from '../core/runtime/logger.ts';
import { BlockBuilder } from '../core/wire/block-builder.ts';
import { type EncodedBlock, encodeMessage } from '../core/wire/message.ts';
import type { Accumulator } from './accumulator.ts';
import type { ReadResumed } from './resume.ts';
import { newestStates, resumeStates } from './resume.ts';
import { RunningSource, type SourceResult } from './running-source.ts';
import { slotNs } from './slot.ts';
import type { Source } from './source.ts';
import type { Checkpoint } from './spool/checkpoint.ts';
import { decideWake, type LastTick } from './tick-schedule.ts';

/** Clock steps wait for the next tick that the bus takes, the last so many. */
const stepsHeldMax = 100;
/** Every row that is written on change is written once in so many seconds. */
const keyFrameSeconds = 60;
/** How often the states of all counters are kept: a restarted collector reads the ticks behind them, one by one. */
const checkpointNs = 150n * slotNs;
/** After one that was refused. */
const checkpointAgainNs = 10n * slotNs;

/** Whose ticks these are, and who keeps where the counters stood. */
export interface TickStream {
  /** Names the stream in every message. */
  readonly id: string;
  /** Sequence of the next tick that is taken; a refused one uses none. */
  readonly nextSeq: bigint;
  /** Rejects when there is no room. */
  keepStates(checkpoint: Checkpoint): Promise<void>;
}

export interface AgentOptions {
  readonly host: string;
  readonly bootId: string;
  readonly sources: readonly Source[];
  readonly sink: LogSink;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sourceDeadlineMs: number;
  /** The rows last kept of this host; none: every counter begins anew. */
  readonly readResumed: ReadResumed;
  /** Left out: a stream of this run alone. */
  readonly stream?: TickStream;
}

export interface AgentStats {
  readonly ticks: bigint;
  /** Ticks not taken: overrun or late wake-up. */
  readonly skipped: bigint;
  /** Ticks the bus refused. */
  readonly refused: bigint;
}

type EventRow = RowOf<typeof event>;

/** The collector's loop: wake on the second, gather from every source, hand one message to the bus, then move on. */
export class Agent implements Part {
  readonly name = 'collector';
  readonly #options: AgentOptions;
  readonly #logger: Logger;
  readonly #builders = new Map<Kind, BlockBuilder<Kind>>(kinds.map((kind) => [kind, new BlockBuilder(kind)]));
  readonly #ownStream = randomBytes(8).toString('hex');
  readonly #stopping = new AbortController();
  readonly #facts = new Map<string, string>();
  #sources: readonly RunningSource[] = [];
  #heldEvents: EventRow[] = [];
  #skippedSinceTick = 0;
  /** Rows of the tick at hand that no column took. */
  #notEncoded = 0;
  #cpu = process.cpuUsage();
  #last: LastTick | undefined;
  #checkpointDueNs = 0n;
  #stats = { ticks: 0n, skipped: 0n, refused: 0n };
  /** Code of the refusals since the last kept tick, and how many they were. */
  #refusing: { readonly code: string; readonly count: number } | undefined;
  #loop: Promise<void> | undefined;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#logger = options.logger.child({ component: 'collector', host: options.host });
  }

  get stats(): AgentStats {
    return this.#stats;
  }

  async start(): Promise<void> {
    await this.#openSources();
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException('collector stops', 'AbortError'));
    await this.#loop;
    await Promise.all(this.#sources.map((source) => source.stop()));
  }

  /** One gather outside the loop: what `collector --once` prints. Two reads a second apart, so that there are slots. */
  async once(): Promise<readonly SourceResult[]> {
    await this.#openSources();
    let results: readonly SourceResult[] = [];
    for (let taken = 0; taken < 2; ) {
      const now = this.#options.clock.read();
      const wake = decideWake(this.#last, now.wallNs, now.monoNs);
      if (wake.kind === 'wait') {
        await this.#options.clock.sleep(wake.delayMs, this.#stopping.signal);
        continue;
      }
      this.#last = { boundary: wake.boundary, ...now };
      results = await this.#gather(wake.boundary, true);
      this.#commit(results, wake.boundary);
      taken++;
    }
    await Promise.all(this.#sources.map((source) => source.stop()));
    return results;
  }

  async #openSources(): Promise<void> {
    const { host, sources, clock, sourceDeadlineMs } = this.#options;
    const kept = await this.#options.readResumed(this.#stopping.signal).catch((error: unknown) => {
      const { code, message } = toFourninesError(error);
      this.#logger.warn({ code, reason: message }, 'last kept rows cannot be read: every counter begins anew');
      return null;
    });
    this.#sources = sources.map((source) => {
      const resumed = kept === null ? new Map() : resumeStates(source.kinds, kept, this.#options.bootId);
      this.#logger.info({ source: source.name, resumed: resumed.size }, 'source opened');
      const logger = this.#logger;
      return new RunningSource({
        source,
        host,
        deadlineMs: sourceDeadlineMs,
        logger,
        resumed,
        monoNs: () => clock.read().monoNs,
      });
    });
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const now = clock.read();
      const wake = decideWake(this.#last, now.wallNs, now.monoNs);
      if (wake.kind === 'wait') {
        await clock.sleep(wake.delayMs, signal).catch(() => undefined);
        continue;
      }
      this.#countSkipped(wake.skipped);
      if (wake.stepped) this.#reportStep(this.#last, now);
      this.#last = { boundary: wake.boundary, ...now };
      try {
        await this.#tick(wake.boundary, now);
      } catch (error) {
        // Nothing a tick does may end the loop: the next read bridges what this one missed.
        const { code, message } = toFourninesError(error);
        this.#logger.error({ code, reason: message }, 'tick failed');
        this.#countSkipped(1);
      }
    }
  }

  #countSkipped(count: number): void {
    this.#skippedSinceTick += count;
    this.#stats = { ...this.#stats, skipped: this.#stats.skipped + BigInt(count) };
  }

  #reportStep(last: LastTick | undefined, now: Instant): void {
    if (last === undefined) return;
    const stepNs = now.wallNs - last.wallNs - (now.monoNs - last.monoNs);
    this.#logger.warn({ stepNs: String(stepNs) }, 'clock stepped: slots are marked suspect');
    this.#heldEvents = [...this.#heldEvents, this.#eventRow('clock_step', { stepNs: String(stepNs) }, now)].slice(
      -stepsHeldMax,
    );
  }

  async #tick(boundary: number, now: Instant): Promise<void> {
    const results = await this.#gather(boundary, boundary % keyFrameSeconds === 0);
    if (this.#stopping.signal.aborted) return;
    let facts: ReadonlyMap<string, string>;
    try {
      facts = this.#build(results, boundary, now);
      await this.#options.sink.append(this.#options.host, this.#encode(results, boundary, now));
    } catch (error) {
      this.#refused(error);
      return;
    }
    if (this.#refusing !== undefined) this.#logger.info(this.#refusing, 'bus takes ticks again');
    this.#refusing = undefined;
    this.#commit(results, boundary);
    for (const [name, value] of facts) {
      if (value === '') this.#facts.delete(name);
      else this.#facts.set(name, value);
    }
    this.#heldEvents = [];
    this.#skippedSinceTick = 0;
    this.#stats = { ...this.#stats, ticks: this.#stats.ticks + 1n };
    if (now.monoNs >= this.#checkpointDueNs) await this.#keepStates(boundary, now);
  }

  /** Behind the tick and before the next one, so that it is the state after all ticks before it, and of none behind. */
  async #keepStates(boundary: number, { wallNs, monoNs }: Instant): Promise<void> {
    const { stream, bootId } = this.#options;
    if (stream === undefined) return;
    const states = newestStates(this.#sources.map((source) => source.states));
    try {
      await stream.keepStates({ tick: { bootId, wallNs, monoNs, boundary }, states });
      this.#checkpointDueNs = monoNs + checkpointNs;
    } catch (error) {
      const { code, message } = toFourninesError(error);
      this.#logger.warn({ code, reason: message }, 'states of counters not kept: an older checkpoint still counts');
      this.#checkpointDueNs = monoNs + checkpointAgainNs;
    }
  }

  /** Names a tick: the spool's own numbers, or ours, which count what the bus has taken. */
  #identity(): { readonly stream: string; readonly seq: bigint } {
    const { stream } = this.#options;
    return { stream: stream?.id ?? this.#ownStream, seq: stream?.nextSeq ?? this.#stats.ticks };
  }

  /** A tick that is too large goes without its extended counters, which are in no sum, and says so. */
  #encode(results: readonly SourceResult[], boundary: number, now: Instant): Uint8Array {
    const { host, bootId } = this.#options;
    const head = { host, bootId, ...this.#identity(), slot: boundary - 1 };
    try {
      return encodeMessage(head, this.#blocks());
    } catch (error) {
      if (toFourninesError(error).code !== 'FN_BUS_RECORD_TOO_LARGE') throw error;
      const rows = results.reduce((sum, { accumulator }) => sum + (accumulator?.leaveOut(xstatSlot) ?? 0), 0);
      this.#builders.get(xstatSlot)?.clear();
      this.#add(event, [this.#eventRow('xstats_left_out', { rows }, now)]);
      return encodeMessage(head, this.#blocks());
    }
  }

  #blocks(): EncodedBlock[] {
    return [...this.#builders.values()].filter((builder) => builder.rows > 0).map((builder) => builder.block());
  }

  #gather(boundary: number, keyFrame: boolean): Promise<SourceResult[]> {
    return Promise.all(this.#sources.map((source) => source.gather({ boundary, keyFrame }, this.#stopping.signal)));
  }

  #commit(results: readonly SourceResult[], boundary: number): void {
    for (const [i, { accumulator }] of results.entries()) {
      if (accumulator !== undefined) this.#sources[i]?.commit(accumulator, boundary);
    }
  }

  /** Fills the builders; gives the facts that this message tells. */
  #build(results: readonly SourceResult[], boundary: number, now: Instant): Map<string, string> {
    for (const builder of this.#builders.values()) builder.clear();
    const told = new Map<string, RowOf<typeof hostFact>>();
    for (const accumulator of results.flatMap((result) => result.accumulator ?? [])) {
      for (const [kind, rows] of accumulator.rows) this.#add(kind, rows, accumulator);
      // The last word on a name counts: a NIC made anew is told gone and there in one tick.
      for (const fact of accumulator.facts) told.set(fact.name, accumulator.factRow(fact));
    }
    // An empty value says that a fact is no longer there: once, and only of what was told before.
    const news = [...told.values()].filter(({ name, value }) => (this.#facts.get(name) ?? '') !== value);
    this.#add(hostFact, news);
    this.#add(event, this.#heldEvents);
    // The gap that follows has a name: how many ticks were refused, and why.
    if (this.#refusing !== undefined) this.#add(event, [this.#eventRow('ticks_refused', this.#refusing, now)]);
    this.#add(
      sourceSlot,
      results.map(({ status }) => status),
    );
    if (this.#notEncoded > 0) this.#add(event, [this.#eventRow('rows_left_out', { count: this.#notEncoded }, now)]);
    this.#notEncoded = 0;
    this.#add(tickKind, [this.#tickRow(boundary, now)]);
    return new Map(news.map(({ name, value }) => [name, value]));
  }

  #add(kind: Kind, rows: readonly object[], accumulator?: Accumulator): void {
    const builder = this.#builders.get(kind);
    for (const row of rows) {
      try {
        builder?.add(row as RowOf<Kind>);
      } catch (error) {
        // A number that does not fit its column costs its own row and nothing else.
        const { code, message } = toFourninesError(error);
        if (this.#notEncoded === 0) this.#logger.error({ code, reason: message, kind: kind.name }, 'a row left out');
        this.#notEncoded++;
        accumulator?.takeBack(kind, row);
      }
    }
  }

  #tickRow(boundary: number, now: Instant): RowOf<typeof tickKind> {
    const cpu = process.cpuUsage();
    const cpuUs = cpu.user + cpu.system - this.#cpu.user - this.#cpu.system;
    this.#cpu = cpu;
    return {
      host: this.#options.host,
      slot: boundary - 1,
      bootId: this.#options.bootId,
      ...this.#identity(),
      wallNs: now.wallNs,
      monoNs: now.monoNs,
      gatherNs: this.#options.clock.read().monoNs - now.monoNs,
      skipped: this.#skippedSinceTick,
      cpuNs: BigInt(cpuUs) * 1000n,
      rssBytes: BigInt(process.memoryUsage.rss()),
    };
  }

  /** Sources find again what they found in a refused tick, since nothing of it was kept. */
  #refused(error: unknown): void {
    const { code, message } = toFourninesError(error);
    if (this.#refusing === undefined)
      this.#logger.warn({ code, reason: message }, 'bus refuses ticks: slots will be bridged');
    this.#refusing = { code, count: (this.#refusing?.count ?? 0) + 1 };
    this.#skippedSinceTick++;
    this.#stats = { ...this.#stats, refused: this.#stats.refused + 1n };
  }

  #eventRow(what: string, detail: Readonly<Record<string, string | number>>, now: Instant): EventRow {
    const { host } = this.#options;
    return { host, at: now.wallNs / 1_000_000n, event: what, object: 'collector', detail: JSON.stringify(detail) };
  }
}
