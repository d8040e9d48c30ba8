import type { Agreement } from '../objects/object.ts';
import { runSeconds } from '../seal/runs.ts';
import { daySeconds, isoOf } from '../slo/instant.ts';
import type { Span } from '../slo/objective.ts';
import type { ExclusionEvent, ExclusionRequest, ExclusionState } from './exclusion.ts';

/** A part of a request that breaks a rule. */
export interface BrokenRule {
  readonly where: keyof ExclusionRequest | 'by';
  readonly problem: string;
}

/** What a request is held against. */
export interface Grounds {
  /** When the service exists, [from, to); `to` may be Infinity. */
  readonly life: readonly Span[];
  /** Terms of the agreement that holds when the exclusion begins; undefined: there is none. */
  readonly terms: Agreement['exclusions'] | undefined;
  /** Of the same service, requested or approved. */
  readonly others: readonly (Span & { readonly id: string; readonly state: ExclusionState })[];
  /** Unix seconds. */
  readonly now: number;
}

export interface Findings {
  /** Any: it is refused. */
  readonly broken: readonly BrokenRule[];
  readonly warnings: readonly string[];
}

/** A quarter. What lasts longer is asked for again, so that somebody looks at it again. */
export const exclusionSecondsMax = 92 * daySeconds;
const aheadSecondsMax = 400 * daySeconds;
/**
 * Whether an exclusion may be asked for.
 *
 * Refused: no time or too much of it, ends that are not on quarters of an hour, outside the service's life, without a
 * reason; maintenance without proof of notice `noticeHours` before it begins; asked for later than `retroactiveDays` after
 * its end. Where no agreement holds, or it asks for no notice, that is said, not refused.
 *
 * Example: noticeHours 168, maintenance from 2026-11-20T01:00:00Z: notice of 2026-11-13T01:00:00Z is just in time.
 * Example: retroactiveDays 30, to 2026-11-01T00:00:00Z: may be asked for until 2026-12-01T00:00:00Z, that instant included.
 */
export function checkRequest(request: ExclusionRequest, grounds: Grounds): Findings {
  const broken = [...brokenTime(request, grounds), ...brokenNotice(request, grounds), ...brokenLimit(request, grounds)];
  if (request.reason.trim() === '') broken.push({ where: 'reason', problem: 'must say why' });
  if (request.requestedBy.trim() === '') broken.push({ where: 'requestedBy', problem: 'must say who' });
  return { broken, warnings: warningsOf(request, grounds) };
}

function brokenTime(request: ExclusionRequest, { life, now }: Grounds): BrokenRule[] {
  const { from, to } = request;
  if (to <= from) return [{ where: 'to', problem: 'must lie at least one second behind from' }];
  const broken: BrokenRule[] = [];
  if (to - from > exclusionSecondsMax) {
    broken.push({ where: 'to', problem: `makes it longer than ${exclusionSecondsMax / daySeconds} days` });
  }
  if (from > now + aheadSecondsMax) {
    broken.push({ where: 'from', problem: `lies more than ${aheadSecondsMax / daySeconds} days ahead` });
  }
  if (!isCovered(request, life)) {
    broken.push({ where: 'from', problem: `and to must both lie within the time in which ${request.service} exists` });
  }
  return [...broken, ...brokenQuarters(request)];
}

/**
 * Verdicts rest on runs of clean seconds that end at each quarter of an hour, and from the eighth day on nothing else is
 * kept of them: a month with an end inside one could not be judged any more.
 */
function brokenQuarters({ from, to }: Span): BrokenRule[] {
  return (['from', 'to'] as const)
    .filter((where) => ({ from, to })[where] % runSeconds !== 0)
    .map((where) => ({
      where,
      problem:
        'must lie on a quarter of an hour, as 10:15:00: seconds are kept in runs that end there and cannot be cut',
    }));
}

function brokenNotice({ category, from, notice }: ExclusionRequest, { terms, now }: Grounds): BrokenRule[] {
  if (notice !== null && notice.givenAt > now) return [{ where: 'notice', problem: 'is not given yet' }];
  if (notice !== null && notice.reference.trim() === '') {
    return [{ where: 'notice', problem: 'must say where it can be seen' }];
  }
  if (category !== 'maintenance' || terms === undefined || terms.noticeHours === 0) return [];
  const due = from - terms.noticeHours * 3600;
  if (notice !== null && notice.givenAt <= due) return [];
  const what = notice === null ? 'is missing' : `of ${isoOf(notice.givenAt)} is too late`;
  const rule = `the agreement asks for ${terms.noticeHours} hours, which is by ${isoOf(due)}`;
  return [{ where: 'notice', problem: `${what}: ${rule}` }];
}

function brokenLimit({ to }: ExclusionRequest, { terms, now }: Grounds): BrokenRule[] {
  if (terms === undefined) return [];
  const last = to + terms.retroactiveDays * daySeconds;
  if (now <= last) return [];
  const rule = `the agreement allows ${terms.retroactiveDays} days after its end`;
  return [{ where: 'to', problem: `lies too far back: ${rule}, which was until ${isoOf(last)}` }];
}

function warningsOf(request: ExclusionRequest, { terms, others, now }: Grounds): string[] {
  const { from, to, category, notice } = request;
  const warnings: string[] = [];
  if (terms === undefined) {
    warnings.push('No agreement holds for this service then: nothing says how much notice is due, or until when.');
  }
  if (category === 'maintenance' && notice === null && (terms?.noticeHours ?? 0) === 0) {
    warnings.push('Maintenance without notice.');
  }
  if (to <= now) warnings.push('Asked for after it had ended.');
  else if (from < now) warnings.push('Asked for after it had begun.');
  for (const { id, state } of others.filter((other) => other.from < to && other.to > from)) {
    warnings.push(`Overlaps exclusion ${id}, which is ${state}; time in both is left out once.`);
  }
  return warnings;
}

export const changes = {
  approve: { from: 'requested', to: 'approved' },
  reject: { from: 'requested', to: 'rejected' },
  revoke: { from: 'approved', to: 'revoked' },
} as const satisfies Record<string, { readonly from: ExclusionState; readonly to: ExclusionState }>;
export type ExclusionChange = keyof typeof changes;

/** Whether the state allows the change. */
export function mayChange(change: ExclusionChange, { state }: Pick<ExclusionEvent, 'state'>): boolean {
  return changes[change].from === state;
}

/**
 * Whether a change that the state allows may be made by that person now. Nobody approves what he asked for himself, however
 * he writes his name.
 */
export function checkChange(
  change: ExclusionChange,
  { request }: Pick<ExclusionEvent, 'request'>,
  { by, now }: { readonly by: string; readonly now: number },
): Findings {
  const broken: BrokenRule[] = [];
  if (by.trim() === '') broken.push({ where: 'by', problem: 'must say who' });
  if (change !== 'approve') return { broken, warnings: [] };
  if (personOf(by) === personOf(request.requestedBy)) {
    broken.push({ where: 'by', problem: `must be another person than ${request.requestedBy}, who asked for it` });
  }
  const warnings =
    request.to <= now ? ['Approved after it had ended: figures that were told before have changed.'] : [];
  return { broken, warnings };
}

function personOf(name: string): string {
  return name.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase();
}

/** Whether spans, together, hold all of one. */
function isCovered({ from, to }: Span, spans: readonly Span[]): boolean {
  let reached = from;
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    if (span.from <= reached && span.to > reached) reached = span.to;
  }
  return reached >= to;
}
