import { softnetSlot } from '../../../core/catalogue/kinds.ts';
import { FourninesError } from '../../../core/runtime/error.ts';
import type { Accumulator } from '../../accumulator.ts';
import { identityOf, type ReadTime } from '../../slot.ts';

export interface SoftnetCpu {
  readonly cpu: number;
  readonly processed: bigint;
  readonly dropped: bigint;
  readonly timeSqueeze: bigint;
}

/**
 * /proc/net/softnet_stat: a line a CPU, columns of 8 hex digits: processed, dropped, time_squeeze, ... The 13th column
 * is the CPU number since Linux 5.10; before, offline CPUs have no line and the line number stands in.
 *
 *     0000a2c1 00000000 00000003 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000001
 */
export function parseSoftnet(text: string): SoftnetCpu[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line, row) => {
    const columns = line.trim().split(/\s+/);
    if (columns.length < 3 || !columns.every((column) => /^[0-9a-f]{1,16}$/i.test(column))) {
      throw new FourninesError('FN_SOURCE', `line ${row + 1} of softnet_stat cannot be read`, {
        context: { line: row + 1 },
      });
    }
    const number = (i: number) => BigInt(`0x${columns[i] as string}`);
    const cpu = columns.length > 12 ? Number(number(12)) : row;
    return { cpu, processed: number(0), dropped: number(1), timeSqueeze: number(2) };
  });
}

// unsigned int in struct softnet_data; no CPU takes 50 million packets a second. After a gap of more than 80 s it may
// have gone round unseen, and nothing is believed of it.
const counter = { widthBits: 32, perSecondMax: 50_000_000n } as const;

export function closeSoftnet(cpus: readonly SoftnetCpu[], place: string, time: ReadTime, into: Accumulator): void {
  for (const { cpu, ...values } of cpus) {
    into.close({
      kind: softnetSlot,
      own: { cpu },
      time,
      identity: identityOf(place, 'softnet', cpu),
      values,
      rules: { processed: counter, dropped: counter, timeSqueeze: counter },
    });
  }
}
