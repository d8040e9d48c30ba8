import { formatScaled } from './count.ts';

/** Packets over a time as `pps`, `kpps`, `Mpps`. */
export function formatPacketRate(packets: bigint | string, seconds = 1): string {
  return formatScaled(BigInt(packets), BigInt(seconds), 'pps');
}

/** Bytes over a time as bits per second; layer 2 without preamble and gap, as the port counts them. */
export function formatBitRate(bytes: bigint | string, seconds = 1): string {
  return formatScaled(BigInt(bytes) * 8n, BigInt(seconds), 'b/s');
}
