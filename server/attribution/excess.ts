import { type Decision, unknown, upTo } from './decision.ts';
import type { Evidence } from './evidence.ts';

/**
 * Packets offered above the contracted rate in the interval of a row, X = max(0, O - CIR·Δt - CBS) (sla research §C.2): of the
 * burst only what can have been saved up when the interval began; less what other causes were given. Null: not known.
 *
 * Example: 1,000 pps, 200 saved up, offered 1,500 in one second: X is 300.
 */
export function excessOf({ offered, contract, slots }: Evidence): bigint | null {
  if (contract === null || offered.length !== slots) return null;
  let sum = 0n;
  for (const packets of offered) {
    if (packets === null) return null;
    sum += packets;
  }
  const { committedPps, savedPackets, takenPackets } = contract;
  const above = sum - committedPps * BigInt(slots) - savedPackets - takenPackets;
  return above > 0n ? above : 0n;
}

/** A limit took it: the contract's as far as the rate that was bought was exceeded, beyond that nobody's. */
export function overRate(evidence: Evidence): Decision {
  const { contract } = evidence;
  if (contract === null) return unknown(evidence, ['contractRate']);
  const excess = excessOf(evidence);
  if (excess === null) return unknown(evidence, ['offered'], { contract: contract.name });
  return upTo('contract', excess, evidence, { facts: factsOf(evidence, excess), missing: [] });
}

export function factsOf({ contract, slots }: Evidence, excess: bigint) {
  return {
    contract: contract?.name ?? '',
    contractVersion: contract?.version ?? 0,
    committedPps: String(contract?.committedPps ?? 0n),
    seconds: slots,
    excessPackets: String(excess),
  };
}
