/**
 * What sampling rings at 1 kHz costs and how late it is, beside the empty loop: the same thread with no ring. Three turns a
 * round, in changing order: no ring, rings that are mapped, rings that the kernel copies (process_vm_readv). Their indices
 * are written by another process all the while. The difference is of neighbouring turns of the same round.
 *
 *     npm run bench:rings [-- --rings 64 --seconds 1 --rounds 24 --json]
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
import { spreadOf, tellSpread } from './spread.ts';

const { values: options } = parseArgs({
  options: {
    rings: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '24' },
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
/** How often it is looked whether a second has been summed up. */
const lookMs = 2;
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
const sampler = facade.openRings({ periodUs: 1000 });
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

/** Turns are short and many, on one thread: what disturbs this machine comes and goes by the second. */
async function runTurn(way: Way): Promise<Turn> {
  const ids = way === 'none' ? [] : Array.from({ length: ringCount }, (_, i) => sampler.add(placeOf(way, i)));
  // The second under way began without them; each is over some ms after its end, when it is summed up.
  const before = (await untilSlotsEnd(1)).totals;
  const { totals, samples } = await untilSlotsEnd(seconds);
  for (const id of ids) sampler.remove(id);
  return { ...ofTotals(before, totals), samples };
}

async function untilSlotsEnd(count: number): Promise<{ readonly totals: RingTotals; readonly samples: number }> {
  const since = sampler.take().totals.newestSlot;
  for (let samples = 0; ; ) {
    const { totals, slots, ended } = sampler.take();
    if (ended.length > 0) throw new Error(`${ended.length} rings ended: ${ended[0]?.why}`);
    for (const slot of slots) samples += slot.samples;
    if (totals.newestSlot >= since + BigInt(count)) return { totals, samples };
    await delay(lookMs);
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
    return of(way, value).map((one, i) => one - (empty[i] as number));
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
    `mapped, beyond the empty loop: ${tellDifference(costs.mapped, 3)} us a ring and sample; at most ${goalUs}: ${judge(costs.mapped, goalUs)}`,
  );
  say(`copied, beyond the empty loop: ${tellDifference(costs.copied, 3)} us a ring and sample`);
  say(
    `mapped later than the empty loop: ${tellDifference(later)} us, beyond 0.5 ms ${tellDifference(lateMore)} points: ${judgeZero(later)}`,
  );
}

function perRing({ tickUs }: Turn): number {
  return tickUs / ringCount;
}

/**
 * Where the median lies, with 95 % and more, whatever the distribution: between the k-th least and the k-th most of the
 * differences, by the binomial. Undefined: too few.
 */
function medianWithin(values: readonly number[]): readonly [least: number, most: number] | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  let outside = 0;
  let chance = 2 ** -sorted.length;
  let k = 0;
  while (outside + 2 * chance <= 0.05) {
    outside += 2 * chance;
    k++;
    chance *= (sorted.length - k + 1) / k;
  }
  return k === 0 ? undefined : [sorted[k - 1] as number, sorted[sorted.length - k] as number];
}

function judge(values: readonly number[], most: number): string {
  const [least, greatest] = medianWithin(values) ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return greatest <= most ? 'reached' : least > most ? 'NOT reached' : 'not resolved';
}

function judgeZero(values: readonly number[]): string {
  const [least, greatest] = medianWithin(values) ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return least > 0 ? 'later' : greatest < 0 ? 'earlier' : 'not resolved';
}

function tellDifference(values: readonly number[], digits = 1): string {
  const within = medianWithin(values)?.map((value) => value.toFixed(digits));
  const told = within === undefined ? 'too few rounds to say more' : `95 %: ${within.join(' to ')}`;
  return `${spreadOf(values).median.toFixed(digits)} (${told})`;
}
