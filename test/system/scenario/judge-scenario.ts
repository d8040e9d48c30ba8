import { type Owner, owners } from '../../../server/attribution/evidence.ts';
import type { Expected, Scenario } from './scenarios.ts';

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
  readonly joint: string;
  readonly residual: bigint;
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
export function wrongOf({ expected, dark, pressure }: Scenario, found: Found): string[] {
  const { lost, causes, residual, bound, darkSeconds, refused, stallMs } = found;
  const wrong: string[] = [];
  // Beside seconds that nobody saw packets may be on their way.
  if (dark === undefined ? residual !== 0n : residual > bound || -residual > bound) wrong.push(`residual ${residual}`);
  for (const party of ['generator', 'datapath'] as const) {
    const own = lost[party];
    // What was lost in such seconds only the generators can know.
    if (own !== undefined && (dark === undefined ? own !== lost.ledger : own < lost.ledger))
      wrong.push(`${party} lost ${own}`);
  }
  if (dark !== undefined) {
    const { path, ledger } = darkSeconds;
    if (path < dark.secondsMin) wrong.push(`only ${path} seconds of the path are told as unknown`);
    if (ledger < dark.secondsMin) wrong.push(`only ${ledger} seconds of the ledger are told as unknown`);
  }
  if (pressure !== undefined) {
    if (refused === 0n) wrong.push('the sender never found its ring full');
    if (stallMs < BigInt(pressure.stallMsMin)) wrong.push('no polling thread stood still for so long');
  } else if (dark === undefined && refused > 0n) wrong.push(`the sender found its ring full: ${refused}`);
  if (expected !== null) wrong.push(...notAs(expected, found));
  else if (lost.ledger > 0n || causes.length > 0) wrong.push('nothing should be told as lost');
  return wrong;
}

function notAs(expected: Expected, { lost, causes, joint, owners: owned }: Found): string[] {
  const wrong: string[] = [];
  const packets = causes.reduce((sum, cause) => sum + cause.packets, 0n);
  if (packets === 0n || packets !== lost.ledger) wrong.push(`causes tell ${packets}`);
  if (causes.some(({ cause }) => cause !== expected.cause)) wrong.push(`cause is not ${expected.cause} alone`);
  if (joint !== expected.joint) wrong.push(`joint is not ${expected.joint}`);
  for (const owner of owners) {
    if (owner !== 'unknown' && owner !== expected.owner && owned[owner] > 0n) wrong.push(`${owner} is charged`);
  }
  if (owned.unknown * 100n > packets * BigInt(expected.unknownPercentMax)) wrong.push('too much is unknown');
  return wrong;
}
