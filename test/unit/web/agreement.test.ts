import { describe, expect, it } from 'vitest';
import type { Breach, BreachChange } from '../../../server/api/schema/breaches.ts';
import type { Credit } from '../../../server/api/schema/credits.ts';
import type { ExclusionDetail } from '../../../server/api/schema/exclusions.ts';
import type { BudgetDay, MonthCalendar } from '../../../server/api/schema/slos.ts';
import {
  canAcknowledge,
  causeText,
  filterBreaches,
  firstCauseText,
  lastBundle,
  lengthText,
  severityText,
  subjectText,
} from '../../../web/src/features/breach/model.ts';
import { bodyOfForm, decisionsFor, effectText, filterExclusions } from '../../../web/src/features/exclusion/model.ts';
import {
  creditRows,
  creditSums,
  dayCell,
  monthName,
  moveBy,
  shiftMonth,
  shortCount,
} from '../../../web/src/features/tenant/model.ts';

const whole = { expected: 86_400, observed: 86_400, bridged: 0, unknown: 0, excluded: 0, idle: 0, suspect: 0 };
const nowMs = Date.parse('2026-11-20T12:00:00Z');

function figures(bad = '0', verdict: 'met' | 'undetermined' = 'met', isAvailability = true) {
  return {
    slots: whole,
    ...{ high: { total: '86400', bad }, low: { total: '86400', bad } },
    highLoss: isAvailability ? { hli: '0', chli: '0' } : null,
    budget: { allowed: '100', spent: bad, remaining: `${100n - BigInt(bad)}` },
    verdict,
  };
}

const row: MonthCalendar['objectives'][number] = {
  ...{ name: 'acme', sli: 'availability', verdict: 'met', isRunning: true, figures: figures() },
  budget: { name: 'acme', window: { from: '', to: '', zone: 'UTC' }, allowed: '100', days: [] },
};

function aDay(change: Partial<BudgetDay> = {}): BudgetDay {
  return {
    ...{ day: '2026-11-03', from: '2026-11-03T00:00:00Z', to: '2026-11-04T00:00:00Z', slots: whole },
    ...{ bad: '0', lowBad: '0', total: '86400', spentTo: '0', isAhead: false },
    ...change,
  };
}

describe('a day of the calendar', () => {
  const cell = (change: Partial<BudgetDay>) => dayCell(row, aDay(change), nowMs);

  it('is good only when all of it is known', () => {
    expect(cell({})).toMatchObject({ kind: 'good', mark: '0', words: 'no bad seconds' });
    expect(cell({ lowBad: '43' })).toMatchObject({ kind: 'unknown', mark: '?43' });
    expect(cell({ lowBad: '43' }).words).toBe(
      'unknown, none known to be bad; 43 more seconds may have been bad: unknown',
    );
    const nothing = { slots: { ...whole, observed: 0, unknown: 86_400 }, lowBad: '86400' };
    expect(cell(nothing)).toMatchObject({ kind: 'unknown', mark: '?86k' });
  });

  it('is as heavy as its share of the whole budget', () => {
    expect(['1', '9', '10', '50', '99', '100', '5000'].map((bad) => cell({ bad, lowBad: bad }).level)).toEqual([
      1, 1, 2, 3, 3, 4, 4,
    ]);
    expect(cell({ bad: '12', lowBad: '20' })).toMatchObject({ kind: 'bad', mark: '12', hasUnknown: true });
  });

  it('tells excluded, idle and yet to come from good and from each other', () => {
    const excluded = { slots: { ...whole, observed: 0, excluded: 86_400 }, total: '0' };
    expect(cell(excluded)).toMatchObject({ kind: 'excluded', mark: 'E', words: 'all of it excluded' });
    const idle = { slots: { ...whole, observed: 0, idle: 86_400 }, total: '0' };
    expect(cell(idle)).toMatchObject({ kind: 'noTraffic', mark: '–', words: 'no traffic' });
    expect(cell({ isAhead: true, slots: { ...whole, expected: 0, observed: 0 }, total: '0' })).toMatchObject({
      kind: 'ahead',
      mark: '',
      hasUnknown: false,
    });
    const part = cell({ slots: { ...whole, observed: 79_200, excluded: 7_200 } });
    expect(part).toMatchObject({ kind: 'good', hasExcluded: true });
    expect(part.words).toBe('no bad seconds; 7,200 path-seconds excluded');
  });

  it('runs today, and what is yet to come is not unknown', () => {
    const today = {
      to: '2026-11-21T00:00:00Z',
      slots: { ...whole, expected: 43_200, observed: 43_200 },
      total: '43200',
    };
    expect(cell(today)).toMatchObject({
      kind: 'good',
      runs: true,
      hasUnknown: false,
      words: 'no bad seconds; the day runs',
    });
  });

  it('shortens counts', () => {
    expect([9_999n, 10_000n, 123_456n, 1_290_000n, 9_007_199_254_740_993n].map(shortCount)).toEqual([
      ...['9999', '10k', '123k', '1.2M'],
      '9.0P',
    ]);
  });
});

it('the calendar is walked by keys and never left by them', () => {
  const at = { row: 0, day: 30 };
  expect(moveBy('ArrowRight', at, 2, 31)).toEqual(at);
  expect(moveBy('ArrowLeft', at, 2, 31)).toEqual({ row: 0, day: 29 });
  expect(moveBy('ArrowDown', at, 2, 31)).toEqual({ row: 1, day: 30 });
  expect(moveBy('ArrowUp', at, 2, 31)).toEqual(at);
  expect(moveBy('Home', at, 2, 31)).toEqual({ row: 0, day: 0 });
  expect(moveBy('End', { row: 1, day: 3 }, 2, 31)).toEqual({ row: 1, day: 30 });
  expect(moveBy('a', at, 2, 31)).toBe(null);
  expect([shiftMonth('2026-12', 1), shiftMonth('2026-01', -1)]).toEqual(['2027-01', '2025-12']);
  expect(monthName('2026-11')).toBe('November 2026');
});

describe('credits', () => {
  const credit = (entry: number, id: string, change: Partial<Credit> = {}): Credit => ({
    ...{ entry, id, state: 'computed', tenant: 'acme', agreement: 'gold', service: 'voice', item: '10G' },
    ...{ month: '2026-10', slo: 'a', verdict: 'breached', bad: '1', total: '2', share: { num: '1', den: '10' } },
    ...{ fee: '100', amount: '10', change: '10', currency: 'VND', explanation: '', by: 'x', comment: '' },
    ...{ corrects: null, at: `2026-11-04T00:00:0${entry}Z`, previous: null, document: '{}', sha256: '' },
    agreementVersion: 1,
    ...change,
  });

  it('count once an event, by its last line', () => {
    const lines = [
      credit(1, 'a'),
      credit(2, 'b', { amount: '9007199254740993' }),
      credit(3, 'a', { state: 'adjusted', amount: '7' }),
      credit(4, 'c', { currency: 'EUR', amount: '5' }),
      credit(5, 'd', { state: 'reversed' }),
    ];
    expect(creditRows(lines).map(({ credit: { entry }, replacedBy }) => [entry, replacedBy])).toEqual([
      ...[
        [5, null],
        [4, null],
        [3, null],
        [2, null],
      ],
      [1, 3],
    ]);
    expect(creditSums(lines)).toEqual([
      { currency: 'VND', amount: '9007199254741000' },
      { currency: 'EUR', amount: '5' },
    ]);
  });
});

describe('a breach', () => {
  const breach: Breach = {
    ...{ id: 'x', slo: 'acme', sloVersion: 1, service: 'voice', tenant: null, subject: 'burn', state: 'open' },
    ...{ window: { from: '', to: '', zone: 'UTC' }, openedAt: '2026-11-20T11:00:00Z', endedAt: null },
    ...{ tier: 'T1', budgetLevel: 75, acknowledgedBy: null, causes: [] },
  };
  const cause = { cause: 'vhost_ring_full', host: 'h', port: 'p', packets: '1234', detail: '' };

  it('says what, how bad and for how long', () => {
    expect(subjectText(breach)).toBe('The budget goes too fast');
    expect(severityText(breach)).toBe('T1 fires, 75 % of the budget gone');
    expect(severityText({ tier: null, budgetLevel: null })).toBe('no tier fires');
    expect(lengthText(breach, nowMs)).toBe('for 1 h, goes on');
    expect(lengthText({ ...breach, endedAt: '2026-11-20T11:00:41Z' }, nowMs)).toBe('41 s, over');
  });

  it('words a cause as what ran beside it', () => {
    expect(causeText(cause)).toBe('vhost_ring_full: 1,234 packets lost to it meanwhile');
    expect(causeText({ ...cause, packets: null })).toBe('vhost_ring_full');
    expect(causeText({ ...cause, cause: 'unknown' })).toContain('Nothing stood out');
    expect(firstCauseText({ causes: [] })).toBe('unknown');
    expect(filterBreaches([breach, { ...breach, causes: [cause] }], 'vhost acme').length).toBe(1);
  });

  it('is taken by somebody once, while it matters', () => {
    expect(canAcknowledge(breach)).toBe(true);
    expect(canAcknowledge({ ...breach, acknowledgedBy: 'anna' })).toBe(false);
    expect(canAcknowledge({ ...breach, state: 'retracted' })).toBe(false);
  });

  it('is proven by the last bundle that was made', () => {
    const change = (entry: number, evidence: BreachChange['evidence']): BreachChange => ({
      ...{ entry, at: '', state: 'open', acknowledgedBy: null, reason: '', tier: null, budgetLevel: null },
      ...{ figures: figures(), burn: [], engine: '', watermark: null, evidence, previous: null, sha256: '' },
    });
    const bundle = { sha256: 'a', bytes: 1, lines: 1 };
    expect(lastBundle([change(1, bundle), change(2, null)])?.entry).toBe(1);
    expect(lastBundle([change(1, null)])).toBe(null);
  });
});

describe('an exclusion', () => {
  const detail: ExclusionDetail = {
    ...{ id: 'x', service: 'voice', from: '', to: '', category: 'attack', reason: 'Flood', state: 'requested' },
    ...{ revision: 1, requestedBy: 'anna', requestedAt: '', decidedBy: null, notice: null, warnings: [] },
    ...{ events: [], brokenAt: null, effect: [], notJudged: [] },
  };

  it('says what it changes', () => {
    const effect = {
      slo: 'a',
      window: { from: '', to: '', zone: 'UTC' },
      without: figures('50', 'undetermined'),
      with: figures('8'),
    };
    expect(effectText(effect)).toBe('42 bad taken out; the verdict changes from undetermined to met.');
    expect(effectText({ ...effect, with: effect.without })).toBe(
      'No bad one is taken out; the verdict stays undetermined.',
    );
    expect(effectText({ ...effect, without: effect.with, with: effect.without })).toContain('42 more bad;');
  });

  it('is asked for in whole seconds of UTC, with a notice that is whole or none', () => {
    const form: Record<string, string> = {
      ...{ service: 'voice', from: '2026-11-01T01:00', to: '2026-11-01T03:00:30', category: 'maintenance' },
      ...{ reason: 'Kernel', by: 'anna', noticeAt: '', noticeReference: '' },
    };
    const body = (change: Record<string, string> = {}) => bodyOfForm((name) => ({ ...form, ...change })[name] ?? '');
    expect(body()).toEqual({
      ...{ service: 'voice', from: '2026-11-01T01:00:00Z', to: '2026-11-01T03:00:30Z', category: 'maintenance' },
      ...{ reason: 'Kernel', requestedBy: 'anna' },
    });
    expect(body({ to: '2026-11-01T01:00' })).toEqual({ wrong: 'The end must come after the start.' });
    expect(body({ from: '' })).toEqual({ wrong: 'From and to must be instants.' });
    expect(body({ category: 'holiday' })).toEqual({ wrong: 'A category must be chosen.' });
    expect(body({ noticeAt: '2026-10-20T09:00' })).toMatchObject({ wrong: expect.stringContaining('notice') });
    expect(body({ noticeAt: '2026-10-20T09:00', noticeReference: 'NOC-1' })).toMatchObject({
      notice: { givenAt: '2026-10-20T09:00:00Z', reference: 'NOC-1' },
    });
  });

  it('is decided in the order of its states', () => {
    expect(decisionsFor('requested')).toEqual(['approve', 'reject']);
    expect(decisionsFor('approved')).toEqual(['revoke']);
    expect(decisionsFor('rejected')).toEqual([]);
    expect(filterExclusions([detail], 'attack anna').length).toBe(1);
    expect(filterExclusions([detail], 'maintenance').length).toBe(0);
  });
});
