import type { Kind } from '../../core/catalogue/columns.ts';
import { portSlot, tick } from '../../core/catalogue/kinds.ts';
import { partForms } from '../../core/wire/layout.ts';
import { decodeMessage, type EncodedBlock, encodeMessage, type MessageHead } from '../../core/wire/message.ts';

export interface Stamp {
  readonly stream: string;
  readonly seq: bigint;
  readonly slot: number;
  /** When the collector would have sent it, ns since 1970. */
  readonly wallNs: bigint;
}

/**
 * A message made beforehand, given again under other slots and numbers: what a generator of load can make cheaply enough,
 * since only a few columns are written anew.
 */
export class StampedMessage {
  readonly #head: MessageHead;
  readonly #blocks: readonly EncodedBlock[];
  readonly #slots: readonly Buffer[];
  readonly #seq: Buffer;
  readonly #clocks: readonly Buffer[];

  constructor(value: Uint8Array) {
    const { blocks, ...head } = decodeMessage(Uint8Array.from(value));
    this.#head = head;
    this.#blocks = blocks;
    const ofTick = (column: string) => partOf(tick, column, blocks);
    this.#slots = [partOf(portSlot, 'slot', blocks), ofTick('slot')];
    this.#seq = ofTick('seq');
    this.#clocks = [ofTick('wallNs'), ofTick('monoNs')];
  }

  get host(): string {
    return this.#head.host;
  }

  /** Bytes of their own. */
  at({ stream, seq, slot, wallNs }: Stamp): Uint8Array {
    for (const slots of this.#slots) {
      for (let at = 0; at < slots.length; at += 4) slots.writeUInt32LE(slot, at);
    }
    this.#seq.writeBigUInt64LE(seq);
    for (const clock of this.#clocks) clock.writeBigUInt64LE(wallNs);
    return encodeMessage({ ...this.#head, stream, seq, slot }, this.#blocks);
  }
}

/** The bytes of a column that has one part. */
function partOf(kind: Kind, column: string, blocks: readonly EncodedBlock[]): Buffer {
  const at = kind.columns.findIndex(({ name }) => name === column);
  const part = kind.columns.slice(0, at).reduce((parts, each) => parts + partForms(each).length, 0);
  const bytes = blocks.find((block) => block.kind === kind.name)?.parts[part];
  if (at < 0 || bytes === undefined) throw new Error(`the message has no ${kind.name}.${column}`);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
