import type { Measurement } from './effect.ts';
import type { HostReading, Move } from './host.ts';
import type { CommandId, Grant, KillSwitch, Mode } from './state.ts';

/** What the machine is told. Of an answer that comes twice, late or to somebody else's command nothing follows. */
export type MachineEvent =
  | { readonly kind: 'tick' }
  /** A process took the stored state up. */
  | { readonly kind: 'recovered' }
  | {
      readonly kind: 'reading';
      /** A whole window of cycles, or one second. */
      readonly span: 'window' | 'sample';
      readonly isValid: boolean;
      readonly isBurning: boolean;
      readonly maxUsagePpm: number | null;
    }
  | { readonly kind: 'diagnosed'; readonly cause: Cause; readonly subject: string; readonly heldBy: string | null }
  | { readonly kind: 'planned'; readonly plan: PlannedMoves | null; readonly reason: string }
  | { readonly kind: 'decided'; readonly proposal: string; readonly isApproved: boolean; readonly by: string }
  | { readonly kind: 'granted'; readonly what: Grant; readonly proposal: string }
  | { readonly kind: 'refused'; readonly what: Grant; readonly proposal: string }
  | { readonly kind: 'prechecked'; readonly proposal: string; readonly host: HostReading | null }
  | { readonly kind: 'journalled'; readonly intent: string; readonly isDurable: boolean }
  | { readonly kind: 'outcome'; readonly command: CommandId; readonly result: Outcome }
  /** Null: the switch does not tell. */
  | { readonly kind: 'placement'; readonly command: CommandId; readonly host: HostReading | null }
  | {
      readonly kind: 'measured';
      readonly intent: string;
      readonly of: Measurement;
      readonly verdict: 'good' | 'ineffective' | 'worse' | 'moot' | 'unknown';
      readonly observedMaxUsagePpm: number | null;
    }
  /** Whether the host keeps the change; if not, it was undone there already. */
  | { readonly kind: 'confirmed'; readonly command: CommandId; readonly isKept: boolean }
  | { readonly kind: 'lease'; readonly epoch: number; readonly forMs: number }
  | { readonly kind: 'leaseLost' }
  | { readonly kind: 'mode'; readonly mode: Mode; readonly cleanPlans: number }
  | { readonly kind: 'killed'; readonly by: KillSwitch }
  /** A human says that it may go on, after a halt or a kill. */
  | { readonly kind: 'cleared'; readonly by: string }
  | { readonly kind: 'scope'; readonly frozen: boolean; readonly adviseOnly: boolean }
  | { readonly kind: 'foreign'; readonly what: 'pin' | 'mask' | 'options' | 'autoLb' };

export type EventOf<K extends MachineEvent['kind']> = Extract<MachineEvent, { readonly kind: K }>;

/** `calm`: it was over by the time that somebody looked. */
export type Cause = 'overload' | 'theft' | 'elephant' | 'hostFull' | 'upstream' | 'unknown' | 'calm';

/** `refused`: by the executor, which has reasons of its own. */
export type Outcome = 'committed' | 'aborted' | 'refused' | 'unknown';

export interface PlannedMoves {
  readonly id: string;
  readonly moves: readonly Move[];
  readonly predictedMaxUsagePpm: number;
  readonly host: HostReading;
  /** How old the oldest reading is that it was made from. */
  readonly ageMs: number;
}
