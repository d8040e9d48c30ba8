import type { Alert, AlertFacts, Labels, Severity } from '../../alerts/alert.ts';
import { fingerprintOf } from '../../alerts/fingerprint.ts';
import { assert } from '../../core/runtime/error.ts';
import { isOngoing } from '../breach/breach.ts';
import type { ChangeRow } from '../breach/change-row.ts';
import { exhaustionSeconds } from '../slo/exhaustion.ts';
import { parseInstant } from '../slo/instant.ts';
import { alertCause } from './alert-causes.ts';
import { alertLinks } from './alert-links.ts';
import { alertSummary } from './alert-summary.ts';

/** Names that routes and people know alerts by. */
export const alertNames = {
  burn: 'BudgetBurns',
  budget: 'BudgetGone',
  unproven: 'ServiceUnproven',
  stale: 'DataStale',
} as const;

/** Tiers of a burn that wake somebody up, and those that can wait for the morning; the others for the week. */
const pagedTiers = new Set(['T0', 'T1', 'T2']);
const dailyTiers = new Set(['T3']);

/**
 * A breach as an alert, as its change left it; `indicator` is that of its objective, empty where it
 * cannot be read. Pure: the same change is the same alert, on every server and at every try.
 *
 * Example: a burn whose tier T1 fires, opened at 12:00:05, is `BudgetBurns`, critical and firing, since 12:00:05.
 */
export function alertOfChange(row: ChangeRow, indicator: string): Alert {
  const labels = labelsOf(row);
  const changedAt = secondOf(row.at);
  const isOver = !isOngoing(row.state);
  return {
    fingerprint: fingerprintOf(labels),
    labels,
    severity: severityOf(row),
    status: isOver ? 'resolved' : 'firing',
    entry: row.entry,
    startsAt: row.record.openedAt,
    endsAt: isOver ? changedAt : null,
    changedAt,
    facts: factsOf(row, indicator, changedAt),
    ...(row.subject === 'stale' ? { freezes: burnsOf(row) } : {}),
  };
}

/** What of an objective is judged of the present, and so of nothing while nothing comes; what a window lost stays lost. */
function burnsOf({ slo }: ChangeRow): Labels {
  return { alertname: alertNames.burn, slo: slo.name };
}

function labelsOf({ breach, tenant, service, slo, subject }: ChangeRow): Labels {
  return {
    alertname: alertNames[subject],
    service,
    slo: slo.name,
    // A breach that comes again is another one: it has its own end.
    breach,
    ...(tenant === null ? {} : { tenant }),
  };
}

function severityOf({ subject, state, tier, budgetLevel }: ChangeRow): Severity {
  switch (subject) {
    case 'burn':
      return severityOfTier(tier);
    case 'budget':
      return state === 'open' || budgetLevel === 100 ? 'critical' : budgetLevel === 90 ? 'warning' : 'info';
    case 'unproven':
    case 'stale':
      return 'warning';
  }
}

function severityOfTier(tier: string | null): Severity {
  if (tier === null) return 'info';
  return pagedTiers.has(tier) ? 'critical' : dailyTiers.has(tier) ? 'warning' : 'info';
}

function factsOf(row: ChangeRow, indicator: string, changedAt: number): AlertFacts {
  const { slo, window, figures, causes, tier, acknowledgedBy } = row;
  const { allowed, spent, remaining } = figures.budget;
  return {
    summary: alertSummary(row, indicator),
    event: eventOf(row),
    objective: { name: slo.name, version: slo.version, indicator: indicator === '' ? 'unknown' : indicator },
    window: { from: secondOf(window.from), to: secondOf(window.to), zone: window.zone },
    budget: { allowed, spent, remaining },
    exhaustedAt: exhaustedAt(row, changedAt),
    tier,
    budgetLevel: row.budgetLevel,
    causes: causes.map(alertCause),
    // Nothing is repaired by us yet.
    tried: [],
    acknowledgedBy,
    links: alertLinks(row, changedAt),
  };
}

/** The type of the event that the change is, in the words of webhooks. */
function eventOf({ state, previous, subject }: ChangeRow): string {
  if (subject === 'stale') return isOngoing(state) ? 'sla.data.stale' : 'sla.data.recovered';
  if (state === 'retracted') return 'sla.breach.retracted';
  if (!isOngoing(state)) return 'sla.breach.closed';
  return previous === null ? 'sla.breach.opened' : 'sla.breach.updated';
}

/** At the pace of the longest tier that fires: the shorter ones say how it began. */
function exhaustedAt({ figures, burn, state }: ChangeRow, changedAt: number): number | null {
  if (!isOngoing(state)) return null;
  const firing = burn.filter((each) => each.state === 'firing').sort((a, b) => b.long.seconds - a.long.seconds);
  const [longest] = firing;
  if (longest === undefined) return null;
  const pace = { bad: BigInt(longest.long.bad), seconds: longest.long.seconds };
  const seconds = exhaustionSeconds(BigInt(figures.budget.remaining), pace);
  return seconds === null || seconds === 0n ? null : changedAt + Number(seconds);
}

function secondOf(instant: string): number {
  const parsed = parseInstant(instant);
  assert(parsed !== undefined, `a change has instants, not ${instant}`);
  return parsed.second;
}
