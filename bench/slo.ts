import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { anew, hosts, incremental, objectives, paths, rowsOf, type Subject } from './slo/fleet.ts';
import { aMonth, losses, monthObjective, monthTurn } from './slo/month.ts';
import { monthViewTurn } from './slo/month-view.ts';
import { type Spread, spreadOf, tellSpread } from './spread.ts';

/**
 * What verdicts cost:
 *
 * - T0 and T1 of 10,000 objectives on 20,000 paths each second, beside adding up each window anew each second;
 * - a month of one path, second by second from columns, recomputed;
 * - the month view of an objective: its window and each of its days.
 *
 * Rows a second and peak memory of `fournines evaluate` are `npm run bench:evaluate`. Turns are processes of their own and
 * take turns; CPU is of one thread and its collector of garbage.
 *
 *     npm run bench:slo [-- --seconds 10 --rounds 3 --json]
 */

const { values: options } = parseArgs({
  options: {
    /** Seconds judged in one turn, after rings are full. */
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
    /** Our own. */
    turn: { type: 'string' },
  },
});
const seconds = Number(options.seconds);
const rounds = Number(options.rounds);
/** Before the first judged second: the longest window. */
const filled = 300;

interface FleetTold {
  /** Per second of 20,000 rows and 10,000 objectives. */
  readonly takeMs: number;
  readonly judgeMs: number;
  readonly worstMs: number;
  readonly stateMiB: number;
  readonly firing: number;
}

const subjects: Readonly<Record<string, () => Subject>> = { incremental, anew };

if (options.turn === undefined) main();
else process.stdout.write(JSON.stringify(turn(options.turn)));

function main(): void {
  process.stdout.write(`median (smallest to largest) of ${rounds} turns\n`);
  const fleet = { incremental: [] as FleetTold[], anew: [] as FleetTold[] };
  for (let round = 0; round < rounds; round++)
    for (const name of ['incremental', 'anew'] as const) fleet[name].push(spawnTurn(name) as FleetTold);
  for (const name of ['incremental', 'anew'] as const) tellFleet(name, fleet[name]);
  tellRatio(fleet.anew.map(perSecond), fleet.incremental.map(perSecond));
  const months = losses.flatMap((loss) => (['packetDelivery', 'availability'] as const).map((sli) => ({ loss, sli })));
  for (const { loss, sli } of months) {
    const told = Array.from(
      { length: rounds },
      () => spawnTurn(`month ${loss} ${sli}`) as { wallMs: number; cpuMs: number },
    );
    const [wall, cpu] = [spreadOf(told.map(({ wallMs }) => wallMs)), spreadOf(told.map(({ cpuMs }) => cpuMs))];
    process.stdout.write(
      `a month of one path, ${sli}, loss ${loss}: ${tellSpread(wall, 0)} ms, CPU ${tellSpread(cpu, 0)} ms\n`,
    );
    if (options.json) process.stdout.write(`${JSON.stringify({ loss, sli, told })}\n`);
  }
  const views = Array.from({ length: rounds }, () => spawnTurn('view') as { wallMs: number; cpuMs: number });
  const view = spreadOf(views.map(({ wallMs }) => wallMs));
  process.stdout.write(`the month view of an objective, beside HTTP: ${tellSpread(view, 0)} ms\n`);
  if (options.json) process.stdout.write(`${JSON.stringify({ objectives, paths, fleet, views })}\n`);
}

function spawnTurn(name: string): unknown {
  const words = ['--expose-gc', fileURLToPath(import.meta.url), '--turn', name, '--seconds', String(seconds)];
  const { stdout, stderr, status } = spawnSync(process.execPath, words, { encoding: 'utf8', timeout: 600_000 });
  if (status !== 0) throw new Error(`the turn ${name} failed: ${stderr}`);
  return JSON.parse(stdout);
}

function turn(name: string): unknown {
  const [what, loss, sli] = name.split(' ') as [string, (typeof losses)[number], 'packetDelivery' | 'availability'];
  if (what === 'view') return monthViewTurn();
  if (what !== 'month') return fleetTurn(subjects[what] as () => Subject);
  const [objective, file] = [monthObjective(sli), aMonth(loss)];
  // The first one is compiled meanwhile; a server has judged before.
  monthTurn(objective, file);
  return monthTurn(objective, file);
}

function fleetTurn(make: () => Subject): FleetTold {
  const before = heldBytes();
  const subject = make();
  const told = { takeMs: 0, judgeMs: 0, worstMs: 0, firing: 0 };
  for (let s = 0; s < filled + seconds; s++) {
    const takeMs = take(subject, s);
    if (s < filled) continue;
    const startedMs = performance.now();
    told.firing = subject.judge(s);
    const judgeMs = performance.now() - startedMs;
    told.takeMs += takeMs / seconds;
    told.judgeMs += judgeMs / seconds;
    told.worstMs = Math.max(told.worstMs, takeMs + judgeMs);
  }
  return { ...told, stateMiB: (heldBytes() - before) / 2 ** 20 };
}

/** Rows are made beforehand: only what is done with them is measured. */
function take(subject: Subject, s: number): number {
  const rows = Array.from({ length: hosts }, (_, host) => rowsOf(host, s));
  const startedMs = performance.now();
  for (const [host, of] of rows.entries()) subject.take(host, s, of);
  return performance.now() - startedMs;
}

function heldBytes(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function perSecond({ takeMs, judgeMs }: FleetTold): number {
  return takeMs + judgeMs;
}

function tellFleet(name: string, told: readonly FleetTold[]): void {
  const each = (of: (one: FleetTold) => number, digits = 1) => tellSpread(spreadOf(told.map(of)), digits);
  process.stdout.write(
    `${objectives} objectives on ${paths} paths, T0 and T1 each second, ${name}: ${each(perSecond)} ms a second of wall ` +
      `(rows ${each(({ takeMs }) => takeMs)}, tiers ${each(({ judgeMs }) => judgeMs)}, worst ${each(({ worstMs }) => worstMs)}), ` +
      `${each((one) => (perSecond(one) * 1000) / paths, 2)} us a path and slot, state ${each(({ stateMiB }) => stateMiB, 0)} MiB\n`,
  );
}

/** A difference that the noise hides is none. */
function tellRatio(slow: readonly number[], fast: readonly number[]): void {
  const [a, b]: [Spread, Spread] = [spreadOf(slow), spreadOf(fast)];
  const told = a.min > b.max ? `${(a.median / b.median).toFixed(1)} times` : 'not resolved:';
  process.stdout.write(`adding up anew takes ${told} ${a.min > b.max ? 'as long' : 'the turns overlap'}\n`);
}
