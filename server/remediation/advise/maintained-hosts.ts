import { FourninesError } from '../../../core/runtime/error.ts';
import type { Exclusions } from '../../exclusions/exclusions.ts';
import { termsOf } from '../../judge/terms.ts';
import { type ObjectHistory, ofKind } from '../../objects/of-kind.ts';
import type { Maintenance } from '../policy/readings.ts';

interface Announced {
  readonly exclusions: Pick<Exclusions, 'approved'>;
  readonly objects: Pick<ObjectHistory, 'at'>;
}

/** What maintenance holds now on a host; null: nobody can say. */
export type MaintainedHosts = (host: string) => readonly Maintenance[] | null;

/**
 * Hosts on which somebody works at an instant, unix seconds: a service with a port there has an approved exclusion for
 * maintenance. Other categories are about whose the loss is, not about hands on a host.
 */
export async function maintainedHosts({ exclusions, objects }: Announced, at: number): Promise<MaintainedHosts> {
  const approved = await exclusions.approved({ from: at, to: at + 1 }).catch((error: unknown) => {
    if (error instanceof FourninesError && error.code === 'FN_RECORD_CHANGED') return null;
    throw error;
  });
  if (approved === null) return () => null;
  const current = approved.filter(({ category }) => category === 'maintenance');
  if (current.length === 0) return () => [];
  const hosts = await hostsOfServices(objects, at);
  const found = new Map<string, Maintenance[]>();
  for (const { id, service, to } of current)
    for (const host of hosts.get(service) ?? [])
      found.set(host, [...(found.get(host) ?? []), { exclusion: id, service, to }]);
  return (host) => found.get(host) ?? [];
}

/** By service: where its ports are at an instant, as it says itself and as objectives name them. */
async function hostsOfServices(objects: Announced['objects'], at: number): Promise<Map<string, Set<string>>> {
  const versions = await objects.at(at);
  const declared = ofKind(versions, 'service').flatMap(({ name, body }) =>
    body.ports.flatMap(({ placements }) => placements.map((placed) => ({ service: name, ...placed }))),
  );
  const named = termsOf(versions).flatMap(({ version, placed }) =>
    placed.map(({ host, from, to }) => ({ service: version.body.service, host, from, to })),
  );
  const hosts = new Map<string, Set<string>>();
  for (const { service, host, from, to } of [...declared, ...named])
    if ((from ?? 0) <= at && at < (to ?? Number.POSITIVE_INFINITY))
      hosts.set(service, (hosts.get(service) ?? new Set()).add(host));
  return hosts;
}
