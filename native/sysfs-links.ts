import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { systemCode } from '../core/runtime/error.ts';
import { type Link, type LinkTable, linkCounters, linkStride } from './facade.ts';

type LinkCounter = (typeof linkCounters)[number];

/**
 * Columns of /proc/net/dev that are one counter of struct rtnl_link_stats64; the kernel takes them in one look. Columns
 * it sums up (drop is dropped + missed, frame and carrier are four errors each) are null: those come from /sys.
 */
const procColumns: readonly (LinkCounter | null)[] = [
  ...(['rxBytes', 'rxPackets', 'rxErrors', null, 'rxFifoErrors', null, 'rxCompressed', 'multicast'] as const),
  ...(['txBytes', 'txPackets', 'txErrors', 'txDropped', 'txFifoErrors', 'collisions', null, 'txCompressed'] as const),
];

/** The rest, by the name of their file in /sys/class/net/NIC/statistics. */
const sysCounters = {
  rxDropped: 'rx_dropped',
  rxMissedErrors: 'rx_missed_errors',
  rxLengthErrors: 'rx_length_errors',
  rxOverErrors: 'rx_over_errors',
  rxCrcErrors: 'rx_crc_errors',
  rxFrameErrors: 'rx_frame_errors',
  txAbortedErrors: 'tx_aborted_errors',
  txCarrierErrors: 'tx_carrier_errors',
  txHeartbeatErrors: 'tx_heartbeat_errors',
  txWindowErrors: 'tx_window_errors',
  rxNohandler: 'rx_nohandler',
} as const satisfies Partial<Record<LinkCounter, string>>;

const column = new Map<LinkCounter, number>(linkCounters.map((name, i) => [name, i]));

interface Found {
  readonly link: Link;
  /** ifindex below, as the kernel says it; may count in another namespace. */
  readonly iflink: number;
  readonly counters: BigUint64Array;
}

/** Every NIC of this namespace, from /proc/net/dev and /sys/class/net. A NIC that goes away meanwhile is left out. */
export function readLinks(): LinkTable {
  const found = parseProcNetDev(readFileSync('/proc/net/dev', 'utf8')).flatMap(({ name, counters }) => {
    const one = readNic(name, counters);
    return one === null ? [] : [one];
  });
  const byIfindex = new Map(found.map((one) => [one.link.ifindex, one]));
  const links = found.map((one) => withRelations(one, byIfindex));
  const counters = new BigUint64Array(links.length * linkStride);
  found.forEach((one, i) => {
    counters.set(one.counters, i * linkStride);
  });
  return { links, counters };
}

/** "  eth0: 101066 694 0 2 0 0 0 0 92144 680 0 0 0 0 0 0", after two lines of titles. */
export function parseProcNetDev(text: string): { name: string; counters: BigUint64Array }[] {
  return text.split('\n').flatMap((line) => {
    // The last colon: a name may hold colons.
    const colon = line.lastIndexOf(':');
    if (colon < 0) return [];
    const values = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/);
    const counters = new BigUint64Array(linkStride);
    procColumns.forEach((counter, i) => {
      if (counter !== null) counters[column.get(counter) ?? 0] = BigInt(values[i] ?? 0);
    });
    return [{ name: line.slice(0, colon).trim(), counters }];
  });
}

function readNic(name: string, counters: BigUint64Array): Found | null {
  const folder = `/sys/class/net/${name}`;
  try {
    for (const [counter, file] of Object.entries(sysCounters)) {
      counters[column.get(counter as LinkCounter) ?? 0] = BigInt(readText(`${folder}/statistics/${file}`));
    }
    const [ifindex, flags, mtu, iflink] = ['ifindex', 'flags', 'mtu', 'iflink'].map((file) =>
      Number(readText(`${folder}/${file}`)),
    );
    if (ifindex === undefined || flags === undefined || mtu === undefined || iflink === undefined) return null;
    const master = masterOf(folder);
    const memberKind = master === null ? '' : kindOf(`/sys/class/net/${master}`);
    const masterIfindex = master === null ? 0 : Number(readText(`/sys/class/net/${master}/ifindex`));
    const link = {
      name,
      ifindex,
      flags: flags | stateFlags(folder, flags),
      mtu,
      master: masterIfindex,
      lower: 0,
      linkKind: kindOf(folder),
      memberKind,
    };
    return { link, iflink, counters };
  } catch (error) {
    const code = systemCode(error);
    // ENODEV and EINVAL: the NIC went while its files were open.
    if (code === 'ENOENT' || code === 'ENODEV' || code === 'EINVAL') return null;
    throw error;
  }
}

/** IFF_* bits that the kernel adds when it is asked by netlink, but not in /sys: RUNNING and LOWER_UP. */
function stateFlags(folder: string, flags: number): number {
  const up = 1;
  const running = 0x40;
  const lowerUp = 0x1_0000;
  // `carrier` of a NIC that is down cannot be read (EINVAL).
  if ((flags & up) === 0) return 0;
  const isRunning = ['up', 'unknown'].includes(readText(`${folder}/operstate`));
  const isLowerUp = readText(`${folder}/carrier`) === '1';
  return (isRunning ? running : 0) | (isLowerUp ? lowerUp : 0);
}

function readText(file: string): string {
  return readFileSync(file, 'utf8').trim();
}

/** Name of the bond, bridge or team above. */
function masterOf(folder: string): string | null {
  try {
    return basename(readlinkSync(`${folder}/master`));
  } catch {
    return null;
  }
}

/** /sys has no kind as such: uevent's DEVTYPE (bond, bridge, vlan, macvlan ...), or what only that kind has. */
function kindOf(folder: string): string {
  if (existsSync(`${folder}/bonding`)) return 'bond';
  if (existsSync(`${folder}/tun_flags`)) return 'tun';
  return /^DEVTYPE=(.+)$/m.exec(readText(`${folder}/uevent`))?.[1] ?? '';
}

/**
 * iflink is the port below where that is here: /sys has a link lower_NAME then, or the two name each other (veth).
 * Otherwise the number counts in another namespace and would name a stranger.
 */
function withRelations(one: Found, byIfindex: ReadonlyMap<number, Found>): Link {
  const { link, iflink } = one;
  const below = iflink === link.ifindex ? undefined : byIfindex.get(iflink);
  if (below === undefined) return link;
  const isVeth = below.iflink === link.ifindex;
  if (!isVeth && !existsSync(`/sys/class/net/${link.name}/lower_${below.link.name}`)) return link;
  return { ...link, lower: iflink, linkKind: link.linkKind || (isVeth ? 'veth' : '') };
}
