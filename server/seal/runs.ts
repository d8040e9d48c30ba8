import {
  countedOf,
  type DropsOfCause,
  endOf,
  offeredMin,
  type SealedClass,
  type SealedLine,
  type SlotLine,
  sealedClassOf,
} from './slot-line.ts';

/**
 * A sealed run ends at each quarter of an hour: it cannot be cut later, and zones, contract months and maintenance begin
 * on quarters. 96 lines a day are what the best day costs.
 */
export const runSeconds = 900;

/** The first quarter that begins after `slot`. */
function quarterAfter(slot: number): number {
  return (Math.floor(slot / runSeconds) + 1) * runSeconds;
}

/** Clean and idle slots become sealed runs; every other line is kept. Lines come in order of time. */
export function sealRuns(lines: Iterable<SlotLine>): SlotLine[] {
  const out: SlotLine[] = [];
  for (const line of lines) {
    const sealed = sealedClassOf(line);
    if (sealed === undefined || line.state === 'unknown') {
      out.push(line);
      continue;
    }
    for (const piece of piecesByQuarter(line, sealed)) {
      const last = out.at(-1);
      if (last !== undefined && continues(last, piece)) out[out.length - 1] = joined(last, piece);
      else out.push(piece);
    }
  }
  return out;
}

function* piecesByQuarter(line: Exclude<SlotLine, { state: 'unknown' }>, sealed: SealedClass): Generator<SealedLine> {
  if (line.state === 'sealed') {
    yield line;
    return;
  }
  for (let slot = line.slot; slot < endOf(line); slot = quarterAfter(slot)) {
    const slots = Math.min(endOf(line), quarterAfter(slot)) - slot;
    const offered = line.offered * BigInt(slots);
    const totals = { slot, slots, offered, delivered: offered, drops: [] };
    yield { state: 'sealed', class: sealed, ...totals, offeredMax: line.offered };
  }
}

function continues(last: SlotLine, next: SealedLine): last is SealedLine {
  return (
    last.state === 'sealed' && last.class === next.class && endOf(last) === next.slot && next.slot % runSeconds !== 0
  );
}

function joined(last: SealedLine, next: SealedLine): SealedLine {
  const larger = last.offeredMax > next.offeredMax ? last : next;
  return {
    ...last,
    slots: last.slots + next.slots,
    offered: last.offered + next.offered,
    delivered: last.delivered + next.delivered,
    offeredMax: larger.offeredMax,
  };
}

/** Neighbours with exactly the same numbers become one line with `repeat`. Lines come in order of time. */
export function repeatEqual(lines: Iterable<SlotLine>): SlotLine[] {
  const out: SlotLine[] = [];
  for (const line of lines) {
    const last = out.at(-1);
    if (last !== undefined && repeats(last, line)) out[out.length - 1] = { ...last, slots: last.slots + line.slots };
    else out.push(line);
  }
  return out;
}

function repeats(last: SlotLine, next: SlotLine): boolean {
  if (endOf(last) !== next.slot) return false;
  if (last.state === 'unknown') return next.state === 'unknown';
  if (last.state !== 'observed' || next.state !== 'observed') return false;
  return (
    last.suspect === next.suspect &&
    last.shared === next.shared &&
    last.offered === next.offered &&
    last.delivered === next.delivered &&
    last.drops.length === next.drops.length &&
    last.drops.every((drop, i) => isSame(drop, next.drops[i]))
  );
}

function isSame({ cause, owner, packets }: DropsOfCause, other: DropsOfCause | undefined): boolean {
  return cause === other?.cause && owner === other.owner && packets === other.packets;
}

/** A sealed run that an end of a window would cut: nobody knows how much of it lies inside. */
export interface CutRun {
  readonly run: SealedLine;
  readonly at: number;
}

/**
 * The part of lines that lies in [from, to). Of a gap that crosses an end only the sum is known, not how much of it lies
 * inside: its slots there become unknown. A sealed run that crosses one cannot be cut: it is given back instead.
 */
export function cutLines(
  lines: Iterable<SlotLine>,
  { from, to }: { readonly from: number; readonly to: number },
): { readonly lines: SlotLine[]; readonly cut: CutRun | undefined } {
  const out: SlotLine[] = [];
  let cut: CutRun | undefined;
  for (const line of lines) {
    const slot = Math.max(line.slot, from);
    const slots = Math.min(endOf(line), to) - slot;
    if (slots <= 0) continue;
    if (slots === line.slots) out.push(line);
    else if (line.state === 'sealed') cut ??= { run: line, at: line.slot < from ? from : to };
    else if (line.state === 'bridged') out.push({ state: 'unknown', slot, slots });
    else out.push({ ...line, slot, slots });
  }
  return { lines: out, cut };
}

/** What the state of availability at a window's start rests on. */
export interface LeadIn {
  readonly lines: readonly SlotLine[];
  /** False: the run of equal slots was not found; what comes before may matter, too. */
  readonly settled: boolean;
}

/**
 * The last lines before a window that an availability of up to `run` slots needs: back to the last `run` consecutive
 * slots without loss, or with nothing but loss. Which slots between are lossy depends on a threshold that the objective
 * sets, so partial loss breaks both, and so does what may have been lost further up. Idle and unknown slots neither count nor break. `lines` come in order of time.
 */
export function leadIn(lines: readonly SlotLine[], run: number): LeadIn {
  let good = 0;
  let bad = 0;
  for (let i = lines.length - 1; i >= 0; i--) {
    const line = lines[i] as SlotLine;
    const kind = lossOf(line);
    if (kind === 'none') continue;
    good = kind === 'good' ? good + line.slots : 0;
    bad = kind === 'bad' ? bad + line.slots : 0;
    if (good >= run || bad >= run) return { lines: lines.slice(i), settled: true };
  }
  return { lines, settled: false };
}

function lossOf(line: SlotLine): 'good' | 'bad' | 'partial' | 'none' {
  if (line.state === 'unknown' || sealedClassOf(line) === 'idle') return 'none';
  if (line.state === 'sealed') return 'good';
  if (line.suspect) return 'none';
  const { offered, bad } = countedOf(line);
  // Of a gap with loss nobody knows where in it the loss fell.
  if (line.state === 'bridged') return bad === 0n && line.shared === 0n ? 'good' : 'none';
  if (offered < offeredMin) return offered + line.shared < offeredMin ? 'none' : 'partial';
  if (bad === 0n && line.shared === 0n) return 'good';
  return bad === offered ? 'bad' : 'partial';
}
