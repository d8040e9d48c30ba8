import { type Static, Type } from 'typebox';
import { Count, Instant, page, Window } from './common.ts';

const Signed = Type.String({ pattern: '^-?[0-9]+$', description: 'Integer as decimal digits; may be negative.' });
const Name = Type.String({ minLength: 1, maxLength: 255 });
const Reading = Type.Object({ total: Count, bad: Count });

export const Verdict = Type.Union([
  Type.Literal('met'),
  Type.Literal('breached'),
  Type.Literal('undetermined'),
  Type.Literal('noTraffic'),
]);
export type Verdict = Static<typeof Verdict>;

const WindowSlots = Type.Object({
  expected: Type.Integer(),
  observed: Type.Integer(),
  bridged: Type.Integer(),
  unknown: Type.Integer({ description: 'Suspect ones and those yet to come included.' }),
  excluded: Type.Integer(),
  idle: Type.Integer(),
  suspect: Type.Integer(),
});
export type WindowSlots = Static<typeof WindowSlots>;

/** The integers of a window, as `fournines evaluate` prints them. */
export const Figures = Type.Object({
  slots: WindowSlots,
  high: Reading,
  low: Reading,
  highLoss: Type.Union([Type.Object({ hli: Count, chli: Count }), Type.Null()]),
  budget: Type.Object({ allowed: Count, spent: Count, remaining: Signed }),
  verdict: Verdict,
});
export type Figures = Static<typeof Figures>;

export const WindowFigures = Type.Object({
  window: Type.Object({ from: Instant, to: Instant, zone: Type.String() }),
  until: Type.Object({
    at: Instant,
    elapsed: Type.Integer({ description: 'Seconds of the window that have passed and are in the figures.' }),
    remaining: Type.Integer({ description: 'Seconds yet to come.' }),
  }),
  figures: Figures,
  withoutExclusions: Figures,
  wholeBudget: Type.Union([Type.Object({ allowed: Count, remaining: Signed }), Type.Null()], {
    description:
      'Of the whole window, as if all that is yet to come or unknown were in service; for slots only: nobody knows the traffic to come (null).',
  }),
  coverage: Type.Object({
    num: Type.Integer({ description: 'Slots observed, bridged or idle.' }),
    den: Type.Integer({ description: 'Slots that have passed and are not excluded.' }),
    floor: Type.String(),
    reached: Type.Boolean({ description: 'False: nothing is called proven.' }),
  }),
  exhaustion: Type.Union([Type.Object({ seconds: Count, at: Instant }), Type.Null()], {
    description: 'When the budget is gone at the pace of the last hour; null: nothing burns.',
  }),
  forecast: Type.Union(
    [
      Type.Object({
        bad: Count,
        low: Count,
        high: Count,
        allowed: Count,
        units: Type.Integer({ description: 'Days that it rests on.' }),
      }),
      Type.Null(),
    ],
    {
      description:
        'Bad ones at the end of the window with a 95 % interval: an estimate, never a verdict. null: too little is known.',
    },
  ),
});
export type WindowFigures = Static<typeof WindowFigures>;

const BurnPart = Type.Object({ bad: Count, total: Count, seconds: Type.Integer() });
export const Burn = Type.Object({
  tier: Type.String(),
  at: Instant,
  long: BurnPart,
  short: BurnPart,
  threshold: Type.String(),
  state: Type.Union([Type.Literal('firing'), Type.Literal('frozen'), Type.Literal('quiet')]),
});
export type Burn = Static<typeof Burn>;

const Sli = Type.Union([Type.Literal('packetDelivery'), Type.Literal('availability'), Type.Literal('cleanSlots')]);

/** The worst first: what a list is sorted by. */
export const sloStates = ['breached', 'burning', 'atRisk', 'stale', 'unproven', 'noTraffic', 'kept'] as const;

export const Slo = Type.Object({
  name: Type.String(),
  version: Type.Integer(),
  validFrom: Instant,
  service: Type.String(),
  tenant: Type.Union([Type.String(), Type.Null()]),
  sli: Sli,
  target: Type.String({ description: 'The decimal as it was written.' }),
  lossRatioMax: Type.Union([Type.String(), Type.Null()]),
  run: Type.Union([Type.Integer(), Type.Null()]),
  ports: Type.Array(Type.String()),
  state: Type.Enum(sloStates),
  stale: Type.Union([Type.Object({ since: Instant, hosts: Type.Array(Type.String()) }), Type.Null()]),
  calendar: Type.Union([WindowFigures, Type.Null()], { description: 'null: not judged yet.' }),
  rolling: Type.Union([WindowFigures, Type.Null()]),
  burn: Type.Array(Burn),
});
export type Slo = Static<typeof Slo>;
export const SloPage = page(Slo);
export type SloPage = Static<typeof SloPage>;

const SloVersion = Type.Object({
  version: Type.Integer(),
  from: Instant,
  to: Type.Union([Instant, Type.Null()]),
  target: Type.String(),
  openslo: Type.String(),
  sha256: Type.String(),
  witness: Type.String(),
  recordedAt: Instant,
});
export const SloDetail = Type.Object({ ...Slo.properties, versions: Type.Array(SloVersion) });
export type SloDetail = Static<typeof SloDetail>;

/** One local day of a window. Its verdict is not that of the window: no promise is made for a day. */
export const BudgetDay = Type.Object({
  day: Type.String({ description: 'YYYY-MM-DD in the zone of the window.' }),
  from: Instant,
  to: Instant,
  slots: WindowSlots,
  bad: Count,
  lowBad: Count,
  total: Count,
  spentTo: Count,
  /** Whether it lies in the future. */
  isAhead: Type.Boolean(),
});
export type BudgetDay = Static<typeof BudgetDay>;
export const Budget = Type.Object({
  name: Type.String(),
  window: Type.Object({ from: Instant, to: Instant, zone: Type.String() }),
  allowed: Count,
  days: Type.Array(BudgetDay),
});
export type Budget = Static<typeof Budget>;

export const Tenant = Type.Object({
  name: Type.String(),
  displayName: Type.String(),
  zone: Type.String(),
  services: Type.Array(
    Type.Object({ name: Type.String(), displayName: Type.String(), ports: Type.Array(Type.String()) }),
  ),
  objectives: Type.Array(Type.String()),
});
export type Tenant = Static<typeof Tenant>;
export const TenantPage = page(Tenant);
export type TenantPage = Static<typeof TenantPage>;

export const MonthCalendar = Type.Object({
  tenant: Type.String(),
  month: Type.String({ description: 'YYYY-MM in the zone of the tenant.' }),
  zone: Type.String(),
  objectives: Type.Array(
    Type.Object({
      name: Type.String(),
      sli: Sli,
      verdict: Verdict,
      isRunning: Type.Boolean(),
      budget: Budget,
      figures: Figures,
    }),
  ),
});
export type MonthCalendar = Static<typeof MonthCalendar>;

export const WhatIfBody = Type.Object(
  {
    target: Type.Optional(Type.String({ maxLength: 40 })),
    run: Type.Optional(Type.Integer({ minimum: 1, maximum: 3600 })),
    lossRatioMax: Type.Optional(Type.String({ maxLength: 40 })),
    days: Type.Integer({ minimum: 1, maximum: 31, default: 30 }),
  },
  { additionalProperties: false },
);
export type WhatIfBody = Static<typeof WhatIfBody>;
const Terms = Type.Object({
  target: Type.String(),
  run: Type.Union([Type.Integer(), Type.Null()]),
  lossRatioMax: Type.Union([Type.String(), Type.Null()]),
});
export const WhatIf = Type.Object({
  window: Window,
  asIs: Type.Object({ terms: Terms, figures: Figures }),
  whatIf: Type.Object({ terms: Terms, figures: Figures }),
});
export type WhatIf = Static<typeof WhatIf>;

export { Name as SloName };
