import { describe, expect, it, test } from 'vitest';
import { causes } from '../../../../core/catalogue/causes.ts';
import { type Blame, type JointPort, jointOf, jointsOf, type SaidOwners } from '../../../../server/ledger/joints.ts';
import { uncausedDrops } from '../../../../server/ledger/pending.ts';

const nobody: Blame = () => undefined;

function aPort(over: Partial<JointPort>): JointPort {
  return {
    port: 'p',
    type: 'dpdk',
    direction: 'rx',
    counted: true,
    known: true,
    packets: 0n,
    offered: 0n,
    delivered: 0n,
    causes: [],
    pending: 0n,
    unexplained: 0n,
    ...over,
  };
}

describe('joints', () => {
  it('each cause of the catalogue has its place, but the one that is no loss', () => {
    const places = Object.keys(causes).map((cause) => [cause, jointOf(cause)]);
    expect(places.filter(([, joint]) => joint === null)).toEqual([['filtered', null]]);
    expect(jointOf('a cause of tomorrow')).toBe('unknown');
    expect(jointOf('toString')).toBe('unknown');
  });

  it('what passed and what was lost goes from joint to joint, to the packet', () => {
    const ports = [
      aPort({
        packets: 1_000n,
        offered: 1_015n,
        delivered: 1_000n,
        causes: [
          { cause: 'rx_error', place: 'outside', packets: 5n },
          { cause: 'nic_ring_full', place: 'outside', packets: 10n },
        ],
      }),
      aPort({
        port: 'vhu1',
        type: 'dpdkvhostuserclient',
        direction: 'toGuest',
        packets: 900n,
        offered: 990n,
        delivered: 900n,
        causes: [
          { cause: 'vhost_ring_full', place: 'outside', packets: 70n },
          { cause: 'mtu', place: 'outside', packets: 3n },
        ],
        pending: 12n,
        unexplained: 5n,
      }),
      aPort({ port: 'vxlan0', type: 'vxlan', counted: false, packets: 77n, unexplained: 9n }),
    ];
    const joints = jointsOf(ports, [{ cause: 'policy', packets: 10n }], {
      datapath: 'netdev@ovs-netdev',
      blame: nobody,
    });
    expect(joints.map(({ joint, passed, lost }) => [joint, passed, lost])).toEqual([
      ['wire', 1_010n, 5n],
      ['rxq', 1_000n, 10n],
      ['pmd', 990n, 10n],
      ['port', 970n, 3n],
      ['ring', 900n, 70n],
      ['unknown', null, 17n],
    ]);
    expect(joints[5]?.drops.map(({ port, cause, packets }) => [port, cause, packets])).toEqual([
      ['vhu1', 'pending', 12n],
      ['vhu1', 'unexplained', 5n],
    ]);
    expect(joints[2]?.drops).toMatchObject([
      { port: 'netdev@ovs-netdev', direction: 'rx', cause: 'policy', packets: 10n },
    ]);
  });

  it('each loss has its owners, what nobody said is unknown, and so is all of a sum that is less than what was said', () => {
    const said = { provider: 0n, tenant: 0n, contract: 0n };
    const words: Record<string, SaidOwners> = {
      'vhu1 toGuest vhost_ring_full outside': { ...said, provider: 40n, tenant: 20n },
      'vhu1 toGuest vhost_ring_full beside': { ...said, provider: 9n },
      'vhu2 toGuest vhost_ring_full outside': { ...said, contract: 11n },
      'dp rx policy beside': { ...said, tenant: 3n },
    };
    const causes = [
      { cause: 'vhost_ring_full', place: 'outside', packets: 70n },
      { cause: 'vhost_ring_full', place: 'inside', packets: 5n },
    ];
    const ports = [
      aPort({ port: 'vhu1', direction: 'toGuest', causes, pending: 8n }),
      aPort({
        port: 'vhu2',
        direction: 'toGuest',
        causes: [{ cause: 'vhost_ring_full', place: 'outside', packets: 10n }],
      }),
    ];
    const blame: Blame = ({ port, direction, cause, place }) => words[`${port} ${direction} ${cause} ${place}`];
    const joints = jointsOf(ports, [{ cause: 'policy', packets: 3n }], { datapath: 'dp', blame });
    const ownersAt = (name: string) => joints.find(({ joint }) => joint === name)?.owners;
    expect(ownersAt('ring')).toEqual({ provider: 40n, tenant: 20n, contract: 0n, unknown: 25n });
    expect(ownersAt('pmd')).toEqual({ ...said, tenant: 3n, unknown: 0n });
    expect(ownersAt('unknown')).toEqual({ ...said, unknown: 8n });
    for (const { lost, owners } of joints) {
      expect(Object.values(owners).reduce((sum, packets) => sum + packets, 0n)).toBe(lost);
    }
  });

  it('what no known port counts is not zero', () => {
    const passed = jointsOf([aPort({ known: false })], [], { datapath: 'dp', blame: nobody }).map(
      (joint) => joint.passed,
    );
    expect(passed).toEqual([null, null, null, null, null, null]);
  });
});

describe('drops without a cause', () => {
  test.each([
    ['all explained', { drops: 10n, explained: 10n, untold: 5n, crossing: 0n }, 0n, 0n],
    ['the rest is recent: pending', { drops: 10n, explained: 4n, untold: 6n, crossing: 0n }, 6n, 0n],
    ['more than is recent: told without a cause', { drops: 10n, explained: 4n, untold: 5n, crossing: 0n }, 5n, 1n],
    ['told across an end of the window', { drops: 10n, explained: 4n, untold: 0n, crossing: 9n }, 6n, 0n],
    ['all told: unexplained', { drops: 10n, explained: 4n, untold: 0n, crossing: 0n }, 0n, 6n],
    ['causes ahead of the total leave nothing', { drops: 10n, explained: 12n, untold: 3n, crossing: 0n }, 0n, 0n],
  ])('%s', (_, ask, pending, unexplained) => {
    expect(uncausedDrops(ask)).toEqual({ pending, unexplained });
  });
});
