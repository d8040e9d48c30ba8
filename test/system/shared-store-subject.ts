import { Lifecycle } from '../../core/runtime/lifecycle.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { makeServer } from '../../server/app.ts';
import { GeneratedLog } from '../fakes/generated-log.ts';
import { aServerConfig } from '../fakes/server-config.ts';

/**
 * One of several servers on one log and one store: `node shared-store-subject.ts FOLDER LOG-ID LOG-OPTIONS CONFIG [POINT HIT]`.
 * It kills itself with -9 at the HITth time that it reaches POINT, and stops when it is told to.
 */
const [, , data = '', logId = '', options = '', config = '', point, hit] = process.argv;
let hits = 0;

const server = makeServer({
  config: aServerConfig(JSON.parse(config)),
  data,
  bus: new GeneratedLog(JSON.parse(options)),
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
