import { all, type Decision, unknown } from './decision.ts';
import type { Evidence } from './evidence.ts';

/**
 * Packets to a guest that was away. The contract's, where that is what happened: a port without a guest has no counters, so
 * what a datapath handed out and no port counted went to such a port; or the port itself counts them, and its guest was
 * seen to be disconnected. A port that somebody set down loses packets in the same counter: whose order that was nobody
 * tells.
 */
export function notOffered(evidence: Evidence): Decision {
  const { absence, place } = evidence;
  if (absence === null) return unknown(evidence, ['portState']);
  const { admin, link, ports } = absence;
  if (place === 'beside') {
    if (ports.length === 0) return unknown(evidence, ['absentPort']);
    return all('contract', evidence, { why: 'notOffered', ports: ports.join(' ') });
  }
  if (admin.length === 0 || link.length === 0) return unknown(evidence, ['portState']);
  if (admin.some((state) => state !== 'up')) return unknown(evidence, ['whoseOrder'], { why: 'setDown' });
  if (!link.includes('down')) return unknown(evidence, ['portState']);
  return all('contract', evidence, { why: 'notOffered' });
}
