import { type Alert, type AlertCause, packetOwners } from '../alert.ts';
import type { Address } from './address.ts';
import { lineOf } from './cut-text.ts';
import type { Speaker, Values } from './speaker.ts';
import type { TemplateScope, TemplateValue } from './template.ts';

const summaryLengthMax = 300;
const nameLengthMax = 120;
const triedLengthMax = 200;
/** What a person reads of a list; the rest is counted. */
const listedMax = 5;

/** One value made fit for a line: no control characters, not longer than it should be. */
export function shownName(text: string): string {
  return lineOf(text, nameLengthMax);
}

export function shownSummary(text: string): string {
  return lineOf(text, summaryLengthMax);
}

/** What a template can name of one alert; docs/webhooks.md lists it. */
export function alertScope(alert: Alert, speaker: Speaker, address: Address): TemplateScope {
  const sentences = sentencesOf(alert, speaker, address);
  const values = valuesOf(alert, speaker, address);
  const { causes, tried } = alert.facts;
  return {
    value(name) {
      if (name.startsWith('label.')) return optional(labelOf(alert, name.slice('label.'.length)), speaker);
      if (Object.hasOwn(sentences, name)) return optional(sentences[name] ?? null, speaker);
      return Object.hasOwn(values, name) ? optional(values[name] ?? null, speaker) : undefined;
    },
    list(name) {
      if (name === 'causes') return causes.slice(0, listedMax).map((cause) => causeScope(cause, speaker));
      if (name !== 'tried') return undefined;
      return tried.slice(0, listedMax).map((what) => scopeOf({ what: lineOf(what, triedLengthMax) }, speaker));
    },
  };
}

/** null: not known; it is said so, and `{?name}` leaves it out. */
export type OptionalValues = Readonly<Record<string, string | null>>;

export function scopeOf(values: OptionalValues, speaker: Speaker): TemplateScope {
  return {
    value: (name) => (Object.hasOwn(values, name) ? optional(values[name] ?? null, speaker) : undefined),
    list: () => undefined,
  };
}

function optional(text: string | null, speaker: Speaker): TemplateValue {
  return text === null || text === '' ? { text: speaker.say('unknown'), isKnown: false } : { text, isKnown: true };
}

function labelOf(alert: Alert, name: string): string | null {
  const text = Object.hasOwn(alert.labels, name) ? alert.labels[name] : undefined;
  return text === undefined ? null : shownName(text);
}

function valuesOf(alert: Alert, speaker: Speaker, address: Address): OptionalValues {
  const { facts } = alert;
  const { objective, window, budget } = facts;
  const time = (at: number | null): string | null => (at === null ? null : speaker.time(at));
  return {
    fingerprint: alert.fingerprint,
    summary: shownSummary(facts.summary),
    status: speaker.say(`status.${alert.status}`),
    severity: speaker.say(`severity.${alert.severity}`),
    entry: String(alert.entry),
    event: shownName(facts.event),
    objective: shownName(objective.name),
    version: String(objective.version),
    indicator: shownName(objective.indicator),
    starts: time(alert.startsAt),
    ends: time(alert.endsAt),
    changed: time(alert.changedAt),
    window_from: time(window.from),
    window_to: time(window.to),
    allowed: budget === null ? null : speaker.integer(budget.allowed),
    spent: budget === null ? null : speaker.integer(budget.spent),
    remaining: budget === null ? null : speaker.integer(budget.remaining),
    exhausted: time(facts.exhaustedAt),
    tier: facts.tier === null ? null : shownName(facts.tier),
    level: facts.budgetLevel === null ? null : String(facts.budgetLevel),
    acknowledged_by: facts.acknowledgedBy === null ? null : shownName(facts.acknowledgedBy),
    page_url: address.link(facts.links.page),
    timeline_url: facts.links.timeline === undefined ? null : address.link(facts.links.timeline),
    explain_url: facts.links.explain === undefined ? null : address.link(facts.links.explain),
    evidence_url: facts.links.evidence === null ? null : address.link(facts.links.evidence),
    acknowledge_url: facts.links.acknowledge === undefined ? null : address.link(facts.links.acknowledge),
    silence_url: facts.links.silence === undefined ? null : address.link(facts.links.silence),
  };
}

/** Whole sentences, each an answer; where nothing is known they say so. */
function sentencesOf(alert: Alert, speaker: Speaker, address: Address): OptionalValues {
  const { facts, status, severity } = alert;
  const evidence = facts.links.evidence;
  return {
    head: speaker.say('alert.head', {
      status: speaker.say(`status.${status}`),
      severity: speaker.say(`severity.${severity}`),
      summary: shownSummary(facts.summary),
    }),
    state_line: status === 'unknown' ? speaker.say('state.unknown') : null,
    budget_line: budgetLine(alert, speaker),
    gone_line: goneLine(alert, speaker),
    failing_line: failingLine(alert, speaker),
    cause_line: causeLine(facts.causes, speaker),
    tried_line: triedLine(facts.tried, speaker),
    seen_line:
      facts.acknowledgedBy === null
        ? speaker.say('seen.nobody')
        : speaker.say('seen.by', { name: shownName(facts.acknowledgedBy) }),
    time_line:
      alert.endsAt === null
        ? speaker.say('time.since', { from: speaker.time(alert.startsAt) })
        : speaker.say('time.past', { from: speaker.time(alert.startsAt), to: speaker.time(alert.endsAt) }),
    page_line: speaker.say('page.line', { url: address.link(facts.links.page) }),
    timeline_line: linkLine('timeline.line', facts.links.timeline, speaker, address),
    explain_line: linkLine('explain.line', facts.links.explain, speaker, address),
    evidence_line:
      evidence === null ? speaker.say('evidence.none') : speaker.say('evidence.line', { url: address.link(evidence) }),
    acknowledge_line: linkLine('acknowledge.line', facts.links.acknowledge, speaker, address),
    silence_line: linkLine('silence.line', facts.links.silence, speaker, address),
  };
}

function linkLine(
  key: 'timeline.line' | 'explain.line' | 'acknowledge.line' | 'silence.line',
  path: string | undefined,
  speaker: Speaker,
  address: Address,
): string | null {
  return path === undefined ? null : speaker.say(key, { url: address.link(path) });
}

interface Budget {
  readonly allowed: bigint;
  readonly spent: bigint;
  readonly remaining: bigint;
}

const integerForm = /^-?\d{1,40}$/;

/** undefined: nothing was judged yet, or what is there cannot be read; both are not known. */
function budgetOf({ facts: { budget } }: Alert): Budget | undefined {
  if (budget === null) return undefined;
  const { allowed, spent, remaining } = budget;
  if (![allowed, spent, remaining].every((text) => integerForm.test(text))) return undefined;
  return { allowed: BigInt(allowed), spent: BigInt(spent), remaining: BigInt(remaining) };
}

/**
 * The share that is gone is rounded down, so that 100 % is never said too early: 999 of 1,000 are 99 %. Both integers
 * stand beside it.
 */
function budgetLine(alert: Alert, speaker: Speaker): string {
  const budget = budgetOf(alert);
  if (budget === undefined) return speaker.say('budget.unknown');
  const { allowed, spent, remaining } = budget;
  const values: Values = { spent: speaker.integer(spent), allowed: speaker.integer(allowed) };
  if (spent > allowed) return speaker.say('budget.over', { ...values, over: speaker.integer(spent - allowed) });
  if (spent === allowed || allowed <= 0n) return speaker.say('budget.gone', values);
  const percent = speaker.integer((100n * spent) / allowed);
  return speaker.say('budget.some', { ...values, percent, remaining: speaker.integer(remaining) });
}

function goneLine(alert: Alert, speaker: Speaker): string {
  const budget = budgetOf(alert);
  if (budget !== undefined && budget.spent >= budget.allowed) return speaker.say('gone.already');
  const { exhaustedAt } = alert.facts;
  if (exhaustedAt !== null) return speaker.say('gone.at', { at: speaker.time(exhaustedAt) });
  return speaker.say(alert.status === 'resolved' ? 'gone.over' : 'gone.unknown');
}

function failingLine({ facts: { objective, tier } }: Alert, speaker: Speaker): string {
  const values: Values = {
    indicator: shownName(objective.indicator),
    objective: shownName(objective.name),
    version: String(objective.version),
  };
  return tier === null
    ? speaker.say('failing.plain', values)
    : speaker.say('failing.tier', { ...values, tier: shownName(tier) });
}

function causeScope(told: AlertCause, speaker: Speaker): TemplateScope {
  const { cause, host, port, packets } = told;
  return scopeOf(
    {
      cause: shownName(cause),
      owner: ownerOf(told, speaker),
      host: shownName(host),
      port: shownName(port),
      packets: packets === null ? null : speaker.integer(packets),
    },
    speaker,
  );
}

function causeLine(causes: readonly AlertCause[], speaker: Speaker): string {
  if (causes.length === 0) return speaker.say('cause.unknown');
  const told = causes.slice(0, listedMax).map((cause) => {
    const values: Values = {
      cause: shownName(cause.cause) || speaker.say('unknown'),
      owner: ownerOf(cause, speaker) ?? speaker.say('unknown'),
      host: shownName(cause.host) || speaker.say('unknown'),
      packets: packetsOf(cause, speaker),
    };
    const port = shownName(cause.port);
    return port === '' ? speaker.say('cause.host', values) : speaker.say('cause.port', { ...values, port });
  });
  return speaker.say('cause.line', { causes: listed(told, causes.length, speaker) });
}

/** One owner by name, several with the packets of each; null: not known. */
function ownerOf({ owner, owners }: AlertCause, speaker: Speaker): string | null {
  if (owners === undefined) return owner === 'unknown' ? null : shownName(owner) || null;
  const shares = packetOwners.filter((each) => integerForm.test(owners[each]) && BigInt(owners[each]) > 0n);
  const [only, ...others] = shares;
  if (only === undefined || (others.length === 0 && only === 'unknown')) return null;
  if (others.length === 0) return speaker.say(`owner.${only}`);
  const share = (each: (typeof shares)[number]) =>
    speaker.say('owner.share', { owner: speaker.say(`owner.${each}`), packets: speaker.integer(owners[each]) });
  return speaker.list(shares.map(share));
}

function packetsOf({ packets }: AlertCause, speaker: Speaker): string {
  if (packets === null || !integerForm.test(packets)) return speaker.say('packets.unknown');
  return speaker.count('packets', BigInt(packets));
}

function triedLine(tried: readonly string[], speaker: Speaker): string {
  const told = tried.slice(0, listedMax).map((what) => lineOf(what, triedLengthMax));
  return told.length === 0
    ? speaker.say('tried.nothing')
    : speaker.say('tried.line', { tried: listed(told, tried.length, speaker) });
}

function listed(told: readonly string[], total: number, speaker: Speaker): string {
  const list = speaker.list(told);
  return total > told.length ? speaker.count('more', BigInt(total - told.length), { list }) : list;
}
