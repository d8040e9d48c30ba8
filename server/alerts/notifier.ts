import { hashOf } from '../../alerts/fingerprint.ts';
import type { Notification } from '../../alerts/notification.ts';
import type { AlertConfig } from '../../alerts/state/config.ts';
import { type Input, step } from '../../alerts/state/machine.ts';
import { rowChanges } from '../../alerts/state/rows.ts';
import type { State } from '../../alerts/state/state.ts';
import { sleepMs } from '../../core/runtime/clock.ts';
import type { Part } from '../../core/runtime/lifecycle.ts';
import type { AlertStore, KeptState, PendingChange } from '../control/alert-store.ts';
import type { NewDelivery } from '../control/delivery-store.ts';
import type { PendingSilence } from '../control/silence-store.ts';
import { TurnLoop, type TurnLoopStats, type TurnTaking } from '../control/turn-loop.ts';
import { alertOfChange } from './alert-of-change.ts';

/** Where a process may be killed; each is reached for every step, in this order. */
export type NotifierPoint = 'decided' | 'kept';

export interface NotifierOptions extends TurnTaking {
  readonly store: Pick<AlertStore, 'load' | 'pending' | 'pendingSilences' | 'keep'>;
  /** Who is told of what; asked before each step, and free of charge while it stays the same. */
  readonly config: () => AlertConfig;
  /** The indicator of a version of an objective. */
  readonly indicatorOf: (objective: { readonly name: string; readonly version: number }) => Promise<string>;
  /** Resolves when the control store is open and up to date. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  /** Something was put into the outbox. */
  readonly onDeliveries: () => void;
  readonly reached?: ((point: NotifierPoint) => void) | undefined;
  readonly nowMs: () => number;
  /** How often it looks for changes, ms. */
  readonly everyMs?: number;
}

export interface NotifierStats extends TurnLoopStats {
  /** Of this process. */
  readonly changes: number;
  readonly notifications: number;
  /** Changes that wait because there is no room for another alert. */
  readonly refused: number;
}

const changesAStep = 200;
const silencesAStep = 200;

/**
 * Looks at each change of a breach and each silence once and decides who is told. What is remembered, what goes out, and what
 * was looked at are kept in one transaction: whatever kills it in between, nothing is told twice and nothing is missed.
 */
export class Notifier implements Part {
  readonly name = 'notifier';
  readonly #options: NotifierOptions;
  readonly #loop: TurnLoop;
  #woken = Promise.withResolvers<void>();
  readonly #stats = { changes: 0, notifications: 0, refused: 0 };

  constructor(options: NotifierOptions) {
    this.#options = options;
    const work = (turn: AbortSignal) => this.#decide(turn);
    this.#loop = new TurnLoop({ ...options, work, failure: 'notifications are held up' });
  }

  get stats(): NotifierStats {
    return { ...this.#stats, ...this.#loop.stats };
  }

  async start(): Promise<void> {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** A change was written. */
  wake(): void {
    this.#woken.resolve();
  }

  /** Whatever goes wrong ends it, and what is remembered is read anew: nobody knows then whether a step was kept. */
  async #decide(signal: AbortSignal): Promise<void> {
    const { store, everyMs = 1_000 } = this.#options;
    let kept = await store.load();
    let after = 0n;
    while (!signal.aborted) {
      this.#woken = Promise.withResolvers();
      const pending = await store.pending(after, changesAStep);
      const silences = await store.pendingSilences(silencesAStep);
      kept = await this.#step(kept, { changes: pending, silences });
      // What was refused still waits: others behind it, the ends of what is known among them, are not held up by it.
      after = pending.length === changesAStep ? (pending.at(-1)?.ordinal ?? 0n) : 0n;
      if (after === 0n) await Promise.race([this.#woken.promise, sleepMs(everyMs, signal)]);
    }
  }

  async #step({ state, serial }: KeptState, { changes: pending, silences }: Pending): Promise<KeptState> {
    const { store, config, nowMs, onDeliveries, reached } = this.#options;
    const present = config();
    const now = Math.floor(nowMs() / 1_000);
    const isNew = present.version !== state.config.version;
    const changes = await Promise.all(
      pending.map(async (change) => ({ change, inputs: await this.#inputsOf(change) })),
    );
    if (!isNew && changes.length + silences.length === 0 && !isDue(state, now)) return { state, serial };
    const book = new Book(state, now);
    if (isNew) book.take({ kind: 'configured', config: present });
    const takenSilences: bigint[] = [];
    for (const { ordinal, silence } of silences) if (book.takeAll(silenceInputs(silence))) takenSilences.push(ordinal);
    const taken: bigint[] = [];
    for (const { change, inputs } of changes) if (book.takeAll(inputs)) taken.push(change.ordinal);
    book.take({ kind: 'time' });
    const deliveries = book.notifications.map((notification) => deliveryOf(notification, nowMs()));
    reached?.('decided');
    await store.keep({ serial, changes: rowChanges(state, book.state), deliveries, taken, takenSilences });
    reached?.('kept');
    this.#stats.changes += taken.length;
    this.#stats.notifications += deliveries.length;
    this.#stats.refused = changes.length - taken.length;
    if (deliveries.length > 0) onDeliveries();
    return { state: book.state, serial: serial + 1n };
  }

  async #inputsOf({ row, previous }: PendingChange): Promise<Input[]> {
    const indicator = await this.#options.indicatorOf(row.slo);
    const { name: slo, version } = row.slo;
    if (indicator === '') this.#options.logger.warn({ slo, version }, 'what an objective measures cannot be read');
    const alert = alertOfChange(row, indicator);
    const { fingerprint, entry } = alert;
    const by = row.acknowledgedBy;
    const isSeen = by !== null && by !== (previous?.acknowledgedBy ?? null);
    return [{ kind: 'alert', alert }, ...(isSeen ? [{ kind: 'acknowledged', fingerprint, entry, by } as const] : [])];
  }
}

interface Pending {
  readonly changes: readonly PendingChange[];
  readonly silences: readonly PendingSilence[];
}

/** As it is now: whether it was made or ended last, both may come again. */
function silenceInputs({ made: _made, ended, ...silence }: PendingSilence['silence']): Input[] {
  const { id } = silence;
  return [{ kind: 'silenced', silence }, ...(ended === null ? [] : [{ kind: 'silence ended', id } as const])];
}

/** It wants to be told the time, or the clock went back. */
function isDue({ wakeAt, clock }: State, now: number): boolean {
  return now < clock.now || (wakeAt !== null && wakeAt - clock.ahead <= now);
}

/** The state in the middle of what is kept together. */
class Book {
  state: State;
  readonly notifications: Notification[] = [];
  readonly #now: number;

  constructor(state: State, now: number) {
    this.state = state;
    this.#now = now;
  }

  /** False: there was no room for it, and nothing of it was taken. */
  take(input: Input): boolean {
    const done = step(this.state, input, { now: this.#now, hash: hashOf });
    this.state = done.state;
    this.notifications.push(...done.notifications);
    return done.refused === null;
  }

  /** Those after one that was refused are not taken. */
  takeAll(inputs: readonly Input[]): boolean {
    return inputs.every((input) => this.take(input));
  }
}

function deliveryOf(notification: Notification, decidedMs: number): NewDelivery {
  const { id, receiver, tenant, reason } = notification;
  return { id, receiver, tenant, reason, document: JSON.stringify(notification), decidedMs };
}
