import type { Part } from '../../core/runtime/lifecycle.ts';
import { TurnLoop, type TurnLoopStats, type TurnTaking } from '../control/turn-loop.ts';
import { StoredChanges } from '../judge/stored-changes.ts';
import type { Objects } from '../objects/objects.ts';
import { OwnRows } from '../store/own-rows.ts';
import { lastAttributed, unattributed } from '../store/queries/unattributed.ts';
import { type QueryContext, type RowsOf, runQuery } from '../store/run-query.ts';
import { type AttributionRow, attributionRow, writeAttributions } from './attribution-table.ts';
import { comesBefore, type DropRow, EvidenceReader } from './read-evidence.ts';
import { attribute } from './rules.ts';

export interface AttributorOptions extends TurnTaking {
  readonly store: QueryContext;
  readonly objects: Pick<Objects, 'within'>;
  /** Resolves when the control store can be asked; rejects with the signal's reason. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  /** Folder for files on their way into the store; the attributor's own. */
  readonly folder: string;
  readonly nowMs: () => number;
  /** Held while owners go in. */
  readonly pass?: ((signal: AbortSignal) => Promise<Disposable>) | undefined;
  /** How often what is stored is looked at, ms. */
  readonly everyMs?: number;
}

export interface AttributorStats extends TurnLoopStats {
  /** Rows that were written by this process, and those of them that supersede another. */
  readonly rows: number;
  readonly revisions: number;
}

type Waiting = RowsOf<typeof unattributed>[number];

const quarterSeconds = 900;
/** Raw rows live 7 days. */
const backSeconds = 6 * 86_400;
/** What rules read of a row is stored so long after it ends, s; what is later makes a revision. */
const settleSeconds = 3;
/** Rows of one question, and of one stretch: bounds on an answer and on an insert. */
const pageRows = 5_000;
const stretchRowsMax = 50_000;
const batchRows = 500;
/** Rows of one host are attributed together when they lie within so many seconds. */
const batchSeconds = 900;
/** Rows that were looked at again to no end are remembered: about 100 bytes each. */
const seenMax = 50_000;

/**
 * Says whose lost packets are: follows what is stored, reads what rules need, and writes owners with all that they rest on. What
 * is done is read from the store alone, so it goes on after a kill where it was; what comes late makes another revision.
 */
export class Attributor implements Part {
  readonly name = 'attributor';
  readonly #options: AttributorOptions;
  readonly #rows: OwnRows;
  readonly #loop: TurnLoop;
  /** Rows that were looked at again, and up to which change of their minute. */
  readonly #seen = new Map<string, string>();
  #changes: StoredChanges | undefined;
  readonly #stats = { rows: 0, revisions: 0 };

  constructor(options: AttributorOptions) {
    this.#options = options;
    this.#rows = new OwnRows(options.store.engine, options.folder);
    const work = (turn: AbortSignal) => {
      // Whoever had the turn meanwhile has written more.
      this.#changes = undefined;
      return this.#loop.repeat(turn, options.everyMs ?? 2_000, (signal) => this.look(signal));
    };
    const failure = 'lost packets were given no owners; it is tried again';
    this.#loop = new TurnLoop({ ...options, work, failure });
  }

  get stats(): AttributorStats {
    return { ...this.#stats, ...this.#loop.stats };
  }

  async start(): Promise<void> {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** Looks once at whatever was stored since the last look. Rejects when the store or the control store is away. */
  async look(signal: AbortSignal): Promise<void> {
    const store = { ...this.#options.store, signal };
    const nowMs = this.#options.nowMs();
    this.#changes ??= await this.#begin(store);
    const changes = this.#changes;
    // Until all of it is done, the same is told again.
    const touched = await changes.peek(store, nowMs);
    for (const span of stretchesOf(touched.quarters.values())) await this.#attributeSpan(store, span, signal);
    changes.keep(touched);
  }

  /** Where another process was: what was stored since its last word is looked at first. */
  async #begin(store: QueryContext): Promise<StoredChanges> {
    await this.#rows.clear();
    const [last] = await runQuery(store, lastAttributed, { from: this.#now() - backSeconds });
    return new StoredChanges(last === undefined || last.atMs === '0' ? undefined : BigInt(last.atMs));
  }

  async #attributeSpan(store: QueryContext, span: Span, signal: AbortSignal): Promise<void> {
    const now = this.#now();
    const asked = { ...span, settled: now - settleSeconds, now, limit: pageRows };
    const waiting: Waiting[] = [];
    for (let skip = 0; skip < stretchRowsMax; skip += pageRows) {
      const page = await runQuery(store, unattributed, { ...asked, skip });
      waiting.push(...page.filter((row) => row.revision === 0 || this.#seen.get(keyOf(row)) !== row.changedMs));
      if (page.length < pageRows) break;
    }
    let failed: unknown;
    for (const batch of batchesOf(waiting)) {
      signal.throwIfAborted();
      // One host whose readings cannot be had does not keep others from their owners.
      await this.#attributeBatch(store, batch, signal).catch((error: unknown) => {
        failed ??= error;
      });
    }
    if (failed !== undefined) throw failed;
  }

  async #attributeBatch(store: QueryContext, batch: readonly Waiting[], signal: AbortSignal): Promise<void> {
    const from = Math.min(...batch.map(({ slot }) => slot));
    const to = Math.max(...batch.map(({ slot, slots }) => slot + slots));
    const [first] = batch;
    if (first === undefined) return;
    const versions = await this.#options.objects.within({ from, to });
    const reader = new EvidenceReader(store, { host: first.host, span: { from, to }, versions });
    const rows: AttributionRow[] = [];
    for (const each of [...batch].sort(inOrder)) {
      const row: DropRow = { ...each, packets: BigInt(each.packets) };
      const evidence = await reader.read(row);
      const told = attribute(evidence);
      reader.gave(row, told.packets.contract);
      const written = attributionRow(evidence, told, each.revision + 1);
      // Looked at again, and nothing else came of it.
      if (each.revision > 0) this.#remember(each);
      if (each.revision === 0 || written.evidence !== each.evidence) rows.push(written);
    }
    if (rows.length === 0) return;
    using _pass = await this.#options.pass?.(signal);
    await writeAttributions(this.#rows, rows, signal);
    const revisions = rows.filter(({ revision }) => revision > 1).length;
    this.#stats.rows += rows.length;
    this.#stats.revisions += revisions;
  }

  #remember(row: Waiting): void {
    const key = keyOf(row);
    this.#seen.delete(key);
    this.#seen.set(key, row.changedMs);
    const oldest = this.#seen.keys().next();
    if (this.#seen.size > seenMax && oldest.done !== true) this.#seen.delete(oldest.value);
  }

  #now(): number {
    return Math.floor(this.#options.nowMs() / 1000);
  }
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Quarters of an hour, those beside each other together, up to six hours. */
function stretchesOf(quarters: Iterable<readonly number[]>): Span[] {
  const spans: { from: number; to: number }[] = [];
  for (const from of [...new Set([...quarters].flat())].sort((a, b) => a - b)) {
    const last = spans.at(-1);
    if (last !== undefined && last.to === from && from - last.from < 24 * quarterSeconds) last.to += quarterSeconds;
    else spans.push({ from, to: from + quarterSeconds });
  }
  return spans;
}

/** Rows come by host and time. */
function batchesOf(rows: readonly Waiting[]): Waiting[][] {
  const batches: Waiting[][] = [];
  for (const row of rows) {
    const last = batches.at(-1);
    const [first] = last ?? [];
    const fits = first?.host === row.host && row.slot < first.slot + batchSeconds;
    if (last !== undefined && fits && last.length < batchRows) last.push(row);
    else batches.push([row]);
  }
  return batches;
}

/** Whoever may be given an excess before others is attributed before them. */
function inOrder(a: Waiting, b: Waiting): number {
  if (comesBefore(a, b)) return -1;
  return comesBefore(b, a) ? 1 : a.slot - b.slot;
}

function keyOf({ host, port, direction, slot, slots, cause, place }: Waiting): string {
  return [host, port, direction, slot, slots, cause, place].join('\u0000');
}
