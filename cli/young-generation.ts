import v8 from 'node:v8';

/**
 * Keeps V8's young generation at its smallest. It grows to 32 MiB and more under a collector's steady trickle of short-lived
 * rows, which cost no more when collected sooner: measured with 13 DPDK devices and OVS, 112 MiB resident instead of 166.
 */
export function keepYoungGenerationSmall(): void {
  v8.setFlagsFromString('--max-semi-space-size=1');
  v8.setFlagsFromString('--semi-space-growth-factor=1');
}
