import type { PmdSpec, PortSpec, QueueSpec, Theft } from './host-parts.ts';
import { Random } from './random.ts';

export interface HostSpec {
  readonly pmds: readonly PmdSpec[];
  readonly ports: readonly PortSpec[];
  readonly queues: readonly QueueSpec[];
  readonly thefts: readonly Theft[];
}

/** Cycles of a thread's core in a second: 2.5 GHz. */
export const hertz = 2_500_000_000;
export const tenants = 12;

const sizes = [
  { percent: 20, nodes: 1, pmdsOfNode: 2, queuesOfNode: 8 },
  { percent: 50, nodes: 1, pmdsOfNode: 4, queuesOfNode: 16 },
  { percent: 30, nodes: 2, pmdsOfNode: 4, queuesOfNode: 16 },
] as const;

/** What a host is and what befalls it, from the seed and its number alone: the same whoever places its queues. */
export function hostSpec(seed: number, host: number, seconds: number): HostSpec {
  const random = new Random(seed, host * 4);
  const size = pick(random);
  const pmds = Array.from({ length: size.nodes * size.pmdsOfNode }, (_none, i) => ({
    core: 2 + 2 * i,
    numa: Math.floor(i / size.pmdsOfNode),
  }));
  // Three in a hundred hosts are full at their peak, and of as many one guest may send more than a thread takes.
  const isFull = random.chance(3);
  const hasElephant = random.chance(3);
  const percent = isFull ? random.between(60, 75) : random.between(30, 50);
  const ports: PortSpec[] = [];
  const queues: QueueSpec[] = [];
  for (let numa = 0; numa < size.nodes; numa++) {
    const sizesHere = portSizes(random, size.queuesOfNode);
    const weights = Array.from({ length: size.queuesOfNode }, () => Math.min(6, random.lognormal(1)));
    const cores = (size.pmdsOfNode * percent) / 100 / weights.reduce((sum, each) => sum + each, 0);
    for (const [n, count] of sizesHere.entries()) {
      const port = ports.length;
      ports.push({ name: `vhu${port}`, numa, presences: n === 0 ? always : presences(random, seconds) });
      const terms = { port, numa, isUplink: n === 0, count, hasElephant: hasElephant && numa === 0 && n === 1 };
      for (let queue = 0; queue < count; queue++)
        queues.push(queueOf(random, terms, { queue, load: (weights.pop() ?? 1) * cores }));
    }
  }
  const pinned = random.chance(10) ? queues.findIndex(({ queue, group }) => queue === 0 && group === null) : -1;
  const spec = pinned < 0 ? queues : queues.map((each, i) => (i === pinned ? { ...each, pin: 0 } : each));
  return { pmds, ports, queues: spec, thefts: random.chance(5) ? thefts(random, pmds.length, seconds) : [] };
}

function pick(random: Random): (typeof sizes)[number] {
  let left = random.unit() * 100;
  for (const size of sizes) {
    left -= size.percent;
    if (left < 0) return size;
  }
  return sizes[1];
}

const always = [{ from: 0, to: Number.MAX_SAFE_INTEGER }];

/** An uplink with two queues, then guests with one, two or four. */
function portSizes(random: Random, queues: number): readonly number[] {
  const found = [2];
  for (let left = queues - 2; left > 0; left -= found.at(-1) ?? 1)
    found.push(Math.min(left, [1, 2, 2, 4][random.between(0, 3)] ?? 1));
  return found;
}

/** Three in ten guests come and go. */
function presences(random: Random, seconds: number): PortSpec['presences'] {
  if (!random.chance(30)) return always;
  const found: { from: number; to: number }[] = [];
  let from = random.chance(50) ? 0 : random.wait(7_200);
  while (from < seconds) {
    const to = from + 60 + random.wait(14_400);
    found.push({ from, to });
    from = to + 60 + random.wait(7_200);
  }
  return found;
}

function queueOf(
  random: Random,
  terms: { port: number; numa: number; isUplink: boolean; count: number; hasElephant: boolean },
  { queue, load }: { queue: number; load: number },
): QueueSpec {
  const cyclesPerPacket = random.between(800, 1_600);
  const packets = (share: number) => Math.floor((hertz * share) / cyclesPerPacket);
  const isElephant = terms.hasElephant && queue === 0;
  const ring = terms.isUplink ? 2_048 : 1_024;
  return {
    ...{ port: terms.port, queue, numa: terms.numa, cyclesPerPacket, ring, pin: null },
    vm: terms.isUplink ? null : `vm${terms.port}`,
    group: terms.isUplink ? `uplink${terms.numa}` : null,
    // Four in ten guests wait when their ring is full, up to eight rings of packets.
    heldMost: !terms.isUplink && random.chance(40) ? 8 * ring : 0,
    packetsPerSecond: packets(isElephant ? 0.5 : Math.min(0.35, load)),
    // What its vCPU or its share of the wire can send at most.
    packetsMost: packets(isElephant ? 1.4 : 0.7),
    tenant: random.between(0, tenants - 1),
    isOnOff: random.chance(30),
    spikiness: random.between(0, 3),
    flows: 20 + Math.floor(random.lognormal(1) * 150),
  };
}

/** A few times a day something takes three to seven tenths of one thread's core for some minutes. */
function thefts(random: Random, pmds: number, seconds: number): readonly Theft[] {
  const found: Theft[] = [];
  for (let from = random.wait(28_800); from < seconds; from += random.wait(28_800))
    found.push({
      pmd: random.between(0, pmds - 1),
      from,
      to: from + random.wait(900),
      stolenPpm: random.between(30, 70) * 10_000,
    });
  return found;
}
