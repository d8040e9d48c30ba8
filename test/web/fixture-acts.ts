import type { Act, ActPage, BreachComments, CommentBody } from '../../server/api/schema/acts.ts';
import type {
  PresentAlert,
  Silence,
  SilenceBody,
  SilencePreview,
  SilencePreviewBody,
} from '../../server/api/schema/silences.ts';
import { openBreach } from './fixture-breaches.ts';
import type { Scenario } from './fixture-numbers.ts';

/** What people did about the fixture's breaches: a silence of each state, comments, and a chain of acts. */

const iso = (ms: number) => new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
const isBare = (scenario: Scenario) => scenario === 'empty' || scenario === 'many';
const list = <T>(items: T[]) => ({ items, nextCursor: null });

export const activeSilence = '6f0f6f0e-7f7a-4a39-9d0a-8f2f3c1b6a10';

function silences(nowMs: number): Silence[] {
  const silence = (id: string, fromMinutes: number, toMinutes: number, over: Partial<Silence>): Silence => ({
    ...{ id, tenant: null, matchers: ['slo=acme-availability'], by: 'anna', comment: 'ring is being moved' },
    ...{ startsAt: iso(nowMs + fromMinutes * 60_000), endsAt: iso(nowMs + toMinutes * 60_000) },
    ...{ at: iso(nowMs + fromMinutes * 60_000), state: 'active', endedBy: null, endedAt: null, endedComment: null },
    ...over,
  });
  const ended = { endedBy: 'minh', endedAt: iso(nowMs - 5_000_000), endedComment: 'done sooner' };
  return [
    silence('b1', 600, 720, {
      state: 'waiting',
      tenant: 'globex',
      matchers: ['service=globex-core', 'severity!=critical'],
    }),
    silence(activeSilence, -10, 50, {}),
    silence('b2', -120, -60, { state: 'ended', by: 'lena', ...ended }),
    silence('b3', -9_000, -8_900, { state: 'over', matchers: ['slo=~hooli-.*'] }),
  ];
}

export function silencePage(scenario: Scenario, query: URLSearchParams, nowMs: number) {
  const want = (name: string, value: string | null) => query.get(name) === null || query.get(name) === value;
  const found = isBare(scenario) ? [] : silences(nowMs);
  return list(found.filter(({ state, tenant }) => want('state', state) && want('tenant', tenant)));
}

const firing = { alertname: 'BudgetBurns', slo: 'acme-availability', service: 'acme-voice', tenant: 'acme' };

function alerts(scenario: Scenario, nowMs: number): PresentAlert[] {
  const alert = (fingerprint: string, labels: PresentAlert['labels'], over: Partial<PresentAlert>): PresentAlert => ({
    ...{ fingerprint, labels, severity: 'critical', status: scenario === 'noData' ? 'unknown' : 'firing' },
    ...{ startsAt: iso(nowMs - 1_080_000), endsAt: null, breach: labels['breach'] ?? null, acknowledgedBy: null },
    ...{ silencedBy: [], hiddenBy: [], isFlapping: false },
    ...over,
  });
  return [
    alert('a1', { ...firing, breach: openBreach }, { silencedBy: [activeSilence] }),
    alert(
      'a2',
      { ...firing, alertname: 'BudgetGone', slo: 'globex-delivery', tenant: 'globex' },
      { acknowledgedBy: 'minh' },
    ),
    alert('a3', { ...firing, slo: 'acme-batch' }, { severity: 'warning', hiddenBy: ['a2'], isFlapping: true }),
    alert(
      'a4',
      { ...firing, slo: 'hooli-availability', tenant: 'hooli' },
      { severity: 'info', status: 'resolved', endsAt: iso(nowMs - 60_000) },
    ),
  ];
}

export function alertPage(scenario: Scenario, nowMs: number) {
  return list(isBare(scenario) ? [] : alerts(scenario, nowMs));
}

/** By equal labels alone, as far as the fixture's alerts go. */
export function silencePreview({ matchers }: SilencePreviewBody, nowMs: number): SilencePreview {
  const known = alerts('normal', nowMs).filter(({ status }) => status !== 'resolved');
  const matched = known.filter(({ labels }) =>
    matchers.every((text) => labels[text.split('=')[0] ?? ''] === text.split('=')[1]),
  );
  return {
    known: known.length,
    matched: matched.length,
    alerts: matched.map(({ fingerprint, labels, severity, status, breach }) => ({
      ...{ fingerprint, labels, severity, status, breach },
    })),
  };
}

/** What the server would say to it; it takes no silence that it cannot read. */
export function made(body: SilenceBody, nowMs: number) {
  const wrong = body.matchers.findIndex((text) => !text.includes('='));
  if (wrong >= 0) return { wrong: [{ where: `body.matchers/${wrong}`, problem: 'is no matcher' }] };
  const { tenant = null, startsAt = iso(nowMs), ...rest } = body;
  const told: Silence = {
    ...{ ...rest, tenant, startsAt, id: 'b4', at: iso(nowMs), state: 'active' },
    ...{ endedBy: null, endedAt: null, endedComment: null },
  };
  return told;
}

export function endedSilence(id: string, by: string, nowMs: number): Silence | undefined {
  const found = silences(nowMs).find((silence) => silence.id === id);
  return found && { ...found, state: 'ended', endedBy: by, endedAt: iso(nowMs), endedComment: '' };
}

export function comments(scenario: Scenario, nowMs: number): BreachComments {
  if (isBare(scenario)) return { items: [] };
  const at = iso(nowMs - 400_000);
  return { items: [{ id: '1', at, by: 'anna', comment: 'The guest polls too slowly since noon.', via: 'page' }] };
}

export function said({ by, comment }: CommentBody, nowMs: number): BreachComments['items'][number] {
  return { id: '2', at: iso(nowMs), by, comment, via: 'page' };
}

export function actPage(scenario: Scenario, query: URLSearchParams, nowMs: number): ActPage {
  const act = (ordinal: number, over: Partial<Act>): Act => ({
    ...{
      ordinal: `${ordinal}`,
      at: iso(nowMs - (10 - ordinal) * 60_000),
      by: 'anna',
      via: 'page',
      act: 'silence.made',
    },
    ...{ subject: activeSilence, comment: '', details: {}, sha256: `${ordinal}`.repeat(64) },
    previous: ordinal === 1 ? null : `${ordinal - 1}`.repeat(64),
    ...over,
  });
  const acts = [
    act(4, {
      act: 'silence.made',
      comment: 'ring is being moved',
      details: { matchers: 'slo=acme-availability', tenant: null },
    }),
    act(3, { act: 'breach.commented', subject: openBreach, comment: 'The guest polls too slowly since noon.' }),
    act(2, { act: 'receiver.tested', subject: 'noc', by: '', via: 'cli' }),
    act(1, { act: 'alerting.applied', subject: '4', by: 'minh', via: 'api' }),
  ];
  const want = (name: string, value: string) => query.get(name) === null || query.get(name) === value;
  const found = (isBare(scenario) ? [] : acts).filter((item) => want('act', item.act) && want('subject', item.subject));
  return { ...list(found), chain: scenario === 'gap' ? 'broken' : 'holds' };
}
