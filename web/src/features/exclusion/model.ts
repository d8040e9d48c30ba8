import type { Exclusion, ExclusionBody, ExclusionDetail } from '../../../../server/api/schema/exclusions.ts';
import { formatCount } from '../../format/count.ts';
import type { Words } from '../slo/model.ts';
import { verdictWords } from '../slo/model.ts';

export const exclusionWords: Record<Exclusion['state'], Words> = {
  requested: {
    name: 'requested',
    tone: 'warn',
    icon: 'stale',
    meaning: 'Asked for; it excludes nothing until it is approved.',
  },
  approved: { name: 'approved', tone: 'ok', meaning: 'Both sides agreed: this time is in no figure.' },
  rejected: { name: 'rejected', tone: 'bad', meaning: 'Refused; it excludes nothing.' },
  revoked: { name: 'revoked', tone: 'neutral', meaning: 'It was approved and taken back; it excludes nothing.' },
};
export const exclusionStates = Object.keys(exclusionWords) as Exclusion['state'][];

export const categoryNames: Record<Exclusion['category'], string> = {
  maintenance: 'maintenance',
  customerEquipment: "customer's equipment",
  customerRequest: 'asked for by the customer',
  overContractedRate: 'above the contracted rate',
  forceMajeure: 'force majeure',
  thirdParty: 'third party',
  attack: 'attack',
  suspended: 'service suspended',
};

/** What may be done next; the server has the last word. */
export function decisionsFor(state: Exclusion['state']): readonly ('approve' | 'reject' | 'revoke')[] {
  if (state === 'requested') return ['approve', 'reject'];
  return state === 'approved' ? ['revoke'] : [];
}

type Effect = ExclusionDetail['effect'][number];

/** What it changes, or would, in words. */
export function effectText({ without, with: withIt }: Effect): string {
  const fewer = BigInt(without.high.bad) - BigInt(withIt.high.bad);
  const verdict =
    without.verdict === withIt.verdict
      ? `the verdict stays ${verdictWords[withIt.verdict].name}`
      : `the verdict changes from ${verdictWords[without.verdict].name} to ${verdictWords[withIt.verdict].name}`;
  if (fewer === 0n) return `No bad one is taken out; ${verdict}.`;
  const count = fewer > 0n ? `${formatCount(fewer)} bad taken out` : `${formatCount(-fewer)} more bad`;
  return `${count}; ${verdict}.`;
}

/** Times of the form are UTC, as the field says. null: no instant. */
function instantOfInput(text: string): string | null {
  const at = Date.parse(`${text}Z`);
  return text === '' || Number.isNaN(at) ? null : new Date(at).toISOString().replace('.000Z', 'Z');
}

/** The form as the server takes it; else what is wrong with it. */
export function bodyOfForm(text: (name: string) => string): ExclusionBody | { readonly wrong: string } {
  const from = instantOfInput(text('from'));
  const to = instantOfInput(text('to'));
  if (from === null || to === null) return { wrong: 'From and to must be instants.' };
  if (to <= from) return { wrong: 'The end must come after the start.' };
  const category = Object.keys(categoryNames).find((name): name is Exclusion['category'] => name === text('category'));
  if (category === undefined) return { wrong: 'A category must be chosen.' };
  const base = { service: text('service'), from, to, category, reason: text('reason'), requestedBy: text('by') };
  const [given, reference] = [text('noticeAt'), text('noticeReference')];
  if (given === '' && reference === '') return base;
  const givenAt = instantOfInput(given);
  if (givenAt === null || reference === '') return { wrong: 'A notice needs both its time and where it can be seen.' };
  return { ...base, notice: { givenAt, reference } };
}

export function filterExclusions(exclusions: readonly Exclusion[], filter: string): readonly Exclusion[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return exclusions;
  return exclusions.filter(({ id, service, reason, category, state, requestedBy, decidedBy }) => {
    const text =
      `${id} ${service} ${reason} ${categoryNames[category]} ${state} ${requestedBy} ${decidedBy ?? ''}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
