import { setTimeout as delay } from 'node:timers/promises';
import type { Cause } from '../../../core/catalogue/causes.ts';
import type { Direction } from '../../../core/catalogue/kind-parts.ts';
import type { JointName } from '../../../server/api/schema/ledger.ts';
import type { Owner } from '../../../server/attribution/evidence.ts';
import type { Lab } from '../../lab/lab.ts';
import {
  type Act,
  both,
  card,
  during,
  egressLimit,
  flood,
  ingressLimit,
  portDown,
  quiet,
  ringOf,
  sendInstead,
  setApart,
  smallFrames,
  takeCpu,
} from './acts.ts';

/** What must come out, fixed before anything is run. */
export interface Expected {
  /** Port of the rows that tell the loss. */
  readonly port: string;
  readonly direction: Direction;
  readonly joint: JointName;
  readonly cause: Cause;
  /** Nobody else may be charged; null: the evidence decides nothing here, so that all of it must stay unknown. */
  readonly owner: Exclude<Owner, 'unknown'> | null;
  /** At most this share of the lost packets may have no owner. */
  readonly unknownPercentMax: number;
  /** The switch may forget the cause of a part before it has told it: that part is lost at an unknown place, too. */
  readonly isTornOff?: true;
  /** Whether it comes to a loss at all is chance: none is as right, and more than so many packets are not. */
  readonly chanceOf?: number;
}

/** Whom a loss further up may have hit. It is told of that loss, and is charged for none of it. */
export interface Shared {
  readonly port: string;
  /** What it may lose besides, at its own ring: what had gathered comes at once. Nobody else's than these. */
  readonly joint: JointName;
  readonly cause: Cause;
}

/** Seconds of a path that no counter can tell of: they must be told as unknown, neither as nothing lost nor as anybody's. */
export interface Dark {
  readonly port: string;
  readonly direction: Direction;
  readonly secondsMin: number;
  /** Of the ledger: unknown as well, or it knows what came in and not where that went, and says so. */
  readonly ledger: 'unknown' | 'leftOver';
}

/** The sender finds its ring full: a time, never packets. */
export interface Pressure {
  /** A polling thread stood still for as long, ms. */
  readonly stallMsMin: number;
}

/** A fault on the way from one end to another, under load. */
export interface Scenario {
  readonly name: string;
  readonly say: string;
  /** null: no row may tell of a loss. */
  readonly expected: Expected | null;
  readonly shared?: Shared;
  readonly dark?: Dark;
  readonly pressure?: Pressure;
  /** The generators see both ends of it. */
  readonly isSeenByGenerators: boolean;
  /** The switch's own counter lives through it. */
  readonly isSeenByDatapath: boolean;
  /** vhu3 to vhu4 if not said; `wire`: the other end of the uplink; `card`: that of nic0; `vm1`: the virtual machine, which only takes. */
  readonly way?: { readonly from: string; readonly to: string };
  /** Packets a second, in bursts; 20,000 in bursts of 32 if not said. */
  readonly load?: { readonly pps: number; readonly burst: number };
  /** Before the load begins. */
  readonly prepare?: Act;
  /** Under load, from beginning to end. */
  readonly fault: (lab: Lab) => Promise<void>;
}

const everybody = { isSeenByGenerators: true, isSeenByDatapath: true } as const;
const guestRing = { port: 'vhu4', direction: 'toGuest', joint: 'ring', cause: 'vhost_ring_full' } as const;
const toGuest = { port: 'vhu4', direction: 'toGuest' } as const;
const nobody = { owner: null, unknownPercentMax: 100 } as const;

/** kill -9 of the guest, and another one in its place after so long. */
const guestAway = (ms: number) => async (lab: Lab) => {
  await lab.killGuest('vhu4');
  await delay(ms);
  await lab.startGuest('vhu4');
  await delay(2_000);
};

/** A real-time loop on the CPU of the only polling thread, for 4 s. */
const pmdCoreTaken = async (lab: Lab) => {
  await takeCpu(lab, 0, 4);
  await delay(2_000);
};

/**
 * Each time that a polling thread is let run again, what had gathered in the sender's ring comes at once, and the guest may
 * not be awake yet: once a second, a ring of 1,024 at most. The host made that burst; no rule can show it so far.
 */
const gathered = { ...guestRing, owner: 'provider', unknownPercentMax: 100, chanceOf: 5 * 1_024 } as const;

export const scenarios: readonly Scenario[] = [
  {
    ...everybody,
    name: 'quiet',
    say: 'load without a fault: nothing is lost, and nobody is charged',
    expected: null,
    fault: quiet,
  },
  {
    ...everybody,
    name: 'reader-slow',
    say: 'the guest takes 2,000 of 20,000 packets a second, and sleeps in between: no evidence against anybody',
    expected: { ...guestRing, ...nobody },
    fault: async (lab) => {
      await lab.guest('vhu4').reader('slow', { pps: 2_000 });
      await delay(6_000);
      await lab.guest('vhu4').reader('fast');
    },
  },
  {
    ...everybody,
    name: 'guest-stopped',
    say: 'SIGSTOP of the whole guest for 4 s: nobody inside it can do that',
    expected: { ...guestRing, owner: 'provider', unknownPercentMax: 10 },
    fault: async (lab) => {
      const { process } = lab.guest('vhu4');
      await process?.pause();
      await delay(4_000);
      process?.signal('SIGCONT');
      await delay(2_000);
    },
  },
  {
    name: 'qemu-stopped',
    say: 'SIGSTOP of QEMU for 4 s under a virtual machine: nobody inside it can do that',
    expected: { ...guestRing, port: 'vm1', owner: 'provider', unknownPercentMax: 10 },
    isSeenByGenerators: false,
    isSeenByDatapath: true,
    way: { from: 'vhu3', to: 'vm1' },
    // A processor that is computed takes less.
    load: { pps: 2_500, burst: 8 },
    fault: async (lab) => {
      const process = lab.machine?.process;
      await process?.pause();
      await delay(4_000);
      process?.signal('SIGCONT');
      await delay(2_000);
    },
  },
  {
    ...everybody,
    name: 'guest-core-taken',
    say: "a real-time loop on the CPU that the guest is bound to, for 4 s: the guest's packets are lost to steal",
    expected: { ...guestRing, owner: 'provider', unknownPercentMax: 10 },
    load: { pps: 10_000, burst: 32 },
    prepare: setApart(1),
    fault: async (lab) => {
      await takeCpu(lab, 1, 4);
      await delay(2_000);
    },
  },
  {
    ...everybody,
    name: 'pmd-core-taken',
    say: 'a real-time loop on the CPU of the only polling thread, for 4 s: guests find their rings full',
    expected: gathered,
    pressure: { stallMsMin: 100 },
    load: { pps: 10_000, burst: 32 },
    prepare: setApart(0),
    fault: pmdCoreTaken,
  },
  {
    ...everybody,
    name: 'wire-refused',
    say: 'the same while the wire sends: what does not fit into its queue no counter of this switch has, only the wire',
    expected: { ...gathered, port: 'vhu1' },
    pressure: { stallMsMin: 100 },
    way: { from: 'wire', to: 'vhu1' },
    load: { pps: 10_000, burst: 32 },
    prepare: setApart(0),
    fault: pmdCoreTaken,
  },
  {
    ...everybody,
    name: 'wire-overload',
    say: 'the same while a card receives, which counts what it misses before anybody knows whose it was',
    expected: {
      ...{ port: 'ovs:nic0', direction: 'rx', joint: 'rxq', cause: 'nic_ring_full' },
      ...{ owner: 'provider', unknownPercentMax: 0 },
    },
    shared: { port: 'vhu1', joint: 'ring', cause: 'vhost_ring_full' },
    way: { from: 'card', to: 'vhu1' },
    // The card keeps 2 MiB, 14,000 of these packets; the polling thread runs 50 ms of each second.
    load: { pps: 50_000, burst: 32 },
    prepare: both(card, setApart(0)),
    fault: pmdCoreTaken,
  },
  {
    ...everybody,
    name: 'burst',
    say: 'bursts of 4,096 packets meet a ring of 1,024',
    expected: { ...guestRing, ...nobody },
    fault: async (lab) => {
      await sendInstead(lab, { pps: 20_000, burst: 4_096 });
      await quiet();
    },
  },
  {
    ...everybody,
    name: 'small-ring',
    say: 'bursts of 1,024 packets, which others take, meet a ring of 256',
    expected: { ...guestRing, ...nobody },
    prepare: ringOf(256),
    fault: async (lab) => {
      await sendInstead(lab, { pps: 20_000, burst: 1_024 });
      await quiet();
    },
  },
  {
    ...everybody,
    name: 'shaper',
    say: 'a limit on the way out, without a contract that says one',
    expected: { ...toGuest, joint: 'port', cause: 'shaper', ...nobody },
    fault: during(egressLimit),
  },
  {
    ...everybody,
    name: 'policer',
    say: 'a limit on the way in, without a contract that says one',
    expected: { port: 'vhu3', direction: 'fromGuest', joint: 'port', cause: 'policer', ...nobody },
    fault: during(ingressLimit),
  },
  {
    ...everybody,
    name: 'mtu',
    say: 'frames of 1,000 bytes to a port that takes 600: nobody agreed to a size',
    expected: { ...toGuest, joint: 'port', cause: 'mtu', ...nobody },
    prepare: smallFrames,
    fault: async (lab) => {
      await sendInstead(lab, { pps: 20_000, burst: 32, size: 1_000 });
      await quiet();
    },
  },
  {
    name: 'port-down',
    say: 'the port of a guest that is there is set down for 12 s: nothing tells who ordered that',
    expected: { ...toGuest, joint: 'ring', cause: 'vhost_down', ...nobody, isTornOff: true },
    // Set up again, its counters begin at 0.
    dark: { ...toGuest, secondsMin: 1, ledger: 'unknown' },
    isSeenByGenerators: true,
    isSeenByDatapath: false,
    fault: during(portDown, 12_000),
  },
  {
    name: 'guest-gone',
    say: 'kill -9 of the guest for 15 s: this version of the switch must not be asked meanwhile, and tells nothing',
    expected: null,
    dark: { ...toGuest, secondsMin: 15, ledger: 'leftOver' },
    isSeenByGenerators: false,
    isSeenByDatapath: false,
    fault: guestAway(15_000),
  },
  {
    name: 'guest-crash',
    say: 'kill -9 of the guest under load, and it is there again at once',
    // Where the switch's database is read between the two, it has told what came meanwhile: as long as a guest takes to start.
    expected: {
      ...toGuest,
      ...{ joint: 'ring', cause: 'vhost_down', isTornOff: true, chanceOf: 100_000 },
      ...{ owner: 'contract', unknownPercentMax: 100 },
    },
    dark: { ...toGuest, secondsMin: 1, ledger: 'unknown' },
    isSeenByGenerators: false,
    isSeenByDatapath: false,
    fault: guestAway(0),
  },
  {
    name: 'switch-restart',
    say: 'kill -9 of the switch under light load, and it is started again: generators alone know what was lost',
    expected: null,
    dark: { ...toGuest, secondsMin: 1, ledger: 'unknown' },
    isSeenByGenerators: true,
    isSeenByDatapath: false,
    load: { pps: 2_000, burst: 8 },
    fault: async (lab) => {
      await lab.ovs.restartSwitch();
      await delay(2_000);
    },
  },
  {
    ...everybody,
    name: 'flood',
    say: 'each packet goes to three guests: copies, no loss',
    expected: null,
    prepare: flood,
    fault: quiet,
  },
];
