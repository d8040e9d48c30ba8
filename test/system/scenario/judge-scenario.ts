import { type Owner, owners } from '../../../server/attribution/evidence.ts';
import type { Dark, Expected, Scenario, Shared } from './scenarios.ts';

/** What a run gave. */
export interface Found {
  /** Lost packets: by sequence numbers and receipts of the generators, by the switch, by our ledger. */
  readonly lost: {
    readonly generator: bigint | undefined;
    readonly datapath: bigint | undefined;
    readonly ledger: bigint;
  };
  readonly causes: readonly { readonly cause: string; readonly packets: bigint }[];
  readonly owners: Readonly<Record<Owner, bigint>>;
  /** Where packets were lost, in the order of the way. */
  readonly joints: readonly string[];
  /** What the port that a loss further up may have hit is told of it (undefined: nothing), and what it lost itself. */
  readonly shared: { readonly told: bigint | undefined; readonly causes: Found['causes'] };
  /** Lost by the port, and no row tells the cause. */
  readonly untold: bigint;
  readonly residual: bigint;
  readonly ledgerState: string;
  /** What may be on its way where seconds that are known end, packets. */
  readonly bound: bigint;
  /** Seconds that are told as unknown. */
  readonly darkSeconds: { readonly path: number; readonly ledger: number };
  /** Packets that the sender could not put into its ring: no part of what was lost. */
  readonly refused: bigint;
  /** The longest stall of a polling thread of the switch, ms. */
  readonly stallMs: bigint;
}

/** What is not as a scenario says it must be; empty: everything is. */
export function wrongOf(scenario: Scenario, found: Found): string[] {
  const { expected, dark, pressure } = scenario;
  const { lost, causes, refused, stallMs } = found;
  const wrong = dark === undefined ? notBalanced(found) : notDark(dark, found);
  if (pressure !== undefined) {
    if (refused === 0n) wrong.push('the sender never found its ring full');
    if (stallMs < BigInt(pressure.stallMsMin)) wrong.push('no polling thread stood still for so long');
  }
  if (expected !== null) wrong.push(...notAs(expected, scenario.shared, found));
  else if (lost.ledger > 0n || causes.length > 0) wrong.push('nothing should be told as lost');
  return wrong;
}

function notBalanced({ lost, residual }: Found): string[] {
  const wrong = residual === 0n ? [] : [`residual ${residual}`];
  for (const party of ['generator', 'datapath'] as const) {
    const own = lost[party];
    if (own !== undefined && own !== lost.ledger) wrong.push(`${party} lost ${own}`);
  }
  return wrong;
}

function notDark({ secondsMin, ledger: how }: Dark, found: Found): string[] {
  const { lost, residual, bound, ledgerState } = found;
  const { path, ledger } = found.darkSeconds;
  const wrong: string[] = [];
  if (path < secondsMin) wrong.push(`only ${path} seconds of the path are told as unknown`);
  // What was lost in such seconds only the generators can know.
  if (lost.generator !== undefined && lost.generator < lost.ledger) wrong.push(`generator lost ${lost.generator}`);
  if (how === 'leftOver') {
    if (residual <= bound || ledgerState !== 'unsettled') wrong.push(`residual ${residual}, ${ledgerState}`);
    return wrong;
  }
  if (ledger < secondsMin) wrong.push(`only ${ledger} seconds of the ledger are told as unknown`);
  // Beside seconds that nobody saw packets may be on their way.
  if (residual > bound || -residual > bound) wrong.push(`residual ${residual}`);
  return wrong;
}

function notAs(expected: Expected, shared: Shared | undefined, found: Found): string[] {
  const { lost, causes, joints, untold } = found;
  const { chanceOf } = expected;
  const packets = sumOf(causes);
  const beside = sumOf(found.shared.causes);
  if (chanceOf !== undefined && lost.ledger === 0n && packets === 0n) return [];
  const wrong: string[] = [];
  if (chanceOf !== undefined && lost.ledger > BigInt(chanceOf)) wrong.push(`more than ${chanceOf} lost`);
  const isToldEnough = packets > 0n || chanceOf !== undefined;
  if (!isToldEnough || packets + untold + beside !== lost.ledger) wrong.push(`causes tell ${packets} and ${beside}`);
  if (causes.some(({ cause }) => cause !== expected.cause)) wrong.push(`cause is not ${expected.cause} alone`);
  const places = [expected.joint, ...(expected.isTornOff ? ['unknown'] : []), ...(shared ? [shared.joint] : [])];
  const isThere = joints.includes(expected.joint) || chanceOf !== undefined;
  if (!isThere || joints.some((joint) => !places.includes(joint))) wrong.push(`places are not ${places.join(', ')}`);
  if (shared !== undefined) wrong.push(...notShared(shared, packets, found));
  return [...wrong, ...notOwned(expected, packets, found)];
}

function notOwned(expected: Expected, packets: bigint, { owners: owned }: Found): string[] {
  const wrong = owners
    .filter((owner) => owner !== 'unknown' && owner !== expected.owner && owned[owner] > 0n)
    .map((owner) => `${owner} is charged`);
  if (owned.unknown * 100n > packets * BigInt(expected.unknownPercentMax)) wrong.push('too much is unknown');
  return wrong;
}

function notShared({ port, cause }: Shared, packets: bigint, { shared }: Found): string[] {
  const wrong = shared.told === packets ? [] : [`${port} is told of ${shared.told ?? 'nothing'} further up`];
  if (shared.causes.some((each) => each.cause !== cause)) wrong.push(`${port} lost to other causes than ${cause}`);
  return wrong;
}

export function sumOf(causes: Found['causes']): bigint {
  return causes.reduce((sum, { packets }) => sum + packets, 0n);
}
