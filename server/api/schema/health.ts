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
  bus: Type.Object({ heldBytes: Type.Integer(), bytesMax: Type.Integer(), refused: Count }),
  ingest: Type.Object({ rows: Count, lagMs: Type.Union([Type.Integer(), Type.Null()]), deadLetters: Count }),
  store: Type.Object({ state: Type.String(), queued: Type.Integer() }),
});
export type Health = Static<typeof Health>;
