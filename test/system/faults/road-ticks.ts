import { aPortRow, aTickMessage } from '../../fakes/tick-message.ts';

/** What the two programs of a road are told, as JSON. */
export interface RoadOptions {
  readonly seed: number;
  readonly hosts: readonly string[];
  /** Unix seconds of the slot of sequence 0. */
  readonly firstSlot: number;
  readonly brokerPort: number;
  readonly topic: string;
  /** Of the spools, one a host. */
  readonly spools: string;
  /** Of the server. */
  readonly data: string;
  /** Between two ticks of one host, ms. */
  readonly pauseMs: number;
  /** So many ticks of each host come without a pause: a collector that has been without a bus. */
  readonly backlog: number;
}

export const portsOfHost = ['p1', 'p2'] as const;

/** The same for a sequence each time, whoever asks and in whatever order. */
export function incrementOf(seed: number, host: string, seq: bigint): bigint {
  let mixed = seed ^ Number(seq & 0x7fff_ffffn);
  for (const letter of host) mixed = Math.imul(mixed ^ letter.charCodeAt(0), 0x0100_0193);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b_3c6d);
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a_2d39);
  return BigInt((mixed ^ (mixed >>> 15)) >>> 0) % 1000n;
}

export function slotOf({ firstSlot }: Pick<RoadOptions, 'firstSlot'>, seq: bigint): number {
  return firstSlot + Number(seq);
}

/** The tick with this sequence, as the spool `stream` has it. */
export function roadTick(options: RoadOptions, host: string, stream: string, seq: bigint): Uint8Array {
  const slot = slotOf(options, seq);
  const packetsInc = incrementOf(options.seed, host, seq);
  const ports = portsOfHost.map((port) => aPortRow({ host, port, slot, packetsInc }));
  return aTickMessage({ host, slot, stream, seq, ports });
}
