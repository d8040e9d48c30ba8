import { describe, expect, test } from 'vitest';
import type { ExclusionRequest } from '../../../../server/exclusions/exclusion.ts';
import {
  checkChange,
  checkRequest,
  type ExclusionChange,
  exclusionSecondsMax,
  type Grounds,
  mayChange,
} from '../../../../server/exclusions/rules.ts';
import { parseInstant } from '../../../../server/slo/instant.ts';

const at = (text: string) => parseInstant(text)?.second as number;
const now = at('2026-11-20T12:00:00Z');
const hour = 3600;
const day = 86_400;

function aRequest(over: Partial<ExclusionRequest> = {}): ExclusionRequest {
  return {
    service: 'acme',
    from: now - 2 * hour,
    to: now - hour,
    category: 'customerRequest',
    reason: 'asked for in ticket 7',
    requestedBy: 'Lan',
    notice: null,
    ...over,
  };
}

function grounds(over: Partial<Grounds> = {}): Grounds {
  return {
    life: [{ from: at('2026-01-01T00:00:00Z'), to: Number.POSITIVE_INFINITY }],
    terms: { noticeHours: 168, retroactiveDays: 30 },
    others: [],
    now,
    ...over,
  };
}

const brokenAt = (request: Partial<ExclusionRequest>, over: Partial<Grounds> = {}) =>
  checkRequest(aRequest(request), grounds(over)).broken.map(({ where }) => where);
const warned = (request: Partial<ExclusionRequest>, over: Partial<Grounds> = {}) =>
  checkRequest(aRequest(request), grounds(over)).warnings;

describe('asking for an exclusion', () => {
  test('one that fits breaks nothing, and says that it comes afterwards', () => {
    expect(checkRequest(aRequest(), grounds())).toEqual({ broken: [], warnings: ['Asked for after it had ended.'] });
    expect(warned({ to: now + hour })).toEqual(['Asked for after it had begun.']);
    expect(warned({ from: now + hour, to: now + 2 * hour })).toEqual([]);
  });

  test.each<[string, Partial<ExclusionRequest>, string[]]>([
    ['no time', { to: now - 2 * hour }, ['to']],
    ['time backwards', { to: now - 3 * hour }, ['to']],
    ['a quarter is not too long', { to: now - 2 * hour + exclusionSecondsMax }, []],
    ['more than a quarter', { to: now - 2 * hour + exclusionSecondsMax + 900 }, ['to']],
    ['400 days', { to: now - 2 * hour + 400 * day }, ['to']],
    ['400 days ahead', { from: now + 400 * day, to: now + 400 * day + 900 }, []],
    ['more than 400 days ahead', { from: now + 400 * day + 900, to: now + 400 * day + 1800 }, ['from']],
    ['not on quarters of an hour', { from: now - 2 * hour + 1, to: now - hour + 60 }, ['from', 'to']],
    ['one end is not', { to: now - hour + 899 }, ['to']],
    ['no reason', { reason: ' \n' }, ['reason']],
    ['nobody', { requestedBy: ' ' }, ['requestedBy']],
    ['two mistakes at once', { reason: '', requestedBy: '' }, ['reason', 'requestedBy']],
  ])('%s', (_name, request, broken) => expect(brokenAt(request)).toEqual(broken));

  const from = now - 2 * hour;
  const to = now - hour;
  test.each<[string, Grounds['life'], string[]]>([
    ['the whole life of the service', [{ from, to }], []],
    [
      'two versions that touch',
      [
        { from: to - 60, to: now },
        { from, to: to - 60 },
      ],
      [],
    ],
    [
      'two versions with a second between',
      [
        { from, to: to - 60 },
        { from: to - 59, to: now },
      ],
      ['from'],
    ],
    ['begins before the service', [{ from: from + 1, to: now }], ['from']],
    ['ends after it', [{ from, to: to - 1 }], ['from']],
    ['never existed', [], ['from']],
  ])('in or outside the life of the service: %s', (_name, life, broken) => {
    expect(brokenAt({ from, to }, { life })).toEqual(broken);
  });
});

describe('notice of maintenance', () => {
  const maintenance = { category: 'maintenance', from: now + 7 * day, to: now + 7 * day + hour } as const;
  const notice = (givenAt: number, reference = 'mail 12') => ({ ...maintenance, notice: { givenAt, reference } });

  test.each<[string, Partial<ExclusionRequest>, string[]]>([
    ['on the second it is due', notice(now), []],
    ['a quarter late', { ...notice(now), from: maintenance.from - 900 }, ['notice']],
    ['none', maintenance, ['notice']],
    ['not given yet', notice(now + 1), ['notice']],
    ['cannot be seen anywhere', notice(now - day, ' '), ['notice']],
    ['another category needs none', { ...maintenance, category: 'forceMajeure' }, []],
  ])('%s', (_name, request, broken) => expect(brokenAt(request)).toEqual(broken));

  test('says what was asked for and by when', () => {
    const { broken } = checkRequest(aRequest({ ...notice(now), from: maintenance.from - 900 }), grounds());
    expect(broken[0]?.problem).toBe(
      'of 2026-11-20T12:00:00Z is too late: the agreement asks for 168 hours, which is by 2026-11-20T11:45:00Z',
    );
  });

  test('where the agreement asks for none, or there is none, it is said and not refused', () => {
    const open = { terms: { noticeHours: 0, retroactiveDays: 30 } };
    expect(brokenAt(maintenance, open)).toEqual([]);
    expect(warned(maintenance, open)).toEqual(['Maintenance without notice.']);
    expect(brokenAt(maintenance, { terms: undefined })).toEqual([]);
    expect(warned(maintenance, { terms: undefined })).toEqual([
      expect.stringMatching(/^No agreement holds/),
      'Maintenance without notice.',
    ]);
  });
});

describe('afterwards', () => {
  const ended = { from: now - 30 * day - hour, to: now - 30 * day };
  test('may be asked for up to the last instant the agreement allows', () => {
    expect(brokenAt(ended)).toEqual([]);
    expect(brokenAt(ended, { now: now + 1 })).toEqual(['to']);
    expect(brokenAt(ended, { terms: undefined, now: now + 300 * day })).toEqual([]);
  });
});

test('overlaps are allowed and said; those that only touch are none', () => {
  const others = [
    { id: 'a', state: 'approved', from: now - 90 * 60, to: now } as const,
    { id: 'b', state: 'requested', from: now - hour, to: now } as const,
    { id: 'c', state: 'requested', from: now - 3 * hour, to: now - 2 * hour } as const,
  ];
  const { broken, warnings } = checkRequest(aRequest(), grounds({ others }));
  expect(broken).toEqual([]);
  expect(warnings.filter((warning) => warning.startsWith('Overlaps'))).toEqual([
    'Overlaps exclusion a, which is approved; time in both is left out once.',
  ]);
});

describe('deciding', () => {
  test('each state has its changes, and no others', () => {
    const table: Record<ExclusionChange, string[]> = { approve: [], reject: [], revoke: [] };
    for (const change of ['approve', 'reject', 'revoke'] as const) {
      for (const state of ['requested', 'approved', 'rejected', 'revoked'] as const) {
        if (mayChange(change, { state })) table[change].push(state);
      }
    }
    expect(table).toEqual({ approve: ['requested'], reject: ['requested'], revoke: ['approved'] });
  });

  const decide = (change: ExclusionChange, by: string, request: Partial<ExclusionRequest> = {}) =>
    checkChange(change, { request: aRequest(request) }, { by, now });

  test.each([['Lan'], [' lan '], ['LAN'], ['Ｌａｎ']])('nobody approves what he asked for himself: %s', (by) => {
    expect(decide('approve', by).broken).toEqual([
      { where: 'by', problem: 'must be another person than Lan, who asked for it' },
    ]);
    expect(decide('reject', by).broken).toEqual([]);
    expect(decide('revoke', by).broken).toEqual([]);
  });

  test('another one may; without a name nobody', () => {
    expect(decide('approve', 'Minh').broken).toEqual([]);
    expect(decide('approve', ' ').broken.map(({ where }) => where)).toEqual(['by']);
  });

  test('approved late: said', () => {
    expect(decide('approve', 'Minh').warnings).toEqual([expect.stringMatching(/^Approved after it had ended/)]);
    expect(decide('approve', 'Minh', { from: now + hour, to: now + 2 * hour }).warnings).toEqual([]);
    expect(decide('revoke', 'Minh').warnings).toEqual([]);
  });
});
