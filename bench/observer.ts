/**
 * Whether looking changes what is looked at: packets delivered and their latency with the whole collector on and off, in
 * pairs of turns right after one another, in an order that a seed decides. The load is near what this machine carries, so
 * that a datapath that is slowed down loses packets.
 *
 *     npm run bench:observer [-- --pairs 20 --seconds 10 --pps N --seed 1 --json]
 *
 * Reached when the 95 % interval of delivered packets, on / off, excludes a loss of 2 %. Needs root and what the lab
 * needs. Without --pps it looks for the highest rate first.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startLab } from '../test/lab/lab.ts';
import { CollectorProcess, type Order } from './datapath/collector.ts';
import { wholeOption } from './datapath/whole-option.ts';
import { Load, latencyUs, type Window } from './observer/load.ts';
import { type Interval, ratioInterval, seededRandom } from './observer/paired.ts';
import { spreadOf, tellSpread } from './spread.ts';

const { values: options } = parseArgs({
  options: {
    pairs: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '10' },
    pps: { type: 'string' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
/** The generators remember a minute; an interval needs a few pairs. */
const seconds = wholeOption('seconds', options.seconds, 1, 50);
const pairs = wholeOption('pairs', options.pairs, 5, 1000);
const seed = wholeOption('seed', options.seed, 0, 2 ** 32 - 1);
const ppsGiven = options.pps === undefined ? undefined : wholeOption('pps', options.pps, 1000, 1_600_000);
/** Share of the highest rate: at that rate itself packets are lost whoever looks on. */
const loadShare = 0.85;
/** A new collector looks at everything for the first time, and a new process compiles its hot paths. */
const firstWarmUpMs = 45_000;
/** Of each turn, whether the collector is on or off. */
const warmUpMs = 5000;
const leastRatio = 0.98;

interface Pair {
  readonly on: Window;
  readonly off: Window;
}

interface Result {
  readonly pps: number;
  /** Undefined when the rate was given. */
  readonly most: number | undefined;
  readonly pairs: readonly Pair[];
}

const stopping = new AbortController();
const { signal } = stopping;
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort());

async function run(): Promise<Result> {
  const lab = await startLab({ testpmd: { ports: 8, rxQueues: 4, txQueues: 4 }, signal });
  const collector = new CollectorProcess();
  try {
    const load = new Load(lab);
    const most = ppsGiven === undefined ? await load.findMost(signal) : undefined;
    const pps = ppsGiven ?? Math.round(loadShare * (most ?? 0));
    const order: Order = { ovsRunDir: lab.ovs.runDir, dpdkRuntimeDirs: [lab.dpdkRuntimeDir], sourcesOff: [] };
    process.stderr.write(`load ${pps} packets a second; the collector warms up for ${firstWarmUpMs / 1000} s\n`);
    await collector.turnOn(order);
    await delay(firstWarmUpMs, undefined, { signal });
    await collector.turnOff();
    const turn = async (isOn: boolean) => {
      if (isOn) await collector.turnOn(order);
      const window = await load.measure(pps, warmUpMs, seconds * 1000, signal);
      if (isOn) await collector.turnOff();
      return window;
    };
    return { pps, most, pairs: await takePairs(turn) };
  } finally {
    await collector.stop();
    await lab.stop();
  }
}

async function takePairs(turn: (isOn: boolean) => Promise<Window>): Promise<Pair[]> {
  const random = seededRandom(seed);
  const taken: Pair[] = [];
  for (let i = 0; i < pairs; i++) {
    const onFirst = random() < 0.5;
    const first = await turn(onFirst);
    const second = await turn(!onFirst);
    const pair = onFirst ? { on: first, off: second } : { on: second, off: first };
    taken.push(pair);
    const tell = ({ delivered }: Window) => Math.round(delivered);
    process.stderr.write(`pair ${i + 1} of ${pairs}: on ${tell(pair.on)}, off ${tell(pair.off)} packets a second\n`);
  }
  return taken;
}

function ratiosOf(taken: readonly Pair[], value: (window: Window) => number): Interval {
  return ratioInterval(taken.map(({ on, off }) => value(on) / value(off)));
}

function tellInterval({ mean, low, high }: Interval): string {
  return `${mean.toFixed(4)} (95 %: ${low.toFixed(4)} to ${high.toFixed(4)})`;
}

function print({ pps, most, pairs: taken }: Result): void {
  const delivered = ratiosOf(taken, (window) => window.delivered);
  // A loss that is certain is no question of resolution.
  const verdict = delivered.low > leastRatio ? 'reached' : delivered.high < leastRatio ? 'MISSED' : 'not resolved';
  const found = most === undefined ? 'as given' : `${loadShare} of ${most}, the most that was carried`;
  say(`${pairs} pairs of ${seconds} s each way, seed ${seed}; load ${pps} packets a second on two ways (${found})`);
  say(`  delivered, on / off: ${tellInterval(delivered)}; excludes a loss of 2 %: ${verdict}`);
  for (const state of ['on', 'off'] as const) {
    const windows = taken.map((pair) => pair[state]);
    const rate = spreadOf(windows.map((window) => window.delivered / 1000));
    const lost = spreadOf(windows.map((window) => 100 * (1 - window.delivered / window.attempted)));
    say(`    ${state.padEnd(3)} ${tellSpread(rate)} thousand a second, lost or refused ${tellSpread(lost, 2)} %`);
  }
  for (const [name, share] of [
    ['p50', 0.5],
    ['p99', 0.99],
  ] as const) {
    const latency = (window: Window) => latencyUs(window.latencyLog2, share);
    const [on, off] = (['on', 'off'] as const).map((state) =>
      tellSpread(spreadOf(taken.map((pair) => latency(pair[state]))), 0),
    );
    say(`  latency ${name}, on / off: ${tellInterval(ratiosOf(taken, latency))}; us on ${on}, off ${off}`);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  const result = await run();
  if (options.json) {
    say(JSON.stringify(result, (_key, value: unknown) => (typeof value === 'bigint' ? Number(value) : value)));
  } else print(result);
} catch (error) {
  if (!signal.aborted) throw error;
  // 128 and the number of SIGINT, as shells have it.
  process.exitCode = 130;
}
