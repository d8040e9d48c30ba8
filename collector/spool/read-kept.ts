import type { Kind, RowOf } from '../../core/catalogue/columns.ts';
import { kinds, tick as tickKind } from '../../core/catalogue/kinds.ts';
import { toFourninesError } from '../../core/runtime/error.ts';
import type { Logger } from '../../core/runtime/logger.ts';
import { BlockReader } from '../../core/wire/block-reader.ts';
import { decodeMessage, type EncodedBlock } from '../../core/wire/message.ts';
import { groupKey } from '../counter-states.ts';
import type { KeptRows } from '../resume.ts';
import { type Checkpoint, CheckpointJoiner, isFirstPart } from './checkpoint.ts';
import type { SpoolRecord } from './format.ts';
import type { Segment } from './recover.ts';
import { SegmentCursor } from './segment-cursor.ts';
import type { Spool } from './spool.ts';

/** A checkpoint is written every few minutes: so many segments hold one, or none can be used. */
const segmentsBackMax = 16;

/**
 * Where the counters of the former run stood: its last whole checkpoint, and the rows of every tick behind it. Null: begin
 * anew. That is so after another boot, where the end of the spool is not certain, and when a tick behind the checkpoint is
 * damaged: it may be on the bus already, and what it counted would be counted again.
 */
export async function readKept(spool: Spool, logger: Logger, signal: AbortSignal): Promise<KeptRows | null> {
  const { segments } = spool;
  if (segments.at(-1)?.header?.id !== spool.id) return null;
  for (let back = 1; back <= Math.min(segmentsBackMax, segments.length); back++) {
    const first = segments.at(-back) as Segment;
    if (first.header?.id !== spool.id) break;
    if (!(await beginsCheckpoint(spool, first, signal))) continue;
    const kept = new KeptReading(logger);
    for (const segment of segments.slice(-back)) await readRecords(spool, segment, signal, (each) => kept.add(each));
    if (kept.checkpoint !== undefined) return kept.result(spool.nextSeq);
  }
  return null;
}

async function beginsCheckpoint(spool: Spool, segment: Segment, signal: AbortSignal): Promise<boolean> {
  let begins = false;
  await readRecords(spool, segment, signal, ({ what, value }) => {
    begins ||= what === 'checkpoint' && isFirstPart(value);
  });
  return begins;
}

async function readRecords(
  spool: Spool,
  segment: Segment,
  signal: AbortSignal,
  each: (record: SpoolRecord) => void,
): Promise<void> {
  const cursor = new SegmentCursor(await spool.disk.open(segment.path, 'existing'), segment.start);
  try {
    for (;;) {
      signal.throwIfAborted();
      const found = await cursor.next(segment.end);
      if (found === null || found.what === 'torn') return;
      if (found.what === 'record') each(found.record);
    }
  } finally {
    await cursor.close();
  }
}

type AnyRow = Readonly<Record<string, unknown>>;

class KeptReading {
  checkpoint: Checkpoint | undefined;
  readonly #logger: Logger;
  readonly #joiner = new CheckpointJoiner();
  readonly #tickReader = new BlockReader(tickKind);
  readonly #readers = new Map(
    kinds.filter(({ counters }) => counters.length > 0).map((kind) => [kind.name, new BlockReader<Kind>(kind)]),
  );
  /** Kinds whose rows were written by another version: nobody knows where these counters stood. */
  readonly #unreadable = new Set<string>();
  #rows = new Map<string, Map<string, AnyRow>>();
  readonly #monoLessWallNs = new Map<AnyRow, bigint>();
  #tick: KeptRows['tick'] = null;
  #nextSeq: bigint | undefined;
  #isHoled = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add({ what, seq, value }: SpoolRecord): void {
    if (this.#nextSeq !== undefined && seq !== this.#nextSeq) this.#isHoled = true;
    this.#nextSeq = what === 'tick' ? seq + 1n : seq;
    if (what === 'tick') {
      this.#addTick(value);
      return;
    }
    const checkpoint = this.#joiner.add(value);
    if (checkpoint === undefined) return;
    this.checkpoint = checkpoint;
    this.#tick = checkpoint.tick;
    this.#rows = new Map();
    this.#monoLessWallNs.clear();
    this.#unreadable.clear();
    this.#isHoled = false;
  }

  /** `nextSeq`: where the spool goes on; whatever was read must reach up to there. */
  result(nextSeq: bigint): KeptRows | null {
    const isHoled = this.#isHoled || this.#nextSeq !== nextSeq;
    if (this.checkpoint === undefined || isHoled) {
      this.#logger.warn({ holed: isHoled }, 'the last ticks in the spool are damaged: every counter begins anew');
      return null;
    }
    const rows = new Map([...this.#rows].map(([kind, byKey]) => [kind, [...byKey.values()]]));
    for (const kind of this.#unreadable) rows.delete(kind);
    const states = new Map(
      [...this.checkpoint.states].filter(([key]) => !this.#unreadable.has(key.slice(0, key.indexOf('\u0000')))),
    );
    return { tick: this.#tick, rows, states, monoLessWallNs: this.#monoLessWallNs };
  }

  #addTick(value: Uint8Array): void {
    // Before the first checkpoint it says nothing that the checkpoint does not.
    if (this.checkpoint === undefined) return;
    const { bootId, blocks } = decodeMessage(value);
    // The beat is the last block, and says how the clocks stood when the others were told.
    for (const block of blocks) if (block.kind === tickKind.name) this.#addBeat(block, bootId);
    for (const block of blocks) this.#addBlock(block);
  }

  #addBeat(block: EncodedBlock, bootId: string): void {
    const [row] = this.#tickReader.rows(this.#tickReader.check(block)) as RowOf<typeof tickKind>[];
    if (row === undefined) return;
    this.#tick = { bootId, wallNs: row.wallNs, monoNs: row.monoNs, boundary: row.slot + 1 };
  }

  #addBlock(block: EncodedBlock): void {
    const reader = this.#readers.get(block.kind);
    if (reader === undefined || this.#unreadable.has(block.kind)) return;
    let present: EncodedBlock;
    try {
      present = reader.check(block);
    } catch (error) {
      const { code, message } = toFourninesError(error);
      this.#logger.warn({ kind: block.kind, code, reason: message }, 'these counters begin anew');
      this.#unreadable.add(block.kind);
      return;
    }
    const rows = this.#rows.get(block.kind) ?? new Map<string, AnyRow>();
    this.#rows.set(block.kind, rows);
    const offset = this.#tick === null ? 0n : this.#tick.monoNs - this.#tick.wallNs;
    for (const row of reader.rows(present)) {
      const key = groupKey(reader.kind, row);
      this.#monoLessWallNs.delete(rows.get(key) ?? {});
      this.#monoLessWallNs.set(row, offset);
      rows.set(key, row);
    }
  }
}
