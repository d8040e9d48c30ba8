import { FourninesError } from '../../core/runtime/error.ts';
import type { CreditSchedule } from '../objects/object.ts';
import { parseDecimal, type Ratio } from '../slo/decimal.ts';
import type { Sli } from '../slo/objective.ts';
import { compare, ratioText, reduced, times } from './ratio.ts';

/** What an objective came to, by the reading that counts; more was bad than the target allows. */
export interface BadMonth {
  readonly bad: bigint;
  /** Above 0. */
  readonly total: bigint;
  readonly target: Ratio;
  readonly sli: Sli['sli'];
}

export interface Share {
  readonly share: Ratio;
  /** How it came about. */
  readonly because: string;
}

interface Tier {
  readonly from: Ratio;
  readonly share: Ratio;
  readonly text: string;
}

/**
 * The share of the fee that a schedule gives, on exact numbers: nothing is rounded before a tier is chosen.
 *
 * - `achieved` (most providers, sla research §2.1): the tier in which good / total lies. Example: from 0 100 %, from 0.95
 *   30 %, from 0.99 10 %, from 0.9999 0. Of 2,592,000 slots 25,920 bad are exactly 0.99: 10 %; 25,921 are less: 30 %.
 * - `exceedance` (PacketFabric): the tier in which (bad / total) / (1 - target) - 1 lies. Example: target 0.999, of
 *   1,000,000 packets 1,250 bad: 1,000 were allowed, exceeded by 1/4, the tier from 0.25.
 * - `badMinutes`: a share for each bad minute, seconds counted. Example: 0.001 a minute, 90 bad slots: 0.0015.
 */
export function shareOf(schedule: CreditSchedule, month: BadMonth): Share {
  if (schedule.kind === 'badMinutes') return shareOfMinutes(schedule.sharePerMinute, month);
  const { bad, total, target } = month;
  const tiers = tiersOf(schedule);
  if (schedule.kind === 'achieved') {
    const achieved = { num: total - bad, den: total };
    return told(tierAt(tiers, achieved), `achieved ${ratioText(achieved)}`);
  }
  const allowed = { num: total * (target.den - target.num), den: target.den };
  if (allowed.num === 0n) return told(tiers.at(-1) as Tier, 'nothing was allowed');
  const beyond = reduced({ num: bad * allowed.den - allowed.num, den: allowed.num });
  return told(tierAt(tiers, beyond), `allowed share exceeded by ${ratioText(beyond)}`);
}

function shareOfMinutes(text: string, { bad, sli }: BadMonth): Share {
  if (sli !== 'availability') throw refused('badMinutes counts bad seconds; packets that are lost have none');
  const minutes = { num: bad, den: 60n };
  return { share: times(decimalOf(text), minutes), because: `${bad} bad seconds at ${text} a minute` };
}

/**
 * Tiers in order. Each ends where the next begins and the last has no end, so that there can be neither a hole nor an
 * overlap; FN_OBJECTIVE_FILE for those that do not begin at 0, do not rise, or would pay more for less that is bad.
 */
function tiersOf({ kind, tiers }: Exclude<CreditSchedule, { kind: 'badMinutes' }>): readonly Tier[] {
  const read = tiers.map(({ from, share }) => ({ from: decimalOf(from), share: decimalOf(share), text: from }));
  if (read[0]?.from.num !== 0n) throw refused('the first tier does not begin at 0');
  for (const [i, tier] of read.entries()) {
    if (compare(tier.share, { num: 1n, den: 1n }) > 0)
      throw refused(`the tier from ${tier.text} pays more than the fee`);
    const before = read[i - 1];
    if (before === undefined) continue;
    if (compare(before.from, tier.from) >= 0) {
      throw refused(`the tier from ${tier.text} does not follow the one from ${before.text}`);
    }
    const rise = compare(tier.share, before.share);
    if (kind === 'achieved' ? rise > 0 : rise < 0) {
      throw refused(`the tier from ${tier.text} pays more for less that is bad than its neighbour`);
    }
  }
  return read;
}

/** `from` is inside, the next tier's `from` is not. */
function tierAt(tiers: readonly Tier[], value: Ratio): Tier {
  return tiers.findLast(({ from }) => compare(from, value) <= 0) as Tier;
}

function told({ share, text }: Tier, what: string): Share {
  return { share: reduced(share), because: `${what}, tier from ${text}` };
}

/** The number of an agreement that stands in a text. */
export function decimalOf(text: string): Ratio {
  const number = parseDecimal(text);
  if (number === undefined) throw refused(`${text.slice(0, 40)} is no decimal`);
  return number;
}

function refused(why: string): FourninesError {
  return new FourninesError('FN_OBJECTIVE_FILE', `credits cannot be computed: ${why}`, {
    hint: 'Mend the credits of the agreement and apply it again.',
  });
}
