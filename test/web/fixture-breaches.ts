import type { Breach, BreachChange, BreachDetail } from '../../server/api/schema/breaches.ts';
import type { Slo } from '../../server/api/schema/slos.ts';
import type { Scenario } from './fixture-numbers.ts';
import { sloPage } from './fixture-slos.ts';
import { instant } from './fixture-span.ts';

/** Breaches of the fixture's objectives: one that goes on, one that is over, one that late rows took back, one that nobody can prove. */

interface Told {
  readonly id: string;
  readonly slo: string;
  readonly subject: Breach['subject'];
  /** States, with how many seconds ago each began, the first one first. */
  readonly course: readonly (readonly [state: BreachChange['state'], secondsAgo: number, reason: string])[];
  readonly goesOn: boolean;
  readonly tier: string | null;
  readonly acknowledgedBy: string | null;
}

export const openBreach = '01KB2Q7T5X-acme-availability';

const told: readonly Told[] = [
  {
    ...{ id: openBreach, slo: 'acme-availability', subject: 'burn', goesOn: true, tier: 'T1', acknowledgedBy: null },
    course: [
      ['risk', 1_260, 'T1 fires: 5 of 300 s and 3 of 30 s'],
      ['open', 1_080, 'T2 fires: 12 of 3,600 s'],
    ],
  },
  {
    ...{ id: '01KB1M0C2R-globex-delivery', slo: 'globex-delivery', subject: 'budget', goesOn: true, tier: null },
    acknowledgedBy: 'minh',
    course: [
      ['risk', 500_000, '90 % of the budget is gone'],
      ['open', 400_000, 'even the high reading is beyond what is allowed'],
    ],
  },
  {
    ...{
      id: '01KAZZ6QW1-hooli-availability',
      slo: 'hooli-availability',
      subject: 'unproven',
      goesOn: true,
      tier: null,
    },
    acknowledgedBy: null,
    course: [['risk', 260_000, '1,900 unknown seconds are more than the budget that is left']],
  },
  {
    ...{ id: '01KAX3F8BD-acme-availability', slo: 'acme-availability', subject: 'burn', goesOn: false, tier: null },
    acknowledgedBy: null,
    course: [
      ['risk', 700_000, 'T0 fires: 9 of 60 s and 4 of 10 s'],
      ['retracted', 690_000, 'late rows: 31 seconds that were unknown are good'],
    ],
  },
];

function figuresOf(slo: Slo) {
  const { calendar } = slo;
  if (calendar === null) throw new Error('the fixture judges every objective');
  return calendar;
}

function breachOf(
  scenario: Scenario,
  { id, slo: name, subject, course, goesOn, tier, acknowledgedBy }: Told,
  nowMs: number,
) {
  const now = Math.floor(nowMs / 1_000);
  const slo = sloPage(scenario === 'empty' ? 'normal' : scenario, new URLSearchParams(), nowMs).items.find(
    (item) => item.name === name,
  );
  if (slo === undefined) throw new Error(`no objective ${name}`);
  const first = course[0];
  const last = course.at(-1);
  if (first === undefined || last === undefined) throw new Error('a breach has changes');
  const breach: Breach = {
    ...{
      id,
      slo: name,
      sloVersion: slo.version,
      service: slo.service,
      tenant: slo.tenant,
      subject,
      tier,
      acknowledgedBy,
    },
    window: figuresOf(slo).window,
    openedAt: instant(now - first[1]),
    endedAt: goesOn ? null : instant(now - last[1]),
    state: last[0],
    budgetLevel: subject === 'budget' ? 100 : 75,
    causes:
      subject === 'unproven' || scenario === 'noData'
        ? [{ cause: 'unknown', host: '', port: '', packets: null, detail: 'Nothing stood out, or nothing was kept.' }]
        : [
            {
              ...{ cause: 'vhost_ring_full', host: 'compute-01.zone-a', port: 'vhu3a91c0de-1f', packets: '184467' },
              detail: "The guest's ring was full for 37 of 41 s; its vCPU 3 was held up for 310 ms in each.",
            },
            {
              ...{ cause: 'steal', host: 'compute-01.zone-a', port: 'vhu3a91c0de-1f', packets: null },
              detail: 'pmd-c04 lost 11 % of its time to another thread.',
            },
          ],
  };
  return { breach, slo };
}

export function breachPage(scenario: Scenario, query: URLSearchParams, nowMs: number) {
  const want = (name: string, value: string | null) => query.get(name) === null || query.get(name) === value;
  const items = (scenario === 'empty' || scenario === 'many' ? [] : told)
    .map((item) => breachOf(scenario, item, nowMs).breach)
    .filter(({ slo, tenant, state }) => want('slo', slo) && want('tenant', tenant) && want('state', state))
    .filter(({ endedAt }) => query.get('open') !== 'true' || endedAt === null);
  return { items, nextCursor: null };
}

export function breachDetail(scenario: Scenario, id: string, nowMs: number): BreachDetail | null {
  const found = told.find((item) => item.id === id);
  if (found === undefined || scenario === 'empty') return null;
  const { breach, slo } = breachOf(scenario, found, nowMs);
  const now = Math.floor(nowMs / 1_000);
  const hash = (entry: number) => `${entry}9f2ab04c7d1e6835`.repeat(4).slice(0, 64);
  return {
    ...breach,
    changes: found.course.map(([state, secondsAgo, reason], i) => ({
      ...{ entry: i + 1, at: instant(now - secondsAgo), state, reason },
      acknowledgedBy: i === found.course.length - 1 ? found.acknowledgedBy : null,
      tier: found.subject === 'burn' ? 'T1' : null,
      budgetLevel: breach.budgetLevel,
      figures: figuresOf(slo).figures,
      burn: slo.burn,
      engine: '0.1.0',
      watermark: instant(now - secondsAgo - 4),
      evidence: i === 0 && found.subject === 'burn' ? null : { sha256: hash(i + 40), bytes: 48_211, lines: 612 },
      previous: i === 0 ? null : hash(i),
      sha256: hash(i + 1),
    })),
    chain: scenario === 'gap' ? 'broken' : 'holds',
    command: `fournines evaluate --slo slo.yaml --slots slots.ndjson --exclusions exclusions.yaml --at ${instant(now - 1_080)} --json`,
  };
}
