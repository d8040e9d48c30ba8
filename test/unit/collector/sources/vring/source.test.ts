import { describe, expect, it } from 'vitest';
import { Accumulator } from '../../../../../collector/accumulator.ts';
import { CounterStates } from '../../../../../collector/counter-states.ts';
import { ProcessorThreads } from '../../../../../collector/processor-threads.ts';
import type { Found, FoundRing } from '../../../../../collector/sources/vring/finder.ts';
import { VringSource } from '../../../../../collector/sources/vring/source.ts';
import { VhostSockets } from '../../../../../collector/vhost-sockets.ts';
import { event } from '../../../../../core/catalogue/kinds.ts';
import { vringRun, vringSlot } from '../../../../../core/catalogue/ring-kinds.ts';
import { FourninesError } from '../../../../../core/runtime/error.ts';
import type { MappedRing, RemoteRing, RingSampler, RingSlotRow, TakenRings } from '../../../../../native/facade.ts';
import { ManualClock } from '../../../../fakes/manual-clock.ts';
import { ScriptedNative } from '../../../../fakes/scripted-native.ts';

const mapped: MappedRing = {
  ...{ path: '/m', device: 1n, inode: 2n, usedOffset: 2n, availOffset: 4096n, size: 256, direction: 'toGuest' },
};
const remote: RemoteRing = { pid: 7, usedAddress: 2n, availAddress: 4n, size: 256, direction: 'toGuest' };

function ringOf(key: string, over: Partial<FoundRing> = {}): FoundRing {
  return {
    ...{ key, guest: 'g', port: key, direction: 'toGuest', queue: 0, size: 256, witness: 'memzone', layout: 'split' },
    queuesUnread: 0,
    places: [mapped, remote],
    ...over,
  };
}

function told(id: number, slot: number, over: Partial<RingSlotRow> = {}): RingSlotRow {
  return {
    ...{ id, slot, samples: 1000, suspect: 0, late: 1, missed: 2, fillMax: 256, fillP99: 9 },
    fills: [990, 0, 0, 0, 0, 0, 0, 0, 0, 10],
    ...{ fullNs: 10_000_000n, fullRunNs: 10_000_000n, fullRunAtNs: 5n, emptyNs: 990_000_000n, emptyRunNs: 9n },
    runs: [{ fromNs: 5n, lengthNs: 10n, lengthNsMin: 9n, lengthNsMax: 11n, continues: 2 }],
    runsLeftOut: 0,
    ...over,
  };
}

/** A sampler and a finder that a test writes; what the source does with them is the subject. */
class Scene implements RingSampler {
  found: Found = { rings: [], refusals: [] };
  readonly added: (MappedRing | RemoteRing)[] = [];
  readonly removed: number[] = [];
  refuse: (ring: MappedRing | RemoteRing) => boolean = () => false;
  slots: RingSlotRow[] = [];
  ended: TakenRings['ended'][number][] = [];
  slotsLost = 0n;
  /** Undefined: nobody follows guests that could move. */
  migrating: ReadonlyMap<string, string> | undefined;
  isOpen = false;
  hasSampler = true;
  finds = 0;
  boundary = 1000;
  readonly source: VringSource;

  constructor() {
    const native = Object.assign(new ScriptedNative(new ManualClock(0)), {
      openRings: () => {
        if (!this.hasSampler) return null;
        this.isOpen = true;
        return this;
      },
    });
    this.source = new VringSource({
      native,
      procRoot: '/proc',
      dpdkRuntimeDirs: [],
      qemuMonitors: [],
      vhostSockets: new VhostSockets(),
      processorThreads: new ProcessorThreads(),
      finder: {
        find: () => {
          this.finds++;
          return this.found;
        },
        migrating: () => this.migrating,
        check: ({ rings, refusals }) => ({
          rings: rings.filter(({ key }) => this.found.rings.some((ring) => ring.key === key)),
          refusals,
        }),
      },
    });
  }

  add(ring: MappedRing | RemoteRing): number {
    if (this.refuse(ring)) throw new FourninesError('FN_NATIVE', 'no', { context: { call: 'open', errno: 13 } });
    return this.added.push(ring);
  }

  remove(id: number): void {
    this.removed.push(id);
  }

  take(): TakenRings {
    const [slots, ended] = [this.slots, this.ended];
    [this.slots, this.ended] = [[], []];
    const zero = { ticks: 0n, late: 0n, missed: 0n, latenessNs: 0n, latenessNsMax: 0n, cpuNs: 0n };
    const { slotsLost } = this;
    const totals = { ...zero, slotsSkipped: 0n, slotsRepeated: 0n, slotsLost, newestSlot: BigInt(this.boundary) };
    return { totals, slots, ended };
  }

  close(): void {
    this.isOpen = false;
  }

  async tick(isKept = true): Promise<Accumulator> {
    this.boundary++;
    const nowMs = BigInt(this.boundary) * 1000n;
    const into = new Accumulator({ host: 'cn1', states: new CounterStates(new Map()), keyFrame: false, nowMs });
    await this.source.gather({ boundary: this.boundary, keyFrame: false, signal: new AbortController().signal }, into);
    if (isKept) this.source.kept();
    return into;
  }
}

const eventsOf = (into: Accumulator) =>
  ((into.rows.get(event) ?? []) as { event: string }[]).map((row) => row.event).sort();

describe('source vring', () => {
  it('is absent where no guest has rings, and needs the addon where one has', async () => {
    const scene = new Scene();
    await expect(scene.tick()).rejects.toMatchObject({ code: 'FN_SOURCE_ABSENT' });
    scene.hasSampler = false;
    scene.found = { rings: [ringOf('a')], refusals: [] };
    scene.boundary += 5;
    await expect(scene.tick()).rejects.toMatchObject({ code: 'FN_SOURCE_FATAL' });
  });

  it('writes a row a ring and second and one a full run, again and again until they are kept', async () => {
    const scene = new Scene();
    scene.found = { rings: [ringOf('vhu1')], refusals: [] };
    expect(eventsOf(await scene.tick())).toEqual(['vring_seen']);
    expect(scene.added).toEqual([mapped]);
    scene.slots = [told(1, 1001), told(1, 1002, { samples: 0, suspect: 1000 })];
    for (const isKept of [false, true]) {
      const into = await scene.tick(isKept);
      expect(into.rows.get(vringSlot)).toMatchObject([
        {
          host: 'cn1',
          port: 'vhu1',
          direction: 'toGuest',
          slot: 1001,
          samples: 1000,
          fill0: 990,
          fill9: 10,
          missed: 2,
        },
      ]);
      expect(into.rows.get(vringRun)).toMatchObject([{ port: 'vhu1', slot: 1001, fromNs: 5n, continues: 2 }]);
      expect(eventsOf(into)).toEqual(['vring_suspect']);
    }
    expect((await scene.tick()).rowCount).toBe(0);
  });

  it('lets a ring go in the second in which it is not there any more, and takes what was sampled before', async () => {
    const scene = new Scene();
    scene.found = { rings: [ringOf('a'), ringOf('b')], refusals: [] };
    await scene.tick();
    scene.found = { rings: [ringOf('b')], refusals: [] };
    scene.slots = [told(1, 1001), told(2, 1001)];
    const into = await scene.tick();
    expect(scene.removed).toEqual([1]);
    expect(eventsOf(into)).toEqual(['vring_let_go']);
    expect(into.rows.get(vringSlot)).toHaveLength(2);
    scene.found = { rings: [], refusals: [] };
    await scene.tick();
    scene.boundary += 10;
    await expect(scene.tick()).rejects.toMatchObject({ code: 'FN_SOURCE_ABSENT' });
    expect(scene.isOpen).toBe(false);
  });

  it('looks again at once for a ring that ended by itself', async () => {
    const scene = new Scene();
    scene.found = { rings: [ringOf('a')], refusals: [] };
    await scene.tick();
    scene.ended = [{ id: 1, why: 'reset', wallNs: 1n }];
    expect(eventsOf(await scene.tick())).toEqual(['vring_ended']);
    const before = scene.finds;
    expect(eventsOf(await scene.tick())).toEqual(['vring_seen']);
    expect([scene.finds, scene.added.length]).toEqual([before + 1, 2]);
  });

  it('takes the next way where one is refused, and says once that none is left', async () => {
    const scene = new Scene();
    scene.found = { rings: [ringOf('a')], refusals: [{ guest: 'h', why: 'packed' }] };
    scene.refuse = (ring) => 'path' in ring;
    await scene.tick();
    expect(scene.added).toEqual([remote]);
    scene.refuse = () => true;
    scene.found = { rings: [ringOf('a'), ringOf('b')], refusals: [{ guest: 'h', why: 'packed' }] };
    scene.boundary += 4;
    expect(eventsOf(await scene.tick())).toEqual(['vring_refused']);
    expect((await scene.tick()).rowCount).toBe(0);
  });

  it('tells which guests are on their way until that is kept, and when none is any more', async () => {
    const scene = new Scene();
    scene.migrating = new Map();
    expect((await scene.tick()).facts).toEqual([{ name: 'guests.migrating', value: 'none', witness: 'QEMU' }]);
    await expect(scene.tick()).rejects.toMatchObject({ code: 'FN_SOURCE_ABSENT' });
    const guests = ['g', 'f', 'e', 'd', 'c', 'b', 'a'].map((name) => [name, 'active'] as const);
    scene.migrating = new Map(guests);
    const value = 'a (active), b (active), c (active), d (active), e (active) and 2 more';
    for (const isKept of [false, true]) expect((await scene.tick(isKept)).facts).toMatchObject([{ value }]);
    await expect(scene.tick()).rejects.toMatchObject({ code: 'FN_SOURCE_ABSENT' });
    scene.migrating = new Map();
    expect((await scene.tick()).facts).toMatchObject([{ value: 'none' }]);
  });

  it('says that seconds were lost', async () => {
    const scene = new Scene();
    scene.found = { rings: [ringOf('a')], refusals: [] };
    await scene.tick();
    await scene.tick();
    scene.slotsLost = 3n;
    expect(eventsOf(await scene.tick())).toEqual(['vring_slots_lost']);
  });

  it('holds a bounded number of rows while nobody keeps them: the oldest go, and are counted', async () => {
    const scene = new Scene();
    scene.found = { rings: [ringOf('a')], refusals: [] };
    await scene.tick();
    const runs = Array.from({ length: 32 }, () => told(1, 0).runs[0] as RingSlotRow['runs'][number]);
    for (let second = 0; second < 2; second++) {
      scene.slots = Array.from({ length: 600 }, () => told(1, scene.boundary, { runs }));
      await scene.tick(false);
    }
    const into = await scene.tick();
    const rows = into.rows.get(vringSlot) ?? [];
    // 1,200 of 33 rows each, and 32,768 are held.
    expect(rows).toHaveLength(992);
    expect(rows.at(-1)).toMatchObject({ slot: scene.boundary - 2 });
    const lost = (into.rows.get(event) ?? []) as { event: string; detail: string }[];
    expect(lost).toMatchObject([{ event: 'vring_rows_lost', detail: JSON.stringify({ count: 208 * 33 }) }]);
    expect((await scene.tick()).rowCount).toBe(0);
  });
});
