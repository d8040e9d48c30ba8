import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  parseRecordHeader,
  parseSegmentHeader,
  recordHeaderBytes,
  segmentHeaderBytesMax,
} from '../../../collector/spool/format.ts';

/** Flips one bit in the value of one tick of a spool that nobody has open; false: it is not there. */
export function destroyTick(folder: string, seq: bigint): boolean {
  const names = readdirSync(folder).filter((name) => name.endsWith('.seg'));
  for (const name of names.sort().reverse()) {
    const path = join(folder, name);
    const bytes = readFileSync(path);
    const head = parseSegmentHeader(bytes.subarray(0, segmentHeaderBytesMax));
    if (typeof head !== 'object') continue;
    for (let at = head.bytes; at + recordHeaderBytes <= bytes.length; ) {
      const record = parseRecordHeader(bytes.subarray(at, at + recordHeaderBytes));
      if (record === undefined) break;
      const end = at + recordHeaderBytes + record.keyBytes + record.valueBytes;
      if (record.what === 'tick' && record.seq === seq) {
        bytes.writeUInt8(bytes.readUInt8(end - 1) ^ 1, end - 1);
        writeFileSync(path, bytes);
        return true;
      }
      at = end;
    }
  }
  return false;
}
