/** A device of software that a DPDK program was started with: `--vdev NAME,KEY=VALUE,…`. */
export interface VirtualDevice {
  readonly name: string;
  readonly options: ReadonlyMap<string, string>;
}

/** In their order, which is that of their port ids. `cmdline`: /proc/PID/cmdline, arguments with a NUL after each. */
export function virtualDevicesOf(cmdline: string): readonly VirtualDevice[] {
  const args = cmdline.split('\0');
  const end = args.indexOf('--');
  const eal = end === -1 ? args : args.slice(0, end);
  return eal.flatMap((arg, i) => {
    const value = arg === '--vdev' ? eal[i + 1] : arg.startsWith('--vdev=') ? arg.slice('--vdev='.length) : undefined;
    if (value === undefined) return [];
    const [name = '', ...options] = value.split(',');
    return [
      {
        name,
        options: new Map(
          options.map((option) => {
            const at = option.indexOf('=');
            return at === -1 ? [option, ''] : [option.slice(0, at), option.slice(at + 1)];
          }),
        ),
      },
    ];
  });
}

/** A guest's end of a vhost-user socket; `virtio_user` is its name of old. */
export function isGuestDevice({ name }: VirtualDevice): boolean {
  return /^(net_)?virtio_user\d*$/.test(name);
}

/** The host's end. */
export function isHostDevice({ name }: VirtualDevice): boolean {
  return /^(net|eth)_vhost\d*$/.test(name);
}
