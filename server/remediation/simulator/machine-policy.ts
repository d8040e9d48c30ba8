import type { Effect } from '../machine/effect.ts';
import type { Cause, MachineEvent } from '../machine/event.ts';
import type { HostReading } from '../machine/host.ts';
import { defaultSettings } from '../machine/settings.ts';
import { grants, initialState, type MachineState } from '../machine/state.ts';
import { dueInMs, step } from '../machine/step.ts';
import { busiest, highestUse, placementOf } from '../planner/placement.ts';
import { type Plan, plan } from '../planner/plan.ts';
import type { PlanInput } from '../planner/plan-input.ts';
import { unplaced } from './datapath.ts';
import { type Doing, DoingOf } from './doing.ts';
import { EffectTrial } from './effect-trial.ts';
import { hostReading, shiftsBack, shiftsOf } from './host-reading.ts';
import type { Act, Look, Policy } from './policy.ts';
import { RepairRules } from './repair-rules.ts';
import { Windows } from './window.ts';

const forever = Number.MAX_SAFE_INTEGER / 2;

/**
 * The machine of `machine/` with the plans of `planner/`, in mode `auto`: what it asks for is answered by the simulated host, at
 * once but for what is written. Nobody clears, and nobody approves unless it is said after how long.
 */
export class MachinePolicy implements Policy {
  readonly terms = { algorithm: 'group', isolate: false } as const;
  readonly freezes = true;
  readonly #windows = new Windows();
  readonly #rules: RepairRules;
  readonly #doing = new DoingOf();
  #state: MachineState;
  #look: Look | undefined;
  #input: PlanInput | undefined;
  #found: Plan | undefined;
  #trial: EffectTrial | undefined;
  #act: Act | undefined;
  #plans = 0;
  #asked: { readonly proposal: string; readonly second: number } | undefined;
  readonly #approveAfterSeconds: number | null;

  constructor(where = 'here', approveAfterSeconds: number | null = null) {
    this.#rules = new RepairRules(where);
    this.#approveAfterSeconds = approveAfterSeconds;
    this.#state = { ...initialState, mode: 'auto', cleanPlans: defaultSettings.limits.cleanPlansMin };
    this.#tell({ kind: 'lease', epoch: 1, forMs: forever }, 0);
  }

  get doing(): Doing {
    return this.#doing.now(this.#state);
  }

  look(look: Look): Act | undefined {
    this.#act = undefined;
    this.#look = look;
    const input = this.#windows.next(look);
    this.#input = input;
    this.#found = undefined;
    this.#catchUp(look.second);
    this.#approve(look.second);
    if (input !== undefined) this.#judge(look, input);
    this.#tell(readingOf(input), look.second);
    return this.#act;
  }

  settled(act: Act, second: number, isDone: boolean): void {
    const { phase } = this.#state;
    if (act.kind !== 'move' || (phase.name !== 'apply' && phase.name !== 'rollback')) return;
    if (isDone) for (const { queue } of act.shifts) this.#windows.moved(queue, second);
    if (isDone && !act.isRollback) this.#trial = new EffectTrial(act.shifts, this.#input?.burning ?? []);
    // What was to be as it was when it was planned is not: the transaction comes to nothing.
    this.#tell({ kind: 'outcome', command: phase.command, result: isDone ? 'committed' : 'aborted' }, second);
  }

  reconfigured(second: number): void {
    this.#windows.reloaded(second);
  }

  /** What came due since the last look, at its instant. */
  #catchUp(second: number): void {
    for (let due = this.#dueBy(second); due !== null; due = this.#dueBy(second)) this.#tell({ kind: 'tick' }, due);
  }

  #dueBy(second: number): number | null {
    const inMs = dueInMs(this.#state);
    const due = inMs === null ? null : ((this.#state.clock.read ?? 0) + inMs) / 1_000;
    return due === null || due > second ? null : due;
  }

  /** Whoever is asked says yes, after the time that it takes; of a request that is over by then nothing follows. */
  #approve(second: number): void {
    const asked = this.#asked;
    if (asked === undefined || this.#approveAfterSeconds === null) return;
    if (second - asked.second < this.#approveAfterSeconds) return;
    this.#asked = undefined;
    this.#tell({ kind: 'decided', proposal: asked.proposal, isApproved: true, by: 'a human' }, second);
  }

  #judge(look: Look, input: PlanInput): void {
    const { phase, soak } = this.#state;
    const isLast = phase.name === 'verify' && phase.endsAt - look.second * 1_000 < 5_000;
    const isWatched = phase.name === 'verify' || (soak !== null && phase.name !== 'rollback');
    const action = phase.name === 'verify' ? phase.action : soak?.action;
    if (!isWatched || action === undefined || this.#trial === undefined) return;
    const verdict = this.#trial.next(look, input, isLast);
    if (verdict === undefined) return;
    const of = phase.name === 'verify' ? 'effect' : 'soak';
    const observedMaxUsagePpm = highestUse(placementOf(input));
    this.#tell({ kind: 'measured', intent: action.intent, of, verdict, observedMaxUsagePpm }, look.second);
  }

  /** One thing is told; what follows from it is done at once, and told in turn. */
  #tell(event: MachineEvent, second: number): void {
    const events = [event];
    for (let next = events.shift(); next !== undefined; next = events.shift()) {
      const { state, effects } = step(this.#state, next, { now: second * 1_000 });
      const stepped = { before: this.#state, after: state, effects };
      this.#rules.stepped(next, stepped);
      this.#doing.stepped(stepped);
      this.#state = state;
      events.push(...effects.flatMap((effect) => this.#answers(effect)));
    }
  }

  #answers(effect: Effect): readonly MachineEvent[] {
    switch (effect.kind) {
      case 'diagnose':
        return [this.#diagnosis()];
      case 'plan':
        return [this.#planned()];
      case 'askApproval':
        this.#asked = { proposal: effect.attempt.proposal.id, second: (this.#state.clock.read ?? 0) / 1_000 };
        return [];
      case 'acquire':
        return grants.map((what) => ({ kind: 'granted', what, proposal: effect.proposal }));
      case 'precheck':
        return [{ kind: 'prechecked', proposal: effect.proposal, host: this.#host() }];
      case 'journalIntent':
        return [{ kind: 'journalled', intent: effect.action.intent, isDurable: true }];
      case 'readPlacement':
        return [{ kind: 'placement', command: effect.command, host: this.#host() }];
      case 'confirm':
        return [{ kind: 'confirmed', command: effect.command, isKept: true }];
      case 'apply':
        if (this.#look !== undefined)
          this.#act = { kind: 'move', shifts: shiftsOf(this.#look, effect.moves), isRollback: false };
        return [];
      case 'rollback':
        return this.#undo(effect);
      default:
        return [];
    }
  }

  #undo({ command, preImage }: Extract<Effect, { readonly kind: 'rollback' }>): readonly MachineEvent[] {
    const shifts = this.#look === undefined ? [] : shiftsBack(this.#look, preImage);
    if (shifts.length === 0) return [{ kind: 'outcome', command, result: 'committed' }];
    this.#act = { kind: 'move', shifts, isRollback: true };
    return [];
  }

  #host(): HostReading | null {
    return this.#look === undefined ? null : hostReading(this.#look);
  }

  /** Known exactly here: what others take, what each queue takes, and what a node has. */
  #diagnosis(): MachineEvent {
    const placement = this.#input === undefined ? undefined : placementOf(this.#input);
    const hot = placement === undefined ? undefined : busiest(placement);
    const subject = `core ${placement?.pmds[hot ?? unplaced]?.core ?? 'unknown'}`;
    return { kind: 'diagnosed', cause: causeOf(this.#plan()), subject, heldBy: null };
  }

  #planned(): MachineEvent {
    const found = this.#plan();
    const host = this.#host();
    if (found === undefined || host === null) return { kind: 'planned', plan: null, reason: 'notMeasured' };
    if (found.decision === 'none') return { kind: 'planned', plan: null, reason: found.reason };
    const { moves, predicted } = found;
    const id = `p${++this.#plans}`;
    return {
      kind: 'planned',
      plan: { id, moves, predictedMaxUsagePpm: predicted.maxUsagePpm, host, ageMs: 0 },
      reason: '',
    };
  }

  #plan(): Plan | undefined {
    if (this.#input !== undefined) this.#found ??= plan(this.#input);
    return this.#found;
  }
}

function readingOf(input: PlanInput | undefined): MachineEvent {
  const span = 'window' as const;
  if (input === undefined) return { kind: 'reading', span, isValid: false, isBurning: false, maxUsagePpm: null };
  const maxUsagePpm = highestUse(placementOf(input));
  return { kind: 'reading', span, isValid: true, isBurning: input.burning.length > 0, maxUsagePpm };
}

function causeOf(found: Plan | undefined): Cause {
  if (found === undefined) return 'unknown';
  if (found.decision === 'plan') return 'overload';
  if (found.reason === 'starved') return 'theft';
  return found.reason === 'elephant' || found.reason === 'hostFull' ? found.reason : 'overload';
}
