/**
 * Our client in a process of its own, so that the benchmark's work is not in its CPU time. Lines in: "open MANNER
 * INTERVAL_MS", "count", "close"; a line of JSON out for each. Ends with its input.
 *
 *     node bench/telemetry/client.ts SOCKET PORTS
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseCpuList } from '../../collector/placement.ts';
import { openAddon } from '../../native/addon.ts';
import type { PacedConnection, TelemetryRound } from '../../native/facade.ts';

const [socket = '', ports = '8'] = process.argv.slice(2);
// As Telegraf asks: the list each time, then the counters of each port.
const commands = ['/ethdev/list', ...Array.from({ length: Number(ports) }, (_, port) => `/ethdev/xstats,${port}`)];
const facade = openAddon();

const options = { replyDeadlineMs: 500 };
/**
 * rounds: asked for by a timer of the event loop, as a source does; idle: the same timer, and nothing is asked; series:
 * begun by the connection's thread; empty: the same, and nothing is asked.
 */
type Manner = 'rounds' | 'idle' | 'series' | 'empty';

class Reader {
  rounds = 0;
  /** Counter replies that came. */
  replies = 0;
  /** Intervals without a round, and rounds with a reply that is not ok. */
  lost = 0;
  /** Of what the replies held, so that it was looked at. */
  last = 0n;
  readonly #connection: PacedConnection;
  readonly #commands: readonly string[];
  readonly #cpus: readonly number[];
  #isOver = false;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(connection: PacedConnection, manner: Manner, intervalMs: number) {
    this.#connection = connection;
    this.#commands = manner === 'rounds' || manner === 'series' ? commands : [];
    this.#cpus = telemetryCpus(connection.pid);
    if (manner === 'series' || manner === 'empty') this.#running = this.#repeat(intervalMs);
    else this.#plan(intervalMs);
  }

  async close(): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#timer);
    const closing = this.#connection.close();
    await this.#running;
    await closing;
  }

  #plan(intervalMs: number): void {
    const waitMs = intervalMs - (performance.now() % intervalMs);
    this.#timer = setTimeout(() => {
      if (this.#commands.length === 0) this.#plan(intervalMs);
      else this.#running = this.#round(intervalMs);
    }, waitMs);
  }

  async #round(intervalMs: number): Promise<void> {
    this.#count(await this.#connection.round(this.#commands, { ...options, cpus: this.#cpus }));
    if (!this.#isOver) this.#plan(intervalMs);
  }

  async #repeat(intervalMs: number): Promise<void> {
    for await (const round of this.#connection.repeat(this.#commands, { ...options, intervalMs, cpus: this.#cpus })) {
      this.lost += round.skipped;
      this.#count(round);
    }
  }

  #count({ replies }: TelemetryRound): void {
    let good = 0;
    for (const { values } of replies) {
      if (values === null) continue;
      good++;
      this.last = values[0] ?? 0n;
    }
    this.rounds++;
    this.replies += good;
    // The one that is being closed ends early. One reply has no counters: the list.
    if (good < this.#commands.length - 1 && !this.#isOver) this.lost++;
  }
}

/** Where the telemetry threads of a DPDK process may run: there our questions cost the least. */
function telemetryCpus(pid: number): number[] {
  for (const tid of readdirSync(`/proc/${pid}/task`)) {
    const status = readFileSync(`/proc/${pid}/task/${tid}/status`, 'latin1');
    if (!/^Name:\t(telemetry-v2|dpdk-telemet.*)$/m.test(status)) continue;
    return parseCpuList(/^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '') ?? [];
  }
  return [];
}

let reader: Reader | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  const [what, manner, interval] = line.split(' ');
  if (what === 'open') {
    const connection = await facade.openTelemetry(socket, { deadlineMs: 5000 });
    reader = new Reader(connection, manner as Manner, Number(interval));
  }
  if (what === 'close') await reader?.close();
  const { rounds = 0, replies = 0, lost = 0, last = 0n } = reader ?? {};
  process.stdout.write(`${JSON.stringify({ rounds, replies, lost, last: String(last) })}\n`);
}
await reader?.close();
facade.close();
