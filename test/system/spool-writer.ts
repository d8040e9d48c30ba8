/**
 * A process with a spool and a bus that is a file, made to be killed: `node spool-writer.ts FOLDER BUS BYTES`. Each answered
 * tick is told on stdout, `answered SPOOL SEQ`, before the next is begun; the bus gets `SPOOL SEQ` a line, and is away half
 * of the time.
 */
import { appendFileSync, writeSync } from 'node:fs';
import { Publisher } from '../../collector/spool/publisher.ts';
import { Spool } from '../../collector/spool/spool.ts';
import { sleepMs } from '../../core/runtime/clock.ts';
import { FourninesError, toFourninesError } from '../../core/runtime/error.ts';
import { silentLogger } from '../../core/runtime/logger.ts';

const [folder = '', bus = '', bytes = '16000'] = process.argv.slice(2);
const self = { folder, host: 'cn1', bootId: 'boot' };
const sizes = { bytesMax: 1 << 28, segmentBytes: 1 << 18, fsyncMs: 20 };
const spool = await Spool.open({ ...self, ...sizes, logger: silentLogger, nowMs: Date.now });
const publisher = new Publisher({
  spool,
  sink: {
    append: async (_key, value) => {
      if (Math.floor(performance.now() / 20) % 2 === 0) throw new FourninesError('FN_BUS_FULL', 'away');
      appendFileSync(bus, `${Buffer.from(value).toString().trimEnd()}\n`);
      return { partition: 0, offset: 0n };
    },
  },
  bytesPerSecondMax: 1 << 30,
  logger: silentLogger,
  clock: { monoMs: () => performance.now(), sleep: (delayMs, signal) => sleepMs(delayMs / 50, signal) },
  nowMs: Date.now,
  random: Math.random,
});
publisher.start();
const never = new AbortController().signal;
writeSync(1, `opened ${spool.id} ${spool.nextSeq}\n`);
for (let i = 0; ; i++) {
  const name = `${spool.id} ${spool.nextSeq}`;
  try {
    await spool.append('cn1', Buffer.from(name.padEnd(Number(bytes))));
    writeSync(1, `answered ${name}\n`);
    if (i % 50 === 0) await spool.keepCheckpoint([Buffer.alloc(20_000)]);
  } catch (error) {
    if (toFourninesError(error).code !== 'FN_SPOOL_FULL') throw error;
    await sleepMs(5, never);
  }
}
