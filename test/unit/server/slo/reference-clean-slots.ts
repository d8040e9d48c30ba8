import type { Slot } from './reference.ts';

type Class = 'bad' | 'unknown' | 'uncertain' | 'good' | 'idle' | 'excluded';

/** θ in hundredths, so that few packets are enough; the other indicators' losses are in tenths. */
export const hundredthsOf = (tenths: number): number => tenths + 1;
const enoughOf = (tenths: number): number => Math.ceil(100 / hundredthsOf(tenths));

/** What a slot says of itself alone, as burn rates take it. */
export function aloneLossOf({ offered, bad }: Slot, tenths: number): 'lossy' | 'good' | 'idle' {
  if (bad === 0) return offered >= 10 ? 'good' : 'idle';
  return 100 * bad > hundredthsOf(tenths) * Math.max(offered, enoughOf(tenths)) ? 'lossy' : 'good';
}

/** Looks back from each slot for the packets that it lacks, one slot after another. */
export function cleanClassOf(
  slots: ReadonlyMap<number, Slot>,
  slot: number,
  { tenths, from, isWorst }: { readonly tenths: number; readonly from: number; readonly isWorst: boolean },
): Class {
  const at = (place: number): Slot | undefined => slots.get(place);
  const told = at(slot);
  if (told === undefined || told.kind === 'unknown' || told.kind === 'suspect') return 'unknown';
  if (told.kind === 'excluded') return 'excluded';
  const offeredOf = (of: Slot) => of.offered + (isWorst ? of.shared : 0);
  const badOf = (of: Slot) => of.bad + (isWorst ? of.shared : 0);
  if (told.lump.length > 0) {
    const first = at(told.lump[0] as number) as Slot;
    if (told.kind === 'idle') return 'idle';
    return told.lump.indexOf(slot) < badOf(first) ? 'uncertain' : 'good';
  }
  const elseClass = aloneLossOf(told, tenths) === 'idle' ? 'idle' : 'good';
  if (badOf(told) === 0) return elseClass;
  const enough = enoughOf(tenths);
  const isAbove = (bad: number, offered: number) => 100 * bad > hundredthsOf(tenths) * offered;
  if (offeredOf(told) >= enough) return isAbove(badOf(told), offeredOf(told)) ? 'bad' : elseClass;
  let [least, most, need] = [0, 0, enough];
  for (let place = slot; place >= from && need > 0; ) {
    const seen = at(place);
    if (seen === undefined || seen.kind === 'unknown' || seen.kind === 'suspect') {
      most = Number.POSITIVE_INFINITY;
      break;
    }
    const lump = seen.kind === 'excluded' ? [] : seen.lump;
    const of = lump.length > 0 ? (at(lump[0] as number) as Slot) : seen;
    place = lump.length > 0 ? (lump[0] as number) - 1 : place - 1;
    if (seen.kind === 'excluded' || offeredOf(of) === 0) continue;
    const [offered, bad] = [offeredOf(of), badOf(of)];
    const taken = Math.min(need, offered);
    if (taken === offered || lump.length === 0) {
      const share = Math.floor((bad * taken) / offered);
      least += share;
      most += share;
    } else {
      least += Math.max(0, bad - (offered - taken));
      most += Math.min(bad, taken);
    }
    need -= taken;
  }
  if (isAbove(least, enough)) return 'bad';
  return isAbove(most, enough) ? 'uncertain' : elseClass;
}
