import { spawnSync } from 'node:child_process';
import { closeSync, openSync, statSync, truncateSync, writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { addonFile, openAddon } from '../../native/addon.ts';
import type { RingSampler, RingSlotRow } from '../../native/facade.ts';
import { giveBackHugepages, reserveHugepages } from '../lab/hugepages.ts';
import { skipWithoutLab } from '../lab/presence.ts';
import { describeBuilt } from './built.ts';
import { GuestMemory, pageBytes, startGuest, takeUntil } from './guest-memory.ts';

const slotNs = 1_000_000_000n;
const addonModule = new URL('../../native/addon.ts', import.meta.url).href;
const errnoOf = (call: () => void): unknown => {
  try {
    call();
  } catch (error) {
    return error instanceof Error && 'context' in error ? (error.context as { errno: number }).errno : error;
  }
  return 'no error';
};

describeBuilt('ring sampler', () => {
  let facade: ReturnType<typeof openAddon>;
  let sampler: RingSampler;
  beforeEach(() => {
    facade = openAddon();
    sampler = facade.openRings({ periodUs: 1000 });
  });
  afterEach(() => facade.close());

  const slotsOf = async (id: number, count: number) => {
    const { slots } = await takeUntil(sampler, (all) => all.filter((row) => row.id === id).length >= count);
    return slots.filter((row) => row.id === id);
  };
  const demandSums = (row: RingSlotRow, size: number) => {
    expect(row.fills.reduce((sum, n) => sum + n, 0)).toBe(row.samples);
    expect(row.fillMax).toBeLessThanOrEqual(size);
    expect(row.fillP99).toBeLessThanOrEqual(row.fillMax);
    expect(row.fullNs + row.emptyNs).toBeLessThanOrEqual(slotNs);
    for (const run of row.runs) {
      expect(run.fromNs + run.lengthNs).toBeLessThanOrEqual(slotNs);
      expect(run.lengthNsMin).toBeLessThanOrEqual(run.lengthNs);
      expect(run.lengthNs).toBeLessThanOrEqual(run.lengthNsMax);
    }
  };

  it('tells free buffers of the guest as the fill of what it receives, and backlog as that of what it sends', async () => {
    using memory = new GuestMemory(4);
    memory.write(0, 65_500, 65_500 + 56); // 56 buffers free of 256, across the end of 16 bits
    memory.write(1, 10, 10 + 56);
    memory.write(2, 7, 7); // nothing free: full
    memory.write(3, 7, 7); // nothing sent: empty
    const ids = (['toGuest', 'fromGuest', 'toGuest', 'fromGuest'] as const).map((direction, i) =>
      sampler.add(memory.ring(i, direction, 256)),
    );
    const all = (await takeUntil(sampler, (slots) => ids.every((id) => slots.some((row) => row.id === id)))).slots;
    const of = (i: number) => all.find(({ id }) => id === ids[i]) as RingSlotRow;
    expect(of(0)).toMatchObject({ fillMax: 200, fillP99: 200, fullNs: 0n, emptyNs: 0n });
    expect(of(0).fills[7]).toBe(of(0).samples); // 200 of 256: above 6/8, up to 7/8
    expect(of(1)).toMatchObject({ fillMax: 56, fillP99: 56, fullNs: 0n, emptyNs: 0n });
    expect(of(1).fills[2]).toBe(of(1).samples);
    expect(of(2).fills[9]).toBe(of(2).samples);
    expect(of(3).fills[0]).toBe(of(3).samples);
    expect(of(3)).toMatchObject({ fillMax: 0, fillP99: 0, fullNs: 0n, suspect: 0 });
    expect(of(2).fullNs).toBeGreaterThan(BigInt(of(2).samples) * 500_000n);
    expect(of(3).emptyNs).toBe(of(2).fullNs);
    // Every tick of the second was taken or is told as missed; the one due at its end may fall into the next.
    expect(Math.abs(of(2).samples + of(2).missed - 1000)).toBeLessThanOrEqual(1);
    for (const row of all) demandSums(row, 256);
  });

  it('tells a full run that crosses seconds in pieces that join, with what it lasted at least and at most', async () => {
    using memory = new GuestMemory(1);
    memory.write(0, 100, 100 + 10);
    const id = sampler.add(memory.ring(0, 'fromGuest', 64));
    await slotsOf(id, 1);
    memory.write(0, 100, 100 + 64);
    // On a machine so busy that no tick comes near a second's end, pieces do not join: then at a later second.
    const joined = (rows: readonly RingSlotRow[]) =>
      rows.flatMap((row, i) => {
        const [last, first] = [row.runs.at(-1), rows[i + 1]?.runs[0]];
        return last !== undefined && first !== undefined && (last.continues & 2) !== 0 ? [{ row, last, first }] : [];
      });
    const { slots: rows } = await takeUntil(sampler, (all) => joined(all).length > 0);
    const [join] = joined(rows);
    expect(join?.row.slot).toBe((rows[rows.indexOf(join?.row as RingSlotRow) + 1]?.slot ?? 0) - 1);
    expect((join?.last.fromNs ?? 0n) + (join?.last.lengthNs ?? 0n)).toBe(slotNs);
    expect(join?.first).toMatchObject({ fromNs: 0n });
    expect((join?.first.continues ?? 0) & 1).toBe(1);
    memory.write(0, 140, 100 + 64);
    const after = await takeUntil(sampler, (all) => all.some(({ fullNs }) => fullNs === 0n));
    expect(after.slots.at(-1)).toMatchObject({ fillMax: 24, runs: [] });
    for (const row of rows) demandSums(row, 64);
  });

  it('says nothing of samples that cannot be, and does not count what a guest has not begun to use', async () => {
    using memory = new GuestMemory(2);
    memory.write(0, 5, 5 + 300);
    const suspect = sampler.add(memory.ring(0, 'toGuest', 256));
    const unborn = sampler.add(memory.ring(1, 'toGuest', 256));
    const [row] = await slotsOf(suspect, 1);
    expect(row).toMatchObject({ samples: 0, fullNs: 0n, emptyNs: 0n, fills: new Array(10).fill(0) });
    expect(row?.suspect).toBeGreaterThan(0);
    const { slots } = await takeUntil(sampler, (all) => all.some(({ id }) => id === suspect));
    expect(slots.filter(({ id }) => id === unborn)).toEqual([]);
    memory.write(1, 0, 256);
    expect((await slotsOf(unborn, 2)).at(-1)).toMatchObject({ fillMax: 0, suspect: 0 });
  });

  it('ends a ring whose indices went back to their beginning', async () => {
    using memory = new GuestMemory(2);
    memory.write(0, 60_000, 60_128);
    memory.write(1, 30_000, 30_128);
    const ids = [0, 1].map((i) => sampler.add(memory.ring(i, 'toGuest', 256)));
    await slotsOf(ids[1] as number, 1);
    memory.write(0, 0, 256);
    memory.write(1, 0, 256);
    const { ended } = await takeUntil(sampler, (_, all) => all.length >= 2);
    expect(ended.map(({ id, why }) => [id, why]).sort()).toEqual(ids.map((id) => [id, 'reset']));
  });

  it('lives through files that are cut off or punched while they are sampled, and goes on with the others', async () => {
    using cut = new GuestMemory(2);
    using punched = new GuestMemory(2);
    using sound = new GuestMemory(1);
    for (const memory of [cut, punched]) memory.write(1, 9, 9 + 100);
    sound.write(0, 9, 9 + 100);
    const [cutId, punchedId] = [cut, punched].map((memory) => sampler.add(memory.ring(1, 'toGuest', 256)));
    const good = sampler.add(sound.ring(0, 'toGuest', 256));
    await slotsOf(good, 1);
    cut.truncate(pageBytes);
    punched.punch(1);
    const { ended } = await takeUntil(sampler, (_, all) => all.length >= 2);
    expect(ended.find(({ id }) => id === cutId)?.why).toBe('faulted');
    expect(ended.find(({ id }) => id === punchedId)?.why).toBe('reset');
    expect((await slotsOf(good, 2)).at(-1)).toMatchObject({ fillMax: 156, suspect: 0 });
  });

  it('keeps its promises while indices are scribbled at random', async () => {
    using memory = new GuestMemory(8);
    const sizes = [1, 3, 64, 256, 512, 1024, 4096, 32_768];
    let seed = 1;
    const random = () => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return seed >>> 16;
    };
    let ids = new Map<number, number>();
    const rows: RingSlotRow[] = [];
    const deadline = Date.now() + 20_000;
    while (rows.length < 24 && Date.now() < deadline) {
      for (const [i, size] of sizes.entries()) {
        if (![...ids.values()].includes(i))
          ids.set(sampler.add(memory.ring(i, i % 2 ? 'fromGuest' : 'toGuest', size)), i);
      }
      for (let n = 0; n < 200; n++) memory.write(random() % 8, random(), random());
      const taken = sampler.take();
      rows.push(...taken.slots);
      ids = new Map([...ids].filter(([id]) => !taken.ended.some((end) => end.id === id)));
      for (const row of taken.slots) demandSums(row, 32_768);
      await new Promise((resolve) => setImmediate(resolve));
    }
    // Random indices look like resets almost at once: what counts is that rings ended and nothing else did.
    expect(sampler.take().totals.ticks).toBeGreaterThan(1000n);
  }, 40_000);

  it('reads a process that cannot be mapped, until it ends', async () => {
    using memory = new GuestMemory(1);
    const guest = await startGuest(memory.folder);
    const path = `/proc/${guest.pid}/fd/${guest.fd}`;
    const { dev, ino } = statSync(path, { bigint: true });
    const fd = openSync(path, 'r+');
    writeSync(fd, Uint16Array.of(40), 0, 2, 0);
    writeSync(fd, Uint16Array.of(140), 0, 2, 4096);
    closeSync(fd);
    const shape = { size: 256, direction: 'fromGuest' } as const;
    const remote = sampler.add({
      ...shape,
      pid: guest.pid,
      usedAddress: guest.address,
      availAddress: guest.address + 4096n,
    });
    const bad = sampler.add({ ...shape, pid: guest.pid, usedAddress: 16n, availAddress: 32n });
    const mapped = sampler.add({ ...shape, path, device: dev, inode: ino, usedOffset: 0n, availOffset: 4096n });
    const { slots, ended } = await takeUntil(
      sampler,
      (all, ends) => [remote, mapped].every((id) => all.some((row) => row.id === id)) && ends.length > 0,
    );
    for (const id of [remote, mapped]) expect(slots.find((row) => row.id === id)?.fillMax).toBe(100);
    expect(ended).toMatchObject([{ id: bad, why: 'faulted' }]);
    await guest.kill();
    const after = await takeUntil(sampler, (_, ends) => ends.length > 0);
    expect(after.ended).toMatchObject([{ id: remote, why: 'gone' }]);
    // The mapped one outlives the process: it is for the caller to notice.
    expect((await slotsOf(mapped, 2)).length).toBeGreaterThanOrEqual(2);
    sampler.remove(mapped);
  });

  it.skipIf(skipWithoutLab)('reads and loses rings in huge pages', async () => {
    let added = 0;
    await reserveHugepages(1, (pages) => {
      added = pages;
    });
    onTestFinished(() => giveBackHugepages(added));
    using memory = new GuestMemory(1);
    const guest = await startGuest(memory.folder, { periodUs: 1000, isHuge: true });
    try {
      const path = `/proc/${guest.pid}/fd/${guest.fd}`;
      const { dev, ino } = statSync(path, { bigint: true });
      const shape = { size: 256, direction: 'fromGuest' } as const;
      const ring = { ...shape, path, device: dev, inode: ino, usedOffset: 0n, availOffset: 4096n };
      const id = sampler.add(ring);
      const last = sampler.add({ ...ring, usedOffset: 2_097_148n, availOffset: 2_097_150n });
      const rows = await slotsOf(id, 1);
      expect(rows[0]?.fillP99).toBe(100);
      expect(rows[0]?.suspect).toBe(0);
      truncateSync(path, 0);
      const { ended } = await takeUntil(sampler, (_, all) => all.length >= 2);
      expect(ended.map(({ id: one, why }) => [one, why]).sort()).toEqual([id, last].map((one) => [one, 'faulted']));
    } finally {
      await guest.kill();
    }
  });

  it('refuses what is not there, is another file, or ends too early, and more rings than it takes', () => {
    using memory = new GuestMemory(1);
    const ring = memory.ring(0, 'toGuest', 256);
    expect(errnoOf(() => sampler.add({ ...ring, path: `${ring.path}-none` }))).toBe(2);
    expect(errnoOf(() => sampler.add({ ...ring, inode: ring.inode + 1n }))).toBe(116);
    expect(errnoOf(() => sampler.add({ ...ring, availOffset: 4096n }))).toBe(6);
    expect(errnoOf(() => sampler.add({ ...ring, availOffset: 3n }))).toBe(22);
    expect(
      errnoOf(() =>
        sampler.add({ ...ring, path: memory.folder, inode: statSync(memory.folder, { bigint: true }).ino }),
      ),
    ).toBe(22);
    expect(() => sampler.add({ ...ring, size: 0 })).toThrowError(/1 to 32768/);
    for (let i = 0; i < 1024; i++) sampler.add(ring);
    expect(errnoOf(() => sampler.add(ring))).toBe(28);
    sampler.remove(1);
    sampler.close();
    sampler.close();
    expect(errnoOf(() => sampler.take())).toBe(9);
  });

  it('has at most eight samplers, and closes those it has with itself', () => {
    const others = Array.from({ length: 7 }, () => facade.openRings({ periodUs: 1000 }));
    expect(errnoOf(() => facade.openRings({ periodUs: 1000 }))).toBe(24);
    facade.close();
    for (const other of others) expect(errnoOf(() => other.take())).toBe(9);
  });

  it('ends with its worker thread, whether that ends or is terminated', async () => {
    using memory = new GuestMemory(1);
    memory.write(0, 1, 2);
    const ring = memory.ring(0, 'toGuest', 256);
    const code = `
      import { openAddon } from ${JSON.stringify(addonModule)};
      import { parentPort, workerData } from 'node:worker_threads';
      const sampler = openAddon(workerData.file).openRings({ periodUs: 1000 });
      sampler.add(workerData.ring);
      parentPort.postMessage('ready');
      if (workerData.stays) setInterval(() => sampler.take(), 1);
    `;
    for (const stays of [false, true]) {
      const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), {
        workerData: { file: addonFile, ring, stays },
      });
      const ended = new Promise((resolve) => worker.once('exit', resolve));
      await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
      if (stays) await worker.terminate();
      await ended;
    }
    memory.truncate(0);
    await takeUntil(sampler, () => sampler.take().totals.ticks > 10n);
  });

  it('leaves a SIGBUS that is not its own alone, and survives a handler that was put over its own', () => {
    const run = (after: string) => {
      const code = `
        import { openAddon } from ${JSON.stringify(addonModule)};
        import { GuestMemory } from ${JSON.stringify(new URL('./guest-memory.ts', import.meta.url).href)};
        const sampler = openAddon().openRings({ periodUs: 1000 });
        ${after}
      `;
      return spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8', timeout: 15_000 });
    };
    expect(run("process.kill(process.pid, 'SIGBUS'); setInterval(() => {}, 1000);").signal).toBe('SIGBUS');
    const survivor = run(`
      process.on('SIGBUS', () => process.stdout.write('theirs '));
      const memory = new GuestMemory(1);
      memory.write(0, 1, 5);
      sampler.add(memory.ring(0, 'fromGuest', 256));
      let truncated = false;
      setInterval(() => {
        const { slots, ended } = sampler.take();
        if (slots.length > 0 && !truncated) { memory.truncate(0); truncated = true; }
        if (ended.length === 0) return;
        memory[Symbol.dispose]();
        process.stdout.write(ended[0].why);
        process.exit(0);
      }, 5);
    `);
    expect(survivor).toMatchObject({ status: 0, stdout: 'faulted' });
  });
});
