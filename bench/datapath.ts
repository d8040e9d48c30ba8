/**
 * What a host with OVS-DPDK pays for the whole collector at one second: CPU of a core, resident memory, and what those
 * who are asked pay: the switch's main thread, the database, the telemetry threads of every DPDK program. On the lab with
 * five ports, a testpmd of eight ports with four queues each, and 20,000 packets a second on two ways.
 *
 *     npm run bench:datapath [-- --rounds 5 --seconds 20 --by-source --profile FOLDER --json]
 *
 * First nobody looks; then a collector of the whole, and one of a host whose only DPDK programs are the switch and testpmd
 * (the lab's guests and its wire are five programs more), each in a process of its own. Needs root and what the lab needs.
 */
import { linkSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Lab, startLab } from '../test/lab/lab.ts';
import { CollectorProcess, type Order, type Told } from './datapath/collector.ts';
import { percentOf, readCpu, rssMiB } from './datapath/cpu.ts';
import { wholeOption } from './datapath/whole-option.ts';
import { spreadOf, tellSpread } from './spread.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '20' },
    'by-source': { type: 'boolean', default: false },
    profile: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
/** The load runs for ten minutes at most, and the collector's messages are kept for one. */
const rounds = wholeOption('rounds', options.rounds, 1, 9);
const profiling = options.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profile}`];
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
/** The collector's own rhythm has a period of five seconds. */
const turnMs = 1000 * wholeOption('seconds', options.seconds, 5, 60);
/** A new process compiles its hot paths, and looks at everything for the first time. */
const warmUpMs = 60_000;
const pps = 20_000;
const cpuGoal = 3;
const rssGoalMiB = 150;

interface Mode {
  readonly name: string;
  /** Undefined: no collector. */
  readonly order: Order | undefined;
}

/** CPU in percent of a core. */
interface Turn {
  readonly mode: string;
  readonly collector: number;
  readonly switchMain: number;
  readonly database: number;
  readonly telemetry: number;
  readonly rssMiB: number;
  /** Questions that the switch was asked, a second. */
  readonly calls: number;
  readonly told: Told | undefined;
}

/** Sockets of the switch and of testpmd alone, as links, since a collector finds every socket below a folder. */
function linkWithoutGuests({ folder, dpdkRuntimeDir, state }: Lab): string {
  const narrow = path.join(folder, 'dpdk-few');
  for (const name of ['ovs', 'testpmd']) {
    const prefix = `${state.state.id}-${name}`;
    mkdirSync(path.join(narrow, prefix), { recursive: true });
    linkSync(path.join(dpdkRuntimeDir, prefix, 'dpdk_telemetry.v2'), path.join(narrow, prefix, 'dpdk_telemetry.v2'));
  }
  return narrow;
}

function modesOf(lab: Lab): Mode[] {
  const all: Order = { ovsRunDir: lab.ovs.runDir, dpdkRuntimeDirs: [lab.dpdkRuntimeDir], sourcesOff: [] };
  const without = (['dpdk-telemetry', 'kernel', 'ovs', 'thread'] as const).map((source) => ({
    name: `without ${source}`,
    order: { ...all, sourcesOff: [source] },
  }));
  return [
    { name: 'nothing', order: undefined },
    { name: 'whole', order: all },
    { name: 'few', order: { ...all, dpdkRuntimeDirs: [linkWithoutGuests(lab)] } },
    ...(options['by-source'] ? without : []),
  ];
}

async function startLoad(lab: Lab): Promise<void> {
  const forMs = 600_000;
  await lab.wire?.start({ pps, forMs, destination: lab.guest('vhu1').address });
  await lab.guest('vhu3').start({ pps, forMs, destination: lab.guest('vhu4').address });
}

async function stopLoad(lab: Lab): Promise<void> {
  await lab.wire?.stop();
  await lab.guest('vhu3').stop();
}

/** How many questions the switch has been asked since it started, this one included. */
async function questions(lab: Lab): Promise<number> {
  const total = /^unixctl_received\s.*total: (\d+)$/m.exec(await lab.ovs.appctl('coverage/show'))?.[1];
  return Number(total ?? Number.NaN);
}

async function takeTurn(lab: Lab, subject: CollectorProcess | undefined, mode: string): Promise<Turn> {
  await subject?.told();
  const asked = [performance.now(), await questions(lab)] as const;
  const before = readCpu(lab, subject?.pid);
  await delay(turnMs, undefined, { signal: stopping.signal });
  const after = readCpu(lab, subject?.pid);
  const askedAfter = [performance.now(), await questions(lab)] as const;
  const resident = subject === undefined ? 0 : rssMiB(subject.pid);
  return {
    mode,
    collector: percentOf('collectorNs', before, after),
    switchMain: percentOf('switchMainNs', before, after),
    database: percentOf('databaseNs', before, after),
    telemetry: percentOf('telemetryNs', before, after),
    rssMiB: resident,
    // One of them is the bench's own.
    calls: (1000 * (askedAfter[1] - asked[1] - 1)) / (askedAfter[0] - asked[0]),
    told: await subject?.told(),
  };
}

async function takeTurns(lab: Lab, { name, order }: Mode): Promise<Turn[]> {
  const turns: Turn[] = [];
  const subject = order === undefined ? undefined : new CollectorProcess(profiling);
  await startLoad(lab);
  try {
    if (order !== undefined) await subject?.turnOn(order);
    await delay(order === undefined ? 5000 : warmUpMs, undefined, { signal: stopping.signal });
    for (let i = 0; i < rounds; i++) {
      turns.push(await takeTurn(lab, subject, name));
      process.stderr.write(`${name}: turn ${i + 1} of ${rounds}\n`);
    }
  } finally {
    await subject?.stop();
    await stopLoad(lab);
  }
  return turns;
}

async function run(): Promise<Turn[]> {
  const lab = await startLab({ testpmd: { ports: 8, rxQueues: 4, txQueues: 4 }, signal: stopping.signal });
  try {
    const turns: Turn[] = [];
    for (const mode of modesOf(lab)) turns.push(...(await takeTurns(lab, mode)));
    return turns;
  } finally {
    await lab.stop();
  }
}

/** All turns on one side of the goal decide it; else the run was too short or the machine too loud. */
function verdict(values: readonly number[], goal: number): string {
  const { min, max } = spreadOf(values);
  return max < goal ? 'reached' : min >= goal ? 'MISSED' : 'not resolved';
}

function print(turns: readonly Turn[]): void {
  const of = (mode: string) => turns.filter((turn) => turn.mode === mode);
  const titles = new Map([
    ['whole', 'all DPDK programs of the lab: the switch, testpmd, four guests, the wire'],
    ['few', 'the switch and testpmd alone'],
  ]);
  const modes = [...new Set(turns.map(({ mode }) => mode))].filter((mode) => mode !== 'nothing');
  say(`${rounds} turns of ${turnMs / 1000} s each, ${pps} packets a second on two ways`);
  for (const mode of modes) printMode(titles.get(mode) ?? mode, of(mode), of('nothing'));
}

function printMode(title: string, on: readonly Turn[], off: readonly Turn[]): void {
  const tell = (values: readonly number[], digits = 2) => tellSpread(spreadOf(values), digits);
  const collector = on.map((turn) => turn.collector);
  const resident = on.map((turn) => turn.rssMiB);
  const idle = (key: 'switchMain' | 'database' | 'telemetry') => spreadOf(off.map((turn) => turn[key])).median;
  const added = (key: 'switchMain' | 'database' | 'telemetry') => on.map((turn) => turn[key] - idle(key));
  const calls = on.map((turn) => turn.calls);
  const usPerCall = added('switchMain').map((percent, i) => (percent * 1e4) / (calls[i] as number));
  const told = on.flatMap((turn) => turn.told ?? []);
  say(title);
  const kib = told.map(({ ticks, bytes }) => bytes / ticks / 1024);
  say(
    `  ${tell(
      told.map(({ ticks, counters }) => counters / ticks),
      0,
    )} counters a tick, ${tell(kib, 1)} KiB`,
  );
  say(`  collector        ${tell(collector)} % of a core; under ${cpuGoal} %: ${verdict(collector, cpuGoal)}`);
  say(`  resident         ${tell(resident, 0)} MiB; under ${rssGoalMiB} MiB: ${verdict(resident, rssGoalMiB)}`);
  say(`  switch, main     +${tell(added('switchMain'))} % of a core on ${tell(off.map((turn) => turn.switchMain))}`);
  say(`                   ${tell(calls)} questions a second, ${tell(usPerCall, 0)} us each`);
  say(`  database         +${tell(added('database'))} % of a core`);
  say(`  telemetry        +${tell(added('telemetry'))} % of a core, threads of all programs`);
  printSources(told.flatMap(({ sources }) => sources));
}

function printSources(told: Told['sources']): void {
  for (const [source, each] of Map.groupBy(told, (one) => one.source)) {
    const durations = each.map(({ durationUs }) => durationUs / 1000).sort((a, b) => a - b);
    const at = (share: number) => (durations[Math.floor(share * (durations.length - 1))] as number).toFixed(1);
    const bad = each.filter(({ state }) => state !== 'ok');
    const states = [...Map.groupBy(bad, ({ state }) => state)].map(([state, ticks]) => `, ${ticks.length} ${state}`);
    say(
      `  ${source.padEnd(16)} ${at(0.5)} ms a gather (p99 ${at(0.99)}), waiting for answers included${states.join('')}`,
    );
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  const turns = await run();
  if (options.json) say(JSON.stringify(turns));
  else print(turns);
} catch (error) {
  if (!stopping.signal.aborted) throw error;
  // 128 and the number of SIGINT, as shells have it.
  process.exitCode = 130;
}
