import type { HostReading, Move } from './host.ts';
import type { Action, Attempt, CommandId, Grant, PhaseName, Proposal } from './state.ts';

/** What somebody is to do, after the state that the same step left is stored. */
export type Effect =
  | { readonly kind: 'diagnose' }
  | { readonly kind: 'plan'; readonly cause: string }
  | { readonly kind: 'advise'; readonly reason: string; readonly proposal: Proposal | null }
  | { readonly kind: 'askApproval'; readonly attempt: Attempt }
  | { readonly kind: 'withdrawRequest'; readonly proposal: string }
  | { readonly kind: 'acquire'; readonly proposal: string; readonly what: readonly Grant[] }
  | { readonly kind: 'release'; readonly proposal: string }
  | { readonly kind: 'precheck'; readonly proposal: string }
  /** To be answered by `journalled`, once it outlives a crash. */
  | { readonly kind: 'journalIntent'; readonly action: Action }
  | { readonly kind: 'journal'; readonly entry: JournalEntry }
  | ApplyEffect
  /** Numbered like a write: an executor that has answered it takes no older command any more. */
  | { readonly kind: 'readPlacement'; readonly command: CommandId }
  | { readonly kind: 'measure'; readonly intent: string; readonly of: Measurement }
  /** The host need not undo it by itself. */
  | { readonly kind: 'confirm'; readonly command: CommandId; readonly intent: string }
  | RollbackEffect
  | { readonly kind: 'alarm'; readonly what: string };

/** Others while threads measure nothing; what it did; whether that lasts. */
export type Measurement = 'guards' | 'effect' | 'soak';

interface ApplyEffect {
  readonly kind: 'apply';
  readonly command: CommandId;
  readonly intent: string;
  readonly moves: readonly Move[];
  readonly preImage: HostReading;
  readonly expiresInMs: number;
  readonly deadManMs: number;
}

interface RollbackEffect {
  readonly kind: 'rollback';
  readonly command: CommandId;
  readonly intent: string;
  readonly preImage: HostReading;
  readonly expiresInMs: number;
}

export interface JournalEntry {
  readonly intent: string;
  readonly what: 'abandoned' | 'committed' | 'verified' | 'ineffective' | 'moot' | 'undoing' | 'restored' | 'halted';
  readonly phase: PhaseName;
  readonly reason: string;
  readonly predictedMaxUsagePpm: number;
  readonly observedMaxUsagePpm: number | null;
}

const writing: ReadonlySet<Effect['kind']> = new Set(['apply', 'rollback']);

/** Whether it changes where a queue is polled. */
export function isWriting({ kind }: Effect): boolean {
  return writing.has(kind);
}

/** All that is asked for in mode `advise`: to look, to plan and to tell. */
export const advisingEffects = ['diagnose', 'plan', 'advise'] as const satisfies readonly Effect['kind'][];
export type AdvisingEffect = Extract<Effect, { readonly kind: (typeof advisingEffects)[number] }>;

export function isAdvising(effect: Effect): effect is AdvisingEffect {
  return (advisingEffects as readonly string[]).includes(effect.kind);
}
