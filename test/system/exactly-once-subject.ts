import { Lifecycle } from '../../core/runtime/lifecycle.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { makeServer } from '../../server/app.ts';
import { GeneratedLog, type GeneratedLogOptions } from '../fakes/generated-log.ts';
import { aServerConfig } from '../fakes/server-config.ts';

type SubjectOptions = GeneratedLogOptions & { readonly lingerMs?: number };

/**
 * A server that kills itself with -9: `node exactly-once-subject.ts FOLDER LOG-OPTIONS [POINT HIT]`. It stores a generated
 * log and ends when all of it is stored, or at the HITth time that it reaches POINT.
 */
const [, , data = '', options = '', point, hit] = process.argv;
const { lingerMs = 50, ...generated } = JSON.parse(options) as SubjectOptions;
const log = new GeneratedLog(generated);
let hits = 0;

const server = makeServer({
  config: aServerConfig({ lingerMs }),
  data,
  bus: log,
  logId: async () => 'generated',
  reached: (at) => {
    if (at === point && ++hits === Number(hit)) process.kill(process.pid, 'SIGKILL');
  },
  ingest: { rowsMax: 60 },
  logger: silentLogger,
  version: 'test',
});
const lifecycle = new Lifecycle(server.parts, silentLogger);
await lifecycle.start();
const end = await log.latest(0);
const timer = setInterval(() => {
  if (server.ingestStats().nextOffset < end) return;
  clearInterval(timer);
  void lifecycle.stop().then(() => process.exit(0));
}, 10);
