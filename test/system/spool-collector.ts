/**
 * A collector with a spool, before a bus that is a file: `node spool-collector.ts FOLDER BUS`. The file gets each message with
 * its length before it. Ends well on SIGTERM; made to be killed.
 */
import { appendFileSync } from 'node:fs';
import { makeSpooledCollector } from '../../collector/app.ts';
import { Lifecycle } from '../../core/runtime/lifecycle.ts';
import { silentLogger } from '../../core/runtime/logger.ts';

const [dataFolder = '', bus = ''] = process.argv.slice(2);
const mebibyte = 1024 * 1024;
const { parts } = makeSpooledCollector({
  config: {
    host: 'cn1',
    cpus: 'auto',
    sourceDeadlineMs: 500,
    stallHz: 25,
    sourcesOff: ['thread', 'ovs', 'dpdk-telemetry', 'vring'],
    ovs: { runDir: '/nonexistent' },
    dpdk: { runtimeDirs: [] },
    qemu: { monitors: [] },
    spool: {
      folder: '',
      bytesMax: 64 * mebibyte,
      segmentBytes: mebibyte,
      fsyncMs: 1000,
      drainBytesPerSecondMax: 8 * mebibyte,
    },
  },
  dataFolder,
  sink: {
    append: async (_key, value) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(value.length);
      appendFileSync(bus, Buffer.concat([length, value]));
      return { partition: 0, offset: 0n };
    },
  },
  logger: silentLogger,
});
const lifecycle = new Lifecycle(parts, silentLogger);
process.once('SIGTERM', () => void lifecycle.stop());
await lifecycle.start();
