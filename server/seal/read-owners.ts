import { type OwnedPackets, type Owner, owners, slotsMax } from '../attribution/evidence.ts';
import { type OwnedSlot, ownedSlots, type ToldLoss } from '../attribution/owned-slots.ts';
import { causesNear, pathOwners } from '../store/queries/attributions.ts';
import { slotRows } from '../store/queries/slot-rows.ts';
import { type QueryContext, type RowsOf, runQuery } from '../store/run-query.ts';
import type { CauseRow, DayRows, PortRow } from './day-rows.ts';
import { portRow } from './port-row.ts';
import type { Path } from './slot-line.ts';

/** A slot's owner rests on intervals that touch it and on one slot around each: so much is read beside a window, s. */
const aroundSeconds = 2 * slotsMax + 4;

interface Window {
  readonly from: number;
  readonly to: number;
}

type OwnedRow = RowsOf<typeof pathOwners>[number];

/**
 * The rows of a window with the owners of what they lost, as the attributor has written them. A row that was attributed with
 * another number of packets than it has has no owner. What a slot has does not depend on the window it is read with.
 */
export async function withOwners(store: QueryContext, path: Path, rows: DayRows): Promise<DayRows> {
  const { from, to } = rows;
  const around = { from: from - aroundSeconds, to: to + aroundSeconds };
  const found = await runQuery(store, pathOwners, { ...path, ...around });
  if (found.length === 0) return rows;
  const ownersOf = new Map(found.map((row) => [keyOf(row), row]));
  const causes = rows.causes.map((row): CauseRow => {
    const owned = packetsOf(ownersOf.get(keyOf(row)), row.packets);
    return owned === undefined ? row : { ...row, owners: owned };
  });
  return { ...rows, causes, owned: await ownedOf(store, path, { rows, around, ownersOf }) };
}

async function ownedOf(
  store: QueryContext,
  path: Path,
  known: { readonly rows: DayRows; readonly around: Window; readonly ownersOf: ReadonlyMap<string, OwnedRow> },
): Promise<ReadonlyMap<number, OwnedSlot> | undefined> {
  const { rows, around, ownersOf } = known;
  const isWhole = [...ownersOf.values()].some((row) => row.slots > 1 && soleOwner(row) !== null);
  if (!isWhole) return undefined;
  const told: ToldLoss[] = [];
  for (const row of await runQuery(store, causesNear, { ...path, ...around })) {
    const isKnown = row.state !== 'unknown' && row.suspect === 0 && row.slots <= slotsMax;
    const own = ownersOf.get(keyOf(row));
    const owner = isKnown && own?.packets === row.packets ? soleOwner(own) : null;
    told.push({ slot: row.slot, slots: row.slots, cause: row.cause, packets: BigInt(row.packets), owner });
  }
  const ports = [...rows.ports];
  for (const edge of [
    { from: around.from, to: rows.from },
    { from: rows.to, to: around.to },
  ]) {
    const read = await runQuery(store, slotRows, { ...path, ...edge, steps: '', step: aroundSeconds });
    ports.push(...read.map(portRow));
  }
  return ownedSlots(told, lossesOf(ports, rows));
}

/** What was lost in each slot that one row tells; a step that was summed up lost nothing. */
function lossesOf(ports: readonly PortRow[], { sums }: DayRows): (slot: number) => bigint | undefined {
  const losses = new Map<number, bigint | undefined>();
  for (const row of ports) {
    const lost = row.dropsOutside + row.dropsInside;
    const isPlain = row.slots === 1 && row.state !== 'unknown' && !row.suspect;
    if (!isPlain) {
      // What else tells of these slots leaves them in doubt; a long gap is looked at no further than a slot's neighbours reach.
      for (let slot = row.slot; slot < row.slot + row.slots && row.state !== 'unknown'; slot++)
        losses.set(slot, undefined);
      continue;
    }
    losses.set(row.slot, losses.has(row.slot) && losses.get(row.slot) !== lost ? undefined : lost);
  }
  const steps = [...sums].sort((a, b) => a.slot - b.slot);
  return (slot) => {
    if (losses.has(slot)) return losses.get(slot);
    return steps.some((step) => step.slot <= slot && slot < step.slot + step.slots) ? 0n : undefined;
  };
}

function soleOwner(row: OwnedRow): Exclude<Owner, 'unknown'> | null {
  const [first, ...others] = owners.filter((owner) => row[owner] !== '0');
  return others.length > 0 || first === undefined || first === 'unknown' ? null : first;
}

function packetsOf(row: OwnedRow | undefined, packets: bigint): OwnedPackets | undefined {
  if (row === undefined || BigInt(row.packets) !== packets) return undefined;
  const told = {
    provider: BigInt(row.provider),
    tenant: BigInt(row.tenant),
    contract: BigInt(row.contract),
    unknown: BigInt(row.unknown),
  };
  return told.provider + told.tenant + told.contract + told.unknown === packets ? told : undefined;
}

function keyOf({ slot, slots, cause, place }: Pick<CauseRow, 'slot' | 'slots' | 'cause' | 'place'>): string {
  return `${slot} ${slots} ${cause} ${place}`;
}
