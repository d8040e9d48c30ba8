import { canonicalJson, sha256Of } from '../objects/canonical-json.ts';
import type { Evidence } from './evidence.ts';

/** Evidence as it is stored: canonical JSON, packets as decimal texts. The same evidence is the same bytes. */
export function encodeEvidence(evidence: Evidence): string {
  const { packets, offered, contract } = evidence;
  return canonicalJson({
    ...evidence,
    packets: String(packets),
    offered: offered.map((count) => (count === null ? null : String(count))),
    contract: contract === null ? null : textsOf(contract),
  });
}

/** Reads what `encodeEvidence` wrote. */
export function decodeEvidence(text: string): Evidence {
  const told = JSON.parse(text) as Stored;
  return {
    ...told,
    absence: told.absence ?? null,
    packets: BigInt(told.packets),
    offered: told.offered.map((count) => (count === null ? null : BigInt(count))),
    contract: told.contract === null ? null : countsOf(told.contract),
  };
}

/** The name of evidence: SHA-256 of its bytes, in hex. */
export function evidenceId(text: string): string {
  return sha256Of(text);
}

type Contract = NonNullable<Evidence['contract']>;
interface StoredContract {
  readonly name: string;
  readonly version: number;
  readonly committedPps: string;
  readonly burstPackets: string;
  readonly savedPackets: string;
  readonly takenPackets: string;
}
interface Stored extends Omit<Evidence, 'packets' | 'offered' | 'contract'> {
  readonly packets: string;
  readonly offered: readonly (string | null)[];
  readonly contract: StoredContract | null;
}

function textsOf(contract: Contract): StoredContract {
  const { name, version, committedPps, burstPackets, savedPackets, takenPackets } = contract;
  return {
    name,
    version,
    committedPps: String(committedPps),
    burstPackets: String(burstPackets),
    savedPackets: String(savedPackets),
    takenPackets: String(takenPackets),
  };
}

function countsOf(contract: StoredContract): Contract {
  return {
    ...contract,
    committedPps: BigInt(contract.committedPps),
    burstPackets: BigInt(contract.burstPackets),
    savedPackets: BigInt(contract.savedPackets),
    takenPackets: BigInt(contract.takenPackets),
  };
}
