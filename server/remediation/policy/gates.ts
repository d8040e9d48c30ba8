import { isoOf } from '../../slo/instant.ts';
import { answerSeconds, type DatapathReadings, type Maintenance, type PortReading } from './readings.ts';
import { reloadSeconds, type ValidWindows } from './valid-windows.ts';

/** Why a datapath is left alone whatever is wrong with it, in the order in which they are told. */
export const gateNames = [
  'killSwitch',
  'stale',
  'gaps',
  'settingsUnread',
  'version',
  'young',
  'settling',
  'slow',
  'migrating',
  'maintenance',
  'linkDown',
  'isolate',
  'autoLb',
  'changed',
  'commonCause',
] as const;
export type GateName = (typeof gateNames)[number];

export interface Gate {
  readonly gate: GateName;
  readonly detail: string;
}

/** What is older is not the present, s: an interval of five, its reading, and its way into the store. */
export const staleSeconds = 20;
/** Between two tellings, s: one of them is missing. */
const gapSeconds = 9;
const gapsBackSeconds = 60;
const youngSeconds = 120;
/** Pins that others' queues may share a thread with came with it; shares of 5 s with 3.1. */
const versionMin = [3, 1] as const;
/** A service burns on so many hosts at once: the cause is none of theirs. */
const commonShare = { num: 30, den: 100, hostsMin: 3 } as const;

/** The gates that hold, with what was read. None: whatever is proposed may be done. */
export function gatesOf(readings: DatapathReadings, windows: ValidWindows): readonly Gate[] {
  const holds: Record<GateName, string | undefined> = {
    killSwitch: killed(readings.settings.remediation),
    stale: staleness(readings, windows),
    gaps: gaps(readings, windows),
    settingsUnread: readings.settings.isRead ? undefined : 'the database of the switch is not read now',
    version: oldVersion(readings.settings.version),
    young: youth(readings),
    settling: settling(readings, windows),
    slow: slowness(readings.unanswered),
    migrating: readings.migrating === null ? undefined : `on their way from or to another host: ${readings.migrating}`,
    maintenance: maintained(readings.maintenance),
    linkDown: linksDown(readings.ports),
    isolate: isolation(readings.settings.isolate),
    autoLb: readings.settings.autoLb === 'true' ? 'pmd-auto-lb is on and moves queues by itself' : undefined,
    changed: changes(readings.settings.changed),
    commonCause: commonCause(readings),
  };
  return gateNames.flatMap((gate) => {
    const detail = holds[gate];
    return detail === undefined ? [] : [{ gate, detail }];
  });
}

/** Whether an operator wants nothing to be moved: anything but `on` is taken for `off`, however it is written. */
export function isStopped(remediation: string | null): boolean {
  return remediation !== null && remediation !== 'on';
}

function killed(remediation: string | null): string | undefined {
  if (remediation === null) return 'nobody tells whether external_ids:remediation of the switch is off';
  return isStopped(remediation) ? `external_ids:remediation of the switch is ${shown(remediation)}` : undefined;
}

const shownCharacters = 20;

function shown(value: string): string {
  return value.length > shownCharacters ? `${value.slice(0, shownCharacters)}…` : value;
}

function staleness({ at, storedTo }: DatapathReadings, { tellings }: ValidWindows): string | undefined {
  const newest = tellings.at(-1)?.slot;
  if (newest === undefined) return 'no shares of queues were told lately';
  if (storedTo === null || at - storedTo > staleSeconds) return 'nothing of the host was stored lately';
  return at - newest > staleSeconds ? `shares of queues were last told ${at - newest} s ago` : undefined;
}

function gaps({ at }: DatapathReadings, { tellings }: ValidWindows): string | undefined {
  const recent = tellings.map(({ slot }) => slot).filter((slot) => slot >= at - gapsBackSeconds);
  const gap = recent.findIndex((slot, i) => i > 0 && slot - (recent[i - 1] ?? slot) > gapSeconds);
  if (gap < 0) return undefined;
  return `nothing was told for ${(recent[gap] ?? 0) - (recent[gap - 1] ?? 0)} s within the last minute`;
}

function oldVersion(version: string | null): string | undefined {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  const [leastMajor, leastMinor] = versionMin;
  if (version === null) return 'the switch does not say its version';
  const isEnough = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  return isEnough ? undefined : `Open vSwitch ${version} tells shares of a minute; of 5 s from 3.1 on`;
}

function youth({ at, settings: { startedAt } }: DatapathReadings): string | undefined {
  if (startedAt === null || at - startedAt >= youngSeconds) return undefined;
  return `the switch is not known to have run for longer than ${Math.max(0, at - startedAt)} s`;
}

function settling({ at }: DatapathReadings, { reloadedAt }: ValidWindows): string | undefined {
  const cores = [...reloadedAt].filter(([, seen]) => at - seen < reloadSeconds).map(([core]) => core);
  return cores.length === 0 ? undefined : `queues were shared out anew on ${cores.length} cores a moment ago`;
}

/** Its main thread is held up: by much work, or by a polling thread that does not quiesce. A write would wait as long. */
function slowness(unanswered: readonly number[]): string | undefined {
  if (unanswered.length === 0) return undefined;
  const longest = unanswered.reduce(
    ({ run, most }, slot, i) => {
      const now = slot - 1 === unanswered[i - 1] ? run + 1 : 1;
      return { run: now, most: Math.max(most, now) };
    },
    { run: 0, most: 0 },
  ).most;
  return `the switch left us without an answer in ${unanswered.length} of the last ${answerSeconds} s, ${longest} of them in a row`;
}

function maintained(maintenance: readonly Maintenance[] | null): string | undefined {
  if (maintenance === null) return 'whether somebody works here is not known: an exclusion is not what was recorded';
  const [first, ...others] = maintenance;
  if (first === undefined) return undefined;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return `maintenance of ${first.service} until ${isoOf(first.to)} (exclusion ${first.exclusion})${more}`;
}

/** Links of cards: that of a guest is down when the guest is away, which is its affair. */
function linksDown(ports: readonly PortReading[]): string | undefined {
  const down = ports.find(({ type, admin, link }) => type === 'dpdk' && admin !== 'down' && link !== 'up');
  return down === undefined ? undefined : `the link of ${down.port} is ${down.link === '' ? 'not known' : down.link}`;
}

/** Its default is true. With all queues pinned, those of the next guest would then be polled by nobody. */
function isolation(isolate: string | null): string | undefined {
  return isolate === 'false'
    ? undefined
    : 'pmd-rxq-isolate is true: a pinned queue would shut others out of its thread';
}

function changes(changed: readonly string[]): string | undefined {
  const [first, ...others] = changed;
  if (first === undefined) return undefined;
  return `${first}${others.length === 0 ? '' : ` and ${others.length} more`} changed within ten minutes`;
}

function commonCause({ fleet: { hosts, burningHosts } }: DatapathReadings): string | undefined {
  const { num, den, hostsMin } = commonShare;
  if (burningHosts < hostsMin || burningHosts * den <= hosts * num) return undefined;
  return `services burn on ${burningHosts} of ${hosts} hosts at once`;
}
