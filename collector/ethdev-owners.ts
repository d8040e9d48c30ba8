/**
 * Which port of a switch an ethdev of its process belongs to: told by the source that reads the switch, asked by the one
 * that reads the process's telemetry, so that the same packets are not counted twice. Sources do not know each other;
 * this is the one thing they must agree on.
 */
export class EthdevOwners {
  readonly #owners = new Map<number, ReadonlyMap<number, string>>();

  /** The switch in process `pid` has these ports; the key is DPDK's port id. */
  tell(pid: number, ports: ReadonlyMap<number, string>): void {
    this.#owners.set(pid, ports);
  }

  forget(pid: number): void {
    this.#owners.delete(pid);
  }

  /** Whether anything has been told of this process. */
  knows(pid: number): boolean {
    return this.#owners.has(pid);
  }

  /** Name of the switch's port; empty when there is none: the ethdev counts by itself. */
  ownerOf(pid: number, portId: number): string {
    return this.#owners.get(pid)?.get(portId) ?? '';
  }
}
