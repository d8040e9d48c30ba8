import { describe, expect, it } from 'vitest';
import type { Act } from '../../../server/api/schema/acts.ts';
import type { PresentAlert, Silence } from '../../../server/api/schema/silences.ts';
import { alertName, alertRank, filterAlerts, quietTexts } from '../../../web/src/features/alert/model.ts';
import { chainHolds, detailsText, filterActs, whoText } from '../../../web/src/features/audit/model.ts';
import {
  bodyOfForm,
  canEnd,
  coverText,
  endOf,
  filterSilences,
  matchersOf,
  matchersText,
  previewOfForm,
  silenceStates,
  timesText,
} from '../../../web/src/features/silence/model.ts';

const nowMs = Date.parse('2026-11-20T12:00:00.700Z');
const silence: Silence = {
  ...{ id: 's1', tenant: null, matchers: ['slo=acme-gold', 'severity!=critical'], by: 'anna', comment: 'repair' },
  ...{ startsAt: '2026-11-20T12:00:00Z', endsAt: '2026-11-20T14:00:00Z', at: '2026-11-20T12:00:00Z', state: 'active' },
  ...{ endedBy: null, endedAt: null, endedComment: null },
};
const alert: PresentAlert = {
  ...{ fingerprint: 'f', labels: { alertname: 'BudgetBurns', slo: 'acme-gold' }, severity: 'critical', breach: null },
  ...{ status: 'firing', startsAt: '2026-11-20T12:00:00Z', endsAt: null, acknowledgedBy: null },
  ...{ silencedBy: [], hiddenBy: [], isFlapping: false },
};

describe('the form of a silence', () => {
  const form = (over: Record<string, string> = {}) => {
    const fields: Record<string, string> = {
      ...{ matchers: ' slo=acme-gold \r\n\nseverity!=critical', tenant: '', lasts: '3600', from: '', until: '' },
      ...{ by: 'anna', comment: 'repair' },
      ...over,
    };
    return bodyOfForm((name) => fields[name] ?? '', nowMs);
  };

  it('begins now unless it says when, and lasts from then on', () => {
    expect(form()).toEqual({
      ...{ tenant: null, matchers: ['slo=acme-gold', 'severity!=critical'], by: 'anna', comment: 'repair' },
      endsAt: '2026-11-20T13:00:00Z',
    });
    expect(form({ from: '2026-11-21T08:00', tenant: 'acme', lasts: '86400' })).toMatchObject({
      ...{ tenant: 'acme', startsAt: '2026-11-21T08:00:00Z', endsAt: '2026-11-22T08:00:00Z' },
    });
    expect(form({ lasts: 'until', until: '2026-11-20T18:30' })).toMatchObject({ endsAt: '2026-11-20T18:30:00Z' });
  });

  it.each([
    ['nothing that an alert must have', { matchers: ' \n ' }, 'Say what an alert must have'],
    ['no end', { lasts: 'until' }, 'no silence without an end'],
    ['an end that has passed', { lasts: 'until', until: '2026-11-20T11:59' }, 'after now'],
    [
      'an end before its start',
      { from: '2026-11-22T08:00', lasts: 'until', until: '2026-11-21T08:00' },
      'after the start',
    ],
    ['a time that has passed whole', { from: '2026-11-19T08:00' }, 'after now'],
    ['a start that is none', { from: 'soon' }, 'From is no instant'],
  ])('refuses %s', (_, over, why) => {
    expect(form(over)).toEqual({ wrong: expect.stringContaining(why) });
  });

  it('is looked at before without a name and an end, but not without a choice', () => {
    expect(previewOfForm((name) => (name === 'matchers' ? 'slo=a' : ''))).toEqual({
      tenant: null,
      matchers: ['slo=a'],
    });
    expect(previewOfForm(() => '')).toHaveProperty('wrong');
  });

  it('is filled in by a link from a breach', () => {
    expect(matchersOf(matchersText({ slo: 'acme-gold', breach: 'b1' }))).toEqual(['slo=acme-gold', 'breach=b1']);
    expect(matchersText({})).toBe('');
  });
});

describe('a silence', () => {
  it('says what it would quiet of what is known, and does not call nothing safe', () => {
    expect(coverText({ known: 17, matched: 3 })).toBe('3 of 17 alerts that fire now would be told to nobody.');
    expect(coverText({ known: 1, matched: 0 })).toMatch(
      /^None of 1 alert that fires now fits: it would quiet what comes/,
    );
    expect(coverText({ known: 0, matched: 0 })).toMatch(/^No alert fires now: it would quiet what comes/);
  });

  it('says who ended it before its time', () => {
    expect([endOf(silence), timesText(silence, 'utc')]).toEqual(['2026-11-20T14:00:00Z', 'from 2026-11-20 12:00:00']);
    const ended = { ...silence, state: 'ended', endedBy: 'minh', endedAt: '2026-11-20T13:00:00Z' } as const;
    expect(endOf(ended)).toBe('2026-11-20T13:00:00Z');
    expect(timesText(ended, 'utc')).toBe('ended by minh, not at 2026-11-20 14:00:00');
  });

  it('can be ended while it lasts or waits', () => {
    expect(silenceStates.filter((state) => canEnd({ state }))).toEqual(['active', 'waiting']);
  });

  it('is found by what it matches, by whom and why', () => {
    for (const filter of ['ACME-gold', 'anna', 'repair active', 's1'])
      expect(filterSilences([silence], filter)).toHaveLength(1);
    expect(filterSilences([silence], 'anna over')).toEqual([]);
  });
});

describe('an alert that fires', () => {
  it('is named by its labels', () => {
    expect(alertName(alert.labels)).toBe('BudgetBurns of acme-gold');
    expect(alertName({})).toBe('an alert without a name');
  });

  it('says each reason why nobody is told', () => {
    expect(quietTexts(alert)).toEqual([]);
    expect(quietTexts({ silencedBy: ['a'], hiddenBy: ['b', 'c'] })).toEqual([
      'quiet by a silence',
      'hidden by 2 wider alerts',
    ]);
  });

  it('stands before what is over, the worst first; unknown is not over', () => {
    const of = (severity: PresentAlert['severity'], status: PresentAlert['status']) => alertRank({ severity, status });
    const ranks = [
      of('critical', 'unknown'),
      of('warning', 'firing'),
      of('info', 'firing'),
      of('critical', 'resolved'),
    ];
    expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
    expect(of('critical', 'unknown')).toBe(of('critical', 'firing'));
  });

  it('is found by labels, severity, state and who took it', () => {
    for (const filter of ['acme-gold', 'critical firing']) expect(filterAlerts([alert], filter)).toHaveLength(1);
    expect(filterAlerts([alert], 'minh')).toEqual([]);
  });
});

describe('an act', () => {
  const act: Act = {
    ...{ ordinal: '7', at: '2026-11-20T12:00:00Z', by: '', via: 'cli', act: 'receiver.tested', subject: 'noc' },
    ...{ comment: '', details: { channel: 'slack', tenant: null, endsAt: 2 }, sha256: 'a', previous: null },
  };

  it('tells what is kept of it, and that nobody said who did it', () => {
    expect(detailsText(act)).toBe('channel slack, ends at 2');
    expect(whoText(act)).toBe('somebody who did not say who');
    expect(whoText({ by: 'anna' })).toBe('anna');
  });

  it('stands in a chain that holds only if it holds on each page', () => {
    expect(chainHolds([{ chain: 'holds' }, { chain: 'holds' }])).toBe(true);
    expect(chainHolds([{ chain: 'holds' }, { chain: 'broken' }])).toBe(false);
  });

  it('is found by what it was done to, and by what is kept of it', () => {
    for (const filter of ['noc', 'slack cli']) expect(filterActs([act], filter)).toHaveLength(1);
    expect(filterActs([act], 'made')).toEqual([]);
  });
});
