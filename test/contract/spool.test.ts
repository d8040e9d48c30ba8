import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Publisher } from '../../collector/spool/publisher.ts';
import { Spool } from '../../collector/spool/spool.ts';
import { InProcessLog } from '../../core/bus/in-process.ts';
import { sleepMs } from '../../core/runtime/clock.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { logContract } from './log.ts';

/** A spool before a bus: what is appended to the one is read from the other, in the same order and with the same offsets. */
logContract('the spool on disk, before a bus in memory,', {
  open: async ({ recordBytesMax }) => {
    const folder = mkdtempSync(join(tmpdir(), 'fn-spool-'));
    const log = new InProcessLog({ bytesMax: 1 << 20, recordBytesMax, nowMs: Date.now });
    const self = { folder, host: 'cn1', bootId: 'boot', recordBytesMax };
    const sizes = { bytesMax: 1 << 24, segmentBytes: 1 << 20, fsyncMs: 1000 };
    const spool = await Spool.open({ ...self, ...sizes, logger: silentLogger, nowMs: Date.now });
    const publisher = new Publisher({
      spool,
      sink: log,
      bytesPerSecondMax: 1 << 30,
      logger: silentLogger,
      clock: { monoMs: () => performance.now(), sleep: sleepMs },
      nowMs: Date.now,
      random: Math.random,
    });
    publisher.start();
    return {
      source: log,
      sink: {
        append: async (key, value) => {
          const { partition, offset } = await spool.append(key, value);
          const deadline = AbortSignal.timeout(5000);
          while ((await log.latest(partition)) <= offset) await sleepMs(1, deadline);
          return { partition, offset };
        },
      },
      close: async () => {
        await publisher.stop();
        await spool.close();
        log.close();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
});
