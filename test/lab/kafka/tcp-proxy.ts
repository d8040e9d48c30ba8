import { once } from 'node:events';
import net from 'node:net';

/** What the proxy does with bytes on their way to the client, or with all of them. */
export type ProxyMode =
  | 'pass'
  /** Requests arrive, answers vanish: the client does not learn what the broker did. */
  | 'swallow-answers'
  /** Nothing arrives anywhere and no connection ends: a router that drops. */
  | 'black-hole';

interface Pair {
  readonly client: net.Socket;
  readonly broker: net.Socket;
}

/** A TCP proxy in front of the broker that fails on purpose. */
export class TcpProxy {
  mode: ProxyMode = 'pass';
  /** Before each piece towards the broker, ms. */
  delayMs = 0;
  /** Bytes a second towards the broker; unlimited when undefined. */
  bytesPerSecond: number | undefined;
  /** Connections taken since the start. */
  accepted = 0;
  /** Bytes that went on towards the broker. */
  forwardedBytes = 0;
  /** Bytes that arrived from either side. */
  carriedBytes = 0;
  /** Bytes of answers that were swallowed. */
  swallowedBytes = 0;
  readonly #target: number;
  readonly #server: net.Server;
  readonly #pairs = new Set<Pair>();

  private constructor(target: number) {
    this.#target = target;
    this.#server = net.createServer((client) => this.#accept(client));
  }

  static async start(port: number, target: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    proxy.#server.listen(port, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  /** Ends all connections at once, with a reset as a crash would. */
  cut(): void {
    for (const { client, broker } of this.#pairs) {
      client.resetAndDestroy();
      broker.resetAndDestroy();
    }
    this.#pairs.clear();
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.cut();
    await once(this.#server, 'close');
  }

  #accept(client: net.Socket): void {
    this.accepted++;
    const broker = net.connect(this.#target, '127.0.0.1');
    const pair = { client, broker };
    this.#pairs.add(pair);
    const end = () => {
      this.#pairs.delete(pair);
      client.destroy();
      broker.destroy();
    };
    for (const socket of [client, broker]) {
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', end);
    }
    void this.#forward(client, broker).catch(end);
    broker.on('data', (chunk: Buffer) => {
      this.carriedBytes += chunk.length;
      if (this.mode === 'pass') client.write(chunk);
      else this.swallowedBytes += chunk.length;
    });
  }

  /** Towards the broker, with back-pressure: a slow broker must be felt by the client's socket. */
  async #forward(client: net.Socket, broker: net.Socket): Promise<void> {
    for await (const chunk of client as AsyncIterable<Buffer>) {
      this.carriedBytes += chunk.length;
      if (this.mode === 'black-hole') continue;
      const slowMs = this.bytesPerSecond === undefined ? 0 : (chunk.length / this.bytesPerSecond) * 1000;
      if (this.delayMs + slowMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs + slowMs));
      this.forwardedBytes += chunk.length;
      if (!broker.write(chunk)) await once(broker, 'drain');
    }
  }
}
