-- One table a kind (core/catalogue/kinds.ts; a test compares them). Raw rows live 7 days.
-- Deduplication windows are set, not left to a default: inserts carry tokens, and 10000 inserts back are remembered.

CREATE TABLE IF NOT EXISTS tick (
  host LowCardinality(String),
  slot DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  boot_id LowCardinality(String),
  stream LowCardinality(String),
  seq UInt64 CODEC(Delta(8), ZSTD(1)),
  wall_ns UInt64 CODEC(Delta(8), ZSTD(1)),
  mono_ns UInt64 CODEC(Delta(8), ZSTD(1)),
  gather_ns UInt64 CODEC(T64, ZSTD(1)),
  skipped UInt32,
  cpu_ns UInt64 CODEC(T64, ZSTD(1)),
  rss_bytes UInt64 CODEC(T64, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toYYYYMMDD(slot)
ORDER BY (host, slot)
TTL slot + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS port_slot (
  host LowCardinality(String),
  port LowCardinality(String),
  direction Enum8('rx' = 1, 'tx' = 2, 'toGuest' = 3, 'fromGuest' = 4),
  slot DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  slots UInt32,
  state Enum8('observed' = 1, 'bridged' = 2, 'unknown' = 3),
  suspect UInt8,
  interval_ns UInt64 CODEC(T64, ZSTD(1)),
  read_span_ns UInt64 CODEC(T64, ZSTD(1)),
  late_ns Int64 CODEC(T64, ZSTD(1)),
  epoch UInt64 CODEC(Delta(8), ZSTD(1)),
  counted_in LowCardinality(String),
  packets UInt64 CODEC(Delta(8), ZSTD(1)),
  packets_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  bytes UInt64 CODEC(Delta(8), ZSTD(1)),
  bytes_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  drops_outside UInt64 CODEC(Delta(8), ZSTD(1)),
  drops_outside_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  drops_inside UInt64 CODEC(Delta(8), ZSTD(1)),
  drops_inside_inc Nullable(UInt64) CODEC(T64, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toYYYYMMDD(slot)
ORDER BY (host, port, direction, slot)
TTL slot + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS drop_slot (
  host LowCardinality(String),
  port LowCardinality(String),
  direction Enum8('rx' = 1, 'tx' = 2, 'toGuest' = 3, 'fromGuest' = 4),
  cause LowCardinality(String),
  place Enum8('inside' = 1, 'outside' = 2, 'beside' = 3, 'filtered' = 4),
  slot DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  slots UInt32,
  state Enum8('observed' = 1, 'bridged' = 2, 'unknown' = 3),
  suspect UInt8,
  interval_ns UInt64 CODEC(T64, ZSTD(1)),
  read_span_ns UInt64 CODEC(T64, ZSTD(1)),
  late_ns Int64 CODEC(T64, ZSTD(1)),
  epoch UInt64 CODEC(Delta(8), ZSTD(1)),
  packets UInt64 CODEC(Delta(8), ZSTD(1)),
  packets_inc Nullable(UInt64) CODEC(T64, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toYYYYMMDD(slot)
ORDER BY (host, port, direction, cause, slot)
TTL slot + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS queue_slot (
  host LowCardinality(String),
  port LowCardinality(String),
  direction Enum8('rx' = 1, 'tx' = 2, 'toGuest' = 3, 'fromGuest' = 4),
  queue UInt16,
  slot DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  slots UInt32,
  state Enum8('observed' = 1, 'bridged' = 2, 'unknown' = 3),
  suspect UInt8,
  interval_ns UInt64 CODEC(T64, ZSTD(1)),
  read_span_ns UInt64 CODEC(T64, ZSTD(1)),
  late_ns Int64 CODEC(T64, ZSTD(1)),
  epoch UInt64 CODEC(Delta(8), ZSTD(1)),
  packets UInt64 CODEC(Delta(8), ZSTD(1)),
  packets_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  bytes Nullable(UInt64) CODEC(Delta(8), ZSTD(1)),
  bytes_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  drops Nullable(UInt64) CODEC(Delta(8), ZSTD(1)),
  drops_inc Nullable(UInt64) CODEC(T64, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toYYYYMMDD(slot)
ORDER BY (host, port, direction, queue, slot)
TTL slot + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS thread_slot (
  host LowCardinality(String),
  pid UInt32,
  tid UInt32,
  start_ticks UInt64 CODEC(Delta(8), ZSTD(1)),
  role Enum8('vcpu' = 1, 'emulator' = 2, 'vhost' = 3, 'pmd' = 4, 'other' = 5),
  owner LowCardinality(String),
  name LowCardinality(String),
  thread_state LowCardinality(String),
  cpu UInt16,
  slot DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  slots UInt32,
  state Enum8('observed' = 1, 'bridged' = 2, 'unknown' = 3),
  suspect UInt8,
  interval_ns UInt64 CODEC(T64, ZSTD(1)),
  read_span_ns UInt64 CODEC(T64, ZSTD(1)),
  late_ns Int64 CODEC(T64, ZSTD(1)),
  epoch UInt64 CODEC(Delta(8), ZSTD(1)),
  run_ns UInt64 CODEC(Delta(8), ZSTD(1)),
  run_ns_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  run_delay_ns UInt64 CODEC(Delta(8), ZSTD(1)),
  run_delay_ns_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  timeslices UInt64 CODEC(Delta(8), ZSTD(1)),
  timeslices_inc Nullable(UInt64) CODEC(T64, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toYYYYMMDD(slot)
ORDER BY (host, tid, start_ticks, slot)
TTL slot + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS softnet_slot (
  host LowCardinality(String),
  cpu UInt16,
  slot DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  slots UInt32,
  state Enum8('observed' = 1, 'bridged' = 2, 'unknown' = 3),
  suspect UInt8,
  interval_ns UInt64 CODEC(T64, ZSTD(1)),
  read_span_ns UInt64 CODEC(T64, ZSTD(1)),
  late_ns Int64 CODEC(T64, ZSTD(1)),
  epoch UInt64 CODEC(Delta(8), ZSTD(1)),
  processed UInt64 CODEC(Delta(8), ZSTD(1)),
  processed_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  dropped UInt64 CODEC(Delta(8), ZSTD(1)),
  dropped_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  time_squeeze UInt64 CODEC(Delta(8), ZSTD(1)),
  time_squeeze_inc Nullable(UInt64) CODEC(T64, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toYYYYMMDD(slot)
ORDER BY (host, cpu, slot)
TTL slot + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS pressure_slot (
  host LowCardinality(String),
  resource Enum8('cpu' = 1, 'memory' = 2, 'io' = 3, 'irq' = 4),
  share Enum8('some' = 1, 'full' = 2),
  slot DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  slots UInt32,
  state Enum8('observed' = 1, 'bridged' = 2, 'unknown' = 3),
  suspect UInt8,
  interval_ns UInt64 CODEC(T64, ZSTD(1)),
  read_span_ns UInt64 CODEC(T64, ZSTD(1)),
  late_ns Int64 CODEC(T64, ZSTD(1)),
  epoch UInt64 CODEC(Delta(8), ZSTD(1)),
  total_us UInt64 CODEC(Delta(8), ZSTD(1)),
  total_us_inc Nullable(UInt64) CODEC(T64, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toYYYYMMDD(slot)
ORDER BY (host, resource, share, slot)
TTL slot + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS xstat_slot (
  host LowCardinality(String),
  port LowCardinality(String),
  name LowCardinality(String),
  slot DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  slots UInt32,
  state Enum8('observed' = 1, 'bridged' = 2, 'unknown' = 3),
  suspect UInt8,
  interval_ns UInt64 CODEC(T64, ZSTD(1)),
  read_span_ns UInt64 CODEC(T64, ZSTD(1)),
  late_ns Int64 CODEC(T64, ZSTD(1)),
  epoch UInt64 CODEC(Delta(8), ZSTD(1)),
  value UInt64 CODEC(Delta(8), ZSTD(1)),
  value_inc Nullable(UInt64) CODEC(T64, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toYYYYMMDD(slot)
ORDER BY (host, port, name, slot)
TTL slot + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS source_slot (
  host LowCardinality(String),
  source LowCardinality(String),
  slot DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  state Enum8('ok' = 1, 'failed' = 2, 'timeout' = 3, 'disabled' = 4, 'absent' = 5),
  duration_ns UInt64 CODEC(T64, ZSTD(1)),
  rows UInt32,
  errors UInt64 CODEC(T64, ZSTD(1)),
  code LowCardinality(String)
) ENGINE = MergeTree
PARTITION BY toYYYYMMDD(slot)
ORDER BY (host, source, slot)
TTL slot + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- Written on change and on start only: a host that runs for a year still has the facts of its start.
CREATE TABLE IF NOT EXISTS host_fact (
  host LowCardinality(String),
  at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  name LowCardinality(String),
  value String CODEC(ZSTD(1)),
  witness LowCardinality(String)
) ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (host, name, at)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS event (
  host LowCardinality(String),
  at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  event LowCardinality(String),
  object String CODEC(ZSTD(1)),
  detail String CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (host, at)
TTL toDateTime(at) + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- Messages that could not be read or stored, whole, with the reason. at: when they were put here.
CREATE TABLE IF NOT EXISTS dead_letter (
  at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  partition UInt32,
  offset UInt64,
  key LowCardinality(String),
  code LowCardinality(String),
  reason String CODEC(ZSTD(1)),
  bytes String CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (partition, offset, at)
TTL toDateTime(at) + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;
