-- Hours beside the minutes, kept 400 days; gaps as long; seals of days, kept 13 months.
--
-- An hour is summed from the lines that the view of the minutes makes, not from raw rows: an insert of many seconds
-- costs the hours next to nothing. Minutes that are there already are taken over first: the view is dropped, the table
-- emptied and filled again, so that a migration that was cut off can be repeated.
DROP VIEW IF EXISTS port_1h_mv;

CREATE TABLE IF NOT EXISTS port_1h (
  host LowCardinality(String),
  port LowCardinality(String),
  direction Enum8('rx' = 1, 'tx' = 2, 'toGuest' = 3, 'fromGuest' = 4),
  hour DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  counted_in LowCardinality(String),
  last_slot SimpleAggregateFunction(max, DateTime('UTC')) CODEC(DoubleDelta, ZSTD(1)),
  observed SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  suspect SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  packets SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  bytes SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  drops_outside SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  drops_inside SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  packets_max SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1))
) ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (host, port, direction, hour, counted_in)
TTL hour + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

TRUNCATE TABLE port_1h;

INSERT INTO port_1h
SELECT
  host,
  port,
  direction,
  toStartOfHour(minute) AS hour,
  counted_in,
  max(last_slot) AS last_slot,
  sum(observed) AS observed,
  sum(suspect) AS suspect,
  sum(packets) AS packets,
  sum(bytes) AS bytes,
  sum(drops_outside) AS drops_outside,
  sum(drops_inside) AS drops_inside,
  max(packets_max) AS packets_max
FROM port_1m
GROUP BY host, port, direction, hour, counted_in
SETTINGS insert_deduplicate = 0, max_partitions_per_insert_block = 0;

CREATE MATERIALIZED VIEW IF NOT EXISTS port_1h_mv TO port_1h AS
SELECT
  host,
  port,
  direction,
  toStartOfHour(minute) AS hour,
  counted_in,
  max(last_slot) AS last_slot,
  sum(observed) AS observed,
  sum(suspect) AS suspect,
  sum(packets) AS packets,
  sum(bytes) AS bytes,
  sum(drops_outside) AS drops_outside,
  sum(drops_inside) AS drops_inside,
  max(packets_max) AS packets_max
FROM port_1m
GROUP BY host, port, direction, hour, counted_in;

DROP VIEW IF EXISTS drop_1h_mv;

CREATE TABLE IF NOT EXISTS drop_1h (
  host LowCardinality(String),
  port LowCardinality(String),
  direction Enum8('rx' = 1, 'tx' = 2, 'toGuest' = 3, 'fromGuest' = 4),
  cause LowCardinality(String),
  place Enum8('inside' = 1, 'outside' = 2, 'beside' = 3, 'filtered' = 4),
  hour DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  observed SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  packets SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))
) ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (host, port, direction, cause, place, hour)
TTL hour + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

TRUNCATE TABLE drop_1h;

INSERT INTO drop_1h
SELECT
  host,
  port,
  direction,
  cause,
  place,
  toStartOfHour(minute) AS hour,
  sum(observed) AS observed,
  sum(packets) AS packets
FROM drop_1m
GROUP BY host, port, direction, cause, place, hour
SETTINGS insert_deduplicate = 0, max_partitions_per_insert_block = 0;

CREATE MATERIALIZED VIEW IF NOT EXISTS drop_1h_mv TO drop_1h AS
SELECT
  host,
  port,
  direction,
  cause,
  place,
  toStartOfHour(minute) AS hour,
  sum(observed) AS observed,
  sum(packets) AS packets
FROM drop_1m
GROUP BY host, port, direction, cause, place, hour;

-- Gaps are few, and a window of hours needs them as long as the hours live.
ALTER TABLE port_bridge MODIFY TTL slot + INTERVAL 400 DAY SETTINGS materialize_ttl_after_modify = 0;

ALTER TABLE drop_bridge MODIFY TTL slot + INTERVAL 400 DAY SETTINGS materialize_ttl_after_modify = 0;

ALTER TABLE drop_unknown MODIFY TTL slot + INTERVAL 400 DAY SETTINGS materialize_ttl_after_modify = 0;

-- The seal of a day of a path (docs/storage.md). `entry` numbers the seals of a path in the order in which they were made;
-- `header` is the first line of what `sha256` is the hash of. A later seal of the same day is another revision.
CREATE TABLE IF NOT EXISTS seal (
  host LowCardinality(String),
  port LowCardinality(String),
  direction Enum8('rx' = 1, 'tx' = 2, 'toGuest' = 3, 'fromGuest' = 4),
  day DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  revision UInt32,
  entry UInt32,
  sha256 String,
  previous String,
  header String CODEC(ZSTD(3)),
  raw_rows UInt64 CODEC(T64, ZSTD(1)),
  lines UInt32 CODEC(T64, ZSTD(1)),
  asides UInt32 CODEC(T64, ZSTD(1)),
  offered UInt64 CODEC(T64, ZSTD(1)),
  delivered UInt64 CODEC(T64, ZSTD(1)),
  offered_max UInt64 CODEC(T64, ZSTD(1)),
  sealed_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (host, port, direction, day, revision)
TTL day + INTERVAL 13 MONTH
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- The other lines of a seal, by its hash: lines whose seal was never finished belong to none.
CREATE TABLE IF NOT EXISTS seal_row (
  host LowCardinality(String),
  port LowCardinality(String),
  direction Enum8('rx' = 1, 'tx' = 2, 'toGuest' = 3, 'fromGuest' = 4),
  day DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  sha256 LowCardinality(String),
  n UInt32 CODEC(DoubleDelta, ZSTD(1)),
  part Enum8('slot' = 1, 'aside' = 2),
  slot DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  slots UInt32 CODEC(T64, ZSTD(1)),
  line String CODEC(ZSTD(3))
) ENGINE = MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (host, port, direction, day, sha256, n)
TTL day + INTERVAL 13 MONTH
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;
