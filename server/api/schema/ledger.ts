import { type Static, Type } from 'typebox';
import { Completeness, Count, Coverage, Direction, Instant, page, Window } from './common.ts';
import { Owners } from './explain.ts';

/** An integer that may be below zero, as decimal digits. */
const SignedCount = Type.String({ pattern: '^-?[0-9]+$', description: 'Integer as decimal digits, with its sign.' });

/**
 * balanced: nothing is left over. withinBound: what is left over can be on its way. unexplained: it cannot.
 * unsettled: causes or copies of the window's end have not been told yet. unknown: no slot of the window is known.
 */
export const LedgerState = Type.Union([
  Type.Literal('balanced'),
  Type.Literal('withinBound'),
  Type.Literal('unexplained'),
  Type.Literal('unsettled'),
  Type.Literal('unknown'),
]);
export type LedgerState = Static<typeof LedgerState>;

const CauseCount = Type.Object({ cause: Type.String(), packets: Count });

/** in = out + portDrops + inside drops + consumed - copies + residual, to the packet, over the known slots of the window. */
export const LedgerEntry = Type.Object({
  host: Type.String(),
  datapath: Type.String(),
  lastSlot: Instant,
  slots: Coverage,
  ports: Type.Integer({ description: 'Ports in the sums, in the last slot.' }),
  flows: Type.Integer({ description: 'Flows installed, in the last slot.' }),
  in: Count,
  out: Count,
  portDrops: Count,
  insideDrops: Type.Array(CauseCount, { description: 'Drops between ports, by cause; told every 5 s.' }),
  copies: Type.Union([Count, Type.Null()], { description: 'Packets sent beyond the first output; null: not known.' }),
  consumed: Type.Union([Count, Type.Null()], { description: 'Packets that the switch itself took; null: not known.' }),
  copiesUncertain: Type.Union([Count, Type.Null()], {
    description: 'At most so many copies were not seen (flows that went between two readings); null: no bound.',
  }),
  residual: SignedCount,
  residualRaw: Type.String({
    pattern: '^-?[0-9]+$',
    description: 'In less out less port drops, before inside drops, copies and consumed packets are taken off.',
  }),
  bound: Count,
  settledTo: Type.Union([Instant, Type.Null()], {
    description: 'Up to here inside drops and copies have been told; null: never.',
  }),
  state: LedgerState,
});
export type LedgerEntry = Static<typeof LedgerEntry>;

export const LedgerPage = Type.Object({
  window: Window,
  ...Completeness,
  ...page(LedgerEntry).properties,
});
export type LedgerPage = Static<typeof LedgerPage>;

/** A place on the way of a packet through the host, in that order, and what was lost there. */
export const JointName = Type.Union([
  Type.Literal('wire'),
  Type.Literal('rxq'),
  Type.Literal('pmd'),
  Type.Literal('port'),
  Type.Literal('ring'),
  Type.Literal('unknown'),
]);
export type JointName = Static<typeof JointName>;

const Joint = Type.Object({
  joint: JointName,
  passed: Type.Union([Count, Type.Null()], { description: 'Packets that got past here; null: nothing counts them.' }),
  lost: Count,
  owners: Owners,
  drops: Type.Array(
    Type.Object({
      port: Type.String({ description: "The datapath's name where the loss belongs to no port." }),
      direction: Direction,
      cause: Type.String(),
      packets: Count,
      owners: Owners,
    }),
    { description: 'Most packets first.' },
  ),
});

/** A port of the datapath, both directions over the window. */
const LedgerPort = Type.Object({
  port: Type.String(),
  type: Type.String({ description: 'dpdk, dpdkvhostuserclient, internal ...; empty: not told.' }),
  direction: Direction,
  counted: Type.Boolean({ description: 'Whether it is in the sums of the ledger.' }),
  slots: Coverage,
  packets: Count,
  drops: Count,
  causes: Type.Array(CauseCount),
  pending: Type.String({
    pattern: '^[0-9]+$',
    description: 'Drops since the causes were last told: counted as unknown until then.',
  }),
  unexplained: Type.String({ pattern: '^[0-9]+$', description: 'Drops that were told without a cause.' }),
});

const LedgerQueue = Type.Object({
  port: Type.String(),
  queue: Type.Integer(),
  core: Type.Integer(),
  numa: Type.Integer(),
  enabled: Type.Boolean(),
  usagePpm: Type.Union([Count, Type.Null()], { description: 'Null: not told (NOT AVAIL).' }),
});

/** What the kernel booked for the thread, of the seconds that are known; ns. */
const LedgerPmdThread = Type.Object({
  knownNs: Count,
  runNs: Type.String({ pattern: '^[0-9]+$', description: 'On a CPU, polling and working alike.' }),
  runDelayNs: Type.String({ pattern: '^[0-9]+$', description: 'Runnable, waiting for a CPU; waking up is in it too.' }),
});

const LedgerPmd = Type.Object({
  core: Type.Integer(),
  numa: Type.Integer(),
  isolated: Type.Boolean(),
  busyPpm: Type.Union([Count, Type.Null()]),
  rxPackets: Type.Union([Count, Type.Null()]),
  txPackets: Type.Union([Count, Type.Null()]),
  upcalls: Type.Union([Count, Type.Null()]),
  lostUpcalls: Type.Union([Count, Type.Null()]),
  usedCycles: Type.Union([Count, Type.Null()], {
    description: 'TSC cycles it polled with, rounds without a packet included; not those asleep.',
  }),
  busyCycles: Type.Union([Count, Type.Null()], {
    description:
      'TSC cycles on packets; null where the program does not count them (Open vSwitch prints a share only).',
  }),
  sleepUs: Type.Union([Count, Type.Null()], {
    description: 'Time it asked to sleep for, microseconds (pmd-maxsleep).',
  }),
  thread: Type.Union([LedgerPmdThread, Type.Null()], {
    description: 'Null: the kernel was not asked, or two threads claim it.',
  }),
});

const Values = Type.Array(Type.Union([SignedCount, Type.Null()]));

/** `at[i]` is the unix second of the first slot of step i; a value is null where a slot of the step is not known. */
const LedgerSeries = Type.Object({
  stepSeconds: Type.Integer(),
  at: Type.Array(Type.Integer()),
  in: Values,
  out: Values,
  portDrops: Values,
  residualRaw: Values,
  bound: Values,
});

export const LedgerDetail = Type.Object({
  window: Window,
  ...Completeness,
  entry: LedgerEntry,
  joints: Type.Array(Joint),
  ports: Type.Array(LedgerPort),
  pmds: Type.Array(LedgerPmd),
  queues: Type.Array(LedgerQueue),
  series: LedgerSeries,
});
export type LedgerDetail = Static<typeof LedgerDetail>;
