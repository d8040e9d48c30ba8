import { type Static, Type } from 'typebox';
import { Count, Instant } from './common.ts';

const CheckState = Type.Union([Type.Literal('ok'), Type.Literal('degraded'), Type.Literal('failed')]);

const Check = Type.Object({
  name: Type.String(),
  state: CheckState,
  reason: Type.String({ description: 'Empty when ok.' }),
});

/** Answered with 200 for as long as the process answers at all: what it says of itself is in `ready`. */
export const Live = Type.Object({ status: Type.Literal('ok'), version: Type.String(), startedAt: Instant });
export type Live = Static<typeof Live>;

/** Answered with 200 when `status` is ready, else 503. */
export const Ready = Type.Object({
  status: Type.Union(
    [Type.Literal('ready'), Type.Literal('starting'), Type.Literal('draining'), Type.Literal('away')],
    { description: 'ready: questions are answered. away: it serves, and its store has just died and is restarted.' },
  ),
  version: Type.String(),
  checks: Type.Array(Check),
});
export type Ready = Static<typeof Ready>;

/** Answered with 200 when `status` is ok or degraded, 503 when failed. */
export const Health = Type.Object({
  status: CheckState,
  version: Type.String(),
  startedAt: Instant,
  now: Instant,
  staleAfterMs: Type.Integer(),
  checks: Type.Array(Check),
  bus: Type.Union([Type.Object({ heldBytes: Type.Integer(), bytesMax: Type.Integer() }), Type.Null()], {
    description: 'What waits for the store in the bus of this process; null: the bus is outside of it.',
  }),
  collector: Type.Union(
    [
      Type.Object({
        ticks: Count,
        skipped: Count,
        refused: Count,
        spool: Type.Union([
          Type.Object({
            backlogTicks: Type.Integer(),
            backlogBytes: Type.Integer(),
            bytesMax: Type.Integer(),
            oldestAgeMs: Type.Integer(),
            lostTicks: Type.Integer(),
          }),
          Type.Null(),
        ]),
      }),
      Type.Null(),
    ],
    { description: 'The collector of this process, and what waits in its spool for the bus; null: there is none.' },
  ),
  ingest: Type.Object({ rows: Count, lagMs: Type.Union([Type.Integer(), Type.Null()]), deadLetters: Count }),
  store: Type.Object({ state: Type.String(), queued: Type.Integer() }),
});
export type Health = Static<typeof Health>;
