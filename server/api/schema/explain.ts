import { type Static, Type } from 'typebox';
import { Count, Coverage, Direction, Instant, Window } from './common.ts';

/** Packets by owner; they add up to all of them. */
export const Owners = Type.Object({ provider: Count, tenant: Count, contract: Count, unknown: Count });

const Judged = Type.Object({
  owners: Owners,
  rule: Type.String({ description: 'Id of the rule (docs/attribution.md); none: no rule speaks of the cause.' }),
  ruleVersion: Type.Integer(),
  missing: Type.Array(Type.String(), { description: 'What would have been needed for what stays unknown.' }),
  facts: Type.Record(Type.String(), Type.Union([Type.Number(), Type.String()])),
  story: Type.String({ description: 'The same as a sentence.' }),
});
export type Judged = Static<typeof Judged>;

const ExplainedRow = Type.Object({
  direction: Direction,
  cause: Type.String(),
  place: Type.String(),
  from: Instant,
  to: Instant,
  packets: Count,
  counters: Type.Array(Type.String(), {
    description: 'Counters that the cause is read from; with - before it: taken off.',
  }),
  told: Type.Union([Judged, Type.Null()], { description: 'null: nobody has said yet whose it is, so it is unknown.' }),
  revision: Type.Integer({ description: '1, and one more each time that readings came late; 0: none yet.' }),
  evidence: Type.String({ description: 'SHA-256 of the canonical JSON of `inputs`; empty: none yet.' }),
  inputs: Type.Unknown({ description: 'All that the rule knew.' }),
  replayed: Type.Union([Judged, Type.Null()], { description: 'By the version asked for; null: none was.' }),
});
export type ExplainedRow = Static<typeof ExplainedRow>;

/** What the rows do not tell of a direction of the port. */
export const ExplainedPath = Type.Object({
  direction: Direction,
  slots: Coverage,
  pending: Type.String({ pattern: '^[0-9]+$', description: 'Lost, and the cause has not been told yet.' }),
  unexplained: Type.String({ pattern: '^[0-9]+$', description: 'Lost, and no cause was told.' }),
});
export type ExplainedPath = Static<typeof ExplainedPath>;

/** Lost before anybody knew whose it was: at a wire or receive queue of the same datapath. */
export const FurtherUp = Type.Object({
  uplink: Type.String({ description: 'The port that lost them.' }),
  packets: Type.String({ pattern: '^[0-9]+$', description: 'From none to all of these may have been of this port.' }),
  unknownSeconds: Type.Integer({ description: 'Of these it does not say what it lost.' }),
  estimate: Type.Union([Count, Type.Null()], {
    description:
      'By rate, cut: an estimate that no verdict uses. null: the traffic of one of the seconds is not known.',
  }),
});
export type FurtherUp = Static<typeof FurtherUp>;

export const Explanation = Type.Object({
  host: Type.String(),
  port: Type.String(),
  window: Window,
  packets: Owners,
  paths: Type.Array(ExplainedPath, {
    description: 'Empty: nothing of the port was stored in the window, and nothing is known of it.',
  }),
  furtherUp: Type.Array(FurtherUp, { description: 'In none of the sums.' }),
  items: Type.Array(ExplainedRow),
  beside: Type.Array(
    Type.Object({
      ...ExplainedRow.properties,
      datapath: Type.String({ description: 'Whose row it is.' }),
      ports: Type.Array(Type.String(), {
        description: 'Ports without counters then: one of them, or several, got them.',
      }),
    }),
    {
      description:
        'Packets to guests that were away, which no port counts: told by the datapath, and in no sum of the port. The guest of this port was one that was away.',
    },
  ),
});
export type Explanation = Static<typeof Explanation>;
