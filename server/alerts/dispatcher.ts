import { type Answer, type AttemptOutcome, afterAttempt } from '../../alerts/outbox/after-attempt.ts';
import { isDue } from '../../alerts/outbox/schedule.ts';
import { sleepMs } from '../../core/runtime/clock.ts';
import { toFourninesError } from '../../core/runtime/error.ts';
import type { Part } from '../../core/runtime/lifecycle.ts';
import type { Delivery, DeliveryStore, ReceiverTurn } from '../control/delivery-store.ts';
import { TurnLoop, type TurnLoopStats, type TurnTaking } from '../control/turn-loop.ts';
import { AttemptWriter } from './attempt-writer.ts';
import type { Resender } from './resender.ts';

/** Where a process may be killed; each is reached for every attempt, in this order. */
export type DispatcherPoint = 'taken' | 'answered' | 'recorded';

export interface DispatcherOptions extends TurnTaking {
  readonly deliveries: Pick<DeliveryStore, 'due' | 'record'>;
  /** One attempt; bounded in time by itself. What the other side does is an answer; a rejection is a mistake of ours. */
  readonly send: (delivery: Delivery, signal: AbortSignal) => Promise<Answer>;
  /** Tells again what goes on; it takes the lane of its receiver as a delivery does. */
  readonly again?: Pick<Resender, 'begin' | 'due' | 'send'>;
  /** Resolves when the control store is open and up to date. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  readonly reached?: ((point: DispatcherPoint) => void) | undefined;
  readonly nowMs: () => number;
  /** Chance, from 0 to 1000. */
  readonly permille: () => number;
  readonly lanes?: Lanes;
  /** How often it looks for what is due, ms. */
  readonly everyMs?: number;
}

/** Receivers that are sent to at the same time. Those that failed last have lanes of their own: they hold up no healthy one. */
export interface Lanes {
  readonly healthy: number;
  readonly failing: number;
  /**
   * Of receivers that did not fail last, but keep us waiting now: so many lanes count as healthy ones no more, so that those
   * that begin to hang together hold up nobody until they are given up.
   */
  readonly slow: number;
}

interface Lane {
  readonly pool: 'healthy' | 'failing';
  readonly ended: Promise<void>;
}

export interface DispatcherStats extends TurnLoopStats {
  /** Of this process. */
  readonly attempts: number;
  readonly outcomes: Readonly<Record<AttemptOutcome, number>>;
  readonly delivered: number;
  readonly dead: number;
  /** Receivers that are being sent to. */
  readonly lanes: number;
}

/** Deliveries of one receiver that are taken at once. */
const each = 16;
const defaultLanes: Lanes = { healthy: 256, failing: 64, slow: 256 };
/** An attempt that takes longer makes its lane a slow one, ms. */
const slowAfterMs = 1_000;
/** Between two looks: what ends or comes meanwhile is one look. */
const pauseMs = 5;
/** Characters of what went wrong. */
const detailMax = 500;

/**
 * Sends what waits in the outbox: to each receiver one after the other, in order, to many receivers at once. An attempt is
 * written down before the next one to the same receiver is made; what was sent and could not be written down is sent
 * again, under the same id.
 */
export class Dispatcher implements Part {
  readonly name = 'dispatcher';
  readonly #options: DispatcherOptions;
  readonly #lanes: Lanes;
  readonly #loop: TurnLoop;
  /** By receiver. */
  readonly #running = new Map<string, Lane>();
  /** By receiver, since when an attempt is under way; of the clock that never steps. */
  readonly #began = new Map<string, number>();
  #woken = Promise.withResolvers<void>();
  readonly #outcomes: Record<AttemptOutcome, number> = { delivered: 0, retry: 0, giveUp: 0, gone: 0 };
  readonly #stats = { attempts: 0, delivered: 0, dead: 0 };

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#lanes = options.lanes ?? defaultLanes;
    const work = (turn: AbortSignal) => this.#dispatch(turn);
    this.#loop = new TurnLoop({ ...options, work, failure: 'deliveries are held up' });
  }

  get stats(): DispatcherStats {
    return { ...this.#stats, ...this.#loop.stats, outcomes: { ...this.#outcomes }, lanes: this.#running.size };
  }

  async start(): Promise<void> {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** Something was put into the outbox. */
  wake(): void {
    this.#woken.resolve();
  }

  async #dispatch(signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const lanes = AbortSignal.any([signal, over.signal]);
    const writer = new AttemptWriter(this.#options.deliveries, lanes);
    this.#options.again?.begin();
    try {
      while (!signal.aborted) {
        this.#woken = Promise.withResolvers();
        await this.#fill(writer, lanes).catch((error: unknown) => this.#loop.failed(error));
        await Promise.race([this.#woken.promise, sleepMs(this.#options.everyMs ?? 200, signal)]);
        await sleepMs(pauseMs, signal);
      }
    } finally {
      over.abort(signal.reason);
      await Promise.all([...this.#running.values()].map(({ ended }) => ended));
    }
  }

  /** Gives free lanes to receivers that have something due. */
  async #fill(writer: AttemptWriter, signal: AbortSignal): Promise<void> {
    const free = this.#free();
    if (free.healthy + free.failing === 0) return;
    const busy = [...this.#running.keys()];
    const turns = await this.#options.deliveries.due(this.#options.nowMs(), { busy, ...free, each });
    for (const turn of turns) {
      const pool = turn.circuit.failures === 0 ? 'healthy' : 'failing';
      this.#open(turn.receiver, pool, this.#lane(turn, writer, signal));
    }
    this.#tellAgain(signal);
  }

  #open(receiver: string, pool: Lane['pool'], work: Promise<void>): void {
    const ended = work
      .catch((error: unknown) => this.#loop.failed(error))
      .finally(() => {
        this.#running.delete(receiver);
        this.#began.delete(receiver);
        this.#woken.resolve();
      });
    this.#running.set(receiver, { pool, ended });
  }

  /** In lanes like others, so that nothing else goes to the same receiver meanwhile; what waits for it comes first. */
  #tellAgain(signal: AbortSignal): void {
    const { again } = this.#options;
    if (again === undefined) return;
    for (const receiver of again.due()) {
      if (this.#running.has(receiver) || this.#free().healthy === 0) continue;
      this.#began.set(receiver, performance.now());
      this.#open(receiver, 'healthy', again.send(receiver, signal));
    }
  }

  #free(): { readonly healthy: number; readonly failing: number } {
    const slowSince = performance.now() - slowAfterMs;
    const taken = { healthy: 0, failing: 0, slow: 0 };
    for (const [receiver, { pool }] of this.#running) {
      const isSlow = pool === 'healthy' && (this.#began.get(receiver) ?? slowSince) < slowSince;
      taken[isSlow && taken.slow < this.#lanes.slow ? 'slow' : pool]++;
    }
    const left = (pool: 'healthy' | 'failing') => Math.max(0, this.#lanes[pool] - taken[pool]);
    return { healthy: left('healthy'), failing: left('failing') };
  }

  async #lane({ receiver, circuit, waiting }: ReceiverTurn, writer: AttemptWriter, signal: AbortSignal): Promise<void> {
    const { send, nowMs, permille, reached } = this.#options;
    let present = circuit;
    for (const delivery of waiting) {
      signal.throwIfAborted();
      if (!isDue(delivery, nowMs())) return;
      const atMs = nowMs();
      const beganMs = performance.now();
      this.#began.set(receiver, beganMs);
      reached?.('taken');
      const answer = await send(delivery, signal).catch((error: unknown) => this.#mistake(error));
      reached?.('answered');
      this.#began.delete(receiver);
      // Whatever came back after the turn was lost, somebody else may be sending by now.
      signal.throwIfAborted();
      const latencyMs = Math.round(performance.now() - beganMs);
      const { attempts, untilMs } = delivery;
      // By the clock that the attempt is written down with: one that was set ahead meanwhile, and back later, would make the pause
      // as much longer, and nothing would show that it was set at all.
      const endMs = atMs + latencyMs;
      const after = afterAttempt(answer, { attempts, untilMs, circuit: present, nowMs: endMs, permille: permille() });
      const { outcome, status, detail } = answer;
      const told = { delivery: delivery.id, receiver, atMs, latencyMs, outcome, status, detail };
      await writer.write({ ...told, ...after });
      reached?.('recorded');
      this.#count(outcome, after.state);
      present = after.circuit;
      if (after.state === 'waiting' || present.disabled !== '' || present.openUntilMs > nowMs()) return;
    }
  }

  /** A mistake of ours must not hold up a receiver for ever: it takes its attempts as any failure does. */
  #mistake(error: unknown): Answer {
    this.#loop.failed(error);
    const { code, message } = toFourninesError(error);
    return { outcome: 'retry', status: null, code, detail: message.slice(0, detailMax), retryAfterMs: null };
  }

  #count(outcome: AttemptOutcome, state: string): void {
    this.#stats.attempts++;
    this.#outcomes[outcome]++;
    if (state === 'delivered') this.#stats.delivered++;
    if (state === 'dead') this.#stats.dead++;
  }
}
