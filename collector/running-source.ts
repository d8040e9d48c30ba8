import type { RowOf } from '../core/catalogue/columns.ts';
import type { sourceSlot } from '../core/catalogue/kinds.ts';
import { FourninesError, toFourninesError } from '../core/runtime/error.ts';
import type { Logger } from '../core/runtime/logger.ts';
import { Accumulator } from './accumulator.ts';
import { CounterStates, type KeptState } from './counter-states.ts';
import type { Source, Tick } from './source.ts';

/** A source that failed so often in a row is stopped and started again. */
const failuresBeforeRestart = 3;

export interface RunningSourceOptions {
  readonly source: Source;
  readonly host: string;
  readonly deadlineMs: number;
  readonly logger: Logger;
  readonly resumed: ReadonlyMap<string, KeptState>;
  readonly monoNs: () => bigint;
}

export interface SourceResult {
  readonly status: RowOf<typeof sourceSlot>;
  /** Undefined unless the gather ended well. */
  readonly accumulator: Accumulator | undefined;
}

type Outcome = { readonly state: RowOf<typeof sourceSlot>['state']; readonly code: string };

/**
 * Keeps one source from harming the others: its own deadline, its own counter states, restart after repeated failure,
 * off for good after a fatal error. Logs the first failure of a run and its end, not each.
 */
export class RunningSource {
  readonly name: string;
  readonly #options: RunningSourceOptions;
  readonly #states: CounterStates;
  readonly #logger: Logger;
  #started = false;
  #disabled: FourninesError | undefined;
  #unfinished: Promise<void> | undefined;
  #failuresInRow = 0;
  #errors = 0n;

  constructor(options: RunningSourceOptions) {
    this.#options = options;
    this.name = options.source.name;
    this.#states = new CounterStates(options.resumed);
    this.#logger = options.logger.child({ source: this.name });
  }

  /** Where its counters stood at the last commit. */
  get states(): ReadonlyMap<string, KeptState> {
    return this.#states.all;
  }

  /** Gathers once. Never throws and never takes longer than the deadline plus the source's synchronous work. */
  async gather(tick: Omit<Tick, 'signal'>, stopping: AbortSignal): Promise<SourceResult> {
    const startedNs = this.#options.monoNs();
    const accumulator = new Accumulator({
      host: this.#options.host,
      states: this.#states,
      keyFrame: tick.keyFrame,
      nowMs: BigInt(tick.boundary) * 1000n,
    });
    const outcome = await this.#attempt(tick, accumulator, stopping);
    const ok = outcome.state === 'ok';
    const status = {
      host: this.#options.host,
      source: this.name,
      slot: tick.boundary - 1,
      state: outcome.state,
      durationNs: this.#options.monoNs() - startedNs,
      rows: ok ? accumulator.rowCount : 0,
      errors: this.#errors,
      code: outcome.code,
    };
    return { status, accumulator: ok ? accumulator : undefined };
  }

  /** The tick's rows are kept: the next read is measured from this one. */
  commit(accumulator: Accumulator, boundary: number): void {
    this.#states.commit(accumulator.staged, new Set(accumulator.renamed.values()));
    this.#options.source.kept?.();
    if (boundary % 600 === 0) this.#states.forget(boundary);
  }

  async stop(): Promise<void> {
    if (!this.#started) return;
    this.#started = false;
    await this.#options.source.stop?.();
  }

  async #attempt(tick: Omit<Tick, 'signal'>, accumulator: Accumulator, stopping: AbortSignal): Promise<Outcome> {
    if (this.#disabled !== undefined) return { state: 'disabled', code: this.#disabled.code };
    // A gather that outlived its deadline is still running: calling it again would break the contract.
    if (this.#unfinished !== undefined) return this.#failed(timeoutError(this.#options.deadlineMs), 'timeout');
    const deadline = AbortSignal.timeout(this.#options.deadlineMs);
    const signal = AbortSignal.any([deadline, stopping]);
    const run = this.#run({ ...tick, signal }, accumulator);
    const unfinished = run.then(
      () => undefined,
      () => undefined,
    );
    this.#unfinished = unfinished;
    void unfinished.then(() => {
      this.#unfinished = undefined;
    });
    try {
      await Promise.race([run, rejectWhenAborted(signal)]);
    } catch (error) {
      if (deadline.aborted) return this.#failed(timeoutError(this.#options.deadlineMs), 'timeout');
      const { code } = toFourninesError(error);
      // Nothing to read here, and nothing wrong: it is looked for again in the next tick.
      if (code === 'FN_SOURCE_ABSENT') return { state: 'absent', code: '' };
      return this.#failed(toFourninesError(error), 'failed');
    }
    // Work that blocked past its deadline without yielding is used all the same: it is complete.
    if (this.#failuresInRow > 0) this.#logger.info({ failures: this.#failuresInRow }, 'source works again');
    this.#failuresInRow = 0;
    return { state: 'ok', code: '' };
  }

  async #run(tick: Tick, accumulator: Accumulator): Promise<void> {
    if (!this.#started) {
      await this.#options.source.start?.();
      this.#started = true;
    }
    await this.#options.source.gather(tick, accumulator);
    accumulator.finish();
  }

  async #failed(error: FourninesError, state: 'failed' | 'timeout'): Promise<Outcome> {
    this.#errors++;
    this.#failuresInRow++;
    const fields = { code: error.code, reason: error.message, ...error.context };
    if (error.code === 'FN_SOURCE_FATAL') {
      this.#disabled = error;
      this.#logger.error({ ...fields, hint: error.hint }, 'source switched off');
      return { state: 'disabled', code: error.code };
    }
    if (this.#failuresInRow === 1) this.#logger.warn(fields, 'source failed');
    if (this.#failuresInRow % failuresBeforeRestart === 0 && this.#unfinished === undefined) {
      await this.stop().catch((stopError: unknown) => {
        this.#logger.warn({ code: toFourninesError(stopError).code }, 'source failed to stop');
      });
    }
    return { state, code: error.code };
  }
}

function timeoutError(deadlineMs: number): FourninesError {
  return new FourninesError('FN_SOURCE_TIMEOUT', `no answer within ${deadlineMs} ms`, { context: { deadlineMs } });
}

function rejectWhenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
