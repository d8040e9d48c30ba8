import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InProcessLog } from '../../core/bus/in-process.ts';
import { Lifecycle } from '../../core/runtime/lifecycle.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { messageBytesMax } from '../../core/wire/message.ts';
import { makeServer } from '../../server/app.ts';
import type { ServerConfig } from '../../server/config.ts';
import { aPortRow, aTickMessage } from '../fakes/tick-message.ts';
import { until } from '../lab/waiting.ts';
import { placeControl } from './control-fixture.ts';

/** A whole server with stores of its own, which hears of hosts what a test puts on its bus. */
export class FedServer implements AsyncDisposable {
  readonly #data = mkdtempSync(join(tmpdir(), 'fn-fed-server-'));
  readonly #bus = new InProcessLog({ bytesMax: 1 << 26, recordBytesMax: messageBytesMax, nowMs: Date.now });
  readonly #server: ReturnType<typeof makeServer>;
  readonly #lifecycle: Lifecycle;

  private constructor(config: ServerConfig) {
    this.#server = makeServer({
      config,
      data: this.#data,
      bus: this.#bus,
      logger: silentLogger,
      version: '0.0.0-test',
    });
    this.#lifecycle = new Lifecycle(this.#server.parts, silentLogger);
  }

  static async start(config: ServerConfig): Promise<FedServer> {
    const fed = new FedServer(config);
    await placeControl(fed.#data);
    await fed.#lifecycle.start();
    await until({ what: 'the server answers', deadlineMs: 60_000, everyMs: 50 }, () => fed.get('/tenants'));
    return fed;
  }

  async get<T>(path: string): Promise<T> {
    return this.#ask<T>(path, {});
  }

  async post<T>(path: string, body: object): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    return this.#ask<T>(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  /** Slots [first, behind) of `host`, of which those in `lost` pass nothing. */
  async feed(host: string, [first, behind]: readonly [number, number], lost: readonly number[] = []): Promise<void> {
    for (let slot = first; slot < behind; slot++) {
      const dropsOutsideInc = lost.includes(slot) ? 1_000n : 0n;
      const row = { host, slot, packetsInc: 1_000n - dropsOutsideInc, dropsOutsideInc };
      await this.#bus.append(host, aTickMessage({ host, slot, ports: [aPortRow(row)] }));
    }
  }

  stop(): Promise<void> {
    return this.#lifecycle.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.#data, { recursive: true, force: true });
  }

  async #ask<T>(path: string, init: RequestInit): Promise<T> {
    const response = await fetch(`${this.#server.url()}/api/v1${path}`, init);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }
}
