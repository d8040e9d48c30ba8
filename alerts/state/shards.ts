/**
 * A map as plain JSON that is never changed in place, in 256 parts: a change copies one part, so that a state of thousands of
 * alerts costs a small and bounded amount for each change, and the state before it is still there if its transaction fails.
 */
export interface Shards<T> {
  readonly size: number;
  /** null: nothing is in that part. */
  readonly parts: readonly (Readonly<Record<string, T>> | null)[];
}

const partsCount = 256;

export function noShards<T>(): Shards<T> {
  return { size: 0, parts: Array<null>(partsCount).fill(null) };
}

/**
 * The part of a key: FNV-1a over its UTF-16 units. Keys are hashes or begin with a bracket, so none is a name of Object's
 * own.
 */
function partOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 8) ^ (hash >>> 16)) & (partsCount - 1);
}

/** Shards that are being changed: what is written is copied first, once. */
export class ShardsDraft<T> {
  #size: number;
  #parts: (Readonly<Record<string, T>> | null)[];
  readonly #before: Shards<T>;
  readonly #own = new Map<number, Record<string, T>>();

  constructor(before: Shards<T>) {
    this.#before = before;
    this.#size = before.size;
    this.#parts = before.parts as (Readonly<Record<string, T>> | null)[];
  }

  get size(): number {
    return this.#size;
  }

  get(key: string): T | undefined {
    return this.#parts[partOf(key)]?.[key];
  }

  set(key: string, value: T): void {
    const own = this.#owned(partOf(key));
    if (own[key] === undefined) this.#size++;
    own[key] = value;
  }

  delete(key: string): void {
    const own = this.#owned(partOf(key));
    if (own[key] === undefined) return;
    this.#size--;
    delete own[key];
  }

  *values(): Generator<T> {
    for (const part of this.#parts) if (part !== null) yield* Object.values(part);
  }

  /** The same object as before when nothing was written. */
  done(): Shards<T> {
    if (this.#own.size === 0) return this.#before;
    // Those that were emptied; to look into all of them would cost as much as copying them.
    for (const [index, own] of this.#own) if (Object.keys(own).length === 0) this.#parts[index] = null;
    return { size: this.#size, parts: this.#parts };
  }

  #owned(index: number): Record<string, T> {
    const own = this.#own.get(index);
    if (own !== undefined) return own;
    if (this.#own.size === 0) this.#parts = [...this.#parts];
    const copy = { ...this.#parts[index] };
    this.#parts[index] = copy;
    this.#own.set(index, copy);
    return copy;
  }
}

export interface ShardChanges<T> {
  readonly puts: readonly (readonly [key: string, value: T])[];
  readonly deletes: readonly string[];
}

/** What turns one into the other. Parts that are the same object are not looked into. */
export function changesBetween<T>(before: Shards<T>, after: Shards<T>): ShardChanges<T> {
  const puts: [string, T][] = [];
  const deletes: string[] = [];
  for (const [index, next] of after.parts.entries()) {
    const last = before.parts[index] ?? null;
    if (last === next) continue;
    for (const [key, value] of Object.entries(next ?? {})) if (last?.[key] !== value) puts.push([key, value]);
    for (const key of Object.keys(last ?? {})) if (next?.[key] === undefined) deletes.push(key);
  }
  return { puts, deletes };
}

export function shardsOf<T>(entries: Iterable<readonly [key: string, value: T]>): Shards<T> {
  const draft = new ShardsDraft<T>(noShards());
  for (const [key, value] of entries) draft.set(key, value);
  return draft.done();
}
