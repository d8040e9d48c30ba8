import { penaltyAt } from './damping.ts';
import { affectedCores, type HostReading, isSameHost } from './host.ts';
import { modeNow } from './mode.ts';
import type { Settings } from './settings.ts';
import type { Attempt, MachineState } from './state.ts';

/** What a guard may look at. */
export interface Occasion {
  readonly state: MachineState;
  readonly settings: Settings;
  readonly attempt: Attempt;
  /** The host as read last. */
  readonly host: HostReading | null;
  /** The intent that was journalled and outlives a crash. */
  readonly durableIntent: string | null;
  /** The intent that is to be carried out. */
  readonly intent: string | null;
}

/** What to do when it does not hold. */
type Otherwise = 'advise' | 'planAgain' | 'leave';

interface Guard {
  readonly otherwise: Otherwise;
  readonly holds: (occasion: Occasion) => boolean;
}

const hour = 3_600_000;

/** Everything that stands between a plan and a host, by name; an exploration takes one away and finds what goes wrong. */
export const guards = {
  mayAct: {
    otherwise: 'advise',
    holds: ({ state, settings, attempt }) => {
      const mode = modeNow(state, settings);
      return mode === 'auto' || (mode === 'approve' && attempt.approval?.fingerprint === attempt.proposal.fingerprint);
    },
  },
  notKilled: { otherwise: 'leave', holds: ({ state }) => state.killedBy.length === 0 },
  scopeOpen: { otherwise: 'advise', holds: ({ state }) => !state.scope.frozen },
  nobodyElse: {
    otherwise: 'advise',
    holds: ({ state: { clock, history }, settings }) =>
      history.foreignAt === null || clock.own - history.foreignAt >= settings.timers.standOffMs,
  },
  withinRate: {
    otherwise: 'advise',
    holds: ({ state: { clock, history }, settings: { limits } }) => {
      const since = (ms: number) => history.appliedAt.filter((at) => clock.own - at < ms).length;
      return since(hour) < limits.actionsPerHour && since(24 * hour) < limits.actionsPerDay;
    },
  },
  undamped: {
    otherwise: 'advise',
    holds: ({ state: { clock, history }, settings: { damping } }) =>
      penaltyAt(history.penalty, clock.own, damping) + damping.perAction < damping.suppressAt,
  },
  notBarred: {
    otherwise: 'advise',
    holds: ({ state: { clock, history }, attempt: { proposal } }) =>
      !history.barred.some(
        ({ key, endsAt }) => endsAt > clock.own && (key === proposal.fingerprint || key === proposal.cause),
      ),
  },
  noReturn: {
    otherwise: 'advise',
    holds: ({ state: { clock, history }, attempt }) =>
      !history.departures.some(
        ({ rxq, core, endsAt }) =>
          endsAt > clock.own && attempt.proposal.moves.some((move) => move.rxq === rxq && move.to === core),
      ),
  },
  /** An empty plan means nothing, and never everything; what it names must be there. */
  namesQueues: {
    otherwise: 'advise',
    holds: ({ attempt: { proposal } }) =>
      proposal.moves.length > 0 &&
      new Set(proposal.moves.map(({ rxq }) => rxq)).size === proposal.moves.length &&
      proposal.moves.every(({ rxq, from, to }) => from !== to && queueOf(proposal.host, rxq)?.core === from),
  },
  fewMoves: {
    otherwise: 'advise',
    holds: ({ attempt: { proposal }, settings: { limits } }) => {
      const share = Math.floor((proposal.host.queues.length * limits.queueSharePpm) / 1_000_000);
      return proposal.moves.length <= Math.min(limits.maxMoves, Math.max(1, share));
    },
  },
  /** Threads that are there, of the queue's own node. */
  sameNode: {
    otherwise: 'advise',
    holds: ({ attempt: { proposal } }) =>
      proposal.moves.every(({ rxq, to }) => {
        const numa = queueOf(proposal.host, rxq)?.numa;
        return proposal.host.pmds.some((pmd) => pmd.core === to && pmd.numa === numa);
      }),
  },
  sparesPins: {
    otherwise: 'advise',
    holds: ({ attempt: { proposal } }) =>
      proposal.moves.every(({ rxq }) => queueOf(proposal.host, rxq)?.pin !== 'operator'),
  },
  planFresh: {
    otherwise: 'planAgain',
    holds: ({ state, settings, attempt }) => state.clock.own - attempt.proposal.readAt <= settings.timers.planValidMs,
  },
  hostUnchanged: {
    otherwise: 'planAgain',
    holds: ({ host, attempt }) => host !== null && isSameHost(host, attempt.proposal.host),
  },
  hostAnswers: {
    otherwise: 'advise',
    holds: ({ host, settings }) => host !== null && host.unixctlMs <= settings.limits.unixctlMaxMs,
  },
  /** The switch waits without end for a thread that does not run; what was not read may be such a thread. */
  threadsRun: {
    otherwise: 'advise',
    holds: ({ host, attempt, settings: { limits } }) => {
      const affected = affectedCores(attempt.proposal.moves);
      return (
        host?.pmds.every(
          ({ core, runDelayPpm }) =>
            !affected.has(core) || (runDelayPpm !== null && runDelayPpm <= limits.runDelayMaxPpm),
        ) ?? false
      );
    },
  },
  leaseLasts: {
    otherwise: 'leave',
    holds: ({ state: { clock, lease }, settings }) =>
      lease !== null && lease.endsAt - clock.own >= settings.timers.leaseLeftMs,
  },
  intentDurable: {
    otherwise: 'advise',
    holds: ({ durableIntent, intent }) => durableIntent !== null && durableIntent === intent,
  },
  /** What is to be restored must still be possible. */
  wayBack: {
    otherwise: 'leave',
    holds: ({ host, attempt: { proposal } }) =>
      host === null ||
      proposal.moves.every(
        ({ rxq, from }) => queueOf(host, rxq) === undefined || host.pmds.some(({ core }) => core === from),
      ),
  },
} as const satisfies Readonly<Record<string, Guard>>;

export type GuardName = keyof typeof guards;
export type Guards = Readonly<Record<GuardName, Guard>>;

/** Of a plan, whoever is to decide on it. */
const ofPlan = [
  ...(['notKilled', 'scopeOpen', 'nobodyElse', 'withinRate', 'undamped', 'namesQueues'] as const),
  ...(['fewMoves', 'sameNode', 'sparesPins', 'notBarred', 'noReturn', 'planFresh'] as const),
] as const;

/** Which of them are asked, and when; of several that fail the first one is told. */
export const guardsAt = {
  ask: ofPlan,
  acquire: ['mayAct', ...ofPlan],
  journal: [
    ...(['notKilled', 'mayAct', 'scopeOpen', 'nobodyElse', 'leaseLasts'] as const),
    ...(['planFresh', 'hostAnswers', 'hostUnchanged', 'threadsRun'] as const),
  ],
  apply: ['notKilled', 'mayAct', 'scopeOpen', 'nobodyElse', 'leaseLasts', 'planFresh', 'intentDurable'],
  rollback: ['leaseLasts', 'wayBack'],
} as const satisfies Readonly<Record<string, readonly GuardName[]>>;

export type Gate = keyof typeof guardsAt;

function queueOf(host: HostReading, rxq: string) {
  return host.queues.find(({ id }) => id === rxq);
}
