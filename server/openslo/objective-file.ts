import { parseDecimal, type Ratio } from '../slo/decimal.ts';
import { parseDuration } from '../slo/duration.ts';
import { isDate } from '../slo/instant.ts';
import {
  type Duration,
  isOfSlots,
  type Objective,
  portsMax,
  runMax,
  type Sli,
  type TimeWindow,
  windowSlotsMax,
} from '../slo/objective.ts';
import { type LocalTime, Zone } from '../slo/zone-time.ts';
import { readYaml, type YamlValue } from './yaml-source.ts';

const methods = { packetDelivery: 'Occurrences', availability: 'Timeslices', cleanSlots: 'Timeslices' } as const;

/** Reads an objective, OpenSLO v1 with `type: fournines`. Throws FN_OBJECTIVE_FILE with line and key. */
export function readObjective(name: string, text: string): Objective {
  return objectiveOf(readYaml(name, text, 'FN_OBJECTIVE_FILE'));
}

/** The same of a document that is parsed; mistakes have the code that it was parsed with. */
export function objectiveOf(value: YamlValue): Objective {
  const document = value.map(['apiVersion', 'kind', 'metadata', 'spec']);
  document.get('apiVersion').oneOf(['openslo/v1'], 'Only version 1 can say a calendar month.');
  document.get('kind').oneOf(['SLO'], 'One file is one objective.');
  const metadata = metadataOf(document.get('metadata'));
  const spec = document
    .get('spec')
    .map(['description', 'service', 'indicator', 'timeWindow', 'budgetingMethod', 'objectives']);
  spec.maybe('description')?.text();
  spec.get('service').text();
  const { ports, sli } = indicatorOf(spec.get('indicator'));
  spec
    .get('budgetingMethod')
    .oneOf([methods[sli.sli]], `${sli.sli} is counted in ${isOfSlots(sli) ? 'slots' : 'packets'}.`);
  const window = windowOf(
    spec.get('timeWindow').only('An objective has one window; write a second objective for another.'),
  );
  const only = spec.get('objectives').only('One verdict has one target; write a second objective for another.');
  const objective = only.map(['displayName', 'target']);
  objective.maybe('displayName')?.text();
  return { name: metadata, ports, sli, window, target: targetOf(objective.get('target')) };
}

/** Labels and annotations may say anything; no verdict depends on them. */
function metadataOf(value: YamlValue): string {
  return value.map(['name', 'displayName', 'labels', 'annotations']).get('name').text();
}

function indicatorOf(value: YamlValue): { ports: string[]; sli: Sli } {
  const indicator = value.map(['metadata', 'spec']);
  const metadata = indicator.maybe('metadata');
  if (metadata !== undefined) metadataOf(metadata);
  const metric = indicator.get('spec').map(['thresholdMetric']).get('thresholdMetric');
  const source = metric.map(['metricSource']).get('metricSource').map(['type', 'spec']);
  source.get('type').oneOf(['fournines'], 'Other sources are read by other tools.');
  const spec = source.get('spec').map(['sli', 'ports', 'lossRatioMax', 'run']);
  const sli = spec.get('sli').oneOf(['packetDelivery', 'availability', 'cleanSlots']);
  const ports = portsOf(spec.get('ports'));
  if (sli === 'packetDelivery') {
    spec.without('lossRatioMax', 'belongs to indicators of slots');
    spec.without('run', 'belongs to availability');
    return { ports, sli: { sli } };
  }
  const lossRatioMax = ratioOf(spec.get('lossRatioMax'));
  if (lossRatioMax.num >= lossRatioMax.den) {
    spec.get('lossRatioMax').fail('must be below 1: nobody loses more than everything', 'A loss of 10 % is "0.10".');
  }
  if (sli === 'cleanSlots') {
    spec.without('run', 'belongs to availability');
    if (lossRatioMax.num > 0n) return { ports, sli: { sli, lossRatioMax } };
    const hint = 'It says how many packets a slot needs before one of them decides: 10,000 at "0.0001".';
    spec.get('lossRatioMax').fail('must be above 0: no number of packets would be enough', hint);
  }
  return { ports, sli: { sli, lossRatioMax, run: spec.get('run').integer(1, runMax) } };
}

function portsOf(value: YamlValue): string[] {
  const members = value.list();
  if (members.length === 0) value.fail('must name at least one port');
  if (members.length > portsMax) value.fail(`names more than ${portsMax} ports`);
  const ports = new Set<string>();
  for (const member of members) {
    const port = member.text();
    if (ports.has(port)) member.fail(`${JSON.stringify(port)} stands twice`);
    ports.add(port);
  }
  return [...ports];
}

/** A plain decimal, whatever its size. */
export function ratioOf(value: YamlValue): Ratio {
  const digits = value.digits();
  const ratio = parseDecimal(digits);
  const hint = 'Write plain digits, at most 30 behind the point, such as 0.9999.';
  return ratio ?? value.fail(`${JSON.stringify(digits.slice(0, 60))} is no plain decimal from 0 to 1`, hint);
}

/** 1 allows nothing to go wrong, 0 everything; both are sayable. */
function targetOf(value: YamlValue): Ratio {
  const target = ratioOf(value);
  if (target.num <= target.den) return target;
  const digits = value.digits();
  if (target.num > target.den * 100n) value.fail(`${digits} is no ratio: a target is from 0 to 1`);
  const hint = `If ${digits} % is meant, write ${shiftedByTwo(digits)}.`;
  return value.fail(`${digits} is a percent: a target is a ratio from 0 to 1`, hint);
}

function shiftedByTwo(digits: string): string {
  const [whole = '', places = ''] = digits.split('.');
  const padded = whole.replace(/^0+(?=\d)/, '').padStart(3, '0');
  return `${padded.slice(0, -2)}.${padded.slice(-2)}${places}`.replace(/0+$/, '').replace(/\.$/, '');
}

function windowOf(value: YamlValue): TimeWindow {
  const window = value.map(['duration', 'isRolling', 'calendar']);
  const duration = durationOf(window.get('duration'));
  const rolling = window.get('isRolling').truth();
  if (rolling) {
    window.without('calendar', 'belongs to windows that do not roll (isRolling: false)');
    return { rolling, duration };
  }
  const calendar = window.get('calendar').map(['startTime', 'timeZone']);
  return { rolling, duration, start: startOf(calendar.get('startTime')), zone: zoneOf(calendar.get('timeZone')) };
}

/** Seconds that a unit has at least. */
const shortest = { m: 60, h: 3600, d: 82_800, w: 601_200, M: 2_415_600, Q: 7_772_400, Y: 31_532_400 } as const;

export function durationOf(value: YamlValue): Duration {
  const text = value.text();
  const duration = parseDuration(text);
  if (duration !== undefined) {
    const { count, unit } = duration;
    if (count * shortest[unit] > windowSlotsMax) value.fail(`is longer than ${windowSlotsMax / 86_400} days`);
    return duration;
  }
  const hint = 'm, h, d, w, M, Q and Y are minutes, hours, days, weeks, months, quarters and years.';
  return value.fail(`${JSON.stringify(text.slice(0, 40))} is no duration such as 1M, 28d or 1w`, hint);
}

function startOf(value: YamlValue): LocalTime {
  const text = value.text();
  const [year, month, day, hour, minute, second] =
    /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)$/.exec(text)?.slice(1).map(Number) ?? [];
  const fits =
    year !== undefined &&
    month !== undefined &&
    day !== undefined &&
    hour !== undefined &&
    minute !== undefined &&
    second !== undefined &&
    year >= 1970 &&
    year <= 2105 &&
    isDate(year, month, day) &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 59;
  if (fits) return { year, month, day, time: hour * 3600 + minute * 60 + second };
  const hint = 'Write the local time of the zone, such as "2026-11-01 00:00:00", from 1970 to 2105.';
  return value.fail(`${JSON.stringify(text.slice(0, 40))} is no date and time without a zone`, hint);
}

const zones = new Map<string, Zone>();
/** There are about 600 names; who writes them in other cases makes more. */
const zonesMax = 1000;

/** Looking up a zone's rules takes as long as reading the rest of a document does. */
function knownZone(name: string): Zone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const zone = new Zone(name);
  if (zones.size < zonesMax) zones.set(name, zone);
  return zone;
}

/** A zone of the IANA database. */
export function zoneOf(value: YamlValue): Zone {
  const name = value.text();
  try {
    // The runtime takes +07:00 for a zone, too; it has no rules that change.
    if (/^[A-Za-z]/.test(name)) return knownZone(name);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  const hint = 'Use a name of the IANA database, such as Asia/Ho_Chi_Minh.';
  return value.fail(`there is no zone ${JSON.stringify(name.slice(0, 60))}`, hint);
}
