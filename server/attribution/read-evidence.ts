import type { Direction } from '../../core/catalogue/kind-parts.ts';
import type { DropPlace } from '../../core/catalogue/kinds.ts';
import type { Version } from '../objects/object.ts';
import { portRow } from '../seal/port-row.ts';
import { delivery } from '../sli/packet-delivery.ts';
import { pathOwners } from '../store/queries/attributions.ts';
import { slotRows } from '../store/queries/slot-rows.ts';
import { type QueryContext, runQuery } from '../store/run-query.ts';
import { rateOf, savedAfter } from './contracts.ts';
import { type ContractRate, type Evidence, slotsMax } from './evidence.ts';
import { absenceAround } from './host-absence.ts';
import { HostRings } from './host-rings.ts';
import { HostThreads } from './host-threads.ts';
import { currentRules, ruleOf } from './rules.ts';

/** A row of drops that owners are wanted for. */
export interface DropRow {
  readonly host: string;
  readonly port: string;
  readonly direction: Direction;
  readonly cause: string;
  readonly place: DropPlace;
  readonly slot: number;
  readonly slots: number;
  readonly packets: bigint;
}

/** So long before a row its traffic is looked at: by then a bucket of most contracts has shown how full it is, s. */
const backSeconds = 30;

/** Readings of rings and threads are kept second by second: of longer rows there would be too many, s. */
const ringSlotsMax = 15;

interface Span {
  readonly from: number;
  readonly to: number;
}

type Offered = ReadonlyMap<number, bigint | null>;

/**
 * Reads what rules need for rows of one host that lie near each other: traffic of their paths, what was bought, rings and
 * threads. Whatever is not there is null, never zero. Rows of one path come in the order in which they are attributed.
 */
export class EvidenceReader {
  readonly #store: QueryContext;
  readonly #versions: readonly Version[];
  readonly #span: Span;
  readonly #offered = new Map<string, Offered>();
  readonly #taken = new Map<string, Taken[]>();
  readonly #threads: HostThreads;
  readonly #rings: HostRings;

  constructor(
    store: QueryContext,
    { host, span, versions }: { readonly host: string; readonly span: Span; readonly versions: readonly Version[] },
  ) {
    this.#store = store;
    this.#span = { from: Math.max(0, span.from - backSeconds), to: span.to + 1 };
    this.#versions = versions;
    this.#threads = new HostThreads(store, host, this.#span);
    this.#rings = new HostRings(store, host, this.#span);
  }

  async read(row: DropRow): Promise<Evidence> {
    const needs = (ruleOf(row, currentRules)?.needs ?? []).filter(
      (need) => row.slots <= slotsMax || need === 'absence',
    );
    const { host, port, direction, cause, place, slot, slots, packets } = row;
    const own = { host, port, direction, cause, place, slot, slots, packets };
    const absence = needs.includes('absence') ? await absenceAround(this.#store, row) : null;
    const bare = { ...own, absence };
    const rate = needs.includes('rate') ? await this.#rate(row) : { offered: [], contract: null };
    if (!needs.includes('rings') || slots > ringSlotsMax)
      return { ...bare, ...rate, rings: null, guest: null, pmds: null };
    const rings = await this.#rings.around(row);
    return { ...bare, ...rate, rings, ...(await this.#threads.around(row)) };
  }

  /** What a row was given of the excess of its path: later rows of other causes get less. */
  gave(row: DropRow, contract: bigint): void {
    // What was given for another reason is no part of an excess; one that was given has been asked for what was taken.
    if (rankOf(row.cause) < 2 && contract > 0n) this.#taken.get(pathOf(row))?.push({ ...row, contract });
  }

  async #rate(row: DropRow): Promise<Pick<Evidence, 'offered' | 'contract'>> {
    const offered = await this.#offeredOf(row);
    const at = (slot: number) => offered.get(slot) ?? null;
    const own = Array.from({ length: row.slots }, (_, i) => at(row.slot + i));
    const rate = rateOf(this.#versions, row);
    if (rate === null) return { offered: own, contract: null };
    const before = Array.from({ length: backSeconds }, (_, i) => at(row.slot - backSeconds + i));
    const contract: ContractRate = {
      ...rate,
      savedPackets: savedAfter(rate, before),
      takenPackets: await this.#takenFrom(row),
    };
    return { offered: own, contract };
  }

  /** Offered packets of each second of the span that one row alone tells. */
  async #offeredOf(row: DropRow): Promise<Offered> {
    const known = this.#offered.get(pathOf(row));
    if (known !== undefined) return known;
    const { host, port, direction } = row;
    const asked = { host, port, direction, ...this.#span, steps: '', step: 1 };
    const offered = new Map<number, bigint | null>();
    for (const told of (await runQuery(this.#store, slotRows, asked)).map(portRow)) {
      const isPlain = told.slots === 1 && told.state !== 'unknown' && !told.suspect && !offered.has(told.slot);
      const sums = { ...told, direction, dropsBeside: 0n };
      offered.set(told.slot, isPlain ? delivery(sums).offered : null);
    }
    this.#offered.set(pathOf(row), offered);
    return offered;
  }

  /** What causes that come before this one were given of the same seconds. */
  async #takenFrom(row: DropRow): Promise<bigint> {
    let taken = this.#taken.get(pathOf(row));
    if (taken === undefined) {
      const { host, port, direction } = row;
      const found = await runQuery(this.#store, pathOwners, { host, port, direction, ...this.#span });
      taken = found.map((each) => ({ ...each, contract: BigInt(each.contract) }));
      this.#taken.set(pathOf(row), taken);
    }
    const before = taken.filter(
      (each) => comesBefore(each, row) && each.slot < row.slot + row.slots && row.slot < each.slot + each.slots,
    );
    const newest = new Map(
      before.map((each) => [`${each.slot} ${each.slots} ${each.cause} ${each.place}`, each.contract]),
    );
    return [...newest.values()].reduce((sum, packets) => sum + packets, 0n);
  }
}

interface Taken extends Pick<DropRow, 'cause' | 'place' | 'slot' | 'slots'> {
  readonly contract: bigint;
}

/** Limits come first, one after the other; what is left of the excess explains a full ring. */
export function comesBefore(one: Pick<DropRow, 'cause' | 'place'>, other: Pick<DropRow, 'cause' | 'place'>): boolean {
  const [a, b] = [rankOf(one.cause), rankOf(other.cause)];
  if (a !== b) return a < b;
  return a === 0 && `${one.cause} ${one.place}` < `${other.cause} ${other.place}`;
}

/** 0: a limit; 1: what may be given what limits leave; 2: whatever is given for another reason. */
function rankOf(cause: string): number {
  const rule = currentRules.rules.find(({ causes }) => (causes as readonly string[]).includes(cause));
  if (rule?.needs?.includes('rate') !== true) return 2;
  return rule.needs.includes('rings') ? 1 : 0;
}

function pathOf({ port, direction }: Pick<DropRow, 'port' | 'direction'>): string {
  return `${port} ${direction}`;
}
