import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InProcessLog } from '../../core/bus/in-process.ts';
import { Lifecycle } from '../../core/runtime/lifecycle.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { makeServer } from '../../server/app.ts';
import { CutAcknowledged } from '../../server/ingest/cut-acknowledged.ts';
import { GeneratedLog } from '../fakes/generated-log.ts';
import { aServerConfig } from '../fakes/server-config.ts';

/**
 * As exactly-once-subject.ts, with the bus in memory and a spool before it: what is not acknowledged is sent again by the
 * next life, some of what is, too. `node exactly-once-memory.ts FOLDER LOG-OPTIONS [POINT HIT]`
 */
const [, , data = '', options = '', point, hit] = process.argv;
const inFlightMax = 16;
const progress = join(data, 'acknowledged');
const generated = new GeneratedLog(JSON.parse(options));
const bus = new InProcessLog({ bytesMax: 1 << 26, recordBytesMax: 1 << 23, nowMs: Date.now });
const sink = new CutAcknowledged(bus);
let hits = 0;

const server = makeServer({
  config: aServerConfig({ lingerMs: 50 }),
  data,
  bus,
  onCut: (partition, end) => sink.cut(partition, end),
  reached: (at) => {
    if (at === point && ++hits === Number(hit)) process.kill(process.pid, 'SIGKILL');
  },
  ingest: { rowsMax: 60 },
  logger: silentLogger,
  version: 'test',
});
const lifecycle = new Lifecycle(server.parts, silentLogger);
await lifecycle.start();

function acknowledged(): number {
  try {
    return Number(readFileSync(progress, 'utf8'));
  } catch {
    return 0;
  }
}

// A few that were acknowledged come again, as after a late answer.
for (let next = Math.max(0, acknowledged() - 5); ; ) {
  const request = { partition: 0, offset: BigInt(next), maxBytes: 1, waitMs: 0, signal: new AbortController().signal };
  const { records } = await generated.read(request);
  const flight = records.slice(0, inFlightMax);
  if (flight.length === 0) break;
  await Promise.all(flight.map(({ key, value }) => sink.append(key, value)));
  next += flight.length;
  writeFileSync(progress, String(next));
}
const timer = setInterval(() => {
  if (bus.heldRecords > 0) return;
  clearInterval(timer);
  void lifecycle.stop().then(() => process.exit(0));
}, 10);
