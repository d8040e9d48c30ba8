/**
 * Counter to slot: the one place where a raw counter becomes an increment over one-second slots.
 *
 * A read closes the slots since the read before it. Pure: time comes in with the read. Rules and where they come from:
 *
 * - A read more than half a slot after its boundary is not a boundary: it is refused, and the next read on time closes
 *   both slots as one *bridged* row of two slots. The sum is exact, its place is not, and nothing is interpolated.
 * - Lengths are monotonic, places are wall time. When the two disagree by more than half a slot the clock stepped: the
 *   row keeps its numbers and is *suspect*, as is every row of time that the wall clock tells a second time.
 * - A fall is a wrap when the modular difference is an increment the link could have made and less than half the
 *   counter's range; else the counter was reset: new epoch, and what was lost with the old one is *unknown*.
 * - An increment that the link could not have made is no increment either, nor is one over a gap in which a 32-bit
 *   counter could have gone round unseen: unknown, new epoch.
 * - All counters of a group share one epoch: they are reset together by the same acts.
 */

export const slotNs = 1_000_000_000n;
/** Half a slot: sla research §4.1, "step > 0.5 slot". */
export const lateNsMax = slotNs / 2n;
const resetBits = 16n;
const resetMask = (1n << resetBits) - 1n;

/** When and how well a group of counters was read. */
export interface ReadTime {
  /** Unix second at whose start the read was due: it closes slot `boundary - 1`. */
  readonly boundary: number;
  /** Wall clock in the middle of the read, ns since 1970. */
  readonly wallNs: bigint;
  /** Boot clock at the same instant, ns. */
  readonly monoNs: bigint;
  readonly readSpanNs: bigint;
}

/** A run of slots that were given out one after the other, [from, to). */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** A clock that steps more often than this leaves the oldest stretches forgotten. */
const stretchesMax = 16;

/** What must be remembered of a read to place the next one. */
export interface Placed {
  readonly boundary: number;
  readonly wallNs: bigint;
  readonly monoNs: bigint;
  /** Slots given out already, the running stretch last: none is given out again unmarked. */
  readonly covered: readonly Stretch[];
}

/** The slots a read closes. */
export interface Placement {
  /** First slot. */
  readonly slot: number;
  readonly slots: number;
  readonly suspect: boolean;
  readonly intervalNs: bigint;
  readonly readSpanNs: bigint;
  readonly lateNs: bigint;
  /** Wall clock less monotonic clock since the last read, when it is a step; else 0. */
  readonly stepNs: bigint;
}

export type PlaceResult =
  | { readonly kind: 'closed'; readonly placed: Placed; readonly placement: Placement }
  /** First read: there is nothing to close yet. */
  | { readonly kind: 'opened'; readonly placed: Placed }
  /** late: past half a slot; duplicate: no slot ends between the last read and this one. Keep the old state. */
  | { readonly kind: 'refused'; readonly reason: 'late' | 'duplicate' };

/** Whether a read is near enough to its boundary to be one. */
export function isOnTime({ wallNs, boundary }: Pick<ReadTime, 'wallNs' | 'boundary'>): boolean {
  const lateNs = wallNs - BigInt(boundary) * slotNs;
  return lateNs <= lateNsMax && lateNs >= -lateNsMax;
}

/** Places a read after the last one that was accepted. */
export function placeRead(last: Placed | undefined, read: ReadTime): PlaceResult {
  const lateNs = read.wallNs - BigInt(read.boundary) * slotNs;
  if (!isOnTime(read)) return { kind: 'refused', reason: 'late' };
  const { boundary, wallNs, monoNs } = read;
  if (last === undefined) return { kind: 'opened', placed: { boundary, wallNs, monoNs, covered: [] } };
  const intervalNs = monoNs - last.monoNs;
  if (intervalNs <= 0n) return { kind: 'refused', reason: 'duplicate' };

  const driftNs = wallNs - last.wallNs - intervalNs;
  const stepped = driftNs > lateNsMax || driftNs < -lateNsMax;
  // After a step the distance of the boundaries says nothing of the length: the monotonic clock does.
  const slots = stepped ? wholeSlots(intervalNs) : boundary - last.boundary;
  if (slots <= 0) return { kind: 'refused', reason: 'duplicate' };
  const slot = boundary - slots;
  const suspect = stepped || last.covered.some(({ from, to }) => slot < to && boundary > from);
  return {
    kind: 'closed',
    placed: { boundary, wallNs, monoNs, covered: cover(last.covered, { from: slot, to: boundary }) },
    placement: {
      slot,
      slots,
      suspect,
      intervalNs,
      readSpanNs: read.readSpanNs,
      lateNs,
      stepNs: stepped ? driftNs : 0n,
    },
  };
}

/** Lengthens the running stretch, or begins another after a step. */
function cover(covered: readonly Stretch[], next: Stretch): readonly Stretch[] {
  const running = covered.at(-1);
  if (running?.to === next.from) return covered.with(-1, { from: running.from, to: next.to });
  return [...covered, next].slice(-stretchesMax);
}

function wholeSlots(intervalNs: bigint): number {
  return Math.max(1, Number((intervalNs + lateNsMax) / slotNs));
}

export interface CounterRule {
  readonly name: string;
  /** Where the counter wraps. */
  readonly widthBits: 32 | 64;
  /** More than any link could add in a second; beyond it an increment is not believed. */
  readonly perSecondMax: bigint;
}

/** Packets: 64-byte frames at 800 Gb/s are 1.19e9 a second. Bytes: 800 Gb/s are 1e11. With room above. */
export const packetsPerSecondMax = 4_000_000_000n;
export const bytesPerSecondMax = 400_000_000_000n;

export type Difference =
  | { readonly kind: 'increment'; readonly increment: bigint }
  | { readonly kind: 'reset' | 'implausible' };

/** The increment between two raw values `intervalNs` apart. */
export function difference(rule: CounterRule, before: bigint, now: bigint, intervalNs: bigint): Difference {
  const most = (rule.perSecondMax * (intervalNs + slotNs)) / slotNs;
  const range = 1n << BigInt(rule.widthBits);
  if (now >= before) {
    const increment = now - before;
    // A small counter that may have gone round more than once in a long gap shows a rise that is none.
    const believed = increment <= most && (rule.widthBits === 64 || most < range);
    return believed ? { kind: 'increment', increment } : { kind: 'implausible' };
  }
  // A 32-bit counter may hold a value that no 32-bit counter can: then it is not one, and did not wrap.
  if (before >= range) return { kind: 'reset' };
  const wrapped = now + range - before;
  return wrapped <= most && most < range / 2n ? { kind: 'increment', increment: wrapped } : { kind: 'reset' };
}

/** One read of a group of counters. */
export interface GroupRead extends ReadTime {
  /** Which object is counted, 48 bits (identityOf): another value is another object under the same name. */
  readonly identity: bigint;
  readonly values: readonly bigint[];
  /** Set when another counter of the same object was seen to be reset since the last read: this group was, too. */
  readonly resetSeen?: EpochEnd | undefined;
}

export interface GroupState {
  readonly placed: Placed;
  readonly epoch: bigint;
  readonly values: readonly bigint[];
}

export interface ClosedSlot extends Placement {
  readonly state: 'observed' | 'bridged' | 'unknown';
  readonly epoch: bigint;
  readonly values: readonly bigint[];
  /** Null, all of them, exactly when the state is unknown. */
  readonly increments: readonly (bigint | null)[];
}

/** Why an epoch ended inside the slots just closed. */
export type EpochEnd =
  | { readonly why: 'replaced' }
  | { readonly why: 'reset' | 'implausible'; readonly counter: string; readonly before: bigint; readonly now: bigint };

export interface CloseResult {
  /** What to remember; the state that came in when the read was refused. */
  readonly state: GroupState | undefined;
  readonly closed: ClosedSlot | null;
  readonly refused: 'late' | 'duplicate' | null;
  readonly epochEnd: EpochEnd | null;
}

/** Closes the slots between the last accepted read of a group and this one. `rules[i]` belongs to `values[i]`. */
export function closeSlot(last: GroupState | undefined, read: GroupRead, rules: readonly CounterRule[]): CloseResult {
  const result = placeRead(last?.placed, read);
  if (result.kind === 'refused') return { state: last, closed: null, refused: result.reason, epochEnd: null };
  const { values } = read;
  if (last === undefined || result.kind === 'opened') {
    const state = { placed: result.placed, epoch: epochOf(read.identity, 0n), values };
    return { state, closed: null, refused: null, epochEnd: null };
  }
  const { placement, placed } = result;
  const { increments, epochEnd } = compare(last, read, rules, placement.intervalNs);
  const epoch = nextEpoch(last.epoch, read.identity, epochEnd !== null);
  const known = increments !== null;
  const closed: ClosedSlot = {
    ...placement,
    state: known ? (placement.slots === 1 ? 'observed' : 'bridged') : 'unknown',
    epoch,
    values,
    increments: increments ?? values.map(() => null),
  };
  return { state: { placed, epoch, values }, closed, refused: null, epochEnd };
}

function compare(
  last: GroupState,
  read: GroupRead,
  rules: readonly CounterRule[],
  intervalNs: bigint,
): { increments: bigint[] | null; epochEnd: EpochEnd | null } {
  if (identityOfEpoch(last.epoch) !== read.identity || last.values.length !== read.values.length) {
    return { increments: null, epochEnd: { why: 'replaced' } };
  }
  if (read.resetSeen !== undefined) return { increments: null, epochEnd: read.resetSeen };
  const increments: bigint[] = [];
  for (const [i, rule] of rules.entries()) {
    const before = last.values[i] as bigint;
    const now = read.values[i] as bigint;
    const change = difference(rule, before, now, intervalNs);
    if (change.kind !== 'increment') {
      return { increments: null, epochEnd: { why: change.kind, counter: rule.name, before, now } };
    }
    increments.push(change.increment);
  }
  return { increments, epochEnd: null };
}

/** Identity in the upper 48 bits, number of resets seen in the lower 16. */
export function epochOf(identity: bigint, resets: bigint): bigint {
  return (identity << resetBits) | (resets & resetMask);
}

export function identityOfEpoch(epoch: bigint): bigint {
  return epoch >> resetBits;
}

function nextEpoch(epoch: bigint, identity: bigint, ended: boolean): bigint {
  if (identityOfEpoch(epoch) !== identity) return epochOf(identity, 0n);
  return ended ? epochOf(identity, (epoch & resetMask) + 1n) : epoch;
}

/**
 * 48 bits that name an object by the parts that make it the one it is (boot id, ifindex ...). Equal parts give equal
 * identities in every run, so that a restarted collector knows its counters again. Two 32-bit FNV-1a hashes with
 * different beginnings: the first whole, 16 bits of the second.
 */
export function identityOf(...parts: readonly (string | number | bigint)[]): bigint {
  const text = parts.join('\u0000');
  let high = 0x811c9dc5;
  let low = 0x050c5d1f;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    high = Math.imul(high ^ unit, fnvPrime);
    low = Math.imul(low ^ unit ^ (high >>> 15), fnvPrime);
  }
  return (BigInt(high >>> 0) << 16n) | BigInt((low >>> 0) & 0xffff);
}

const fnvPrime = 0x01000193;
