import { setTimeout as delay } from 'node:timers/promises';
import { isPolling, ourProcesses, pin, threadsOf } from '../../lab/cpus.ts';
import type { End } from '../../lab/end.ts';
import type { Lab } from '../../lab/lab.ts';
import { LabProcess } from '../../lab/processes.ts';
import { programPath } from '../../lab/programs.ts';

/** Puts something in place; what it gives takes it back. */
export type Act = (lab: Lab) => Promise<() => Promise<void>>;

export const quiet = () => delay(5_000);

/** Puts something in place under load, and takes it back after a while. */
export const during =
  (act: Act, ms = 5_000) =>
  async (lab: Lab) => {
    const restore = await act(lab);
    try {
      await delay(ms);
    } finally {
      await restore();
    }
  };

/** 500 kB/s of frames of 60 bytes: 8,300 of the 20,000 packets a second. */
export const egressLimit: Act = async (lab) => {
  await lab.ovs.vsctl(
    ...['set', 'Port', 'vhu4', 'qos=@limit', '--', '--id=@limit', 'create', 'QoS', 'type=egress-policer'],
    ...['other-config:cir=500000', 'other-config:cbs=20480'],
  );
  return async () => {
    await lab.ovs.vsctl('clear', 'Port', 'vhu4', 'qos', '--', '--all', 'destroy', 'QoS');
  };
};

export const ingressLimit: Act = async (lab) => {
  await lab.ovs.vsctl('set', 'Interface', 'vhu3', 'ingress_policing_rate=4000', 'ingress_policing_burst=800');
  return async () => {
    await lab.ovs.vsctl('set', 'Interface', 'vhu3', 'ingress_policing_rate=0', 'ingress_policing_burst=0');
  };
};

/** Each packet to vhu4 goes to two others, too. */
export const flood: Act = async (lab) => {
  const { bridge } = lab.ovs;
  const to = 'actions=output:vhu1,output:vhu2,output:vhu4';
  await lab.ovs.ofctl('add-flow', bridge, `cookie=0x77,priority=30,dl_dst=${lab.guest('vhu4').address},${to}`);
  return async () => {
    await lab.ovs.ofctl('del-flows', bridge, 'cookie=0x77/-1');
  };
};

/** The port takes frames of 600 bytes and no longer ones. */
export const smallFrames: Act = async (lab) => {
  await lab.ovs.vsctl('set', 'Interface', 'vhu4', 'mtu_request=600');
  return async () => {
    await lab.ovs.vsctl('clear', 'Interface', 'vhu4', 'mtu_request');
  };
};

export const portDown: Act = async (lab) => {
  await lab.ovs.ofctl('mod-port', lab.ovs.bridge, 'vhu4', 'down');
  return async () => {
    await lab.ovs.ofctl('mod-port', lab.ovs.bridge, 'vhu4', 'up');
  };
};

/** vhu4 comes back with rings of so many buffers. */
export const ringOf =
  (size: number): Act =>
  async (lab) => {
    const guest = lab.guest('vhu4');
    const before = guest.ringSize;
    const restart = async (ringSize: number) => {
      guest.ringSize = ringSize;
      await lab.killGuest('vhu4');
      await lab.startGuest('vhu4');
    };
    await restart(size);
    return () => restart(before);
  };

/** A port nic0 whose card counts what it misses. */
export const card: Act = async (lab) => {
  await lab.addCard();
  return () => lab.removeCard();
};

/** One after the other; taken back the other way round. */
export const both =
  (first: Act, second: Act): Act =>
  async (lab) => {
    const restoreFirst = await first(lab);
    const restoreSecond = await second(lab);
    return async () => {
      await restoreSecond();
      await restoreFirst();
    };
  };

/** Orders another stream from vhu3 in place of the one that runs. */
export async function sendInstead(
  lab: Lab,
  order: { readonly pps: number; readonly burst?: number; readonly size?: number },
): Promise<void> {
  await lab.guest('vhu3').stop();
  await lab.guest('vhu3').start({ ...order, destination: lab.guest('vhu4').address });
}

/** An end of the lab by its name. */
export function endOf(lab: Lab, name: string): End {
  return [lab.wire, lab.card].find((end) => end?.name === name) ?? lab.guest(name);
}

/** Where frames for an end of the lab go: a guest, the wire, or the virtual machine. */
export function addressOf(lab: Lab, name: string): string {
  const { machine } = lab;
  return machine?.name === name ? machine.address : endOf(lab, name).address;
}

const otherCpu = { 0: 1, 1: 0 } as const;
type Cpu = keyof typeof otherCpu;
/** What a real-time thread may run of each second, us (sched_rt_runtime_us as it comes). */
const realTimeUs = 950_000;

/**
 * One polling thread, on CPU 0; and CPU `alone` for nobody but the polling thread (0) or the guest vhu4 (1). All other
 * programs of the lab, the product among them, share the other one.
 */
export const setApart =
  (alone: Cpu): Act =>
  async (lab) => {
    const before = await lab.ovs.vsctl('get', 'Open_vSwitch', '.', 'other_config:pmd-cpu-mask');
    await setPolling(lab, '0x1', 1);
    const guest = lab.guest('vhu4').process?.pid;
    for (const pid of ourProcesses()) await pin(pid, String(alone === 1 && pid === guest ? 1 : otherCpu[alone]));
    return async () => {
      for (const pid of ourProcesses()) await pin(pid, '0,1');
      await setPolling(lab, before.trim().replaceAll('"', ''), 2);
    };
  };

async function setPolling(lab: Lab, mask: string, threads: number): Promise<void> {
  await lab.ovs.vsctl('set', 'Open_vSwitch', '.', `other_config:pmd-cpu-mask=${mask}`);
  const { switchProcess } = lab.ovs;
  await lab.ovs.untilAnswers('the polling threads are there', 20_000, async () => {
    return threadsOf(switchProcess?.pid ?? 0).filter(({ name }) => isPolling(name)).length === threads;
  });
  await lab.ovs.untilConnected();
}

/**
 * A loop under a real-time class, before which no other thread of that CPU runs, for so long; the kernel leaves others a
 * twentieth of each second. It is one process, which the kernel itself ends by its limit: whatever would have to run on
 * that CPU to end it would wait behind it.
 */
export async function takeCpu(lab: Lab, cpu: Cpu, seconds: number): Promise<void> {
  const [taskset, chrt, prlimit] = ['taskset', 'chrt', 'prlimit'].map((name) => programPath(name, 'util-linux'));
  const limit = `--rttime=${Math.floor(seconds * realTimeUs)}`;
  const args = ['-c', String(cpu), prlimit, limit, chrt, '-f', '10', '/bin/sh', '-c', 'while :; do :; done'];
  const spec = { name: 'hog', program: taskset ?? '', args: args.map(String) };
  const hog = await LabProcess.start(spec, lab.state);
  await hog.ended((seconds + 3) * 1000);
}
