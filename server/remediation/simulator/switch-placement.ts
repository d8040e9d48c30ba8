import type { OvsQueue, OvsTerms } from '../ovs-model/schedule.ts';
import { ovsSchedule } from '../ovs-model/schedule.ts';
import { unplaced } from './datapath.ts';
import type { HostSpec } from './host-spec.ts';

interface Switch {
  readonly spec: HostSpec;
  readonly terms: OvsTerms;
  /** Of each queue: whether its port is there. */
  readonly isThere: (queue: number) => boolean;
  /** Place that holds a queue fast though no operator pinned it. */
  readonly frozenAt: (queue: number) => number | null;
  readonly cycles: (queue: number) => number;
}

/** Queues as the model of the switch takes them, those that are there; `index` is their place in the specification. */
export function switchQueues({ spec, isThere, frozenAt, cycles }: Switch): (OvsQueue & { readonly index: number })[] {
  return spec.queues.flatMap(({ port, queue, numa, pin }, index) => {
    if (!isThere(index)) return [];
    const held = pin ?? frozenAt(index);
    const core = held === null ? null : (spec.pmds[held]?.core ?? null);
    const name = spec.ports[port]?.name ?? '';
    return [{ port: name, portNo: port, queue, numa, cycles: BigInt(cycles(index)), pin: core, index }];
  });
}

/** Where the switch puts every queue at a reconfiguration. */
export function switchPlacement(of: Switch): Int32Array {
  const places = new Map(of.spec.pmds.map(({ core }, place) => [core, place]));
  const next = new Int32Array(of.spec.queues.length).fill(unplaced);
  const queues = switchQueues(of);
  for (const { queue, core } of ovsSchedule(of.spec.pmds, queues, of.terms).assignments)
    next[(queue as (typeof queues)[number]).index] = core === null ? unplaced : (places.get(core) ?? unplaced);
  return next;
}
