import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OvsAlgorithm, type OvsQueue, ovsSchedule } from '../../server/remediation/ovs-model/schedule.ts';
import { startDummyLab } from '../lab/lab.ts';
import { until } from '../lab/waiting.ts';
import { passesOf, type RecordedPass } from './ovs-passes.ts';

/**
 * The model of what Open vSwitch does, against what a real ovs-vswitchd wrote into its log while ports came and went, were
 * pinned, loaded and shuffled: every pass, every queue, in order.
 */

type Dummy = Awaited<ReturnType<typeof startDummyLab>>;
let dummy: Dummy;

const threads = Array.from({ length: 8 }, (_each, core) => ({ core, numa: core < 4 ? 0 : 1 }));
const packet = `50540000000a50540000000b1234${'00'.repeat(46)}`;
const steps = 30;

beforeAll(async () => {
  dummy = await startDummyLab();
  await dummy.ovs.vsctl('set', 'Open_vSwitch', '.', 'other_config:pmd-cpu-mask=0xff');
}, 60_000);
afterAll(() => dummy?.stop());

interface Port {
  readonly name: string;
  readonly numa: number;
  readonly queues: number;
  readonly pins: ReadonlyMap<number, number>;
}

interface Settings {
  readonly algorithm: OvsAlgorithm;
  readonly isolate: boolean;
}

class Story {
  readonly ports = new Map<string, Port>();
  settings: Settings = { algorithm: 'cycles', isolate: true };
  #made = 0;
  #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** 0 to below n; the same story each time. */
  pick(n: number): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#seed / 2 ** 32) * n);
  }

  #any(): Port {
    const all = [...this.ports.values()];
    return all[this.pick(all.length)] as Port;
  }

  /** Some packets for some queues, and then one to three intervals of 5 s. */
  async load(): Promise<void> {
    for (const { name, queues } of this.ports.values())
      for (let queue = 0; queue < queues; queue++) {
        const count = [0, 1, 5, 20, 60][this.pick(5)] ?? 0;
        const packets = Array.from({ length: count }, () => packet);
        if (count > 0) await dummy.ovs.appctl('netdev-dummy/receive', name, '--qid', String(queue), ...packets);
      }
    for (let i = 0; i <= this.pick(3); i++) await dummy.ovs.appctl('time/warp', '5100', '1000');
  }

  async act(): Promise<string> {
    const choice = this.ports.size < 3 ? 0 : this.pick(8);
    switch (choice) {
      case 0:
        return this.#add();
      case 1: {
        const { name } = this.#any();
        await dummy.ovs.deletePort(name);
        this.ports.delete(name);
        return `${name} goes`;
      }
      case 2:
      case 3:
        return this.#pin();
      case 4: {
        const algorithm = this.settings.algorithm === 'cycles' ? 'group' : 'cycles';
        return this.#set({ ...this.settings, algorithm });
      }
      case 5:
        return this.#set({ ...this.settings, isolate: !this.settings.isolate });
      default:
        await dummy.ovs.appctl('dpif-netdev/pmd-rxq-rebalance');
        return 'rebalance';
    }
  }

  async #add(): Promise<string> {
    const port = {
      name: `p${this.#made++}`,
      numa: this.pick(2),
      queues: 1 + this.pick(3),
      pins: new Map<number, number>(),
    };
    const { name, numa, queues } = port;
    const set = ['type=dummy-pmd', `options:n_rxq=${queues}`, `options:numa_id=${numa}`];
    await dummy.ovs.vsctl('add-port', dummy.ovs.bridge, name, '--', 'set', 'Interface', name, ...set);
    this.ports.set(name, port);
    return `${name} comes: ${queues} queues on node ${numa}`;
  }

  async #pin(): Promise<string> {
    const port = this.#any();
    const pins = new Map<number, number>();
    // At times none: its pins are taken away; at times a core without a thread.
    for (let queue = 0; queue < port.queues; queue++) if (this.pick(2) === 0) pins.set(queue, this.pick(9));
    this.ports.set(port.name, { ...port, pins });
    const text = [...pins].map(([queue, core]) => `${queue}:${core}`).join(',');
    const affinity = 'other_config:pmd-rxq-affinity';
    if (pins.size === 0) await dummy.ovs.vsctl('remove', 'Interface', port.name, 'other_config', 'pmd-rxq-affinity');
    else await dummy.ovs.vsctl('set', 'Interface', port.name, `${affinity}="${text}"`);
    return `${port.name} is pinned: ${text || 'no more'}`;
  }

  async #set(settings: Settings): Promise<string> {
    this.settings = settings;
    const { algorithm, isolate } = settings;
    const set = [`other_config:pmd-rxq-assign=${algorithm}`, `other_config:pmd-rxq-isolate=${isolate}`];
    await dummy.ovs.vsctl('set', 'Open_vSwitch', '.', ...set);
    return `${algorithm}, isolate ${isolate}`;
  }

  /** Every queue there is now, as `port/queue`. */
  get queues(): readonly string[] {
    return [...this.ports.values()].flatMap(({ name, queues }) =>
      Array.from({ length: queues }, (_each, queue) => `${name}/${queue}`),
    );
  }
}

const keysOf = ({ queues }: RecordedPass) => queues.map(({ port, queue }) => `${port}/${queue}`).sort();

async function portNumbers(): Promise<ReadonlyMap<string, number>> {
  const shown = await dummy.ovs.appctl('dpctl/show');
  return new Map([...shown.matchAll(/^ +port (\d+): (\S+)/gm)].map(([, number, name = '']) => [name, Number(number)]));
}

it('shares queues out as the real one does, pass for pass', { timeout: 240_000 }, async () => {
  const log = path.join(dummy.folder, 'log', 'ovs-vswitchd.log');
  const story = new Story(3);
  await dummy.ovs.appctl('time/stop');
  const told: string[] = [];
  let compared = 0;
  let moved = 0;
  let known: ReadonlyMap<string, number> = new Map();
  for (let step = 0; step < steps; step++) {
    await story.load();
    const mark = readFileSync(log, 'utf8').length;
    const what = await story.act();
    const wanted = [...story.queues].sort();
    // What changes nothing begins no pass: then there is one by request. A switch that has answered twice has done all before.
    if (what !== 'rebalance') await dummy.ovs.appctl('dpif-netdev/pmd-rxq-rebalance');
    const since = () => passesOf(readFileSync(log, 'utf8').slice(mark));
    await until({ what: `a pass after: ${what}`, deadlineMs: 10_000, hint: () => told.join('\n') }, () => {
      const last = since().at(-1);
      return last !== undefined && keysOf(last).join() === wanted.join();
    });
    for (let i = 0; i < 2; i++) await dummy.ovs.appctl('version');
    const passes = since();
    known = new Map([...known, ...(await portNumbers())]);
    told.push(`${what}: ${passes.length} passes`);
    for (const pass of passes) {
      // Of a pass before the last one, some ports may have been away already, or not there yet.
      if (keysOf(pass).join() !== wanted.join()) continue;
      const queues = pass.queues.map(({ port, queue, cycles }): OvsQueue => {
        const { numa = -1, pins } = story.ports.get(port) ?? {};
        return { port, portNo: known.get(port) ?? -1, queue, numa, cycles, pin: pins?.get(queue) ?? null };
      });
      const { assignments } = ovsSchedule(threads, queues, story.settings);
      const ours = assignments.map(({ queue, core, isPinned }) => ({
        ...{ port: queue.port, queue: queue.queue, cycles: queue.cycles, isPinned, core },
      }));
      expect(ours, `${told.join('\n')}`).toEqual(pass.queues);
      if (pass.algorithm !== undefined) expect(pass.algorithm).toBe(story.settings.algorithm);
      compared++;
      moved += pass.queues.filter(({ cycles }) => cycles > 0n).length;
    }
  }
  expect(compared).toBeGreaterThanOrEqual(30);
  // Loads were really measured, so that their order decided.
  expect(moved).toBeGreaterThan(50);
  process.stdout.write(`${compared} passes compared, ${moved} loaded queues in them\n`);
});
