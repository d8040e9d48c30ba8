import type { Evidence } from '../../../../server/attribution/evidence.ts';
import { attribute } from '../../../../server/attribution/rules.ts';

/** The owners that have packets, the rule, and what was missing. */
export function told(evidence: Evidence): string {
  const { packets, rule, missing, facts } = attribute(evidence);
  const whose = Object.entries(packets).filter(([, count]) => count > 0n);
  const why = facts['why'] === undefined ? '' : ` ${facts['why']}`;
  return `${whose.map(([owner, count]) => `${owner}=${count}`).join(' ')} ${rule}${why}${missing.map((name) => ` -${name}`).join('')}`;
}

export const rate = {
  name: 'gold',
  version: 1,
  committedPps: 1_000n,
  burstPackets: 200n,
  savedPackets: 200n,
  takenPackets: 0n,
};
