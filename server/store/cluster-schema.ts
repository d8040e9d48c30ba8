import { assert } from '../../core/runtime/error.ts';
import type { Migration } from './migrate.ts';

/**
 * The migrations for a cluster, from the same files as those of a single node: each table becomes a replicated table
 * `NAME_local` on every shard, and a distributed table NAME over them, sharded by host. Views stand on the local tables, so
 * that a row and its sums are on one shard, and questions that join a host with itself can be asked shard by shard.
 *
 * No cluster can be run where this was written: the statements are parsed by the engine's own parser and no more.
 */
export interface ClusterLayout {
  /** Name of the cluster in the servers' configuration; they have the macros {shard} and {replica}. */
  readonly cluster: string;
}

const plainName = /^[A-Za-z][A-Za-z0-9_-]*$/;

export function forCluster(migrations: readonly Migration[], { cluster }: ClusterLayout): readonly Migration[] {
  assert(plainName.test(cluster), 'a plain name of the cluster');
  const translated = (statements: readonly string[]) =>
    statements.flatMap((statement) => ofCluster(statement, cluster));
  return migrations.map(({ up, down, ...rest }) => ({ ...rest, up: translated(up), down: translated(down) }));
}

function ofCluster(statement: string, cluster: string): readonly string[] {
  const on = `ON CLUSTER '${cluster}'`;
  const [, verb = '', name = ''] =
    /^(\w+(?: MATERIALIZED)? (?:TABLE|VIEW)|INSERT INTO)(?: IF(?: NOT)? EXISTS)? (\w+)/.exec(statement) ?? [];
  switch (verb) {
    case 'CREATE TABLE':
      return [replicated(statement, name, on), distributed(name, cluster, on)];
    case 'CREATE MATERIALIZED VIEW':
      return [
        statement
          .replace(/^(CREATE MATERIALIZED VIEW(?: IF NOT EXISTS)? \w+) TO (\w+)/, `$1 ${on} TO $2_local`)
          .replace(/\nFROM (\w+)/, '\nFROM $1_local'),
      ];
    case 'DROP TABLE':
      return [`DROP TABLE IF EXISTS ${name} ${on}`, `DROP TABLE IF EXISTS ${name}_local ${on} SYNC`];
    case 'DROP VIEW':
      return [`${statement} ${on}`];
    case 'ALTER TABLE':
    case 'TRUNCATE TABLE': {
      const local = statement.replace(`TABLE ${name}`, `TABLE ${name}_local ${on}`);
      // The distributed table has columns of its own, and nothing else that could be altered.
      return / COLUMN /.test(statement) ? [local, statement.replace(`TABLE ${name}`, `TABLE ${name} ${on}`)] : [local];
    }
    case 'INSERT INTO':
      // Sums of what is there already: from all shards, to the shard of each host.
      return [statement];
    default:
      assert(false, `a statement that can be put on a cluster: ${statement.slice(0, 60)}`);
      return [];
  }
}

function replicated(statement: string, name: string, on: string): string {
  return statement
    .replace(/^(CREATE TABLE(?: IF NOT EXISTS)?) \w+/, `$1 ${name}_local ${on}`)
    .replace(
      /\) ENGINE = (\w*)MergeTree/,
      `) ENGINE = Replicated$1MergeTree('/clickhouse/tables/{shard}/${name}', '{replica}')`,
    )
    .replace('non_replicated_deduplication_window', 'replicated_deduplication_window');
}

function distributed(name: string, cluster: string, on: string): string {
  const shard = name === 'dead_letter' ? 'rand()' : 'cityHash64(host)';
  return `CREATE TABLE IF NOT EXISTS ${name} ${on} AS ${name}_local ENGINE = Distributed('${cluster}', currentDatabase(), ${name}_local, ${shard})`;
}
