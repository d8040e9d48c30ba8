import type { Notification } from '../../alerts/notification.ts';
import type { Answer } from '../../alerts/outbox/after-attempt.ts';
import { toFourninesError } from '../../core/runtime/error.ts';
import type { Logger } from '../../core/runtime/logger.ts';
import type { OngoingStore } from '../control/ongoing-store.ts';
import type { PresentReceiver } from './alerting-desk.ts';

export interface ResenderOptions {
  readonly ongoing: Pick<OngoingStore, 'page'>;
  /** Whether nothing is to be sent to it until somebody enables it. */
  readonly isDisabled: (receiver: string) => Promise<boolean>;
  readonly receivers: () => Iterable<PresentReceiver>;
  readonly tell: (receiver: string, notification: Notification, signal: AbortSignal) => Promise<Answer>;
  readonly nowMs: () => number;
  /** Of a clock that never steps. */
  readonly monoMs?: () => number;
  /** From the beginning of one round to that of the next, ms. */
  readonly everyMs: number;
  readonly logger: Logger;
}

/** Where a receiver is in its round. */
interface Round {
  /** When the next piece of it is due. */
  dueMs: number;
  /** When it began. */
  beganMs: number;
  /** The last alert that was told; empty: none. */
  after: string;
  /** Code of what the last one failed by; empty: it did not. */
  failure: string;
}

/** Alerts of one request, of about 2 KiB each. */
const pieceAlerts = 100;

/**
 * Tells receivers that forget what they do not hear of (`alertmanager-api`) what goes on, again each minute. It stands in no
 * outbox: what was not taken is told a minute later as it is then, so nothing waits, however long a receiver is away.
 *
 * Whoever calls `send` must send nothing else to that receiver meanwhile: what is over must not be told before what it was
 * read from. A round goes in pieces, so that ends come in between.
 */
export class Resender {
  readonly #options: ResenderOptions;
  readonly #monoMs: () => number;
  readonly #rounds = new Map<string, Round>();

  constructor(options: ResenderOptions) {
    this.#options = options;
    this.#monoMs = options.monoMs ?? (() => performance.now());
  }

  /** Everybody is due at once: what another server told last, nobody knows here. */
  begin(): void {
    this.#rounds.clear();
  }

  /** Receivers that are to be told now. */
  due(): readonly string[] {
    const nowMs = this.#monoMs();
    const names = [...this.#options.receivers()]
      .filter(({ spec }) => spec.channel === 'alertmanager-api')
      .map(({ spec }) => spec.name);
    for (const name of this.#rounds.keys()) if (!names.includes(name)) this.#rounds.delete(name);
    return names.filter((name) => (this.#rounds.get(name)?.dueMs ?? nowMs) <= nowMs);
  }

  /** Tells one piece; never rejects. */
  async send(receiver: string, signal: AbortSignal): Promise<void> {
    const beganMs = this.#monoMs();
    const round = this.#rounds.get(receiver) ?? { dueMs: 0, beganMs, after: '', failure: '' };
    if (round.after === '') round.beganMs = beganMs;
    this.#rounds.set(receiver, round);
    const failure = await this.#piece(receiver, round, signal).catch((error: unknown) => toFourninesError(error).code);
    if (signal.aborted) return;
    if (failure !== '') round.after = '';
    // In the middle of a round at once; a round begins so long after the last one began, and never without a pause.
    const { everyMs } = this.#options;
    round.dueMs = round.after === '' ? Math.max(round.beganMs + everyMs, this.#monoMs() + everyMs / 10) : 0;
    if (failure !== round.failure) this.#told(receiver, failure);
    round.failure = failure;
  }

  /** Code of what it failed by; empty: it was taken, or there was nothing to tell. */
  async #piece(receiver: string, round: Round, signal: AbortSignal): Promise<string> {
    const { ongoing, isDisabled, tell, nowMs } = this.#options;
    if (await isDisabled(receiver)) return round.failure;
    const { alerts, next } = await ongoing.page(receiver, { after: round.after, limit: pieceAlerts, nowMs: nowMs() });
    round.after = next ?? '';
    if (alerts.length === 0) return '';
    const { code } = await tell(receiver, againOf(receiver, alerts, Math.floor(nowMs() / 1_000)), signal);
    return code;
  }

  #told(receiver: string, code: string): void {
    const { logger } = this.#options;
    if (code === '') logger.info({ receiver }, 'what goes on is told again');
    else
      logger.warn(
        { code, receiver },
        'what goes on cannot be told again: if this lasts, the receiver takes it for over',
      );
  }
}

function againOf(receiver: string, alerts: Notification['alerts'], at: number): Notification {
  const group = { key: 'ongoing', labels: {} };
  return {
    ...{ id: 'ongoing', receiver, tenant: null, group, reason: 'repeated', sequence: 1, at, alerts, leftOut: 0 },
  };
}
