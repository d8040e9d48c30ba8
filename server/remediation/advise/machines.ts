import { FourninesError, toFourninesError } from '../../../core/runtime/error.ts';
import type { Logger } from '../../../core/runtime/logger.ts';
import type { AdviceStore } from '../../control/advice-store.ts';
import type { Effect } from '../machine/effect.ts';
import type { MachineEvent } from '../machine/event.ts';
import { type Answering, DatapathMachine, type Now } from './datapath-machine.ts';
import { type KeptMachine, readMachine } from './kept-machine.ts';
import type { MachineRow, WhichDatapath } from './state.ts';

/** The machines of all datapaths that were looked at since this server's turn began; each goes on from where it was stored. */
export class Machines {
  readonly #store: AdviceStore;
  readonly #logger: Logger;
  readonly #machines = new Map<string, DatapathMachine>();
  #unread = 0;

  constructor(store: AdviceStore, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
  }

  /** States that could not be read, so that their machines began anew. */
  get unread(): number {
    return this.#unread;
  }

  /** The machine of a datapath; the first time it takes up what is stored. Rejects when the control store is away. */
  async of(which: WhichDatapath, now: Now): Promise<DatapathMachine> {
    const known = this.#machines.get(keyOf(which));
    if (known !== undefined) return known;
    const stored = await this.#store.machine(which);
    const kept = stored === undefined ? undefined : this.#read(stored);
    const machine = new DatapathMachine(which, kept, kept === undefined ? now.at : (stored?.since ?? now.at));
    // What a process that is gone had asked for nobody will answer.
    if (kept !== undefined) await machine.tell({ kind: 'recovered' }, this.#unasked(which, now));
    this.#machines.set(keyOf(which), machine);
    return machine;
  }

  isAwake(which: WhichDatapath): boolean {
    return this.#machines.get(keyOf(which))?.isAwake ?? false;
  }

  /** What became of it is not known: it is read again. */
  forget(which: WhichDatapath): void {
    this.#machines.delete(keyOf(which));
  }

  /** Datapaths that are gone, once nothing of theirs is open. */
  forgetAllBut(found: readonly WhichDatapath[]): void {
    const keys = new Set(found.map(keyOf));
    for (const [key, machine] of this.#machines) if (!keys.has(key) && !machine.isAwake) this.#machines.delete(key);
  }

  /** Ms until the next deadline of any; null: none comes. */
  dueInMs(monoMs: number): number | null {
    const due = [...this.#machines.values()].flatMap(({ dueAtMs }) => dueAtMs ?? []);
    return due.length === 0 ? null : Math.max(0, due.reduce((first, each) => Math.min(first, each)) - monoMs);
  }

  /** Tells each machine whose deadline has come, and stores where that led. Rejects with what went wrong with any of them. */
  async tick(now: Now): Promise<void> {
    const due = [...this.#machines.values()].filter(({ dueAtMs }) => dueAtMs !== null && dueAtMs <= now.monoMs);
    const rows: MachineRow[] = [];
    try {
      for (const machine of due) {
        await machine.tell({ kind: 'tick' }, this.#unasked(machine.row, now));
        rows.push(machine.row);
      }
      if (rows.length > 0) await this.#store.keepMachines(rows);
    } catch (error) {
      for (const machine of due) this.forget(machine.row);
      throw error;
    }
  }

  refused(which: WhichDatapath, { kind }: Effect): void {
    const { code, message } = new FourninesError('FN_INTERNAL', `a machine that only advises asked for ${kind}`);
    const { host, datapath } = which;
    this.#logger.error({ host, datapath, code, reason: message }, 'what was asked for was not done');
  }

  /** Nothing is asked for on a deadline or on coming back: a look answers what it asks for before it ends. */
  #unasked(which: WhichDatapath, now: Now): Answering {
    const never = (what: MachineEvent['kind']) => (): never => {
      throw new FourninesError('FN_INTERNAL', `nobody looks, and ${what} was asked for`);
    };
    return {
      ...now,
      diagnosed: never('diagnosed'),
      planned: never('planned'),
      keep: () => Promise.reject(new FourninesError('FN_INTERNAL', 'nobody looks, and something was asked for')),
      refused: (effect) => this.refused(which, effect),
    };
  }

  #read({ host, datapath, machine }: MachineRow): KeptMachine | undefined {
    try {
      return readMachine(machine);
    } catch (error) {
      this.#unread++;
      const { code, message } = toFourninesError(error);
      const context = { host, datapath, code, reason: message, unread: this.#unread };
      this.#logger.error(context, 'the machine of a datapath starts anew');
      return undefined;
    }
  }
}

function keyOf({ host, datapath }: WhichDatapath): string {
  return JSON.stringify([host, datapath]);
}
