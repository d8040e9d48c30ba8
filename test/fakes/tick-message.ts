import type { RowOf } from '../../core/catalogue/columns.ts';
import { dropSlot, portSlot, tick } from '../../core/catalogue/kinds.ts';
import { BlockBuilder } from '../../core/wire/block-builder.ts';
import { encodeMessage } from '../../core/wire/message.ts';

export type PortRow = RowOf<typeof portSlot>;
export type DropRow = RowOf<typeof dropSlot>;

/** A row as a collector would write it; a test says only what matters to it. */
export function aPortRow(row: Partial<PortRow> & Pick<PortRow, 'slot'>): PortRow {
  return {
    host: 'cn1',
    port: 'eth0',
    direction: 'rx',
    slots: 1,
    state: 'observed',
    suspect: 0,
    intervalNs: 1_000_000_000n,
    readSpanNs: 20_000n,
    lateNs: 1_000_000n,
    epoch: 65_536n,
    countedIn: '',
    packets: 0n,
    packetsInc: 0n,
    bytes: 0n,
    bytesInc: 0n,
    dropsOutside: 0n,
    dropsOutsideInc: 0n,
    dropsInside: 0n,
    dropsInsideInc: 0n,
    ...row,
  };
}

export function aDropRow(row: Partial<DropRow> & Pick<DropRow, 'slot' | 'cause'>): DropRow {
  return {
    host: 'cn1',
    port: 'eth0',
    direction: 'rx',
    place: 'outside',
    slots: 1,
    state: 'observed',
    suspect: 0,
    intervalNs: 1_000_000_000n,
    readSpanNs: 20_000n,
    lateNs: 1_000_000n,
    epoch: 65_536n,
    packets: 0n,
    packetsInc: 0n,
    ...row,
  };
}

export interface TickContents {
  readonly host?: string;
  /** Slot the tick closes. */
  readonly slot: number;
  readonly stream?: string;
  /** The slot when left out. */
  readonly seq?: bigint;
  readonly ports?: readonly PortRow[];
  readonly drops?: readonly DropRow[];
}

/** The bytes of one tick of one host. */
export function aTickMessage(contents: TickContents): Uint8Array {
  const { host = 'cn1', slot, stream = 'stream', seq = BigInt(slot), ports = [], drops = [] } = contents;
  const ticks = new BlockBuilder(tick);
  const portBlock = new BlockBuilder(portSlot);
  const dropBlock = new BlockBuilder(dropSlot);
  ticks.add({
    host,
    slot,
    bootId: 'boot',
    stream,
    seq,
    wallNs: BigInt(slot + 1) * 1_000_000_000n,
    monoNs: BigInt(slot) * 1_000_000_000n,
    gatherNs: 1_000_000n,
    skipped: 0,
    cpuNs: 2_000_000n,
    rssBytes: 80_000_000n,
  });
  for (const row of ports) portBlock.add(row);
  for (const row of drops) dropBlock.add(row);
  const blocks = [ticks, portBlock, dropBlock].filter((builder) => builder.rows > 0).map((builder) => builder.block());
  return encodeMessage({ host, bootId: 'boot', stream, seq, slot }, blocks);
}
