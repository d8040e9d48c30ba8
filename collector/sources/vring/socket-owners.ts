import type { VhostPort, VhostSockets } from '../../vhost-sockets.ts';

/** So many ticks a socket may be nobody's: the switch is read by another source, which takes a moment. */
const ownerTicks = 10;

/** Whose vhost-user sockets are: by them rings get the name of the port. */
export class SocketOwners {
  readonly #sockets: VhostSockets;
  /** First tick in which a socket was seen without a port, by its path. */
  readonly #unowned = new Map<string, number>();

  constructor(sockets: VhostSockets) {
    this.#sockets = sockets;
  }

  /** The switch's port, or the `device` of a DPDK program, or in the end the socket itself. Undefined: wait. */
  ownerOf(socket: string, device: string | undefined, boundary: number): VhostPort | undefined {
    const port = this.#sockets.portOf(socket);
    if (port !== undefined || device !== undefined) {
      this.#unowned.delete(socket);
      return port ?? { port: device ?? '', isConnected: undefined };
    }
    const since = this.#unowned.get(socket) ?? boundary;
    this.#unowned.set(socket, since);
    return boundary - since < ownerTicks ? undefined : { port: `vhost:${socket}`, isConnected: undefined };
  }

  /** Whether a ring that was found under this name still has it; where nobody says anything now, it has. */
  isStill(socket: string, port: string): boolean {
    const owner = this.#sockets.portOf(socket);
    return owner === undefined || (owner.port === port && owner.isConnected !== false);
  }

  /** Forgets all but these. */
  keep(sockets: ReadonlySet<string>): void {
    for (const socket of this.#unowned.keys()) if (!sockets.has(socket)) this.#unowned.delete(socket);
  }
}
