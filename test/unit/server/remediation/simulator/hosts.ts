import type { QueueSpec } from '../../../../../server/remediation/simulator/host-parts.ts';
import type { HostSpec } from '../../../../../server/remediation/simulator/host-spec.ts';

/** Two threads of one node, and ports of one queue each. */
export function hostOf(...queues: readonly Partial<QueueSpec>[]): HostSpec {
  const always = [{ from: 0, to: Number.MAX_SAFE_INTEGER }];
  return {
    pmds: [
      { core: 2, numa: 0 },
      { core: 4, numa: 0 },
    ],
    ports: queues.map((_none, i) => ({ name: `vhu${i}`, numa: 0, presences: always })),
    queues: queues.map((queue, port) => ({
      ...{
        port,
        queue: 0,
        numa: 0,
        vm: null,
        group: null,
        pin: null,
        cyclesPerPacket: 1_000,
        ring: 1_024,
        heldMost: 0,
      },
      ...{ packetsPerSecond: 0, packetsMost: 0, tenant: 0, isOnOff: false, spikiness: 0, flows: 0 },
      ...queue,
    })),
    thefts: [],
  };
}

/** One second's packets of each queue, evenly spread. */
export function evenly(...packets: readonly number[]) {
  return { packets: Float64Array.from(packets), shape: new Uint8Array(packets.length) };
}
