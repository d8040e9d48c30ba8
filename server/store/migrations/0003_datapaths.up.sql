-- Datapaths in user space: polling threads, their queues, buffer pools, and the ledger. Raw rows live 7 days.

CREATE TABLE IF NOT EXISTS pmd_slot (
  host LowCardinality(String),
  datapath LowCardinality(String),
  core UInt16,
  numa UInt16,
  isolated UInt8,
  busy_ppm Nullable(UInt64) CODEC(T64, ZSTD(1)),
  slot DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  slots UInt32,
  state Enum8('observed' = 1, 'bridged' = 2, 'unknown' = 3),
  suspect UInt8,
  interval_ns UInt64 CODEC(T64, ZSTD(1)),
  read_span_ns UInt64 CODEC(T64, ZSTD(1)),
  late_ns Int64 CODEC(T64, ZSTD(1)),
  epoch UInt64 CODEC(Delta(8), ZSTD(1)),
  iterations Nullable(UInt64) CODEC(Delta(8), ZSTD(1)),
  iterations_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  idle_iterations Nullable(UInt64) CODEC(Delta(8), ZSTD(1)),
  idle_iterations_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  busy_iterations Nullable(UInt64) CODEC(Delta(8), ZSTD(1)),
  busy_iterations_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  sleep_iterations Nullable(UInt64) CODEC(Delta(8), ZSTD(1)),
  sleep_iterations_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  sleep_us Nullable(UInt64) CODEC(Delta(8), ZSTD(1)),
  sleep_us_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  used_cycles Nullable(UInt64) CODEC(Delta(8), ZSTD(1)),
  used_cycles_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  busy_cycles Nullable(UInt64) CODEC(Delta(8), ZSTD(1)),
  busy_cycles_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  rx_packets Nullable(UInt64) CODEC(Delta(8), ZSTD(1)),
  rx_packets_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  passes Nullable(UInt64) CODEC(Delta(8), ZSTD(1)),
  passes_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  emc_hits Nullable(UInt64) CODEC(Delta(8), ZSTD(1)),
  emc_hits_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  smc_hits Nullable(UInt64) CODEC(Delta(8), ZSTD(1)),
  smc_hits_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  megaflow_hits Nullable(UInt64) CODEC(Delta(8), ZSTD(1)),
  megaflow_hits_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  upcalls Nullable(UInt64) CODEC(Delta(8), ZSTD(1)),
  upcalls_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  lost_upcalls Nullable(UInt64) CODEC(Delta(8), ZSTD(1)),
  lost_upcalls_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  tx_packets Nullable(UInt64) CODEC(Delta(8), ZSTD(1)),
  tx_packets_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  tx_batches Nullable(UInt64) CODEC(Delta(8), ZSTD(1)),
  tx_batches_inc Nullable(UInt64) CODEC(T64, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toYYYYMMDD(slot)
ORDER BY (host, datapath, core, slot)
TTL slot + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS rxq_slot (
  host LowCardinality(String),
  datapath LowCardinality(String),
  port LowCardinality(String),
  queue UInt16,
  slot DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  core UInt16,
  numa UInt16,
  enabled UInt8,
  usage_ppm Nullable(UInt64) CODEC(T64, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toYYYYMMDD(slot)
ORDER BY (host, port, queue, slot)
TTL slot + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS mempool_slot (
  host LowCardinality(String),
  datapath LowCardinality(String),
  mempool LowCardinality(String),
  slot DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  size UInt64 CODEC(T64, ZSTD(1)),
  free UInt64 CODEC(T64, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toYYYYMMDD(slot)
ORDER BY (host, datapath, mempool, slot)
TTL slot + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS datapath_slot (
  host LowCardinality(String),
  datapath LowCardinality(String),
  slot DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  slots UInt32,
  state Enum8('observed' = 1, 'bridged' = 2, 'unknown' = 3),
  suspect UInt8,
  interval_ns UInt64 CODEC(T64, ZSTD(1)),
  read_span_ns UInt64 CODEC(T64, ZSTD(1)),
  late_ns Int64 CODEC(T64, ZSTD(1)),
  epoch UInt64 CODEC(Delta(8), ZSTD(1)),
  ports UInt32,
  unread UInt32,
  flows UInt32,
  in_packets Nullable(UInt64) CODEC(T64, ZSTD(1)),
  out_packets Nullable(UInt64) CODEC(T64, ZSTD(1)),
  port_drops Nullable(UInt64) CODEC(T64, ZSTD(1)),
  residual Nullable(Int64) CODEC(T64, ZSTD(1)),
  hold UInt64 CODEC(T64, ZSTD(1)),
  hits UInt64 CODEC(Delta(8), ZSTD(1)),
  hits_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  missed UInt64 CODEC(Delta(8), ZSTD(1)),
  missed_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  lost UInt64 CODEC(Delta(8), ZSTD(1)),
  lost_inc Nullable(UInt64) CODEC(T64, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toYYYYMMDD(slot)
ORDER BY (host, datapath, slot)
TTL slot + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS replica_slot (
  host LowCardinality(String),
  datapath LowCardinality(String),
  slot DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  slots UInt32,
  state Enum8('observed' = 1, 'bridged' = 2, 'unknown' = 3),
  suspect UInt8,
  interval_ns UInt64 CODEC(T64, ZSTD(1)),
  read_span_ns UInt64 CODEC(T64, ZSTD(1)),
  late_ns Int64 CODEC(T64, ZSTD(1)),
  epoch UInt64 CODEC(Delta(8), ZSTD(1)),
  flows UInt32,
  uncertain Nullable(UInt64) CODEC(T64, ZSTD(1)),
  copies UInt64 CODEC(Delta(8), ZSTD(1)),
  copies_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  consumed UInt64 CODEC(Delta(8), ZSTD(1)),
  consumed_inc Nullable(UInt64) CODEC(T64, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toYYYYMMDD(slot)
ORDER BY (host, datapath, slot)
TTL slot + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;
