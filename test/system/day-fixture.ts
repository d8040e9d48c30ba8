import { dropSlot, portSlot } from '../../core/catalogue/kinds.ts';
import type { DayRows } from '../../server/seal/day-rows.ts';
import { dayStart } from '../unit/server/seal/histories.ts';
import { aDropSlot, aPortSlot, insertRows, type OpenStore } from './store-fixture.ts';

/** Puts a drawn day into the tables, as day `day` of a path. */
export async function insertDay(
  store: OpenStore,
  day: number,
  of: { host: string; port: string },
  rows: DayRows,
): Promise<void> {
  const shift = day - dayStart;
  const { direction } = rows;
  const common = { ...of, direction };
  const ports = rows.ports.map((row) => {
    const known = (value: bigint) => (row.state === 'unknown' ? null : value);
    return aPortSlot({
      ...common,
      slot: row.slot + shift,
      slots: row.slots,
      state: row.state,
      suspect: row.suspect ? 1 : 0,
      packetsInc: known(row.packets),
      bytesInc: known(row.packets * 64n),
      dropsOutsideInc: known(row.dropsOutside),
      dropsInsideInc: known(row.dropsInside),
    });
  });
  const entering = rows.entering.map(({ slot, slots }) =>
    aPortSlot({ ...common, slot: slot + shift, slots, state: 'bridged' }),
  );
  const drops = rows.causes.map(({ cause, place, packets, ...row }) =>
    aDropSlot({
      ...common,
      ...row,
      cause,
      place,
      slot: row.slot + shift,
      suspect: row.suspect ? 1 : 0,
      packetsInc: row.state === 'unknown' ? null : packets,
    }),
  );
  await insertRows(store, portSlot, [...ports, ...entering]);
  await insertRows(store, dropSlot, drops);
}
