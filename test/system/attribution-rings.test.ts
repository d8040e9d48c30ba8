import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dropSlot, event, hostFact, portSlot } from '../../core/catalogue/kinds.ts';
import { vringRun, vringSlot } from '../../core/catalogue/ring-kinds.ts';
import { threadSlot, threadStall } from '../../core/catalogue/thread-kinds.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { Attributor } from '../../server/attribution/attributor.ts';
import type { Stall } from '../../server/attribution/evidence.ts';
import { slotsOfDay } from '../../server/seal/day-slots.ts';
import { readRows } from '../../server/seal/read-rows.ts';
import { Uplinks } from '../../server/seal/uplinks.ts';
import { attributionList } from '../../server/store/queries/attributions.ts';
import { runQuery } from '../../server/store/run-query.ts';
import { aDropSlot, aPortSlot, aSlot, insertRows, type OpenStore, openStore, today } from './store-fixture.ts';

let store: OpenStore;
const ms = 1_000_000;
const noon = today - 43_200;
const signal = AbortSignal.timeout(120_000);
/** A minute for each case, so that none has to do with another. */
let cases = 0;

beforeAll(async () => {
  store = await openStore();
  const at = BigInt((noon - 60) * 1000);
  await insertRows(store, event, [seenAt(noon - 60, '{"guest":"g1"}')]);
  await insertRows(store, hostFact, [{ host: 'h1', at, name: 'ovs.pid', value: '30', witness: 'run folder' }]);
});
afterAll(() => store[Symbol.asyncDispose]());

function seenAt(second: number, detail: string) {
  return { host: 'h1', at: BigInt(second * 1000), event: 'vring_seen', object: 'vhu1 toGuest 0', detail };
}

interface Told {
  /** Second of the interval in which packets were lost and the ring was full; 2 if not said. */
  readonly at?: number;
  /** Seconds from the interval's start in which the ring has no row. */
  readonly unsampled?: readonly number[];
  readonly missed?: number;
  /** Of the guest's processor in the second of the run. */
  readonly waitedNs?: bigint;
  readonly longestNs?: bigint;
  /** Stalls, from the start of the interval. */
  readonly stalls?: readonly { tid: number; kind: Stall['kind']; at: number; toAt: number; lowNs: number }[];
  readonly threads?: 'none' | 'idle';
  /** Queue pairs of the port whose rings are not read. */
  readonly unread?: number;
}

/** Five seconds of which 100 packets were lost, the ring full for 4 ms in the third; gives what was said of it. */
async function tell(told: Told) {
  const from = noon + 60 * cases++;
  const {
    at: lossAt = 2,
    unsampled = [],
    missed = 0,
    waitedNs = 0n,
    longestNs = 0n,
    stalls = [],
    threads,
    unread,
  } = told;
  const path = { host: 'h1', port: 'vhu1', direction: 'toGuest' } as const;
  const attributor = new Attributor({
    ...{ store, objects: { within: async () => [] }, ready: async () => undefined, logger: silentLogger },
    folder: join(store.folder, `owners-${cases}`),
    nowMs: () => (noon + 3_600) * 1000,
  });
  await attributor.look(signal);
  if (unread !== undefined)
    await insertRows(store, event, [seenAt(from - 30, `{"guest":"g1","queuesUnread":${unread}}`)]);
  const seconds = Array.from({ length: 9 }, (_, i) => from - 2 + i);
  const ports = seconds.map((slot) => {
    const dropsOutsideInc = slot === from + lossAt ? 100n : 0n;
    return aPortSlot({ ...path, slot, packetsInc: 1_000_000n, dropsInsideInc: 0n, dropsOutsideInc });
  });
  await insertRows(store, portSlot, ports);
  const sampled = seconds.filter((slot) => !unsampled.includes(slot - from));
  const rings = sampled.map((slot) => aRing(slot, slot === from + lossAt, missed));
  await insertRows(store, vringSlot, rings);
  const run = {
    ...{ ...path, queue: 0, slot: from + lossAt, continues: 0 },
    ...{ fromNs: BigInt(500 * ms), lengthNs: BigInt(4 * ms) },
  };
  await insertRows(store, vringRun, [{ ...run, lengthNsMin: run.lengthNs, lengthNsMax: run.lengthNs }]);
  const processors = seconds.flatMap((slot) => {
    const own = slot === from + lossAt ? { waitedNs, longestNs } : { waitedNs: 0n, longestNs: 0n };
    const guest = { pid: 70, tid: 7, owner: 'g1', ranNs: threads === 'idle' ? 0n : 995_000_000n, ...own };
    return [aThread(slot, guest), aThread(slot, { pid: 30, tid: 3, owner: 'ovs-vswitchd', ranNs: 999_000_000n })];
  });
  if (threads !== 'none') await insertRows(store, threadSlot, processors);
  await insertRows(
    store,
    threadStall,
    stalls.map(({ tid, kind, at, toAt, lowNs }) => ({
      ...{ host: 'h1', pid: tid * 10, tid, startTicks: BigInt(tid), role: 'pmd' as const, name: '' },
      owner: tid === 7 ? 'g1' : 'ovs-vswitchd',
      ...{ slot: from + Math.floor(toAt / 1_000), waits: 1, goesOn: 0, stall: kind },
      fromNs: BigInt(from) * 1_000_000_000n + BigInt(at * ms),
      toNs: BigInt(from) * 1_000_000_000n + BigInt(toAt * ms),
      ...{ lowNs: BigInt(lowNs), highNs: BigInt(lowNs) },
    })),
  );
  const cause = { cause: 'vhost_ring_full', state: 'bridged', slots: 5, slot: from, packetsInc: 100n } as const;
  await insertRows(store, dropSlot, [aDropSlot({ ...path, ...cause })]);
  await attributor.look(signal);
  const window = { from, to: from + 30 };
  const [row] = await runQuery(store, attributionList, { host: 'h1', port: 'vhu1', ...window, limit: 10 });
  const { lines } = slotsOfDay(await readRows(store, path, window, new Uplinks()));
  const drops = lines.flatMap((line) => (line.state === 'observed' ? line.drops : []));
  const missing = row?.missing === '' ? '' : ` -${row?.missing.replaceAll(' ', ' -')}`;
  const why = (JSON.parse(row?.facts ?? '{}') as { why?: string }).why ?? 'nobody';
  return `${why}: ${drops.map((drop) => `${drop.cause} ${drop.owner} ${drop.packets}`).join()}${missing}`;
}

function aRing(slot: number, isFull: boolean, missed: number) {
  return {
    ...({
      host: 'h1',
      port: 'vhu1',
      direction: 'toGuest',
      queue: 0,
      slot,
      witness: 'memzone',
      layout: 'split',
    } as const),
    ...{ size: 1_024, samples: 1_000 - missed, late: 0, missed, suspectSamples: 0, fillMax: isFull ? 1_024 : 10 },
    ...{ fillP99: 10, fill0: 990, fill1: isFull ? 6 : 10, fill2: 0, fill3: 0, fill4: 0, fill5: 0, fill6: 0, fill7: 0 },
    ...{ fill8: 0, fill9: isFull ? 4 : 0, fullNs: isFull ? BigInt(4 * ms) : 0n, fullRunNs: 0n, fullRunAtNs: 0n },
    ...{ emptyNs: 0n, emptyRunNs: 0n, runsLeftOut: 0 },
  };
}

interface Processor {
  readonly pid: number;
  readonly tid: number;
  readonly owner: string;
  readonly ranNs: bigint;
  readonly waitedNs?: bigint;
  readonly longestNs?: bigint;
}

function aThread(slot: number, { pid, tid, owner, ranNs, waitedNs = 0n, longestNs = 0n }: Processor) {
  return {
    ...({ ...aSlot, host: 'h1', slot, pid, tid, startTicks: BigInt(tid), role: 'pmd', owner, name: '' } as const),
    ...{ threadState: 'R', cpu: 1, runNs: 0n, runNsInc: ranNs, runDelayNs: 0n, runDelayNsInc: waitedNs },
    ...{ timeslices: 0n, timeslicesInc: 0n, voluntarySwitches: 0n, involuntarySwitches: 0n, stalls: 0n },
    ...{ delayInvoluntaryLowNs: 0n, delayInvoluntaryHighNs: 0n, stoppedNs: 0n, longestStallLowNs: longestNs },
    ...{ longestStallHighNs: longestNs, stallSamples: 25n },
  };
}

// 1,024 free buffers at 1,000,100 packets a second last 1.0239 ms.
const shortest = 1_023_898n;
const stall = { tid: 7, kind: 'involuntary', at: 2_499, toAt: 2_503, lowNs: 2 * ms } as const;

describe('a full ring, from its samples and the threads around it', () => {
  test.each<[string, Told, string]>([
    ['is the tenant’s when nobody stood still', {}, 'ranThrough: vhost_ring_full tenant 100'],
    [
      'is the provider’s when the processor was taken away',
      { stalls: [stall], waitedNs: 2_000_000n, longestNs: 2_000_000n },
      'stall: vhost_ring_full provider 100',
    ],
    [
      'and when a polling thread stood still',
      { stalls: [{ ...stall, tid: 3, kind: 'waiting' }] },
      'stall: vhost_ring_full provider 100',
    ],
    [
      'is unknown when each wait was a nanosecond too short, but all of them may have cost it',
      { waitedNs: 9_000_000n, longestNs: shortest - 1n },
      'nobody: pending unknown 100',
    ],
    [
      'is unknown when one may have been so long',
      { waitedNs: 9_000_000n, longestNs: shortest },
      'nobody: pending unknown 100',
    ],
    [
      'is the provider’s when the whole guest was stopped',
      { stalls: [{ tid: 7, kind: 'stopped', at: 2_100, toAt: 2_900, lowNs: 700 * ms }], threads: 'idle' },
      'guestStopped: vhost_ring_full provider 100',
    ],
    [
      // Told with the tick behind the interval, to the instant of its last sample: 4 ms into the second after that.
      'and when it was stopped at the end of the interval, and that went on',
      { at: 4, stalls: [{ tid: 7, kind: 'stopped', at: 4_400, toAt: 6_004, lowNs: 1_500 * ms }] },
      'guestStopped: vhost_ring_full provider 100',
    ],
    [
      'is unknown where a second of the ring is missing',
      { unsampled: [4] },
      'nobody: pending unknown 100 -ringSamples',
    ],
    ['is unknown where no thread was read', { threads: 'none' }, 'nobody: pending unknown 100 -guest -pmdThreads'],
    ['is unknown where the guest did not run', { threads: 'idle' }, 'nobody: pending unknown 100'],
    [
      'is the tenant’s with samples missed when nobody stood still at any time',
      { missed: 3 },
      'ranThrough: vhost_ring_full tenant 100',
    ],
    [
      'and unknown when somebody may have',
      { missed: 3, waitedNs: 9_000_000n, longestNs: shortest },
      'nobody: pending unknown 100',
    ],
    [
      'is unknown where only some of its rings are read: the full one may be another',
      { unread: 3, stalls: [stall] },
      'nobody: pending unknown 100 -ringSamples',
    ],
    [
      'and the provider’s again once all of them are',
      { unread: 0, stalls: [stall] },
      'stall: vhost_ring_full provider 100',
    ],
  ])('%s', async (_name, told, expected) => {
    expect(await tell(told)).toBe(expected);
  });
});
