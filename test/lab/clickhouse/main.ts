import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Database } from './database.ts';
import { HttpFront } from './http-front.ts';

/**
 * The front as a process: `node test/lab/clickhouse/main.ts --folder F --port 8123 [--user name:password]... [--database d]
 * [--pem key-and-certificate]`. * It ends with whoever forked it.
 */
const { values } = parseArgs({
  options: {
    folder: { type: 'string' },
    port: { type: 'string', default: '0' },
    pem: { type: 'string' },
    user: { type: 'string', multiple: true, default: ['default:'] },
    database: { type: 'string', multiple: true, default: [] },
  },
});
// Each statement holds a thread of the pool while it runs.
process.env['UV_THREADPOOL_SIZE'] ??= '24';
const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'fn-clickhouse-'));
const database = await Database.open(folder, values.database);
const users = Object.fromEntries(
  values.user.map((text) => [text.slice(0, text.indexOf(':')), text.slice(text.indexOf(':') + 1)]),
);
const front = await HttpFront.listen({
  database,
  folder: mkdtempSync(join(folder, 'bodies-')),
  port: Number(values.port),
  users,
  version: `${await database.one('version()')} (official build)`,
  pem: values.pem === undefined ? undefined : readFileSync(values.pem, 'utf8'),
  timezone: await database.one('timezone()'),
});
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
if (process.send === undefined) process.stdout.write(`http://127.0.0.1:${front.port}\n`);
else process.send(front.port);
