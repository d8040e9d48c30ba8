import type { PortPage } from '../../../../server/api/schema/ports.ts';
import { formatInstant, type Zone } from '../../format/time.ts';

/** What every answer with sums says of how far it is complete. */
export type Completeness = Pick<PortPage, 'completeTo' | 'silent' | 'revision'>;

/** null: no host that is heard could say. */
export function completeText({ completeTo }: Completeness, zone: Zone): string {
  return completeTo === null ? 'complete to: unknown' : `as of ${formatInstant(Date.parse(completeTo), zone)}`;
}

/** Since when no sum of the window has changed: an older number may be of another revision. */
export function revisionText({ revision }: Completeness, zone: Zone): string {
  return revision === null ? '' : `unchanged since ${formatInstant(Date.parse(revision), zone)}`;
}

/** Silent hosts hold nothing back, so it must be said that they are not in it: '2 hosts silent since 11:58:02'. */
export function silentText({ silent }: Completeness, zone: Zone): string {
  const [longest] = silent.hosts;
  const hosts = silent.count === 1 ? `${longest?.host ?? '1 host'} silent` : `${silent.count} hosts silent`;
  return longest === undefined ? hosts : `${hosts} since ${formatInstant(Date.parse(longest.since), zone)}`;
}

/** Each by name, as far as they are named. */
export function silentNames({ silent }: Completeness, zone: Zone): string {
  const named = silent.hosts.map(({ host, since }) => `${host} since ${formatInstant(Date.parse(since), zone)}`);
  const others = silent.count - silent.hosts.length;
  return [...named, ...(others > 0 ? [`and ${others} more`] : [])].join('\n');
}
