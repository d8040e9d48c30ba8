import { type Static, Type } from 'typebox';
import { breachStates, breachSubjects } from '../../breach/breach.ts';
import { Count, Instant, page } from './common.ts';
import { Burn, Figures } from './slos.ts';

/** What ran beside it, the likeliest first; `unknown` where nothing stood out or nothing was kept. */
export const LikelyCause = Type.Object({
  cause: Type.String(),
  host: Type.String(),
  port: Type.String(),
  packets: Type.Union([Count, Type.Null()], {
    description: 'Lost by this cause meanwhile; null: it does not count packets.',
  }),
  detail: Type.String(),
  owners: Type.Optional(
    Type.Object(
      { provider: Count, tenant: Count, contract: Count, unknown: Count },
      {
        description:
          'Whose these packets were, as far as rules had said so when the change was written; they add up to them. Absent: no packets are counted, or the change is older than this.',
      },
    ),
  ),
});
export type LikelyCause = Static<typeof LikelyCause>;

export const BreachChange = Type.Object({
  entry: Type.Integer({ description: 'Number in the chain of all changes of this breach, from 1.' }),
  at: Instant,
  state: Type.Enum(breachStates),
  acknowledgedBy: Type.Union([Type.String(), Type.Null()]),
  reason: Type.String(),
  tier: Type.Union([Type.String(), Type.Null()], { description: 'The fastest tier that fires; null: none.' }),
  budgetLevel: Type.Union([Type.Integer(), Type.Null()]),
  figures: Figures,
  burn: Type.Array(Burn),
  engine: Type.String({ description: 'Version of the rules that gave the figures.' }),
  watermark: Type.Union([Instant, Type.Null()]),
  evidence: Type.Union(
    [Type.Object({ sha256: Type.String(), bytes: Type.Integer(), lines: Type.Integer() }), Type.Null()],
    {
      description: 'The bundle that reproduces it; null: none was made (reason says why).',
    },
  ),
  previous: Type.Union([Type.String(), Type.Null()], { description: 'Hash of the change before; null: the first.' }),
  sha256: Type.String(),
});
export type BreachChange = Static<typeof BreachChange>;

export const Breach = Type.Object({
  id: Type.String(),
  slo: Type.String(),
  sloVersion: Type.Integer(),
  service: Type.String(),
  tenant: Type.Union([Type.String(), Type.Null()]),
  subject: Type.Enum(breachSubjects),
  window: Type.Object({ from: Instant, to: Instant, zone: Type.String() }),
  openedAt: Instant,
  endedAt: Type.Union([Instant, Type.Null()], { description: 'null: it goes on.' }),
  state: BreachChange.properties.state,
  tier: BreachChange.properties.tier,
  budgetLevel: BreachChange.properties.budgetLevel,
  acknowledgedBy: BreachChange.properties.acknowledgedBy,
  causes: Type.Array(LikelyCause),
});
export type Breach = Static<typeof Breach>;
export const BreachPage = page(Breach);
export type BreachPage = Static<typeof BreachPage>;

export const BreachDetail = Type.Object({
  ...Breach.properties,
  changes: Type.Array(BreachChange),
  chain: Type.Union([Type.Literal('holds'), Type.Literal('broken')], {
    description: 'Whether the hashes of all changes fit together.',
  }),
  command: Type.String({ description: 'What reproduces the last figures from its bundle.' }),
});
export type BreachDetail = Static<typeof BreachDetail>;
