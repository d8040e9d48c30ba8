import { expect, it } from 'vitest';
import { compareCauses } from '../../../../server/ledger/replay.ts';

it('stored and replayed sums stand side by side, what differs most first, nothings left out', () => {
  const at = (cause: string, packets: bigint) => ({ direction: 'rx' as const, cause, place: 'outside', packets });
  const compared = compareCauses(
    [at('other', 2n ** 60n), at('no_mbuf', 3n), at('policy', 0n)],
    [
      { ...at('nic_fifo', 2n ** 60n + 1n), counters: ['rx_dropped_packets'] },
      { ...at('no_mbuf', 1n), counters: ['a'] },
      { ...at('no_mbuf', 2n), counters: ['b'] },
    ],
  );
  expect(compared.map(({ cause, stored, replayed, counters }) => [cause, stored, replayed, counters])).toEqual([
    ['nic_fifo', 0n, 2n ** 60n + 1n, ['rx_dropped_packets']],
    ['other', 2n ** 60n, 0n, []],
    ['no_mbuf', 3n, 3n, ['a', 'b']],
  ]);
});
