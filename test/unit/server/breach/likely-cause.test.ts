import { expect, test } from 'vitest';
import { type Beside, likelyCauses } from '../../../../server/breach/likely-cause.ts';

const nothing: Beside = { seconds: 300, drops: [], waits: [], pmds: [] };
const wait = { host: 'cn1', role: 'vcpu', name: 'CPU 0/KVM', owner: 'vm7', runDelayNs: 6_000_000_000n };
const drops = {
  host: 'cn1',
  port: 'vhu3',
  cause: 'vhost_ring_full',
  packets: 900n,
  said: { provider: 0n, tenant: 0n, contract: 0n },
};
const pmd = { host: 'cn1', datapath: 'netdev@ovs-netdev', core: 4, busyPpm: 991_000n };

test('drops come first, by their number, then threads that waited, then those that were full', () => {
  const more = { ...drops, cause: 'nic_ring_full', packets: 5_000n };
  const causes = likelyCauses({ ...nothing, drops: [drops, more], waits: [wait], pmds: [pmd] });
  expect(causes.map(({ cause, packets }) => [cause, packets])).toEqual([
    ['nic_ring_full', '5000'],
    ['vhost_ring_full', '900'],
    ['steal', null],
    ['pmd_full', null],
  ]);
  expect(causes[2]?.detail).toBe('vcpu CPU 0/KVM of vm7 waited 6000 ms of 300 s for a CPU beside the breach.');
  expect(causes[3]?.detail).toContain('core 4 was up to 99 % busy beside the breach');
});

test('what is usual does not stand out', () => {
  const usual = {
    ...nothing,
    drops: [{ ...drops, packets: 0n }],
    waits: [
      { ...wait, runDelayNs: 2_999_999_999n },
      { ...wait, role: 'other', runDelayNs: 60_000_000_000n },
    ],
    pmds: [{ ...pmd, busyPpm: 949_999n }],
  };
  expect(likelyCauses(usual)).toEqual([
    { cause: 'unknown', host: '', port: '', packets: null, detail: 'Nothing stood out beside it.' },
  ]);
  expect(likelyCauses({ ...usual, waits: [{ ...wait, runDelayNs: 3_000_000_000n }] })[0]?.cause).toBe('steal');
});

test('a long list is cut, the likeliest kept', () => {
  const many = Array.from({ length: 30 }, (_, i) => ({ ...drops, cause: `cause${i}`, packets: BigInt(i) }));
  const causes = likelyCauses({ ...nothing, drops: many });
  expect([causes.length, causes[0]?.cause]).toEqual([10, 'cause29']);
});

test('packets lost have owners as far as rules said so; the rest is unknown', () => {
  const owners = (packets: bigint, provider: bigint, tenant: bigint) => {
    const said = { provider, tenant, contract: 0n };
    return likelyCauses({ ...nothing, drops: [{ ...drops, packets, said }], waits: [wait] }).map(
      (cause) => cause.owners,
    );
  };
  expect(owners(900n, 0n, 0n)).toEqual([{ provider: '0', tenant: '0', contract: '0', unknown: '900' }, undefined]);
  expect(owners(900n, 700n, 150n)[0]).toEqual({ provider: '700', tenant: '150', contract: '0', unknown: '50' });
  // Rows came late, and have not been attributed anew.
  expect(owners(900n, 700n, 250n)[0]).toEqual({ provider: '0', tenant: '0', contract: '0', unknown: '900' });
});
