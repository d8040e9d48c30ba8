import { type Effect, isWriting } from '../../../../../server/remediation/machine/effect.ts';
import type { Cause, MachineEvent, PlannedMoves } from '../../../../../server/remediation/machine/event.ts';
import type { HostReading } from '../../../../../server/remediation/machine/host.ts';
import {
  type CommandId,
  grants,
  initialState,
  type MachineState,
  type Mode,
  type PhaseName,
} from '../../../../../server/remediation/machine/state.ts';
import { step } from '../../../../../server/remediation/machine/step.ts';

export const twoOnOne: HostReading = {
  identity: 'ovs 1',
  queues: [
    { id: 'a', numa: 0, core: 1, pin: null },
    { id: 'b', numa: 0, core: 1, pin: null },
    { id: 'c', numa: 0, core: 2, pin: 'operator' },
  ],
  pmds: [
    { core: 1, numa: 0, runDelayPpm: 0 },
    { core: 2, numa: 0, runDelayPpm: 0 },
    { core: 3, numa: 1, runDelayPpm: 0 },
  ],
  unixctlMs: 3,
};

export const hot = { kind: 'reading', span: 'window', isValid: true, isBurning: true, maxUsagePpm: 970_000 } as const;
export const calm = { kind: 'reading', span: 'window', isValid: true, isBurning: false, maxUsagePpm: 500_000 } as const;

export function placedAt(cores: Readonly<Record<string, number | null>>): HostReading {
  const queues = twoOnOne.queues.map((queue) => ({ ...queue, core: cores[queue.id] ?? queue.core }));
  return { ...twoOnOne, queues };
}

export const aMoved = placedAt({ a: 2 });

/** One machine, told one thing after another; what it wants done is kept. */
export class Story {
  state: MachineState;
  now = 0;
  readonly effects: Effect[] = [];

  constructor(mode: Mode = 'auto', more: Partial<MachineState> = {}) {
    this.state = { ...initialState, mode, cleanPlans: 20, ...more };
    this.tell({ kind: 'lease', epoch: 7, forMs: 1e12 });
  }

  get phase(): PhaseName {
    return this.state.phase.name;
  }

  is(phase: PhaseName): boolean {
    return this.phase === phase;
  }

  get writes(): readonly Effect[] {
    return this.effects.filter(isWriting);
  }

  tell(event: MachineEvent, afterMs = 0): this {
    this.now += afterMs;
    const { state, effects } = step(this.state, event, { now: this.now });
    // Whatever is stored must come back as it was.
    this.state = JSON.parse(JSON.stringify(state)) as MachineState;
    this.effects.push(...effects);
    return this;
  }

  wait(ms: number): this {
    return this.tell({ kind: 'tick' }, ms);
  }

  last<K extends Effect['kind']>(kind: K): Extract<Effect, { readonly kind: K }> {
    const found = this.effects.findLast((effect) => effect.kind === kind);
    if (found === undefined) throw new Error(`no ${kind} among ${this.effects.map((each) => each.kind).join(', ')}`);
    return found as Extract<Effect, { readonly kind: K }>;
  }

  all<K extends Effect['kind']>(kind: K): readonly Extract<Effect, { readonly kind: K }>[] {
    return this.effects.filter((effect) => effect.kind === kind) as Extract<Effect, { readonly kind: K }>[];
  }

  breaks(cause: Cause = 'overload', heldBy: string | null = null): this {
    return this.tell(hot).tell(hot, 5_000).tell({ kind: 'diagnosed', cause, subject: 'core 1', heldBy });
  }

  plans(more: Partial<PlannedMoves> = {}): this {
    const moves = [{ rxq: 'a', from: 1, to: 2 }];
    const plan = { id: 'p1', moves, predictedMaxUsagePpm: 710_000, host: twoOnOne, ageMs: 100, ...more };
    return this.tell({ kind: 'planned', plan, reason: '' });
  }

  isGranted(): this {
    const { proposal } = this.last('acquire');
    for (const what of grants) this.tell({ kind: 'granted', what, proposal });
    return this;
  }

  isChecked(host: HostReading | null = twoOnOne): this {
    return this.tell({ kind: 'prechecked', proposal: this.last('precheck').proposal, host });
  }

  isWritten(): this {
    return this.tell({ kind: 'journalled', intent: this.last('journalIntent').action.intent, isDurable: true });
  }

  comesTo(result: 'committed' | 'aborted' | 'refused' | 'unknown', of: 'apply' | 'rollback' = 'apply'): this {
    return this.tell({ kind: 'outcome', command: this.last(of).command, result });
  }

  isRead(host: HostReading | null, command: CommandId = this.last('readPlacement').command): this {
    return this.tell({ kind: 'placement', command, host });
  }

  isMeasured(verdict: 'good' | 'ineffective' | 'worse' | 'moot' | 'unknown', observed: number | null = 720_000): this {
    const { intent } = this.last('apply');
    const { of } = this.last('measure');
    return this.tell({ kind: 'measured', intent, of, verdict, observedMaxUsagePpm: observed });
  }

  isConfirmed(isKept = true): this {
    return this.tell({ kind: 'confirmed', command: this.last('confirm').command, isKept });
  }

  /** From a breach to the command. */
  applies(more: Partial<PlannedMoves> = {}): this {
    const host = more.host ?? twoOnOne;
    return this.breaks().plans(more).isGranted().isChecked(host).isWritten();
  }

  /** From a breach to its effect being measured. */
  verifies(): this {
    return this.applies().comesTo('committed').isRead(aMoved).wait(10_000);
  }
}
