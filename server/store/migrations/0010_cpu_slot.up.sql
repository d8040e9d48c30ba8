-- What interrupts and the hypervisor take of CPUs with polling threads. Raw rows live 7 days.
CREATE TABLE IF NOT EXISTS cpu_slot (
  host LowCardinality(String),
  cpu UInt16,
  interrupts Enum8('unknown' = 1, 'timed' = 2, 'sampled' = 3),
  resolution_ns UInt64 CODEC(T64, ZSTD(1)),
  slot DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  slots UInt32,
  state Enum8('observed' = 1, 'bridged' = 2, 'unknown' = 3),
  suspect UInt8,
  interval_ns UInt64 CODEC(T64, ZSTD(1)),
  read_span_ns UInt64 CODEC(T64, ZSTD(1)),
  late_ns Int64 CODEC(T64, ZSTD(1)),
  epoch UInt64 CODEC(Delta(8), ZSTD(1)),
  irq_ns UInt64 CODEC(Delta(8), ZSTD(1)),
  irq_ns_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  softirq_ns UInt64 CODEC(Delta(8), ZSTD(1)),
  softirq_ns_inc Nullable(UInt64) CODEC(T64, ZSTD(1)),
  steal_ns UInt64 CODEC(Delta(8), ZSTD(1)),
  steal_ns_inc Nullable(UInt64) CODEC(T64, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toYYYYMMDD(slot)
ORDER BY (host, cpu, slot)
TTL slot + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;
