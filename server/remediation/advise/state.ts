import type { DiagnosisName } from '../policy/diagnose.ts';
import type { Gate } from '../policy/gates.ts';
import type { Decision } from './advice.ts';

/** How a datapath stood when it was looked at. */
export interface DatapathState {
  readonly host: string;
  readonly datapath: string;
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
