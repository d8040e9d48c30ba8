import { xstatsCut } from '../../../core/counters/queues.ts';

/** `,hide_zero=true`: DPDK 23.03 and later; before, the program writes a line to its log for each such request. */
const hidesZeroSince = [23, 3] as const;
/** No driver has more; a peer that makes up names does not fill our memory: what is beyond is left out, and told as cut. */
const namesMax = 4096;
/** RTE_ETH_XSTATS_NAME_SIZE, with room. */
const nameCharactersMax = 128;
/** What an entry takes beside name and digits: quotes, colon, comma. */
const entryBytes = 4;
/** The key around the reply, and the longest entry that may not have fitted any more. */
const endBytes = 160;
const digitsMax = 20;

export interface XstatsReply {
  readonly names: readonly string[];
  readonly values: BigUint64Array;
  /** Whether zeros were left out. */
  readonly hidesZero: boolean;
  /** Whether the program could leave out zeros. */
  readonly mayBeShorter: boolean;
  /** Bytes a reply may have. */
  readonly bytesMax: number;
}

export interface Xstats {
  readonly values: ReadonlyMap<string, bigint>;
  /** Entries may be missing at the end: one that is absent is unknown. */
  readonly cut: boolean;
  /** Any counter that is absent is zero, also one whose name was never seen. */
  readonly absentIsZero: boolean;
  /** Entries of the reply. */
  readonly count: number;
}

/** "DPDK 23.03.0-rc1" and the like. */
export function canHideZero(version: string): boolean {
  const [, year = '0', month = '0'] = /(\d{2})\.(\d{2})/.exec(version) ?? [];
  const [sinceYear, sinceMonth] = hidesZeroSince;
  return Number(year) > sinceYear || (Number(year) === sinceYear && Number(month) >= sinceMonth);
}

/**
 * The extended counters of one ethdev. With zeros left out, replies are short and rarely cut; which counters there are
 * is then known from one whole reply before. An absent counter is zero only when zeros were left out and nothing was cut.
 */
export class XstatsReader {
  readonly #known = new Set<string>();
  #whole: 'complete' | 'cut' | undefined;

  /** Whether the next request may leave out zeros: the names have been read once since the queues changed. */
  get mayHideZero(): boolean {
    return this.#whole !== undefined;
  }

  /** The device was set up anew: it may have other counters. */
  forget(): void {
    this.#known.clear();
    this.#whole = undefined;
  }

  read({ names, values, hidesZero, bytesMax }: XstatsReply): Xstats {
    const told = new Map<string, bigint>();
    let leftOut = false;
    for (const [i, name] of names.entries()) {
      const value = values[i];
      // Some drivers give one name twice; rows are keyed by name, so the first one counts.
      if (value === undefined || name === '' || told.has(name)) continue;
      if (this.#mayKnow(name)) told.set(name, value);
      else leftOut = true;
    }
    const shown = xstatsCut(names.length, hidesZero);
    const cut = leftOut || shown.cut || isFull(names, values, bytesMax);
    if (!hidesZero) this.#whole = cut ? 'cut' : 'complete';
    const absentIsZero = shown.absentIsZero && !cut;
    if (absentIsZero) for (const name of this.#known) if (!told.has(name)) told.set(name, 0n);
    // Where all names are known there is nothing else that could be zero.
    return { values: told, cut, absentIsZero: absentIsZero && this.#whole !== 'complete', count: names.length };
  }

  #mayKnow(name: string): boolean {
    if (this.#known.has(name)) return true;
    if (name.length > nameCharactersMax || this.#known.size >= namesMax) return false;
    this.#known.add(name);
    return true;
  }
}

const nameBytes = new WeakMap<readonly string[], number>();

/** Whether one more entry might not have fitted into the reply: DPDK leaves out what does not, in silence. */
function isFull(names: readonly string[], values: BigUint64Array, bytesMax: number): boolean {
  let bytes = nameBytes.get(names);
  if (bytes === undefined) {
    bytes = names.reduce((sum, name) => sum + name.length + entryBytes, 0);
    nameBytes.set(names, bytes);
  }
  if (bytes + names.length * digitsMax + endBytes <= bytesMax) return false;
  return values.reduce((sum, value) => sum + String(value).length, bytes) + endBytes > bytesMax;
}
