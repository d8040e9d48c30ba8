import { type AdvisingEffect, type Effect, isAdvising } from '../machine/effect.ts';
import type { EventOf, MachineEvent } from '../machine/event.ts';
import { initialState } from '../machine/state.ts';
import { dueInMs, step } from '../machine/step.ts';
import { type KeptMachine, writeMachine } from './kept-machine.ts';
import type { MachineRow, WhichDatapath } from './state.ts';

/** An instant by both clocks. */
export interface Now {
  /** Monotonic, ms. */
  readonly monoMs: number;
  /** Unix seconds. */
  readonly at: number;
}

/** Who does what a machine asks for. */
export interface Answering extends Now {
  readonly diagnosed: () => EventOf<'diagnosed'>;
  readonly planned: () => EventOf<'planned'>;
  /** Stores a state and, in one go with it, the advice that it says was told. */
  readonly keep: (row: MachineRow, tells: boolean) => Promise<void>;
  /** Told of what nobody here may do. */
  readonly refused: (effect: Effect) => void;
}

const anew: KeptMachine = { machine: { ...initialState, mode: 'advise' }, toldSlot: null };

/** The machine of one datapath where advice is all there is: what it decides is looked for, planned and told, and nothing is written to a host. */
export class DatapathMachine {
  readonly #which: WhichDatapath;
  readonly #step: typeof step;
  #kept: KeptMachine;
  #since: number;
  /** Monotonic ms of its last step. */
  #steppedMs: number | undefined;

  /** `kept` undefined: it begins anew. */
  constructor(which: WhichDatapath, kept: KeptMachine | undefined, since: number, stepping: typeof step = step) {
    this.#which = which;
    this.#step = stepping;
    this.#kept = kept ?? anew;
    this.#since = since;
  }

  get toldSlot(): number | null {
    return this.#kept.toldSlot;
  }

  /** There is a suspicion, or something was told of what may go on. */
  get isAwake(): boolean {
    return this.#kept.machine.phase.name !== 'idle';
  }

  get row(): MachineRow {
    return this.#rowOf(this.#kept, this.#since);
  }

  /** When the next deadline comes, monotonic ms; null: none does. */
  get dueAtMs(): number | null {
    const inMs = dueInMs(this.#kept.machine);
    return inMs === null || this.#steppedMs === undefined ? null : this.#steppedMs + inMs;
  }

  /** Tells one thing, and then what follows from it. `slot`: of the window that is told. Rejects when a state cannot be stored. */
  async tell(event: MachineEvent, answering: Answering, slot: number | null = null): Promise<void> {
    const events = [event];
    for (let next = events.shift(); next !== undefined; next = events.shift()) {
      const { state: machine, effects } = this.#step(this.#kept.machine, next, { now: answering.monoMs });
      const kept = { machine, toldSlot: slot ?? this.#kept.toldSlot };
      const since = machine.phase.name === this.#kept.machine.phase.name ? this.#since : answering.at;
      // Nothing that a state asks for begins before it is stored; advice goes in with it, so that neither is there alone.
      const tells = effects.some(({ kind }) => kind === 'advise');
      if (effects.length > 0) await answering.keep(this.#rowOf(kept, since), tells);
      this.#kept = kept;
      this.#since = since;
      this.#steppedMs = answering.monoMs;
      for (const effect of effects) {
        if (isAdvising(effect)) events.push(...answersTo(effect, answering));
        else answering.refused(effect);
      }
    }
  }

  #rowOf(kept: KeptMachine, since: number): MachineRow {
    return { ...this.#which, phase: kept.machine.phase.name, since, machine: writeMachine(kept) };
  }
}

function answersTo({ kind }: AdvisingEffect, { diagnosed, planned }: Answering): readonly MachineEvent[] {
  switch (kind) {
    case 'diagnose':
      return [diagnosed()];
    case 'plan':
      return [planned()];
    case 'advise':
      return [];
  }
}
