import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** dpdk-testpmd with ports of no hardware and four queues each; it forwards nothing, so its cores are idle. */
export class Testpmd {
  readonly ports: number;
  readonly #prefix = `fnbench${process.pid}`;
  readonly socket = `/var/run/dpdk/${this.#prefix}/dpdk_telemetry.v2`;
  readonly #child: ChildProcess;

  constructor(ports: number) {
    this.ports = ports;
    const vdevs = Array.from({ length: ports }, (_, i) => ['--vdev', `net_null${i}`]).flat();
    const eal = `-l 0,1 --main-lcore 0 --file-prefix=${this.#prefix} -m 256 --no-huge --no-pci`.split(' ');
    const own = '--nb-cores=1 --total-num-mbufs=16384 --rxq=4 --txq=4 -i'.split(' ');
    this.#child = spawn('dpdk-testpmd', [...eal, ...vdevs, '--', ...own], { stdio: ['pipe', 'ignore', 'ignore'] });
  }

  async ready(): Promise<void> {
    const deadline = AbortSignal.timeout(20_000);
    while (!existsSync(this.socket)) {
      deadline.throwIfAborted();
      await delay(50);
    }
    // The ports come up after the socket.
    await delay(2000);
  }

  /** CPU time of the threads that answer telemetry, ns. A client's own thread ends with its connection. */
  telemetryNs(): number {
    return cpuNs(this.#child.pid ?? 0, (name) => name === 'telemetry-v2' || name.startsWith('dpdk-telemet'));
  }

  async stop(): Promise<void> {
    this.#child.stdin?.end();
    if (this.#child.exitCode === null) await once(this.#child, 'exit', { signal: AbortSignal.timeout(20_000) });
    rmSync(`/var/run/dpdk/${this.#prefix}`, { recursive: true, force: true });
  }
}

/** CPU time of the threads of a process, ns: field 1 of each schedstat. */
export function cpuNs(pid: number, isCounted: (name: string) => boolean = () => true): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, tid) => {
    try {
      const folder = `/proc/${pid}/task/${tid}`;
      if (!isCounted(readFileSync(`${folder}/comm`, 'latin1').trimEnd())) return sum;
      return sum + Number(readFileSync(`${folder}/schedstat`, 'latin1').split(' ')[0]);
    } catch {
      // The thread has ended since it was listed.
      return sum;
    }
  }, 0);
}

/** One loop for each CPU that takes all it gets, for at most `seconds`. */
export function startBusyLoops(cpus: readonly number[], seconds: number): { stop(): void } {
  const loops = cpus.map((cpu) =>
    spawn('timeout', [String(seconds), 'taskset', '-c', String(cpu), 'sh', '-c', 'while :; do :; done'], {
      stdio: 'ignore',
    }),
  );
  // timeout passes the signal on.
  return { stop: () => loops.forEach((loop) => void loop.kill('SIGTERM')) };
}
