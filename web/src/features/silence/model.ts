import type {
  Silence,
  SilenceBody,
  SilencePreview,
  SilencePreviewBody,
} from '../../../../server/api/schema/silences.ts';
import { formatCount } from '../../format/count.ts';
import { formatInstant, type Zone } from '../../format/time.ts';
import type { Words } from '../slo/model.ts';

export const silenceWords: Record<Silence['state'], Words> = {
  active: { name: 'active', tone: 'warn', meaning: 'What it matches is told to nobody now.' },
  waiting: { name: 'waiting', tone: 'neutral', icon: 'stale', meaning: 'It has not begun.' },
  over: { name: 'over', tone: 'neutral', meaning: 'Its time has passed.' },
  ended: { name: 'ended', tone: 'neutral', meaning: 'Somebody ended it before its time.' },
};
export const silenceStates = Object.keys(silenceWords) as Silence['state'][];

/** By the hand of a person at night: as seconds, or `until` an instant of the form. */
export const durations = [
  ['1800', '30 minutes'],
  ['3600', '1 hour'],
  ['7200', '2 hours'],
  ['14400', '4 hours'],
  ['28800', '8 hours'],
  ['86400', '1 day'],
  ['259200', '3 days'],
  ['until', 'until the end below'],
] as const;

/** Whether it can still be ended; the server has the last word. */
export function canEnd({ state }: Pick<Silence, 'state'>): boolean {
  return state === 'active' || state === 'waiting';
}

/** When it really ends, or ended. */
export function endOf({ endsAt, endedAt }: Pick<Silence, 'endsAt' | 'endedAt'>): string {
  return endedAt ?? endsAt;
}

/** Since when, or who ended it before its time. */
export function timesText({ startsAt, endsAt, endedAt, endedBy }: Silence, zone: Zone): string {
  const time = (instant: string) => formatInstant(Date.parse(instant), zone);
  return endedAt === null ? `from ${time(startsAt)}` : `ended by ${endedBy ?? ''}, not at ${time(endsAt)}`;
}

/** What it would quiet of what is known now; what comes later is not in it. */
export function coverText({ known, matched }: Pick<SilencePreview, 'known' | 'matched'>): string {
  if (known === 0) return 'No alert fires now: it would quiet what comes and fits.';
  const all = `${formatCount(`${known}`)} ${known === 1 ? 'alert that fires' : 'alerts that fire'} now`;
  return matched === 0
    ? `None of ${all} fits: it would quiet what comes and fits.`
    : `${formatCount(`${matched}`)} of ${all} would be told to nobody.`;
}

/** A line for each: what an alert must have, as the document of routes writes it. */
export function matchersOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}

/** What a link from a breach fills in. */
export function matchersText({ slo, breach }: { readonly slo?: string; readonly breach?: string }): string {
  return [...(slo === undefined ? [] : [`slo=${slo}`]), ...(breach === undefined ? [] : [`breach=${breach}`])].join(
    '\n',
  );
}

interface Wrong {
  readonly wrong: string;
}

export function previewOfForm(text: (name: string) => string): SilencePreviewBody | Wrong {
  const matchers = matchersOf(text('matchers'));
  if (matchers.length === 0) return { wrong: 'Say what an alert must have: a line for each, such as slo=acme-gold.' };
  const tenant = text('tenant');
  return { tenant: tenant === '' ? null : tenant, matchers };
}

/** The form as the server takes it; else what is wrong with it. Times of the form are UTC, as its fields say. */
export function bodyOfForm(text: (name: string) => string, nowMs: number): SilenceBody | Wrong {
  const asked = previewOfForm(text);
  if ('wrong' in asked) return asked;
  const fromMs = text('from') === '' ? null : Date.parse(`${text('from')}Z`);
  if (Number.isNaN(fromMs)) return { wrong: 'From is no instant.' };
  const lasts = text('lasts');
  const endMs = lasts === 'until' ? Date.parse(`${text('until')}Z`) : (fromMs ?? nowMs) + Number(lasts) * 1_000;
  if (Number.isNaN(endMs)) return { wrong: 'Say until when: there is no silence without an end.' };
  if (endMs <= Math.max(fromMs ?? nowMs, nowMs)) return { wrong: 'The end must come after the start, and after now.' };
  const start = fromMs === null ? {} : { startsAt: instantOf(fromMs) };
  return { ...asked, ...start, endsAt: instantOf(endMs), by: text('by'), comment: text('comment') };
}

function instantOf(ms: number): string {
  return new Date(Math.floor(ms / 1_000) * 1_000).toISOString().replace('.000Z', 'Z');
}

export function filterSilences(silences: readonly Silence[], filter: string): readonly Silence[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return silences;
  return silences.filter(({ id, tenant, matchers, by, comment, state }) => {
    const text = `${id} ${tenant ?? ''} ${matchers.join(' ')} ${by} ${comment} ${state}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
