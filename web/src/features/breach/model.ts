import type { Breach, BreachChange, LikelyCause } from '../../../../server/api/schema/breaches.ts';
import { formatCount } from '../../format/count.ts';
import { formatSpan } from '../../format/duration.ts';
import type { Words } from '../slo/model.ts';

export const breachWords: Record<Breach['state'], Words> = {
  risk: { name: 'risk', tone: 'warn', meaning: 'It may come to a broken promise.' },
  open: { name: 'open', tone: 'bad', meaning: 'The promise is broken, as far as is known.' },
  resolved: { name: 'resolved', tone: 'neutral', icon: 'ok', meaning: 'It happened, and no longer goes on.' },
  retracted: { name: 'retracted', tone: 'neutral', meaning: 'Late rows or an exclusion took the facts away.' },
  finalised: {
    name: 'finalised',
    tone: 'neutral',
    icon: 'ok',
    meaning: 'The window is closed, and nothing is awaited.',
  },
  amended: { name: 'amended', tone: 'unknown', icon: 'warn', meaning: 'Late rows changed what had been final.' },
};
export const breachStates = Object.keys(breachWords) as Breach['state'][];

const subjectTexts: Record<Breach['subject'], string> = {
  burn: 'The budget goes too fast',
  budget: 'More was bad than was promised',
  unproven: 'More is unknown than the budget has left',
  stale: 'Nothing is heard of its hosts',
};

export function subjectText({ subject }: Pick<Breach, 'subject'>): string {
  return subjectTexts[subject];
}

/** The fastest tier, and how much of the budget is gone. */
export function severityText({ tier, budgetLevel }: Pick<Breach, 'tier' | 'budgetLevel'>): string {
  const parts = [
    ...(tier === null ? [] : [`${tier} fires`]),
    ...(budgetLevel === null ? [] : [`${budgetLevel} % of the budget gone`]),
  ];
  return parts.length === 0 ? 'no tier fires' : parts.join(', ');
}

/** How long it went on, or goes on. */
export function lengthText({ openedAt, endedAt }: Pick<Breach, 'openedAt' | 'endedAt'>, nowMs: number): string {
  const end = endedAt === null ? nowMs : Date.parse(endedAt);
  const span = formatSpan((end - Date.parse(openedAt)) / 1_000);
  return endedAt === null ? `for ${span}, goes on` : `${span}, over`;
}

/** What ran beside it: a guess is worded as one. */
export function causeText({ cause, packets }: LikelyCause): string {
  if (cause === 'unknown') return 'Nothing stood out beside it, or nothing was kept';
  return packets === null ? cause : `${cause}: ${formatCount(packets)} packets lost to it meanwhile`;
}

export function firstCauseText({ causes }: Pick<Breach, 'causes'>): string {
  const first = causes[0];
  return first === undefined || first.cause === 'unknown' ? 'unknown' : first.cause;
}

/** The last change that has a bundle: what the command is about. */
export function lastBundle(changes: readonly BreachChange[]): BreachChange | null {
  return changes.findLast(({ evidence }) => evidence !== null) ?? null;
}

/** Whether somebody may still say that they take care of it. */
export function canAcknowledge({ state, acknowledgedBy }: Pick<Breach, 'state' | 'acknowledgedBy'>): boolean {
  return acknowledgedBy === null && (state === 'risk' || state === 'open');
}

export function filterBreaches(breaches: readonly Breach[], filter: string): readonly Breach[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return breaches;
  return breaches.filter((breach) => {
    const { id, slo, service, tenant, state } = breach;
    const text = `${id} ${slo} ${service} ${tenant ?? ''} ${state} ${firstCauseText(breach)}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
