import { event, hostFact } from '../../../core/catalogue/kinds.ts';
import { vringRun, vringSlot } from '../../../core/catalogue/ring-kinds.ts';
import { sleepMs } from '../../../core/runtime/clock.ts';
import { FourninesError } from '../../../core/runtime/error.ts';
import type { NativeFacade, RingSampler, RingSlotRow, RingTotals, TakenRings } from '../../../native/facade.ts';
import type { Accumulator } from '../../accumulator.ts';
import type { ProcessorThreads } from '../../processor-threads.ts';
import type { Source, Tick } from '../../source.ts';
import type { VhostSockets } from '../../vhost-sockets.ts';
import { AllGuests } from './all-guests.ts';
import { DpdkGuestFinder } from './dpdk-guests.ts';
import type { Found, FoundRing, RingFinder } from './finder.ts';
import { QemuGuestFinder } from './qemu-guests.ts';
import { runRowsOf, slotRowOf } from './ring-rows.ts';

/** Guests are looked for so often; those known are looked at each second. */
const findSeconds = 5;
const periodUs = 1000;
/** What one sampler takes. */
const ringsMax = 1024;
/** The second that has just ended is summed up some ms after its end: so long it is waited for, ms. */
const waitMs = 150;
const pollMs = 5;
/** What is not kept is written again, for as long as the sampler itself would keep it, s. */
const pendingSeconds = 120;
/** And at most so many rows: a tick that is refused must not grow until it is refused for its size. */
const pendingRowsMax = 32_768;
/** Seconds of a ring that was let go may still come. */
const forgetSeconds = 5;

export interface VringSourceOptions {
  readonly native: NativeFacade;
  readonly procRoot: string;
  readonly dpdkRuntimeDirs: readonly string[];
  readonly qemuMonitors: readonly string[];
  readonly vhostSockets: VhostSockets;
  readonly processorThreads: ProcessorThreads;
  /** For tests: other guests than those of DPDK and QEMU. */
  readonly finder?: RingFinder;
}

interface HeldRing {
  readonly ring: FoundRing;
  /** When it was let go, s. */
  goneAt: number | undefined;
}

/** Something to write until it is kept. */
interface Pending {
  readonly boundary: number;
  readonly rows: number;
  readonly write: (into: Accumulator) => void;
  isWritten: boolean;
}

/** Rings of guests, sampled at 1 kHz by a thread of the addon: each second what was sampled in it. */
export class VringSource implements Source {
  readonly name = 'vring';
  readonly kinds = [vringSlot, vringRun, hostFact, event];
  readonly #native: NativeFacade;
  readonly #finder: RingFinder;
  #sampler: RingSampler | undefined;
  #totals: RingTotals | undefined;
  #found: Found = { rings: [], refusals: [] };
  #foundAt = Number.NEGATIVE_INFINITY;
  /** By the sampler's id. */
  readonly #held = new Map<number, HeldRing>();
  #pending: Pending[] = [];
  #pendingRows = 0;
  /** Rows that were let go before anybody kept them, and have not been told of. */
  #dropped = 0;
  readonly #told = new Set<string>();
  /** What was last written of guests on their way, and what of it is kept. */
  #migrating: string | undefined;
  #keptMigrating: string | undefined;

  constructor(options: VringSourceOptions) {
    this.#native = options.native;
    this.#finder = options.finder ?? guestsOf(options);
  }

  async gather(tick: Tick, into: Accumulator): Promise<void> {
    await this.#finder.refresh?.(tick.boundary, tick.signal);
    this.#look(tick.boundary);
    if (this.#sampler !== undefined) await this.#take(this.#sampler, tick);
    // After what was sampled, so that a ring that has just ended is found anew at once.
    this.#adopt(tick.boundary);
    this.#write(tick.boundary, into);
    this.#writeMigrating(into);
    if (this.#migrating !== this.#keptMigrating) return;
    if (this.#found.rings.length + this.#found.refusals.length + this.#pending.length > 0) return;
    throw new FourninesError('FN_SOURCE_ABSENT', 'no guest has rings here');
  }

  kept(): void {
    this.#forget(({ isWritten }) => isWritten);
    this.#dropped = 0;
    this.#keptMigrating = this.#migrating;
  }

  async stop(): Promise<void> {
    this.#closeSampler();
    this.#finder.close?.();
    this.#foundAt = Number.NEGATIVE_INFINITY;
  }

  #closeSampler(): void {
    this.#sampler?.close();
    this.#sampler = undefined;
    this.#totals = undefined;
    this.#held.clear();
  }

  #look(boundary: number): void {
    if (Math.abs(boundary - this.#foundAt) >= findSeconds) {
      this.#foundAt = boundary;
      const found = this.#finder.find(boundary);
      this.#found = { ...found, rings: found.rings.slice(0, ringsMax) };
      this.#tellRefusals(boundary, found);
      return;
    }
    const before = this.#found.rings.length;
    this.#found = this.#finder.check(this.#found);
    // Whatever went may be back already, in another shape.
    if (this.#found.rings.length !== before) this.#foundAt = Number.NEGATIVE_INFINITY;
    for (const [id, held] of this.#held) {
      if (held.goneAt === undefined && !this.#found.rings.some(({ key }) => key === held.ring.key)) {
        this.#letGo(id, held, boundary);
      }
    }
  }

  #letGo(id: number, held: HeldRing, boundary: number): void {
    held.goneAt = boundary;
    this.#sampler?.remove(id);
    this.#tell(boundary, 'vring_let_go', held.ring, {});
  }

  /** Samples what is found and lets go what is not there any more. */
  #adopt(boundary: number): void {
    const wanted = new Map(this.#found.rings.map((ring) => [ring.key, ring]));
    for (const [id, held] of this.#held) {
      if (held.goneAt === undefined && !wanted.has(held.ring.key)) this.#letGo(id, held, boundary);
      if (held.goneAt === undefined) wanted.delete(held.ring.key);
      else if (boundary - held.goneAt > forgetSeconds) this.#held.delete(id);
    }
    for (const ring of wanted.values()) this.#sample(ring, boundary);
    if (this.#held.size === 0 && this.#sampler !== undefined) this.#closeSampler();
  }

  #sample(ring: FoundRing, boundary: number): void {
    this.#sampler ??= this.#native.openRings({ periodUs }) ?? undefined;
    if (this.#sampler === undefined) {
      throw new FourninesError('FN_SOURCE_FATAL', 'rings of guests need the addon', {
        context: { missing: 'native addon' },
      });
    }
    let refusal: FourninesError | undefined;
    for (const place of ring.places) {
      try {
        this.#held.set(this.#sampler.add(place), { ring, goneAt: undefined });
        const way = 'pid' in place ? 'copied' : 'mapped';
        const { size, queuesUnread } = ring;
        this.#tell(boundary, 'vring_seen', ring, { size, way, ...(queuesUnread > 0 ? { queuesUnread } : {}) });
        return;
      } catch (error) {
        if (!(error instanceof FourninesError) || error.code !== 'FN_NATIVE') throw error;
        refusal = error;
      }
    }
    this.#tellOnce(boundary, ring, String(refusal?.context['call']), Number(refusal?.context['errno']));
  }

  /** What the sampler has, once it has summed up the second that this tick closes. */
  async #take(sampler: RingSampler, { boundary, signal }: Tick): Promise<void> {
    const deadline = performance.now() + waitMs;
    for (;;) {
      const taken = sampler.take();
      this.#keep(taken, boundary);
      if (taken.totals.newestSlot >= BigInt(boundary - 1) || performance.now() >= deadline) return;
      await sleepMs(pollMs, signal);
    }
  }

  #keep({ slots, ended, totals }: TakenRings, boundary: number): void {
    for (const told of slots) {
      const ring = this.#held.get(told.id)?.ring;
      if (ring !== undefined) this.#keepSlot(ring, told, boundary);
    }
    for (const { id, why } of ended) {
      const held = this.#held.get(id);
      if (held === undefined || held.goneAt !== undefined) continue;
      held.goneAt = boundary;
      this.#tell(boundary, 'vring_ended', held.ring, { why });
      this.#foundAt = Number.NEGATIVE_INFINITY;
      this.#found = { ...this.#found, rings: this.#found.rings.filter(({ key }) => key !== held.ring.key) };
    }
    this.#keepTotals(totals, boundary);
  }

  #keepSlot(ring: FoundRing, told: RingSlotRow, boundary: number): void {
    const write = (into: Accumulator) => {
      const row = slotRowOf(into.host, ring, told);
      if (row === undefined) return;
      into.row(vringSlot, row);
      for (const run of runRowsOf(into.host, ring, told)) into.row(vringRun, run);
    };
    this.#later(boundary, write, 1 + told.runs.length);
    if (told.samples === 0 && told.suspect > 0) this.#tell(boundary, 'vring_suspect', ring, { samples: told.suspect });
  }

  #keepTotals(totals: RingTotals, boundary: number): void {
    const last = this.#totals;
    this.#totals = totals;
    if (last === undefined) return;
    for (const name of ['slotsSkipped', 'slotsRepeated', 'slotsLost'] as const) {
      const count = Number(totals[name] - last[name]);
      if (count > 0) this.#later(boundary, (into) => into.event(`vring_${eventNames[name]}`, 'vring', { count }));
    }
  }

  #tellRefusals(boundary: number, { refusals, rings }: Found): void {
    const now = refusals.map(({ guest, why }) => ({ guest, why, key: `${guest} ${why}` }));
    for (const { guest, why, key } of now) {
      if (!this.#told.has(key)) this.#later(boundary, (into) => into.event('vring_refused', guest, { why }));
    }
    const leftOut = rings.length - ringsMax;
    if (leftOut > 0 && !this.#told.has('left out'))
      this.#later(boundary, (into) => into.event('vring_left_out', 'vring', { count: leftOut }));
    this.#told.clear();
    for (const { key } of now) this.#told.add(key);
    if (leftOut > 0) this.#told.add('left out');
  }

  #tellOnce(boundary: number, ring: FoundRing, call: string, errno: number): void {
    const key = `${ring.key} ${call} ${errno}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#tell(boundary, 'vring_refused', ring, { why: `${call}: errno ${errno}` });
  }

  #tell(boundary: number, what: string, ring: FoundRing, detail: Readonly<Record<string, string | number>>): void {
    const { guest, port, direction, queue } = ring;
    this.#later(boundary, (into) => into.event(what, `${port} ${direction} ${queue}`, { guest, ...detail }));
  }

  #later(boundary: number, write: (into: Accumulator) => void, rows = 1): void {
    this.#pending.push({ boundary, rows, write, isWritten: false });
    this.#pendingRows += rows;
    for (let oldest = this.#pending[0]; oldest !== undefined && this.#pendingRows > pendingRowsMax; ) {
      this.#pending.shift();
      this.#pendingRows -= oldest.rows;
      this.#dropped += oldest.rows;
      oldest = this.#pending[0];
    }
  }

  /** One fact for all of them: a guest that left takes nothing with it that would have to be taken back. */
  #writeMigrating(into: Accumulator): void {
    const guests = this.#finder.migrating?.();
    if (guests === undefined) return;
    this.#migrating = migratingText(guests);
    into.fact('guests.migrating', this.#migrating, 'QEMU');
  }

  #forget(isDone: (pending: Pending) => boolean): void {
    this.#pending = this.#pending.filter((pending) => !isDone(pending));
    this.#pendingRows = this.#pending.reduce((sum, { rows }) => sum + rows, 0);
  }

  #write(boundary: number, into: Accumulator): void {
    this.#forget((pending) => Math.abs(boundary - pending.boundary) > pendingSeconds);
    if (this.#dropped > 0) into.event('vring_rows_lost', 'vring', { count: this.#dropped });
    for (const pending of this.#pending) {
      pending.write(into);
      pending.isWritten = true;
    }
  }
}

const guestsNamedMax = 5;

function migratingText(guests: ReadonlyMap<string, string>): string {
  const names = [...guests].sort(([a], [b]) => (a < b ? -1 : 1)).map(([guest, word]) => `${guest} (${word})`);
  const more = names.length - guestsNamedMax;
  return `${names.slice(0, guestsNamedMax).join(', ') || 'none'}${more > 0 ? ` and ${more} more` : ''}`;
}

function guestsOf({ procRoot, dpdkRuntimeDirs, qemuMonitors, vhostSockets, processorThreads }: VringSourceOptions) {
  const sockets = vhostSockets;
  const qemu = { procRoot, monitors: qemuMonitors, sockets, processorThreads };
  return new AllGuests([
    new DpdkGuestFinder({ procRoot, dpdkRuntimeDirs, sockets }),
    ...(qemuMonitors.length === 0 ? [] : [new QemuGuestFinder(qemu)]),
  ]);
}

const eventNames = { slotsSkipped: 'slots_skipped', slotsRepeated: 'slots_repeated', slotsLost: 'slots_lost' } as const;
