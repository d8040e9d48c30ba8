import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it, onTestFinished, type TestContext } from 'vitest';
import { FourninesError } from '../../core/runtime/error.ts';
import { openAddon } from '../../native/addon.ts';
import type { NativeFacade, TelemetryConnection } from '../../native/facade.ts';
import { describeBuilt } from './built.ts';
import { isThere, skipWithout } from './namespace.ts';

const canRun = process.getuid?.() === 0 && isThere('dpdk-testpmd');
const noTestpmd = 'needs root and dpdk-testpmd (apt-get install dpdk-dev)';

/** Two ports of no hardware with four queues each; no huge pages, no PCI. */
class Testpmd implements AsyncDisposable {
  readonly #prefix = `fntest${process.pid}`;
  readonly socket = `/var/run/dpdk/${this.#prefix}/dpdk_telemetry.v2`;
  readonly #child: ChildProcess;

  constructor() {
    const eal = `--lcores 0@0,1@0 --file-prefix=${this.#prefix} -m 256 --no-huge --no-pci --vdev net_null0 --vdev net_null1`;
    const own = '--nb-cores=1 --total-num-mbufs=4096 --rxq=4 --txq=4 -i';
    // It ends with its input.
    this.#child = spawn('dpdk-testpmd', [...eal.split(' '), '--', ...own.split(' ')], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.stdin?.end();
      await once(this.#child, 'exit', { signal: AbortSignal.timeout(20_000) });
    }
    rmSync(`/var/run/dpdk/${this.#prefix}`, { recursive: true, force: true });
  }
}

describeBuilt('telemetry client and a real DPDK', () => {
  let facade: NativeFacade;
  let testpmd: Testpmd | undefined;
  beforeAll(() => {
    facade = openAddon();
    if (canRun) testpmd = new Testpmd();
  });
  afterAll(async () => {
    facade.close();
    await testpmd?.[Symbol.asyncDispose]();
  });

  const started = async (context: TestContext): Promise<Testpmd> => {
    skipWithout(context, canRun, noTestpmd);
    if (testpmd === undefined) throw new Error('not started');
    const until = Date.now() + 20_000;
    while (!existsSync(testpmd.socket) && Date.now() < until) await new Promise(setImmediate);
    return testpmd;
  };
  const connect = async (path: string): Promise<TelemetryConnection> => {
    const connection = await facade.openTelemetry(path, { deadlineMs: 10_000 });
    if (connection === null) throw new Error('this form cannot');
    onTestFinished(() => connection.close());
    return connection;
  };
  /** Until all `commands` are answered: the ports come up after the socket. */
  const answered = async (connection: TelemetryConnection, commands: readonly string[]) => {
    for (const until = Date.now() + 15_000; ; ) {
      const { replies } = await connection.round(commands, { replyDeadlineMs: 5000 });
      if (replies.every(({ status }) => status === 'ok') || Date.now() > until) return replies;
    }
  };

  it('reads version, pid and counters of each port', async (context) => {
    const { socket, pid } = await started(context);
    const connection = await connect(socket);
    expect(connection.version).toMatch(/^DPDK \d+\.\d+/);
    expect([connection.pid, connection.maxOutputLen]).toEqual([pid, 16_384]);
    const [first, second, list] = await answered(connection, ['/ethdev/xstats,0', '/ethdev/xstats,1', '/ethdev/list']);
    expect(first?.names?.slice(0, 4)).toEqual(['rx_good_packets', 'tx_good_packets', 'rx_good_bytes', 'tx_good_bytes']);
    expect(first?.values?.length).toBe(first?.names?.length);
    expect(second?.names).toBe(first?.names);
    expect(list?.text).toBe('[0,1]');
    const { replies } = await connection.round(['/ethdev/xstats,99', '/fn/none', '/info'], { replyDeadlineMs: 5000 });
    expect(replies.map(({ status }) => status)).toEqual(['absent', 'absent', 'ok']);
  });

  it('is refused as the eleventh client, and taken once there is room again', async (context) => {
    const { socket } = await started(context);
    const connections: TelemetryConnection[] = [];
    let refused: unknown;
    for (let i = 0; i < 11 && refused === undefined; i++) {
      await connect(socket).then(
        (connection) => connections.push(connection),
        (error: unknown) => {
          refused = error;
        },
      );
    }
    expect(refused).toBeInstanceOf(FourninesError);
    expect((refused as FourninesError).code).toBe('FN_TELEMETRY_REFUSED');
    expect((refused as FourninesError).context['errno']).toBe(0);
    await connections[0]?.close();
    for (const until = Date.now() + 5000; ; ) {
      // The server counts a client out after it has seen the end.
      const again = await connect(socket).catch(() => null);
      if (again !== null || Date.now() > until) return expect(again).not.toBeNull();
    }
  });

  it('closes in the middle of a round many times, and the process answers on', async (context) => {
    const { socket, pid } = await started(context);
    for (let i = 0; i < 30; i++) {
      const connection = await connect(socket).catch(() => null);
      const round = connection?.round(new Array(20).fill('/ethdev/xstats,0'), { replyDeadlineMs: 5000 });
      await connection?.close(5000);
      for (const { status } of (await round)?.replies ?? []) expect(['ok', 'unsent']).toContain(status);
    }
    const connection = await connect(socket);
    expect(connection.pid).toBe(pid);
  });

  it('places its thread where it is told', async (context) => {
    const { socket } = await started(context);
    const connection = await connect(socket);
    const cpu = facade.affinity().at(-1) ?? 0;
    const before = new Set(readdirSync('/proc/self/task'));
    const second = await connect(socket);
    const isNew = (tid: string) => !before.has(tid) && statusOf(tid).includes('Name:\tfn-telemetry\n');
    const tid = readdirSync('/proc/self/task').find(isNew) ?? '';
    await second.round(['/info'], { replyDeadlineMs: 5000, cpus: [cpu] });
    expect(statusOf(tid)).toContain(`Cpus_allowed_list:\t${cpu}\n`);
    await connection.round(['/info'], { replyDeadlineMs: 5000 });
  });

  it('says that it is gone when it is killed', async (context) => {
    const { socket } = await started(context);
    const connection = await connect(socket);
    testpmd?.kill();
    const gone = (async () => {
      for (;;) await connection.round(['/ethdev/xstats,0'], { replyDeadlineMs: 5000 });
    })();
    await expect(gone).rejects.toMatchObject({ code: 'FN_TELEMETRY_GONE' });
    await expect(connect(socket)).rejects.toMatchObject({ code: 'FN_TELEMETRY_REFUSED', context: { errno: 111 } });
  });
});

function statusOf(tid: string): string {
  return readFileSync(`/proc/self/task/${tid}/status`, 'latin1');
}
