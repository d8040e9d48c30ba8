import { setTimeout as delay } from 'node:timers/promises';
import type { Cause } from '../../../core/catalogue/causes.ts';
import type { Direction } from '../../../core/catalogue/kind-parts.ts';
import type { JointName } from '../../../server/api/schema/ledger.ts';
import type { Owner } from '../../../server/attribution/evidence.ts';
import type { Lab } from '../../lab/lab.ts';

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
}

/** A fault on the way from vhu3 to vhu4, under load. */
export interface Scenario {
  readonly name: string;
  readonly say: string;
  /** null: nothing may be lost. */
  readonly expected: Expected | null;
  /** The generators see both ends of it. */
  readonly isSeenByGenerators: boolean;
  /** The switch's own counter lives through it. */
  readonly isSeenByDatapath: boolean;
  /** Before the load begins; what it gives takes it back. */
  readonly prepare?: (lab: Lab) => Promise<() => Promise<void>>;
  /** Under load, from beginning to end. */
  readonly fault: (lab: Lab) => Promise<void>;
}

const everybody = { isSeenByGenerators: true, isSeenByDatapath: true } as const;
const guestRing = { port: 'vhu4', direction: 'toGuest', joint: 'ring', cause: 'vhost_ring_full' } as const;
const quiet = () => delay(5_000);
/** Puts something in place under load, and takes it back. */
const during = (put: (lab: Lab) => Promise<() => Promise<void>>) => async (lab: Lab) => {
  const restore = await put(lab);
  await quiet();
  await restore();
};

async function egressLimit(lab: Lab): Promise<() => Promise<void>> {
  // 500 kB/s of frames of 60 bytes: 8,300 of the 20,000 packets a second.
  await lab.ovs.vsctl(
    ...['set', 'Port', 'vhu4', 'qos=@limit', '--', '--id=@limit', 'create', 'QoS', 'type=egress-policer'],
    ...['other-config:cir=500000', 'other-config:cbs=20480'],
  );
  return async () => {
    await lab.ovs.vsctl('clear', 'Port', 'vhu4', 'qos', '--', '--all', 'destroy', 'QoS');
  };
}

async function ingressLimit(lab: Lab): Promise<() => Promise<void>> {
  await lab.ovs.vsctl('set', 'Interface', 'vhu3', 'ingress_policing_rate=4000', 'ingress_policing_burst=800');
  return async () => {
    await lab.ovs.vsctl('set', 'Interface', 'vhu3', 'ingress_policing_rate=0', 'ingress_policing_burst=0');
  };
}

async function flood(lab: Lab): Promise<() => Promise<void>> {
  const { bridge } = lab.ovs;
  const match = `dl_dst=${lab.guest('vhu4').address}`;
  await lab.ovs.ofctl(
    'add-flow',
    bridge,
    `cookie=0x77,priority=30,${match},actions=output:vhu1,output:vhu2,output:vhu4`,
  );
  return async () => {
    await lab.ovs.ofctl('del-flows', bridge, 'cookie=0x77/-1');
  };
}

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
    expected: { ...guestRing, owner: null, unknownPercentMax: 100 },
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
    ...everybody,
    name: 'burst',
    say: 'bursts of 4,096 packets meet a ring of 1,024',
    expected: { ...guestRing, owner: null, unknownPercentMax: 100 },
    fault: async (lab) => {
      await lab.guest('vhu3').stop();
      await lab.guest('vhu3').start({ pps: 20_000, burst: 4_096, destination: lab.guest('vhu4').address });
      await quiet();
    },
  },
  {
    ...everybody,
    name: 'shaper',
    say: 'a limit on the way out, without a contract that says one',
    expected: { ...guestRing, joint: 'port', cause: 'shaper', owner: null, unknownPercentMax: 100 },
    fault: during(egressLimit),
  },
  {
    ...everybody,
    name: 'policer',
    say: 'a limit on the way in, without a contract that says one',
    expected: {
      ...{ port: 'vhu3', direction: 'fromGuest', joint: 'port', cause: 'policer' },
      ...{ owner: null, unknownPercentMax: 100 },
    },
    fault: during(ingressLimit),
  },
  {
    name: 'guest-gone',
    say: 'kill -9 of the guest for 5 s: no service is asked for',
    expected: {
      ...{ port: 'netdev@ovs-netdev', direction: 'rx', joint: 'ring', cause: 'vhost_down' },
      ...{ owner: 'contract', unknownPercentMax: 10 },
    },
    isSeenByGenerators: false,
    isSeenByDatapath: false,
    fault: async (lab) => {
      await lab.killGuest('vhu4');
      await delay(5_000);
      await lab.startGuest('vhu4');
      await delay(2_000);
    },
  },
  {
    name: 'flood',
    say: 'each packet goes to three guests: copies, no loss',
    expected: null,
    isSeenByGenerators: true,
    isSeenByDatapath: true,
    prepare: flood,
    fault: quiet,
  },
];
