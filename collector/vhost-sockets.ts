/** A vhost-user socket and the port of a switch behind it. */
export interface VhostPort {
  /** Name of the port in rows. */
  readonly port: string;
  /** Whether a guest is at the other end; undefined: not told. */
  readonly isConnected: boolean | undefined;
}

/**
 * Which port of a switch stands behind a vhost-user socket: told by the source that reads the switch, asked by the one that
 * reads the rings of the guest at the socket's other end. Sources do not know each other; this is what they must agree on.
 */
export class VhostSockets {
  readonly #ports = new Map<number, ReadonlyMap<string, VhostPort>>();

  /** The switch in process `pid` has these ports; the key is the path of the socket. */
  tell(pid: number, ports: ReadonlyMap<string, VhostPort>): void {
    this.#ports.set(pid, ports);
  }

  forget(pid: number): void {
    this.#ports.delete(pid);
  }

  portOf(path: string): VhostPort | undefined {
    for (const ports of this.#ports.values()) {
      const found = ports.get(path);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
