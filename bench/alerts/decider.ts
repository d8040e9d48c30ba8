import { sampleNotification } from '../../alerts/content/sample.ts';
import { sleepMs } from '../../core/runtime/clock.ts';
import type { DeliveryStore, NewDelivery } from '../../server/control/delivery-store.ts';
import { deliveryId, type ReceiverClass, receiverClasses, type TurnPlan, wallMs } from './protocol.ts';

/** What is decided between two of these goes into one transaction, ms. */
const tickMs = 50;

/**
 * Puts notifications into the outbox at a steady rate, as a notifier does. "Decided" is the instant at which it was to
 * happen: where adding falls behind, that is in the figure.
 */
export class Decider {
  readonly #plan: TurnPlan;
  readonly #store: Pick<DeliveryStore, 'add'>;
  readonly #wake: () => void;
  readonly #stopping = new AbortController();
  readonly #numbers = new Map<string, number>();
  readonly #next = { healthy: 0, slow: 0, hanging: 0, failing: 0 };
  #added = 0;
  #delivered = 0;
  #addMsMax = 0;
  #work: Promise<void> | undefined;
  failures = 0;
  lastError = '';

  constructor(plan: TurnPlan, store: Pick<DeliveryStore, 'add'>, wake: () => void) {
    this.#plan = plan;
    this.#store = store;
    this.#wake = wake;
  }

  start(): void {
    this.#work = this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#work;
  }

  /** To healthy receivers, and the longest that adding took since this was asked last. */
  counts() {
    const addMsMax = this.#addMsMax;
    this.#addMsMax = 0;
    return { added: this.#added, delivered: this.#delivered, addMsMax };
  }

  delivered(receiver: string): void {
    if (classOf(receiver) === 'healthy') this.#delivered++;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const owed = { healthy: 0, slow: 0, hanging: 0, failing: 0 };
    for (let dueMs = wallMs(); !signal.aborted; dueMs += tickMs) {
      await sleepMs(Math.max(0, dueMs - wallMs()), signal).catch(() => undefined);
      const batch = receiverClasses.flatMap((name) => {
        owed[name] += this.#owedEachTick(name);
        const count = Math.floor(owed[name]);
        owed[name] -= count;
        return Array.from({ length: count }, () => this.#delivery(name, dueMs));
      });
      await this.#add(batch);
      // Where nothing is owed to a rate, what is late is not made up for.
      if (this.#plan.load.kind === 'flat') dueMs = Math.max(dueMs, wallMs() - tickMs);
    }
  }

  #owedEachTick(name: ReceiverClass): number {
    const { load, receivers, otherRate } = this.#plan;
    if (name !== 'healthy') return (receivers[name] * otherRate * tickMs) / 1_000;
    if (load.kind === 'steady') return (load.rate * tickMs) / 1_000;
    return Math.max(0, load.depth * receivers.healthy - (this.#added - this.#delivered));
  }

  async #add(batch: readonly NewDelivery[]): Promise<void> {
    if (batch.length === 0) return;
    const beganMs = performance.now();
    try {
      await this.#store.add(batch);
    } catch (error) {
      // Numbers are missing now, and the receivers will say so.
      this.failures++;
      this.lastError = String(error);
    }
    this.#addMsMax = Math.max(this.#addMsMax, performance.now() - beganMs);
    this.#added += batch.filter(({ receiver }) => classOf(receiver) === 'healthy').length;
    this.#wake();
  }

  /** To each receiver of the class in turn. */
  #delivery(name: ReceiverClass, decidedMs: number): NewDelivery {
    const index = this.#next[name]++ % this.#plan.receivers[name];
    const receiver = `${this.#plan.turn}-${name}-${index}`;
    const number = (this.#numbers.get(receiver) ?? 0) + 1;
    this.#numbers.set(receiver, number);
    const id = deliveryId(receiver, number, decidedMs);
    const document = documentOf(id, receiver, number);
    return { id, receiver, tenant: 'sample', reason: 'changed', document, decidedMs: Math.floor(decidedMs) };
  }
}

function classOf(receiver: string): string | undefined {
  return receiver.split('-')[1];
}

/** One alert with everything that one can have. */
function documentOf(id: string, receiver: string, sequence: number): string {
  return JSON.stringify({ ...sampleNotification, id, receiver, sequence, at: Math.floor(Date.now() / 1_000) });
}
