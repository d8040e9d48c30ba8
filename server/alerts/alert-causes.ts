import { type AlertCause, packetOwners } from '../../alerts/alert.ts';
import type { LikelyCause } from '../api/schema/breaches.ts';

/**
 * A likely cause as people are told of it, with its owner as far as that was known when the change was written: what rules say
 * later is in the next change, so that the same change is the same alert for ever.
 */
export function alertCause({ cause, host, port, packets, owners }: LikelyCause): AlertCause {
  return { cause, owner: ownerOf(owners), host, port, packets, ...(owners === undefined ? {} : { owners }) };
}

/** Example: 700 packets of the provider and 200 that nobody was given are `several`; none counted at all are unknown. */
function ownerOf(owners: LikelyCause['owners']): string {
  if (owners === undefined) return 'unknown';
  const shares = packetOwners.filter((each) => BigInt(owners[each]) > 0n);
  return shares.length > 1 ? 'several' : (shares[0] ?? 'unknown');
}
