import { ratioOf } from '../openslo/objective-file.ts';
import type { YamlValue } from '../openslo/yaml-source.ts';
import type { Ratio } from '../slo/decimal.ts';
import { readAll, readEach } from './mistakes.ts';
import type { Agreement, CreditSchedule, CreditTerms } from './object.ts';
import { specOf, wholeOf } from './read-offer.ts';

const objectivesMax = 1000;
const tiersMax = 100;

export function readAgreement(value: YamlValue): Agreement {
  const spec = specOf(value, [
    ...(['tenant', 'service', 'objectives', 'coverageFloor', 'undetermined', 'finalAfterDays'] as const),
    ...(['exclusions', 'credits'] as const),
  ]);
  const agreement = readAll<Agreement>({
    tenant: () => spec.get('tenant').text(),
    service: () => spec.get('service').text(),
    objectives: () => namesOf(spec.get('objectives')),
    coverageFloor: () => shareOf(spec.get('coverageFloor')),
    undetermined: () => spec.get('undetermined').oneOf(['tenant', 'provider', 'open']),
    finalAfterDays: () => spec.get('finalAfterDays').integer(1, 366),
    exclusions: () => {
      const exclusions = spec.get('exclusions').map(['noticeHours', 'retroactiveDays']);
      return readAll<Agreement['exclusions']>({
        noticeHours: () => exclusions.get('noticeHours').integer(0, 8784),
        retroactiveDays: () => exclusions.get('retroactiveDays').integer(0, 366),
      });
    },
    credits: () => {
      const credits = spec.maybe('credits');
      return credits === undefined || credits.isEmpty() ? null : creditsOf(credits);
    },
  });
  const paying = spec.maybe('credits');
  agreement.credits?.objectives.forEach((name, i) => {
    if (agreement.objectives.includes(name)) return;
    const hint = 'Only an objective that is promised can pay: add it to objectives.';
    const at = paying?.map(['objectives', 'schedule', 'cap', 'minimumPayoutMinor', 'combine']).get('objectives').list();
    at?.[i]?.fail(`${JSON.stringify(name)} is not among the objectives of the agreement`, hint);
  });
  return agreement;
}

function namesOf(value: YamlValue): string[] {
  const members = value.list();
  if (members.length === 0) value.fail('must name at least one objective');
  if (members.length > objectivesMax) value.fail(`names more than ${objectivesMax} objectives`);
  const names = new Set<string>();
  return readEach(members, (member) => {
    const name = member.text();
    if (names.has(name)) member.fail(`${JSON.stringify(name)} stands twice`);
    names.add(name);
    return name;
  });
}

function creditsOf(value: YamlValue): CreditTerms {
  const credits = value.map(['objectives', 'schedule', 'cap', 'minimumPayoutMinor', 'combine']);
  return readAll<CreditTerms>({
    objectives: () => namesOf(credits.get('objectives')),
    schedule: () => scheduleOf(credits.get('schedule')),
    cap: () => shareOf(credits.get('cap')),
    minimumPayout: () => wholeOf(credits.get('minimumPayoutMinor'), 'Count in minor units of the currency.'),
    combine: () => credits.get('combine').oneOf(['max', 'sum']),
  });
}

function scheduleOf(value: YamlValue): CreditSchedule {
  const schedule = value.map(['kind', 'tiers', 'sharePerMinute']);
  const kind = schedule.get('kind').oneOf(['achieved', 'exceedance', 'badMinutes']);
  if (kind === 'badMinutes') {
    schedule.without('tiers', 'belongs to achieved and exceedance');
    return { kind, sharePerMinute: shareOf(schedule.get('sharePerMinute')) };
  }
  schedule.without('sharePerMinute', 'belongs to badMinutes');
  return { kind, tiers: tiersOf(schedule.get('tiers'), kind) };
}

interface Tier {
  readonly from: string;
  readonly share: string;
}

/**
 * A tier begins where the one before it ends, so that there can be no gap and no overlap; the first begins at 0. The less was
 * achieved, or the more was exceeded, the more is paid (sla §2.2).
 */
function tiersOf(value: YamlValue, kind: 'achieved' | 'exceedance'): Tier[] {
  const members = value.list();
  if (members.length === 0) value.fail('must have at least one tier');
  if (members.length > tiersMax) value.fail(`has more than ${tiersMax} tiers`);
  const read = readEach(members, (member) => {
    const tier = member.map(['from', 'share']);
    return readAll<Tier>({
      from: () => (kind === 'achieved' ? shareOf(tier.get('from')) : decimalOf(tier.get('from'))),
      share: () => shareOf(tier.get('share')),
    });
  });
  readEach(members, (member) => {
    const i = members.indexOf(member);
    const tier = member.map(['from', 'share']);
    const [from, share] = [ratioOf(tier.get('from')), ratioOf(tier.get('share'))];
    const before = members[i - 1]?.map(['from', 'share']);
    if (before === undefined) {
      if (from.num !== 0n) tier.get('from').fail('must be 0: the first tier begins there', 'A tier may have share 0.');
      return;
    }
    if (compare(from, ratioOf(before.get('from'))) <= 0) {
      tier.get('from').fail('must be above that of the tier before', 'Tiers stand in order, the lowest first.');
    }
    const rise = compare(share, ratioOf(before.get('share')));
    if (kind === 'achieved' && rise >= 0) tier.get('share').fail('must be below that of the tier before', achievedHint);
    if (kind === 'exceedance' && rise <= 0)
      tier.get('share').fail('must be above that of the tier before', exceedanceHint);
  });
  return read;
}

const achievedHint = 'Whoever achieves more is owed less.';
const exceedanceHint = 'Whoever exceeds what is allowed by more owes more.';

function compare(a: Ratio, b: Ratio): number {
  const difference = a.num * b.den - b.num * a.den;
  return difference === 0n ? 0 : difference > 0n ? 1 : -1;
}

/** A plain decimal, as it is written. */
function decimalOf(value: YamlValue): string {
  ratioOf(value);
  return value.digits();
}

/** A plain decimal from 0 to 1, as it is written. */
export function shareOf(value: YamlValue): string {
  const { num, den } = ratioOf(value);
  if (num > den) value.fail('must be from 0 to 1', 'A share of 10 % is "0.10".');
  return value.digits();
}
