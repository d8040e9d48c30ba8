import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { parseRange } from './address.ts';
import { classifyAddress } from './address-class.ts';
import { Deadline, unlessEnded } from './deadline.ts';
import type { OwnAddress, OwnPlaces } from './own-address.ts';

/** How the watch asks the system: as the product's own clients do, so that it finds what they find. */
export interface OwnLookups {
  /** All addresses of a name that the operator wrote down. */
  addressesOf(name: string): Promise<readonly string[]>;
  /** The addresses of this machine; null: it does not tell. */
  localAddresses(): readonly string[] | null;
}

export const systemLookups: OwnLookups = {
  addressesOf: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
  localAddresses: () => {
    try {
      return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
    } catch {
      return null;
    }
  },
};

/** Names are looked up again, and interfaces read again, once what is known is this old. */
const knownForMs = 10_000;
const lookupMs = 3_000;

/** Keeps where the product's own addresses are. Names move; one that cannot be looked up stays where it was. */
export class OwnWatch {
  readonly #entries: readonly OwnAddress[];
  readonly #lookups: OwnLookups;
  readonly #nowMs: () => number;
  readonly #known = new Map<string, readonly string[]>();
  /** A look-up of the system cannot be given up, and keeps a thread: never two of the same name. */
  readonly #asked = new Map<string, Promise<readonly string[]>>();
  #places: OwnPlaces | null = null;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;

  /** `nowMs`: a clock that never steps. */
  constructor(entries: readonly OwnAddress[], lookups: OwnLookups, nowMs: () => number) {
    this.#entries = entries;
    this.#lookups = lookups;
    this.#nowMs = nowMs;
  }

  /** Where they are; null: some name has never been found, so that nobody knows. Waits at most 3 s. */
  async places(): Promise<OwnPlaces | null> {
    if (this.#nowMs() - this.#readAtMs >= knownForMs) {
      this.#reading ??= this.#read().finally(() => {
        this.#reading = null;
      });
      await this.#reading;
    }
    return this.#places;
  }

  async #read(): Promise<void> {
    using deadline = new Deadline(lookupMs, new AbortController().signal);
    const names = new Set(this.#entries.flatMap((entry) => (entry.kind === 'name' ? [entry.name] : [])));
    await Promise.all([...names].map((name) => this.#lookUp(name, deadline.signal)));
    this.#places = [...names].every((name) => this.#known.has(name)) ? this.#compose() : null;
    // What is not known is asked for again at once: nothing is sent until then.
    if (this.#places !== null) this.#readAtMs = this.#nowMs();
  }

  async #lookUp(name: string, signal: AbortSignal): Promise<void> {
    let asked = this.#asked.get(name);
    if (asked === undefined) {
      asked = this.#lookups.addressesOf(name).catch(() => []);
      this.#asked.set(name, asked);
      asked.finally(() => this.#asked.delete(name));
    }
    const found = await unlessEnded(asked, signal);
    if (found !== undefined && found.length > 0) this.#known.set(name, found);
  }

  #compose(): OwnPlaces | null {
    const local = this.#lookups.localAddresses();
    if (local === null) return null;
    const ranges = this.#entries.flatMap((entry) =>
      entry.kind === 'range' ? [entry] : rangesOf(this.#known.get(entry.name) ?? [], entry.port, entry.text),
    );
    // Whatever listens here is not a receiver. Loopback is left to its own rule.
    const here = rangesOf(local, null, 'this machine').filter(
      ({ range }) => classifyAddress(range.first).class !== 'loopback',
    );
    const names = this.#entries.flatMap((entry) => (entry.kind === 'name' ? [entry] : []));
    return { names, ranges: [...ranges, ...here] };
  }
}

/** Addresses with a zone are left out: they are link-local, and refused as such. */
function rangesOf(addresses: readonly string[], port: number | null, text: string): OwnPlaces['ranges'] {
  return addresses.flatMap((address) => {
    const range = parseRange(address);
    return range === null ? [] : [{ range, port, text }];
  });
}
