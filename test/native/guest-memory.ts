import { spawn, spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { MappedRing, RingDirection, RingSampler, RingSlotRow, TakenRings } from '../../native/facade.ts';

/** A file in memory that a test writes as a guest and a host would: a ring each page, used.idx at 0, avail.idx at 2048. */
export class GuestMemory implements Disposable {
  readonly folder = mkdtempSync('/dev/shm/fn-rings-');
  readonly path = join(this.folder, 'memory');
  readonly #fd: number;

  constructor(rings: number) {
    this.#fd = openSync(this.path, 'w+');
    ftruncateSync(this.#fd, rings * pageBytes);
  }

  ring(index: number, direction: RingDirection, size: number): MappedRing {
    const { dev, ino } = statSync(this.path, { bigint: true });
    const at = BigInt(index * pageBytes);
    return { path: this.path, device: dev, inode: ino, usedOffset: at, availOffset: at + 2048n, size, direction };
  }

  /** As used.idx and avail.idx would stand; avail first, so that a sample between never has more used than available. */
  write(index: number, used: number, avail: number): void {
    this.#put(index * pageBytes + 2048, avail);
    this.#put(index * pageBytes, used);
  }

  truncate(bytes: number): void {
    ftruncateSync(this.#fd, bytes);
  }

  /** Gives the file's pages back; they read as zero from then on. */
  punch(index: number): void {
    const args = ['-p', '-o', String(index * pageBytes), '-l', String(pageBytes), this.path];
    const { status, stderr } = spawnSync('fallocate', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`fallocate: ${stderr}`);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
    rmSync(this.folder, { recursive: true });
  }

  #put(offset: number, value: number): void {
    writeSync(this.#fd, Uint16Array.of(value & 0xffff), 0, 2, offset);
  }
}

export const pageBytes = 4096;

/** Takes from a sampler until `done` says that it is enough; fails after 15 s. */
export async function takeUntil(
  sampler: RingSampler,
  done: (slots: readonly RingSlotRow[], ended: TakenRings['ended']) => boolean,
): Promise<{ readonly slots: readonly RingSlotRow[]; readonly ended: TakenRings['ended'] }> {
  const slots: RingSlotRow[] = [];
  const ended: TakenRings['ended'][number][] = [];
  const deadline = Date.now() + 15_000;
  for (;;) {
    const taken = sampler.take();
    slots.push(...taken.slots);
    ended.push(...taken.ended);
    if (done(slots, ended)) return { slots, ended };
    if (Date.now() > deadline) throw new Error(`not so after 15 s: ${slots.length} slots, ${ended.length} ended`);
    await sleep(5);
  }
}

/** A process with memory of its own (ring-guest.cc): where it stands, and its end. `periodUs`: how often it writes. */
export async function startGuest(
  folder: string,
  { rings = 1, periodUs = 0, isHuge = false } = {},
): Promise<{
  readonly pid: number;
  readonly address: bigint;
  readonly fd: number;
  kill(): Promise<void>;
}> {
  const program = join(folder, 'guest');
  const source = fileURLToPath(new URL('./ring-guest.cc', import.meta.url));
  const flags = ['-std=c++17', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror'];
  const built = spawnSync(process.env['CXX'] || 'g++', [...flags, source, '-o', program], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`the guest did not compile: ${built.stderr}`);
  const child = spawn(program, [String(rings), String(periodUs), ...(isHuge ? ['huge'] : [])], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const line = await new Promise<string>((resolve) => createInterface({ input: child.stdout }).once('line', resolve));
  const [, pid, address, fd] = line.split(' ');
  return {
    pid: Number(pid),
    address: BigInt(address ?? 0),
    fd: Number(fd),
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
