import { describe, expect, it } from 'vitest';
import type { Budget, Burn, Slo, WhatIf, WindowFigures } from '../../../server/api/schema/slos.ts';
import { burnDownOf } from '../../../web/src/charts/burn-down.ts';
import { budgetRows, budgetSummary, unsureOfDay } from '../../../web/src/features/budget/model.ts';
import {
  affordText,
  budgetView,
  burnRank,
  burnRate,
  burnRows,
  burnSentence,
  burnText,
  coverageView,
  exhaustionRank,
  exhaustionText,
  figureRows,
  filterSlos,
  forecastText,
  leadingWindow,
  promiseText,
  slotsText,
  spentText,
  termsText,
  unitOf,
  unsureText,
  wordsOfVerdict,
  wordsOfWindow,
} from '../../../web/src/features/slo/model.ts';
import { sideText, whatIfSentences } from '../../../web/src/features/what-if/model.ts';

const slots = { expected: 60, observed: 60, bridged: 0, unknown: 0, excluded: 0, idle: 0, suspect: 0 };

function someFigures(change: Partial<WindowFigures['figures']> = {}): WindowFigures['figures'] {
  return {
    slots,
    high: { total: '100', bad: '1' },
    low: { total: '100', bad: '1' },
    highLoss: { hli: '2', chli: '1' },
    budget: { allowed: '10', spent: '1', remaining: '9' },
    verdict: 'met',
    ...change,
  };
}

/** A hundred seconds of one path, of which sixty have passed and are known. */
function aWindow(change: Partial<WindowFigures> = {}): WindowFigures {
  return {
    window: { from: '2026-11-01T00:00:00Z', to: '2026-11-01T00:01:40Z', zone: 'UTC' },
    until: { at: '2026-11-01T00:01:00Z', elapsed: 60, remaining: 40 },
    figures: someFigures(),
    withoutExclusions: someFigures(),
    wholeBudget: { allowed: '10', remaining: '9' },
    coverage: { num: 60, den: 60, floor: '0.999', reached: true },
    exhaustion: null,
    forecast: null,
    ...change,
  };
}

const closed = { until: { at: '2026-11-01T00:01:40Z', elapsed: 100, remaining: 0 } };

function aSlo(change: Partial<Slo> = {}): Slo {
  return {
    ...{ name: 'acme-availability', version: 1, validFrom: '2026-01-01T00:00:00Z', service: 'voice', tenant: 'acme' },
    ...{ sli: 'availability', target: '0.9999', lossRatioMax: '0.10', run: 5, ports: ['p1'], state: 'kept' },
    ...{ stale: null, calendar: aWindow(), rolling: null, burn: [] },
    ...change,
  };
}

describe('the budget of a window', () => {
  it('is unsure of what lies between its readings', () => {
    const gap = someFigures({ low: { total: '100', bad: '41' } });
    expect(budgetView(aWindow()).unsure).toBe(0n);
    expect(budgetView(aWindow({ figures: gap })).unsure).toBe(40n);
  });

  it('is called broken only when the rest of it cannot make up for it', () => {
    const over = someFigures({ verdict: 'breached' });
    expect(wordsOfWindow(aWindow()).name).toBe('met so far');
    expect(wordsOfWindow(aWindow({ figures: over })).name).toBe('over its share so far');
    expect(wordsOfWindow(aWindow({ figures: over, wholeBudget: { allowed: '10', remaining: '-1' } })).name).toBe(
      'breached',
    );
    expect(wordsOfWindow(aWindow({ ...closed, figures: over })).name).toBe('breached');
    const gap = someFigures({ verdict: 'undetermined' });
    expect(wordsOfWindow(aWindow({ figures: gap }))).toMatchObject({ name: 'undetermined so far', tone: 'unknown' });
  });

  it('says first what can still be afforded', () => {
    const view = budgetView(aWindow());
    expect(affordText(view, 'availability')).toBe('you can afford 9 more bad seconds');
    expect(spentText(view, 'availability')).toBe('1 of 10 bad seconds');
    expect(unsureText(view)).toBe(null);
    expect(affordText({ ...view, unsure: 3n }, 'availability')).toBe('you can afford up to 9 more bad seconds');
    expect(unsureText({ ...view, unsure: 3n })).toBe('3 unknown: if all were bad, 6 left');
    expect(unsureText({ ...view, unsure: 12n })).toBe('12 unknown: if all were bad, 3 too many');
    expect(affordText({ ...view, left: 0n }, 'packetDelivery')).toBe('you can afford no more bad packets');
    expect(affordText({ ...view, left: -5n }, 'packetDelivery')).toBe('5 bad packets too many');
    expect(unsureText({ ...view, left: -5n, unsure: 2n })).toContain('2 more may have been bad');
  });

  it('keeps integers above 2^53', () => {
    const big = '9007199254740993';
    const figures = someFigures({
      high: { total: `${big}0000`, bad: '1' },
      low: { total: `${big}0000`, bad: '1' },
      budget: { allowed: big, spent: '1', remaining: '9007199254740992' },
    });
    const view = budgetView(aWindow({ ...closed, figures, wholeBudget: null }));
    expect(affordText(view, 'packetDelivery')).toBe('you can afford 9,007,199,254,740,992 more bad packets');
    expect(spentText(view, 'packetDelivery')).toBe('1 of 9,007,199,254,740,993 bad packets so far');
  });

  it('draws a bar that is never empty when something is spent, and never longer than whole', () => {
    const of = (allowed: string, bad: string, low = bad) =>
      budgetView(
        aWindow({
          ...closed,
          wholeBudget: { allowed, remaining: '0' },
          figures: someFigures({ high: { total: '100', bad }, low: { total: '100', bad: low } }),
          coverage: { num: 1, den: 100, floor: '0', reached: true },
        }),
      );
    expect(of('100000', '1').spentWidth).toBe(1);
    expect(of('10', '4', '9')).toMatchObject({ spentWidth: 40, unsureWidth: 50 });
    expect(of('10', '4', '99')).toMatchObject({ spentWidth: 40, unsureWidth: 60 });
    expect(of('10', '11')).toMatchObject({ spentWidth: 100, unsureWidth: 0 });
    expect(of('0', '0')).toMatchObject({ spentWidth: 0, unsureWidth: 0 });
    expect(of('0', '1').spentWidth).toBe(100);
  });

  it('does not call nothing seen spent, nor kept', () => {
    const blind = aWindow({
      figures: someFigures({ high: { total: '0', bad: '0' }, budget: { allowed: '0', spent: '0', remaining: '0' } }),
      ...{ wholeBudget: null, coverage: { num: 0, den: 60, floor: '0.999', reached: false } },
    });
    expect(affordText(budgetView(blind), 'packetDelivery')).toBe('unknown: nothing of it was seen');
    expect([exhaustionText(blind), exhaustionRank(blind)]).toEqual(['unknown', null]);
    const idle = { ...blind, coverage: { ...blind.coverage, num: 60, reached: true } };
    expect(affordText(budgetView(idle), 'packetDelivery')).toBe('nothing was offered: nothing is judged');
    expect(exhaustionText(idle)).toBe('nothing burns');
  });

  it('says when it is gone at this pace', () => {
    expect(exhaustionText(aWindow())).toBe('nothing burns');
    expect(exhaustionRank(aWindow())).toBe(null);
    const at = '2026-11-01T01:00:00Z';
    expect(exhaustionText(aWindow({ exhaustion: { seconds: '4380', at } }))).toBe('in 1 h 13 min');
    expect(exhaustionText(aWindow({ exhaustion: { seconds: '99999999999999999999', at } }))).toBe(
      'in more than a year',
    );
    const spent = aWindow({ wholeBudget: { allowed: '10', remaining: '-1' }, exhaustion: { seconds: '7', at } });
    expect(exhaustionText(spent)).toBe('spent');
    expect(exhaustionRank(spent)).toBe(0n);
  });

  it('says what is known, and that an estimate is one', () => {
    expect(coverageView(aWindow())).toEqual({ text: '100 %', floorText: 'floor 99.9 %', reached: true });
    const gap = aWindow({ coverage: { num: 5_993, den: 6_000, floor: '0.999', reached: false } });
    expect(coverageView(gap)).toEqual({ text: '99.88 %', floorText: 'below 99.9 %', reached: false });
    expect(coverageView(aWindow({ coverage: { num: 0, den: 0, floor: '0.9', reached: true } })).text).toBe(
      'nothing yet',
    );
    expect(forecastText(aWindow())).toBe(null);
    const forecast = { bad: '1200', low: '900', high: '1500', allowed: '2000', units: 9 };
    expect(forecastText(aWindow({ forecast }))).toEqual({ guess: '≈ 1,200 of 2,000', interval: '95 %: 900 – 1,500' });
  });

  it('puts every integer beside what it would be without exclusions', () => {
    const rows = figureRows(
      aWindow({ withoutExclusions: someFigures({ high: { total: '100', bad: '8' } }) }),
      'availability',
    );
    const bad = rows.find(({ name }) => name === 'Bad seconds, high');
    expect(bad).toMatchObject({ agreed: '1', without: '8', isDifferent: true });
    expect(rows.find(({ name }) => name === 'Ratio, high')).toMatchObject({
      agreed: '99.0000 %',
      without: '92.0000 %',
    });
    const blind = someFigures({ slots: { ...slots, observed: 0, unknown: 100 }, high: { total: '100', bad: '0' } });
    const [high] = figureRows(aWindow({ figures: blind }), 'availability').filter(({ name }) => name === 'Ratio, high');
    expect(high?.agreed).toBe('nothing known');
    expect(rows.map(({ name }) => name)).toContain('High loss intervals');
    const packets = figureRows(aWindow({ ...closed, figures: someFigures({ highLoss: null }) }), 'packetDelivery');
    expect(packets.map(({ name }) => name)).not.toContain('High loss intervals');
    expect(packets.find(({ name }) => name === 'Bad packets, low')?.note).toBe('unknown taken as bad');
    expect(slotsText(someFigures())).toBe('60 observed · 0 bridged · 0 unknown of 60 path-seconds');
  });
});

describe('an objective', () => {
  it('is called by its promise', () => {
    expect(promiseText(aSlo())).toBe('99.99 % availability');
    expect(termsText(aSlo())).toBe('loss > 10 % for 5 s');
    expect(termsText(aSlo({ run: 1 }))).toBe('loss > 10 %');
    const packets = aSlo({ sli: 'packetDelivery', target: '0.99990', run: null, lossRatioMax: null });
    expect(promiseText(packets)).toBe('99.990 % packet delivery');
    expect(termsText(packets)).toBe('each lost packet is bad');
    const clean = aSlo({ sli: 'cleanSlots', target: '0.999', run: null, lossRatioMax: '0.0001' });
    expect(promiseText(clean)).toBe('99.9 % clean seconds');
    expect(termsText(clean)).toBe('loss > 0.01 % in a second');
  });

  it('is judged by its calendar window, else by its rolling one', () => {
    const rolling = aWindow(closed);
    expect(leadingWindow(aSlo({ calendar: null, rolling }))).toBe(rolling);
    expect(leadingWindow(aSlo({ calendar: null }))).toBe(null);
  });

  it('is found by any word of it', () => {
    const slos = [aSlo(), aSlo({ name: 'globex', tenant: null, state: 'atRisk', ports: ['bond0'] })];
    expect(filterSlos(slos, '').length).toBe(2);
    expect(filterSlos(slos, 'at risk bond0').map(({ name }) => name)).toEqual(['globex']);
    expect(filterSlos(slos, 'acme p1').map(({ name }) => name)).toEqual(['acme-availability']);
    expect(filterSlos(slos, 'nobody')).toEqual([]);
  });

  it('is not called undetermined only because its window goes on', () => {
    const words = (verdict: 'met' | 'breached' | 'undetermined', runs: boolean, sli: Slo['sli'] = 'availability') =>
      wordsOfVerdict(verdict, { runs, sli });
    expect(words('undetermined', true)).toMatchObject({ name: 'not decided', tone: 'neutral' });
    expect(words('undetermined', false)).toMatchObject({ name: 'undetermined', tone: 'unknown' });
    expect(words('breached', true).name).toBe('breached');
    expect(words('breached', true, 'packetDelivery').name).toBe('over its share so far');
    expect(words('breached', false, 'packetDelivery').name).toBe('breached');
    expect([unitOf('packetDelivery'), unitOf('availability'), unitOf('cleanSlots')]).toEqual([
      'packets',
      ...['seconds', 'seconds'],
    ]);
    expect(words('breached', true, 'cleanSlots').name).toBe('breached');
  });
});

describe('burn', () => {
  const tier = (name: string, state: Burn['state'], threshold = '14.4'): Burn => ({
    ...{ tier: name, at: '2026-11-01T00:00:00Z', threshold, state },
    long: { bad: '6', total: '3600', seconds: 3_600 },
    short: { bad: '6', total: '300', seconds: 300 },
  });

  it('is how many times faster than allowed, as in the example of the rules', () => {
    const [row] = burnRows([tier('T2', 'firing')], '0.9999', 30 * 86_400);
    expect(row?.long).toEqual({ window: '1 h', reading: '6 of 3,600', rate: '16.6×' });
    expect(row?.short.rate).toBe('200×');
    expect(row?.threshold).toBe('14.4×');
    expect(row?.meaning).toBe('budget gone in 2 d 2 h');
  });

  it('does not divide by nothing', () => {
    expect(burnRate(1n, 10n, '1')).toBe(null);
    expect(burnRate(0n, 10n, '1')).toEqual({ num: 0n, den: 1n });
    const [row] = burnRows([{ ...tier('T0', 'frozen'), long: { bad: '0', total: '0', seconds: 60 } }], '1', 86_400);
    expect(row?.long.rate).toBe('unknown');
    expect(row?.short.rate).toBe('beyond all');
  });

  it('is told by its fastest tier that fires, and heard whole', () => {
    const burn = [tier('T0', 'quiet'), tier('T1', 'firing'), tier('T2', 'firing')];
    expect(burnText(burn)).toBe('T1 fires');
    expect(burnSentence(burn)).toBe('T0 quiet, T1 fires, T2 fires');
    expect(burnText([tier('T0', 'quiet'), tier('T1', 'frozen')])).toBe('1 frozen');
    expect(burnText([tier('T0', 'frozen')])).toBe('frozen');
    expect(burnText([])).toBe('not judged');
    expect(burnRank(burn)).toBeLessThan(burnRank([tier('T0', 'quiet'), tier('T1', 'quiet'), tier('T2', 'firing')]));
    expect(burnRank([tier('T0', 'frozen')])).toBeLessThan(burnRank([tier('T0', 'quiet')]));
  });
});

describe('the budget by day', () => {
  const day = (index: number, change: Partial<Budget['days'][number]> = {}): Budget['days'][number] => ({
    day: `2026-11-0${index}`,
    from: `2026-11-0${index}T00:00:00Z`,
    to: `2026-11-0${index + 1}T00:00:00Z`,
    slots: { ...slots, expected: 86_400 },
    ...{ bad: '0', lowBad: '0', total: '86400', spentTo: '0', isAhead: false },
    ...change,
  });
  const nowMs = Date.parse('2026-11-02T12:00:00Z');
  const days = [
    day(1, { bad: '4', lowBad: '6', spentTo: '4' }),
    day(2, { spentTo: '4' }),
    day(3, { spentTo: '4', isAhead: true }),
  ];
  const budget = { name: 'a', window: { from: '', to: '', zone: 'UTC' }, allowed: '10', days };

  it('has days that may have been worse', () => {
    expect(days.map((item) => unsureOfDay(item))).toEqual([2n, 0n, 0n]);
  });

  it('is a line, a band of the unknown and a cone of the forecast', () => {
    const rows = budgetRows(budget);
    const box = { width: 300, height: 116 };
    const guess = { bad: 6n, low: 5n, high: 10n };
    const drawn = burnDownOf(rows, { allowed: 10n, guess, untilSeconds: nowMs / 1_000, box });
    expect(drawn).toMatchObject({
      line: 'M0 8L100 48L150 48',
      band: 'M0 8L100 48L150 48L150 68L100 68L0 8Z',
      cone: 'M150 48L300 58L300 108Z',
      coneMiddle: 'M150 48L300 68',
      zeroY: 108,
      nowX: 150,
      dayXs: [0, 100, 200],
    });
  });

  it('has no band where all is known, no cone without a forecast, and goes below zero', () => {
    const known = budgetRows({ ...budget, days: [day(1, { bad: '12', lowBad: '12', spentTo: '12' })] });
    const drawn = burnDownOf(known, {
      allowed: 10n,
      guess: null,
      untilSeconds: nowMs / 1_000,
      box: { width: 100, height: 136 },
    });
    expect(drawn).toMatchObject({ line: 'M0 8L100 128', band: '', cone: '', zeroY: 108, nowX: null, least: -2n });
    expect(burnDownOf([], { allowed: 1n, guess: null, untilSeconds: 0, box: { width: 1, height: 1 } })).toBe(null);
  });

  it('draws no line over a day that nobody saw, and leaves the others room beside it', () => {
    const unseen = budgetRows({
      ...budget,
      days: [day(1, { lowBad: '86400', slots: { ...slots, expected: 86_400, observed: 0, unknown: 86_400 } })],
    });
    const box = { width: 100, height: 116 };
    const drawn = burnDownOf(unseen, { allowed: 10n, guess: null, untilSeconds: nowMs / 1_000, box });
    expect(drawn).toMatchObject({ line: 'M0 8M100 8', band: 'M0 8L100 8L100 108L0 8Z', zeroY: 58, least: -10n });
  });

  it('is said in one sentence', () => {
    expect(budgetSummary(budget, budgetRows(budget), 'availability')).toBe(
      'Budget of 10 bad seconds: 4 spent after 2 of 3 days, 6 left. Most on 2026-11-01: 4. 2 more may have been bad: unknown.',
    );
  });
});

it('what if is answered in words', () => {
  const side = (bad: string, allowed: string, verdict: 'met' | 'breached'): WhatIf['asIs'] => ({
    terms: { target: '0.9999', run: 5, lossRatioMax: '0.10' },
    figures: someFigures({
      ...{ high: { total: '100', bad }, verdict },
      budget: { allowed, spent: bad, remaining: `${BigInt(allowed) - BigInt(bad)}` },
    }),
  });
  const answer = {
    window: { from: '', to: '' },
    asIs: side('300', '2592', 'met'),
    whatIf: side('310', '259', 'breached'),
  };
  expect(whatIfSentences(answer, 'availability')).toEqual([
    'The verdict changes from met to breached.',
    '10 more seconds are bad.',
    '2,333 fewer are allowed.',
    '51 too many.',
  ]);
  expect(whatIfSentences({ ...answer, whatIf: answer.asIs }, 'availability')).toEqual([
    'The verdict stays: met.',
    'As many seconds are bad.',
    'As many are allowed.',
    '2,292 would be left.',
  ]);
  expect(sideText(answer.asIs)).toBe('99.99 %, loss above 10 %, n = 5');
});
