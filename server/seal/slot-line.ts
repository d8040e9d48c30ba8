import type { Direction } from '../../core/catalogue/kind-parts.ts';
import type { Owner } from '../attribution/evidence.ts';

/**
 * One line of a file of slots: what `fournines export-slots` writes and what a seal keeps. Times are unix seconds, windows
 * half open. An `observed` or `unknown` line stands for `slots` slots with exactly these numbers each; a `bridged` or
 * `sealed` line has the totals of all its slots.
 */
export interface Path {
  readonly host: string;
  readonly port: string;
  readonly direction: Direction;
}

export interface DropsOfCause {
  readonly cause: string;
  /** Told by a rule for these very packets (docs/attribution.md); unknown where none did. */
  readonly owner: Owner;
  readonly packets: bigint;
}

interface Span {
  readonly slot: number;
  readonly slots: number;
}

interface Totals extends Span {
  readonly offered: bigint;
  readonly delivered: bigint;
  /** By cause and owner, in order of both names; their sum is offered - delivered unless the line is suspect. */
  readonly drops: readonly DropsOfCause[];
}

/** What may have been lost further up: of each slot, or of the whole gap. Of a suspect line 0. */
interface Shared {
  readonly shared: bigint;
}

export interface ObservedLine extends Totals, Shared {
  readonly state: 'observed';
  readonly suspect: boolean;
}

export interface BridgedLine extends Totals, Shared {
  readonly state: 'bridged';
  readonly suspect: boolean;
}

export const sealedClasses = ['clean', 'idle'] as const;
export type SealedClass = (typeof sealedClasses)[number];

export interface SealedLine extends Totals {
  readonly state: 'sealed';
  readonly class: SealedClass;
  /** The largest `offered` of one slot. */
  readonly offeredMax: bigint;
}

export interface UnknownLine extends Span {
  readonly state: 'unknown';
}

export type SlotLine = ObservedLine | BridgedLine | SealedLine | UnknownLine;

/** No cause was told for this very slot; see day-slots.ts. */
export const pendingCause = 'pending';

export function endOf(span: Span): number {
  return span.slot + span.slots;
}

export function isoOf(unixSeconds: number): string {
  return new Date(unixSeconds * 1000).toISOString().replace('.000Z', 'Z');
}

/** The line as text without a line break. Keys have one order and numbers one form: equal lines are equal bytes. */
export function encodeLine(path: Path, line: SlotLine): string {
  const { host, port, direction } = path;
  const head = { host, port, direction, slot: isoOf(line.slot) };
  const repeat = line.slots > 1 ? { repeat: line.slots } : {};
  if (line.state === 'unknown') return JSON.stringify({ ...head, ...repeat, state: line.state });
  const drops = line.drops.map(({ cause, owner, packets }) => ({ cause, owner, packets: String(packets) }));
  const offered = String(line.offered);
  const delivered = String(line.delivered);
  if (line.state === 'sealed') {
    const { state, slots } = line;
    const offeredMax = String(line.offeredMax);
    return JSON.stringify({ ...head, state, class: line.class, slots, offered, offeredMax, delivered, drops });
  }
  const suspect = line.suspect ? { suspect: true } : {};
  const { state, slots } = line;
  const more = line.shared > 0n ? { ...suspect, shared: String(line.shared) } : suspect;
  if (state === 'bridged') return JSON.stringify({ ...head, state, slots, offered, delivered, drops, ...more });
  return JSON.stringify({ ...head, ...repeat, state, offered, delivered, drops, ...more });
}

interface EncodedLine {
  readonly slot: string;
  readonly repeat?: number;
  readonly slots?: number;
  readonly state: SlotLine['state'];
  readonly class?: SealedClass;
  readonly offered?: string;
  readonly offeredMax?: string;
  readonly delivered?: string;
  readonly drops?: readonly { readonly cause: string; readonly owner: Owner; readonly packets: string }[];
  readonly suspect?: true;
  readonly shared?: string;
}

/** Reads a line that `encodeLine` wrote. */
export function decodeLine(text: string): SlotLine {
  const line = JSON.parse(text) as EncodedLine;
  const slot = Date.parse(line.slot) / 1000;
  const slots = line.slots ?? line.repeat ?? 1;
  if (line.state === 'unknown') return { state: 'unknown', slot, slots };
  const totals = {
    slot,
    slots,
    offered: BigInt(line.offered ?? 0),
    delivered: BigInt(line.delivered ?? 0),
    drops: (line.drops ?? []).map(({ cause, owner, packets }) => ({ cause, owner, packets: BigInt(packets) })),
  };
  if (line.state === 'sealed') {
    return { state: 'sealed', ...totals, class: line.class ?? 'clean', offeredMax: BigInt(line.offeredMax ?? 0) };
  }
  return { state: line.state, ...totals, suspect: line.suspect === true, shared: BigInt(line.shared ?? 0) };
}

/** Slots and packets of lines, by what is known of them. `suspect` slots are in no other number. */
export interface LineSums {
  readonly clean: number;
  readonly idle: number;
  /** Observed and neither clean nor idle. */
  readonly other: number;
  readonly bridged: number;
  readonly unknown: number;
  readonly suspect: number;
  readonly offered: bigint;
  readonly delivered: bigint;
  readonly drops: bigint;
  /** The largest `offered` of one slot that is not in a gap, less what the contract takes of it. */
  readonly offeredMax: bigint;
}

/** What counts of a line: everything offered but what the contract takes, and what is bad of it. */
export interface Counted {
  readonly offered: bigint;
  /** The provider's and the unknown drops. */
  readonly bad: bigint;
}

/** `O` and `D` of a line with numbers; a line without drops is not looked through. */
export function countedOf({ offered, drops }: Pick<Totals, 'offered' | 'drops'>): Counted {
  let contract = 0n;
  let bad = 0n;
  for (const { owner, packets } of drops) {
    if (owner === 'contract') contract += packets;
    else if (owner !== 'tenant') bad += packets;
  }
  return { offered: offered - contract, bad };
}

/** A slot of fewer packets has no loss ratio (MEF 10.4 in formats of verdicts): it is idle. */
export const offeredMin = 10n;

/** What a run of such slots would be sealed as; undefined: such a slot is kept as it is, as one with loss further up is. */
export function sealedClassOf(line: SlotLine): SealedClass | undefined {
  if (line.state === 'sealed') return line.class;
  if (line.state !== 'observed' || line.suspect || line.shared > 0n) return undefined;
  if (line.offered !== line.delivered) return undefined;
  return line.offered >= offeredMin ? 'clean' : 'idle';
}

export function sumsOf(lines: Iterable<SlotLine>): LineSums {
  const slots = { clean: 0, idle: 0, other: 0, bridged: 0, unknown: 0, suspect: 0 };
  const packets = { offered: 0n, delivered: 0n, drops: 0n, offeredMax: 0n };
  for (const line of lines) {
    slots[kindOf(line)] += line.slots;
    if (line.state === 'unknown' || isSuspect(line)) continue;
    const times = line.state === 'observed' ? BigInt(line.slots) : 1n;
    packets.offered += line.offered * times;
    packets.delivered += line.delivered * times;
    packets.drops += line.drops.reduce((sum, drop) => sum + drop.packets, 0n) * times;
    const most = line.state === 'sealed' ? line.offeredMax : line.state === 'observed' ? countedOf(line).offered : 0n;
    if (most > packets.offeredMax) packets.offeredMax = most;
  }
  return { ...slots, ...packets };
}

function isSuspect(line: SlotLine): boolean {
  return (line.state === 'observed' || line.state === 'bridged') && line.suspect;
}

function kindOf(line: SlotLine): 'clean' | 'idle' | 'other' | 'bridged' | 'unknown' | 'suspect' {
  if (line.state === 'unknown') return 'unknown';
  if (isSuspect(line)) return 'suspect';
  return line.state === 'bridged' ? 'bridged' : (sealedClassOf(line) ?? 'other');
}
