import { End } from './end.ts';
import type { LabStateFile } from './lab-state.ts';
import { programPath, runProgram } from './programs.ts';

/** Above those of guests and of the virtual machine. */
const cardIndex = 48;
const near = 'card0';
const far = 'wire0';

/**
 * A port with a wire that can lose packets before the switch takes them, and that counts them as a network card does
 * (imissed): DPDK's pcap driver on one end of a veth pair, whose packet socket drops what does not fit into its 2 MiB. This
 * generator sends into the other end. Both are in the switch's own network and go away with it.
 */
export class Card extends End {
  constructor(state: LabStateFile) {
    super({ name: 'card', index: cardIndex, queues: 1 }, state);
  }

  /**
   * What the switch makes its port of. It would receive what it sends as well, so nothing may be sent to it: `rx_iface_in`
   * would leave that out, but in DPDK 22.11 such a port receives nothing any more once the switch has restarted it.
   */
  get device(): string {
    return `net_pcap0,rx_iface=${near},tx_iface=${near}`;
  }

  /** Makes the veth pair in the network of `switchPid`, and starts the sender at its other end. */
  async launch(switchPid: number): Promise<void> {
    const ip = (...args: string[]) => inNetworkOf(switchPid, [programPath('ip', 'iproute2'), ...args]);
    await ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far);
    for (const name of [near, far]) {
      // Else the kernel's own neighbour discovery comes by the wire.
      await ip('link', 'set', name, 'addrgenmode', 'none');
      await ip('link', 'set', name, 'up');
    }
    await this.begin(`net_af_packet0,iface=${far}`, 'net_af_packet', switchPid);
    await this.untilAnswering();
  }

  /** After its port is deleted. */
  async remove(switchPid: number): Promise<void> {
    await this.shutdown();
    await inNetworkOf(switchPid, [programPath('ip', 'iproute2'), 'link', 'delete', near]);
  }
}

function inNetworkOf(pid: number, command: readonly string[]): Promise<string> {
  return runProgram(programPath('nsenter', 'util-linux'), [`--net=/proc/${pid}/ns/net`, '--', ...command]);
}
