import { silentLogger } from '../../core/runtime/logger.ts';
import { hashedRow, ownerOf, rowOf } from '../../server/breach/change-row.ts';
import { takeReading } from '../../server/breach/machine.ts';
import { BreachStore, type NewChange } from '../../server/control/breach-store.ts';
import { PostgresStore, type PostgresStoreOptions } from '../../server/control/postgres/postgres-store.ts';
import { aReading, ofSlots, type Slot, someTerms } from '../../test/unit/server/breach/readings.ts';

const changesATransaction = 250;

/** Writes the first change of so many breaches, each of an objective of its own, as a judge writes them. */
export async function writeBreaches(options: Omit<PostgresStoreOptions, 'logger'>, count: number): Promise<void> {
  const store = new PostgresStore({ ...options, logger: silentLogger });
  try {
    const breaches = new BreachStore(store);
    const all = Array.from({ length: count }, (_, i) => changesOf(`port-${i}`)).flat();
    if (all.length !== count) throw new Error(`${all.length} changes of ${count} breaches`);
    for (let at = 0; at < all.length; at += changesATransaction) {
      await breaches.append(all.slice(at, at + changesATransaction));
    }
  } finally {
    await store.close();
  }
}

const evaluation = ofSlots(Array<Slot>(100).fill('good'));

function changesOf(slo: string): NewChange[] {
  const reading = aReading({ evaluation, burn: { T0: 'firing' } });
  const { changes } = takeReading([], { reading, terms: someTerms, now: reading.at });
  const owner = ownerOf({ ...reading.objective, name: slo }, 'acme');
  return changes.map((change) => {
    const context = { owner, now: change.at, engine: 'bench', evidence: null, causes: [], previous: undefined };
    return { ...hashedRow(rowOf(change, context)), bundle: undefined };
  });
}
