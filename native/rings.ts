import { assert } from '../core/runtime/error.ts';
import { checkRing } from './arguments.ts';
import {
  type MappedRing,
  type RemoteRing,
  type RingRun,
  type RingSampler,
  type RingSlotRow,
  type RingTotals,
  ringBuckets,
  ringEnds,
  type TakenRings,
} from './facade.ts';
import { closedError, nativeErrorOf } from './native-error.ts';

/** appendTotals of src/rings.cc. */
const totalNames = [
  'ticks',
  'late',
  'missed',
  'latenessNs',
  'latenessNsMax',
  'slotsSkipped',
  'slotsRepeated',
  'slotsLost',
  'newestSlot',
  'cpuNs',
] as const satisfies readonly (keyof RingTotals)[];
/** appendSlot of src/rings.cc: before and after the buckets, of a run, of an ending. */
const headFields = 8;
const rowFields = headFields + ringBuckets + 7;
const runFields = 5;
const endFields = 3;
const idMax = 0xffff_ffff;

/** src/rings.h. */
export interface RingsBinding {
  ringsOpen(periodUs: number): object;
  ringsAdd(handle: object, id: number, path: string, place: BigUint64Array): void;
  ringsAddRemote(handle: object, id: number, place: BigUint64Array): void;
  ringsRemove(handle: object, id: number): void;
  ringsTake(handle: object): RawRings;
  ringsClose(handle: object): void;
}

interface RawRings {
  readonly totals: BigUint64Array;
  readonly slots: BigUint64Array;
  readonly runs: BigUint64Array;
  readonly ended: BigUint64Array;
}

/** The addon's sampler; `onClose` is called when it is closed. */
export class Sampler implements RingSampler {
  readonly #binding: RingsBinding;
  readonly #handle: object;
  readonly #onClose: () => void;
  #lastId = 0;
  #isClosed = false;

  constructor(binding: RingsBinding, periodUs: number, onClose: () => void) {
    this.#binding = binding;
    this.#handle = binding.ringsOpen(periodUs);
    this.#onClose = onClose;
  }

  add(ring: MappedRing | RemoteRing): number {
    checkRing(ring);
    assert(this.#lastId < idMax, 'ids of rings are used up');
    const id = ++this.#lastId;
    const shape = [BigInt(ring.size), ring.direction === 'toGuest' ? 0n : 1n];
    this.#call(() => {
      if ('pid' in ring) {
        const place = BigUint64Array.from([BigInt(ring.pid), ring.usedAddress, ring.availAddress, ...shape]);
        this.#binding.ringsAddRemote(this.#handle, id, place);
      } else {
        const place = BigUint64Array.from([ring.device, ring.inode, ring.usedOffset, ring.availOffset, ...shape]);
        this.#binding.ringsAdd(this.#handle, id, ring.path, place);
      }
    });
    return id;
  }

  remove(id: number): void {
    this.#call(() => this.#binding.ringsRemove(this.#handle, id));
  }

  take(): TakenRings {
    const raw = this.#call(() => this.#binding.ringsTake(this.#handle));
    return { totals: toTotals(raw.totals), slots: toSlots(raw), ended: toEnded(raw.ended) };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#onClose();
    this.#binding.ringsClose(this.#handle);
  }

  #call<T>(call: () => T): T {
    if (this.#isClosed) throw closedError();
    try {
      return call();
    } catch (error) {
      throw nativeErrorOf(error);
    }
  }
}

function toTotals(fields: BigUint64Array): RingTotals {
  assert(fields.length === totalNames.length, 'totals of a sampler');
  const entries = totalNames.map((name, i) => [name, fields[i] ?? 0n] as const);
  return Object.fromEntries(entries) as Record<(typeof totalNames)[number], bigint>;
}

function toSlots({ slots, runs }: RawRings): RingSlotRow[] {
  const rows: RingSlotRow[] = [];
  let runAt = 0;
  for (let at = 0; at < slots.length; at += rowFields) {
    const tail = slots.subarray(at + headFields + ringBuckets, at + rowFields);
    const runCount = Number(tail[6]);
    rows.push(toRow(slots.subarray(at, at + headFields + ringBuckets), tail, toRuns(runs, runAt, runCount)));
    runAt += runCount;
  }
  assert(runAt * runFields === runs.length, 'a slot for each run');
  return rows;
}

function toRow(head: BigUint64Array, tail: BigUint64Array, runs: readonly RingRun[]): RingSlotRow {
  const [id, slot, samples, suspect, late, missed, fillMax, fillP99, ...fills] = Array.from(head, Number);
  const [fullNs = 0n, fullRunNs = 0n, fullRunAtNs = 0n, emptyNs = 0n, emptyRunNs = 0n, runsLeftOut = 0n] = tail;
  return {
    id: id ?? 0,
    slot: slot ?? 0,
    samples: samples ?? 0,
    suspect: suspect ?? 0,
    late: late ?? 0,
    missed: missed ?? 0,
    fillMax: fillMax ?? 0,
    fillP99: fillP99 ?? 0,
    fills,
    fullNs,
    fullRunNs,
    fullRunAtNs,
    emptyNs,
    emptyRunNs,
    runs,
    runsLeftOut: Number(runsLeftOut),
  };
}

function toRuns(runs: BigUint64Array, first: number, count: number): RingRun[] {
  return Array.from({ length: count }, (_, i) => {
    const at = (first + i) * runFields;
    const [fromNs = 0n, lengthNs = 0n, lengthNsMin = 0n, lengthNsMax = 0n, continues = 0n] = runs.subarray(
      at,
      at + runFields,
    );
    return { fromNs, lengthNs, lengthNsMin, lengthNsMax, continues: Number(continues) };
  });
}

function toEnded(fields: BigUint64Array): TakenRings['ended'] {
  return Array.from({ length: fields.length / endFields }, (_, i) => {
    const [id = 0n, why = 0n, wallNs = 0n] = fields.subarray(i * endFields, (i + 1) * endFields);
    return { id: Number(id), why: ringEnds[Number(why)] ?? 'faulted', wallNs };
  });
}
