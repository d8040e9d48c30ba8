import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type CpioEntry, cpioArchive } from './cpio.ts';
import { LabError } from './lab-error.ts';
import { programPath, runProgram } from './programs.ts';

/** What a virtual machine of the lab starts from. */
export interface GuestImage {
  readonly kernel: string;
  readonly initrd: string;
}

/** Depends on the newest kernel of the distribution. */
const metaPackage = 'linux-image-cloud-amd64';
/** In the order in which they load. */
const modules = [
  'drivers/virtio/virtio_ring',
  'drivers/virtio/virtio',
  'drivers/virtio/virtio_pci_legacy_dev',
  'drivers/virtio/virtio_pci_modern_dev',
  'drivers/virtio/virtio_pci',
  'net/core/failover',
  'drivers/net/net_failover',
  'drivers/net/virtio_net',
];

/** Says on the console that its link is up; then packets come, and the kernel, which knows none of them, drops them. */
const init = `#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
for module in ${modules.map((name) => path.basename(name)).join(' ')}; do /bin/busybox insmod /$module.ko; done
/bin/busybox ip link set eth0 up && echo fournines-guest-up
while :; do /bin/busybox sleep 3600; done
`;

/** Changes with whatever is in the archive. */
const form = 1;

/**
 * A kernel and an initramfs of busybox and virtio-net, made once in the user's cache folder from Debian's own packages:
 * the kernel is downloaded (27 MB) and unpacked there, nothing is installed. Complete or not there.
 */
export async function guestImage(): Promise<GuestImage> {
  const cache = path.join(process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache'), 'fournines-lab');
  const folder = path.join(cache, `guest-${form}`);
  const image = { kernel: path.join(folder, 'vmlinuz'), initrd: path.join(folder, 'initrd') };
  if (existsSync(folder)) return image;
  const busybox = readFileSync(programPath('busybox', 'busybox-static'));
  // The package `busybox` needs libraries, which the guest does not have.
  if (busybox.includes('/ld-linux'))
    throw new LabError(3, 'busybox is not the static one', { hint: 'apt-get install busybox-static' });
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(path.join(cache, 'guest-new-'));
  try {
    const unpacked = await unpackKernel(fresh);
    const [kernel] = readdirSync(path.join(unpacked, 'boot')).filter((name) => name.startsWith('vmlinuz-'));
    const version = kernel?.slice('vmlinuz-'.length) ?? '';
    renameSync(path.join(unpacked, 'boot', kernel ?? ''), path.join(fresh, 'vmlinuz'));
    const drivers = path.join(unpacked, 'lib/modules', version, 'kernel');
    writeFileSync(path.join(fresh, 'initrd'), cpioArchive(filesOf(busybox, drivers)));
    rmSync(unpacked, { recursive: true });
    renameSync(fresh, folder);
  } catch (error) {
    // Another test was faster, or it did not work.
    rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return image;
}

function filesOf(busybox: Buffer, drivers: string): CpioEntry[] {
  return [
    ...['bin', 'dev', 'proc'].map((name) => ({ path: name, mode: 0o755 })),
    // Else the first program has nowhere to write.
    { path: 'dev/console', mode: 0o600, device: [5, 1] },
    { path: 'bin/busybox', mode: 0o755, content: busybox },
    { path: 'init', mode: 0o755, content: Buffer.from(init) },
    ...modules.map((name) => ({
      path: `${path.basename(name)}.ko`,
      mode: 0o644,
      content: readFileSync(path.join(drivers, `${name}.ko`)),
    })),
  ];
}

/** Gives the folder with the package's files. */
async function unpackKernel(parent: string): Promise<string> {
  const depends = async () => /Depends: (linux-image-\S+)/.exec(await apt('apt-cache', ['depends', metaPackage]))?.[1];
  let name = await depends().catch(() => undefined);
  if (name === undefined) {
    // A machine that has never asked for the lists of packages.
    await apt('apt-get', ['update', '-q']);
    name = await depends();
  }
  if (name === undefined) throw new LabError(3, `there is no package ${metaPackage}`, { hint: 'apt-get update' });
  const target = path.join(parent, 'unpacked');
  mkdirSync(target);
  // apt-get downloads into the folder it runs in.
  const script = 'cd "$1" && exec apt-get download -q "$2"';
  await apt('sh', ['-c', script, 'sh', parent, name]);
  const [file] = readdirSync(parent).filter((each) => each.endsWith('.deb'));
  await runProgram(programPath('dpkg', 'dpkg'), ['-x', path.join(parent, file ?? ''), target]);
  rmSync(path.join(parent, file ?? ''));
  return target;
}

/** apt takes its proxies from the environment. */
function apt(program: string, args: readonly string[]): Promise<string> {
  const proxies = Object.entries(process.env).flatMap(([name, value]) =>
    /^(https?|no)_proxy$/i.test(name) && value !== undefined ? [[name, value] as const] : [],
  );
  return runProgram(programPath(program, 'apt'), args, { env: Object.fromEntries(proxies), deadlineMs: 180_000 });
}
