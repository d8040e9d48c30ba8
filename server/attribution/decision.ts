import type { Evidence, Missing, OwnedPackets, Owner } from './evidence.ts';

/** What decided, as names and whole numbers or texts: enough to say it in a sentence. */
export type Facts = Readonly<Record<string, number | string>>;

/** What a rule says of one row. */
export interface Decision {
  readonly packets: OwnedPackets;
  readonly facts: Facts;
  /** What would have been needed for the packets that stay unknown; empty: nothing more could have helped. */
  readonly missing: readonly Missing[];
}

const none: OwnedPackets = { provider: 0n, tenant: 0n, contract: 0n, unknown: 0n };

/** All packets of the row to one owner. */
export function all(owner: Owner, { packets }: Evidence, facts: Facts = {}): Decision {
  return { packets: { ...none, [owner]: packets }, facts, missing: [] };
}

/** Nobody's: says what was not there. */
export function unknown({ packets }: Evidence, missing: readonly Missing[], facts: Facts = {}): Decision {
  return { packets: { ...none, unknown: packets }, facts, missing };
}

/** Up to `most` of the packets to an owner, the rest unknown. */
export function upTo(
  owner: Exclude<Owner, 'unknown'>,
  most: bigint,
  { packets }: Evidence,
  { facts, missing }: Omit<Decision, 'packets'>,
): Decision {
  const given = most < packets ? most : packets;
  const rest = packets - given;
  return { packets: { ...none, [owner]: given, unknown: rest }, facts, missing: rest === 0n ? [] : missing };
}
