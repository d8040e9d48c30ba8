import { counter, host, kind, quality } from './kind-parts.ts';

/** Kinds of rows of the threads that decide whether a guest gets its packets. */

export const threadRoles = ['vcpu', 'emulator', 'vhost', 'pmd', 'other'] as const;
export type ThreadRole = (typeof threadRoles)[number];

/** How a kernel books interrupts. */
export const interruptBookings = ['unknown', 'timed', 'sampled'] as const;

export const stallKinds = ['involuntary', 'wakeup', 'mixed', 'waiting', 'stopped'] as const;

const thread = [
  { name: 'pid', type: 'UInt32', doc: 'Process.' },
  { name: 'tid', type: 'UInt32', doc: 'Thread.' },
  {
    name: 'startTicks',
    type: 'UInt64',
    doc: 'Start of the thread in clock ticks since boot: tells a reused tid apart.',
  },
  { name: 'role', type: 'Enum8', labels: threadRoles, doc: 'What the thread does.' },
  { name: 'owner', type: 'String', doc: 'Guest name, or DPDK file prefix, or process name.' },
  { name: 'name', type: 'String', doc: 'Thread name.' },
] as const;

/** What sampling tells of a thread over the row's slots; NULL: it was not sampled. */
function sampled<const N extends string>(name: N, doc: string) {
  return { name, type: 'Nullable(UInt64)', since: 2, doc: `${doc} NULL: not sampled over these slots.` } as const;
}

export const threadSlot = kind(
  'thread_slot',
  'A vCPU, emulator, vhost or PMD thread.',
  ['tid', 'startTicks'],
  [
    host,
    ...thread,
    { name: 'threadState', type: 'String', doc: 'Letter of /proc/PID/stat: R S D T t Z X I.' },
    { name: 'cpu', type: 'UInt16', doc: 'CPU it last ran on.' },
    ...quality,
    ...counter('runNs', 'Time on a CPU, ns.'),
    ...counter('runDelayNs', 'Time runnable but waiting for a CPU, ns: steal as the guest sees it.'),
    ...counter('timeslices', 'Times it was put on a CPU.'),
    sampled('voluntarySwitches', 'Times it left its CPU to sleep.'),
    sampled('involuntarySwitches', 'Times it was pushed off its CPU.'),
    sampled('delayInvoluntaryLowNs', 'Of run_delay_ns_inc at least so much came after involuntary switches, ns.'),
    sampled('delayInvoluntaryHighNs', 'At most so much, ns; the rest came after waking.'),
    sampled('stoppedNs', 'Stopped or traced (T, t) at least so long, ns: between samples that saw it.'),
    sampled('longestStallLowNs', 'The longest single stall that ended or goes on was at least so long, ns.'),
    sampled('longestStallHighNs', 'At most so long, ns.'),
    sampled('stalls', 'Stalls surely longer than 1 ms that ended, also those without a row in thread_stall.'),
    sampled('stallSamples', 'Samples taken.'),
  ],
);

export const threadStall = kind(
  'thread_stall',
  'A thread that would have run and did not, surely for more than 1 ms at a stretch, or was stopped. One that goes on has a row each second, which the row of its end holds again.',
  ['tid', 'startTicks', 'fromNs', 'stall'],
  [
    host,
    ...thread,
    { name: 'slot', type: "DateTime('UTC')", doc: 'Second in which it ended, or goes on.' },
    { name: 'fromNs', type: 'UInt64', doc: 'It lies wholly behind this instant, wall clock, ns since 1970,' },
    { name: 'toNs', type: 'UInt64', doc: 'and before this one.' },
    { name: 'lowNs', type: 'UInt64', doc: 'The longest single stall in it was at least so long, ns,' },
    { name: 'highNs', type: 'UInt64', doc: 'and at most so long, ns.' },
    { name: 'waits', type: 'UInt32', doc: 'Waits that ended in it; with 1 both bounds are the stall itself.' },
    {
      name: 'stall',
      type: 'Enum8',
      labels: stallKinds,
      doc: 'involuntary: pushed off its CPU; wakeup: woken and not put on one; mixed: nobody can tell; waiting: for a CPU, and has not run yet; stopped: by a signal or a tracer.',
    },
    { name: 'goesOn', type: 'UInt8', doc: '1: not over yet.' },
  ],
);

export const cpuSlot = kind(
  'cpu_slot',
  'What interrupts and the hypervisor took of a CPU that a polling thread runs on.',
  ['cpu'],
  [
    host,
    { name: 'cpu', type: 'UInt16', doc: 'CPU number.' },
    {
      name: 'interrupts',
      type: 'Enum8',
      labels: interruptBookings,
      doc: 'How the kernel books them: timed: each one; sampled: what the ticks of its clock hit, which is no measure of time; unknown: not seen yet.',
    },
    { name: 'resolutionNs', type: 'UInt64', doc: 'Times here are multiples of it, cut off, ns.' },
    ...quality,
    ...counter('irqNs', 'Time in interrupt handlers, ns.'),
    ...counter('softirqNs', 'Time in soft interrupts, those of ksoftirqd among them, ns.'),
    ...counter('stealNs', 'Time in which the hypervisor ran something else, where it tells, ns.'),
  ],
);
