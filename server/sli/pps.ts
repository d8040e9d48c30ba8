/** A contracted packet rate: committed packets a second and burst, both per direction (sla research §C.2). */
export interface RateContract {
  readonly committedPps: bigint;
  readonly burstPackets: bigint;
}

/** One slot, or a bridged gap of several whose sums are known. */
export interface OfferedSlot {
  readonly slots: bigint;
  readonly offered: bigint;
  readonly delivered: bigint;
}

export interface PpsConformity {
  /** Packets the contract entitles to: what was offered, up to the committed rate and the burst saved up. */
  readonly entitled: bigint;
  /** Of those, delivered. */
  readonly conforming: bigint;
  /** Offered above the contract: drops up to here are the contract's. */
  readonly excess: bigint;
}

/**
 * PPS conformity: delivered against entitled packets, slot by slot, with a token bucket that holds at most the burst.
 * Without a contract everything offered is entitled.
 *
 * Example, 1,000 pps and a burst of 200 (full at first): slots offered 900, 1,500, 1,500 and delivered 900, 1,250, 1,000.
 * Entitled 900, then 1,200 (1,000 and the burst), then 1,000: 3,100. Conforming 900 + 1,200 + 1,000 = 3,100.
 * Excess 0 + 300 + 500 = 800.
 */
export function ppsConformity(slots: readonly OfferedSlot[], contract: RateContract | undefined): PpsConformity {
  let entitled = 0n;
  let conforming = 0n;
  let excess = 0n;
  let saved = contract?.burstPackets ?? 0n;
  for (const slot of slots) {
    let mine = slot.offered;
    if (contract !== undefined) {
      const available = saved + contract.committedPps * slot.slots;
      mine = min(slot.offered, available);
      saved = min(contract.burstPackets, available - mine);
    }
    entitled += mine;
    conforming += min(slot.delivered, mine);
    excess += slot.offered - mine;
  }
  return { entitled, conforming, excess };
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
