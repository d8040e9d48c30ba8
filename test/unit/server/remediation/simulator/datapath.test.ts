import { describe, expect, it } from 'vitest';
import { Datapath } from '../../../../../server/remediation/simulator/datapath.ts';
import type { QueueSpec } from '../../../../../server/remediation/simulator/host-parts.ts';
import { evenly, hostOf } from './hosts.ts';

function started(...queues: readonly Partial<QueueSpec>[]): Datapath {
  const datapath = new Datapath(hostOf(...queues));
  datapath.replace(new Int32Array(queues.length));
  // Threads that get their first queues reload, too: that is over after a second.
  datapath.second(evenly(...queues.map(() => 0)));
  return datapath;
}

describe('a second of a datapath', () => {
  it('passes everything where a thread has enough for its largest step', () => {
    const datapath = started({}, {});
    datapath.second(evenly(1_200_000, 1_200_000));
    expect([...datapath.rings.polled]).toEqual([1_200_000, 1_200_000]);
    expect([...datapath.wantedCycles]).toEqual([2_400_000_000, 0]);
    expect(datapath.waitedSteps).toBe(0);
  });

  it('shares an overloaded thread out evenly: who wants most loses, once the ring is full', () => {
    const datapath = started({}, {});
    // 245,000 packets a step for both; 100,000 and 200,000 come. The second gets 145,000, keeps 1,024 and loses 53,976 at first.
    datapath.second(evenly(1_000_000, 2_000_000));
    const { rings } = datapath;
    expect([...rings.polled]).toEqual([1_000_000, 1_450_000]);
    expect([...rings.backlog]).toEqual([0, 1_024]);
    expect([...rings.dropped]).toEqual([0, 550_000 - 1_024]);
    expect(datapath.waitedSteps).toBe(10 * 1_024);
    // 1,024 packets at 200,000 a step of 100 ms.
    expect(datapath.longestWaitUs).toBe(512);
  });

  it('has less for its queues while others take time from it', () => {
    const datapath = started({});
    datapath.stolenPpm[0] = 500_000;
    datapath.second(evenly(1_500_000));
    expect(datapath.rings.polled[0]).toBe(1_200_000);
  });

  it('does not poll a queue that moves: what its ring cannot take meanwhile is lost', () => {
    const datapath = started({ cyclesPerPacket: 100 }, { cyclesPerPacket: 100 });
    expect(datapath.replace(Int32Array.of(1, 0))).toBe(1);
    datapath.second(evenly(5_000_000, 5_000_000));
    // 500,000 packets in 100 ms are 2,050 in 410 us; 1,024 find room. The one that stays loses nothing.
    expect([...datapath.rings.dropped]).toEqual([2_050 - 1_024, 0]);
    expect([datapath.rings.isBalanced(0), datapath.rings.isBalanced(1)]).toEqual([true, true]);
  });

  it('spends at most half of a thread on flows that it must learn, until it knows them', () => {
    const datapath = started({ flows: 1_000 }, {});
    datapath.replace(Int32Array.of(1, 0));
    // 250,000,000 cycles to learn, 1,004,500 for the gap: 121,997 packets of 240,000 pass in the first step, 122,500 in the second,
    // 239,497 of them and the 1,024 that waited in the third.
    datapath.second(evenly(2_400_000, 0));
    expect(datapath.rings.dropped[0]).toBe(116_979 + 117_500 + 503);
    datapath.second(evenly(2_400_000, 0));
    expect(datapath.rings.dropped[0]).toBe(116_979 + 117_500 + 503);
  });
});
