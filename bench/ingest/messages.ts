import type { LogRecord } from '../../core/bus/log.ts';
import { columnSqlName } from '../../core/catalogue/columns.ts';
import { portSlot, tick as tickKind } from '../../core/catalogue/kinds.ts';
import { BlockBuilder } from '../../core/wire/block-builder.ts';
import { BlockReader } from '../../core/wire/block-reader.ts';
import { decodeMessage, type EncodedBlock, encodeMessage, type MessageHead } from '../../core/wire/message.ts';

export const hosts = 200;
export const ports = 60;
export const rowsOfMessage = ports * 2;
export const rowsOfTick = hosts * rowsOfMessage;

export interface FleetShape {
  readonly hosts: number;
  readonly ports: number;
  /** Unix seconds of the first slot. */
  readonly from: number;
  /** With the row of the tick itself, as a collector's message has it. */
  readonly withTick: boolean;
}

/** Messages as a bus would give them: ticks in order, hosts within a tick. Counters run on, rates vary by port. */
export function tickMessages(ticks: number, shape: Partial<FleetShape> = {}): LogRecord[] {
  const wanted = { hosts, ports, from: Math.floor(Date.now() / 1000) - ticks, withTick: false, ...shape };
  return messagesOf(ticks, wanted);
}

function messagesOf(ticks: number, { hosts, ports, from, withTick }: FleetShape): LogRecord[] {
  const builder = new BlockBuilder(portSlot);
  const packets = new BigUint64Array(hosts * ports * 2);
  let seed = 1;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return seed % below;
  };
  const out: LogRecord[] = [];
  for (let tick = 0; tick < ticks; tick++) {
    for (let h = 0; h < hosts; h++) {
      const host = `compute-${h}`;
      builder.clear();
      for (let i = 0; i < ports * 2; i++) {
        const at = h * ports * 2 + i;
        const increment = BigInt(random(1000 * ((at % 97) + 1)));
        packets[at] = (packets[at] ?? 0n) + increment;
        const total = packets[at] ?? 0n;
        const drops = BigInt(random(50) === 0 ? random(100) : 0);
        builder.add({
          host,
          port: `vhu${(at >> 1).toString(16).padStart(8, '0')}`,
          direction: i % 2 === 0 ? 'toGuest' : 'fromGuest',
          slot: from + tick,
          slots: 1,
          state: 'observed',
          suspect: 0,
          intervalNs: 1_000_000_000n + BigInt(random(200_000)),
          readSpanNs: BigInt(30_000 + random(20_000)),
          lateNs: BigInt(random(400_000)),
          epoch: BigInt(h + 1) << 16n,
          countedIn: '',
          packets: total,
          packetsInc: increment,
          bytes: total * 512n,
          bytesInc: increment * 512n,
          dropsOutside: drops,
          dropsOutsideInc: drops,
          dropsInside: 0n,
          dropsInsideInc: 0n,
        });
      }
      const head = { host, bootId: 'b0', stream: 's0', seq: BigInt(tick), slot: from + tick };
      const value = encodeMessage(head, [builder.block(), ...(withTick ? [tickBlock(head)] : [])]);
      out.push({ partition: 0, offset: BigInt(out.length), key: host, value, appendedAtMs: 0 });
    }
  }
  return out;
}

function tickBlock(head: MessageHead): EncodedBlock {
  const builder = new BlockBuilder(tickKind);
  const { host, slot, bootId, stream, seq } = head;
  const wallNs = BigInt(slot + 1) * 1_000_000_000n;
  const costs = { gatherNs: 4_000_000n, skipped: 0, cpuNs: 6_000_000n, rssBytes: 90_000_000n };
  builder.add({ host, slot, bootId, stream, seq, wallNs, monoNs: wallNs, ...costs });
  return builder.block();
}

/** The rows of a message as JSON lines, numbers bare: what the same message would be on a wire of JSON rows. */
export function jsonLines({ value }: LogRecord): Buffer {
  const names = portSlot.columns.map((column) => [column.name, `"${columnSqlName(column)}":`] as const);
  const text = (cell: unknown) => (typeof cell === 'bigint' ? String(cell) : JSON.stringify(cell));
  const reader = new BlockReader(portSlot);
  const lines = decodeMessage(value).blocks.flatMap((block) =>
    reader
      .rows(block)
      .map((row) => `{${names.map(([name, head]) => head + text(row[name as keyof typeof row])).join(',')}}\n`),
  );
  return Buffer.from(lines.join(''));
}
