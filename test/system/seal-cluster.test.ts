import { afterAll, beforeAll, expect, test } from 'vitest';
import { forCluster } from '../../server/store/cluster-schema.ts';
import { readMigrations } from '../../server/store/migrate.ts';
import { type OpenStore, openStore } from './store-fixture.ts';

let store: OpenStore;
beforeAll(async () => {
  store = await openStore({ migrated: false });
});
afterAll(() => store[Symbol.asyncDispose]());

test('every statement of the migrations for a cluster is one that the engine can parse', async () => {
  for (const { up, down } of forCluster(readMigrations(), { cluster: 'fournines' })) {
    for (const statement of [...up, ...down]) {
      const [row] = await store.engine.query(
        'SELECT formatQuerySingleLine({statement:String}) AS parsed',
        { statement },
        { deadlineMs: 5_000 },
      );
      expect((row as { parsed: string }).parsed.length).toBeGreaterThan(0);
    }
  }
});

test('tables are replicated and distributed by host, views stand on the tables of their shard', () => {
  const migrations = forCluster(readMigrations(), { cluster: 'fournines' });
  const up = migrations.flatMap((migration) => migration.up);
  const single = readMigrations().flatMap((migration) => migration.up);
  const tables = single.filter((statement) => statement.startsWith('CREATE TABLE')).length;
  const views = single.filter((statement) => statement.startsWith('CREATE MATERIALIZED VIEW')).length;
  const having = (pattern: RegExp) => up.filter((statement) => pattern.test(statement)).length;
  expect(
    having(
      /_local ON CLUSTER 'fournines' \([\s\S]*ENGINE = Replicated\w*MergeTree\('\/clickhouse[\s\S]* replicated_dedup/,
    ),
  ).toBe(tables);
  expect(having(/ENGINE = Distributed\('fournines'/)).toBe(tables);
  expect(having(/_mv ON CLUSTER 'fournines' TO \w+_local AS[\s\S]*FROM \w+_local/)).toBe(views);
  expect(up.filter((statement) => /non_replicated/.test(statement))).toEqual([]);
  expect(up.filter((statement) => !/ON CLUSTER/.test(statement) && !statement.startsWith('INSERT'))).toEqual([]);
});
