import { type Static, Type } from 'typebox';
import { Count, Direction } from './common.ts';

/**
 * GET /api/v1/stream?host=&port= : server-sent events. `id` names the server's run and the bus offset; with Last-Event-ID the server replays
 * what the live window still holds, else it sends `reset` first (fetch anew). A comment line every 15 s keeps the line.
 *
 * event: tick  data: TickEvent     one per host and tick
 * event: reset data: {}            the client missed something
 */
export const TickEvent = Type.Object({
  host: Type.String(),
  slot: Type.Integer({ description: 'Unix seconds of the slot the tick closed.' }),
  ports: Type.Array(
    Type.Object({
      port: Type.String(),
      direction: Direction,
      countedIn: Type.String(),
      slot: Type.Integer({ description: 'First slot of the row.' }),
      slots: Type.Integer(),
      state: Type.Union([Type.Literal('observed'), Type.Literal('bridged'), Type.Literal('unknown')]),
      suspect: Type.Boolean(),
      packets: Type.Union([Count, Type.Null()]),
      bytes: Type.Union([Count, Type.Null()]),
      drops: Type.Union([Count, Type.Null()]),
      causes: Type.Array(Type.Object({ cause: Type.String(), packets: Count })),
    }),
  ),
});
export type TickEvent = Static<typeof TickEvent>;
