import type { Effect, JournalEntry } from './effect.ts';
import { type Gate, type GuardName, type Guards, guardsAt, type Occasion } from './guards.ts';
import type { Settings } from './settings.ts';
import type { Action, CommandId, History, MachineState, Phase } from './state.ts';

export interface TurnContext {
  readonly settings: Settings;
  readonly guards: Guards;
}

/** A state on its way through one step. */
export class Turn {
  #state: MachineState;
  readonly #effects: Effect[] = [];
  readonly #context: TurnContext;

  constructor(state: MachineState, context: TurnContext) {
    this.#state = state;
    this.#context = context;
  }

  get state(): MachineState {
    return this.#state;
  }

  get settings(): Settings {
    return this.#context.settings;
  }

  get now(): number {
    return this.#state.clock.own;
  }

  get effects(): readonly Effect[] {
    return this.#effects;
  }

  go(phase: Phase): void {
    this.#state = { ...this.#state, phase };
  }

  set(patch: Partial<Omit<MachineState, 'phase' | 'history'>>): void {
    this.#state = { ...this.#state, ...patch };
  }

  remember(patch: Partial<History>): void {
    this.#state = { ...this.#state, history: { ...this.#state.history, ...patch } };
  }

  emit(...effects: readonly Effect[]): void {
    this.#effects.push(...effects);
  }

  journal(action: Action, what: JournalEntry['what'], reason: string, observedMaxUsagePpm: number | null = null): void {
    const { intent, proposal } = action;
    const { predictedMaxUsagePpm } = proposal;
    const phase = this.#state.phase.name;
    this.emit({ kind: 'journal', entry: { intent, what, phase, reason, predictedMaxUsagePpm, observedMaxUsagePpm } });
  }

  /** The number of the next command; each one goes to one command only. */
  command(): CommandId {
    const seq = this.#state.seq + 1;
    this.set({ seq });
    return { epoch: this.#state.epoch, seq };
  }

  /** The first guard that stands in the way. */
  failing(gate: Gate, occasion: Pick<Occasion, 'attempt'> & Partial<Occasion>): GuardName | undefined {
    const whole = { host: null, durableIntent: null, intent: null, ...occasion, state: this.#state };
    const settings = this.#context.settings;
    return guardsAt[gate].find((name) => !this.#context.guards[name].holds({ ...whole, settings }));
  }

  otherwise(guard: GuardName): Guards[GuardName]['otherwise'] {
    return this.#context.guards[guard].otherwise;
  }
}
