import type { Penalty } from './damping.ts';
import type { HostReading, Move } from './host.ts';

/**
 * All that is known of the repair of one datapath: plain JSON, stored before any effect of a step is carried out.
 *
 * Instants (`…At`) are of the machine's own time, ms: time that passes while nobody runs it does not pass for it, so that a
 * restart or another leader with another clock makes nothing due early.
 */
export interface MachineState {
  readonly phase: Phase;
  readonly clock: Clock;
  /** As set by an operator; what holds is `modeNow`. */
  readonly mode: Mode;
  readonly cleanPlans: number;
  readonly killedBy: readonly KillSwitch[];
  /** Somebody above holds everything back: a common cause, or too many failures. */
  readonly scope: Scope;
  readonly lease: Lease | null;
  /** The highest ever held. */
  readonly epoch: number;
  /** Of the last command in this epoch. */
  readonly seq: number;
  /** A change that is confirmed and still watched. */
  readonly soak: { readonly action: Action; readonly endsAt: number } | null;
  readonly history: History;
}

export interface Clock {
  readonly own: number;
  /** The monotonic clock at the last step; null: a process that has just begun. */
  readonly read: number | null;
}

export type Mode = 'off' | 'advise' | 'approve' | 'auto';
export type KillSwitch = 'fleet' | 'host' | 'ovsdb';

export interface Scope {
  readonly frozen: boolean;
  readonly adviseOnly: boolean;
}

export interface Lease {
  readonly epoch: number;
  readonly endsAt: number;
}

export interface History {
  readonly penalty: Penalty;
  /** Of the last day. */
  readonly appliedAt: readonly number[];
  readonly foreignAt: number | null;
  readonly approvalForcedUntilAt: number | null;
  /** Plans and causes that are not tried again. */
  readonly barred: readonly { readonly key: string; readonly endsAt: number }[];
  readonly departures: readonly { readonly rxq: string; readonly core: number; readonly endsAt: number }[];
  /** How far the last verdicts were from their predictions. */
  readonly errorsPpm: readonly number[];
  /** What was advised, until the breach is over. */
  readonly advised: readonly string[];
  /** Since when every window was calm while something is advised; null: the last was not. */
  readonly calmAt: number | null;
}

/** A plan as the machine must know it to answer for it. */
export interface Proposal {
  readonly id: string;
  /** The same moves for the same cause have the same. */
  readonly fingerprint: string;
  readonly cause: string;
  readonly moves: readonly Move[];
  readonly predictedMaxUsagePpm: number;
  /** What it was made from. */
  readonly host: HostReading;
  readonly readAt: number;
}

export interface Approval {
  readonly fingerprint: string;
  readonly by: string;
}

export interface Attempt {
  readonly proposal: Proposal;
  readonly replans: number;
  readonly approval: Approval | null;
}

/** An attempt that may have been carried out. */
export interface Action extends Attempt {
  readonly intent: string;
  readonly preImage: HostReading;
  /** Why it is to be undone, whoever leads. */
  readonly undo: string | null;
  readonly isCharged: boolean;
}

export interface CommandId {
  readonly epoch: number;
  readonly seq: number;
}

/** Of a change that stays. */
export type Verdict = 'good' | 'ineffective' | 'moot';

export const grants = ['hostLock', 'fleetToken', 'ovsdbLock'] as const;
export type Grant = (typeof grants)[number];

interface Ending {
  readonly endsAt: number;
}

interface Acting extends Ending {
  readonly action: Action;
  /** Whose answer is waited for. */
  readonly command: CommandId;
}

export type Phase =
  | { readonly name: 'idle' }
  | (Ending & { readonly name: 'suspect'; readonly windows: number; readonly samples: readonly boolean[] })
  | (Ending & { readonly name: 'diagnose' })
  | (Ending & {
      readonly name: 'plan';
      readonly cause: string;
      readonly replans: number;
      readonly approval: Approval | null;
    })
  | (Ending & { readonly name: 'await'; readonly attempt: Attempt })
  | (Ending & { readonly name: 'acquire'; readonly attempt: Attempt; readonly held: readonly Grant[] })
  | (Ending & { readonly name: 'precheck'; readonly attempt: Attempt; readonly action: Action | null })
  | (Acting & { readonly name: 'apply' })
  | (Acting & { readonly name: 'reconcile'; readonly giveUpAt: number })
  | (Acting & { readonly name: 'settle'; readonly isAsPlanned: boolean })
  | (Acting & {
      readonly name: 'verify';
      readonly verdict: Verdict | null;
      readonly observedMaxUsagePpm: number | null;
    })
  | (Acting & { readonly name: 'rollback'; readonly isWritten: boolean })
  | (Ending & { readonly name: 'cooldown' })
  | (Ending & { readonly name: 'suppressed' })
  | (Ending & { readonly name: 'advised'; readonly reason: string })
  | { readonly name: 'halt'; readonly reason: string; readonly action: Action | null };

export const phaseNames = [
  ...(['idle', 'suspect', 'diagnose', 'plan', 'await', 'acquire', 'precheck', 'apply', 'reconcile', 'settle'] as const),
  ...(['verify', 'rollback', 'cooldown', 'suppressed', 'advised', 'halt'] as const),
] as const satisfies readonly Phase['name'][];
export type PhaseName = Phase['name'];
export type PhaseOf<N extends PhaseName> = Extract<Phase, { readonly name: N }>;

export const initialState: MachineState = {
  phase: { name: 'idle' },
  clock: { own: 0, read: null },
  mode: 'advise',
  cleanPlans: 0,
  killedBy: [],
  scope: { frozen: false, adviseOnly: false },
  lease: null,
  epoch: 0,
  seq: 0,
  soak: null,
  history: {
    penalty: { points: 0, chargedAt: 0 },
    appliedAt: [],
    foreignAt: null,
    approvalForcedUntilAt: null,
    barred: [],
    departures: [],
    errorsPpm: [],
    advised: [],
    calmAt: null,
  },
};

/** The change that may stand on the host, proven or not. */
export function actionInFlight({ phase }: Pick<MachineState, 'phase'>): Action | null {
  switch (phase.name) {
    case 'apply':
    case 'reconcile':
    case 'settle':
    case 'verify':
    case 'rollback':
      return phase.action;
    default:
      return null;
  }
}
