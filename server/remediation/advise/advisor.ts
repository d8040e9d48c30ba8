import { sleepMs } from '../../../core/runtime/clock.ts';
import { toFourninesError } from '../../../core/runtime/error.ts';
import type { Part } from '../../../core/runtime/lifecycle.ts';
import type { Logger } from '../../../core/runtime/logger.ts';
import type { AdviceStore } from '../../control/advice-store.ts';
import { readStoredTo, type StoredContext } from '../../live/stored-to.ts';
import { polledDatapaths } from '../../store/queries/placement-readings.ts';
import { type QueryContext, runQuery } from '../../store/run-query.ts';
import { highestUse, placementOf } from '../planner/placement.ts';
import { diagnose } from '../policy/diagnose.ts';
import type { DatapathReadings } from '../policy/readings.ts';
import { adviceOf, decisionOf } from './advice.ts';
import type { BurningPorts } from './burning-ports.ts';
import { Journal } from './journal.ts';
import { Looks } from './looks.ts';
import { readReadings } from './read-readings.ts';
import type { DatapathState } from './state.ts';

export interface AdvisorOptions extends StoredContext {
  readonly advice: AdviceStore;
  /** Ports whose service burns its budget at an instant, unix seconds. */
  readonly burning: (at: number) => BurningPorts;
  /** Resolves when the control store can be asked; rejects with the signal's reason. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  /** Version of the rules. */
  readonly engine: string;
  readonly logger: Logger;
  /** Runs the work while this server is the one that advises; absent: there is no other. */
  readonly inTurn?: InTurn | undefined;
  /** Held while advice goes in. */
  readonly pass?: ((signal: AbortSignal) => Promise<Disposable>) | undefined;
  readonly everyMs?: number;
}

type InTurn = (signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>) => Promise<unknown>;

/** A thread told its share so lately, s, where there is a datapath to be looked at. */
const liveSeconds = 30;
const datapathsMax = 20_000;
/** A look ends with the datapath that it is at when so much of it has passed. */
const lookMsMax = 4_000;
const always: InTurn = (signal, work) => work(signal);

/**
 * Looks at every datapath that lives, says what is wrong with it and what could be done, and writes that down. It reads what is
 * stored, and nothing of it is ever written to a host.
 */
export class Advisor implements Part {
  readonly name = 'advisor';
  readonly #options: AdvisorOptions;
  readonly #stopped = new AbortController();
  #looks = new Looks();
  #journal: Journal;
  #running: Promise<void> | undefined;

  constructor(options: AdvisorOptions) {
    this.#options = options;
    this.#journal = new Journal(options.advice, options.pass);
  }

  async start(): Promise<void> {
    this.#running = this.#run(this.#stopped.signal);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { inTurn = always, everyMs = 5_000, ready } = this.#options;
    const looking = async (turn: AbortSignal) => {
      // Another server may have written meanwhile.
      this.#journal = new Journal(this.#options.advice, this.#options.pass);
      this.#looks = new Looks();
      while (!turn.aborted) {
        await this.look(turn).catch((error: unknown) => this.#failed(error, {}));
        await sleepMs(everyMs, turn).catch(() => undefined);
      }
    };
    while (!signal.aborted) {
      await ready(signal).then(
        () => inTurn(signal, looking).catch((error: unknown) => this.#failed(error, {})),
        () => undefined,
      );
      await sleepMs(everyMs, signal).catch(() => undefined);
    }
  }

  /** Looks once at what is busy, burns or is due. Rejects when a store is away. */
  async look(signal: AbortSignal): Promise<void> {
    const beganMs = this.#options.monoMs();
    const store: QueryContext = { ...this.#options.store, signal };
    const now = Math.floor(this.#options.nowMs() / 1000);
    const found = await runQuery(store, polledDatapaths, { from: now - liveSeconds, to: now, limit: datapathsMax });
    const storedTo = await readStoredTo({ ...this.#options, store }, undefined);
    const burning = this.#options.burning(now);
    const isWanted = (each: { readonly host: string; readonly datapath: string }) =>
      burning.has(each.host) || this.#journal.isWatched(each);
    const states: DatapathState[] = [];
    const fleet = { hosts: storedTo.size, burningHosts: burning.size };
    for (const { host, datapath } of this.#looks.due(found, isWanted, now)) {
      if (this.#options.monoMs() - beganMs > lookMsMax) break;
      const which = { host, datapath, at: now, storedTo: storedTo.get(host) ?? null };
      // One that fails waits for its next turn as the others do.
      this.#looks.done(which, now);
      try {
        const readings = await readReadings(store, { ...which, burning: burning.get(host) ?? [], fleet });
        states.push(await this.#lookAt(which, readings, signal));
      } catch (error) {
        signal.throwIfAborted();
        this.#failed(error, { host, datapath });
      }
    }
    using _pass = await this.#options.pass?.(signal);
    await this.#options.advice.keepStates(states, now);
  }

  async #lookAt(
    { host, datapath, at }: { readonly host: string; readonly datapath: string; readonly at: number },
    readings: DatapathReadings,
    signal: AbortSignal,
  ): Promise<DatapathState> {
    const found = diagnose(readings);
    const { engine } = this.#options;
    const isolates = readings.settings.isolate !== 'false';
    const advice = adviceOf(found, { host, datapath, at, engine, isolates });
    const { diagnosis, because, gates, lacks, input } = found;
    const isTrouble = diagnosis !== 'calm' && (diagnosis !== 'unknown' || isBusy(readings));
    const last = await this.#journal.take({ advice, isTrouble, readings, at }, signal);
    const maxUsagePpm = input === null ? null : highestUse(placementOf(input));
    return {
      host,
      datapath,
      at,
      decision: decisionOf(found),
      diagnosis,
      because,
      gates,
      lacks,
      maxUsagePpm,
      advice: last,
    };
  }

  #failed(error: unknown, context: Readonly<Record<string, string>>): void {
    if (this.#stopped.signal.aborted) return;
    const { code, message } = toFourninesError(error);
    this.#options.logger.error(
      { ...context, code, reason: message },
      'a datapath was not looked at; it is tried again',
    );
  }
}

const busyPpm = 900_000;
const presentSeconds = 15;

/** Something seems to be wrong, though nobody can say what. */
function isBusy({ at, threads, burning }: DatapathReadings): boolean {
  const isFull = threads.some((thread) => at - thread.to <= presentSeconds && (thread.busyPpm ?? 0) >= busyPpm);
  return isFull || burning.length > 0;
}
