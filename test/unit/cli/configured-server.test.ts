import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../cli/config.ts';
import { makeConfiguredServer } from '../../../cli/configured-server.ts';
import { silentLogger } from '../../../core/runtime/logger.ts';

const folder = mkdtempSync(join(tmpdir(), 'fn-configured-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function configOf(yaml: string) {
  const path = join(folder, 'fournines.yaml');
  writeFileSync(path, yaml);
  return loadConfig(path, { data: join(folder, 'data') });
}

const kafka = 'bus: { kafka: { brokers: ["127.0.0.1:1"] } }';
const clickhouse = 'store: { kind: clickhouse }';
const postgres = 'control: { kind: postgres }';

describe('a server is refused', () => {
  test.each([
    ['a shared control store on a bus that is not', `server: { ${postgres} }`],
    ['a shared control store and a shared store on a bus that is not', `server: { ${postgres}, ${clickhouse} }`],
    ['a shared store on a shared bus without a shared memory of what is stored', `${kafka}\nserver: { ${clickhouse} }`],
    ['an authority where nothing is encrypted', `server: { store: { kind: clickhouse, caFile: ${folder}/ca.pem } }`],
    ['a password file that is not there', `server: { store: { kind: clickhouse, passwordFile: ${folder}/none } }`],
  ])('%s', async (_, yaml) => {
    await expect(makeConfiguredServer(configOf(yaml), silentLogger)).rejects.toMatchObject({ code: 'FN_CONFIG' });
  });

  test.each(['ftp://h:1', 'http://user:secret@h:8123', 'http://h:8123/path', 'http://h:8123?user=a', 'h:8123'])(
    'the address %s of a store',
    (url) => {
      const yaml = `server: { store: { kind: clickhouse, url: "${url}" } }`;
      expect(() => configOf(yaml)).toThrowError(expect.objectContaining({ code: 'FN_CONFIG' }));
    },
  );
});

test('a bus and a control store of its own with a ClickHouse on a network make a server', async () => {
  const { server } = await makeConfiguredServer(configOf(`server: { ${clickhouse} }`), silentLogger);
  expect(server.parts.map(({ name }) => name)).toContain('ingest');
});
