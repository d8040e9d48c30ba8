import type { Kind } from '../../core/catalogue/columns.ts';
import { kinds } from '../../core/catalogue/kinds.ts';
import { FourninesError } from '../../core/runtime/error.ts';
import { type ErrorCode, errorCatalogue } from '../../core/runtime/error-catalogue.ts';
import type { EncodedBlock } from '../../core/wire/message.ts';
import type { RecordedBlock, ToldEvent } from '../control/block-ledger.ts';
import type { Admitted, Refused } from './admit.ts';
import { rangesOf, rangesTextOf } from './offset-ranges.ts';
import { duplicate, type LeftOutReason } from './stream-rules.ts';

/**
 * Records that go into the store together: one insert a table. Once sealed it never changes, whatever fails on the way:
 * its tokens name its first and last offset, and an insert repeated with its token must carry the same bytes.
 */
export class Batch {
  /** In whose forms its messages are: an insert repeated after an upgrade has the forms that it was recorded with. */
  readonly kinds: readonly Kind[];
  /** Runs of messages that the store refused for good, by kind and range, with why: once halved, never tried whole again. */
  readonly refusedRuns = new Map<string, FourninesError>();
  /** Events of ingest itself, told of this batch. */
  told: readonly ToldEvent[] = [];
  /** Called when it is stored or given up: from then on nobody holds its bytes. More than once does no harm. */
  giveBack: () => void = () => undefined;
  rows = 0;
  bytes = 0;
  first = 0n;
  last = 0n;
  readonly #items: (Admitted | Refused)[] = [];
  #leftOut: ReadonlyMap<bigint, LeftOutReason> = new Map();
  #sorted: { readonly admitted: readonly Admitted[]; readonly refused: readonly Refused[] } | undefined;

  constructor(known: readonly Kind[] = kinds) {
    this.kinds = known;
  }

  get records(): number {
    return this.#items.length;
  }

  get items(): readonly (Admitted | Refused)[] {
    return this.#items;
  }

  /** From the first arrival in the log to the last, by the log's own clock; 0 where that went back. */
  get spanMs(): number {
    const [first, last] = [this.#items[0], this.#items.at(-1)];
    return Math.max(0, (last?.record.appendedAtMs ?? 0) - (first?.record.appendedAtMs ?? 0));
  }

  /** What goes into the store. */
  get admitted(): readonly Admitted[] {
    return this.#sort().admitted;
  }

  /** What becomes a dead letter. */
  get refused(): readonly Refused[] {
    return this.#sort().refused;
  }

  /** Left out because they are stored already. */
  get duplicates(): number {
    return [...this.#leftOut.values()].filter((reason) => reason === duplicate).length;
  }

  /** In offset order. */
  add(item: Admitted | Refused): void {
    const { offset, value } = item.record;
    if (this.records === 0) this.first = offset;
    this.last = offset;
    this.bytes += value.length;
    this.#items.push(item);
    if ('rows' in item) this.rows += item.rows;
    this.#sorted = undefined;
  }

  /** Seals it: what was decided about its records, once and for good. */
  seal(block: RecordedBlock): void {
    this.first = block.first;
    this.last = block.last;
    this.told = block.told;
    this.#leftOut = reasonsOf(block.leftOut);
    this.#sorted = undefined;
    for (const { run, code, message } of block.refused) this.refusedRuns.set(run, new FourninesError(code, message));
  }

  /** The messages that would go into the store if these were left out. */
  keptWithout(leftOut: ReadonlyMap<bigint, LeftOutReason>): readonly Admitted[] {
    return this.#items.filter((item): item is Admitted => 'rows' in item && !leftOut.has(item.record.offset));
  }

  #sort() {
    this.#sorted ??= {
      admitted: this.keptWithout(this.#leftOut),
      refused: this.#items.flatMap((item) => letterOf(item, this.#leftOut.get(item.record.offset))),
    };
    return this.#sorted;
  }
}

/** A reason that was recorded counts, whatever this program would say of the record today. */
function letterOf(item: Admitted | Refused, reason: LeftOutReason | undefined): readonly Refused[] {
  if (reason === duplicate) return [];
  if ('error' in item && (reason === undefined || reason === item.error.code)) return [item];
  return reason === undefined ? [] : [{ ...item, error: refusal(reason) }];
}

function refusal(code: ErrorCode): FourninesError {
  return new FourninesError(code, errorCatalogue[code].doc);
}

/** Back from the form in which the ledger keeps them. */
function reasonsOf(leftOut: RecordedBlock['leftOut']): Map<bigint, LeftOutReason> {
  const reasons = new Map<bigint, LeftOutReason>();
  for (const [reason, text] of Object.entries(leftOut)) {
    for (const [from, to] of rangesOf(text)) {
      for (let offset = from; offset <= to; offset++) reasons.set(offset, reason as LeftOutReason);
    }
  }
  return reasons;
}

/** The form in which the ledger keeps them: few ranges, even when a whole topic was produced twice. */
export function leftOutOf(reasons: ReadonlyMap<bigint, LeftOutReason>): Record<string, string> {
  const kinds = [...new Set(reasons.values())];
  return Object.fromEntries(
    kinds.map((kind) => [
      kind,
      rangesTextOf([...reasons].flatMap(([offset, reason]) => (reason === kind ? [offset] : []))),
    ]),
  );
}

/** Blocks of one kind in a run of messages: what one insert stores. */
export interface KindBlocks {
  readonly kind: Kind;
  readonly blocks: readonly EncodedBlock[];
  readonly rows: number;
}

/** The kinds that have rows in these messages, in the order of those given. */
export function blocksByKind(messages: readonly Admitted[], known: readonly Kind[] = kinds): readonly KindBlocks[] {
  const byName = new Map<string, EncodedBlock[]>();
  for (const { message } of messages) {
    for (const block of message.blocks) {
      if (block.rows === 0) continue;
      const blocks = byName.get(block.kind);
      if (blocks === undefined) byName.set(block.kind, [block]);
      else blocks.push(block);
    }
  }
  return known.flatMap((kind) => {
    const blocks = byName.get(kind.name);
    if (blocks === undefined) return [];
    return [{ kind, blocks, rows: blocks.reduce((sum, block) => sum + block.rows, 0) }];
  });
}
