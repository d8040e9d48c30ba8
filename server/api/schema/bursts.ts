import { type Static, Type } from 'typebox';
import { Count, Direction, Instant, Window } from './common.ts';

const Share = Type.Object({ lost: Count, offered: Count });
const Ns = Type.String({ pattern: '^[0-9]+$', description: 'ns since 1970.' });

/** A loss period (RFC 3357) in seconds: seconds that lost, those joined that have at most three between them. */
const LossBurst = Type.Object({
  from: Instant,
  to: Instant,
  seconds: Type.Integer({ description: 'From its first second that lost to its last.' }),
  secondsMax: Type.Integer({
    description:
      'As long as it may have been, together with others, if all that nobody knows in and beside it was lost.',
  }),
  unknownSeconds: Type.Integer({ description: 'Of its seconds those not known; then `lost` is at least so many.' }),
  lost: Type.String({ pattern: '^[0-9]+$', description: "All lost packets, whoever's they are." }),
  peak: Type.Object(Share.properties, { description: 'Of its worst second.' }),
  mean: Type.Object(Share.properties, { description: 'Of all its seconds that are known.' }),
  sinceSeconds: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Since the end of the burst before; null: none before it in the window.',
  }),
  sinceIsCertain: Type.Boolean({ description: 'False: not known seconds lie between, and it is at most so far.' }),
  severe: Type.Boolean({ description: 'A second above 1 %, or more than 10,000 packets.' }),
});
export type LossBurst = Static<typeof LossBurst>;

/** A time in which rings of a direction were full; bounds, because a sample a millisecond does not place them better. */
const FullPeriod = Type.Object({
  direction: Direction,
  queues: Type.Array(Type.Integer()),
  earliestNs: Ns,
  fromNs: Ns,
  toNs: Ns,
  latestNs: Ns,
  lost: Type.Union(
    [
      Type.Object({
        low: Count,
        high: Type.Union([Count, Type.Null()], { description: 'null: seconds that touch it are not known.' }),
      }),
      Type.Null(),
    ],
    {
      description:
        'Lost by the port to the guest in that time, whatever the cause: bounds. null: fromGuest, where full is back-pressure and no loss.',
    },
  ),
});
export type FullPeriod = Static<typeof FullPeriod>;

export const PortBursts = Type.Object({
  host: Type.String(),
  port: Type.String(),
  window: Window,
  directions: Type.Array(
    Type.Object({
      direction: Direction,
      bursts: Type.Array(LossBurst),
      unplaced: Type.String({
        pattern: '^[0-9]+$',
        description: 'Lost in gaps of which only the sum is known: in no burst.',
      }),
      lossySeconds: Type.Object({
        least: Type.Integer({ description: 'Seconds in bursts.' }),
        most: Type.Integer({ description: 'If every second that nobody knows lost something.' }),
        of: Type.Integer(),
      }),
    }),
  ),
  full: Type.Array(FullPeriod, {
    description: 'In order of time. Of full times under a millisecond there are no rows.',
  }),
  more: Type.Boolean({ description: 'There are more of them; the earliest are told.' }),
});
export type PortBursts = Static<typeof PortBursts>;
