import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choosePlacement, parseCpuList } from '../../../../collector/placement.ts';
import { parsePressure } from '../../../../collector/sources/kernel/pressure.ts';
import { parseQueueName } from '../../../../collector/sources/kernel/queue-names.ts';
import { parseSoftnet } from '../../../../collector/sources/kernel/softnet.ts';
import { ownerOf, processKind, threadRole } from '../../../../collector/sources/thread/roles.ts';
import { FourninesError } from '../../../../core/runtime/error.ts';

describe('softnet_stat', () => {
  it('of Linux 6 has the CPU in the 13th column', () => {
    const text =
      '0000a2c1 00000001 00000003 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000\n' +
      '00000010 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000003 00000000 00000000\n';
    expect(parseSoftnet(text)).toEqual([
      { cpu: 0, processed: 0xa2c1n, dropped: 1n, timeSqueeze: 3n },
      { cpu: 3, processed: 16n, dropped: 0n, timeSqueeze: 0n },
    ]);
  });

  it('of older kernels is numbered by line', () => {
    expect(parseSoftnet('00000001 00000000 00000000\n00000002 00000000 00000000\n').map(({ cpu }) => cpu)).toEqual([
      0, 1,
    ]);
  });

  it('that is something else is refused, and never anything but our error comes out', () => {
    expect(() => parseSoftnet('no such thing')).toThrow(FourninesError);
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parseSoftnet(text);
        } catch (error) {
          expect(error).toBeInstanceOf(FourninesError);
        }
      }),
    );
  });
});

describe('pressure', () => {
  it('gives the totals and passes over what it does not know', () => {
    const text =
      'some avg10=0.00 avg60=0.00 avg300=0.00 total=12345\nfull avg10=1.00 avg60=0.00 avg300=0.00 total=7\nodd x=1\n';
    expect(parsePressure(text)).toEqual([
      { share: 'some', totalUs: 12_345n },
      { share: 'full', totalUs: 7n },
    ]);
  });
});

describe('queue names', () => {
  it.each([
    ['rx_queue_0_packets', 'rx', 0, 'packets'],
    ['tx_queue_15_bytes', 'tx', 15, 'bytes'],
    ['rx3_packets', 'rx', 3, 'packets'],
    ['tx-2.bytes', 'tx', 2, 'bytes'],
    ['rx0_drops', 'rx', 0, 'drops'],
    ['queue_7_tx_cnt', 'tx', 7, 'packets'],
  ])('%s', (name, direction, queue, counter) => {
    expect(parseQueueName(name)).toEqual({ direction, queue, counter });
  });

  it.each([
    'rx_packets',
    'rx_queue_0_xdp_packets',
    'rx0_xdp_packets',
    'peer_ifindex',
    'rx_queue_packets',
    'tx_tx_timeouts',
  ])('%s is none', (name) => {
    expect(parseQueueName(name)).toBeUndefined();
  });
});

describe('threads', () => {
  it('of QEMU: vCPUs by name, all else is the emulator', () => {
    expect(processKind('qemu-system-x86', [])).toBe('qemu');
    expect(threadRole('qemu', 'CPU 11/KVM', false)).toBe('vcpu');
    expect(threadRole('qemu', 'qemu-system-x86', true)).toBe('emulator');
    expect(threadRole('qemu', 'IO mon_iothread', false)).toBe('emulator');
    expect(threadRole('qemu', 'vhost-4711', false)).toBe('vhost');
  });

  it('of DPDK and OVS: polling threads by name', () => {
    expect(processKind('ovs-vswitchd', ['ovs-vswitchd', 'pmd-c02/id:8', 'revalidator7'])).toBe('dpdk');
    expect(processKind('dpdk-testpmd', ['dpdk-testpmd', 'eal-intr-thread', 'rte-worker-1'])).toBe('dpdk');
    expect(threadRole('dpdk', 'pmd-c02/id:8', false)).toBe('pmd');
    expect(threadRole('dpdk', 'rte-worker-1', false)).toBe('pmd');
    expect(threadRole('dpdk', 'dpdk-testpmd', true)).toBe('pmd');
    expect(threadRole('dpdk', 'ovs-vswitchd', true)).toBe('other');
    expect(threadRole('dpdk', 'revalidator7', false)).toBe('other');
  });

  it('of anything else are not watched', () => {
    expect(processKind('bash', ['bash'])).toBeUndefined();
    expect(processKind('vhost-1234', ['vhost-1234'])).toBe('kernelVhost');
  });

  it('know whom they work for', () => {
    expect(ownerOf('qemu', 'qemu-system-x86', 'qemu\0-name\0guest=web,debug-threads=on\0', 7)).toBe('web');
    expect(ownerOf('qemu', 'qemu-system-x86', 'qemu\0-name\0plain\0-m\u0000512\0', 7)).toBe('plain');
    expect(ownerOf('qemu', 'qemu-system-x86', 'qemu\0-m\u0000512\0', 7)).toBe('qemu-system-x86:7');
    expect(ownerOf('dpdk', 'dpdk-testpmd', 'x\0--file-prefix=vm1\0', 7)).toBe('vm1');
    expect(ownerOf('dpdk', 'dpdk-testpmd', 'x\0--file-prefix\0vm2\0', 7)).toBe('vm2');
    expect(ownerOf('dpdk', 'app', 'x\0', 7)).toBe('app');
  });
});

describe('CPU lists and placement', () => {
  it('are read as the kernel writes them', () => {
    expect(parseCpuList('0-2,5\n')).toEqual([0, 1, 2, 5]);
    expect(parseCpuList('\n')).toEqual([]);
    expect(parseCpuList('(null)')).toEqual([]);
    expect(parseCpuList('0-')).toBeUndefined();
  });

  it('keep the collector off isolated CPUs', () => {
    expect(choosePlacement([0, 1, 2, 3], [2, 3], undefined)).toEqual({ cpus: [0, 1], reason: 'housekeeping' });
    expect(choosePlacement([0, 1], [], undefined)).toEqual({ cpus: [0, 1], reason: 'noneIsolated' });
    expect(choosePlacement([2, 3], [2, 3], undefined)).toEqual({ cpus: [2, 3], reason: 'allIsolated' });
    expect(choosePlacement([0, 1], [1], [1])).toEqual({ cpus: [1], reason: 'configured' });
  });
});
