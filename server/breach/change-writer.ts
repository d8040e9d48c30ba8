import { sleepMs } from '../../core/runtime/clock.ts';
import { toFourninesError } from '../../core/runtime/error.ts';
import type { LikelyCause } from '../api/schema/breaches.ts';
import type { BreachStore, NewChange } from '../control/breach-store.ts';
import type { Version } from '../objects/object.ts';
import { isoOf } from '../slo/instant.ts';
import type { Span } from '../slo/objective.ts';
import { isOngoing } from './breach.ts';
import { bundleTar, evidenceMark, manifestText, packed } from './bundle.ts';
import { breachId, type HashedRow, hashedRow, ownerOf, rowOf, windowOf } from './change-row.ts';
import type { EvidenceMaker } from './evidence-maker.ts';
import type { BreachChange, ChangeFacts } from './record.ts';

export interface ChangeWriterOptions {
  readonly store: BreachStore;
  readonly evidence: EvidenceMaker;
  /** What ran beside an objective in a span of time. */
  readonly causes: (
    objective: Version<'objective'>,
    span: Span,
    signal: AbortSignal,
  ) => Promise<readonly LikelyCause[]>;
  readonly tenantOf: (objective: Version<'objective'>) => Promise<string | null>;
  /** Version of the rules. */
  readonly engine: string;
  readonly nowMs: () => number;
  /** Held while changes go in; rejects when there is no room for them. */
  readonly pass?: ((signal: AbortSignal) => Promise<Disposable>) | undefined;
}

/** A change whose rows may come yet. */
export interface Owed {
  readonly objective: Version<'objective'>;
  readonly change: BreachChange;
}

export interface Written {
  /** The newest change of each breach that was written, by id. */
  readonly heads: readonly HashedRow[];
  readonly owed: readonly Owed[];
}

const causesMs = 5_000;
/** What ran beside a breach that was just opened lies at most so far back, s. */
const causesBackSeconds = 300;
/** What is over is looked at from so long before it was opened, and no further back than so long, s. */
const causesBeforeSeconds = 30;
const causesSpanMax = 21_600;
const triesMax = 5;
const firstPauseMs = 50;

/** A burn that begins is told at once: its rows are not stored yet, and reading them would take as long as it has. */
function isUrgent({ record, before }: BreachChange): boolean {
  return record.key.subject === 'burn' && before === null;
}

/** Makes rows of changes, with evidence and likely cause, and puts all of one step into the store at once. */
export class ChangeWriter {
  readonly #options: ChangeWriterOptions;

  constructor(options: ChangeWriterOptions) {
    this.#options = options;
  }

  /** Rejects with FN_LEASE_LOST when another server was there first, and when the store stays away. */
  async write(
    objective: Version<'objective'>,
    changes: readonly BreachChange[],
    heads: ReadonlyMap<string, HashedRow>,
    signal: AbortSignal,
  ): Promise<Written> {
    const before = new Map(heads);
    const rows: NewChange[] = [];
    const owed: Owed[] = [];
    for (const change of changes) {
      const id = breachId(objective.name, change.record.key);
      const { row, isOwed } = await this.#row(objective, change, before.get(id), signal);
      if (isOwed) owed.push({ objective, change });
      before.set(id, row);
      rows.push(row);
    }
    await this.#append(rows, signal);
    return { heads: [...new Map(rows.map((row) => [row.row.breach, row])).values()], owed };
  }

  /** What the rows of a change that was written without a bundle say; undefined: they still lack. `asIs`: not any more. */
  async make({ objective, change }: Owed, asIs: boolean, signal: AbortSignal): Promise<ChangeFacts | undefined> {
    const { facts } = change;
    if (facts === null) return undefined;
    const made = await this.#options.evidence.make({ objective, change, facts, asIs }, signal);
    return 'refused' in made ? undefined : { ...facts, evaluation: made.evaluation };
  }

  async #row(
    objective: Version<'objective'>,
    change: BreachChange,
    previous: HashedRow | undefined,
    signal: AbortSignal,
  ): Promise<{ row: NewChange; isOwed: boolean }> {
    const { engine, evidence, tenantOf } = this.#options;
    const { facts, record } = change;
    const now = Math.floor(this.#options.nowMs() / 1000);
    const owner = previous?.row ?? ownerOf(objective, await tenantOf(objective));
    const causes = await this.#causes(objective, change, previous, signal);
    const shared = {
      owner: { slo: owner.slo, service: owner.service, tenant: owner.tenant },
      previous,
      now,
      engine,
      causes,
    };
    const without = (why: string) => {
      const reason = why === '' ? change.reason : `${change.reason}; no bundle: ${why}`;
      return { ...hashedRow(rowOf({ ...change, reason }, { ...shared, evidence: null })), bundle: undefined };
    };
    // Silence and a mark of somebody leave nothing to compute again.
    if (facts === null || record.key.subject === 'stale') return { row: without(''), isOwed: false };
    if (isUrgent(change)) return { row: without('it follows'), isOwed: true };
    const made = await evidence.make({ objective, change, facts }, signal);
    if ('refused' in made) return { row: without(made.refused), isOwed: made.isOwed };
    const manifest = manifestText(
      {
        breach: breachId(owner.slo.name, record.key),
        entry: record.entry,
        previous: previous?.sha256 ?? null,
        slo: owner.slo,
        window: windowOf(record.window),
        at: isoOf(Math.min(change.at, record.window.to)),
        engine,
        madeAt: isoOf(now),
        watermark: isoOf(facts.until),
      },
      made.files,
    );
    const row = hashedRow(rowOf(change, { ...shared, evidence: evidenceMark(manifest, made) }));
    const bundle = await packed(bundleTar(made, manifest, row));
    return bundle === undefined
      ? { row: without('it is too large'), isOwed: false }
      : { row: { ...row, bundle }, isOwed: false };
  }

  async #causes(
    objective: Version<'objective'>,
    change: BreachChange,
    previous: HashedRow | undefined,
    signal: AbortSignal,
  ) {
    const { record, before, at } = change;
    // Causes are told seconds after the loss: what is over knows more of them than what has just begun.
    const isLacking = previous !== undefined && previous.row.causes.length === 0;
    const isNews = record.state !== before || isLacking;
    const isTold = isOngoing(record.state) || record.state === 'resolved';
    if (!isNews || !isTold || isUrgent(change) || record.key.subject === 'stale') return [];
    const from = record.state === 'resolved' ? record.openedAt - causesBeforeSeconds : at - causesBackSeconds;
    const limited = AbortSignal.any([signal, AbortSignal.timeout(causesMs)]);
    try {
      return await this.#options.causes(objective, { from: Math.max(from, at - causesSpanMax), to: at }, limited);
    } catch (error) {
      signal.throwIfAborted();
      const detail = `What ran beside it could not be read (${toFourninesError(error).code}).`;
      return [{ cause: 'unknown', host: '', port: '', packets: null, detail }];
    }
  }

  async #append(rows: readonly NewChange[], signal: AbortSignal): Promise<void> {
    for (let tries = 1; ; tries++) {
      signal.throwIfAborted();
      try {
        using _pass = await this.#options.pass?.(signal);
        await this.#options.store.append(rows);
        return;
      } catch (error) {
        if (!toFourninesError(error).retryable || tries === triesMax) throw error;
      }
      await sleepMs(firstPauseMs * 2 ** tries, signal);
    }
  }
}
