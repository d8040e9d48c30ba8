import type { DriverName } from './map-types.ts';

/** Beginnings of device names of virtual devices, and of driver names; the first that fits counts. */
const names: readonly (readonly [prefix: string, driver: DriverName])[] = [
  ['net_virtio_user', 'virtio'],
  ['virtio_user', 'virtio'],
  ['net_virtio', 'virtio'],
  ['net_vhost', 'vhost'],
  ['eth_vhost', 'vhost'],
  ['net_af_xdp', 'af_xdp'],
  ['eth_af_xdp', 'af_xdp'],
  ['net_af_packet', 'af_packet'],
  ['eth_af_packet', 'af_packet'],
  ['net_tap', 'tap'],
  ['eth_tap', 'tap'],
  ['net_tun', 'tap'],
  ['net_null', 'null'],
  ['eth_null', 'null'],
  ['net_ring', 'ring'],
  ['eth_ring', 'ring'],
  ['mlx5_', 'mlx5'],
  ['net_ice', 'ice'],
  ['net_i40e', 'i40e'],
  ['net_iavf', 'iavf'],
  ['net_ixgbe_vf', 'generic'],
  ['net_bnxt', 'bnxt'],
  ['net_ena', 'ena'],
];

export interface PciId {
  readonly vendor: number;
  readonly device: number;
}

const hex = (ids: string): ReadonlySet<number> => new Set(ids.split(' ').map((id) => Number.parseInt(id, 16)));

/** Device ids as the drivers' own tables have them (base/*_devids.h, ixgbe_type.h, virtio_pci.h, ena_ethdev.c). */
const intelDevices: readonly (readonly [driver: DriverName, ids: ReadonlySet<number>])[] = [
  [
    'ice',
    hex(
      '1888 124c 124d 124e 124f 151d 12d1 12d2 12d3 12d5 12dc 12d8 12dd 12da 12de 1248 1249 124a 1261 1262 1263 1265 1266 1267 ' +
        '1591 1592 1593 1599 159a 159b 188a 188b 188c 188d 188e 1890 1891 1892 1893 1894 1897 1898 1899 189a 0dbd 579c 579d 579e 579f 0dcd',
    ),
  ],
  [
    'i40e',
    hex(
      '0cf8 0d58 1572 1574 1580 1581 1583 1584 1585 1586 1587 1588 1589 158a 158b 15ff 104f 104e 101f 0dd2 37ce 37cf 37d0 37d1 37d2 37d3 0dda',
    ),
  ],
  ['iavf', hex('154c 1571 1889 37cd 374d')],
  ['ixgbe', hex('10f7 1514 1517 10f8 154f 10f9 10fb 152a 1529 1507 154d 154a 1558 1557 10fc 151c')],
  [
    'ixgbe_x5',
    hex(
      '10b6 1508 10c6 10c7 10c8 150b 10db 10dd 10ec 10f1 10e1 10f4 1528 1560 1563 15d1 15c2 15c3 15c4 15c6 15c7 15c8 15ca 15cc 15ce ' +
        '15e4 15e5 15aa 15ab 15ac 15ad 15ae 15b0 57ae 57af 57b0 57b1 57b2',
    ),
  ],
];

const [intel, mellanox, broadcom, amazon, redHat] = [0x8086, 0x15b3, 0x14e4, 0x1d0f, 0x1af4];
/** ConnectX-3 and older belong to mlx4, which has the common counters only. */
const connectX4 = 0x1013;

function byPci({ vendor, device }: PciId): DriverName | undefined {
  if (vendor === mellanox) return device >= connectX4 ? 'mlx5' : 'generic';
  if (vendor === broadcom) return 'bnxt';
  if (vendor === amazon) return device === 0xec20 || device === 0xec21 ? 'ena' : undefined;
  if (vendor === redHat) return device === 0x1000 || device === 0x1041 ? 'virtio' : undefined;
  return vendor === intel ? intelDevices.find(([, ids]) => ids.has(device))?.[0] : undefined;
}

/** A counter that only one driver has; of use only where zeros are not hidden. */
const fingerprints: readonly (readonly [counter: string, driver: DriverName])[] = [
  ['rx_out_of_buffer', 'mlx5'],
  ['rx_phy_discard_packets', 'mlx5'],
  ['rx_mac_short_pkt_dropped', 'ice'],
  ['rx_size_error_packets', 'i40e'],
  ['tx_error_packets', 'iavf'],
  ['rx_l3_l4_xsum_error', 'ixgbe'],
  ['rx_stat_discard', 'bnxt'],
  ['pps_allowance_exceeded', 'ena'],
  ['rx_q0_guest_notifications', 'vhost'],
  ['rx_q0_size_1519_max_packets', 'virtio'],
];

/**
 * The driver of an ethdev: by its device or driver name, else by its PCI ids, else by names of its counters. `generic`
 * where nothing fits: its rows are what the ethdev interface itself promises.
 */
export function recogniseDriver(name: string, pci: PciId | null, xstatNames: readonly string[]): DriverName {
  const named = names.find(([prefix]) => name.startsWith(prefix))?.[1];
  const found = named ?? (pci === null ? undefined : byPci(pci));
  if (found !== undefined) return found;
  const has = new Set(xstatNames);
  return fingerprints.find(([counter]) => has.has(counter))?.[1] ?? 'generic';
}
