/**
 * What reading a DPDK process costs: CPU of the client and of the process's own telemetry threads, per reply, once a
 * second, and samples lost at 10 ms with every core busy; beside Telegraf, in turns, never both at once (the server of
 * DPDK before 26.07 mixes up two clients). A process that wakes once a second to do nothing costs CPU too: each program
 * has a turn of that, and the client's cost is told with it and without it.
 *
 *     npm run bench:telemetry [-- --seconds 60 --rounds 3 --ports 8 --json]
 *
 * Needs root and Debian's dpdk-dev (dpdk-testpmd); for Telegraf go and the Go module proxy, and says so without.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { spreadOf, tellSpread } from './spread.ts';
import { cpuNs, startBusyLoops, Testpmd } from './telemetry/subject.ts';
import { buildTelegraf, startTelegraf } from './telemetry/telegraf.ts';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    rounds: { type: 'string', default: '3' },
    ports: { type: 'string', default: '8' },
    json: { type: 'boolean', default: false },
  },
});
const seconds = Number(options.seconds);
const rounds = Number(options.rounds);
const ports = Number(options.ports);
/** Of the calm turns and of the busy ones. */
const calmMs = 1000;
const busyMs = 10;
/** After a start: connecting, and the first allocations. */
const settleMs = 3000;
const clientGoal = 1 / 6;
const peerGoal = 1 / 2;

/** us a reply; of an idle turn, of the replies that would have come. */
interface Turn {
  readonly clientUs: number;
  readonly idleUs: number;
  readonly peerUs: number;
}

interface Loss {
  readonly lost: number;
  readonly expected: number;
}

interface Counts {
  readonly rounds: number;
  readonly replies: number;
  readonly lost: number;
}

/** Our client's process, which lives on between its turns, with the connection closed. */
class Ours {
  readonly #child: ChildProcess;
  readonly #lines: Interface;

  constructor(socket: string) {
    const program = fileURLToPath(new URL('./telemetry/client.ts', import.meta.url));
    this.#child = spawn(process.execPath, [program, socket, String(ports)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async say(line: string): Promise<Counts> {
    const answer = once(this.#lines, 'line', { signal: AbortSignal.timeout(30_000) });
    this.#child.stdin?.write(`${line}\n`);
    return JSON.parse(String((await answer)[0])) as Counts;
  }

  async stop(): Promise<void> {
    this.#child.stdin?.end();
    await once(this.#child, 'exit', { signal: AbortSignal.timeout(10_000) });
  }
}

/** CPU of a program and of the telemetry threads while a turn lasts, ns, and how long it lasted, ms. */
async function measure(
  pid: number,
): Promise<{ readonly clientNs: number; readonly peerNs: number; readonly ms: number }> {
  await delay(settleMs);
  const before = [performance.now(), cpuNs(pid), subject.telemetryNs()] as const;
  await delay(seconds * 1000);
  const after = [performance.now(), cpuNs(pid), subject.telemetryNs()] as const;
  return { ms: after[0] - before[0], clientNs: after[1] - before[1], peerNs: after[2] - before[2] };
}

/** At this pace no reply is lost, by either (the counts of ours are checked). */
function repliesIn(ms: number): number {
  return (ms / calmMs) * ports;
}

async function ourTurn(): Promise<Turn> {
  await ours.say(`open idle ${calmMs}`);
  const idle = await measure(ours.pid);
  await ours.say('close');
  await ours.say(`open rounds ${calmMs}`);
  const read = await measure(ours.pid);
  const { lost } = await ours.say('close');
  if (lost > 0) throw new Error(`${lost} rounds lost a reply`);
  return turnOf(read, idle);
}

async function theirTurn(program: string): Promise<Turn> {
  const idling = startTelegraf(program, `${subject.socket}-none`, calmMs, false);
  const idle = await measure(idling.pid);
  await idling.stop();
  const telegraf = startTelegraf(program, subject.socket, calmMs, false);
  const read = await measure(telegraf.pid);
  await telegraf.stop();
  return turnOf(read, idle);
}

function turnOf(read: Awaited<ReturnType<typeof measure>>, idle: Awaited<ReturnType<typeof measure>>): Turn {
  return {
    clientUs: read.clientNs / 1000 / repliesIn(read.ms),
    idleUs: idle.clientNs / 1000 / repliesIn(idle.ms),
    peerUs: read.peerNs / 1000 / repliesIn(read.ms),
  };
}

/** With `empty`: what a loop loses that only wakes, on this machine at this time. */
async function ourLoss(manner: 'series' | 'empty'): Promise<Loss> {
  await ours.say(`open ${manner} ${busyMs}`);
  await delay(seconds * 1000);
  const { rounds: got, lost } = await ours.say('count');
  await ours.say('close');
  return { lost, expected: got + lost };
}

async function theirLoss(program: string): Promise<Loss> {
  const telegraf = startTelegraf(program, subject.socket, busyMs, true);
  await delay(seconds * 1000);
  await telegraf.stop();
  const { got, expected } = telegraf.samples(ports, busyMs);
  return { lost: Math.max(0, expected - got), expected };
}

const telegraf = buildTelegraf();
const subject = new Testpmd(ports);
await subject.ready();
const ours = new Ours(subject.socket);
// A process compiles its hot paths in its first minutes; one that reads each second for years has long done so.
await ours.say(`open rounds ${busyMs}`);
await delay(10_000);
await ours.say('close');

const calm: { readonly ours: Turn[]; readonly theirs: Turn[] } = { ours: [], theirs: [] };
const busy: { readonly ours: Loss[]; readonly empty: Loss[]; readonly theirs: Loss[] } = {
  ours: [],
  empty: [],
  theirs: [],
};
for (let i = 0; i < rounds; i++) {
  calm.ours.push(await ourTurn());
  if ('program' in telegraf) calm.theirs.push(await theirTurn(telegraf.program));
  const cpus = Array.from({ length: availableParallelism() }, (_, cpu) => cpu);
  const loops = startBusyLoops(cpus, 4 * seconds + 60);
  try {
    busy.ours.push(await ourLoss('series'));
    busy.empty.push(await ourLoss('empty'));
    if ('program' in telegraf) busy.theirs.push(await theirLoss(telegraf.program));
  } finally {
    loops.stop();
  }
  process.stderr.write(`round ${i + 1} of ${rounds}\n`);
}
await ours.stop();
await subject.stop();

if (options.json) process.stdout.write(`${JSON.stringify({ seconds, ports, calm, busy })}\n`);
else {
  process.stdout.write(`${ports} ports, counters of each once a second, ${rounds} turns of ${seconds} s each\n`);
  printCosts('ours', calm.ours);
  if ('why' in telegraf) process.stdout.write(`  Telegraf  not compared: ${telegraf.why}\n`);
  else {
    printCosts('Telegraf', calm.theirs);
    printRatio('client without idling', (turn) => turn.clientUs - turn.idleUs, clientGoal);
    printRatio('whole client', (turn) => turn.clientUs, clientGoal);
    printRatio('DPDK', (turn) => turn.peerUs, peerGoal);
  }
  printLosses();
}

function printCosts(who: string, turns: readonly Turn[]): void {
  const [client, idle, peer] = (['clientUs', 'idleUs', 'peerUs'] as const).map((key) =>
    tellSpread(spreadOf(turns.map((turn) => turn[key]))),
  );
  process.stdout.write(`  ${who.padEnd(9)} client ${client} us a reply, of which idle ${idle}; DPDK ${peer}\n`);
}

/** All turns on one side of the goal decide it; else the run was too short or the machine too loud. */
function printRatio(what: string, cost: (turn: Turn) => number, goal: number): void {
  const ratio = spreadOf(calm.ours.map((turn, i) => cost(turn) / cost(calm.theirs[i] as Turn)));
  const verdict = ratio.max <= goal ? 'reached' : ratio.min > goal ? 'MISSED' : 'not resolved';
  process.stdout.write(`  ours / Telegraf, ${what}: ${tellSpread(ratio, 3)}; at most ${goal.toFixed(3)}: ${verdict}\n`);
}

/** A machine on which a loop that only wakes loses intervals cannot show that nothing is lost by reading. */
function printLosses(): void {
  const lostBy = (losses: readonly Loss[]) => losses.reduce((sum, { lost }) => sum + lost, 0);
  const tell = (losses: readonly Loss[]) => {
    const percent = tellSpread(spreadOf(losses.map(({ lost, expected }) => (100 * lost) / expected)), 2);
    return `${losses.map(({ lost, expected }) => `${lost} of ${expected}`).join(', ')}: ${percent} %`;
  };
  const verdict = lostBy(busy.ours) === 0 ? 'reached' : lostBy(busy.empty) === 0 ? 'MISSED' : 'not resolved';
  process.stdout.write(`every ${busyMs} ms, every core busy\n`);
  process.stdout.write(`  ours      lost ${tell(busy.ours)}; goal 0: ${verdict}\n`);
  process.stdout.write(`  a loop that reads nothing lost ${tell(busy.empty)}\n`);
  if (busy.theirs.length > 0) process.stdout.write(`  Telegraf  lost ${tell(busy.theirs)}\n`);
}
