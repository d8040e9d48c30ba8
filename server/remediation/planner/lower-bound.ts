import { type Placement, whole } from './placement.ts';

/**
 * The least Z that no placement can be shown to fall below, of all in which pinned queues stay and every other is on its own
 * node, or where it is. Whatever else forbids a move is left out of account: more may be forbidden, so Z may only be larger.
 *
 * It is the smallest Z at which nothing speaks against a placement: what is pinned fits; what is not fits as a whole; each
 * queue fits somewhere; and of any j x m + 1 queues of m threads some thread takes j + 1, so that many must fit together.
 *
 * `reached`: a Z that some placement has.
 */
export function lowerBound(placement: Placement, reached: number): number {
  const nodes = [...new Set(placement.pmds.map(({ numa }) => numa))];
  return nodes.reduce((most, node) => Math.max(most, lowerBoundOf(nodeOf(placement, node), reached)), 0);
}

interface Node {
  readonly capacity: readonly number[];
  /** Of each thread: what is pinned to it. */
  readonly pinned: readonly number[];
  /** Queues that may be on any thread of the node and on no other, the largest first. */
  readonly free: readonly number[];
}

function nodeOf({ pmds, rxqs, home, capacity }: Placement, node: number): Node {
  const places = [...pmds.keys()].filter((place) => pmds[place]?.numa === node);
  const pinned = new Map(places.map((place) => [place, 0]));
  const free: number[] = [];
  for (const [index, rxq] of rxqs.entries()) {
    const place = home[index] ?? 0;
    const isHere = pinned.has(place);
    if (rxq.pin === 'operator') {
      if (isHere) pinned.set(place, (pinned.get(place) ?? 0) + rxq.usagePpm);
    } else if (isHere && rxq.numa === node) free.push(rxq.usagePpm);
    // One that is polled from another node may stay there or come home: it is in nobody's sum.
  }
  return {
    capacity: places.map((place) => capacity[place] ?? 0),
    pinned: [...pinned.values()],
    free: free.sort((a, b) => b - a),
  };
}

function lowerBoundOf(node: Node, reached: number): number {
  let [low, high] = [0, reached];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isPossible(node, middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function isPossible({ capacity, pinned, free }: Node, z: number): boolean {
  const room = capacity.map((each, i) => mostLoad(each, z) - (pinned[i] ?? 0));
  if (room.some((each) => each < 0)) return false;
  const largest = Math.max(...room);
  if (free.reduce((sum, each) => sum + each, 0) > room.reduce((sum, each) => sum + each, 0)) return false;
  if ((free[0] ?? 0) > largest) return false;
  const threads = room.length;
  for (let j = 1; j * threads < free.length; j++) {
    // The smallest j + 1 of the j x threads + 1 largest.
    const sum = free.slice(j * threads - j, j * threads + 1).reduce((all, each) => all + each, 0);
    if (sum > largest) return false;
  }
  return true;
}

/** The most that a thread may carry with a use of at most z: floor(load x 10^6 / capacity) <= z. */
function mostLoad(capacity: number, z: number): number {
  return Math.ceil(((z + 1) * capacity) / whole) - 1;
}
