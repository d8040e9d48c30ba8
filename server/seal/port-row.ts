import type { slotRows } from '../store/queries/slot-rows.ts';
import type { RowsOf } from '../store/run-query.ts';
import type { PortRow } from './day-rows.ts';

/** A row of a port as the store tells it. */
export function portRow(row: RowsOf<typeof slotRows>[number]): PortRow {
  return {
    slot: row.slot,
    slots: row.slots,
    state: row.state,
    suspect: row.suspect === 1,
    packets: BigInt(row.packets),
    dropsOutside: BigInt(row.dropsOutside),
    dropsInside: BigInt(row.dropsInside),
  };
}
