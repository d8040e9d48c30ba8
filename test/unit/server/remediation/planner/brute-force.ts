import type { PlanInput } from '../../../../../server/remediation/planner/plan-input.ts';

type Moves = readonly { readonly rxq: string; readonly from: number; readonly to: number }[];
type Answer =
  | { readonly decision: 'plan'; readonly moves: Moves; readonly before: bigint; readonly after: bigint }
  | { readonly decision: 'none'; readonly reason: string; readonly before: bigint };

const million = 1_000_000n;

/** The rules of plans once more, straight from their text, over every plan there is, in whole numbers; no cleverness at all. */
export function bruteForce(input: PlanInput): Answer {
  const { limits, pmds, rxqs, burning, frozen } = input;
  const before = zOf(input, []);
  if (frozen) return { decision: 'none', reason: 'frozen', before };
  if (before < BigInt(limits.enterPpm) && burning.length === 0)
    return { decision: 'none', reason: 'notNeeded', before };
  const best = plansOf(input, limits.maxMoves)
    .filter((moves) => moves.length > 0 && isAcceptable(input, moves, before))
    .map((moves) => ({ moves, key: keyOf(input, moves) }))
    .sort((a, b) => compareKeys(a.key, b.key))[0];
  if (best !== undefined) return { decision: 'plan', moves: best.moves, before, after: zOf(input, best.moves) };
  const hot = [...pmds].sort(
    (a, b) => Number(useOf(input, b.core, []) - useOf(input, a.core, [])) || a.core - b.core,
  )[0];
  const reason = () => {
    if (hot !== undefined && hot.stolenPpm > limits.stolenMaxPpm) return 'starved';
    if (rxqs.some((q) => (BigInt(q.usagePpm) * million) / capacityOf(input, q.core) > BigInt(limits.acceptPpm)))
      return 'elephant';
    const isFull = (node: number) => {
      const usage = rxqs.filter(({ numa }) => numa === node).reduce((sum, q) => sum + BigInt(q.usagePpm), 0n);
      const room = pmds.filter(({ numa }) => numa === node).reduce((sum, p) => sum + capacityOf(input, p.core), 0n);
      return usage * million > room * BigInt(limits.acceptPpm);
    };
    return pmds.some(({ numa }) => isFull(numa)) ? 'hostFull' : 'noAcceptablePlan';
  };
  return { decision: 'none', reason: reason(), before };
}

/** The smallest Z of all placements that keep pins and nodes. */
export function bestZ(input: PlanInput): bigint {
  const { pmds, rxqs } = input;
  const choices = rxqs.map((q) =>
    q.pin === 'operator'
      ? [q.core]
      : pmds.filter(({ numa, core }) => numa === q.numa || core === q.core).map(({ core }) => core),
  );
  let best: bigint | undefined;
  const visit = (i: number, cores: readonly number[]): void => {
    if (i === rxqs.length) {
      const z = zOf({ ...input, rxqs: rxqs.map((q, j) => ({ ...q, core: cores[j] ?? q.core })) }, []);
      if (best === undefined || z < best) best = z;
      return;
    }
    for (const core of choices[i] ?? []) visit(i + 1, [...cores, core]);
  };
  visit(0, []);
  return best ?? 0n;
}

/** Every choice of at most so many queues, each to any other core whatsoever. */
function plansOf({ rxqs, pmds }: PlanInput, most: number): Moves[] {
  let plans: Moves[] = [[]];
  for (const { id, core: from } of rxqs) {
    const longer = plans
      .filter((moves) => moves.length < most)
      .flatMap((moves) =>
        pmds.filter(({ core }) => core !== from).map(({ core: to }) => [...moves, { rxq: id, from, to }]),
      );
    plans = [...plans, ...longer];
  }
  return plans;
}

function isAcceptable(input: PlanInput, moves: Moves, before: bigint): boolean {
  const { limits, rxqs, pmds, at } = input;
  const starved = new Set(pmds.filter(({ stolenPpm }) => stolenPpm > limits.stolenMaxPpm).map(({ core }) => core));
  for (const { rxq: id, from, to } of moves) {
    const q = rxqs.find((each) => each.id === id);
    if (q === undefined || q.pin === 'operator' || starved.has(from) || starved.has(to)) return false;
    if (pmds.find(({ core }) => core === to)?.numa !== q.numa) return false;
    if (q.movedAt !== null && at - q.movedAt < limits.queueHoldMs) return false;
  }
  const after = placed(input, moves);
  for (const vm of new Set(rxqs.map((q) => q.vm))) {
    if (vm === null) continue;
    const own = rxqs.filter((q) => q.vm === vm);
    const share = (BigInt(own.length) * BigInt(limits.vmSharePpm)) / million;
    const moved = own.filter((q) => moves.some(({ rxq }) => rxq === q.id)).length;
    if (BigInt(moved) > (share < 1n ? 1n : share)) return false;
  }
  const grouped = after.filter(({ group }) => group !== null);
  if (new Set(grouped.map(({ group, core }) => `${group} ${core}`)).size < grouped.length) return false;
  const z = zOf(input, moves);
  if (before - z < BigInt(limits.gainPpm) || z > BigInt(limits.acceptPpm)) return false;
  const risen = after.map((q) =>
    moves.some(({ rxq }) => rxq === q.id) ? { ...q, usagePpm: Number((BigInt(q.usagePpm) * 115n) / 100n) } : q,
  );
  const touched = new Set(moves.flatMap(({ from, to }) => [from, to]));
  return [...touched].every((core) => useOf({ ...input, rxqs: risen }, core, []) <= BigInt(limits.enterPpm));
}

function placed({ rxqs }: PlanInput, moves: Moves): PlanInput['rxqs'] {
  return rxqs.map((q) => ({ ...q, core: moves.find(({ rxq }) => rxq === q.id)?.to ?? q.core }));
}

function capacityOf({ pmds }: PlanInput, core: number): bigint {
  const pmd = pmds.find((each) => each.core === core);
  return million - BigInt(pmd?.overheadPpm ?? 0) - BigInt(pmd?.stolenPpm ?? 0);
}

function useOf(input: PlanInput, core: number, moves: Moves): bigint {
  const load = placed(input, moves).reduce((sum, q) => sum + (q.core === core ? BigInt(q.usagePpm) : 0n), 0n);
  return (load * million) / capacityOf(input, core);
}

function zOf(input: PlanInput, moves: Moves): bigint {
  const uses = input.pmds.map(({ core }) => useOf(input, core, moves));
  return uses.sort((a, b) => (a < b ? 1 : -1))[0] ?? 0n;
}

type Key = readonly (bigint | string)[];

function keyOf(input: PlanInput, moves: Moves): Key {
  const z = zOf(input, moves);
  const settle = BigInt(input.limits.settlePpm);
  const squares = input.pmds.reduce((sum, { core }) => sum + useOf(input, core, moves) ** 2n, 0n);
  const sorted = [...moves].sort((a, b) => (a.rxq < b.rxq ? -1 : 1));
  return [
    z > settle ? z : settle,
    BigInt(moves.length),
    z,
    squares,
    ...sorted.flatMap(({ rxq, to }) => [rxq, BigInt(to)]),
  ];
}

function compareKeys(a: Key, b: Key): number {
  for (const [i, each] of a.entries()) {
    const other = b[i];
    if (other !== undefined && each !== other) return each < other ? -1 : 1;
  }
  return 0;
}
