import type {
  Budget,
  BudgetDay,
  Burn,
  Figures,
  MonthCalendar,
  Slo,
  SloDetail,
  Tenant,
  Verdict,
  WhatIf,
  WhatIfBody,
  WindowFigures,
} from '../../server/api/schema/slos.ts';
import type { Scenario } from './fixture-numbers.ts';
import { instant, total } from './fixture-span.ts';

/** Objectives that nobody was promised: what was bad on a day follows from the day alone, and all else from that. */

interface Promised {
  readonly name: string;
  readonly service: string;
  readonly tenant: string | null;
  readonly sli: Slo['sli'];
  readonly target: string;
  /** Allowed, of a million. */
  readonly allowedPpm: bigint;
  readonly state: Slo['state'];
  readonly ports: readonly string[];
  /** Packets a slot; an objective without traffic has none. */
  readonly rate: number;
  /** Seconds of a day that were lossy, that nobody knows, that are left out. */
  bad(day: number): number;
  unknown(day: number): number;
  excluded(day: number): number;
}

/** Of the zone of all tenants here, which knows no change of clocks. */
const zone = 'Asia/Ho_Chi_Minh';
const zoneSeconds = 7 * 3_600;
const daySeconds = 86_400;

const quiet = { bad: () => 0, unknown: () => 0, excluded: () => 0 };
const availability = { sli: 'availability', target: '0.9999', allowedPpm: 100n, rate: 1_000, ...quiet } as const;
const delivery = { ...availability, sli: 'packetDelivery' } as const;

const promised: readonly Promised[] = [
  {
    ...{ ...delivery, name: 'globex-delivery', service: 'globex-edge', tenant: 'globex', state: 'breached' },
    ports: ['vhu7be2044a-90'],
    bad: (day) => (day % 7 === 2 ? 190 : 3),
  },
  {
    ...{ ...availability, name: 'acme-availability', service: 'acme-voice', tenant: 'acme', state: 'burning' },
    ports: ['vhu3a91c0de-1f'],
    bad: (day) => [0, 0, 12, 0, 0, 31, 0, 2, 0, 0, 64, 0, 0, 5][day % 14] ?? 0,
    unknown: (day) => (day % 14 === 5 ? 43 : 0),
    excluded: (day) => (day % 14 === 6 ? 7_200 : 0),
  },
  {
    ...{ ...availability, name: 'initech-availability', service: 'initech-core', tenant: 'initech', state: 'atRisk' },
    ports: ['vhuc0ffee12-07'],
    bad: (day) => 6 + (day % 3),
  },
  {
    ...{ ...availability, name: 'umbrella-availability', service: 'umbrella-lab', tenant: 'umbrella', state: 'stale' },
    ports: ['vhu3a91c0de-1f', 'bond0'],
    unknown: (day) => (day % 5 === 1 ? 21 : 0),
  },
  {
    ...{ ...availability, name: 'hooli-availability', service: 'hooli-search', tenant: 'hooli', state: 'unproven' },
    ports: ['bond0'],
    unknown: (day) => (day % 4 === 0 ? 1_900 : 0),
  },
  {
    ...{ ...availability, name: 'acme-batch', service: 'acme-batch', tenant: 'acme', state: 'noTraffic' },
    ports: ['vhuc0ffee12-07'],
    rate: 0,
  },
  {
    ...{ ...delivery, name: 'acme-delivery', service: 'acme-voice', tenant: 'acme', state: 'kept' },
    ports: ['vhu3a91c0de-1f'],
    bad: (day) => (day % 6 === 3 ? 4 : 0),
    unknown: (day) => (day % 14 === 5 ? 43 : 0),
    excluded: (day) => (day % 14 === 6 ? daySeconds : 0),
  },
  {
    ...{ ...availability, name: 'transit-availability', service: 'transit', tenant: null, state: 'kept' },
    ports: ['bond0'],
    target: '0.999',
    allowedPpm: 1_000n,
    bad: (day) => (day % 9 === 4 ? 7 : 0),
  },
];

function promisedOf(scenario: Scenario): readonly Promised[] {
  if (scenario === 'empty') return [];
  if (scenario === 'many') {
    return Array.from({ length: 1_200 }, (_, i) => {
      const base = promised[Math.min(7, Math.floor(i / 150))] ?? promised[0];
      if (base === undefined) throw new Error('nothing is promised');
      return { ...base, name: `${base.name}-${i}` };
    });
  }
  return promised;
}

/** Begin and end of a month in the zone, unix seconds. */
function monthOf(month: string): { from: number; days: number } {
  const [year = 0, index = 1] = month.split('-').map(Number);
  const from = Date.UTC(year, index - 1, 1) / 1_000 - zoneSeconds;
  return { from, days: new Date(Date.UTC(year, index, 0)).getUTCDate() };
}

export function runningMonth(nowMs: number): string {
  return new Date(nowMs + zoneSeconds * 1_000).toISOString().slice(0, 7);
}

function daysOf(scenario: Scenario, slo: Promised, start: { from: number; days: number }, nowMs: number): BudgetDay[] {
  const now = Math.floor(nowMs / 1_000) - 2;
  let spent = 0;
  return Array.from({ length: start.days }, (_, day) => {
    const from = start.from + day * daySeconds;
    const passed = Math.max(0, Math.min(daySeconds, now - from));
    const known = scenario === 'noData' ? 0 : 1;
    const cut = (seconds: number) => Math.min(passed, seconds) * known;
    const excluded = cut(slo.excluded(day));
    const unknown = known === 0 ? passed : Math.min(passed - excluded, slo.unknown(day));
    const bad = Math.min(passed - excluded - unknown, cut(slo.bad(day)));
    const idle = slo.rate === 0 ? passed - unknown - excluded : 0;
    const each = slo.sli === 'availability' ? 1 : slo.rate;
    const judgedSeconds = passed - excluded - (slo.sli === 'availability' ? idle : unknown);
    spent += bad * each;
    const paths = slo.ports.length;
    return {
      day: new Date((from + zoneSeconds) * 1_000).toISOString().slice(0, 10),
      from: instant(from),
      to: instant(from + daySeconds),
      slots: {
        expected: passed * paths,
        observed: (passed - unknown - excluded - idle) * paths,
        bridged: 0,
        unknown: unknown * paths,
        excluded: excluded * paths,
        idle: idle * paths,
        suspect: 0,
      },
      bad: `${bad * each}`,
      lowBad: `${(bad + unknown) * each}`,
      total: `${judgedSeconds * each}`,
      spentTo: `${spent}`,
      isAhead: passed === 0,
    };
  });
}

function figuresOf(slo: Promised, days: readonly BudgetDay[]): Figures {
  const add = (pick: (day: BudgetDay) => string) => days.reduce((sum, day) => sum + BigInt(pick(day)), 0n);
  const slots = (key: keyof Figures['slots']) => total(days.map((day) => day.slots[key]));
  const bad = add((day) => day.bad);
  const low = add((day) => day.lowBad);
  const all = add((day) => day.total);
  const lowAll = slo.sli === 'availability' ? all : all + (low - bad);
  const allowed = (all * slo.allowedPpm) / 1_000_000n;
  return {
    slots: {
      ...{ expected: slots('expected'), observed: slots('observed'), bridged: slots('bridged') },
      ...{ unknown: slots('unknown'), excluded: slots('excluded'), idle: slots('idle'), suspect: slots('suspect') },
    },
    high: { total: `${all}`, bad: `${bad}` },
    low: { total: `${lowAll}`, bad: `${low}` },
    highLoss: slo.sli === 'availability' ? { hli: '3', chli: '1' } : null,
    budget: { allowed: `${allowed}`, spent: `${bad}`, remaining: `${allowed - bad}` },
    verdict: verdictOf({ bad, low, all, allowed, lowAllowed: (lowAll * slo.allowedPpm) / 1_000_000n }),
  };
}

/** Of all slots, those yet to come too; of packets only those that have passed. */
function wholeAllowed(slo: Promised, days: readonly BudgetDay[], now: number): bigint {
  const passed = days.reduce((sum, day) => sum + BigInt(day.total), 0n);
  return ((passed + aheadSlots(slo, days, now)) * slo.allowedPpm) / 1_000_000n;
}

function aheadSlots(slo: Promised, days: readonly BudgetDay[], now: number): bigint {
  const end = Date.parse(days.at(-1)?.to ?? '') / 1_000;
  return slo.sli === 'availability' ? BigInt(Math.max(0, end - now)) : 0n;
}

function verdictOf(sums: { bad: bigint; low: bigint; all: bigint; allowed: bigint; lowAllowed: bigint }): Verdict {
  if (sums.all === 0n) return sums.low > 0n ? 'undetermined' : 'noTraffic';
  if (sums.bad > sums.allowed) return 'breached';
  return sums.low <= sums.lowAllowed ? 'met' : 'undetermined';
}

function windowFigures(
  scenario: Scenario,
  slo: Promised,
  start: { from: number; days: number },
  nowMs: number,
): WindowFigures {
  const days = daysOf(scenario, slo, start, nowMs);
  const figures = figuresOf(slo, days);
  const now = Math.floor(nowMs / 1_000) - 2;
  const to = start.from + start.days * daySeconds;
  const elapsed = Math.max(0, Math.min(now, to) - start.from);
  const paths = slo.ports.length;
  const den = elapsed * paths - figures.slots.excluded;
  const num = figures.slots.observed + figures.slots.bridged + figures.slots.idle;
  const burns = slo.state === 'burning' || slo.state === 'atRisk';
  const goneSeconds = slo.state === 'burning' ? 4_380 : 123_200;
  const bad = BigInt(figures.high.bad);
  const allowed = wholeAllowed(slo, days, now);
  const guess = elapsed === 0 ? 0n : (bad * BigInt(start.days * daySeconds)) / BigInt(elapsed);
  const plain = { ...slo, excluded: () => 0 };
  return {
    window: { from: instant(start.from), to: instant(to), zone },
    until: { at: instant(start.from + elapsed), elapsed, remaining: to - start.from - elapsed },
    figures,
    withoutExclusions: figuresOf(slo, daysOf(scenario, plain, start, nowMs)),
    wholeBudget: slo.sli === 'availability' ? { allowed: `${allowed}`, remaining: `${allowed - bad}` } : null,
    coverage: { num, den, floor: '0.999', reached: num * 1_000 >= den * 999 },
    exhaustion: burns ? { seconds: `${goneSeconds}`, at: instant(now + goneSeconds) } : null,
    forecast:
      scenario === 'noData' || slo.rate === 0 || slo.sli === 'packetDelivery'
        ? null
        : {
            bad: `${guess}`,
            low: `${(guess * 6n) / 10n}`,
            high: `${(guess * 15n) / 10n}`,
            allowed: `${allowed}`,
            units: 312,
          },
  };
}

const tiers: readonly (readonly [tier: string, long: number, short: number, threshold: string])[] = [
  ['T0', 60, 10, '1000'],
  ['T1', 300, 30, '173'],
  ['T2', 3_600, 300, '14.4'],
  ['T3', 21_600, 1_800, '6'],
  ['T4', 259_200, 21_600, '1'],
];

function burnOf(scenario: Scenario, slo: Promised, nowMs: number): Burn[] {
  const frozen = scenario === 'noData' || slo.state === 'stale' || slo.rate === 0;
  return tiers.map(([tier, long, short, threshold], i) => {
    const fires = !frozen && ((slo.state === 'burning' && i >= 1 && i <= 3) || (slo.state === 'atRisk' && i === 4));
    const part = (seconds: number) => ({
      bad: fires ? `${Math.ceil((Number(threshold) * Number(slo.allowedPpm) * seconds) / 1_000_000)}` : '0',
      total: frozen ? '0' : `${seconds}`,
      seconds,
    });
    return {
      ...{ tier, threshold, at: instant(Math.floor(nowMs / 1_000) - 2), long: part(long), short: part(short) },
      state: frozen ? 'frozen' : fires ? 'firing' : 'quiet',
    };
  });
}

function sloOf(scenario: Scenario, slo: Promised, nowMs: number): Slo {
  const now = Math.floor(nowMs / 1_000) - 2;
  const isStale = slo.state === 'stale' || scenario === 'noData' || (scenario === 'stale' && slo.state === 'burning');
  return {
    ...{ name: slo.name, version: 2, validFrom: '2026-03-01T00:00:00Z', service: slo.service, tenant: slo.tenant },
    ...{ sli: slo.sli, target: slo.target, ports: [...slo.ports] },
    lossRatioMax: slo.sli === 'availability' ? '0.10' : null,
    run: slo.sli === 'availability' ? 5 : null,
    state: isStale ? 'stale' : slo.state,
    stale: isStale ? { since: instant(now - 95), hosts: ['compute-01.zone-a'] } : null,
    calendar: windowFigures(scenario, slo, monthOf(runningMonth(nowMs)), nowMs),
    rolling: windowFigures(scenario, slo, { from: now - 30 * daySeconds, days: 30 }, nowMs),
    burn: burnOf(scenario, slo, nowMs),
  };
}

export function sloPage(scenario: Scenario, query: URLSearchParams, nowMs: number) {
  const [tenant, state] = [query.get('tenant'), query.get('state')];
  const found = promisedOf(scenario).filter(
    (slo) => (tenant === null || slo.tenant === tenant) && (state === null || slo.state === state),
  );
  const start = Number(query.get('cursor') ?? '0');
  const limit = Number(query.get('limit') ?? '200');
  return {
    items: found.slice(start, start + limit).map((slo) => sloOf(scenario, slo, nowMs)),
    nextCursor: start + limit < found.length ? `${start + limit}` : null,
  };
}

export function sloDetail(scenario: Scenario, name: string, nowMs: number): SloDetail | null {
  const slo = promisedOf(scenario).find((item) => item.name === name);
  if (slo === undefined) return null;
  const version = (number: number, from: string, to: string | null, target: string) => ({
    ...{ version: number, from, to, target, openslo: opensloOf(slo, target) },
    sha256: `${number}c1f0a7d3e5b2946`.repeat(4),
    witness: 'slo apply by anna',
    recordedAt: from,
  });
  return {
    ...sloOf(scenario, slo, nowMs),
    versions: [
      version(2, '2026-03-01T00:00:00Z', null, slo.target),
      version(1, '2025-11-01T00:00:00Z', '2026-03-01T00:00:00Z', '0.999'),
    ],
  };
}

function opensloOf({ name, service, sli, ports }: Promised, target: string): string {
  return `apiVersion: openslo/v1
kind: SLO
metadata: { name: ${name} }
spec:
  service: ${service}
  indicator:
    metadata: { name: ${sli} }
    spec: { thresholdMetric: { metricSource: { type: fournines, spec: { sli: ${sli}, ports: [${ports.join(', ')}] } } } }
  objectives: [{ target: ${target} }]
`;
}

export function budget(scenario: Scenario, name: string, month: string | null, nowMs: number): Budget | null {
  const slo = promisedOf(scenario).find((item) => item.name === name);
  return slo === undefined ? null : budgetOf(scenario, slo, month ?? runningMonth(nowMs), nowMs);
}

function budgetOf(scenario: Scenario, slo: Promised, month: string, nowMs: number): Budget {
  const start = monthOf(month);
  const days = daysOf(scenario, slo, start, nowMs);
  const window = { from: instant(start.from), to: instant(start.from + start.days * daySeconds), zone };
  const allowed = wholeAllowed(slo, days, Math.floor(nowMs / 1_000) - 2);
  return { name: slo.name, window, allowed: `${allowed}`, days };
}

export function tenants(scenario: Scenario): Tenant[] {
  const byTenant = Map.groupBy(promisedOf(scenario === 'many' ? 'normal' : scenario), ({ tenant }) => tenant);
  return [...byTenant].flatMap(([name, own]) => {
    if (name === null) return [];
    const services = Map.groupBy(own, ({ service }) => service);
    return {
      name,
      displayName: `${name[0]?.toUpperCase()}${name.slice(1)} Ltd`,
      zone,
      services: [...services].map(([service, slos]) => ({
        name: service,
        displayName: service,
        ports: [...new Set(slos.flatMap(({ ports }) => ports))],
      })),
      objectives: own.map((slo) => slo.name),
    };
  });
}

export function calendar(
  scenario: Scenario,
  tenant: string,
  month: string | null,
  nowMs: number,
): MonthCalendar | null {
  const shown = month ?? runningMonth(nowMs);
  const own = promisedOf(scenario).filter((slo) => slo.tenant === tenant);
  if (own.length === 0 && scenario !== 'empty') return null;
  return {
    ...{ tenant, zone, month: shown },
    objectives: own.map((slo) => {
      const days = budgetOf(scenario, slo, shown, nowMs);
      const figures = figuresOf(slo, days.days);
      const isRunning = shown >= runningMonth(nowMs);
      const isBroken = BigInt(figures.high.bad) > BigInt(days.allowed);
      const verdict = isRunning ? (isBroken ? 'breached' : 'undetermined') : figures.verdict;
      return { ...{ name: slo.name, sli: slo.sli, verdict, isRunning, figures }, budget: days };
    }),
  };
}

/** Half the run finds half as much again; another target allows another part. */
export function whatIf(name: string, body: WhatIfBody, nowMs: number): WhatIf | null {
  const slo = promised.find((item) => item.name === name);
  if (slo === undefined) return null;
  const now = Math.floor(nowMs / 1_000) - 2;
  const start = { from: now - body.days * daySeconds, days: body.days };
  const asIs = figuresOf(slo, daysOf('normal', slo, start, nowMs));
  const terms = {
    target: slo.target,
    run: slo.sli === 'availability' ? 5 : null,
    lossRatioMax: slo.sli === 'availability' ? '0.10' : null,
  };
  const digits = (body.target ?? slo.target).split('.')[1] ?? '';
  const allowedPpm = 1_000_000n - BigInt(digits.padEnd(6, '0').slice(0, 6));
  const other = { ...slo, allowedPpm, bad: (day: number) => Math.floor((slo.bad(day) * 5) / (body.run ?? 5)) };
  return {
    window: { from: instant(start.from), to: instant(now) },
    asIs: { terms, figures: asIs },
    whatIf: { terms: { ...terms, ...body }, figures: figuresOf(other, daysOf('normal', other, start, nowMs)) },
  };
}
