import { rmSync } from 'node:fs';
import path from 'node:path';
import type { Card } from './card.ts';
import { type DatapathPort, parseDatapathCounts } from './datapath-counts.ts';
import type { End } from './end.ts';
import type { Guest } from './guest.ts';
import type { LabStateFile } from './lab-state.ts';
import { OvsDaemons, type SwitchProgram } from './ovs-daemons.ts';
import { programPath } from './programs.ts';

const bridge = 'br0';
/** Memory of the switch, MiB: one shared pool of 64 Ki packet buffers fits, the larger ones it tries first do not. */
export const switchMemoryMiB = 256;

export interface OvsDpdkOptions {
  /** CPUs of the polling threads. */
  readonly pmdCpuMask: string;
  /** `pmd-perf-metrics`: histograms of pmd-perf-show, about 1 % of the polling threads. */
  readonly hasPmdMetrics: boolean;
  readonly otherConfig: Readonly<Record<string, string>>;
}

/** Open vSwitch on DPDK in private folders and a network namespace of its own, with one bridge. */
export class OvsDpdk extends OvsDaemons {
  readonly bridge = bridge;
  readonly #options: OvsDpdkOptions;
  readonly #prefix: string;
  readonly #ports = new Map<string, End>();
  readonly #rules: string[] = [];

  constructor(state: LabStateFile, options: OvsDpdkOptions) {
    super(state);
    this.#options = options;
    this.#prefix = `${state.state.id}-ovs`;
  }

  async launch(signal?: AbortSignal): Promise<void> {
    await this.startDatabase(signal);
    const config: Record<string, string> = {
      'dpdk-init': 'true',
      'dpdk-socket-mem': String(switchMemoryMiB),
      'dpdk-socket-limit': String(switchMemoryMiB),
      'dpdk-lcore-mask': '0x1',
      'pmd-cpu-mask': this.#options.pmdCpuMask,
      // Without it two polling threads take both CPUs, and everything else starves.
      'pmd-maxsleep': '200',
      'n-handler-threads': '1',
      'n-revalidator-threads': '1',
      'pmd-perf-metrics': String(this.#options.hasPmdMetrics),
      // --no-pci: else DPDK takes hold of the machine's own network card. One file: vhost takes 8 regions at most.
      'dpdk-extra': `--no-pci --single-file-segments --file-prefix=${this.#prefix}`,
      ...this.#options.otherConfig,
    };
    const settings = Object.entries(config).map(([key, value]) => `other_config:${key}="${value}"`);
    await this.vsctl('--no-wait', 'set', 'Open_vSwitch', '.', ...settings);
    await this.startSwitch(this.#program(), signal);
    await this.vsctl(
      ...['add-br', bridge, '--', 'set', 'Bridge', bridge, 'datapath_type=netdev', 'fail-mode=secure'],
      ...['other-config:disable-in-band=true', 'mcast_snooping_enable=false', 'stp_enable=false', 'rstp_enable=false'],
    );
  }

  #program(): SwitchProgram {
    return {
      program: programPath('/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk', 'openvswitch-switch-dpdk'),
      args: [],
      // The bridge's tap stays out of the machine's network, and neighbour discovery out of the bridge.
      ownNetwork: true,
      deadlineMs: 30_000,
    };
  }

  /** kill -9, start again, and bring back what the database does not keep: the OpenFlow rules. */
  async restartSwitch(): Promise<void> {
    await this.killSwitch();
    await this.startAgain();
  }

  /** Starts the switch after `killSwitch`; its counters begin at 0. */
  async startAgain(): Promise<void> {
    // Sockets that a killed switch left: a connection to them would be refused, which looks like one that is not ready.
    for (const left of ['mgmt', 'snoop']) rmSync(path.join(this.runDir, `${bridge}.${left}`), { force: true });
    await this.startSwitch(this.#program());
    await this.untilAnswers('the bridge is back', 20_000, () => this.ofctl('show', bridge));
    for (const rule of this.#rules) await this.ofctl('add-flow', bridge, rule);
    await this.untilConnected();
  }

  /** A port of the datapath for each guest, or the uplink for the wire. */
  async addPort(guest: Guest): Promise<void> {
    const { index, name, socket, queues } = guest;
    if (index > 0) await this.addVhostPort(name, socket);
    else {
      const device = `net_virtio_user0,path=${socket},queues=${queues},queue_size=1024`;
      await this.#addWiredPort('uplink0', device, queues);
    }
    this.#ports.set(index > 0 ? name : 'uplink0', guest);
  }

  /** Port nic0, whose packets come in by the card's wire. */
  async addCardPort(card: Card): Promise<void> {
    await this.#addWiredPort('nic0', card.device, card.queues);
    this.#ports.set('nic0', card);
  }

  async #addWiredPort(name: string, device: string, queues: number): Promise<void> {
    const settings = ['type=dpdk', `options:dpdk-devargs="${device}"`, `options:n_rxq=${queues}`];
    await this.vsctl('add-port', bridge, name, '--', 'set', 'Interface', name, ...settings);
  }

  /** A port for whoever serves this vhost-user socket; a restart of the switch does not wait for it. */
  async addVhostPort(name: string, socket: string): Promise<void> {
    const settings = ['type=dpdkvhostuserclient', `options:vhost-server-path="${socket}"`];
    await this.vsctl('add-port', bridge, name, '--', 'set', 'Interface', name, ...settings);
  }

  /** Deletes a port; its counters are gone. `addPort` makes it anew with another port number. */
  async deletePort(name: string): Promise<void> {
    await this.vsctl('del-port', bridge, name);
    this.#ports.delete(name);
  }

  /** One OpenFlow rule, which a restart of the switch brings back. */
  async addRule(rule: string): Promise<void> {
    await this.ofctl('add-flow', bridge, rule);
    this.#rules.push(rule);
    await this.#untilFollowed();
  }

  async deleteRules(): Promise<void> {
    await this.ofctl('del-flows', bridge);
    this.#rules.length = 0;
    await this.#untilFollowed();
  }

  /** Copies everything that enters `from` to `to` as well: replicas for the ledger. */
  async addMirror(name: string, from: string, to: string): Promise<void> {
    await this.vsctl(
      ...['--', '--id=@from', 'get', 'Port', from, '--', '--id=@to', 'get', 'Port', to],
      ...['--', '--id=@mirror', 'create', 'Mirror', `name=${name}`, 'select-src-port=@from', 'output-port=@to'],
      ...['--', 'add', 'Bridge', bridge, 'mirrors', '@mirror'],
    );
    await this.#forgetFlows();
  }

  async deleteMirrors(): Promise<void> {
    await this.vsctl('clear', 'Bridge', bridge, 'mirrors');
    await this.#forgetFlows();
  }

  /** A change of mirrors does not reach the flows that the datapath has cached (seen in OVS 3.1: not within 4 s). */
  async #forgetFlows(): Promise<void> {
    await this.appctl('revalidator/purge');
  }

  /** A change of rules reaches the flows that the datapath has cached with the next revalidation. */
  async #untilFollowed(): Promise<void> {
    await this.appctl('revalidator/wait');
  }

  /** Counters of all ports of the datapath, the switch's own internal ports included. */
  async counts(): Promise<ReadonlyMap<string, DatapathPort>> {
    return parseDatapathCounts(await this.appctl('dpctl/show', '-s', 'netdev@ovs-netdev'));
  }

  /** Waits until the database says so of a port's link; it follows a vhost connection within milliseconds. */
  async untilLink(name: string, state: 'up' | 'down'): Promise<void> {
    await this.vsctl('wait-until', 'Interface', name, `link_state=${state}`);
  }

  /**
   * Waits until every port is connected at both ends and all its receive queues are polled. Bringing vhost ports up
   * stalls the switch's main thread for seconds at times.
   */
  async untilConnected(deadlineMs = 30_000): Promise<void> {
    for (const guest of this.#ports.values()) await guest.untilAnswering(deadlineMs);
    await this.untilAnswers('all ports are connected', deadlineMs, async () => {
      for (const guest of this.#ports.values()) if (!(await guest.counts()).hasLink) return false;
      const shown = await this.appctl('dpif-netdev/pmd-rxq-show');
      const polled = [...shown.matchAll(/^ {2}port: (\S+)\s+queue-id:\s+\d+ \(enabled\)/gm)].map((match) => match[1]);
      for (const [name, guest] of this.#ports) {
        if (polled.filter((each) => each === name).length !== guest.queues) return false;
      }
      const states = await this.vsctl(
        '--no-headings',
        '--format=csv',
        '--columns=name,link_state',
        'list',
        'Interface',
      );
      return [...this.#ports.keys()].every((name) => states.split('\n').includes(`${name},up`));
    });
  }
}
