import { isOngoing } from '../breach/breach.ts';
import type { ChangeRow } from '../breach/change-row.ts';

/** What was counted, by the indicator. */
const units: Readonly<Record<string, string>> = {
  packetDelivery: 'packets',
  availability: 'seconds',
  cleanSlots: 'seconds',
};
const spans = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
] as const;

/**
 * What is wrong in one line of plain words, from what the change says of itself and not of how it came to be written.
 *
 * Example: `gold (service web) spends its budget 14.4 times too fast or faster: 40 of 3600 seconds are bad in 1 h (T2)`.
 */
export function alertSummary(row: ChangeRow, indicator: string): string {
  const name = `${row.slo.name} (service ${row.service})`;
  switch (row.subject) {
    case 'burn':
      return `${name} ${burnWords(row, units[indicator])}`;
    case 'budget':
      return budgetWords(row, name);
    case 'unproven':
      return `${name} ${unprovenWords(row)}`;
    case 'stale':
      return isOngoing(row.state) ? silenceWords(row, name) : `${name}: data comes again`;
  }
}

function burnWords({ state, tier, burn, figures }: ChangeRow, unit: string | undefined): string {
  if (state === 'retracted') return 'never spent its budget too fast, as the rows and exclusions are now';
  const { spent, allowed } = figures.budget;
  if (!isOngoing(state)) return `spends its budget no longer too fast: ${spent} bad, ${allowed} allowed`;
  const found = burn.find((each) => each.tier === tier);
  if (found === undefined || found.state !== 'firing') return `spends its budget too fast (${tier ?? 'no tier known'})`;
  const { long, threshold } = found;
  const counted = unit === undefined ? long.total : `${long.total} ${unit}`;
  const bad = `${long.bad} of ${counted} are bad in ${spanText(long.seconds)}`;
  const pace = threshold === '1' ? 'faster than it lasts' : `${threshold} times too fast or faster`;
  return `spends its budget ${pace}: ${bad} (${tier})`;
}

function budgetWords({ state, budgetLevel, figures }: ChangeRow, name: string): string {
  const { spent, allowed } = figures.budget;
  const counts = `${spent} bad, ${allowed} allowed`;
  switch (state) {
    case 'risk':
      return budgetLevel === null
        ? `${name} spends its budget: ${counts}`
        : `${budgetLevel} % of the budget of ${name} is gone: ${counts}`;
    case 'open':
      return `${name} is broken, whatever else comes: ${counts}`;
    case 'retracted':
      return `${name} is not broken, as the rows and exclusions are now: ${counts}`;
    case 'resolved':
      return `${name} has budget again: ${counts}`;
    case 'finalised':
    case 'amended':
      return `${name}, final: ${verdictWords[figures.verdict]}: ${counts}`;
  }
}

function unprovenWords({ state, record, figures }: ChangeRow): string {
  if (state === 'retracted') return 'is proven again: what was unknown has become known';
  if (state === 'finalised' || state === 'amended') return `is final: ${verdictWords[figures.verdict]}`;
  if (!isOngoing(state)) return 'is no longer in doubt: what is unknown decides nothing any more';
  return `may be broken: ${record.against} unknown could be bad, ${figures.budget.allowed} may be`;
}

const verdictWords: Readonly<Record<ChangeRow['figures']['verdict'], string>> = {
  met: 'kept',
  breached: 'broken',
  undetermined: 'neither kept nor broken, too much is unknown',
  noTraffic: 'nothing was to be carried',
};

/** The first change of a silence says of which hosts. */
function silenceWords({ entry, reason }: ChangeRow, name: string): string {
  return entry === 1 ? `${name}: ${reason}` : `${name}: no data comes`;
}

function spanText(seconds: number): string {
  const [size, unit] = spans.find(([each]) => seconds % each === 0) ?? [1, 's'];
  return `${seconds / size} ${unit}`;
}
