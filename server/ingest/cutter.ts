import type { LogSource } from '../../core/bus/log.ts';
import type { Kind } from '../../core/catalogue/columns.ts';
import { formsOf } from '../../core/catalogue/forms.ts';
import { FourninesError } from '../../core/runtime/error.ts';
import { fingerprintOf } from '../../core/wire/fingerprint.ts';
import type { Ledger, RecordedBlock, TableCut } from '../control/block-ledger.ts';
import type { Grant } from '../control/leases.ts';
import type { Speaker } from '../control/speakers.ts';
import { type Admitted, Admitter, type Refused } from './admit.ts';
import { Batch, blocksByKind, leftOutOf } from './batch.ts';
import type { BlockTokens } from './block-tokens.ts';
import { judgeBlock, type RecordHead, type StreamRules } from './stream-rules.ts';

export interface CutterOptions {
  readonly ledger: Ledger;
  readonly grant: Grant;
  readonly tokens: BlockTokens;
  readonly admitter: Admitter;
  readonly rules: StreamRules;
}

const readBytesMax = 8 * 1024 * 1024;
const readWaitMs = 1_000;

/** Makes blocks of batches: decided and recorded before the first byte of them is sent; and makes recorded ones again. */
export class Cutter {
  readonly #options: CutterOptions;

  constructor(options: CutterOptions) {
    this.#options = options;
  }

  /** Records the batch as a block and seals it. Rejects with FN_LEASE_LOST, or with what may pass. */
  async cut(batch: Batch, signal: AbortSignal): Promise<void> {
    const { ledger, grant, rules } = this.#options;
    const heads = batch.items.map(headOf);
    const block = await ledger.cut(
      grant,
      {
        first: batch.first,
        last: batch.last,
        records: batch.records,
        speakers: speakersOf(heads),
        decide: (known) => {
          const { leftOut, told, changed } = judgeBlock(heads, known, rules);
          return { leftOut: leftOutOf(leftOut), told, changed, tables: this.#tablesOf(batch, leftOut) };
        },
      },
      { signal },
    );
    if (block.last !== batch.last) throw changedBlock(block, 'it ends elsewhere');
    batch.seal(block);
  }

  /**
   * Reads a recorded block from the log again; undefined: the log has forgotten it. FN_BLOCK_CHANGED when it would not be
   * byte for byte what its tokens stand for.
   */
  async rebuild(
    block: RecordedBlock,
    log: LogSource,
    partition: number,
    signal: AbortSignal,
  ): Promise<Batch | undefined> {
    const { kinds } = this.#options.admitter;
    const then = kindsOf(block.tables, kinds);
    const admitter = then === kinds ? this.#options.admitter : new Admitter(then);
    const batch = new Batch(then);
    if (block.first < (await log.earliest(partition))) return undefined;
    if (block.last >= (await log.latest(partition))) throw changedBlock(block, 'the log is shorter than it was');
    for (let offset = block.first; offset <= block.last; ) {
      const { records, nextOffset } = await log.read({
        ...{ partition, offset, signal },
        maxBytes: readBytesMax,
        waitMs: readWaitMs,
      });
      for (const record of records) {
        if (record.offset <= block.last) batch.add(admitter.admit(record));
      }
      offset = nextOffset;
    }
    if (batch.records !== block.records) throw changedBlock(block, `it has ${batch.records} records now`);
    batch.seal(block);
    const recorded = JSON.stringify(block.tables.map(identity));
    if (JSON.stringify(this.#tablesOf(batch, undefined).map(identity)) !== recorded) {
      throw changedBlock(block, 'this program reads its messages otherwise');
    }
    return batch;
  }

  #tablesOf(batch: Batch, leftOut: ReturnType<typeof judgeBlock>['leftOut'] | undefined): readonly TableCut[] {
    const { tokens } = this.#options;
    const messages = leftOut === undefined ? batch.admitted : batch.keptWithout(leftOut);
    return blocksByKind(messages, batch.kinds).map(({ kind, rows }) => ({
      table: kind.name,
      fingerprint: tokens.fingerprint(kind),
      rows,
      token: tokens.of(`${batch.first}-${batch.last}`, kind),
    }));
  }
}

/** The kinds in the forms that tables were recorded with, by a program older than this one; mostly the very same list. */
function kindsOf(tables: readonly TableCut[], kinds: readonly Kind[]): readonly Kind[] {
  const recorded = new Map(tables.map(({ table, fingerprint }) => [table, fingerprint]));
  const then = kinds.map((kind) => {
    const fingerprint = recorded.get(kind.name);
    const isIt = (form: Kind) => fingerprintOf(form).toString(16) === fingerprint;
    return fingerprint === undefined ? kind : (formsOf(kind).find(isIt) ?? kind);
  });
  return then.every((kind, i) => kind === kinds[i]) ? kinds : then;
}

/** The database gives keys of JSON in an order of its own. */
function identity({ table, fingerprint, rows, token }: TableCut): readonly unknown[] {
  return [table, fingerprint, rows, token];
}

function headOf(item: Admitted | Refused): RecordHead {
  const { offset, appendedAtMs } = item.record;
  const { message } = item;
  return {
    offset,
    appendedAtMs,
    head: message && { host: message.host, stream: message.stream, seq: message.seq, slot: message.slot },
    refusal: 'error' in item ? item.error.code : undefined,
  };
}

function speakersOf(heads: readonly RecordHead[]): readonly Speaker[] {
  const speakers = new Map<string, Speaker>();
  for (const { head } of heads) {
    if (head !== undefined)
      speakers.set(JSON.stringify([head.host, head.stream]), { host: head.host, stream: head.stream });
  }
  return [...speakers.values()];
}

function changedBlock({ first, last }: RecordedBlock, why: string): FourninesError {
  return new FourninesError('FN_BLOCK_CHANGED', `the block ${first}-${last} cannot be made again: ${why}`, {
    context: { first: String(first), last: String(last) },
  });
}
