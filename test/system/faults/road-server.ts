/**
 * A server on a real Kafka topic, with its stores as processes of its own: `node road-server.ts OPTIONS [ARMED]`. Besides
 * the points of ingest and of sealing, `inserting` kills the store process in the middle of an insert.
 */
import { KafkaLink } from '../../../bus/kafka/link.ts';
import { KafkaSource } from '../../../bus/kafka/source.ts';
import { Lifecycle } from '../../../core/runtime/lifecycle.ts';
import { silentLogger } from '../../../core/runtime/logger.ts';
import { makeServer } from '../../../server/app.ts';
import type { EmbeddedEngine } from '../../../server/store/embedded/engine.ts';
import { aServerConfig } from '../../fakes/server-config.ts';
import { Fuse, subjectArguments, tell } from './fuse.ts';
import type { RoadOptions } from './road-ticks.ts';

export type ServerTold =
  | { readonly what: 'started' }
  | { readonly what: 'stored'; readonly nextOffset: string; readonly retries: number; readonly blocks: number }
  | { readonly what: 'killedInsert' };

const { options, armed } = subjectArguments<RoadOptions>();
const fuse = new Fuse(armed, () => {
  void lifecycle.stop().then(async () => {
    await Promise.all([bus.close(), liveBus.close()]);
    process.exit(0);
  });
});
const { topic, brokerPort: port } = options;
const impatient = { requestTimeoutMs: 3000, connectTimeoutMs: 1500 };
const link = () => new KafkaLink({ brokers: [{ host: '127.0.0.1', port }], clientId: 'server', ...impatient });
const bus = new KafkaSource({ link: link(), topic });
const liveBus = new KafkaSource({ link: link(), topic });
const server = makeServer({
  // Its disk is small, and is to run full: that is one of the faults.
  config: aServerConfig({ lingerMs: 50, diskLowBytes: 0, diskFloorBytes: 0 }),
  data: options.data,
  bus,
  liveBus,
  logId: async () => `${topic}.${await bus.topicId()}`,
  reached: fuse.reached,
  // Small blocks: many of each point come by.
  ingest: { insertDeadlineMs: 3000, rowsMax: 200 },
  logger: silentLogger,
  version: 'test',
});
const engine = server.store.engine as EmbeddedEngine;
killInserts();
const lifecycle = new Lifecycle(server.parts, silentLogger);
await lifecycle.start();
tell({ what: 'started' });
setInterval(() => {
  const { nextOffset, retries, batches } = server.ingestStats();
  const failed = Object.values(retries).reduce((sum, count) => sum + count, 0);
  tell({ what: 'stored', nextOffset: String(nextOffset), retries: failed, blocks: batches });
}, 25);

/** An insert that ends before the kill comes was none in the middle: the next one is tried. */
function killInserts(): void {
  const insertFile = engine.insertFile.bind(engine);
  let wanted: number | undefined;
  engine.insertFile = async (insert, call) => {
    wanted ??= fuse.take('inserting')?.afterMs;
    if (wanted === undefined) return insertFile(insert, call);
    const { pid } = engine;
    const timer = setTimeout(() => pid !== undefined && process.kill(pid, 'SIGKILL'), wanted);
    try {
      await insertFile(insert, call);
      // Nearer to its beginning the next time.
      wanted = Math.floor(wanted / 2);
    } catch (error) {
      wanted = undefined;
      tell({ what: 'killedInsert' });
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };
}
