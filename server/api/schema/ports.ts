import { type Static, Type } from 'typebox';
import { Completeness, Count, Coverage, Direction, Instant, page, Window } from './common.ts';

const CauseSum = Type.Object({
  cause: Type.String(),
  place: Type.String({ description: 'inside, outside, beside, filtered (no loss).' }),
  packets: Count,
});

/** One port and direction over a window: sums over observed and bridged slots that lie wholly inside it. */
export const PortSums = Type.Object({
  host: Type.String(),
  port: Type.String(),
  direction: Direction,
  countedIn: Type.String({ description: 'Port whose numbers already hold these; empty: counts by itself.' }),
  lastSlot: Instant,
  slots: Coverage,
  packets: Count,
  bytes: Count,
  offered: Count,
  delivered: Count,
  drops: Count,
  causes: Type.Array(CauseSum),
  pending: Type.String({
    pattern: '^[0-9]+$',
    description:
      'Drops whose cause the datapath has not told yet, or told for a time that lies partly outside the window; counted as unknown.',
  }),
  unexplained: Type.String({
    pattern: '^[0-9]+$',
    description: 'Drops that no cause explains, pending ones left out.',
  }),
});
export type PortSums = Static<typeof PortSums>;

export const PortPage = Type.Object({
  window: Window,
  ...Completeness,
  ...page(PortSums).properties,
});
export type PortPage = Static<typeof PortPage>;

const Values = Type.Array(Type.Union([Count, Type.Null()]));

/**
 * One port, both directions, stepped. `at[i]` is the unix second of the first slot of step i. A value is the sum over
 * the step, or null where any slot of the step is not observed: draw a gap. `bridged` lists gaps whose sum is known.
 * Drops of a cause are told once: in the step that holds all seconds of what was told, else as an interval.
 */
export const PortSeries = Type.Object({
  host: Type.String(),
  port: Type.String(),
  window: Window,
  stepSeconds: Type.Integer(),
  at: Type.Array(Type.Integer()),
  directions: Type.Array(
    Type.Object({
      direction: Direction,
      packets: Values,
      bytes: Values,
      drops: Values,
      causes: Type.Array(Type.Object({ cause: Type.String(), packets: Values })),
      causeIntervals: Type.Array(Type.Object({ cause: Type.String(), from: Instant, to: Instant, packets: Count }), {
        description: 'Causes told as one sum over more than one step: in no value of `causes`.',
      }),
      bridged: Type.Array(Type.Object({ from: Instant, to: Instant, packets: Count, bytes: Count, drops: Count })),
    }),
  ),
});
export type PortSeries = Static<typeof PortSeries>;

export const QueueSeries = Type.Object({
  host: Type.String(),
  port: Type.String(),
  window: Window,
  stepSeconds: Type.Integer(),
  at: Type.Array(Type.Integer()),
  queues: Type.Array(
    Type.Object({
      direction: Direction,
      queue: Type.Integer(),
      packets: Values,
      bytes: Values,
      drops: Values,
    }),
  ),
});
export type QueueSeries = Static<typeof QueueSeries>;

export const XstatPage = Type.Object({
  items: Type.Array(Type.Object({ name: Type.String(), value: Count, at: Instant })),
  nextCursor: Type.Union([Type.String(), Type.Null()]),
});
export type XstatPage = Static<typeof XstatPage>;

/** Causes of a port over a window as they were stored, and as the present map of counters makes them from raw ones. */
export const PortReplay = Type.Object({
  host: Type.String(),
  port: Type.String(),
  window: Window,
  mapVersion: Type.Integer({ description: 'Version of the map of counters that replayed.' }),
  by: Type.Union([Type.Literal('driver'), Type.Literal('ovs'), Type.Null()], {
    description: 'Rows of the map that apply: of a DPDK driver, of a port of OVS; null: none, nothing is replayed.',
  }),
  counters: Type.Array(
    Type.Object({
      name: Type.String(),
      increment: Count,
      whole: Type.Boolean({ description: 'False: part of the window is not known, and not in the increment.' }),
    }),
    {
      description: 'Raw counters that moved or are not known, by name.',
    },
  ),
  causes: Type.Array(
    Type.Object({
      direction: Direction,
      cause: Type.String(),
      place: Type.String(),
      stored: Count,
      replayed: Count,
      difference: Type.String({ pattern: '^-?[0-9]+$', description: 'replayed - stored' }),
      counters: Type.Array(Type.String(), {
        description: 'Names that were added, and with `-` before them taken off.',
      }),
    }),
  ),
});
export type PortReplay = Static<typeof PortReplay>;
