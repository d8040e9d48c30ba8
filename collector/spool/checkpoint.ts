import type { KeptState } from '../counter-states.ts';
import type { KeptRows } from '../resume.ts';
import type { Stretch } from '../slot.ts';

/** Counter groups in one record: a record of some hundred kB. */
const groupsPerPart = 2048;
const version = 1;

/** Where each counter stood after a tick that the spool has taken. */
export interface Checkpoint {
  readonly tick: NonNullable<KeptRows['tick']>;
  readonly states: ReadonlyMap<string, KeptState>;
}

/** A group as it is written: key, boundary, wall ns, monotonic ns, covered, epoch, values, written. */
type WrittenGroup = readonly [
  string,
  number,
  string,
  string,
  readonly (readonly [number, number])[],
  string,
  readonly string[],
  0 | 1,
];

interface Part {
  readonly version: number;
  readonly part: number;
  readonly parts: number;
  readonly tick: {
    readonly bootId: string;
    readonly wallNs: string;
    readonly monoNs: string;
    readonly boundary: number;
  };
  readonly groups: readonly WrittenGroup[];
}

/** One record each; all of them make the checkpoint. JSON: written every few minutes, read at a start only. */
export function encodeCheckpoint({ tick, states }: Checkpoint): Uint8Array[] {
  const groups = [...states].map(writtenGroup);
  const parts = Math.max(1, Math.ceil(groups.length / groupsPerPart));
  return Array.from({ length: parts }, (_, part) => {
    const whole: Part = {
      version,
      part,
      parts,
      tick: { ...tick, wallNs: String(tick.wallNs), monoNs: String(tick.monoNs) },
      groups: groups.slice(part * groupsPerPart, (part + 1) * groupsPerPart),
    };
    return Buffer.from(JSON.stringify(whole));
  });
}

function writtenGroup([key, { placed, epoch, values, written }]: readonly [string, KeptState]): WrittenGroup {
  const covered = placed.covered.map(({ from, to }) => [from, to] as const);
  const times = [placed.boundary, String(placed.wallNs), String(placed.monoNs)] as const;
  return [key, ...times, covered, String(epoch), values.map(String), written ? 1 : 0];
}

/** Puts parts together as they come by; a checkpoint with a part missing is none. */
export class CheckpointJoiner {
  #states = new Map<string, KeptState>();
  #next = 0;

  /** The checkpoint that this part completes. */
  add(bytes: Uint8Array): Checkpoint | undefined {
    // Our own bytes with a right checksum: of an older or newer version, or whole.
    const part = JSON.parse(Buffer.from(bytes).toString()) as Part;
    if (part.version !== version) return undefined;
    if (part.part === 0) {
      this.#states = new Map();
      this.#next = 0;
    }
    if (part.part !== this.#next) return undefined;
    this.#next++;
    for (const group of part.groups) this.#states.set(group[0], stateOf(group));
    if (this.#next < part.parts) return undefined;
    this.#next = 0;
    const { bootId, boundary, wallNs, monoNs } = part.tick;
    return { tick: { bootId, boundary, wallNs: BigInt(wallNs), monoNs: BigInt(monoNs) }, states: this.#states };
  }
}

function stateOf([, boundary, wallNs, monoNs, covered, epoch, values, written]: WrittenGroup): KeptState {
  const stretches = covered.map(([from, to]): Stretch => ({ from, to }));
  return {
    placed: { boundary, wallNs: BigInt(wallNs), monoNs: BigInt(monoNs), covered: stretches },
    epoch: BigInt(epoch),
    values: values.map(BigInt),
    written: written === 1,
  };
}

/** Whether a checkpoint begins with this record. */
export function isFirstPart(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, 40).includes('"part":0,');
}
