import type { LabPostgres } from '../../test/lab/postgres/lab-postgres.ts';
import { treeCpuMs } from '../pipeline/process-usage.ts';
import { Child } from './child.ts';
import {
  type Counts,
  type Engine,
  type Load,
  type ReceiversRequest,
  type SubjectRequest,
  type Tally,
  type TurnTold,
  wallMs,
} from './protocol.ts';

export interface TurnsOptions {
  readonly folder: string;
  readonly postgres: LabPostgres;
  readonly secret: string;
  /** Of all classes together. */
  readonly receivers: number;
  readonly seconds: number;
  readonly execArgv: readonly string[];
}

export interface TurnOrder {
  readonly engine: Engine;
  readonly load: Load;
  /** Whether those that hang are there. */
  readonly hanging: boolean;
}

export interface TurnResult extends TurnOrder {
  readonly told: TurnTold;
  readonly tally: Tally;
  /** Cores: of the receivers' process, and of PostgreSQL or the embedded store. */
  readonly cpu: { readonly receivers: number; readonly database: number };
}

export const slowMs = 200;
/** Deliveries a second to each receiver that is not healthy. */
export const otherRate = 2;
const warmSeconds = 2;
/** Time for what was decided last to arrive: less than the pause after a failed attempt. */
const settleMs = 1_000;
/** All requests come from one address: enough ports that none runs out of connections. */
const portCount = 16;

/** Runs turns one after the other, in two processes that stay. */
export class Turns {
  readonly #options: TurnsOptions;
  readonly #receivers = new Child<ReceiversRequest>('receivers');
  readonly #subject: Child<SubjectRequest>;
  #ports: readonly number[] = [];
  #count = 0;

  constructor(options: TurnsOptions) {
    this.#options = options;
    this.#subject = new Child('subject', options.execArgv);
  }

  async open(): Promise<void> {
    const { secret, postgres, folder } = this.#options;
    this.#ports = await this.#receivers.ask<number[]>({ type: 'open', ports: portCount, secret, slowMs });
    await this.#subject.ask({ type: 'open', postgres: postgres.options, folder });
  }

  async close(): Promise<void> {
    await this.#subject.close();
    await this.#receivers.close();
  }

  /** Nothing of the turns is left in the stores. */
  async clear(): Promise<void> {
    await this.#subject.ask({ type: 'clear' });
  }

  /** `seconds`: other than those of all turns. */
  async turn(order: TurnOrder, seconds = this.#options.seconds): Promise<TurnResult> {
    const { engine, load, hanging } = order;
    const { secret, receivers, postgres } = this.#options;
    const counts = countsOf(receivers, hanging);
    const startMs = wallMs() + warmSeconds * 1_000 + 1_500;
    await this.#receivers.ask({ type: 'begin', fromMs: startMs, toMs: startMs + seconds * 1_000 - settleMs });
    const before = this.#cpuMs(postgres.pid);
    const plan = { turn: `t${++this.#count}`, engine, load, receivers: counts, otherRate, seconds, warmSeconds };
    const told = await this.#subject.ask<TurnTold>({
      type: 'turn',
      startMs,
      plan: { ...plan, ports: this.#ports, secret },
    });
    const after = this.#cpuMs(postgres.pid);
    const all = (seconds + warmSeconds) * 1_000;
    const embedded = (after.subjectTree - before.subjectTree) / all - told.cpuMs / 1_000 / told.seconds;
    const cpu = {
      receivers: (after.receivers - before.receivers) / all,
      database: engine === 'postgres' ? (after.postgres - before.postgres) / all : embedded,
    };
    return { ...order, told, tally: await this.#receivers.ask<Tally>({ type: 'tally' }), cpu };
  }

  #cpuMs(postgres: number) {
    return {
      postgres: treeCpuMs(postgres),
      receivers: treeCpuMs(this.#receivers.pid),
      subjectTree: treeCpuMs(this.#subject.pid),
    };
  }
}

/** A fifth hangs; of the others a tenth is slow and a tenth fails. */
export function countsOf(receivers: number, hanging: boolean): Counts {
  const hung = Math.round(receivers / 5);
  const tenth = Math.round((receivers - hung) / 10);
  return { healthy: receivers - hung - 2 * tenth, slow: tenth, failing: tenth, hanging: hanging ? hung : 0 };
}
