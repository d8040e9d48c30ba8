import { anyPhase, takeLease } from './any-phase.ts';
import type { Effect } from './effect.ts';
import type { MachineEvent } from './event.ts';
import { guards as allGuards, type Guards } from './guards.ts';
import { apply, reconcile } from './phases/applying.ts';
import { awaiting, plan } from './phases/planning.ts';
import { settle, verify } from './phases/proving.ts';
import { cooldown, suppressed } from './phases/resting.ts';
import type { Rules } from './phases/rules.ts';
import { acquire, precheck } from './phases/taking.ts';
import { halt, rollback } from './phases/undoing.ts';
import { advised, diagnose, idle, suspect } from './phases/watching.ts';
import { defaultSettings, type Settings } from './settings.ts';
import { actionInFlight, type MachineState, type Phase, type PhaseName } from './state.ts';
import { Turn } from './turn.ts';

const phases: { readonly [N in PhaseName]: Rules<N> } = {
  ...{ idle, suspect, diagnose, plan, await: awaiting, acquire, precheck, apply, reconcile, settle, verify },
  ...{ rollback, cooldown, suppressed, advised, halt },
};

export interface StepContext {
  /** Of a monotonic clock, ms. */
  readonly now: number;
  readonly settings?: Settings;
  readonly guards?: Guards;
}

export interface Stepped {
  readonly state: MachineState;
  readonly effects: readonly Effect[];
}

/**
 * One event after another: state in, state out and what is to be done, which may begin once that state is stored. The same
 * states and events give the same, on every machine. What is due by `now` is taken before the event.
 */
export function step(state: MachineState, event: MachineEvent, context: StepContext): Stepped {
  const { now, settings = defaultSettings, guards = allGuards } = context;
  const turn = new Turn({ ...state, clock: clockAt(state, event, now) }, { settings, guards });
  takeDue(turn);
  anyPhase(turn, event);
  if (isLed(turn.state)) told(turn, event);
  return { state: turn.state, effects: turn.effects };
}

function clockAt({ clock: { own, read } }: MachineState, event: MachineEvent, now: number): MachineState['clock'] {
  const passed = event.kind === 'recovered' || read === null ? 0 : Math.max(0, now - read);
  return { own: own + passed, read: now };
}

function takeDue(turn: Turn): void {
  const { lease, soak } = turn.state;
  if (lease !== null && lease.endsAt <= turn.now) takeLease(turn, null);
  if (soak !== null && soak.endsAt <= turn.now) turn.set({ soak: null });
  const { phase } = turn.state;
  if (isLed(turn.state) && 'endsAt' in phase && phase.endsAt <= turn.now) expire(turn, phase);
}

function expire<N extends PhaseName>(turn: Turn, phase: Phase & { readonly name: N }): void {
  (phases[phase.name] as unknown as Rules<N>).expired(turn, phase as never);
}

function told(turn: Turn, event: MachineEvent): void {
  const { phase } = turn.state;
  const rules = phases[phase.name].on as Readonly<
    Partial<Record<string, (turn: Turn, phase: Phase, event: MachineEvent) => void>>
  >;
  rules[event.kind]?.(turn, phase, event);
}

/** Without a lease a change in flight is the host's own to undo: nothing is decided here until somebody leads again. */
function isLed(state: MachineState): boolean {
  return state.lease !== null || actionInFlight(state) === null;
}

/** Ms from its last step on until something is due; null: nothing ever is. */
export function dueInMs(state: MachineState): number | null {
  const { phase, lease, soak, clock } = state;
  const ends = [lease?.endsAt, soak?.endsAt, isLed(state) && 'endsAt' in phase ? phase.endsAt : undefined];
  const due = ends.filter((each) => each !== undefined);
  return due.length === 0 ? null : Math.max(0, Math.min(...due) - clock.own);
}
