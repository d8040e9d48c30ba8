import { sleepMs } from '../../../core/runtime/clock.ts';
import type { Part } from '../../../core/runtime/lifecycle.ts';
import type { AdviceStore } from '../../control/advice-store.ts';
import { TurnLoop, type TurnTaking } from '../../control/turn-loop.ts';
import { readStoredTo, type StoredContext } from '../../live/stored-to.ts';
import { polledDatapaths } from '../../store/queries/placement-readings.ts';
import { type QueryContext, runQuery } from '../../store/run-query.ts';
import { highestUse, placementOf } from '../planner/placement.ts';
import { type Diagnosis, diagnose } from '../policy/diagnose.ts';
import { diagnosedOf, plannedOf, windowsToTell } from '../policy/machine-events.ts';
import type { DatapathReadings } from '../policy/readings.ts';
import { adviceOf, decisionOf } from './advice.ts';
import type { BurningPorts } from './burning-ports.ts';
import type { Answering, Now } from './datapath-machine.ts';
import { Journal } from './journal.ts';
import { Looks } from './looks.ts';
import { Machines } from './machines.ts';
import type { MaintainedHosts } from './maintained-hosts.ts';
import { readReadings } from './read-readings.ts';
import type { DatapathState, MachineRow, Standing, WhichDatapath } from './state.ts';

export interface AdvisorOptions extends StoredContext, TurnTaking {
  readonly advice: AdviceStore;
  /** Ports whose service burns its budget at an instant, unix seconds. */
  readonly burning: (at: number) => BurningPorts;
  /** Hosts on which somebody works at an instant, unix seconds. */
  readonly maintained: (at: number) => Promise<MaintainedHosts>;
  /** Resolves when the control store can be asked; rejects with the signal's reason. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  /** Version of the rules. */
  readonly engine: string;
  /** Held while advice goes in. */
  readonly pass?: ((signal: AbortSignal) => Promise<Disposable>) | undefined;
  readonly everyMs?: number;
}

/** A thread told its share so lately, s, where there is a datapath to be looked at. */
const liveSeconds = 30;
const datapathsMax = 20_000;
/** A look ends with the datapath that it is at when so much of it has passed. */
const lookMsMax = 4_000;

/** Between two looks it is seen at least and at most so often whether a deadline of a machine has come, ms. */
const wakeMsMin = 100;
const wakeMsMax = 1_000;

/**
 * Looks at every datapath that lives and tells its machine what it saw; what the machine asks for it looks up, plans and writes
 * down. It reads what is stored, and nothing of it is ever written to a host.
 */
export class Advisor implements Part {
  readonly name = 'advisor';
  readonly #options: AdvisorOptions;
  readonly #loop: TurnLoop;
  #looks = new Looks();
  #journal: Journal;
  #machines: Machines;

  constructor(options: AdvisorOptions) {
    this.#options = options;
    this.#journal = new Journal(options.advice, options.pass);
    this.#machines = new Machines(options.advice, options.logger);
    const work = (turn: AbortSignal) => this.#advise(turn);
    const failure = 'a datapath was not looked at; it is tried again';
    this.#loop = new TurnLoop({ ...options, work, failure, level: 'error' });
  }

  async start(): Promise<void> {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #advise(turn: AbortSignal): Promise<void> {
    // Another server may have written meanwhile.
    this.#journal = new Journal(this.#options.advice, this.#options.pass);
    this.#machines = new Machines(this.#options.advice, this.#options.logger);
    this.#looks = new Looks();
    while (!turn.aborted) {
      await this.look(turn).catch((error: unknown) => this.#loop.failed(error));
      await this.#rest(this.#options.everyMs ?? 5_000, turn);
    }
  }

  /** Until the next look; machines are told their deadlines meanwhile. */
  async #rest(forMs: number, turn: AbortSignal): Promise<void> {
    const { monoMs } = this.#options;
    const endMs = monoMs() + forMs;
    for (let leftMs = forMs; leftMs > 0 && !turn.aborted; leftMs = endMs - monoMs()) {
      const dueMs = this.#machines.dueInMs(monoMs()) ?? leftMs;
      await sleepMs(Math.min(leftMs, wakeMsMax, Math.max(dueMs, wakeMsMin)), turn).catch(() => undefined);
      if (!turn.aborted) await this.#tick(turn).catch((error: unknown) => this.#loop.failed(error));
    }
  }

  async #tick(signal: AbortSignal): Promise<void> {
    const now = this.#now();
    const dueInMs = this.#machines.dueInMs(now.monoMs);
    if (dueInMs === null || dueInMs > 0) return;
    using _pass = await this.#options.pass?.(signal);
    await this.#machines.tick(now);
  }

  /** Whole milliseconds: the machine has no others. */
  #now(): Now {
    const { monoMs, nowMs } = this.#options;
    return { monoMs: Math.floor(monoMs()), at: Math.floor(nowMs() / 1000) };
  }

  /** Looks once at what is busy, burns, is not over or is due. Rejects when a store is away. */
  async look(signal: AbortSignal): Promise<void> {
    const beganMs = this.#options.monoMs();
    const store: QueryContext = { ...this.#options.store, signal };
    const now = this.#now().at;
    await this.#tick(signal);
    const found = await runQuery(store, polledDatapaths, { from: now - liveSeconds, to: now, limit: datapathsMax });
    this.#machines.forgetAllBut(found);
    const storedTo = await readStoredTo({ ...this.#options, store }, undefined);
    const burning = this.#options.burning(now);
    const maintained = await this.#options.maintained(now);
    const isWanted = (each: WhichDatapath) =>
      burning.has(each.host) || this.#journal.isWatched(each) || this.#machines.isAwake(each);
    const standings: Standing[] = [];
    const fleet = { hosts: storedTo.size, burningHosts: burning.size };
    for (const { host, datapath } of this.#looks.due(found, isWanted, now)) {
      if (this.#options.monoMs() - beganMs > lookMsMax) break;
      const which = { host, datapath, at: now, storedTo: storedTo.get(host) ?? null };
      // One that fails waits for its next turn as the others do.
      this.#looks.done(which, now);
      try {
        const readings = await readReadings(store, {
          ...which,
          burning: burning.get(host) ?? [],
          maintenance: maintained(host),
          fleet,
        });
        standings.push(await this.#lookAt({ host, datapath }, readings, signal));
      } catch (error) {
        // What was stored of it and what was not is read before it is gone on with.
        this.#machines.forget(which);
        this.#journal.forget(which);
        signal.throwIfAborted();
        this.#loop.failed(error, { host, datapath });
      }
    }
    using _pass = await this.#options.pass?.(signal);
    await this.#options.advice.keepStates(standings);
    await this.#options.advice.forgetOld(now);
  }

  async #lookAt(which: WhichDatapath, readings: DatapathReadings, signal: AbortSignal): Promise<Standing> {
    const found = diagnose(readings);
    await this.#journal.compare(which, readings, signal);
    let state = stateOf(which, found, { at: readings.at, advice: await this.#journal.last(which, readings.at) });
    const machine = await this.#machines.of(which, this.#now());
    const keep = async (row: MachineRow, tells: boolean) => {
      if (tells) {
        const isolates = readings.settings.isolate !== 'false';
        const advice = adviceOf(found, { ...which, at: readings.at, engine: this.#options.engine, isolates });
        state = { ...state, advice: await this.#journal.tell(advice, { state, row }, signal) };
      } else {
        using _pass = await this.#options.pass?.(signal);
        await this.#options.advice.keepStates([{ state, row }]);
      }
    };
    const answering: Answering = {
      ...{ ...this.#now(), keep },
      diagnosed: () => diagnosedOf(found),
      planned: () => plannedOf(found, readings),
      refused: (effect) => this.#machines.refused(which, effect),
    };
    for (const { slot, reading } of windowsToTell(readings, found, machine.toldSlot))
      await machine.tell(reading, answering, slot);
    return { state, row: machine.row };
  }
}

function stateOf(
  which: WhichDatapath,
  found: Diagnosis,
  { at, advice }: Pick<DatapathState, 'at' | 'advice'>,
): DatapathState {
  const { diagnosis, because, gates, lacks, input } = found;
  const maxUsagePpm = input === null ? null : highestUse(placementOf(input));
  return { ...which, at, decision: decisionOf(found), diagnosis, because, gates, lacks, maxUsagePpm, advice };
}
