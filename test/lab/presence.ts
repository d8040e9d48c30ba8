import { existsSync } from 'node:fs';

/** What the lab stands on: Debian's Open vSwitch with DPDK, DPDK's test program, and headers for the load generator. */
const pieces = [
  '/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk',
  '/usr/bin/dpdk-testpmd',
  '/usr/include/dpdk/rte_ethdev.h',
];

/** And for a virtual machine; its kernel is downloaded. */
const machinePieces = ['/usr/bin/qemu-system-x86_64', '/bin/busybox'];

const isRoot = process.getuid?.() === 0;
/** Tests on the lab need root and these packages: skipped elsewhere; with CI=true nothing is skipped. */
export const skipWithoutLab = (!isRoot || !pieces.every((piece) => existsSync(piece))) && process.env['CI'] !== 'true';
export const skipWithoutMachine =
  skipWithoutLab || (!machinePieces.every((piece) => existsSync(piece)) && process.env['CI'] !== 'true');
