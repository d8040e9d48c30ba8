import { describe, expect, it } from 'vitest';
import { InProcessLog } from '../../../core/bus/in-process.ts';
import { logContract } from '../../contract/log.ts';

const never = new AbortController().signal;

logContract('the bus in the process', {
  open: async ({ recordBytesMax }) => {
    const log = new InProcessLog({ bytesMax: 1 << 20, recordBytesMax, nowMs: Date.now });
    return { sink: log, source: log, close: () => log.close() };
  },
});

describe('the bus in the process is bounded', () => {
  const open = () => new InProcessLog({ bytesMax: 1000, recordBytesMax: 500, nowMs: () => 7 });

  it('refuses when full, keeps what it has, and takes again once the store has released', async () => {
    const log = open();
    await log.append('cn1', new Uint8Array(500));
    await log.append('cn1', new Uint8Array(500));
    await expect(log.append('cn1', new Uint8Array(1))).rejects.toMatchObject({ code: 'FN_BUS_FULL', retryable: true });
    expect(log.heldBytes).toBe(1000);
    log.release(0, 1n);
    expect(await log.append('cn1', new Uint8Array(1))).toEqual({ partition: 0, offset: 2n });
    expect(log.heldBytes).toBe(501);
  });

  it('a reader behind what was released is told, and where the log begins now', async () => {
    const log = open();
    await log.append('cn1', new Uint8Array(1));
    await log.append('cn1', new Uint8Array(1));
    log.release(0, 2n);
    await expect(log.read({ partition: 0, offset: 0n, maxBytes: 10, waitMs: 0, signal: never })).rejects.toMatchObject({
      code: 'FN_BUS_OFFSET',
      context: { earliest: '2' },
    });
    expect(await log.earliest(0)).toBe(2n);
    expect(log.heldRecords).toBe(0);
  });

  it('releasing twice, or beyond the end, changes nothing more', async () => {
    const log = open();
    await log.append('cn1', new Uint8Array(10));
    log.release(0, 99n);
    log.release(0, 1n);
    expect(log.heldBytes).toBe(0);
    expect(await log.append('cn1', new Uint8Array(1))).toMatchObject({ offset: 1n });
  });
});
