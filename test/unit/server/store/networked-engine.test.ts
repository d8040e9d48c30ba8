import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { silentLogger } from '../../../../core/runtime/logger.ts';
import { exactlyOnceSettings } from '../../../../server/store/insert-sql.ts';
import { NetworkedEngine } from '../../../../server/store/networked/engine.ts';

interface Asked {
  readonly url: URL;
  readonly sql: string;
}
type Answerer = (asked: Asked, response: ServerResponse) => void;

/** What answers; each test has its own ways. */
let answerer: Answerer;
let server: Server;
let engine: NetworkedEngine;
const folder = mkdtempSync(join(tmpdir(), 'fn-networked-engine-'));
const path = join(folder, 'rows.native');
beforeAll(async () => {
  writeFileSync(path, 'rows');
  server = createServer((request: IncomingMessage, response) => {
    const url = new URL(request.url ?? '/', 'http://store');
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => answerer({ url, sql: url.searchParams.get('query') ?? body }, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => engine.close());

function anEngine(): NetworkedEngine {
  engine = new NetworkedEngine({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ database: 'd', user: 'u', password: 'p', ca: undefined, compression: 'none', logger: silentLogger },
  });
  return engine;
}

const queryIdOf = ({ url }: Asked) => url.searchParams.get('query_id') ?? '';

/** As a ClickHouse that has everything. */
const sound: Answerer = (asked, response) => {
  response.setHeader('X-ClickHouse-Query-Id', queryIdOf(asked));
  if (asked.sql.includes('version()')) response.end('{"version":"26.7"}\n');
  else if (asked.sql.includes('system.settings')) {
    response.end(exactlyOnceSettings.map((name) => `${JSON.stringify({ name })}\n`).join(''));
  } else response.end('');
};

async function started(): Promise<NetworkedEngine> {
  answerer = sound;
  const opened = anEngine();
  await opened.start();
  return opened;
}

const insert = { table: 'tick', columns: ['host'], path, token: 't' };
const insertInto = (opened: NetworkedEngine) => opened.insertFile(insert, { deadlineMs: 5_000 });

describe('an engine on a network', () => {
  test('refuses a server that does not know what tokens need', async () => {
    answerer = (asked, response) => {
      if (!asked.sql.includes('system.settings')) return sound(asked, response);
      response.setHeader('X-ClickHouse-Query-Id', queryIdOf(asked));
      const [, ...others] = exactlyOnceSettings;
      response.end(others.map((name) => `${JSON.stringify({ name })}\n`).join(''));
    };
    const refused = { code: 'FN_STORE', retryable: false, context: { missing: exactlyOnceSettings[0] } };
    await expect(anEngine().start()).rejects.toMatchObject(refused);
  });

  test.each<[string, Answerer]>([
    ['a page of somebody else', (_, response) => response.end('<html>Welcome</html>')],
    ['the answer to another statement', (_, response) => response.setHeader('X-ClickHouse-Query-Id', 'other').end()],
    ['a gateway without its server', (_, response) => response.writeHead(502).end('Bad Gateway')],
    [
      'an answer that breaks off',
      (_, response) => response.writeHead(200, { 'Content-Length': '9' }).write('{', () => response.destroy()),
    ],
  ])('does not take %s for an answer', async (_, wrong) => {
    for (const statement of [insertInto, (of: NetworkedEngine) => of.query('SELECT 1', {}, { deadlineMs: 5_000 })]) {
      const opened = await started();
      answerer = wrong;
      await expect(statement(opened)).rejects.toMatchObject({ code: 'FN_STORE_AWAY', context: { storeCode: '' } });
      await opened.close();
    }
  });

  test('goes by the number in the header, whatever status and text say', async () => {
    const opened = await started();
    answerer = (_, response) => {
      response.setHeader('X-ClickHouse-Exception-Code', '60');
      response.end('Code: 241. DB::Exception: other words (MEMORY_LIMIT_EXCEEDED)');
    };
    await expect(insertInto(opened)).rejects.toMatchObject({ code: 'FN_STORE', context: { storeCode: '60' } });
  });

  test('says nothing beside the statement that is of one statement only', async () => {
    const opened = await started();
    const settings: string[] = [];
    answerer = (asked, response) => {
      const beside = [...asked.url.searchParams].filter(([name]) => name !== 'query' && name !== 'query_id');
      settings.push(JSON.stringify(beside));
      sound(asked, response);
    };
    await insertInto(opened);
    await opened.command('TRUNCATE TABLE tick');
    await opened.query('SELECT 1', {}, { deadlineMs: 5_000 });
    expect(settings).toHaveLength(3);
    expect(new Set(settings).size).toBe(1);
    expect(settings[0]).not.toContain('dedup');
  });
});
