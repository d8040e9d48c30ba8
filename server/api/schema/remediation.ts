import { type Static, Type } from 'typebox';
import { decisions } from '../../remediation/advise/advice.ts';
import { phaseNames } from '../../remediation/machine/state.ts';
import { ovsAlgorithms } from '../../remediation/ovs-model/schedule.ts';
import { noPlanReasons } from '../../remediation/planner/reason.ts';
import { diagnosisNames } from '../../remediation/policy/diagnose.ts';
import { gateNames } from '../../remediation/policy/gates.ts';
import { Instant, page } from './common.ts';

const Ppm = Type.Integer({ description: 'Millionths of a core.' });
const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(type: T, description: string) =>
  Type.Union([type, Type.Null()], { description });

const Move = Type.Object({ rxq: Type.String(), from: Type.Integer(), to: Type.Integer() });
const Gate = Type.Object({ gate: Type.Enum(gateNames), detail: Type.String() });

const shared = {
  host: Type.String(),
  datapath: Type.String(),
  at: Instant,
  decision: Type.Enum(decisions, {
    description: 'plan: these moves; held: these, once no gate holds any more; none: no moves.',
  }),
  diagnosis: Type.Enum(diagnosisNames),
  because: Type.Array(Type.String(), { description: 'What it was seen by.' }),
  gates: Type.Array(Gate, { description: 'What forbids to act on it now.' }),
  lacks: Type.Array(Type.String(), { description: 'What would have to be known for a plan.' }),
};

const DatapathNow = Type.Object({
  ...shared,
  phase: orNull(
    Type.Enum(phaseNames),
    'Where its machine is (docs/remediation-machine.md), as it was stored last; null: none ran yet.',
  ),
  since: orNull(Instant, 'Since when it is there.'),
  maxUsagePpm: orNull(Ppm, 'Use of its busiest thread; null: not known.'),
  advice: orNull(Type.String(), 'The last advice of the last hour; null: none.'),
});
export const DatapathNowPage = page(DatapathNow);
export type DatapathNowPage = Static<typeof DatapathNowPage>;

export const AdviceItem = Type.Object({
  id: Type.String(),
  ...shared,
  reason: orNull(Type.Enum(noPlanReasons), 'Why the planner has none; null: it has one, or was not asked.'),
  moves: Type.Array(Move),
  beforePpm: orNull(Ppm, 'Use of the busiest thread; null: not known.'),
  predictedPpm: orNull(Ppm, 'The same behind the moves; null: there are none.'),
});
export type AdviceItem = Static<typeof AdviceItem>;
export const AdvicePage = page(AdviceItem);
export type AdvicePage = Static<typeof AdvicePage>;

const Thread = Type.Object({
  core: Type.Integer(),
  numa: Type.Integer(),
  usagePpm: Type.Integer({ description: 'Of what the thread has for queues, millionths.' }),
  overheadPpm: Type.Integer({ description: 'What it is busy with beside its queues.' }),
  stolenPpm: Type.Integer({ description: 'What others take from it, at most.' }),
  rxqs: Type.Array(Type.Object({ id: Type.String(), usagePpm: Ppm, isPinned: Type.Boolean() })),
});
const Limits = Type.Object({
  maxMoves: Type.Integer(),
  enterPpm: Ppm,
  acceptPpm: Ppm,
  settlePpm: Ppm,
  gainPpm: Ppm,
});

export const AdviceDetail = Type.Object({
  ...AdviceItem.properties,
  engine: Type.String({ description: 'Version of the rules.' }),
  resolutionPpm: Type.Integer({ description: 'Shares of queues are told no finer.' }),
  certificate: orNull(
    Type.Object({
      lowerBoundPpm: Type.Integer({
        description: 'No placement that keeps pins and nodes has a busiest thread below.',
      }),
      gapPpm: orNull(Type.Integer(), 'How far the plan is above it, millionths; null: the bound is 0.'),
      optimalForMoves: Type.Integer({ description: 'No acceptable plan of at most so many moves is better.' }),
    }),
    'null: no moves.',
  ),
  before: Type.Array(Thread),
  after: Type.Array(Thread, { description: 'Empty: no moves.' }),
  limits: orNull(Limits, 'What a plan has to keep (docs/plans.md); null: nothing was planned.'),
  peers: Type.Array(
    Type.Object({
      algorithm: Type.Enum(ovsAlgorithms),
      moved: Type.Integer(),
      unpolled: Type.Integer(),
      maxUsagePpm: Type.Integer(),
    }),
    { description: 'What a rebalance by Open vSwitch itself would come to, by the same loads.' },
  ),
  input: orNull(Type.Unknown(), 'As `fournines plan --input` takes it (docs/plans.md); null: there is none.'),
  outcome: orNull(
    Type.Object({
      at: Instant,
      movesAdvised: Type.Integer(),
      movesMade: Type.Integer(),
      othersMoved: Type.Integer({ description: 'Queues that no move named, and that are elsewhere.' }),
      predictedPpm: Type.Integer({ description: 'Of the placement that came about, by the loads of the advice.' }),
      observedPpm: Type.Integer(),
      errorPpm: Type.Integer({ description: 'Observed less predicted.' }),
    }),
    'What came of it once somebody had moved its queues; null: nothing that was seen.',
  ),
  entry: Type.Integer({ description: 'Number in the chain of its datapath.' }),
  previous: orNull(Type.String(), 'Hash of the entry before; null: the first.'),
  sha256: Type.String(),
  chain: Type.Enum(['holds', 'broken'], { description: 'Whether it follows the entry before it.' }),
});
export type AdviceDetail = Static<typeof AdviceDetail>;
