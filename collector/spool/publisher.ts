import type { LogSink } from '../../core/bus/log.ts';
import { FourninesError, toFourninesError } from '../../core/runtime/error.ts';
import type { Logger } from '../../core/runtime/logger.ts';
import { Backlog, type Delivery } from './backlog.ts';
import { type DrainClock, DrainRate } from './drain-rate.ts';
import { recordBytes } from './format.ts';
import { lostMessage } from './lost-message.ts';
import type { Spool } from './spool.ts';
import { Wake } from './wake.ts';

const inFlightMax = 16;
const inFlightBytesMax = 16 * 1024 * 1024;
/** A bus may try for long by itself, and answers in the end; asking again earlier would only repeat ticks. */
const answerDeadlineMs = 30 * 60_000;
const backoffFirstMs = 100;
const backoffMaxMs = 10_000;

/** Where a process may be killed: a tick is in the spool, the bus has it, the spool knows that. */
export type SpoolPoint = 'spooled' | 'produced' | 'acknowledged';

export interface PublisherOptions {
  readonly spool: Spool;
  readonly sink: LogSink;
  readonly bytesPerSecondMax: number;
  readonly logger: Logger;
  readonly clock: DrainClock;
  readonly nowMs: () => number;
  /** [0, 1): spreads the attempts of many hosts. */
  readonly random: () => number;
  readonly inFlightMax?: number;
  /** A bus that has not answered for so long is asked again, ms. */
  readonly answerDeadlineMs?: number;
  /** How long `stop` goes on delivering, ms. */
  readonly stopDeadlineMs?: number;
  readonly reached?: ((point: SpoolPoint) => void) | undefined;
}

export interface PublisherStats {
  /** waiting: the bus or the disk failed, the same ticks are tried again. */
  readonly state: 'delivering' | 'caughtUp' | 'waiting' | 'stopped';
  /** Ticks acknowledged since start; repeated ones count once. */
  readonly delivered: number;
  /** Rejected appends since start by code. */
  readonly retries: Readonly<Record<string, number>>;
  /** Ticks lost to damage in the spool, as far as their number is known, and to a bus that takes nothing so large. */
  readonly lostTicks: number;
  readonly damagedBytes: number;
  /** When the oldest tick that is not acknowledged was appended, ms since 1970; undefined: there is none. */
  readonly oldestAtMs: number | undefined;
}

interface Flight {
  readonly delivery: Delivery;
  readonly bytes: number;
  state: 'waiting' | 'taken' | 'rejected';
}

/**
 * Hands the spool to the bus in order, several ticks in flight, and moves the acknowledged position in order only. After a
 * rejection nothing is handed on until all that is in flight has ended; then it goes on from the first tick that is not
 * acknowledged, so that ticks behind it may come twice. A bus that rejects at once, or rejects what was called after what
 * it rejected, therefore never sees a tick before its predecessor.
 *
 * A fresh tick waits for what is before it, at the given rate: an hour of ticks of 16 kB is 58 MB, 7 s at 8 MiB/s. The rate
 * is in bytes, so that a fleet that comes back together does not flood the bus.
 */
export class Publisher {
  readonly #options: Required<PublisherOptions>;
  readonly #backlog: Backlog;
  readonly #rate: DrainRate;
  readonly #wake = new Wake();
  /** Ends everything. */
  readonly #ending = new AbortController();
  readonly #retries: Record<string, number> = {};
  #unlisten: () => void = () => undefined;
  #flights: Flight[] = [];
  #failure: FourninesError | undefined;
  #failuresInRow = 0;
  /** Ticks of the window that the bus will never take. */
  readonly #refused = new Set<string>();
  /** What was rejected is told in another way the next time: no need to wait for that. */
  #isBackoffSpared = false;
  #stopping = false;
  #state: PublisherStats['state'] = 'stopped';
  #delivered = 0;
  #lostTicks = 0n;
  #oldestAtMs: number | undefined;
  #run: Promise<void> | undefined;

  constructor(options: PublisherOptions) {
    this.#options = { inFlightMax, answerDeadlineMs, stopDeadlineMs: 3000, reached: undefined, ...options };
    this.#backlog = new Backlog(options.spool, options.logger);
    this.#rate = new DrainRate(options.bytesPerSecondMax, options.clock);
  }

  stats(): PublisherStats {
    return {
      state: this.#state,
      delivered: this.#delivered,
      retries: { ...this.#retries },
      lostTicks: Number(this.#lostTicks),
      damagedBytes: this.#backlog.damagedBytes,
      oldestAtMs: this.#oldestAtMs,
    };
  }

  start(): void {
    this.#unlisten = this.#options.spool.onAppend(() => this.#wake.wake());
    this.#run = this.#loop().finally(() => {
      this.#state = 'stopped';
    });
  }

  /** Delivers what it can until the deadline; the rest stays in the spool. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake.wake();
    const timer = setTimeout(() => this.#end(), this.#options.stopDeadlineMs);
    await this.#run;
    clearTimeout(timer);
    this.#end();
    this.#unlisten();
    await this.#backlog.close();
  }

  #end(): void {
    this.#ending.abort(new FourninesError('FN_BUS_CLOSED', 'the publisher is stopping'));
    this.#wake.wake();
  }

  async #loop(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      try {
        if (this.#failure !== undefined) {
          if (this.#stopping) return;
          await this.#goBack();
        } else if (this.#isWindowFull()) {
          await this.#wake.next();
        } else if (!(await this.#handOn())) {
          if (this.#stopping && this.#flights.length === 0) return;
          await this.#wake.next();
        }
      } catch (error) {
        if (signal.aborted) return;
        // The disk could not be read: the same as a bus that could not be reached.
        this.#fail(toFourninesError(error));
      }
    }
  }

  /** Sends the next delivery; false: there is none yet. */
  async #handOn(): Promise<boolean> {
    const delivery = await this.#backlog.next();
    if (delivery === null) {
      if (this.#flights.length === 0) {
        this.#options.spool.acknowledge(this.#backlog.position);
        this.#state = 'caughtUp';
      }
      return false;
    }
    this.#state = this.#failuresInRow > 0 ? 'waiting' : 'delivering';
    const { key, value } = this.#contentOf(delivery);
    const bytes = recordBytes(key, value);
    await this.#rate.take(bytes, this.#ending.signal);
    // A tick before it was rejected meanwhile: it is read again behind that one.
    if (this.#failure !== undefined) return true;
    const flight: Flight = { delivery, bytes, state: 'waiting' };
    if (this.#flights.length === 0) this.#oldestAtMs = appendedAtMs(delivery);
    this.#flights.push(flight);
    void this.#send(flight, key, value);
    // A bus that rejects at once is heard before the next tick is handed to it.
    await new Promise((resolve) => setImmediate(resolve));
    return true;
  }

  #contentOf(delivery: Delivery): { readonly key: string; readonly value: Uint8Array } {
    const { spool, nowMs } = this.#options;
    if (delivery.what === 'lost') {
      return { key: spool.host, value: lostMessage(spool.host, delivery.lost, 'damaged', nowMs()) };
    }
    const { record, of } = delivery;
    if (!this.#isRefused(delivery)) return record;
    const lost = { ...of, fromSeq: record.seq, toSeq: record.seq, beforeMs: record.appendedAtMs };
    return { key: record.key, value: lostMessage(spool.host, lost, 'too_large', nowMs()) };
  }

  #isRefused({ after }: Delivery): boolean {
    return this.#refused.has(nameOf(after));
  }

  async #send(flight: Flight, key: string, value: Uint8Array): Promise<void> {
    try {
      await this.#answered(this.#options.sink.append(key, value));
      this.#options.reached?.('produced');
      flight.state = 'taken';
      this.#advance();
    } catch (error) {
      const failure = toFourninesError(error);
      const { delivery } = flight;
      // It would hold up everything after it for good.
      if (failure.code === 'FN_BUS_RECORD_TOO_LARGE' && !this.#isRefused(delivery)) {
        this.#refused.add(nameOf(delivery.after));
        this.#isBackoffSpared = true;
      }
      flight.state = 'rejected';
      this.#fail(failure);
    }
    this.#wake.wake();
  }

  /** The bus answers, or is taken for silent; a late answer is then ignored, and the tick comes twice. */
  #answered(append: Promise<unknown>): Promise<unknown> {
    const { answerDeadlineMs } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const silent = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new FourninesError('FN_BUS_AWAY', `no answer from the bus within ${answerDeadlineMs} ms`)),
        answerDeadlineMs,
      );
      timer.unref();
    });
    return Promise.race([append, silent]).finally(() => clearTimeout(timer));
  }

  /** Moves the position over what is taken, in order: what stands behind a rejected tick never passes it. */
  #advance(): void {
    let last: Delivery | undefined;
    while (this.#flights[0]?.state === 'taken') {
      last = (this.#flights.shift() as Flight).delivery;
      this.#count(last);
    }
    if (last === undefined) return;
    this.#options.spool.acknowledge(last.after);
    this.#options.reached?.('acknowledged');
    const [first] = this.#flights;
    this.#oldestAtMs = first === undefined ? undefined : appendedAtMs(first.delivery);
    if (this.#failuresInRow > 0 && this.#failure === undefined) {
      this.#options.logger.info({ rejected: this.#failuresInRow }, 'the bus takes ticks again');
      this.#failuresInRow = 0;
    }
  }

  #count(delivery: Delivery): void {
    if (delivery.what === 'tick') {
      if (this.#refused.delete(nameOf(delivery.after))) this.#lostTicks++;
      else this.#delivered++;
      return;
    }
    const { fromSeq, toSeq } = delivery.lost;
    this.#lostTicks += (toSeq ?? fromSeq) - fromSeq + 1n;
  }

  #fail(failure: FourninesError): void {
    const { code, message } = failure;
    this.#retries[code] = (this.#retries[code] ?? 0) + 1;
    if (this.#failure === undefined && this.#failuresInRow++ === 0) {
      this.#options.logger.warn({ code, reason: message }, 'the bus takes no ticks: they wait in the spool');
    }
    this.#failure ??= failure;
  }

  /** After a rejection: waits for what is in flight, then for a while, and begins again at the acknowledged position. */
  async #goBack(): Promise<void> {
    const { spool, clock, random } = this.#options;
    this.#state = 'waiting';
    while (this.#flights.some(({ state }) => state === 'waiting')) {
      if (this.#ending.signal.aborted) return;
      await this.#wake.next();
    }
    const backoffMs = Math.min(backoffMaxMs, backoffFirstMs * 2 ** Math.min(this.#failuresInRow - 1, 16));
    if (!this.#isBackoffSpared) await clock.sleep(Math.ceil(backoffMs * (0.5 + random() / 2)), this.#ending.signal);
    this.#isBackoffSpared = false;
    this.#flights = [];
    this.#failure = undefined;
    await this.#backlog.seek(spool.acknowledged);
  }

  #isWindowFull(): boolean {
    if (this.#flights.length >= this.#options.inFlightMax) return true;
    return this.#flights.reduce((sum, { bytes }) => sum + bytes, 0) >= inFlightBytesMax;
  }
}

function nameOf({ segment, seq }: Delivery['after']): string {
  return `${segment} ${seq}`;
}

function appendedAtMs(delivery: Delivery): number | undefined {
  return delivery.what === 'tick' ? delivery.record.appendedAtMs : delivery.lost.beforeMs;
}
