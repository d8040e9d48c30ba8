/**
 * Kills a server, its store and its control store, at every named point and anywhere, and after each log of several kills
 * holds what is stored against what was generated.
 *
 *     npm run test:faults -- [--rounds 200] [--seed 1]
 *
 * One round is one kill. Ends with 1 when a message is lost or doubled.
 */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { GeneratedLog, randomOf } from '../fakes/generated-log.ts';
import {
  aSubjectFolder,
  endOfSubject,
  logSubject,
  memorySubject,
  points,
  runSubject,
  startSubject,
  storedBy,
} from './exactly-once-fixture.ts';
import type { Spawned } from './spawned.ts';
import { today } from './store-fixture.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' } },
});
const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
const killsALog = 10;
/** A victim is started about so long before it stores; a kill anywhere comes within this, ms. */
const anywhereMs = 4000;
const victims = [...points, 'server anywhere', 'store', 'control store'] as const;
type Victim = (typeof victims)[number];
/** What the processes of the stores are called in the list of processes. */
const programOf: Partial<Record<Victim, string>> = {
  store: 'store/embedded/child.ts',
  'control store': 'control/embedded/main.ts',
};

const random = randomOf(seed);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
const hits = new Map<Victim, number>();
const total = { killed: 0, endedBefore: 0, logs: 0, messages: 0, lost: 0, doubled: 0, wrong: 0 };

for (let round = 0; round < rounds; total.logs++) {
  const program = total.logs % 2 === 0 ? logSubject : memorySubject;
  const options = {
    seed: seed * 1000 + total.logs,
    messages: program === logSubject ? 400 : 200,
    hosts: 3,
    firstSlot: today,
    readMs: program === logSubject ? 15 : 0,
    recordsARead: 20,
  };
  const folder = await aSubjectFolder();
  try {
    for (let kill = 0; kill < killsALog && round < rounds; kill++, round++) await killOnce(folder, options, program);
    await runSubject(folder, options, [], program);
    await compare(folder, options, program === logSubject);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  process.stderr.write(`${round} of ${rounds} rounds: ${total.lost} lost, ${total.doubled} doubled\n`);
}
report();

async function killOnce(folder: string, options: Parameters<typeof startSubject>[1], program: string): Promise<void> {
  const victim = pick(victims);
  const isPoint = points.some((point) => point === victim);
  const server = startSubject(folder, options, isPoint ? [victim, String(1 + Math.floor(random() * 6))] : [], program);
  if (!isPoint) {
    const killed = killLater(server, victim, random() * anywhereMs);
    const done = await killed;
    // The server goes on without the store it had, and is killed itself a little later.
    if (done && victim !== 'server anywhere') await killLater(server, 'server anywhere', random() * anywhereMs);
    if (done) hits.set(victim, (hits.get(victim) ?? 0) + 1);
  }
  const code = await endOfSubject(server);
  if (isPoint && code === 'SIGKILL') hits.set(victim, (hits.get(victim) ?? 0) + 1);
  if (code === 'SIGKILL') total.killed++;
  else total.endedBefore++;
}

/** False: it had ended before, or has no such process yet. */
async function killLater(server: Spawned, victim: Victim, ms: number): Promise<boolean> {
  await delay(ms);
  const { pid, exitCode, signalCode } = server.child;
  if (exitCode !== null || signalCode !== null || pid === undefined) return false;
  const name = programOf[victim];
  const target = name === undefined ? pid : childOf(pid, name);
  if (target === undefined) return false;
  try {
    process.kill(target, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

function childOf(parent: number, program: string): number | undefined {
  try {
    const list = execFileSync('ps', ['--ppid', String(parent), '-o', 'pid=,args='], { encoding: 'utf8' });
    const line = list.split('\n').find((each) => each.includes(program));
    return line === undefined ? undefined : Number(line.trim().split(/\s+/)[0]);
  } catch {
    // It has no child (yet).
    return undefined;
  }
}

async function compare(
  folder: string,
  options: Parameters<typeof startSubject>[1],
  exactLetters: boolean,
): Promise<void> {
  const { sums } = new GeneratedLog(options);
  const found = await storedBy(folder);
  total.messages += sums.messages;
  total.doubled += found.twice;
  total.lost += Math.max(0, sums.messages + found.twice - found.messages);
  // What cannot be read has no sequence: from a spool it may come, and be kept, twice.
  const letters = exactLetters ? found.poison === sums.poison : found.poison >= sums.poison;
  const same = found.rows === sums.rows && found.packets === sums.packets && found.rolled === sums.packets && letters;
  if (same) return;
  total.wrong++;
  process.stdout.write(`log of seed ${options.seed}: stored ${show(found)}, generated ${show(sums)}\n`);
}

function show(sums: object): string {
  return Object.entries(sums)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

function report(): void {
  const { killed, endedBefore, logs, messages, lost, doubled, wrong } = total;
  process.stdout.write(
    `seed ${seed}: ${rounds} rounds, ${killed} servers killed, ${endedBefore} ended before their kill\n`,
  );
  for (const victim of victims) process.stdout.write(`  ${victim.padEnd(16)} ${hits.get(victim) ?? 0}\n`);
  process.stdout.write(
    `${messages} messages in ${logs} logs: ${lost} lost, ${doubled} doubled, ${wrong} logs with other sums\n`,
  );
  process.exitCode = lost + doubled + wrong === 0 ? 0 : 1;
}
