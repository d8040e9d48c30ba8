-- Whose the packets of a row of drops are, by a rule of some version, with all that it knew (docs/attribution.md). Written when
-- the row is there, and again when what it rests on has come late: the newest revision holds, older ones stay. `inputs` is what
-- `evidence` is the SHA-256 of. Kept as long as seals: a verdict that rests on an owner can be asked for its reasons that long.
CREATE TABLE IF NOT EXISTS attribution (
  host LowCardinality(String),
  port LowCardinality(String),
  direction Enum8('rx' = 1, 'tx' = 2, 'toGuest' = 3, 'fromGuest' = 4),
  cause LowCardinality(String),
  place Enum8('inside' = 1, 'outside' = 2, 'beside' = 3, 'filtered' = 4),
  slot DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  slots UInt32 CODEC(T64, ZSTD(1)),
  packets UInt64 CODEC(T64, ZSTD(1)),
  provider UInt64 CODEC(T64, ZSTD(1)),
  tenant UInt64 CODEC(T64, ZSTD(1)),
  contract UInt64 CODEC(T64, ZSTD(1)),
  unknown UInt64 CODEC(T64, ZSTD(1)),
  rule LowCardinality(String),
  rule_version UInt32 CODEC(T64, ZSTD(1)),
  revision UInt32 CODEC(T64, ZSTD(1)),
  missing LowCardinality(String),
  facts String CODEC(ZSTD(3)),
  evidence String,
  inputs String CODEC(ZSTD(3)),
  stored_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') CODEC(Delta(8), ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toYYYYMM(slot)
ORDER BY (host, port, direction, slot, slots, cause, place, revision)
TTL slot + INTERVAL 13 MONTH
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;
