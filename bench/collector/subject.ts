/**
 * The collector alone, with a bus that takes everything: what a host pays. Says `ready` with the number of counters in a
 * full tick, then runs until it is told to stop.
 */
import { makeCollector } from '../../collector/app.ts';
import { nothingKept } from '../../collector/resume.ts';
import type { LogSink } from '../../core/bus/log.ts';
import { kinds } from '../../core/catalogue/kinds.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { decodeMessage } from '../../core/wire/message.ts';

const countersOf = new Map(kinds.map((kind) => [kind.name, kind.counters.length]));
let ticks = 0;
let offset = 0n;

const sink: LogSink = {
  append: async (_key, value) => {
    ticks++;
    // The second tick closes every counter for the first time, so it writes each of them.
    if (ticks === 2) {
      const counters = decodeMessage(value).blocks.reduce(
        (sum, block) => sum + block.rows * (countersOf.get(block.kind) ?? 0),
        0,
      );
      process.stdout.write(`${JSON.stringify({ ready: true, counters })}\n`);
    }
    return { partition: 0, offset: offset++ };
  },
};

const collector = makeCollector({
  config: {
    host: 'bench',
    cpus: 'auto',
    sourceDeadlineMs: 500,
    stallHz: 25,
    sourcesOff: [],
    ovs: { runDir: '/nonexistent' },
    dpdk: { runtimeDirs: [] },
    qemu: { monitors: [] },
  },
  sink,
  readResumed: nothingKept,
  logger: silentLogger,
});
await collector.start();
process.once('SIGTERM', () => {
  void collector.stop();
});
