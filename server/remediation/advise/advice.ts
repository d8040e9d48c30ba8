import { isoOf } from '../../slo/instant.ts';
import { type OvsPrediction, predictOvs } from '../ovs-model/prediction.ts';
import { ovsAlgorithms } from '../ovs-model/schedule.ts';
import type { MovePlan, NoPlan } from '../planner/plan.ts';
import type { PlanInput } from '../planner/plan-input.ts';
import type { Diagnosis, DiagnosisName } from '../policy/diagnose.ts';
import type { Gate } from '../policy/gates.ts';

/** Open vSwitch tells shares in whole percent. */
const resolutionPpm = 10_000;

/** What comes of a look: a plan, one that gates hold back, or none. */
export const decisions = ['plan', 'held', 'none'] as const;
export type Decision = (typeof decisions)[number];

/** The input of a plan as its file has it (docs/plans.md): `fournines plan --input` gives the same plan of it. */
export type PlanFile = Omit<PlanInput, 'at' | 'rxqs'> & {
  readonly at: string;
  readonly rxqs: readonly (Omit<PlanInput['rxqs'][number], 'movedAt'> & { readonly movedAt: string | null })[];
};

/** What was advised of a datapath, with all that it rests on. */
export interface Advice {
  readonly kind: 'advice';
  readonly host: string;
  readonly datapath: string;
  readonly at: string;
  /** Version of the rules. */
  readonly engine: string;
  readonly decision: Decision;
  readonly diagnosis: DiagnosisName;
  readonly because: readonly string[];
  readonly gates: readonly Gate[];
  readonly lacks: readonly string[];
  readonly resolutionPpm: number;
  readonly input: PlanFile | null;
  readonly plan: MovePlan | NoPlan | null;
  /** What the switch would do of itself, by each of its algorithms. */
  readonly peers: readonly OvsPrediction[];
}

export interface AdviceOf {
  readonly host: string;
  readonly datapath: string;
  readonly at: number;
  readonly engine: string;
  /** `pmd-rxq-isolate`, as it holds. */
  readonly isolates: boolean;
}

export function adviceOf(found: Diagnosis, { host, datapath, at, engine, isolates }: AdviceOf): Advice {
  const { diagnosis, because, gates, lacks, input, plan } = found;
  return {
    ...{ kind: 'advice', host, datapath, at: isoOf(at), engine },
    ...{ decision: decisionOf(found), diagnosis, because, gates, lacks, resolutionPpm, plan },
    input: input === null ? null : fileOf(input),
    peers: input === null ? [] : ovsAlgorithms.map((algorithm) => predictOvs(input, algorithm, isolates)),
  };
}

export function decisionOf({ plan, gates }: Pick<Diagnosis, 'plan' | 'gates'>): Decision {
  if (plan?.decision !== 'plan') return 'none';
  return gates.length > 0 ? 'held' : 'plan';
}

/** Whole seconds: readings have no others. */
function fileOf({ at, rxqs, ...others }: PlanInput): PlanFile {
  const instant = (ms: number) => isoOf(Math.floor(ms / 1000));
  return {
    ...others,
    at: instant(at),
    rxqs: rxqs.map((rxq) => ({ ...rxq, movedAt: rxq.movedAt === null ? null : instant(rxq.movedAt) })),
  };
}
