import type { Act, ActPage, BreachComment } from '../../../../server/api/schema/acts.ts';

const actTexts: Record<Act['act'], string> = {
  'silence.made': 'made a silence',
  'silence.ended': 'ended a silence',
  'breach.acknowledged': 'took care of a breach',
  'breach.commented': 'said something of a breach',
  'receiver.enabled': 'let a receiver be sent to again',
  'receiver.key.made': 'made a key for a receiver',
  'receiver.tested': 'sent a test to a receiver',
  'deliveries.replayed': 'sent dead letters again',
  'alerting.applied': 'changed who is told',
};
export const actNames = Object.keys(actTexts) as Act['act'][];

export function actText(act: Act['act']): string {
  return actTexts[act];
}

const roadTexts: Record<BreachComment['via'], string> = {
  api: 'over the API',
  page: 'on the page',
  cli: 'on the command line',
  link: 'by the link of a notification',
};

/** By which road; the request said so itself, and only a link proves it. */
export function roadText(via: BreachComment['via']): string {
  return roadTexts[via];
}

export function whoText({ by }: Pick<Act, 'by'>): string {
  return by === '' ? 'somebody who did not say who' : by;
}

/** What else is kept of it: nothing in it is a secret. Instants in it are UTC, as they were written. */
export function detailsText({ details }: Pick<Act, 'details'>): string {
  return Object.entries(details)
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => `${name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)} ${value}`)
    .join(', ');
}

/** Whether each act of the pages that are here has its hash and follows the one before it. */
export function chainHolds(pages: readonly Pick<ActPage, 'chain'>[]): boolean {
  return pages.every(({ chain }) => chain === 'holds');
}

export function filterActs(acts: readonly Act[], filter: string): readonly Act[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return acts;
  return acts.filter((act) => {
    const { by, subject, comment, via } = act;
    const text = `${by} ${act.act} ${subject} ${comment} ${via} ${detailsText(act)}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
