-- Rings between hosts and guests, sampled at 1 kHz. Raw rows live 7 days.

CREATE TABLE IF NOT EXISTS vring_slot (
  host LowCardinality(String),
  port LowCardinality(String),
  direction Enum8('rx' = 1, 'tx' = 2, 'toGuest' = 3, 'fromGuest' = 4),
  queue UInt16,
  slot DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  witness Enum8('memzone' = 1, 'vhostQueueStatus' = 2, 'queueElement' = 3),
  layout Enum8('split' = 1, 'packed' = 2),
  size UInt32,
  samples UInt32 CODEC(T64, ZSTD(1)),
  late UInt32 CODEC(T64, ZSTD(1)),
  missed UInt32 CODEC(T64, ZSTD(1)),
  suspect_samples UInt32 CODEC(T64, ZSTD(1)),
  fill_max UInt32 CODEC(T64, ZSTD(1)),
  fill_p99 UInt32 CODEC(T64, ZSTD(1)),
  fill0 UInt32 CODEC(T64, ZSTD(1)),
  fill1 UInt32 CODEC(T64, ZSTD(1)),
  fill2 UInt32 CODEC(T64, ZSTD(1)),
  fill3 UInt32 CODEC(T64, ZSTD(1)),
  fill4 UInt32 CODEC(T64, ZSTD(1)),
  fill5 UInt32 CODEC(T64, ZSTD(1)),
  fill6 UInt32 CODEC(T64, ZSTD(1)),
  fill7 UInt32 CODEC(T64, ZSTD(1)),
  fill8 UInt32 CODEC(T64, ZSTD(1)),
  fill9 UInt32 CODEC(T64, ZSTD(1)),
  full_ns UInt64 CODEC(T64, ZSTD(1)),
  full_run_ns UInt64 CODEC(T64, ZSTD(1)),
  full_run_at_ns UInt64 CODEC(T64, ZSTD(1)),
  empty_ns UInt64 CODEC(T64, ZSTD(1)),
  empty_run_ns UInt64 CODEC(T64, ZSTD(1)),
  runs_left_out UInt32
) ENGINE = MergeTree
PARTITION BY toYYYYMMDD(slot)
ORDER BY (host, port, direction, queue, slot)
TTL slot + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS vring_run (
  host LowCardinality(String),
  port LowCardinality(String),
  direction Enum8('rx' = 1, 'tx' = 2, 'toGuest' = 3, 'fromGuest' = 4),
  queue UInt16,
  slot DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  from_ns UInt64 CODEC(T64, ZSTD(1)),
  length_ns UInt64 CODEC(T64, ZSTD(1)),
  length_ns_min UInt64 CODEC(T64, ZSTD(1)),
  length_ns_max UInt64 CODEC(T64, ZSTD(1)),
  continues UInt8
) ENGINE = MergeTree
PARTITION BY toYYYYMMDD(slot)
ORDER BY (host, port, direction, queue, slot, from_ns)
TTL slot + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;
