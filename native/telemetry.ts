import { assert, FourninesError } from '../core/runtime/error.ts';
import { checkCommands, checkCpus, checkMs } from './arguments.ts';
import type { PacedConnection, PacedRound, TelemetryReply, TelemetryRound } from './facade.ts';
import { splitNames } from './names.ts';
import { closedError, nativeErrorOf } from './native-error.ts';

/** ReplyStatus of src/telemetry-peer.h. */
const statuses = ['ok', 'absent', 'damaged', 'timeout', 'unsent'] as const;
/** toNumbers of src/telemetry.cc: before the commands, of each command. */
const headFields = 3;
const rowFields = 7;
/** EMFILE: as many connections as one environment may have. */
const tooManyErrno = 24;
/** How long an outstanding reply is waited for when the caller does not say, ms. */
const drainMsDefault = 500;

/** src/telemetry.h. */
export interface TelemetryBinding {
  telemetryOpen(path: string, deadlineMs: number): Promise<Opened | Refused>;
  telemetryAsk(handle: object, commands: string, replyDeadlineMs: number, cpus: Uint32Array, intervalMs: number): void;
  telemetryNext(handle: object): Promise<RawRounds | null>;
  telemetryStop(handle: object): void;
  telemetryClose(handle: object, drainMs: number): Promise<null>;
}

interface Opened {
  readonly handle: object;
  readonly version: string;
  readonly pid: number;
  readonly maxOutputLen: number;
}

interface Refused {
  readonly handle?: undefined;
  readonly isHandshake: boolean;
  readonly call: string;
  /** 0: the stream ended. */
  readonly errno: number;
}

/** Numbers, and texts where there are any. */
type RawRounds = readonly (BigUint64Array | RawTexts | null)[];

interface RawTexts {
  readonly texts: readonly string[];
  readonly listIds: Float64Array;
  readonly listTexts: readonly string[];
}

interface RoundOptions {
  readonly replyDeadlineMs: number;
  readonly cpus?: readonly number[];
}

/** Opens a connection; `onClose` is called when `close` is. */
export async function openConnection(
  binding: TelemetryBinding,
  path: string,
  deadlineMs: number,
  onClose: () => void,
): Promise<PacedConnection> {
  const opened = await started(() => binding.telemetryOpen(path, deadlineMs), path);
  if (opened.handle !== undefined) return new Connection(binding, path, opened, onClose);
  const { isHandshake, call, errno } = opened;
  throw isHandshake
    ? new FourninesError('FN_TELEMETRY_HANDSHAKE', 'the telemetry socket gave no handshake', {
        context: { path, call, errno },
      })
    : new FourninesError('FN_TELEMETRY_REFUSED', 'the telemetry socket takes no connection', {
        context: { path, call, errno },
      });
}

class Connection implements PacedConnection {
  readonly version: string;
  readonly pid: number;
  readonly maxOutputLen: number;
  readonly #binding: TelemetryBinding;
  readonly #path: string;
  readonly #handle: object;
  readonly #onClose: () => void;
  /** Names by the number of their list. */
  readonly #lists = new Map<number, readonly string[]>();
  #firstListId = 1;
  #commands: readonly string[] = [];
  #commandText = '';
  #cpus: readonly number[] = [];
  #places = new Uint32Array(0);
  #isBusy = false;
  #closing: Promise<void> | undefined;

  constructor(binding: TelemetryBinding, path: string, opened: Opened, onClose: () => void) {
    this.version = opened.version;
    this.pid = opened.pid;
    this.maxOutputLen = opened.maxOutputLen;
    this.#binding = binding;
    this.#path = path;
    this.#handle = opened.handle;
    this.#onClose = onClose;
  }

  async round(commands: readonly string[], options: RoundOptions): Promise<TelemetryRound> {
    this.#begin(commands, options, 0);
    try {
      // Awaited here, not by the caller: the handle must live as long as the round. The request is done with it.
      const raws = await this.#binding.telemetryNext(this.#handle);
      if (raws === null) throw this.#goneError();
      const { replies, late } = this.#toRound(commands, raws, 0);
      return { replies, late };
    } finally {
      this.#isBusy = false;
    }
  }

  async *repeat(
    commands: readonly string[],
    options: RoundOptions & { readonly intervalMs: number },
  ): AsyncGenerator<PacedRound> {
    checkMs(options.intervalMs);
    this.#begin(commands, options, options.intervalMs);
    try {
      for (;;) {
        const raws = await this.#binding.telemetryNext(this.#handle);
        if (raws === null) break;
        for (let i = 0; i < raws.length; i += 2) yield this.#toRound(commands, raws, i);
      }
    } finally {
      this.#binding.telemetryStop(this.#handle);
      await this.#end();
    }
    if (this.#closing === undefined) throw this.#goneError();
  }

  #begin(commands: readonly string[], { replyDeadlineMs, cpus = [] }: RoundOptions, intervalMs: number): void {
    assert(!this.#isBusy, 'two rounds at once on one telemetry connection');
    if (this.#closing !== undefined) throw closedError();
    // What was asked before was checked before.
    if (!isSame(commands, this.#commands)) {
      checkCommands(commands);
      this.#commands = [...commands];
      this.#commandText = commands.map((command) => `${command}\0`).join('');
    }
    if (!isSame(cpus, this.#cpus)) {
      if (cpus.length > 0) checkCpus(cpus);
      this.#cpus = [...cpus];
      this.#places = Uint32Array.from(cpus);
    }
    checkMs(replyDeadlineMs);
    try {
      this.#binding.telemetryAsk(this.#handle, this.#commandText, replyDeadlineMs, this.#places, intervalMs);
    } catch (error) {
      throw nativeErrorOf(error);
    }
    this.#isBusy = true;
  }

  /** Until the request is done. Rounds that nobody wants may name lists that later ones only number. */
  async #end(): Promise<void> {
    for (;;) {
      const raws = await this.#binding.telemetryNext(this.#handle);
      if (raws === null) break;
      for (let i = 0; i < raws.length; i += 2) this.#textsOf(raws, i);
    }
    this.#isBusy = false;
  }

  #goneError(): FourninesError {
    return new FourninesError('FN_TELEMETRY_GONE', 'the DPDK program ended its telemetry connection', {
      context: { path: this.#path, pid: this.pid },
    });
  }

  close(drainMs: number = drainMsDefault): Promise<void> {
    checkMs(drainMs);
    this.#closing ??= this.#close(drainMs);
    return this.#closing;
  }

  async #close(drainMs: number): Promise<void> {
    this.#onClose();
    await this.#binding.telemetryClose(this.#handle, drainMs);
  }

  /** Texts of a round; its new lists are kept. */
  #textsOf(raws: RawRounds, at: number): readonly string[] {
    const raw = raws[at + 1] ?? null;
    if (raw === null || raw instanceof BigUint64Array) return [];
    for (const [i, id] of raw.listIds.entries()) this.#lists.set(id, splitNames(raw.listTexts[i] ?? ''));
    return raw.texts;
  }

  #toRound(commands: readonly string[], raws: RawRounds, at: number): PacedRound {
    const numbers = raws[at];
    assert(numbers instanceof BigUint64Array, 'numbers of a round');
    const texts = this.#textsOf(raws, at);
    let valueAt = headFields + commands.length * rowFields;
    let textAt = 0;
    const replies: TelemetryReply[] = [];
    for (const command of commands) {
      const row = headFields + replies.length * rowFields;
      const listId = Number(numbers[row + 1]);
      const start = valueAt;
      valueAt += Number(numbers[row + 2]);
      const names = listId === 0 ? null : (this.#lists.get(listId) ?? null);
      assert(listId === 0 || names?.length === valueAt - start, 'a name for each value');
      replies.push({
        command,
        status: statuses[Number(numbers[row])] ?? 'damaged',
        wallNs: numbers[row + 4] ?? 0n,
        monoNs: numbers[row + 5] ?? 0n,
        spanNs: numbers[row + 6] ?? 0n,
        names,
        values: names === null ? null : numbers.subarray(start, valueAt),
        text: numbers[row + 3] === 0n ? null : (texts[textAt++] ?? null),
      });
    }
    this.#forgetLists(Number(numbers[0]));
    return { replies, late: Number(numbers[1]), skipped: Number(numbers[2]) };
  }

  /** The addon has begun anew: what it will not name again must not be kept. */
  #forgetLists(firstListId: number): void {
    if (firstListId <= this.#firstListId) return;
    this.#firstListId = firstListId;
    for (const id of this.#lists.keys()) if (id < firstListId) this.#lists.delete(id);
  }
}

function isSame<T>(some: readonly T[], others: readonly T[]): boolean {
  return Array.isArray(some) && some.length === others.length && some.every((one, i) => one === others[i]);
}

/** A call of the binding that gives a promise; what it throws at once becomes our error. */
async function started<T>(call: () => Promise<T>, path: string): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    const error = nativeErrorOf(thrown);
    if (!(error instanceof FourninesError) || error.context['errno'] !== tooManyErrno) throw error;
    throw new FourninesError('FN_TELEMETRY_REFUSED', 'as many telemetry connections as may be are open', {
      cause: thrown,
      context: { ...error.context, path },
    });
  }
}
