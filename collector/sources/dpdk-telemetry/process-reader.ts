import type { TelemetryConnection } from '../../../native/facade.ts';
import type { Tick } from '../../source.ts';
import type { Deadline } from './deadline.ts';
import { DeviceTable } from './device-table.ts';
import { bornOf } from './discovery.ts';
import type { Ethdev } from './ethdev.ts';
import type { EthdevIdentity } from './ethdev-rows.ts';
import type { Peer } from './peer.ts';
import { lookAtProcess, type ProcessLook, readingCpus } from './processes.ts';
import { commandOf, commandsThatFit, countersOf, planRound, type Question } from './round-plan.ts';
import { canHideZero } from './xstats.ts';

/** Where the answering thread runs is looked up so often. */
const lookSeconds = 10;
/** Questions about devices that are new, or seem to have been replaced, in one tick; others wait for the next. */
const newDevicesMax = 64;
/** A slower pace is given up only after so many rounds in which the faster one would have fitted. */
const roundsBeforeFaster = 60;
/** Weight of a round in the average time of a command. */
const newestWeight = 0.2;
/** Before the first answer: a round trip measured on a quiet machine is 24 us, on a busy one half a ms. */
const firstGuessMs = 0.1;

export interface ReaderOptions {
  readonly peer: Peer;
  readonly connection: TelemetryConnection;
  /** What the process is called in rows: its prefix, made unambiguous. */
  readonly label: string;
  readonly place: string;
  readonly procRoot: string;
  readonly sysRoot: string;
  /** CPUs the collector may run on. */
  readonly allowedCpus: () => readonly number[];
}

/** How the replies of one tick were. */
export interface ReplyCount {
  /** Usable, or a refusal. */
  readonly answered: number;
  /** Damaged, unreadable, or none in time. */
  readonly failed: number;
  readonly firstFailure: { readonly command: string; readonly status: string } | undefined;
}

const noReplies: ReplyCount = { answered: 0, failed: 0, firstFailure: undefined };

/** Reads one DPDK process over one connection. */
export class ProcessReader {
  readonly label: string;
  readonly look: ProcessLook | undefined;
  readonly identity: EthdevIdentity;
  readonly table: DeviceTable;
  readonly #options: ReaderOptions;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #cpus: readonly number[] | undefined;
  #commandMs = firstGuessMs;
  #spread = 1;
  #fasterRounds = 0;
  #boundary = 0;
  #replies = noReplies;
  #ticks = 0;

  constructor(options: ReaderOptions) {
    const { connection, procRoot, sysRoot, place, label, peer } = options;
    this.#options = options;
    this.label = label;
    this.look = lookAtProcess(procRoot, connection.pid);
    // A pid of another pid namespace says nothing here: the file a process listens at is as much its own.
    const life = this.look === undefined ? ['socket', bornOf(peer.socket.path)] : ['start', this.look.startTicks];
    this.identity = [place, 'dpdk', connection.pid, ...life];
    this.table = new DeviceTable({
      label,
      identity: [...this.identity, 'ethdev'],
      sysRoot,
      bytesMax: connection.maxOutputLen,
      hidesZero: canHideZero(connection.version),
    });
  }

  get connection(): TelemetryConnection {
    return this.#options.connection;
  }

  get prefix(): string {
    return this.#options.peer.socket.prefix;
  }

  /** Ticks in which it was read. */
  get ticks(): number {
    return this.#ticks;
  }

  /** Ticks between two readings of the extended counters of a device. */
  get spread(): number {
    return this.#spread;
  }

  get replies(): ReplyCount {
    return this.#replies;
  }

  /** Whether the process is still there, as far as its connection tells. */
  get isOpen(): boolean {
    return this.#options.peer.connection === this.#options.connection;
  }

  /** Asks what is due, at most until the deadline. `readsPorts`: whether devices are to be read yet. */
  async read({ boundary }: Pick<Tick, 'boundary'>, deadline: Deadline, readsPorts: boolean): Promise<void> {
    this.#boundary = boundary;
    this.#ticks++;
    this.#replies = noReplies;
    this.table.beginTick();
    const { running } = this.#options.peer;
    // What the last tick did not wait for: its answers are too old by now.
    if (running !== undefined && (await deadline.within(running)) === undefined) return;
    this.#placeReading();
    await this.#ask(this.#plan(deadline.leftMs), deadline);
    if (!readsPorts) return;
    const found = this.table.unknown.slice(0, newDevicesMax);
    await this.#ask(
      found.map((portId) => ({ about: 'info', portId })),
      deadline,
    );
    const named = found.filter((id) => this.table.informed.has(id));
    await this.#ask(
      named.flatMap((id) => countersOf({ id, hidesZero: false }, true)),
      deadline,
    );
  }

  /**
   * Asks again how devices are called whose counters fell: they were reset, or another one has the id. In the second case
   * what was read belongs to neither, and is dropped; as it is where no answer comes.
   */
  async confirm(ethdevs: readonly Ethdev[], deadline: Deadline): Promise<void> {
    const doubtful = ethdevs.filter(({ id }) => !this.table.informed.has(id));
    await this.#ask(
      doubtful.slice(0, newDevicesMax).map(({ id }) => ({ about: 'info', portId: id })),
      deadline,
    );
    for (const ethdev of doubtful) if (!this.table.informed.has(ethdev.id)) ethdev.beginTick();
  }

  #plan(budgetMs: number): readonly Question[] {
    const commandsMax = commandsThatFit(budgetMs, this.#commandMs);
    // Slower at once, faster only after a while: a pace that changes from tick to tick is no pace.
    const spreadLeast = this.#fasterRounds < roundsBeforeFaster ? this.#spread : 1;
    const plan = planRound({ ...this.table.planned(), boundary: this.#boundary, commandsMax, spreadLeast });
    this.#fasterRounds = plan.spreadNeeded < plan.spread ? this.#fasterRounds + 1 : 0;
    this.#spread = plan.spread;
    return plan.questions;
  }

  /** One round, and what is learnt of it. */
  async #ask(questions: readonly Question[], deadline: Deadline): Promise<void> {
    if (questions.length === 0 || deadline.leftMs <= 0) return;
    const replyDeadlineMs = Math.max(1, Math.floor(deadline.leftMs / 2));
    const asking = this.#options.peer.ask(questions.map(commandOf), replyDeadlineMs, this.#cpus);
    const answer = await deadline.within(asking);
    if (answer === undefined || answer === 'gone' || answer === 'busy') return;
    let [spans, timed] = [0n, 0n];
    for (const [i, question] of questions.entries()) {
      const reply = answer.replies[i];
      if (reply === undefined || reply.status === 'unsent') continue;
      const { status, wallNs, monoNs, spanNs } = reply;
      const time = { boundary: this.#boundary, wallNs, monoNs, readSpanNs: spanNs };
      const isRefused = status === 'absent';
      const isRead = status === 'ok' && this.table.take(question, reply, time);
      if (!isRead) this.table.takeNone(question, isRefused, time);
      this.#count(reply.command, isRead || isRefused, status === 'ok' ? 'unreadable' : status);
      spans += spanNs;
      timed++;
    }
    if (timed === 0n) return;
    const mean = Number(spans / timed) / 1e6;
    this.#commandMs += (mean - this.#commandMs) * newestWeight;
  }

  #count(command: string, isAnswer: boolean, status: string): void {
    const { answered, failed, firstFailure } = this.#replies;
    this.#replies = isAnswer
      ? { answered: answered + 1, failed, firstFailure }
      : { answered, failed: failed + 1, firstFailure: firstFailure ?? { command, status } };
    if (isAnswer) this.#options.peer.works();
  }

  #placeReading(): void {
    if (this.look === undefined || Math.abs(this.#boundary - this.#lookedAt) < lookSeconds) return;
    this.#lookedAt = this.#boundary;
    const { procRoot, connection, allowedCpus } = this.#options;
    this.#cpus = readingCpus(procRoot, connection.pid, this.look.telemetryTid, allowedCpus());
  }
}
