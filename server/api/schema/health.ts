import { type Static, Type } from 'typebox';
import { Count, Instant } from './common.ts';

const CheckState = Type.Union([Type.Literal('ok'), Type.Literal('degraded'), Type.Literal('failed')]);

/** Answered with 200 when `status` is ok or degraded, 503 when failed. */
export const Health = Type.Object({
  status: CheckState,
  version: Type.String(),
  startedAt: Instant,
  now: Instant,
  staleAfterMs: Type.Integer(),
  checks: Type.Array(
    Type.Object({ name: Type.String(), state: CheckState, reason: Type.String({ description: 'Empty when ok.' }) }),
  ),
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
