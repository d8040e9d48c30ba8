import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { KafkaBroker } from '../../test/lab/kafka/broker.ts';
import { Spawned } from '../../test/system/spawned.ts';
import { childNamed, memoryMiB } from './process-usage.ts';

const startDeadlineMs = 60_000;

export const watched = ['product', 'store', 'control store', 'broker'] as const;
export type Watched = (typeof watched)[number];

/** `fournines server` itself on a topic, with its defaults, in a folder of its own. */
export class ProductServer {
  readonly #program: Spawned;
  readonly #broker: KafkaBroker;
  url = '';

  private constructor(program: Spawned, broker: KafkaBroker) {
    this.#program = program;
    this.#broker = broker;
  }

  static async start(folder: string, broker: KafkaBroker, topic: string, signal: AbortSignal): Promise<ProductServer> {
    const { host, port } = broker.plain;
    const configFile = join(folder, 'config.yaml');
    writeFileSync(configFile, `bus: { kafka: { brokers: ["${host}:${port}"], topic: "${topic}" } }\n`);
    const args = ['--port', '0', '--data', join(folder, 'server'), '--config', configFile];
    const server = new ProductServer(Spawned.product('server', ...args), broker);
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(startDeadlineMs)]);
    try {
      while (server.url === '') {
        server.url = /"url":"(http:[^"]+)","msg":"serving"/.exec(server.#program.stderr)?.[1] ?? '';
        await delay(50, undefined, { signal: deadline });
      }
    } catch (error) {
      await server.stop();
      throw new Error(`the server does not serve: ${server.#program.stderr.slice(-2000)}`, { cause: error });
    }
    return server;
  }

  /** Rows of all kinds that are stored. */
  async storedRows(): Promise<number> {
    const response = await fetch(`${this.url}/api/v1/health`, { signal: AbortSignal.timeout(10_000) });
    const { ingest } = (await response.json()) as { ingest: { rows: string } };
    return Number(ingest.rows);
  }

  pidOf(name: Watched): number {
    const pid = this.#program.child.pid as number;
    switch (name) {
      case 'product':
        return pid;
      case 'store':
        return childNamed(pid, 'store/embedded/child') ?? 0;
      case 'control store':
        return childNamed(pid, 'control/embedded/main') ?? 0;
      case 'broker':
        return this.#broker.pid;
    }
  }

  memory(): Readonly<Record<Watched, number>> {
    return Object.fromEntries(watched.map((name) => [name, memoryMiB(this.pidOf(name)).now])) as Record<
      Watched,
      number
    >;
  }

  async stop(): Promise<void> {
    const late = setTimeout(() => this.#program.child.kill('SIGKILL'), 20_000);
    await this.#program.stop();
    clearTimeout(late);
  }
}
