import type { PhaseName } from '../machine/state.ts';
import type { DiagnosisName } from '../policy/diagnose.ts';
import type { Gate } from '../policy/gates.ts';
import type { Decision } from './advice.ts';

export interface WhichDatapath {
  readonly host: string;
  readonly datapath: string;
}

/** How a datapath stood when it was looked at. */
export interface DatapathState extends WhichDatapath {
  /** Unix seconds. */
  readonly at: number;
  readonly decision: Decision;
  readonly diagnosis: DiagnosisName;
  readonly because: readonly string[];
  readonly gates: readonly Gate[];
  readonly lacks: readonly string[];
  /** Z; null: it is not known. */
  readonly maxUsagePpm: number | null;
  /** The last advice of the last hour; null: there was none. */
  readonly advice: string | null;
}

/** Where its machine is. */
export interface MachineRow extends WhichDatapath {
  readonly phase: PhaseName;
  /** Unix seconds. */
  readonly since: number;
  /** The whole of it, JSON. */
  readonly machine: string;
}

export interface Standing {
  readonly state: DatapathState;
  readonly row: MachineRow;
}
