import type { Alert } from '../alert.ts';
import { acknowledgedAfter, compareSeverity } from './acknowledge.ts';
import type { AlertConfig } from './config.ts';
import { flipped } from './flap.ts';
import { inhibitionKeys } from './inhibit.ts';
import { seenLabels } from './matchers.ts';
import { type AskedLine, linesFor } from './route.ts';
import { isFlapping } from './standing.ts';
import type { AlertRecord } from './state.ts';

/** Whether it is a change that nobody has seen: those that come again, or late, are not. */
export function isLater(before: AlertRecord | undefined, alert: Alert): boolean {
  return before === undefined || alert.entry > before.alert.entry;
}

/** The record of an alert after a change that came at `at`. */
export function changedRecord(
  before: AlertRecord | undefined,
  change: Alert,
  { at, config }: { readonly at: number; readonly config: AlertConfig },
): Placed {
  const alert = withEvidence(change, before?.alert.facts.links.evidence ?? null);
  const known = alert.status === 'unknown' ? (before?.known ?? null) : alert.status;
  const wasFiring = before !== undefined && (before.known === 'firing' || isFlapping(before, at));
  const isNewEpisode = alert.status === 'firing' && !wasFiring;
  const isFlip = known !== (before?.known ?? 'resolved') && known !== null;
  const flaps = { flips: before?.flips ?? [], heldUntil: before?.heldUntil ?? null };
  const acknowledged = acknowledgedAfter(before, alert, { isNewEpisode });
  const level = alert.facts.budgetLevel;
  const isOpened = before === undefined || isNewEpisode;
  const isTakenBack = before !== undefined && before.acknowledged !== null && acknowledged === null;
  const isWorse = before !== undefined && compareSeverity(alert.severity, before.alert.severity) < 0;
  const isToldAnew = isOpened || isNews(before, alert);
  return placed(
    {
      alert,
      known,
      // What fires anew, or faster, in spite of what is missing is known to.
      isFrozen: !isToldAnew && before.isFrozen,
      news: isToldAnew ? alert.entry : before.news,
      levelReached: isOpened ? level : higher(before.levelReached, level),
      seenAt: at,
      acknowledged,
      openSince: isOpened || isTakenBack ? at : before.openSince,
      openEntry: isOpened || isTakenBack || isWorse ? alert.entry : before.openEntry,
      ...(isFlip ? flipped(flaps, at, config.flapping) : flaps),
      told: before?.told ?? [],
    },
    config,
  );
}

/** A change that brings no evidence, such as a mark of somebody, takes none away. */
function withEvidence(alert: Alert, evidence: string | null): Alert {
  const { facts } = alert;
  if (facts.links.evidence !== null || evidence === null) return alert;
  return { ...alert, facts: { ...facts, links: { ...facts.links, evidence } } };
}

/**
 * What is told by itself to whoever knows of the alert. Figures, causes, evidence and acknowledgements are in whatever is told
 * next; each of their changes told would be noise. A level of the budget is told once, however often it is left and reached.
 */
function isNews({ alert: before, levelReached }: AlertRecord, after: Alert): boolean {
  const isLevel = higher(levelReached, after.facts.budgetLevel) !== levelReached;
  return before.severity !== after.severity || before.facts.tier !== after.facts.tier || isLevel;
}

/** null: none. */
function higher(a: number | null, b: number | null): number | null {
  return a === null || (b !== null && b > a) ? b : a;
}

interface Placed {
  readonly record: AlertRecord;
  readonly lines: readonly AskedLine[];
}

/** The record with the places that a configuration gives it: where it is told, what hides it. */
export function placed(record: Omit<AlertRecord, 'ways' | 'hides' | 'hiddenBy'>, config: AlertConfig): Placed {
  const labels = seenLabels(record.alert);
  const lines = linesFor(config, labels);
  const ways = lines.map(({ receiver, key }) => ({ receiver, line: key }));
  return { record: { ...record, ways, ...inhibitionKeys(config.inhibitions, labels) }, lines };
}
