import { event } from '../../core/catalogue/kinds.ts';
import { BlockBuilder } from '../../core/wire/block-builder.ts';
import { encodeMessage } from '../../core/wire/message.ts';
import type { LostRange } from './backlog.ts';

/**
 * What goes out in the place of lost ticks: a message with the sequence of the first of them and one event, so that the
 * hole in the sequence has a name. Made anew, it is the same message, as far as the same ticks are known around it.
 */
export function lostMessage(host: string, lost: LostRange, why: string, nowMs: number): Uint8Array {
  const atMs = lost.beforeMs ?? nowMs;
  const builder = new BlockBuilder(event);
  const detail = {
    stream: lost.stream,
    fromSeq: String(lost.fromSeq),
    toSeq: lost.toSeq === undefined ? 'unknown' : String(lost.toSeq),
    why,
  };
  builder.add({ host, at: BigInt(atMs), event: 'spool_lost', object: 'collector', detail: JSON.stringify(detail) });
  const head = { host, bootId: lost.bootId, stream: lost.stream, seq: lost.fromSeq, slot: Math.floor(atMs / 1000) };
  return encodeMessage(head, [builder.block()]);
}
