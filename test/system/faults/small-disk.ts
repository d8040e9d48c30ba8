import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

/** A folder on a small file system of its own, where that may be mounted; else a plain one, which cannot be filled. */
export class SmallDisk {
  readonly folder: string;
  readonly isSmall: boolean;

  constructor(folder: string, mebibytes: number) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    this.isSmall = mount(folder, mebibytes);
  }

  /** Takes what room is left, unless others were faster: called again, it takes the rest and what was given back. */
  fill(): void {
    const { bavail, bsize } = statfsSync(this.folder);
    if (bavail === 0) return;
    spawnSync('fallocate', ['-l', String(bavail * bsize), join(this.folder, `ballast-${Date.now()}`)]);
  }

  empty(): void {
    execFileSync('find', [this.folder, '-maxdepth', '1', '-name', 'ballast-*', '-delete']);
  }

  remove(): void {
    // Lazily: a process that was just killed may still have files open.
    if (this.isSmall) execFileSync('umount', ['--lazy', this.folder]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function mount(folder: string, mebibytes: number): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
