import { counter, host, kind, optionalCounter, port, quality } from './kind-parts.ts';

/** Kinds of rows of datapaths in user space: Open vSwitch's, and those of any DPDK program. */

const datapath = {
  name: 'datapath',
  type: 'String',
  doc: 'netdev@ovs-netdev and the like; dpdk:PREFIX for a DPDK program.',
} as const;
const slot = { name: 'slot', type: "DateTime('UTC')", doc: 'Slot in which it was read.' } as const;
const core = { name: 'core', type: 'UInt16', doc: 'CPU the polling thread is bound to.' } as const;
const numa = { name: 'numa', type: 'UInt16', doc: 'NUMA node; 65535: not told.' } as const;

export const pmdSlot = kind(
  'pmd_slot',
  'A polling thread, over its own interval: what it did since its statistics were last read.',
  ['datapath', 'core'],
  [
    host,
    datapath,
    core,
    numa,
    { name: 'isolated', type: 'UInt8', doc: '1: only pinned queues are placed here.' },
    {
      name: 'busyPpm',
      type: 'Nullable(UInt64)',
      doc: 'Share of its cycles spent on queues and overhead over the last 5 s, millionths; NULL: not told yet.',
    },
    ...quality,
    ...optionalCounter('iterations', 'Polling rounds.'),
    ...optionalCounter('idleIterations', 'Rounds without a packet.'),
    ...optionalCounter('busyIterations', 'Rounds with packets.'),
    ...optionalCounter('sleepIterations', 'Rounds that asked for sleep.'),
    ...optionalCounter('sleepUs', 'Time asleep, microseconds.'),
    ...optionalCounter('usedCycles', 'TSC cycles used.'),
    ...optionalCounter('busyCycles', 'TSC cycles on packets, where the program counts them.'),
    ...optionalCounter('rxPackets', 'Packets received.'),
    ...optionalCounter('passes', 'Datapath passes: received and recirculated.'),
    ...optionalCounter('emcHits', 'Found in the exact-match cache.'),
    ...optionalCounter('smcHits', 'Found in the signature cache.'),
    ...optionalCounter('megaflowHits', 'Found by the classifier.'),
    ...optionalCounter('upcalls', 'Answered by the slow path.'),
    ...optionalCounter('lostUpcalls', 'Packets lost because the slow path did not answer.'),
    ...optionalCounter('txPackets', 'Packets handed to ports.'),
    ...optionalCounter('txBatches', 'Batches handed to ports.'),
  ],
);

export const rxqSlot = kind(
  'rxq_slot',
  'Which polling thread serves a receive queue, and how much of it the queue takes; every 5 s.',
  ['port', 'queue'],
  [
    host,
    datapath,
    port,
    { name: 'queue', type: 'UInt16', doc: 'Queue number.' },
    slot,
    core,
    numa,
    { name: 'enabled', type: 'UInt8', doc: '1: polled.' },
    {
      name: 'usagePpm',
      type: 'Nullable(UInt64)',
      doc: "Share of the thread's cycles over the last 5 s, millionths; NULL: not told yet (NOT AVAIL).",
    },
  ],
);

export const mempoolSlot = kind(
  'mempool_slot',
  'A pool of packet buffers, every 5 s.',
  ['datapath', 'mempool'],
  [
    host,
    datapath,
    { name: 'mempool', type: 'String', doc: "The pool's name." },
    slot,
    { name: 'size', type: 'UInt64', doc: 'Buffers it was made for.' },
    { name: 'free', type: 'UInt64', doc: 'Buffers in the pool and in the caches of cores; read without a lock.' },
  ],
);

export const datapathSlot = kind(
  'datapath_slot',
  'The ledger of a datapath: what came in, went out and was lost, all from one reading.',
  ['datapath'],
  [
    host,
    datapath,
    ...quality,
    { name: 'ports', type: 'UInt32', doc: 'Ports in the sums; those of tunnels are not, their packets pass another.' },
    {
      name: 'unread',
      type: 'UInt32',
      doc: 'Ports without counters now: their guest is away. What is sent to them is in the residual until it is told as vhost_down.',
    },
    { name: 'flows', type: 'UInt32', doc: 'Flows installed.' },
    {
      name: 'inPackets',
      type: 'Nullable(UInt64)',
      doc: 'Packets its ports took in; NULL, with all sums here, where a port came, went or was reset.',
    },
    { name: 'outPackets', type: 'Nullable(UInt64)', doc: 'Packets its ports sent.' },
    {
      name: 'portDrops',
      type: 'Nullable(UInt64)',
      doc: 'Packets lost at its ports after they were taken in: not sent, or policed away.',
    },
    {
      name: 'residual',
      type: 'Nullable(Int64)',
      doc: 'In less out less port drops, as read: copies, drops inside, packets on their way, and the unexplained.',
    },
    {
      name: 'hold',
      type: 'UInt64',
      doc: 'Packets that its polling threads can have between their ports at the closing read: a batch of 32 a thread and output.',
    },
    ...counter('hits', 'Lookups that found a flow.'),
    ...counter('missed', 'Lookups that found none.'),
    ...counter('lost', 'Packets whose question for a flow was lost.'),
  ],
);

export const replicaSlot = kind(
  'replica_slot',
  'Copies that a datapath made of packets (flooding, mirrors), from the statistics of its flows; every 5 s.',
  ['datapath'],
  [
    host,
    datapath,
    ...quality,
    { name: 'flows', type: 'UInt32', doc: 'Flows with more than one output, or with none, that were counted.' },
    {
      name: 'uncertain',
      type: 'Nullable(UInt64)',
      doc: 'At most so many copies of these slots were not seen: flows that went between two readings. NULL: no bound.',
    },
    ...counter('copies', 'Packets sent beyond the first output of each.'),
    ...counter('consumed', 'Packets taken by the switch itself: no output, and no drop.'),
  ],
);
