import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMemzones } from '../../../../../collector/sources/vring/memzones.ts';
import { dpdkAbiOf, parseMaps, rangeOf } from '../../../../../collector/sources/vring/process-maps.ts';
import { ringSizeOf, splitLayout } from '../../../../../collector/sources/vring/split-ring.ts';
import { virtualDevicesOf } from '../../../../../collector/sources/vring/vdev-arguments.ts';
import { GuestTree, mapsText, memzoneFile } from './guest-tree.ts';

describe('list of memory', () => {
  it('of a real program is read as it is', () => {
    expect(parseMemzones(memzoneFile)?.map(({ name, address, bytes }) => [name, address, bytes])).toEqual([
      ['rte_eth_dev_data', 0x1_0409_fec0n, 196_672n],
      ['port0_vq0', 0x1_0409_a000n, 12_288n],
      ['port0_vq1', 0x1_0409_5000n, 12_288n],
      ['port0_vq1_hdr', 0x1_0408_bf80n, 36_864n],
      ['rte_pdump_stats', 0x1_0367_8dc0n, 4_194_368n],
      ['MP_mb_pool_0', 0x1_0357_6a00n, 1_057_024n],
      ['RG_MP_mb_pool_0', 0x1_0356_e740n, 33_152n],
      ['MP_mb_pool_0_0', 0x1_02d6_e440n, 8_389_248n],
      ['RTE_METRICS', 0x1_02d2_fb80n, 86_080n],
    ]);
  });

  it('of another layout is none, and whatever it holds gives no throw', () => {
    expect(parseMemzones(Buffer.alloc(0))).toBeUndefined();
    expect(parseMemzones(Buffer.alloc(memzoneFile.length))).toBeUndefined();
    expect(parseMemzones(memzoneFile.subarray(0, -4096))).toBeUndefined();
    // As if an entry had 80 bytes: everything stands elsewhere.
    expect(parseMemzones(Buffer.concat([Buffer.alloc(8), memzoneFile.subarray(0, -8)]))).toBeUndefined();
    const change = fc.record({ at: fc.nat({ max: 800 }), to: fc.nat({ max: 255 }) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const file = Buffer.from(memzoneFile);
        for (const { at, to } of changes) file[at] = to;
        for (const zone of parseMemzones(file) ?? []) expect(zone.bytes).toBeGreaterThan(0n);
      }),
      { numRuns: 200 },
    );
  });
});

describe('places of rings', () => {
  it('are where DPDK puts them', () => {
    expect(splitLayout(256)).toEqual({ availAt: 4098n, usedAt: 8194n, bytes: 12_288n });
    expect(splitLayout(1024)).toEqual({ availAt: 16_386n, usedAt: 20_482n, bytes: 32_768n });
  });

  it('are found by the length of a zone only where that leaves no doubt', () => {
    expect(ringSizeOf(12_288n, 256)).toBe(256);
    expect(ringSizeOf(32_768n, 256)).toBe(1024);
    expect(ringSizeOf(8192n, 64)).toBe(64);
    expect(ringSizeOf(8192n, 256)).toBeUndefined();
    expect(ringSizeOf(12_289n, 256)).toBeUndefined();
    expect(ringSizeOf(12_288n, Number.NaN)).toBe(256);
  });

  it('lie in one range of the process', () => {
    const ranges = parseMaps(mapsText);
    expect(dpdkAbiOf(ranges)).toBe(23);
    expect(rangeOf(ranges, 0x1_0409_a000n, 12_288n)).toMatchObject({
      isShared: true,
      inode: 11_391n,
      device: '0:1',
      offset: 0n,
    });
    expect(rangeOf(ranges, 0x1_040f_5000n, 8192n)).toBeUndefined();
    expect(parseMaps('no map\n\n')).toEqual([]);
  });

  it('belong to devices in the order of the command line, up to the program’s own arguments', () => {
    const line = [
      'p',
      '--vdev=net_virtio_user1,path=/a,packed_vq',
      '--vdev',
      'net_vhost0,iface=/b',
      '--',
      '--vdev',
      'x',
    ];
    expect(virtualDevicesOf(line.join('\0'))).toEqual([
      {
        name: 'net_virtio_user1',
        options: new Map([
          ['path', '/a'],
          ['packed_vq', ''],
        ]),
      },
      { name: 'net_vhost0', options: new Map([['iface', '/b']]) },
    ]);
  });
});

describe('finder of DPDK guests', () => {
  const connected = (tree: GuestTree, port = 'vhu1', isConnected: boolean | undefined = true) =>
    tree.sockets.tell(1, new Map([[tree.socket, { port, isConnected }]]));

  it('gives both rings of a guest, with the file and the offsets, under the name of the port behind its socket', () => {
    using tree = new GuestTree();
    connected(tree);
    const { rings, refusals } = tree.finder.find(100);
    expect(refusals).toEqual([]);
    expect(rings).toMatchObject([
      { port: 'vhu1', guest: 'rguest', direction: 'toGuest', queue: 0, size: 256, witness: 'memzone' },
      { port: 'vhu1', direction: 'fromGuest', queue: 0, size: 256 },
    ]);
    const base = 0x1_0409_a000n - 0x1_000f_6000n;
    expect(rings[0]?.places).toMatchObject([
      { path: tree.memory, usedOffset: base + 8194n, availOffset: base + 4098n, direction: 'toGuest', size: 256 },
      { pid: 4711, usedAddress: 0x1_0409_a000n + 8194n, availAddress: 0x1_0409_a000n + 4098n },
    ]);
  });

  it('waits for the switch to say whose socket it is, then names the ring after the socket', () => {
    using tree = new GuestTree();
    expect(tree.finder.find(100).rings).toEqual([]);
    expect(tree.finder.find(105).rings).toEqual([]);
    const late = tree.finder.find(110);
    expect(late.rings[0]?.port).toBe(`vhost:${tree.socket}`);
    expect(tree.finder.check(late)).toEqual(late);
    connected(tree);
    expect(tree.finder.check(late).rings).toEqual([]);
    expect(tree.finder.find(111).rings[0]?.port).toBe('vhu1');
    // The switch starts anew: the ring waits for it once more, rather than take another name.
    tree.sockets.forget(1);
    expect(tree.finder.find(112).rings).toEqual([]);
  });

  it('lets go what is disconnected, restarted, moved or gone', () => {
    const changes: readonly ((tree: GuestTree) => void)[] = [
      (tree) => connected(tree, 'vhu1', false),
      (tree) => tree.startTicks(101),
      (tree) => {
        const file = Buffer.from(memzoneFile);
        file.writeBigUInt64LE(0x1_0000_0000n, 72 + 40);
        file.writeBigUInt64LE(0x1_0000_0000n, 144 + 40);
        tree.memzones(file);
      },
      (tree) => tree.memzones(Buffer.alloc(0)),
    ];
    for (const change of changes) {
      using tree = new GuestTree();
      connected(tree);
      const found = tree.finder.find(100);
      expect(tree.finder.check(found).rings).toHaveLength(2);
      change(tree);
      expect(tree.finder.check(found).rings).toEqual([]);
    }
  });

  it('does not look at what nobody holds, nor at other programs', () => {
    using tree = new GuestTree();
    connected(tree);
    tree.lock(0);
    expect(tree.finder.find(100)).toEqual({ rings: [], refusals: [] });
    tree.lock(4712);
    expect(tree.finder.find(101)).toEqual({ rings: [], refusals: [] });
    tree.lock(4711);
    tree.commandLine(['--vdev', 'net_null0']);
    expect(tree.finder.find(102)).toEqual({ rings: [], refusals: [] });
  });

  it('reads by the kernel what is not one mapped file', () => {
    using tree = new GuestTree();
    connected(tree);
    tree.maps((text) => text.replace('1000f6000-1040f6000', '1000f6000-1040f7000'));
    expect(tree.finder.find(100).rings.map(({ places }) => places.length)).toEqual([1, 1]);
  });

  it.each([
    ['packed rings', (tree: GuestTree) => tree.commandLine(['--vdev', 'net_virtio_user0,path=sock,packed_vq=1'])],
    [
      'a version nobody has tried',
      (tree: GuestTree) => tree.maps((text) => text.replaceAll('rte_eal.so.23', 'rte_eal.so.99')),
    ],
    ['another layout', (tree: GuestTree) => tree.memzones(Buffer.alloc(8192, 1))],
    ['memory that is not shared', (tree: GuestTree) => tree.maps((text) => text.replaceAll('rw-s', 'rw-p'))],
    [
      'more devices than ports',
      (tree: GuestTree) => tree.commandLine(['--vdev', 'net_virtio_user0,path=a', '--vdev', 'net_virtio_user1,path=b']),
    ],
    [
      'a device of the kernel',
      (tree: GuestTree) => tree.commandLine(['--vdev', 'net_virtio_user0,path=/dev/vhost-net']),
    ],
    [
      'a ring whose size does not fit',
      (tree: GuestTree) => {
        const file = Buffer.from(memzoneFile);
        for (const entry of [72, 144]) file.writeBigUInt64LE(8192n, entry + 48);
        tree.memzones(file);
      },
    ],
  ])('refuses %s, and says why', (_, change) => {
    using tree = new GuestTree();
    connected(tree);
    change(tree);
    const { rings, refusals } = tree.finder.find(100);
    expect(rings).toEqual([]);
    expect(refusals.length).toBeGreaterThan(0);
    for (const { guest, why } of refusals) expect([guest, why.length > 10]).toEqual(['rguest', true]);
  });

  it('leaves out pairs that the device does not have: the control queue', () => {
    using tree = new GuestTree();
    connected(tree);
    const file = Buffer.from(memzoneFile);
    file.write('port0_vq2\0', 144, 'latin1');
    tree.memzones(file);
    expect(tree.finder.find(100).rings.map(({ direction }) => direction)).toEqual(['toGuest']);
  });
});
