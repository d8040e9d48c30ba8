import type { Alert, AlertCause } from '../alert.ts';
import { type Address, urlLengthMax } from './address.ts';
import { lineOf } from './cut-text.ts';
import { instant } from './event-data.ts';

const annotationLengthMax = 500;
const causesMax = 5;

/** Annotations of an alert for Alertmanager and what speaks like it: the numbers, which are never labels. */
export function annotationsOf({ facts, status, severity, entry }: Alert, address: Address): Record<string, string> {
  const { objective, budget, links } = facts;
  const causes = facts.causes.slice(0, causesMax).map(causeText);
  if (facts.causes.length > causesMax) causes.push(`and ${facts.causes.length - causesMax} more`);
  const annotations: Readonly<Record<string, string | null>> = {
    summary: facts.summary,
    description: `${objective.indicator} of objective ${objective.name}, version ${objective.version}`,
    state: status,
    severity,
    entry: String(entry),
    event: facts.event,
    tier: facts.tier,
    budget_allowed: budget?.allowed ?? 'unknown',
    budget_spent: budget?.spent ?? 'unknown',
    budget_remaining: budget?.remaining ?? 'unknown',
    budget_level: facts.budgetLevel === null ? null : String(facts.budgetLevel),
    budget_exhausted_at: instant(facts.exhaustedAt) ?? 'unknown',
    likely_cause: causes.length === 0 ? 'unknown' : causes.join('; '),
    tried: facts.tried.length === 0 ? 'nothing: repair is not switched on' : facts.tried.join('; '),
    acknowledged_by: facts.acknowledgedBy,
    evidence_url: links.evidence === null ? null : address.link(links.evidence),
    timeline_url: links.timeline === undefined ? null : address.link(links.timeline),
    explain_url: links.explain === undefined ? null : address.link(links.explain),
    dashboard_url: address.link(links.page),
    acknowledge_url: links.acknowledge === undefined ? null : address.link(links.acknowledge),
    silence_url: links.silence === undefined ? null : address.link(links.silence),
  };
  return Object.fromEntries(
    Object.entries(annotations).flatMap(([name, text]) =>
      text === null ? [] : [[name, lineOf(text, name.endsWith('_url') ? urlLengthMax : annotationLengthMax)]],
    ),
  );
}

function causeText({ cause, owner, host, port, packets }: AlertCause): string {
  const where = port === '' ? host : `${host} ${port}`;
  return `${cause} at ${where}, owner ${owner || 'unknown'}, packets ${packets ?? 'unknown'}`;
}
