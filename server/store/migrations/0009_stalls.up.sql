-- What sampling tells of a thread beside its counters; NULL in rows of before, and where nobody samples.
ALTER TABLE thread_slot ADD COLUMN IF NOT EXISTS voluntary_switches Nullable(UInt64) CODEC(T64, ZSTD(1));
ALTER TABLE thread_slot ADD COLUMN IF NOT EXISTS involuntary_switches Nullable(UInt64) CODEC(T64, ZSTD(1));
ALTER TABLE thread_slot ADD COLUMN IF NOT EXISTS delay_involuntary_low_ns Nullable(UInt64) CODEC(T64, ZSTD(1));
ALTER TABLE thread_slot ADD COLUMN IF NOT EXISTS delay_involuntary_high_ns Nullable(UInt64) CODEC(T64, ZSTD(1));
ALTER TABLE thread_slot ADD COLUMN IF NOT EXISTS stopped_ns Nullable(UInt64) CODEC(T64, ZSTD(1));
ALTER TABLE thread_slot ADD COLUMN IF NOT EXISTS longest_stall_low_ns Nullable(UInt64) CODEC(T64, ZSTD(1));
ALTER TABLE thread_slot ADD COLUMN IF NOT EXISTS longest_stall_high_ns Nullable(UInt64) CODEC(T64, ZSTD(1));
ALTER TABLE thread_slot ADD COLUMN IF NOT EXISTS stalls Nullable(UInt64) CODEC(T64, ZSTD(1));
ALTER TABLE thread_slot ADD COLUMN IF NOT EXISTS stall_samples Nullable(UInt64) CODEC(T64, ZSTD(1));

-- Threads that would have run and did not, one stall a row. Raw rows live 7 days.
CREATE TABLE IF NOT EXISTS thread_stall (
  host LowCardinality(String),
  pid UInt32,
  tid UInt32,
  start_ticks UInt64 CODEC(Delta(8), ZSTD(1)),
  role Enum8('vcpu' = 1, 'emulator' = 2, 'vhost' = 3, 'pmd' = 4, 'other' = 5),
  owner LowCardinality(String),
  name LowCardinality(String),
  slot DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  from_ns UInt64 CODEC(Delta(8), ZSTD(1)),
  to_ns UInt64 CODEC(Delta(8), ZSTD(1)),
  low_ns UInt64 CODEC(T64, ZSTD(1)),
  high_ns UInt64 CODEC(T64, ZSTD(1)),
  waits UInt32 CODEC(T64, ZSTD(1)),
  stall Enum8('involuntary' = 1, 'wakeup' = 2, 'mixed' = 3, 'waiting' = 4, 'stopped' = 5),
  goes_on UInt8
) ENGINE = MergeTree
PARTITION BY toYYYYMMDD(slot)
ORDER BY (host, slot, tid, start_ticks)
TTL slot + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;
