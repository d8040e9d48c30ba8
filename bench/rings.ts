/**
 * What sampling rings at 1 kHz costs and how late it is, beside the empty loop: the same thread with no ring. Three turns a
 * round, in changing order: no ring, rings that are mapped, rings that the kernel copies (process_vm_readv). Their indices
 * are written by another process all the while. The difference is of neighbouring turns of the same round.
 *
 *     npm run bench:rings [-- --rings 64 --seconds 5 --rounds 7 --json]
 *
 * Needs the addon and g++, and for copied rings root or the right to read our own child (ptrace_scope).
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openAddon } from '../native/addon.ts';
import type { RingTotals } from '../native/facade.ts';
import { startGuest } from '../test/native/guest-memory.ts';
import { type Spread, spreadOf, tellSpread } from './spread.ts';

const { values: options } = parseArgs({
  options: {
    rings: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '7' },
    json: { type: 'boolean', default: false },
  },
});
const ringCount = Number(options.rings);
const seconds = Number(options.seconds);
const rounds = Number(options.rounds);
const goalUs = 0.1;
const size = 256;
/** How often the other process writes all indices. */
const writeUs = 500;
/** A ring is sampled from the first whole second on. */
const settleMs = 2100;
const ways = ['none', 'mapped', 'copied'] as const;
type Way = (typeof ways)[number];

interface Turn {
  /** CPU time of the sampling thread, us a tick. */
  readonly tickUs: number;
  readonly latenessUs: number;
  readonly latePercent: number;
  readonly missed: number;
  readonly ticks: number;
  /** Samples that came out as sums. */
  readonly samples: number;
}

const facade = openAddon();
const folder = mkdtempSync(join(tmpdir(), 'fn-bench-rings-'));
const guest = await startGuest(folder, { rings: ringCount, periodUs: writeUs });
try {
  const turns = new Map<Way, Turn[]>(ways.map((way) => [way, []]));
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < ways.length; i++) {
      const way = ways[(round + i) % ways.length] as Way;
      turns.get(way)?.push(await runTurn(way));
    }
  }
  report(turns);
} finally {
  await guest.kill();
  facade.close();
  rmSync(folder, { recursive: true });
}

async function runTurn(way: Way): Promise<Turn> {
  const sampler = facade.openRings({ periodUs: 1000 });
  try {
    for (let i = 0; i < ringCount && way !== 'none'; i++) sampler.add(placeOf(way, i));
    await delay(settleMs);
    const before = sampler.take().totals;
    await delay(seconds * 1000);
    const { totals, slots, ended } = sampler.take();
    if (ended.length > 0) throw new Error(`${ended.length} rings ended: ${ended[0]?.why}`);
    const samples = slots.reduce((sum, slot) => sum + slot.samples, 0);
    return { ...ofTotals(before, totals), samples };
  } finally {
    sampler.close();
  }
}

function placeOf(way: 'mapped' | 'copied', index: number) {
  const shape = { size, direction: index % 2 === 0 ? 'toGuest' : 'fromGuest' } as const;
  const at = BigInt(index * 8192);
  if (way === 'copied')
    return { ...shape, pid: guest.pid, usedAddress: guest.address + at, availAddress: guest.address + at + 4096n };
  const path = `/proc/${guest.pid}/fd/${guest.fd}`;
  const { dev, ino } = statSync(path, { bigint: true });
  return { ...shape, path, device: dev, inode: ino, usedOffset: at, availOffset: at + 4096n };
}

function ofTotals(before: RingTotals, after: RingTotals): Omit<Turn, 'samples'> {
  const since = (name: keyof RingTotals) => Number(after[name] - before[name]);
  const ticks = since('ticks');
  return {
    tickUs: since('cpuNs') / ticks / 1000,
    latenessUs: since('latenessNs') / ticks / 1000,
    latePercent: (100 * since('late')) / ticks,
    missed: since('missed'),
    ticks,
  };
}

function report(turns: ReadonlyMap<Way, readonly Turn[]>): void {
  const of = (way: Way, value: (turn: Turn) => number) => (turns.get(way) ?? []).map(value);
  const beyondEmpty = (way: Way, value: (turn: Turn) => number) => {
    const empty = of('none', value);
    return spreadOf(of(way, value).map((one, i) => one - (empty[i] as number)));
  };
  const costs = { mapped: beyondEmpty('mapped', perRing), copied: beyondEmpty('copied', perRing) };
  const later = beyondEmpty('mapped', ({ latenessUs }) => latenessUs);
  const lateMore = beyondEmpty('mapped', ({ latePercent }) => latePercent);
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ rings: ringCount, rounds, turns: Object.fromEntries(turns), costs })}\n`);
    return;
  }
  const say = (line: string) => process.stdout.write(`${line}\n`);
  say(`${ringCount} rings at 1 kHz, ${rounds} rounds of ${seconds} s a turn; median (least to most)`);
  for (const way of ways) {
    const told = (value: (turn: Turn) => number, digits = 1) => tellSpread(spreadOf(of(way, value)), digits);
    const sum = (value: (turn: Turn) => number) => of(way, value).reduce((all, one) => all + one, 0);
    say(
      `${way.padEnd(6)}  ${told(({ tickUs }) => tickUs)} us CPU a tick, late by ${told(({ latenessUs }) => latenessUs)} us, ` +
        `beyond 0.5 ms ${told(({ latePercent }) => latePercent)} %, missed ${sum(({ missed }) => missed)} of ` +
        `${sum(({ ticks, missed }) => ticks + missed)} ticks, ${sum(({ samples }) => samples)} samples`,
    );
  }
  say(
    `mapped, beyond the empty loop: ${tellSpread(costs.mapped, 3)} us a ring and sample; at most ${goalUs}: ${judge(costs.mapped, goalUs)}`,
  );
  say(`copied, beyond the empty loop: ${tellSpread(costs.copied, 3)} us a ring and sample`);
  say(
    `mapped later than the empty loop: ${tellSpread(later)} us, beyond 0.5 ms ${tellSpread(lateMore)} points: ${judgeZero(later)}`,
  );
}

function perRing({ tickUs }: Turn): number {
  return tickUs / ringCount;
}

/** Only where all rounds agree. */
function judge({ min, max }: Spread, most: number): string {
  return max <= most ? 'reached' : min > most ? 'NOT reached' : 'not resolved';
}

function judgeZero({ min, max }: Spread): string {
  return min > 0 ? 'later' : max < 0 ? 'earlier' : 'not resolved';
}
