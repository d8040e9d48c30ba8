import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buildGenerator } from './build-generator.ts';
import { Card } from './card.ts';
import { DummyOvs } from './dummy-ovs.ts';
import { type End, generatorMemoryMiB } from './end.ts';
import { Guest } from './guest.ts';
import { mountHugetlbfs, removeHugepageFiles, reserveHugepages, untilPagesFree } from './hugepages.ts';
import { LabError } from './lab-error.ts';
import { LabStateFile, readLabState } from './lab-state.ts';
import { OvsDpdk, switchMemoryMiB } from './ovs-dpdk.ts';
import { isAlive } from './process-id.ts';
import { QemuGuest } from './qemu-guest.ts';
import { stopLab, sweepDeadLabs } from './stop-lab.ts';
import { Testpmd, type TestpmdOptions, testpmdMemoryMiB } from './testpmd.ts';
import { until } from './waiting.ts';

export interface LabOptions {
  /** Where everything goes; default: a new folder below the system's temporary one. */
  readonly folder?: string;
  /** Number of guests with a vhost-user port (vhu1, vhu2 …), default 4. */
  readonly guests?: number;
  /** Queues of each guest, default 1. */
  readonly guestQueues?: number;
  /** Queues of the uplink, default 2; 0: no uplink and no wire. */
  readonly uplinkQueues?: number;
  readonly testpmd?: TestpmdOptions;
  /** A virtual machine with a port vm1, of so many queues. */
  readonly machineQueues?: number;
  /** Keeps memory for `addCard`. */
  readonly hasCard?: boolean;
  readonly pmdCpuMask?: string;
  readonly hasPmdMetrics?: boolean;
  readonly otherConfig?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Above those of generators. */
const machineIndex = 32;

/** A running OVS-DPDK with guests. `stop` takes everything away. */
export interface Lab {
  readonly folder: string;
  /** For further programs that shall go away with the lab. */
  readonly state: LabStateFile;
  readonly ovs: OvsDpdk;
  /** The other end of uplink0; its refused packets are what a network card would count as missed. */
  readonly wire: Guest | undefined;
  readonly guests: readonly Guest[];
  readonly testpmd: Testpmd | undefined;
  readonly machine: QemuGuest | undefined;
  /** The other end of nic0, which can lose packets and counts them; between `addCard` and `removeCard`. */
  readonly card: Card | undefined;
  /** Folder whose subfolders hold the DPDK runtime files, one for each prefix. */
  readonly dpdkRuntimeDir: string;
  guest(name: string): Guest;
  /** kill -9 of a guest, and waits until the datapath has seen it. */
  killGuest(name: string): Promise<void>;
  /** Starts a killed guest again (as a new sender) and waits until packets can pass. */
  startGuest(name: string): Promise<void>;
  /** Adds a port nic0 with a card. It does not outlive the switch. */
  addCard(): Promise<void>;
  removeCard(): Promise<void>;
  /** Waits until no stream runs and no counter moves any more. */
  settle(deadlineMs?: number): Promise<void>;
  stop(): Promise<void>;
}

/** Makes the state file; a lab that is still there and alive is not touched. */
async function claimFolder(folder: string | undefined): Promise<LabStateFile> {
  await sweepDeadLabs(os.tmpdir());
  const id = `fnlab${randomBytes(4).toString('hex')}`;
  const chosen = folder ?? path.join(os.tmpdir(), `fournines-lab-${id.slice(5)}`);
  const other = readLabState(chosen);
  if (other !== undefined && isAlive(other.owner)) {
    throw new LabError(3, `a lab of process ${other.owner.pid} runs in ${chosen}`, { hint: 'npm run lab -- stop' });
  }
  if (other !== undefined) await stopLab(chosen);
  const state = new LabStateFile(chosen, id);
  mkdirSync(path.join(chosen, 'log'), { recursive: true });
  return state;
}

function demandMachine(): void {
  if (process.getuid?.() !== 0) {
    throw new LabError(3, 'the lab needs root', {
      hint: 'sudo npm run lab (hugepages, vhost-user, a network namespace)',
    });
  }
  if (os.availableParallelism() < 2) {
    throw new LabError(3, 'the lab needs two CPUs', { hint: 'Two polling threads and their guests share them.' });
  }
}

class RunningLab implements Lab {
  readonly folder: string;
  readonly state: LabStateFile;
  readonly ovs: OvsDpdk;
  readonly wire: Guest | undefined;
  readonly guests: readonly Guest[];
  readonly testpmd: Testpmd | undefined;
  readonly machine: QemuGuest | undefined;
  readonly dpdkRuntimeDir: string;
  card: Card | undefined;
  readonly #cards: number;

  constructor(state: LabStateFile, options: LabOptions) {
    const { guests = 4, guestQueues = 1, uplinkQueues = 2 } = options;
    this.folder = state.folder;
    this.state = state;
    this.dpdkRuntimeDir = path.join(state.folder, 'dpdk');
    this.ovs = new OvsDpdk(state, {
      pmdCpuMask: options.pmdCpuMask ?? '0x3',
      hasPmdMetrics: options.hasPmdMetrics ?? false,
      otherConfig: options.otherConfig ?? {},
    });
    this.wire = uplinkQueues === 0 ? undefined : new Guest({ name: 'wire', index: 0, queues: uplinkQueues }, state);
    this.guests = Array.from(
      { length: guests },
      (_, index) => new Guest({ name: `vhu${index + 1}`, index: index + 1, queues: guestQueues }, state),
    );
    this.#cards = options.hasCard === true ? 1 : 0;
    this.testpmd = options.testpmd === undefined ? undefined : new Testpmd(state, options.testpmd);
    const queues = options.machineQueues;
    this.machine =
      queues === undefined ? undefined : new QemuGuest({ name: 'vm1', index: machineIndex, queues }, state);
  }

  /** Those that live as long as the lab. */
  get lasting(): readonly Guest[] {
    return this.wire === undefined ? this.guests : [this.wire, ...this.guests];
  }

  get ends(): readonly End[] {
    return this.card === undefined ? this.lasting : [...this.lasting, this.card];
  }

  get memoryMiB(): number {
    const generators = (this.lasting.length + this.#cards) * generatorMemoryMiB;
    return switchMemoryMiB + generators + (this.testpmd === undefined ? 0 : testpmdMemoryMiB);
  }

  async launch(signal: AbortSignal | undefined): Promise<void> {
    await buildGenerator();
    const started = await Promise.allSettled([
      this.ovs.launch(signal),
      ...this.lasting.map((end) => end.launch(signal)),
    ]);
    // Only once all have ended, so that nothing is still being started while the lab is taken away.
    for (const each of started) if (each.status === 'rejected') throw each.reason;
    for (const end of this.lasting) await this.ovs.addPort(end);
    await this.#addRules();
    await this.ovs.untilConnected();
    await this.testpmd?.launch(signal);
    if (this.machine !== undefined) await this.#addMachine(this.machine, signal);
  }

  async #addMachine(machine: QemuGuest, signal: AbortSignal | undefined): Promise<void> {
    await machine.launch(signal);
    await this.ovs.addVhostPort(machine.name, machine.socket);
    await this.ovs.addRule(`priority=20,dl_dst=${machine.address},actions=output:${machine.name}`);
    await machine.untilUp();
    await this.ovs.untilLink(machine.name, 'up');
  }

  /** Every packet has one way: by its address, else by where it came from. Nothing is flooded. */
  async #addRules(): Promise<void> {
    await this.ovs.deleteRules();
    const portOf = (end: Guest) => (end.index === 0 ? 'uplink0' : end.name);
    for (const end of this.lasting) {
      await this.ovs.addRule(`priority=20,dl_dst=${end.address},actions=output:${portOf(end)}`);
    }
    const names = new Set(this.lasting.map(portOf));
    const ways = ['uplink0>vhu1', 'vhu1>uplink0', 'vhu2>uplink0', 'vhu3>vhu4', 'vhu4>vhu3'];
    for (const [from = '', to = ''] of ways.map((way) => way.split('>'))) {
      if (names.has(from) && names.has(to)) await this.ovs.addRule(`priority=10,in_port=${from},actions=output:${to}`);
    }
    await this.ovs.addRule('priority=0,actions=drop');
  }

  guest(name: string): Guest {
    const found = this.guests.find((guest) => guest.name === name);
    if (found === undefined) throw new LabError(2, `there is no guest ${name}`, { hint: 'vhu1, vhu2 …' });
    return found;
  }

  async killGuest(name: string): Promise<void> {
    await this.guest(name).kill();
    // Else a guest that comes back at once may be taken for the one that is gone.
    await this.ovs.untilLink(name, 'down');
  }

  async startGuest(name: string): Promise<void> {
    const guest = this.guest(name);
    removeHugepageFiles(`${guest.prefix}map`);
    await untilPagesFree(generatorMemoryMiB);
    await guest.launch();
    await this.ovs.untilConnected();
  }

  async addCard(): Promise<void> {
    if (this.#cards === 0)
      throw new LabError(1, 'there is no memory for a card', { hint: 'startLab({ hasCard: true })' });
    const card = new Card(this.state);
    await card.launch(this.ovs.switchProcess?.pid ?? 0);
    this.card = card;
    await this.ovs.addCardPort(card);
    await this.ovs.untilConnected();
  }

  async removeCard(): Promise<void> {
    const { card } = this;
    if (card === undefined) return;
    this.card = undefined;
    await this.ovs.deletePort('nic0');
    await card.remove(this.ovs.switchProcess?.pid ?? 0);
  }

  async settle(deadlineMs = 60_000): Promise<void> {
    let before = '';
    let equal = 0;
    await until({ what: 'the counters stand still', deadlineMs, everyMs: 150 }, async () => {
      // A guest that was killed sends nothing.
      const living = this.ends.filter((end) => end.process?.isRunning === true);
      const ends = await Promise.all(living.map((end) => end.sums()));
      const text = (value: unknown) =>
        JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? String(each) : each));
      const now = text([ends, [...(await this.ovs.counts()).values()]]);
      // Twice, since a busy machine may keep a polling thread from running for as long as one pause.
      equal = now === before ? equal + 1 : 0;
      before = now;
      return equal >= 2 && ends.every(({ isRunning }) => !isRunning);
    });
  }

  async stop(): Promise<void> {
    await this.testpmd?.shutdown();
    await this.machine?.shutdown();
    await this.ovs.stop();
    await Promise.all(this.ends.map((end) => end.shutdown()));
    await stopLab(this.folder);
  }
}

/**
 * Starts OVS-DPDK, its guests and the wire, and waits until packets can pass. Default: uplink0 with two queues,
 * vhu1 to vhu4. Throws LabError with what is missing; whatever had been started by then is taken away again.
 */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  demandMachine();
  const state = await claimFolder(options.folder);
  try {
    const lab = new RunningLab(state, options);
    // What the page pools round up, and what each process keeps for itself.
    const pages = Math.ceil(lab.memoryMiB / 2) + 16;
    await reserveHugepages(pages, (added) => state.change({ hugepagesAdded: added }));
    if (await mountHugetlbfs()) state.change({ hugetlbfsMounted: true });
    await lab.launch(options.signal);
    return lab;
  } catch (error) {
    await stopLab(state.folder);
    throw error;
  }
}

/** The dummy datapath in a folder of its own; `stop` takes it away. */
export async function startDummyLab(
  options: { readonly signal?: AbortSignal } = {},
): Promise<{ readonly folder: string; readonly ovs: DummyOvs; stop(): Promise<void> }> {
  const state = await claimFolder(undefined);
  const ovs = new DummyOvs(state);
  const stop = async () => {
    await ovs.stop();
    if (existsSync(state.folder)) await stopLab(state.folder);
  };
  try {
    await ovs.launch(options.signal);
    return { folder: state.folder, ovs, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
