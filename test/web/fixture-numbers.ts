/** Numbers of a fleet that does not exist: every value follows from the slot alone, so that each look agrees with the last. */

export type Scenario = 'normal' | 'empty' | 'error' | 'stale' | 'noData' | 'gap' | 'many';
export type Direction = 'rx' | 'tx' | 'toGuest' | 'fromGuest';

export interface Path {
  readonly host: string;
  readonly port: string;
  readonly direction: Direction;
  readonly countedIn: string;
  readonly packetsPerSlot: number;
  readonly bytesPerPacket: number;
}

export type SlotState = 'observed' | 'bridged' | 'unknown';

/** Gaps of the scenario `gap`, within each 300 seconds; the first is bridged, the second unknown. */
export const bridgedGap = { first: 100, slots: 22 };
export const unknownGap = { first: 180, slots: 12 };
export const manyPorts = 10_000;

export const hostNames = ['compute-01.zone-a', 'compute-02.zone-a', 'compute-03.zone-b'];

export function pathsOf(scenario: Scenario): Path[] {
  if (scenario === 'empty') return [];
  if (scenario === 'many') return manyPaths();
  return hostNames.flatMap((host, i) => [
    ...both(host, 'bond0', 'rx', 'tx', '', 3_400_000 - i * 900_000),
    ...both(host, 'eth0', 'rx', 'tx', 'bond0', 1_800_000 - i * 500_000),
    ...both(host, 'eth1', 'rx', 'tx', 'bond0', 1_600_000 - i * 400_000),
    ...both(host, 'vhu3a91c0de-1f', 'toGuest', 'fromGuest', '', 2_200_000 - i * 600_000),
    ...both(host, 'vhu7be2044a-90', 'toGuest', 'fromGuest', '', 610_000 - i * 90_000),
    ...both(host, 'vhuc0ffee12-07', 'toGuest', 'fromGuest', '', i === 1 ? 0 : 96_000),
  ]);
}

function manyPaths(): Path[] {
  const host = hostNames[0] ?? '';
  return Array.from({ length: manyPorts }, (_, i) => {
    const port = `vhu${i.toString().padStart(5, '0')}`;
    return both(host, port, 'toGuest', 'fromGuest', '', 1_000 + i);
  }).flat();
}

function both(host: string, port: string, one: Direction, other: Direction, countedIn: string, rate: number): Path[] {
  return [
    { host, port, direction: one, countedIn, packetsPerSlot: rate, bytesPerPacket: 684 },
    { host, port, direction: other, countedIn, packetsPerSlot: Math.floor(rate * 0.93), bytesPerPacket: 412 },
  ];
}

export function stateAt(scenario: Scenario, slot: number): SlotState {
  if (scenario === 'noData') return 'unknown';
  if (scenario !== 'gap') return 'observed';
  const at = slot % 300;
  if (at >= bridgedGap.first && at < bridgedGap.first + bridgedGap.slots) return 'bridged';
  if (at >= unknownGap.first && at < unknownGap.first + unknownGap.slots) return 'unknown';
  return 'observed';
}

export function packetsAt(path: Path, slot: number): number {
  const wave = 1 + 0.07 * Math.sin(slot / 31) + 0.03 * Math.sin(slot / 7) + 0.02 * noise(slot, path.packetsPerSlot);
  return Math.floor(path.packetsPerSlot * wave);
}

/** A ring runs full for some seconds now and then; a policer takes a little all the time from the biggest guest. */
export function causesAt(path: Path, slot: number): { cause: string; packets: number }[] {
  const burst = slot % 97 < 7 ? 7 - (slot % 97) : 0;
  if (path.packetsPerSlot === 0) return [];
  if (path.direction === 'toGuest') {
    return [
      { cause: 'policer', packets: path.packetsPerSlot > 1_000_000 ? 40 + (slot % 9) : 0 },
      { cause: 'vhost_ring_full', packets: burst * 210 },
    ];
  }
  if (path.direction === 'rx') {
    return [
      { cause: 'nic_ring_full', packets: burst * 95 },
      { cause: 'no_mbuf', packets: slot % 97 < 3 ? 60 : 0 },
    ];
  }
  return [];
}

/** Drops the driver counted in its total without saying why. */
export function dropsAt(path: Path, slot: number): number {
  const named = causesAt(path, slot).reduce((sum, { packets }) => sum + packets, 0);
  return named + (path.direction === 'rx' && slot % 97 === 2 ? 17 : 0);
}

/** The port of the fixture whose causes come as OVSDB tells them: sums over five seconds, and the last ones later. */
const toldWholePort = 'vhu7be2044a-90';
const tellSeconds = 5;

export function tellsWhole({ port, direction }: Path): boolean {
  return port === toldWholePort && direction === 'toGuest';
}

/** Ten causes share what was lost; the tenth part is explained by none. */
const sharesOf: readonly (readonly [string, number])[] = [
  ['vhost_ring_full', 0.52],
  ['mtu', 0.12],
  ['checksum', 0.08],
  ['policy', 0.05],
  ['shaper', 0.04],
  ['tunnel', 0.03],
  ['hw_offload', 0.02],
  ['tx_error', 0.02],
  ['no_mbuf', 0.01],
  ['cloud_limit', 0.01],
];

/** The intervals that lie wholly inside a window, were seen, and in which something was lost. */
export function intervalsOf(scenario: Scenario, path: Path, { from, to }: { from: number; to: number }) {
  if (!tellsWhole(path)) return [];
  const found = [];
  for (let start = Math.ceil(from / tellSeconds) * tellSeconds; start + tellSeconds <= to; start += tellSeconds) {
    const slots = Array.from({ length: tellSeconds }, (_, i) => start + i);
    if (slots.some((slot) => stateAt(scenario, slot) === 'unknown')) continue;
    const lost = slots.reduce((sum, slot) => sum + dropsAt(path, slot), 0);
    const causes = sharesOf
      .map(([cause, share]) => ({ cause, packets: Math.floor(lost * share) }))
      .filter(({ packets }) => packets > 0);
    if (causes.length > 0) found.push({ from: start, to: start + tellSeconds, causes });
  }
  return found;
}

function noise(slot: number, salt: number): number {
  const mixed = Math.imul((slot ^ (salt * 2_654_435_761)) >>> 0, 2_246_822_519) >>> 0;
  return ((mixed >>> 8) % 1_000) / 500 - 1;
}
