import { describe, expect, it } from 'vitest';
import { type PollingThread, threadsByCore } from '../../../../server/ledger/pmd-threads.ts';

function aThread(owner: string, name: string, runNs = 5n): PollingThread {
  return { owner, name, knownNs: 10n, runNs, runDelayNs: 1n };
}

const ovs = 'netdev@ovs-netdev';

describe('polling threads as the kernel knows them', () => {
  it.each([
    ['of Open vSwitch', ovs, 'ovs-vswitchd-dp', 'pmd-c02/id:8'],
    ['of DPDK 22.11', 'dpdk:fwd', 'fwd', 'rte-worker-2'],
    ['of DPDK 20.11', 'dpdk:fwd', 'fwd', 'lcore-worker-2'],
    ['of DPDK 23.03', 'dpdk:fwd', 'fwd', 'dpdk-worker2'],
  ])('%s are found by their core', (_name, datapath, owner, name) => {
    expect([...threadsByCore(datapath, [aThread(owner, name)])]).toEqual([
      [2, { knownNs: 10n, runNs: 5n, runDelayNs: 1n }],
    ]);
  });

  it.each([
    ['another program', 'dpdk:fwd', 'other', 'rte-worker-2'],
    ['a DPDK program beside Open vSwitch', ovs, 'fwd', 'rte-worker-2'],
    ['Open vSwitch beside a DPDK program', 'dpdk:fwd', 'fwd', 'pmd-c02/id:8'],
    ['a thread without a core', 'dpdk:fwd', 'fwd', 'fwd'],
    ['a name that only begins so', ovs, 'ovs-vswitchd-dp', 'pmd-c02x'],
  ])('%s gives none', (_name, datapath, owner, name) => {
    expect(threadsByCore(datapath, [aThread(owner, name)])).toEqual(new Map());
  });

  it('that were started anew add up', () => {
    const threads = [aThread('ovs', 'pmd-c02/id:8', 5n), aThread('ovs', 'pmd-c02/id:11', 7n)];
    expect(threadsByCore(ovs, threads).get(2)).toEqual({ knownNs: 20n, runNs: 12n, runDelayNs: 2n });
  });

  it('of two programs that claim one core are unknown', () => {
    expect(threadsByCore(ovs, [aThread('one', 'pmd-c02/id:8'), aThread('two', 'pmd-c02/id:8')]).has(2)).toBe(false);
  });
});
