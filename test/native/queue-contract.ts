import { describe, expect, it, type TestContext } from 'vitest';
import { type LinkTable, linkStride, type NativeFacade, type QueueTable, queueStride } from '../../native/facade.ts';
import { canMakeNamespaces, Namespace, sayUntested, skipWithout } from './namespace.ts';

/** What every form of the native facade promises of the table of queues. */
export function queueContract(open: () => NativeFacade): void {
  describe('queues', () => {
    it('says null where it cannot tell; else names queues of NICs that are there, each once', () => {
      const facade = open();
      const table = facade.queues();
      if (facade.form === 'typescript') return expect(table).toBeNull();
      const nics = new Set(facade.links().links.map(({ ifindex }) => ifindex));
      const keys = rowsOf(table).map(({ key, ifindex }) => {
        expect(nics.has(ifindex)).toBe(true);
        return key;
      });
      expect(new Set(keys).size).toBe(keys.length);
    });

    it('has counters that lie between those of two other reads', (context) => {
      const reads = [1, 2, 3].map(() => rowsOf(open().queues()));
      if (reads[0]?.length === 0) return sayNone(context, open());
      const [first = [], second = [], third = []] = reads;
      for (const [i, row] of second.entries()) {
        const [before, after] = [first[i], third[i]];
        expect([before?.key, before?.present, after?.key]).toEqual([row.key, row.present, row.key]);
        row.counters.forEach((value, j) => {
          expect(value).toBeGreaterThanOrEqual(before?.counters[j] ?? -1n);
          expect(value).toBeLessThanOrEqual(after?.counters[j] ?? -1n);
        });
      }
    });

    // Of other drivers this is not true: what firmware or reset rings counted is in the NIC's numbers alone.
    it('sums up to what the NIC counts, where the driver makes both from the same numbers (virtio_net)', (context) => {
      const facade = open();
      const before = facade.links();
      const rows = rowsOf(facade.queues());
      const after = facade.links();
      const nics = [...new Set(rows.map(({ ifindex }) => ifindex))].filter(
        (ifindex) => facade.ethtoolDriver(nameOf(before, ifindex)) === 'virtio_net',
      );
      if (nics.length === 0) return sayNone(context, facade);
      for (const ifindex of nics) {
        // rxPackets, txPackets, rxBytes, txBytes of struct rtnl_link_stats64.
        for (const [column, direction, counter] of [
          [0, 0, 0],
          [1, 1, 0],
          [2, 0, 1],
          [3, 1, 1],
        ] as const) {
          const sum = rows
            .filter((row) => row.ifindex === ifindex && row.direction === direction)
            .reduce((total, row) => total + (row.counters[counter] ?? 0n), 0n);
          expect(sum).toBeGreaterThanOrEqual(counterOf(before, ifindex, column));
          expect(sum).toBeLessThanOrEqual(counterOf(after, ifindex, column));
        }
      }
    });

    it('has no rows, and no failure, for NICs whose drivers do not tell', (context) => {
      skipWithout(context, canMakeNamespaces(), 'needs root, ip and tc to make network namespaces');
      const facade = open();
      using namespace = new Namespace();
      namespace.ip('link add fn0 type veth peer name fn1');
      namespace.ip('link set fn0 up');
      expect(namespace.look(facade.form).queueRows).toBe(facade.queues() === null ? null : 0);
    });
  });
}

/** Which NICs are in the table is the machine's: no reason to fail, on the build machine neither. */
function sayNone(context: TestContext, { form }: NativeFacade): void {
  if (form === 'addon') sayUntested(context, 'no such NIC here is in the table of queues');
}

function rowsOf(table: QueueTable | null) {
  if (table === null) return [];
  const { counters, ifindex, present } = table;
  expect([counters.length, table.direction.length, ifindex.length, present.length]).toEqual([
    table.queue.length * queueStride,
    ...new Array(3).fill(table.queue.length),
  ]);
  return Array.from(table.queue, (queue, row) => ({
    key: `${ifindex[row]} ${table.direction[row]} ${queue}`,
    ifindex: ifindex[row] ?? 0,
    direction: table.direction[row],
    present: present[row],
    counters: counters.subarray(row * queueStride, (row + 1) * queueStride),
  }));
}

function nameOf({ links }: LinkTable, ifindex: number): string {
  return links.find((link) => link.ifindex === ifindex)?.name ?? '';
}

function counterOf({ links, counters }: LinkTable, ifindex: number, column: number): bigint {
  return counters[links.findIndex((link) => link.ifindex === ifindex) * linkStride + column] ?? -1n;
}
