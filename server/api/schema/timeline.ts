import { type Static, Type } from 'typebox';
import { Count, Direction, Instant } from './common.ts';
import { ExplainedPath } from './explain.ts';
import { PortSeries } from './ports.ts';

/** The rings of one direction, all queues together unless one was asked for. */
const RingSteps = Type.Object({
  direction: Direction,
  queues: Type.Array(Type.Integer(), { description: 'Sampled anywhere in the window.' }),
  size: Type.Integer({ description: 'Descriptors of the largest of these rings.' }),
  known: Type.Array(Type.Integer(), {
    description: 'Seconds of rings that were sampled in the step; of a step that is known whole, its seconds x queues.',
  }),
  missed: Type.Array(Type.Integer(), { description: 'Samples that were due in those seconds and not taken.' }),
  fills: Type.Array(Type.Union([Type.Array(Type.Integer(), { minItems: 10, maxItems: 10 }), Type.Null()]), {
    description:
      'Samples by fill: [0] empty, [1] to [8] up to so many eighths of the size, [9] full. Steps longer than a second: added up. null: not sampled.',
  }),
  fullNs: Type.Array(Type.Union([Count, Type.Null()]), {
    description:
      'Time full, of the queue that was full longest in the step; at least, where the step is not known whole.',
  }),
  runNs: Type.Array(Type.Union([Count, Type.Null()]), {
    description: 'The longest stretch that a queue was full, cut at the ends of seconds.',
  }),
});

/** Threads that may keep packets of the port waiting, together. */
const StallSteps = Type.Object({
  of: Type.Union([Type.Literal('guest'), Type.Literal('pmd')], {
    description: 'guest: all sampled threads of the guest; pmd: the threads that poll queues of the port.',
  }),
  threads: Type.Array(
    Type.Object({ pid: Type.Integer(), tid: Type.Integer(), owner: Type.String(), name: Type.String() }),
  ),
  lowNs: Type.Array(Type.Union([Count, Type.Null()]), {
    description: 'The longest single stall in the step was at least so long; null: none of them was sampled.',
  }),
  highNs: Type.Array(Type.Union([Count, Type.Null()]), {
    description: 'At most; null: one of them was not sampled in all of the step.',
  }),
});

const PmdSteps = Type.Object({
  datapath: Type.String(),
  core: Type.Integer(),
  queues: Type.Array(Type.Integer(), { description: 'Receive queues of the port that it polled in the window.' }),
  busyPpm: Type.Array(Type.Union([Count, Type.Null()]), {
    description:
      'What the thread says of its own cycles over its last five seconds, millionths; the greatest of a step. null: not told.',
  }),
});

/** Lost packets of a stretch of time by owner; its seconds share them in a way that nobody knows. */
const OwnedStretch = Type.Object({
  direction: Direction,
  from: Instant,
  to: Instant,
  provider: Count,
  tenant: Count,
  contract: Count,
  unknown: Count,
});

/**
 * Everything about a port on one axis of time. Counters as the series have them; every list with an entry a step has as many
 * as `at`. Steps longer than a second add packets and samples up, and take the greatest of times and shares.
 */
export const PortTimeline = Type.Object({
  ...PortSeries.properties,
  guest: Type.Union([Type.String(), Type.Null()], { description: 'Who is behind the port; null: nobody told.' }),
  paths: Type.Array(ExplainedPath, { description: 'How well each direction is known, and what no row tells of it.' }),
  owned: Type.Array(OwnedStretch, {
    description: 'Rows of drops by owner; those that reach beyond the window are whole. Not attributed yet: unknown.',
  }),
  rings: Type.Array(RingSteps, { description: 'Empty: no ring was sampled in the window, which is not empty rings.' }),
  stalls: Type.Array(StallSteps),
  pmds: Type.Array(PmdSteps, { description: 'Empty: nobody told which threads poll the port.' }),
});
export type PortTimeline = Static<typeof PortTimeline>;
