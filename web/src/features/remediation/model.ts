import type { AdviceDetail, AdviceItem, DatapathNowPage } from '../../../../server/api/schema/remediation.ts';
import type { Words } from '../slo/model.ts';

/** What advice says, in words. */

type Certificate = NonNullable<AdviceDetail['certificate']>;
type Limits = NonNullable<AdviceDetail['limits']>;
type Reason = NonNullable<AdviceItem['reason']>;
type DatapathNow = DatapathNowPage['items'][number];

export const diagnosisWords: Record<AdviceItem['diagnosis'], Words> = {
  calm: { name: 'calm', tone: 'ok', meaning: 'No thread is full, and no service burns its budget.' },
  overload: { name: 'overload', tone: 'bad', meaning: 'Its queues are more than the busiest thread can carry.' },
  theft: { name: 'theft', tone: 'bad', meaning: 'Others take time from a polling thread. No queue is the thief.' },
  elephant: { name: 'elephant', tone: 'bad', meaning: 'One queue alone is too much for any thread.' },
  hostFull: { name: 'host full', tone: 'bad', meaning: 'All threads of a node together are too few for its queues.' },
  upstream: {
    name: 'upstream',
    tone: 'warn',
    meaning: 'What a service suffers from does not come from this datapath.',
  },
  unknown: { name: 'unknown', tone: 'unknown', meaning: 'Something that decides is not known: that is not good.' },
};

export const decisionWords: Record<AdviceItem['decision'], Words> = {
  plan: { name: 'plan', tone: 'warn', meaning: 'Moves that would help, and that nothing forbids now.' },
  held: { name: 'held back', tone: 'neutral', icon: 'stale', meaning: 'Moves that would help, once no gate holds.' },
  none: { name: 'no plan', tone: 'neutral', meaning: 'No queue is to be moved.' },
};

/** Where the machine of a datapath is; those behind `told` come once something may act. */
const phaseWords: Record<NonNullable<DatapathNow['phase']>, string> = {
  ...{ idle: 'watched', suspect: 'suspected', diagnose: 'being diagnosed', plan: 'being planned', advised: 'told' },
  ...{ await: 'waits for approval', acquire: 'takes its locks', precheck: 'checked before a change' },
  ...{ apply: 'being changed', reconcile: 'read again', settle: 'settling', verify: 'being proven' },
  ...{ rollback: 'being undone', cooldown: 'resting', suppressed: 'left alone: too many changes' },
  halt: 'halted: a human is needed',
};

export function phaseText(phase: DatapathNow['phase']): string {
  return phase === null ? 'not followed yet' : phaseWords[phase];
}

/** `709_999` is `70.9 %`: cut, as the server cuts it. */
export function percent(ppm: number): string {
  const tenths = Math.trunc(ppm / 1_000);
  const digits = `${Math.abs(tenths)}`.padStart(2, '0');
  return `${tenths < 0 ? '−' : ''}${digits.slice(0, -1)}.${digits.slice(-1)} %`;
}

/** Of small shares, in hundredths and up: what is there is never `0 %`. */
export function shareText(ppm: number): string {
  if (ppm === 0) return '0 %';
  const digits = `${Math.ceil(ppm / 100)}`.padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)} %`;
}

/** With its sign, since a difference of nothing and one below it are not the same. */
export function differenceText(ppm: number): string {
  return ppm > 0 ? `+${percent(ppm)}` : percent(ppm);
}

/** null: not known, which is neither idle nor good. */
export function usageText(ppm: number | null): string {
  return ppm === null ? 'unknown' : percent(ppm);
}

const numbers = ['no', 'one', 'two', 'three'];

function counted(count: number, one: string): string {
  return `${numbers[count] ?? count} ${one}${count === 1 ? '' : 's'}`;
}

/** What the plan reaches, and what nothing can get below. */
export function certificateText({ moves, predictedPpm, certificate }: AdviceDetail): string | null {
  if (certificate === null || predictedPpm === null) return null;
  const best = percent(certificate.lowerBoundPpm);
  const way = `with ${counted(moves.length, 'move')}`;
  return certificate.lowerBoundPpm === predictedPpm
    ? `No placement can do better than ${best}; this plan reaches it ${way}.`
    : `No placement can do better than ${best}; this plan reaches ${percent(predictedPpm)} ${way}.`;
}

/** What was searched, and by which order plans were compared. */
export function searchedText({ optimalForMoves }: Certificate, { settlePpm }: Limits): string {
  const all = `The bound holds for any placement that keeps pins and nodes. Of all acceptable plans of at most ${counted(optimalForMoves, 'move')} none is better`;
  return `${all}: the busiest thread counts first, though below ${percent(settlePpm)} less is no better, then the number of moves.`;
}

/** Why the planner has no moves. */
export function reasonText(reason: Reason, limits: Limits | null): string {
  switch (reason) {
    case 'frozen':
      return 'Somebody wants nothing to be moved here.';
    case 'notNeeded':
      return `No move is needed: no thread is ${limits === null ? 'full' : `at ${percent(limits.enterPpm)}`}, and no service burns its budget.`;
    case 'starved':
      return 'Others take time from the busiest thread: it gets that back when they leave it, not when queues do.';
    case 'elephant':
      return 'One queue is too much for its thread even alone: no placement helps. More queues of its port may, or less traffic.';
    case 'hostFull':
      return 'The queues of a node are more than its threads should carry together: no placement helps. More polling threads may, or fewer guests.';
    case 'noAcceptablePlan':
      return `No move is good enough. ${limits === null ? '' : acceptableText(limits)}`.trim();
  }
}

export function acceptableText({ maxMoves, gainPpm, acceptPpm, enterPpm }: Limits): string {
  const most = `A plan has at most ${counted(maxMoves, 'move')}`;
  const must = `gains at least ${percent(gainPpm)} and leaves no thread above ${percent(acceptPpm)}`;
  return `${most}, ${must}; no thread that it touches may pass ${percent(enterPpm)} if moved queues had 15 % more to do.`;
}

/** What is to be said of moves that are not there. */
export function noPlanText(advice: Pick<AdviceDetail, 'diagnosis' | 'reason' | 'limits' | 'lacks'>): string {
  const { diagnosis, reason, limits, lacks } = advice;
  if (reason !== null) return reasonText(reason, limits);
  if (lacks.length > 0) return `Nothing can be planned without ${lacks.join(', ')}.`;
  return `Moving queues is no answer to it. ${diagnosisWords[diagnosis].meaning}`;
}

export function movesText(moves: AdviceItem['moves']): string {
  return moves.map(({ rxq, from, to }) => `${rxq}: core ${from} → ${to}`).join(', ');
}

/** One way to place queues, beside others. */
export interface Way {
  readonly name: string;
  readonly moved: number;
  readonly unpolled: number;
  /** null: not known. */
  readonly maxUsagePpm: number | null;
  readonly isOurs: boolean;
}

/** Nothing, this plan, and what Open vSwitch itself would do by the same loads. */
export function waysOf({ beforePpm, predictedPpm, moves, peers }: AdviceDetail): Way[] {
  const leave = { name: 'As it is', moved: 0, unpolled: 0, maxUsagePpm: beforePpm, isOurs: false };
  const ours = { name: 'This plan', moved: moves.length, unpolled: 0, maxUsagePpm: predictedPpm, isOurs: true };
  const rebalances = peers.map(({ algorithm, ...told }) => ({
    ...{ name: `Open vSwitch, ${algorithm}`, isOurs: false },
    ...told,
  }));
  return [leave, ...(predictedPpm === null ? [] : [ours]), ...rebalances];
}

/** The plan beside each rebalance of the switch, in one sentence; null: there is no plan. */
export function peersText({ predictedPpm, moves, peers }: AdviceDetail): string | null {
  if (predictedPpm === null || peers.length === 0) return null;
  const told = peers.map(({ algorithm, moved, unpolled, maxUsagePpm }) => {
    const left = unpolled === 0 ? '' : ` and leave ${counted(unpolled, 'queue')} that nobody polls`;
    return `${algorithm} would move ${counted(moved, 'queue')}, reach ${percent(maxUsagePpm)}${left}`;
  });
  return `A rebalance by ${told.join('; by ')}. This plan moves ${moves.length} and reaches ${percent(predictedPpm)}.`;
}

/** Entries that hold all words, in any order. */
export function filterAdvice(items: readonly AdviceItem[], filter: string): readonly AdviceItem[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  return items.filter(({ host, datapath, decision, diagnosis, moves, gates }) => {
    const names = [decisionWords[decision].name, diagnosisWords[diagnosis].name, ...gates.map(({ gate }) => gate)];
    const text = [host, datapath, ...names, ...moves.map(({ rxq }) => rxq)].join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Whether the datapath has gone on since: the advice is of then. */
export function isOfThen({ id, host, datapath }: AdviceItem, now: readonly DatapathNow[]): DatapathNow | undefined {
  const found = now.find((each) => each.host === host && each.datapath === datapath);
  return found === undefined || found.advice === id ? undefined : found;
}
