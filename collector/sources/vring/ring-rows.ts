import type { RowOf } from '../../../core/catalogue/columns.ts';
import type { vringRun, vringSlot } from '../../../core/catalogue/ring-kinds.ts';
import type { RingSlotRow } from '../../../native/facade.ts';
import type { FoundRing } from './finder.ts';

/** The row of a ring and second; undefined where no sample says anything: unknown is not empty. */
export function slotRowOf(host: string, ring: FoundRing, told: RingSlotRow): RowOf<typeof vringSlot> | undefined {
  if (told.samples === 0) return undefined;
  const [fill0 = 0, fill1 = 0, fill2 = 0, fill3 = 0, fill4 = 0, fill5 = 0, fill6 = 0, fill7 = 0, fill8 = 0, fill9 = 0] =
    told.fills;
  const { port, direction, queue, witness, layout, size } = ring;
  const { slot, samples, late, missed, suspect, fillMax, fillP99, runsLeftOut } = told;
  const { fullNs, fullRunNs, fullRunAtNs, emptyNs, emptyRunNs } = told;
  return {
    ...{ host, port, direction, queue, slot, witness, layout, size, samples, late, missed, suspectSamples: suspect },
    ...{ fillMax, fillP99, fill0, fill1, fill2, fill3, fill4, fill5, fill6, fill7, fill8, fill9 },
    ...{ fullNs, fullRunNs, fullRunAtNs, emptyNs, emptyRunNs, runsLeftOut },
  };
}

export function runRowsOf(host: string, ring: FoundRing, told: RingSlotRow): RowOf<typeof vringRun>[] {
  const { port, direction, queue } = ring;
  return told.runs.map((run) => ({ host, port, direction, queue, slot: told.slot, ...run }));
}
