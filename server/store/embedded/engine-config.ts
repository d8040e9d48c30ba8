import { availableParallelism } from 'node:os';
import type { Lane } from '../engine.ts';

const mebibyte = 1024 * 1024;

/**
 * Bound of the engine's process: about 300 MB after opening (the library's own code and pages, not under the tracker)
 * plus at most `serverMemoryBytesMax` that ClickHouse itself counts: queries, inserts, merges and caches together.
 * Beyond it a statement fails with MEMORY_LIMIT_EXCEEDED instead of the process growing.
 */
const serverMemoryBytesMax = 1536 * mebibyte;
/** Of one statement. The bench inserts 1,008,000 rows with their views in one and stays below it. */
const statementMemoryBytesMax = 768 * mebibyte;

const serverConfig = {
  max_server_memory_usage: serverMemoryBytesMax,
  mark_cache_size: 64 * mebibyte,
  uncompressed_cache_size: 0,
  index_mark_cache_size: 16 * mebibyte,
  index_uncompressed_cache_size: 0,
  primary_index_cache_size: 64 * mebibyte,
  query_condition_cache_size: 8 * mebibyte,
  mmap_cache_size: 0,
  compiled_expression_cache_size: 8 * mebibyte,
  background_pool_size: 2,
  background_merges_mutations_concurrency_ratio: 1,
  background_move_pool_size: 1,
  background_fetches_pool_size: 1,
  background_common_pool_size: 2,
  background_schedule_pool_size: 4,
  background_message_broker_schedule_pool_size: 1,
  background_distributed_schedule_pool_size: 1,
  background_buffer_flush_schedule_pool_size: 1,
  // What an idle store costs: a table with nothing to merge is looked at again after 3 s, not 0.1 s (an insert wakes it at
  // once), and the process's own size is read once a second, not ten times.
  background_processing_pool_thread_sleep_seconds_if_nothing_to_do: 3,
  memory_worker_period_ms: 1000,
} as const;

export function engineConfigXml(): string {
  const lines = Object.entries(serverConfig).map(([name, value]) => `  <${name}>${value}</${name}>`);
  return `<clickhouse>\n${lines.join('\n')}\n</clickhouse>\n`;
}

/** Set once on each connection when it opens; nothing changes them later. */
export function sessionStatements(lane: Lane): readonly string[] {
  // A query takes at most half of the cores: the other half stays for inserts and merges.
  const threads = lane === 'insert' ? 2 : Math.max(1, Math.floor(availableParallelism() / 2));
  return [
    `SET max_memory_usage = ${statementMemoryBytesMax}`,
    `SET max_threads = ${threads}`,
    'SET output_format_json_quote_64bit_integers = 1',
  ];
}
