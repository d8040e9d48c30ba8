import { type Static, Type } from 'typebox';
import { Count, Instant, page } from './common.ts';

const HostState = Type.Union([Type.Literal('live'), Type.Literal('stale')], {
  description: 'stale: no tick for more than staleAfterMs (health).',
});

export const Host = Type.Object({
  host: Type.String(),
  state: HostState,
  bootId: Type.String(),
  lastSlot: Instant,
  lagMs: Type.Integer({ description: 'Now less the end of the last slot.' }),
  storedTo: Type.Union([Instant, Type.Null()], { description: 'Its slots before this instant are in the store.' }),
  lagSeconds: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Event time from there to the end of the last slot it has told; null: nobody knows.',
  }),
  silentSince: Type.Union([Instant, Type.Null()], { description: 'End of its last slot, where it is stale.' }),
  ports: Type.Integer({ description: 'Ports seen in the live window.' }),
  packetsPerSecond: Type.Object(
    { rx: Type.Union([Count, Type.Null()]), tx: Type.Union([Count, Type.Null()]) },
    {
      description: 'Of the last slot, ports that count by themselves; null: unknown.',
    },
  ),
  dropsPerSecond: Type.Union([Count, Type.Null()]),
});
export type Host = Static<typeof Host>;
export const HostPage = page(Host);
export type HostPage = Static<typeof HostPage>;

export const Fact = Type.Object({ name: Type.String(), value: Type.String(), witness: Type.String(), at: Instant });
export type Fact = Static<typeof Fact>;

const SourceStatus = Type.Object({
  source: Type.String(),
  state: Type.String({ description: 'ok, failed, timeout, disabled, absent.' }),
  durationNs: Count,
  rows: Type.Integer(),
  errors: Count,
  code: Type.String(),
});

export const HostDetail = Type.Object({
  host: Host,
  facts: Type.Array(Fact),
  sources: Type.Array(SourceStatus),
  collector: Type.Object({
    cpuNs: Count,
    rssBytes: Count,
    gatherNs: Count,
    skipped: Type.Integer(),
  }),
});
export type HostDetail = Static<typeof HostDetail>;

/**
 * Series: `at[i]` is the unix second of the first slot of step i. A value is null where the step is not known whole:
 * draw a gap. Sums over the step, as decimal digits.
 */
const Values = Type.Array(Type.Union([Count, Type.Null()]));

const Thread = Type.Object({
  pid: Type.Integer(),
  tid: Type.Integer(),
  role: Type.String(),
  owner: Type.String(),
  name: Type.String(),
  threadState: Type.String(),
  cpu: Type.Integer(),
  runNs: Values,
  runDelayNs: Values,
  involuntarySwitches: Values,
  delayInvoluntaryLowNs: Values,
  delayInvoluntaryHighNs: Values,
  stoppedNs: Values,
  longestStallLowNs: Values,
  longestStallHighNs: Values,
  stalls: Values,
});
export const ThreadSeries = Type.Object({
  from: Instant,
  to: Instant,
  stepSeconds: Type.Integer(),
  at: Type.Array(Type.Integer()),
  threads: Type.Array(Thread),
});
export type ThreadSeries = Static<typeof ThreadSeries>;

const Stall = Type.Object({
  pid: Type.Integer(),
  tid: Type.Integer(),
  startTicks: Count,
  role: Type.String(),
  owner: Type.String(),
  name: Type.String(),
  at: Instant,
  fromNs: Count,
  toNs: Count,
  lowNs: Count,
  highNs: Count,
  waits: Type.Integer({ description: 'Waits that ended in it; with 1 both bounds are the stall itself.' }),
  stall: Type.String({ description: 'involuntary, wakeup, mixed, waiting, stopped.' }),
  goesOn: Type.Boolean({ description: 'Not over yet in that second: the row of its end holds it again.' }),
});
export const StallList = Type.Object({
  from: Instant,
  to: Instant,
  stalls: Type.Array(Stall, {
    description:
      'Of the seconds of the window, as ordered. Each lies wholly within fromNs to toNs (wall clock, ns since 1970), and the longest single wait in it is between lowNs and highNs long.',
  }),
  more: Type.Boolean({ description: 'There are more than were asked for.' }),
});
export type StallList = Static<typeof StallList>;

export const SoftnetSeries = Type.Object({
  from: Instant,
  to: Instant,
  stepSeconds: Type.Integer(),
  at: Type.Array(Type.Integer()),
  cpus: Type.Array(Type.Object({ cpu: Type.Integer(), processed: Values, dropped: Values, timeSqueeze: Values })),
  pressure: Type.Array(Type.Object({ resource: Type.String(), share: Type.String(), totalUs: Values }), {
    description: 'PSI stall time per step, microseconds.',
  }),
});
export type SoftnetSeries = Static<typeof SoftnetSeries>;
