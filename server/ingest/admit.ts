import type { LogRecord } from '../../core/bus/log.ts';
import type { Kind } from '../../core/catalogue/columns.ts';
import { kinds } from '../../core/catalogue/kinds.ts';
import { FourninesError, toFourninesError } from '../../core/runtime/error.ts';
import { BlockReader } from '../../core/wire/block-reader.ts';
import { partForms } from '../../core/wire/layout.ts';
import { decodeMessage, type EncodedBlock, type Message, type MessageHead } from '../../core/wire/message.ts';

/**
 * A record that may be stored: decoded, every block checked and in the form of the kinds at hand. Its bytes are views into
 * the record, but for what an older form lacks.
 */
export interface Admitted {
  readonly record: LogRecord;
  readonly message: Message;
  readonly rows: number;
}

export interface Refused {
  readonly record: LogRecord;
  readonly error: FourninesError;
  /** Who sent it, as far as it can be read. */
  readonly message?: MessageHead;
  /** Table whose rows the store did not take; absent: it was refused before. */
  readonly refusedBy?: string;
}

/** Each day in a block is a part of the table; a tick has the day of its slot, and of the gaps it closes. */
const daysMax = 8;
const secondsOfDay = 86_400;
/** Longest host or stream; a collector's own bound is 127. */
const headNameMax = 255;
/** Largest number a control store holds. */
const seqMax = 2n ** 63n - 1n;

interface Admission {
  readonly reader: BlockReader;
  /** Part that holds the slots, in unix seconds; undefined: the kind has none. */
  readonly slotPart: number | undefined;
}

/** Checks messages against the kinds this server knows. */
export class Admitter {
  readonly kinds: readonly Kind[];
  readonly #kinds: ReadonlyMap<string, Admission>;

  constructor(known: readonly Kind[] = kinds) {
    this.kinds = known;
    this.#kinds = new Map(
      known.map((kind) => [kind.name, { reader: new BlockReader(kind), slotPart: slotPartOf(kind) }]),
    );
  }

  admit(record: LogRecord): Admitted | Refused {
    let message: Message | undefined;
    try {
      const decoded = decodeMessage(record.value);
      checkHead(decoded);
      message = decoded;
      const blocks = decoded.blocks.map((block) => this.#check(block, decoded.host));
      const rows = blocks.reduce((sum, block) => sum + block.rows, 0);
      return { record, message: { ...decoded, blocks }, rows };
    } catch (error) {
      return { record, error: toFourninesError(error), ...(message === undefined ? {} : { message }) };
    }
  }

  #check(block: EncodedBlock, host: string): EncodedBlock {
    const admission = this.#kinds.get(block.kind);
    if (admission === undefined) {
      throw new FourninesError('FN_WIRE_SCHEMA', 'a block has a kind this server does not know', {
        context: { kind: block.kind },
      });
    }
    const present = admission.reader.check(block, host);
    if (admission.slotPart === undefined) return present;
    const days = daysOf(present.parts[admission.slotPart] as Uint8Array);
    if (days > daysMax) {
      throw new FourninesError('FN_WIRE_BLOCK', `a block of ${block.kind} spans ${days} days`, {
        context: { kind: block.kind, days },
      });
    }
    return present;
  }
}

/** The ledger keeps who spoke: a head that it cannot hold would stop everybody behind it. */
function checkHead({ host, stream, seq }: MessageHead): void {
  const isName = (name: string) => name !== '' && name.length <= headNameMax && !name.includes('\0');
  if (isName(host) && isName(stream) && seq <= seqMax) return;
  throw new FourninesError('FN_WIRE_HEAD', `a message has a host, a stream or a number that no collector makes`, {
    context: { hostLength: host.length, streamLength: stream.length, seq: String(seq) },
  });
}

function slotPartOf(kind: Kind): number | undefined {
  const at = kind.columns.findIndex((column) => column.name === 'slot');
  if (at < 0) return undefined;
  return kind.columns.slice(0, at).reduce((parts, column) => parts + partForms(column).length, 0);
}

/** Days from the first to the last of little-endian unix seconds, both counted. */
function daysOf(slots: Uint8Array): number {
  const view = new DataView(slots.buffer, slots.byteOffset, slots.byteLength);
  let first = 0xffff_ffff;
  let last = 0;
  for (let at = 0; at < view.byteLength; at += 4) {
    const slot = view.getUint32(at, true);
    if (slot < first) first = slot;
    if (slot > last) last = slot;
  }
  return last < first ? 0 : Math.floor(last / secondsOfDay) - Math.floor(first / secondsOfDay) + 1;
}
