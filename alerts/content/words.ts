/**
 * Every word that a notification says, by language. Each entry is whole: a sentence, a title or a noun phrase, never a piece
 * that another entry goes on with, so that a language may order it as it must. `{name}` stands for a value; a language may
 * leave none out and add none (a test compares them with the English ones).
 */
export interface Words {
  readonly sentences: Readonly<Record<SentenceKey, string>>;
  /** By the categories of Intl.PluralRules; `other` is always there. */
  readonly counted: Readonly<Record<CountedKey, PluralForms>>;
}

export type PluralForms = Readonly<Partial<Record<Intl.LDMLPluralRule, string>>> & { readonly other: string };

const sentences = {
  unknown: 'unknown',
  none: 'none',
  'status.firing': 'Firing',
  'status.resolved': 'Resolved',
  'status.unknown': 'State unknown',
  'severity.critical': 'critical',
  'severity.warning': 'warning',
  'severity.info': 'information',
  'title.one': '{status} ({severity}): {summary}',
  'title.test': 'Test: a message to {receiver}',
  'reason.new': 'This is new.',
  'reason.changed': 'Something of this has changed.',
  'reason.resolved': 'This is over.',
  'reason.repeated': 'You are told again, because it goes on.',
  'reason.escalated': 'You are told because it goes on and others were told before you.',
  'reason.test': 'This is a test. Nothing has happened.',
  'counts.line': 'In this message: firing {firing}, of unknown state {unknown}, resolved {resolved}.',
  'alert.head': '{status} ({severity}): {summary}',
  'state.unknown': 'Whether it goes on cannot be told now.',
  'budget.some': 'Budget: {percent} % is gone: {spent} of {allowed} that may be bad; {remaining} left.',
  'budget.gone': 'Budget: all of it is gone: {spent} bad where {allowed} may be.',
  'budget.over': 'Budget: all of it is gone: {spent} bad where {allowed} may be, {over} too many.',
  'budget.unknown': 'Budget: unknown; nothing has been judged yet.',
  'gone.at': 'Will be gone: {at}, if it goes on like this.',
  'gone.already': 'Will be gone: it is gone already.',
  'gone.over': 'Will be gone: not in sight, now that this is over.',
  'gone.unknown': 'Will be gone: nobody can tell; perhaps nothing of it is being spent.',
  'failing.tier': 'Failing: {indicator} of objective {objective}, version {version}; burn tier {tier}.',
  'failing.plain': 'Failing: {indicator} of objective {objective}, version {version}.',
  'cause.port': '{cause} at port {port} of {host} (owner: {owner}; {packets})',
  'cause.host': '{cause} at {host} (owner: {owner}; {packets})',
  'cause.line': 'Likely cause: {causes}.',
  'cause.unknown': 'Likely cause: unknown.',
  'owner.provider': 'the provider',
  'owner.tenant': 'the tenant',
  'owner.contract': 'nobody, by the contract',
  'owner.unknown': 'unknown',
  'owner.share': '{owner} {packets}',
  'packets.unknown': 'nobody knows how many packets',
  'tried.line': 'Tried so far: {tried}.',
  'tried.nothing': 'Tried so far: nothing, because repair is not switched on.',
  'seen.by': 'Acknowledged by {name}.',
  'seen.nobody': 'Acknowledged by nobody.',
  'time.since': 'Since {from}.',
  'time.past': 'From {from} to {to}.',
  'page.line': 'Page: {url}',
  'timeline.line': 'What the port did: {url}',
  'explain.line': 'Whose each lost packet was: {url}',
  'evidence.line': 'Evidence: {url}',
  'evidence.none': 'Evidence: none yet.',
  'acknowledge.line': 'I take care of it: {url}',
  'silence.line': 'Be quiet about it for a while: {url}',
  'page.label': 'Page of {objective}',
  'evidence.label': 'Evidence of {objective}',
  'acknowledge.label': 'Take care of {objective}',
  'silence.label': 'Be quiet about {objective}',
  'home.label': 'Fournines',
  'notice.template': 'The template of this receiver could not be used ({problem}); this is the built-in form.',
  'notice.zone': 'The time zone {zone} is not known here; times are in UTC.',
  'mail.footer': 'Message {id}, number {sequence} of this group to {receiver}.',
  // Templates, in the language of alerts/content/template.ts: another language may order these lines as well.
  'builtin.title': '{title}',
  'builtin.text': [
    '{reason_line}',
    '{?counts_line}',
    '{counts_line}',
    '{/counts_line}',
    '{#alerts}',
    '',
    '{head}',
    '{?state_line}',
    '{state_line}',
    '{/state_line}',
    '{budget_line}',
    '{gone_line}',
    '{failing_line}',
    '{cause_line}',
    '{tried_line}',
    '{seen_line}',
    '{time_line}',
    '{page_line}',
    '{?timeline_line}',
    '{timeline_line}',
    '{/timeline_line}',
    '{?explain_line}',
    '{explain_line}',
    '{/explain_line}',
    '{evidence_line}',
    '{?acknowledge_line}',
    '{acknowledge_line}',
    '{/acknowledge_line}',
    '{?silence_line}',
    '{silence_line}',
    '{/silence_line}',
    '{/alerts}',
    '{?left_out_line}',
    '',
    '{left_out_line}',
    '{/left_out_line}',
    '',
  ].join('\n'),
} as const;

const counted = {
  'title.many': {
    one: '{status} ({severity}): {count} alert, first {summary}',
    other: '{status} ({severity}): {count} alerts, first {summary}',
  },
  packets: { one: '{count} packet', other: '{count} packets' },
  more: { one: '{list}, and {count} more', other: '{list}, and {count} more' },
  'left.out': {
    one: '{count} more alert is not listed here: {url}',
    other: '{count} more alerts are not listed here: {url}',
  },
} as const;

export type SentenceKey = keyof typeof sentences;
export type CountedKey = keyof typeof counted;

/** By language tag (BCP 47). A new language is one more entry. */
export const languages: Readonly<Record<string, Words>> = { en: { sentences, counted } };
