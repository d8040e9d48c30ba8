import type { LabStateFile } from './lab-state.ts';
import { OvsDaemons } from './ovs-daemons.ts';
import { programPath } from './programs.ts';

/** Ports a transaction: an argument list has a bound, and so has a reconfiguration. */
const portsAtOnce = 100;

export interface DummyPort {
  readonly name: string;
  /** `dummy-pmd` has receive queues that polling threads serve; `dummy` has none. */
  readonly type?: 'dummy' | 'dummy-pmd';
  readonly rxQueues?: number;
}

/**
 * Open vSwitch on its dummy datapath: all of its logic, control sockets and database, no packets of its own. Needs
 * neither root nor hugepages.
 */
export class DummyOvs extends OvsDaemons {
  readonly bridge = 'br0';

  constructor(state: LabStateFile) {
    super(state);
  }

  async launch(signal?: AbortSignal): Promise<void> {
    await this.startDatabase(signal);
    await this.startDummy(signal);
    await this.vsctl(
      'add-br',
      this.bridge,
      '--',
      'set',
      'Bridge',
      this.bridge,
      'datapath_type=dummy',
      'fail-mode=secure',
    );
  }

  async startDummy(signal?: AbortSignal): Promise<void> {
    await this.startSwitch(
      {
        program: programPath('/usr/lib/openvswitch-switch/ovs-vswitchd', 'openvswitch-switch'),
        args: ['--enable-dummy=override', '--disable-system', '--dummy-numa=0,0,0,0,1,1,1,1'],
        ownNetwork: false,
        deadlineMs: 20_000,
      },
      signal,
    );
  }

  /** Adds ports of any name: the database is asked by arguments, never through a shell. */
  async addPorts(ports: readonly DummyPort[]): Promise<void> {
    for (let at = 0; at < ports.length; at += portsAtOnce) {
      const args = ports.slice(at, at + portsAtOnce).flatMap(({ name, type = 'dummy', rxQueues }) => {
        const queues = rxQueues === undefined ? [] : [`options:n_rxq=${rxQueues}`];
        return ['--', 'add-port', this.bridge, name, '--', 'set', 'Interface', name, `type=${type}`, ...queues];
      });
      await this.vsctl(...args.slice(1));
    }
  }

  async deletePort(name: string): Promise<void> {
    await this.vsctl('del-port', this.bridge, name);
  }

  /** Lets `packet` (hex) arrive at a dummy port. */
  async receive(port: string, packet: string, queue?: number): Promise<void> {
    const chosen = queue === undefined ? [] : ['--qid', String(queue)];
    // The flag must come between the name and the packet.
    await this.appctl('netdev-dummy/receive', port, ...chosen, packet);
  }
}
