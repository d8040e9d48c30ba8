import { existsSync } from 'node:fs';
import type { LogSource } from '../../core/bus/log.ts';
import { sleepMs } from '../../core/runtime/clock.ts';
import { Lifecycle } from '../../core/runtime/lifecycle.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { makeServer } from '../../server/app.ts';
import { GeneratedLog } from '../fakes/generated-log.ts';
import { aServerConfig } from '../fakes/server-config.ts';

/**
 * One of several servers on one log and one store: `node shared-store-subject.ts FOLDER LOG-ID LOG-OPTIONS CONFIG GO [POINT HIT]`.
 * It reads nothing before the file GO is there, kills itself with -9 at the HITth time that it reaches POINT, and stops when
 * it is told to.
 */
const [, , data = '', logId = '', options = '', config = '', go = '', point, hit] = process.argv;
const log = new GeneratedLog(JSON.parse(options));
let hits = 0;

const bus: LogSource = {
  partitions: () => log.partitions(),
  earliest: () => log.earliest(),
  latest: (partition) => log.latest(partition),
  read: async (request) => {
    while (!existsSync(go)) await sleepMs(20, request.signal);
    return log.read(request);
  },
  release: () => undefined,
};

const server = makeServer({
  config: aServerConfig(JSON.parse(config)),
  data,
  bus,
  logId: async () => logId,
  reached: (at) => {
    if (at === point && ++hits === Number(hit)) process.kill(process.pid, 'SIGKILL');
  },
  ingest: { rowsMax: 60 },
  logger: silentLogger,
  version: 'test',
});
const lifecycle = new Lifecycle(server.parts, silentLogger);
process.once('SIGTERM', () => void lifecycle.stop().then(() => process.exit(0)));
await lifecycle.start();
process.stdout.write(`${server.url()}\n`);
