import { describe, expect, it } from 'vitest';
import { FourninesError } from '../../../../../core/runtime/error.ts';
import type { ExclusionCategory } from '../../../../../server/exclusions/exclusion.ts';
import type { ApprovedExclusion, Version } from '../../../../../server/objects/object.ts';
import { maintainedHosts } from '../../../../../server/remediation/advise/maintained-hosts.ts';

type Approved = ApprovedExclusion & { readonly service: string };

const version = { version: 1, from: 0, to: null, sha256: '', witness: '', recordedAtMs: 0 } as const;
const service = (
  name: string,
  ...placements: readonly (readonly [string, number | null, number | null])[]
): Version => ({
  ...{ ...version, kind: 'service', name },
  body: {
    displayName: name,
    tenant: 't',
    ports: placements.map(([host, from, to], i) => ({ name: `p${i}`, placements: [{ host, port: 'vhu1', from, to }] })),
  },
});
const services = [
  service('web', ['cn1', null, 150], ['cn2', 150, null]),
  service('db', ['cn2', null, null]),
  service('mail', ['cn4', null, null]),
];

const approved = (service: string, category: ExclusionCategory = 'maintenance'): Approved => {
  return { id: `of-${service}`, revision: 2, service, from: 100, to: 200, category, reason: '', approvedBy: 'Minh' };
};
const at = (instant: number, ...exclusions: readonly Approved[]) =>
  maintainedHosts(
    {
      exclusions: { approved: async ({ from, to }) => exclusions.filter((one) => one.from < to && one.to > from) },
      objects: { at: async () => services },
    },
    instant,
  );
const web = { exclusion: 'of-web', service: 'web', to: 200 };

describe('hosts on which somebody works', () => {
  it('are those with a port of the service, where it is now', async () => {
    const first = await at(149, approved('web'), approved('db'));
    expect(first('cn1')).toEqual([web]);
    expect(first('cn2')).toEqual([{ exclusion: 'of-db', service: 'db', to: 200 }]);
    const later = await at(150, approved('web'), approved('db'));
    expect(later('cn1')).toEqual([]);
    expect(later('cn2')?.map(({ service }) => service)).toEqual(['web', 'db']);
    expect(later('cn4')).toEqual([]);
  });

  it('are none of another category: that says whose a loss is', async () => {
    const others = ['customerEquipment', 'customerRequest', 'attack', 'suspended', 'thirdParty'] as const;
    const hosts = await at(149, ...others.map((category) => approved('web', category)));
    expect(hosts('cn1')).toEqual([]);
  });

  it('are not known where a record was changed; a store that is away is no answer at all', async () => {
    const failing = (code: 'FN_RECORD_CHANGED' | 'FN_CONTROL') =>
      maintainedHosts(
        {
          exclusions: { approved: async () => Promise.reject(new FourninesError(code, 'no')) },
          objects: { at: async () => services },
        },
        149,
      );
    expect((await failing('FN_RECORD_CHANGED'))('cn1')).toBeNull();
    await expect(failing('FN_CONTROL')).rejects.toMatchObject({ code: 'FN_CONTROL' });
  });
});
