import { createHash } from 'node:crypto';
import { sleepMs } from '../../core/runtime/clock.ts';
import type { Part } from '../../core/runtime/lifecycle.ts';
import { TurnLoop, type TurnLoopStats, type TurnTaking } from '../control/turn-loop.ts';
import { sealableHosts, sealHeads } from '../store/queries/seals.ts';
import { rawRowCounts } from '../store/queries/slot-rows.ts';
import { type QueryContext, type RowsOf, runQuery } from '../store/run-query.ts';
import { readSummedRows } from './read-rows.ts';
import { runSeconds } from './runs.ts';
import { daySeconds, documentText, type SealDocument, sealDocument } from './seal-document.ts';
import { type SealLineRow, type SealPoint, type SealRow, SealWriter } from './seal-tables.ts';
import { isoOf, type Path } from './slot-line.ts';
import { Uplinks } from './uplinks.ts';

export interface SealerOptions extends TurnTaking {
  readonly store: QueryContext;
  /** Folder for files on their way into the store; the sealer's own. */
  readonly folder: string;
  readonly nowMs: () => number;
  /** How long after its end a day is sealed when its host has told everything, s. */
  readonly lateSeconds?: number;
  /** How long a host may say nothing before its day is sealed as it is, s. */
  readonly silentSeconds?: number;
  /** How often it looks for a day to seal, ms. */
  readonly everyMs?: number;
  /** Held while seals go in with their lines. */
  readonly pass?: (signal: AbortSignal) => Promise<Disposable>;
  readonly reached?: ((point: SealPoint) => void) | undefined;
}

export interface SealerStats extends TurnLoopStats {
  /** Seals made by this process, revisions included. */
  readonly seals: number;
  readonly revisions: number;
  /** End of the last whole look, ms since 1970; 0: none yet. */
  readonly lookedAtMs: number;
}

/** Raw rows live 7 days; on the seventh they may be going. */
const daysBack = 6;
/** A host and day that was looked at is looked at again for late rows after so long. */
const lookAgainMs = 24 * 3600 * 1000;
/** One insert holds at most about so many lines and seals. */
const batchLinesMax = 20_000;
const batchSealsMax = 200;
/** After each path the store is left alone as long as the path took, up to this. */
const pauseMsMax = 100;

type Head = RowsOf<typeof sealHeads>[number];
type Counted = RowsOf<typeof rawRowCounts>[number];

/**
 * Seals each day of each path once its host has told all of it, and again when rows came late: that makes a revision, and
 * the older seal stays. What is done is read from the store alone, so it goes on after a kill where it was.
 */
export class Sealer implements Part {
  readonly name = 'sealer';
  readonly #options: SealerOptions & Required<Pick<SealerOptions, 'lateSeconds' | 'silentSeconds'>>;
  readonly #writer: SealWriter;
  readonly #loop: TurnLoop;
  /** When each host and day was looked at, by name; ms on the wall clock. */
  readonly #looked = new Map<string, number>();
  #stats = { seals: 0, revisions: 0, lookedAtMs: 0 };

  constructor(options: SealerOptions) {
    this.#options = { lateSeconds: 3 * 3600, silentSeconds: 24 * 3600, ...options };
    this.#writer = new SealWriter(options.store.engine, options.folder, options.reached);
    const work = (turn: AbortSignal) =>
      this.#loop.repeat(turn, options.everyMs ?? 600_000, (signal) => this.look(signal));
    // Two that seal at a time would chain two seals to the same one before.
    this.#loop = new TurnLoop({ ...options, work, failure: 'a day was not sealed; it is tried again', level: 'error' });
  }

  get stats(): SealerStats {
    return { ...this.#stats, ...this.#loop.stats };
  }

  async start(): Promise<void> {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** Looks once at every day that raw rows still tell, oldest first. Rejects only with the reason of `signal`. */
  async look(signal: AbortSignal): Promise<void> {
    await this.#writer.clear();
    const now = Math.floor(this.#options.nowMs() / 1000);
    const today = now - (now % daySeconds);
    for (let day = today - daysBack * daySeconds; day < today; day += daySeconds) await this.#lookAtDay(day, signal);
    this.#forget();
    this.#stats = { ...this.#stats, lookedAtMs: this.#options.nowMs() };
  }

  async #lookAtDay(day: number, signal: AbortSignal): Promise<void> {
    const { store, nowMs, lateSeconds, silentSeconds } = this.#options;
    const end = day + daySeconds;
    const beyond = nowMs() / 1000 - end;
    if (beyond < lateSeconds) return;
    const asked = { ...store, signal };
    for (const { host, toldTo } of await runQuery(asked, sealableHosts, { from: day, to: end })) {
      const key = `${day} ${host}`;
      if (toldTo < end && beyond < silentSeconds) continue;
      if (nowMs() - (this.#looked.get(key) ?? -lookAgainMs) < lookAgainMs) continue;
      try {
        const whole = await this.#sealHost(host, day, signal);
        if (whole) this.#looked.set(key, nowMs());
      } catch (error) {
        signal.throwIfAborted();
        this.#loop.failed(error, { host, day: isoOf(day) });
      }
    }
  }

  /** True when every path of the host is sealed. */
  async #sealHost(host: string, day: number, signal: AbortSignal): Promise<boolean> {
    const store = { ...this.#options.store, signal };
    const counted = await runQuery(store, rawRowCounts, { host, from: day, to: day + daySeconds });
    const heads = await runQuery(store, sealHeads, { host, day });
    const headOf = new Map(heads.map((head) => [`${head.port} ${head.direction}`, head]));
    const uplinks = new Uplinks();
    const batch = new Batch();
    let whole = true;
    for (const path of counted) {
      const head = headOf.get(`${path.port} ${path.direction}`);
      const startedMs = performance.now();
      try {
        const beside = await uplinks.beside(store, { host, port: path.port, direction: path.direction });
        const rows = rowsOf(path, counted, beside);
        if (head !== undefined && head.revision > 0 && rows <= BigInt(head.rows)) continue;
        batch.add(await this.#sealPath(store, { host, path, rows, uplinks, day, head }));
      } catch (error) {
        signal.throwIfAborted();
        whole = false;
        this.#loop.failed(error, { host, port: path.port, direction: path.direction, day: isoOf(day) });
      }
      if (batch.full) await this.#write(batch, signal);
      await sleepMs(Math.min(performance.now() - startedMs, pauseMsMax), signal);
    }
    await this.#write(batch, signal);
    return whole;
  }

  async #sealPath(store: QueryContext, ask: SealAsk): Promise<Sealed> {
    const { host, path, day, head, uplinks } = ask;
    const of: Path = { host, port: path.port, direction: path.direction };
    const rows = await readSummedRows(store, of, { from: day, to: day + daySeconds }, runSeconds, uplinks);
    const place = {
      entry: (head?.entry ?? 0) + 1,
      previous: head?.head ?? null,
      revision: (head?.revision ?? 0) + 1,
      revises: head !== undefined && head.revision > 0 ? head.revised : null,
    };
    const document = sealDocument(of, rows, place);
    const hash = createHash('sha256');
    for (const text of documentText(document.header, lineTexts(document))) hash.update(text);
    const key = { ...of, day, sha256: hash.digest('hex') };
    return { key, document, place, rawRows: ask.rows, sealedAt: BigInt(Math.floor(this.#options.nowMs())) };
  }

  async #write(batch: Batch, signal: AbortSignal): Promise<void> {
    const { seals, lines } = batch.take();
    if (seals.length === 0) return;
    using _pass = await this.#options.pass?.(signal);
    await this.#writer.write(seals, lines, signal);
    const revisions = seals.filter(({ revision }) => revision > 1);
    for (const { host, port, direction, day, revision } of revisions) {
      this.#options.logger.warn({ host, port, direction, day: isoOf(day), revision }, 'late rows: a seal was revised');
    }
    const stats = this.#stats;
    this.#stats = {
      ...stats,
      seals: stats.seals + seals.length,
      revisions: stats.revisions + revisions.length,
    };
  }

  /** What is older than any day that is looked at. */
  #forget(): void {
    const oldest = this.#options.nowMs() / 1000 - (daysBack + 2) * daySeconds;
    for (const key of this.#looked.keys()) if (Number(key.split(' ')[0]) < oldest) this.#looked.delete(key);
  }
}

interface SealAsk {
  readonly host: string;
  readonly path: Counted;
  /** Raw rows that its seal rests on. */
  readonly rows: bigint;
  readonly uplinks: Uplinks;
  readonly day: number;
  readonly head: Head | undefined;
}

/** More of them are late rows: those of the path, and gaps of uplinks, which are told when they end. */
function rowsOf(path: Counted, counted: readonly Counted[], uplinks: readonly string[]): bigint {
  const beside = counted.filter(({ port, direction }) => direction === 'rx' && uplinks.includes(port));
  return beside.reduce((sum, { unsure }) => sum + BigInt(unsure), BigInt(path.rows));
}

interface Sealed {
  readonly key: Pick<SealRow, 'host' | 'port' | 'direction' | 'day' | 'sha256'>;
  readonly document: SealDocument;
  readonly place: { readonly entry: number; readonly revision: number; readonly previous: string | null };
  readonly rawRows: bigint;
  readonly sealedAt: bigint;
}

function lineTexts({ lines }: SealDocument): string[] {
  return lines.map(({ line }) => line);
}

/** Seals on their way into one insert. */
class Batch {
  #seals: SealRow[] = [];
  #lines: SealLineRow[] = [];

  get full(): boolean {
    return this.#lines.length >= batchLinesMax || this.#seals.length >= batchSealsMax;
  }

  add({ key, document, place, rawRows, sealedAt }: Sealed): void {
    const { header, lines, offered, delivered, offeredMax } = document;
    const slots = lines.filter(({ part }) => part === 'slot').length;
    this.#seals.push({
      ...key,
      revision: place.revision,
      entry: place.entry,
      previous: place.previous ?? '',
      header,
      rawRows,
      lines: slots,
      asides: lines.length - slots,
      offered,
      delivered,
      offeredMax,
      sealedAt,
    });
    for (const [i, line] of lines.entries()) this.#lines.push({ ...key, n: i + 1, ...line });
  }

  take(): { seals: readonly SealRow[]; lines: readonly SealLineRow[] } {
    const taken = { seals: this.#seals, lines: this.#lines };
    this.#seals = [];
    this.#lines = [];
    return taken;
  }
}
