import type { Effect } from '../../server/remediation/machine/effect.ts';
import type { MachineEvent } from '../../server/remediation/machine/event.ts';
import type { HostReading, Move, QueuePlace } from '../../server/remediation/machine/host.ts';
import { actionInFlight, initialState, type MachineState, type Mode } from '../../server/remediation/machine/state.ts';
import { type StepContext, type Stepped, step } from '../../server/remediation/machine/step.ts';

/**
 * One datapath, its executor, the line between, and whoever leads. There is no clock in it: time passes for the leader alone,
 * from one deadline to the next, and everything else may come before or after.
 */
export interface World {
  readonly host: Host;
  readonly executor: Executor;
  /** Null: crashed. */
  readonly leader: MachineState | null;
  readonly store: MachineState;
  /** Intents that outlive a crash. */
  readonly durable: readonly {
    readonly intent: string;
    readonly preImage: HostReading;
    readonly moves: readonly Move[];
  }[];
  /** What the leader asked for on its own side, and what it has not heard of yet. */
  readonly asked: readonly (Effect | Told)[];
  /** On the line, in any order. */
  readonly line: readonly (Command | Reply)[];
  readonly left: Left;
  readonly proposals: number;
}

export interface Host {
  readonly queues: readonly QueuePlace[];
  readonly pmds: readonly { readonly core: number; readonly numa: number; readonly isStarved: boolean }[];
  readonly options: number;
  readonly isKilled: boolean;
}

export interface Executor {
  readonly epoch: number;
  readonly seq: number;
  /** Commands that did something, in order. */
  readonly done: readonly string[];
  readonly change: Change | null;
  /** It could not undo what nobody confirmed, and has paged. */
  readonly isStuck: boolean;
}

export interface Change {
  readonly intent: string;
  readonly preImage: HostReading;
  /** Undone by the host unless somebody confirms it. */
  readonly isArmed: boolean;
}

export type Command = Extract<Effect, { readonly kind: 'apply' | 'rollback' | 'readPlacement' | 'confirm' }>;
export type Reply = Extract<MachineEvent, { readonly kind: 'outcome' | 'placement' | 'confirmed' }>;
/** Something that happened, which the leader hears of some time. */
export interface Told {
  readonly kind: 'told';
  readonly event: MachineEvent;
}

/** What may still happen. */
export interface Left {
  readonly faults: number;
  readonly breaches: number;
}

/** A write to the host, as it was done. */
export interface Write {
  readonly by: 'apply' | 'rollback' | 'deadMan';
  readonly intent: string;
  readonly preImage: HostReading;
  readonly moves: readonly Move[];
  readonly before: Host;
  readonly after: Host;
}

/** One thing that may happen next, and what is to be held against the rules. */
export interface Next {
  readonly label: string;
  readonly world: World;
  readonly effects?: readonly Effect[];
  readonly write?: Write;
}

export function firstWorld(mode: Mode, left: Left): World {
  const lease = { epoch: 1, endsAt: 1e12 };
  const leader = { ...initialState, mode, cleanPlans: 20, lease, epoch: 1, clock: { own: 0, read: 0 } };
  const place = (id: string, core: number, pin: QueuePlace['pin']) => ({ id, numa: 0, core, pin });
  return {
    host: {
      queues: [place('a', 1, null), place('b', 1, null), place('c', 2, 'operator')],
      pmds: [
        { core: 1, numa: 0, isStarved: false },
        { core: 2, numa: 0, isStarved: false },
        { core: 3, numa: 1, isStarved: false },
      ],
      options: 0,
      isKilled: false,
    },
    executor: { epoch: 0, seq: 0, done: [], change: null, isStuck: false },
    ...{ leader, store: leader, durable: [], asked: [], line: [], left, proposals: 0 },
  };
}

export function readHost({ queues, pmds, options }: Host): HostReading {
  const told = pmds.map(({ core, numa, isStarved }) => ({ core, numa, runDelayPpm: isStarved ? 50_000 : 0 }));
  return { identity: `options ${options}`, queues, pmds: told, unixctlMs: 1 };
}

export type Terms = Pick<StepContext, 'guards' | 'settings'>;

/** The leader takes an event after so many ms; its state is stored before any of its effects is seen. */
export function lead(
  world: World,
  event: MachineEvent,
  terms: Terms,
  afterMs = 0,
): { world: World; effects: readonly Effect[] } {
  if (world.leader === null) return { world, effects: [] };
  const now = (world.leader.clock.read ?? 0) + afterMs;
  const { state, effects }: Stepped = step(world.leader, event, { now, ...terms });
  return { world: spread({ ...world, leader: state, store: state }, effects), effects };
}

const commands: ReadonlySet<string> = new Set(['apply', 'rollback', 'readPlacement', 'confirm']);
const answered: ReadonlySet<string> = new Set([
  'diagnose',
  'plan',
  'askApproval',
  'acquire',
  'precheck',
  'journalIntent',
  'measure',
]);

/** Effects on their way to whom they concern; those that nobody answers are seen by the rules alone. */
function spread(world: World, effects: readonly Effect[]): World {
  const sent = effects.filter((effect): effect is Command => commands.has(effect.kind));
  const asked = [...world.asked, ...effects.filter(({ kind }) => answered.has(kind))];
  return { ...world, line: [...world.line, ...sent], asked: asked.filter((each) => isStillAsked(each, world.leader)) };
}

/** Nobody measures what became of a change that is over. */
function isStillAsked(asked: World['asked'][number], leader: MachineState | null): boolean {
  if (asked.kind !== 'measure' || leader === null) return true;
  const action = actionInFlight(leader) ?? leader.soak?.action;
  return action?.intent === asked.intent;
}

export function without<T>(list: readonly T[], index: number): readonly T[] {
  return list.filter((_, i) => i !== index);
}

export function spent(world: World, faults = 1): World {
  return { ...world, left: { ...world.left, faults: world.left.faults - faults } };
}

/** Worlds with the same text go on alike. */
export function canonical({ leader, store, ...rest }: World): string {
  // A leader that lives has stored what it knows.
  const known = leader === null ? `crashed ${relative(store)}` : relative(leader);
  return known + JSON.stringify(rest);
}

/** Of each state once: most of what happens leaves the leader as it is. */
const texts = new WeakMap<MachineState, string>();
/** Longer than any guard remembers. */
const forgottenMs = 25 * 3_600_000;

/** Instants count from the leader's own time, and the past is past. */
function relative(state: MachineState): string {
  const known = texts.get(state);
  if (known !== undefined) return known;
  const { own } = state.clock;
  const text = JSON.stringify(state, (key, value: unknown) => {
    if (key === 'clock') return null;
    if (!key.endsWith('At') || value === null) return value;
    const from = (at: unknown) => Math.max(key === 'endsAt' ? 0 : -forgottenMs, Number(at) - own);
    return Array.isArray(value) ? value.map(from) : from(value);
  });
  texts.set(state, text);
  return text;
}
