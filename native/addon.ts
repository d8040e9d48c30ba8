import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { assert } from '../core/runtime/error.ts';
import {
  checkCpus,
  checkNic,
  checkNics,
  checkPeriod,
  checkStallOptions,
  checkTelemetryPath,
  checkThreads,
  sum,
} from './arguments.ts';
import {
  type EthtoolCounters,
  type Link,
  type LinkTable,
  linkStride,
  type NativeFacade,
  type PacedConnection,
  type QdiscTable,
  type QueueTable,
  queueStride,
  type RingSampler,
  type StallOptions,
  type StallSampler,
} from './facade.ts';
import { splitNames } from './names.ts';
import { closedError, nativeErrorOf } from './native-error.ts';
import { type RingsBinding, Sampler } from './rings.ts';
import { openSampler, type StallBinding } from './stalls.ts';
import { openConnection, type TelemetryBinding } from './telemetry.ts';

/** `kBindingVersion` of src/addon.cc. */
const bindingVersion = 5;
/** `kLinkFields` of src/links.h: ifindex, flags, mtu, master, lower. */
const linkFields = 5;

/** Where build.mjs puts it. */
export const addonFile = fileURLToPath(new URL('./build/fournines.node', import.meta.url));

/** src/addon.cc. Lists of strings come and go as one string, each followed by a NUL. */
export interface Binding extends TelemetryBinding, RingsBinding, StallBinding {
  readonly version: number;
  open(): object;
  close(handle: object): void;
  clocks(out: BigUint64Array): void;
  readThreads(threads: Uint32Array, out: BigUint64Array): void;
  links(handle: object): { text: string; fields: Uint32Array; counters: BigUint64Array };
  qdiscs(handle: object): {
    ifindex: Uint32Array;
    handle: Uint32Array;
    parent: Uint32Array;
    kinds: string;
    drops: BigUint64Array;
  };
  queues(handle: object): QueueTable | null;
  ethtoolNames(handle: object, nic: string): string;
  ethtoolDriver(handle: object, nic: string): string;
  ethtoolCounters(
    handle: object,
    nics: string,
    wanted: Uint32Array,
    starts: Int32Array,
    actual: Uint32Array,
    values: BigUint64Array,
  ): number;
  affinity(): Uint32Array;
  setAffinity(cpus: Uint32Array): void;
}

/** Loads the library; throws what the loader throws when it is not there or was built for another machine. */
export function loadBinding(file: string = addonFile): Binding {
  const binding: Binding = createRequire(import.meta.url)(file);
  assert(binding.version === bindingVersion, `the addon has version ${binding.version}, not ${bindingVersion}`);
  return binding;
}

/** The addon's form can more than every form must. */
interface AddonFacade extends NativeFacade {
  openStalls(options: StallOptions): StallSampler;
  openTelemetry(path: string, options: { readonly deadlineMs: number }): Promise<PacedConnection>;
  openRings(options: { readonly periodUs: number }): RingSampler;
}

export function openAddon(file: string = addonFile): AddonFacade {
  const binding = loadBinding(file);
  return new Addon(binding);
}

class Addon implements AddonFacade {
  readonly form = 'addon';
  readonly #binding: Binding;
  readonly #handle: object;
  readonly #clocks = new BigUint64Array(2);
  readonly #connections = new Set<PacedConnection>();
  readonly #samplers = new Set<RingSampler>();
  #isClosed = false;
  #lastTable: { readonly text: string; readonly fields: Uint32Array; readonly links: readonly Link[] } | null = null;

  constructor(binding: Binding) {
    this.#binding = binding;
    this.#handle = called(() => binding.open());
  }

  clocks(): readonly [wallNs: bigint, monoNs: bigint] {
    this.#demandOpen();
    called(() => this.#binding.clocks(this.#clocks));
    const [wallNs, monoNs] = this.#clocks;
    assert(wallNs !== undefined && monoNs !== undefined, 'two clocks');
    return [wallNs, monoNs];
  }

  readThreads(threads: Uint32Array, out: BigUint64Array): void {
    checkThreads(threads, out);
    this.#demandOpen();
    called(() => this.#binding.readThreads(threads, out));
  }

  openStalls(options: StallOptions): StallSampler {
    checkStallOptions(options);
    this.#demandOpen();
    return openSampler(this.#binding, this.#handle, options);
  }

  links(): LinkTable {
    const { text, fields, counters } = called(() => this.#binding.links(this.#handle));
    assert((fields.length / linkFields) * linkStride === counters.length, 'a row of counters for each link');
    // NICs rarely change from call to call: the same objects again spare the garbage collector.
    if (this.#lastTable?.text !== text || !isSame(this.#lastTable.fields, fields)) {
      this.#lastTable = { text, fields, links: toLinks(text, fields) };
    }
    return { links: this.#lastTable.links, counters };
  }

  qdiscs(): QdiscTable {
    const table = called(() => this.#binding.qdiscs(this.#handle));
    const kinds = splitNames(table.kinds);
    assert(kinds.length === table.drops.length, 'a kind for each qdisc');
    return { ...table, kinds };
  }

  queues(): QueueTable | null {
    const table = called(() => this.#binding.queues(this.#handle));
    assert(
      table === null || table.counters.length === table.present.length * queueStride,
      'a row of counters for each queue',
    );
    return table;
  }

  ethtoolNames(nic: string): readonly string[] {
    checkNic(nic);
    return splitNames(called(() => this.#binding.ethtoolNames(this.#handle, nic)));
  }

  ethtoolDriver(nic: string): string | null {
    checkNic(nic);
    return called(() => this.#binding.ethtoolDriver(this.#handle, nic)) || null;
  }

  ethtoolCounters(nics: readonly string[], counts: Uint32Array): EthtoolCounters {
    checkNics(nics, counts);
    const starts = new Int32Array(nics.length);
    const actual = new Uint32Array(nics.length);
    const values = new BigUint64Array(sum(counts));
    const names = nics.map((nic) => `${nic}\0`).join('');
    const used = called(() => this.#binding.ethtoolCounters(this.#handle, names, counts, starts, actual, values));
    return { values: values.subarray(0, used), starts, counts: actual };
  }

  affinity(): readonly number[] {
    this.#demandOpen();
    return [...called(() => this.#binding.affinity())];
  }

  setAffinity(cpus: readonly number[]): boolean {
    checkCpus(cpus);
    this.#demandOpen();
    called(() => this.#binding.setAffinity(Uint32Array.from(cpus)));
    return true;
  }

  openTelemetry(path: string, { deadlineMs }: { readonly deadlineMs: number }): Promise<PacedConnection> {
    checkTelemetryPath(path, deadlineMs);
    this.#demandOpen();
    return this.#openTelemetry(path, deadlineMs);
  }

  async #openTelemetry(path: string, deadlineMs: number): Promise<PacedConnection> {
    const connection = await openConnection(this.#binding, path, deadlineMs, () =>
      this.#connections.delete(connection),
    );
    this.#connections.add(connection);
    if (this.#isClosed) {
      await connection.close();
      throw closedError();
    }
    return connection;
  }

  openRings({ periodUs }: { readonly periodUs: number }): RingSampler {
    checkPeriod(periodUs);
    this.#demandOpen();
    const sampler = called(() => new Sampler(this.#binding, periodUs, () => this.#samplers.delete(sampler)));
    this.#samplers.add(sampler);
    return sampler;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const sampler of this.#samplers) sampler.close();
    for (const connection of this.#connections) void connection.close();
    called(() => this.#binding.close(this.#handle));
  }

  /** For calls that need no socket; the others are refused by the closed handle itself. */
  #demandOpen(): void {
    if (this.#isClosed) throw closedError();
  }
}

/** Runs a call of the binding; its error carries the call's name and errno as properties. */
function called<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw nativeErrorOf(error);
  }
}

function toLinks(text: string, fields: Uint32Array): readonly Link[] {
  const texts = splitNames(text);
  assert(texts.length * linkFields === fields.length * 3, 'three texts for each link');
  return Array.from({ length: fields.length / linkFields }, (_, i) => {
    const [name = '', linkKind = '', memberKind = ''] = texts.slice(3 * i, 3 * i + 3);
    const [ifindex = 0, flags = 0, mtu = 0, master = 0, lower = 0] = fields.subarray(
      linkFields * i,
      linkFields * (i + 1),
    );
    return { name, ifindex, flags, mtu, master, lower, linkKind, memberKind };
  });
}

function isSame(a: Uint32Array, b: Uint32Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
