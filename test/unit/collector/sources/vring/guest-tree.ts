import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { DpdkGuestFinder } from '../../../../../collector/sources/vring/dpdk-guests.ts';
import { VhostSockets } from '../../../../../collector/vhost-sockets.ts';

const capture = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../../../golden/dpdk/memzones-22.11/${name}`, import.meta.url)));

/** As they were of a real program; see test/golden/dpdk/README.md. */
export const memzoneFile = gunzipSync(capture('fbarray_memzone.gz'));
export const mapsText = capture('maps').toString('utf8');
/** Of the file with its memory, and where that is mapped. */
const memoryInode = '11391';
const memoryRange = '1000f6000-1040f6000';
const pid = 4711;

/** A host with one DPDK guest, as a /proc and a runtime folder that a test writes. */
export class GuestTree implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'fn-vring-'));
  readonly sockets = new VhostSockets();
  readonly finder: DpdkGuestFinder;
  readonly memory = join(this.root, `proc/${pid}/map_files/${memoryRange}`);
  readonly #memzones = join(this.root, 'dpdk/rguest/fbarray_memzone');

  constructor(device = 'path=sock,server=1,queues=1,queue_size=256') {
    for (const folder of [`proc/${pid}/map_files`, 'dpdk/rguest', 'cwd'])
      mkdirSync(join(this.root, folder), { recursive: true });
    symlinkSync(join(this.root, 'cwd'), join(this.root, `proc/${pid}/cwd`));
    writeFileSync(join(this.root, 'dpdk/rguest/config'), '');
    writeFileSync(this.memory, '');
    this.memzones(memzoneFile);
    this.maps((text) => text);
    this.startTicks(100);
    this.commandLine(['--vdev', `net_virtio_user0,${device}`]);
    this.lock(pid);
    this.finder = new DpdkGuestFinder({
      procRoot: join(this.root, 'proc'),
      dpdkRuntimeDirs: [join(this.root, 'dpdk')],
      sockets: this.sockets,
    });
  }

  get socket(): string {
    return join(this.root, 'cwd/sock');
  }

  memzones(file: Buffer): void {
    writeFileSync(this.#memzones, file);
  }

  maps(change: (text: string) => string): void {
    const inode = statSync(this.memory).ino;
    writeFileSync(join(this.root, `proc/${pid}/maps`), change(mapsText.replaceAll(memoryInode, String(inode))));
  }

  startTicks(ticks: number): void {
    writeFileSync(join(this.root, `proc/${pid}/stat`), `${pid} (a) (b) S ${'0 '.repeat(18)}${ticks} 0\n`);
  }

  commandLine(args: readonly string[]): void {
    const all = ['dpdk-testpmd', ...args, '--', '--vdev', 'net_virtio_user9,path=no', ''];
    writeFileSync(join(this.root, `proc/${pid}/cmdline`), all.join('\0'));
  }

  lock(by: number): void {
    const { dev, ino } = statSync(join(this.root, 'dpdk/rguest/config'));
    const major = ((dev >>> 8) & 0xfff).toString(16).padStart(2, '0');
    const minor = (dev & 0xff).toString(16).padStart(2, '0');
    const text = `1: FLOCK  ADVISORY  READ 1 ${major}:${minor}:${ino} 0 EOF\n3: POSIX  ADVISORY  WRITE ${by} ${major}:${minor}:${ino} 136 17543\n`;
    writeFileSync(join(this.root, 'proc/locks'), text);
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true });
  }
}
