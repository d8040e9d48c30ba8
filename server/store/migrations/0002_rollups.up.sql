-- One minute of a port and direction, or of a cause, summed as rows come in. Kept 90 days.
--
-- Sums hold only what is observed and not suspect. Rows of every state make a line, so that a port whose slots are all
-- unknown is still listed; last_slot is the first slot of its last row. A row belongs to the minute of its first slot.
-- Late data: a row that comes late adds a part line to its minute; readers sum, so nothing is ever corrected.
CREATE TABLE IF NOT EXISTS port_1m (
  host LowCardinality(String),
  port LowCardinality(String),
  direction Enum8('rx' = 1, 'tx' = 2, 'toGuest' = 3, 'fromGuest' = 4),
  minute DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
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
PARTITION BY toYYYYMMDD(minute)
ORDER BY (host, port, direction, minute, counted_in)
TTL minute + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS port_1m_mv TO port_1m AS
SELECT
  host,
  port,
  direction,
  toStartOfMinute(slot) AS minute,
  counted_in,
  max(slot) AS last_slot,
  countIf(state = 'observed' AND port_slot.suspect = 0) AS observed,
  countIf(state = 'observed' AND port_slot.suspect = 1) AS suspect,
  sumIf(assumeNotNull(packets_inc), state = 'observed' AND port_slot.suspect = 0) AS packets,
  sumIf(assumeNotNull(bytes_inc), state = 'observed' AND port_slot.suspect = 0) AS bytes,
  sumIf(assumeNotNull(drops_outside_inc), state = 'observed' AND port_slot.suspect = 0) AS drops_outside,
  sumIf(assumeNotNull(drops_inside_inc), state = 'observed' AND port_slot.suspect = 0) AS drops_inside,
  maxIf(assumeNotNull(packets_inc), state = 'observed' AND port_slot.suspect = 0) AS packets_max
FROM port_slot
GROUP BY host, port, direction, minute, counted_in;

CREATE TABLE IF NOT EXISTS drop_1m (
  host LowCardinality(String),
  port LowCardinality(String),
  direction Enum8('rx' = 1, 'tx' = 2, 'toGuest' = 3, 'fromGuest' = 4),
  cause LowCardinality(String),
  place Enum8('inside' = 1, 'outside' = 2, 'beside' = 3, 'filtered' = 4),
  minute DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  observed SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
  packets SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))
) ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMMDD(minute)
ORDER BY (host, port, direction, cause, place, minute)
TTL minute + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS drop_1m_mv TO drop_1m AS
SELECT
  host,
  port,
  direction,
  cause,
  place,
  toStartOfMinute(slot) AS minute,
  count() AS observed,
  sum(assumeNotNull(packets_inc)) AS packets
FROM drop_slot
WHERE state = 'observed' AND suspect = 0
GROUP BY host, port, direction, cause, place, minute;

-- Bridged rows as they are: one may cross the end of a minute or of a window, and nothing is interpolated, so no sum
-- can hold them. They are few. A window uses those that lie wholly inside it.
CREATE TABLE IF NOT EXISTS port_bridge (
  host LowCardinality(String),
  port LowCardinality(String),
  direction Enum8('rx' = 1, 'tx' = 2, 'toGuest' = 3, 'fromGuest' = 4),
  slot DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  slots UInt32,
  packets UInt64 CODEC(T64, ZSTD(1)),
  bytes UInt64 CODEC(T64, ZSTD(1)),
  drops_outside UInt64 CODEC(T64, ZSTD(1)),
  drops_inside UInt64 CODEC(T64, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toYYYYMMDD(slot)
ORDER BY (host, port, direction, slot)
TTL slot + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS port_bridge_mv TO port_bridge AS
SELECT
  host,
  port,
  direction,
  slot,
  slots,
  assumeNotNull(packets_inc) AS packets,
  assumeNotNull(bytes_inc) AS bytes,
  assumeNotNull(drops_outside_inc) AS drops_outside,
  assumeNotNull(drops_inside_inc) AS drops_inside
FROM port_slot
WHERE state = 'bridged' AND suspect = 0;

CREATE TABLE IF NOT EXISTS drop_bridge (
  host LowCardinality(String),
  port LowCardinality(String),
  direction Enum8('rx' = 1, 'tx' = 2, 'toGuest' = 3, 'fromGuest' = 4),
  cause LowCardinality(String),
  place Enum8('inside' = 1, 'outside' = 2, 'beside' = 3, 'filtered' = 4),
  slot DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  slots UInt32,
  packets UInt64 CODEC(T64, ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toYYYYMMDD(slot)
ORDER BY (host, port, direction, cause, place, slot)
TTL slot + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS drop_bridge_mv TO drop_bridge AS
SELECT host, port, direction, cause, place, slot, slots, assumeNotNull(packets_inc) AS packets
FROM drop_slot
WHERE state = 'bridged' AND suspect = 0;

-- Drops at a place of their own (a qdisc) that nobody knows: what is unknown must not turn into zero as raw rows age.
CREATE TABLE IF NOT EXISTS drop_unknown (
  host LowCardinality(String),
  port LowCardinality(String),
  direction Enum8('rx' = 1, 'tx' = 2, 'toGuest' = 3, 'fromGuest' = 4),
  cause LowCardinality(String),
  place Enum8('inside' = 1, 'outside' = 2, 'beside' = 3, 'filtered' = 4),
  slot DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  slots UInt32
) ENGINE = MergeTree
PARTITION BY toYYYYMMDD(slot)
ORDER BY (host, port, direction, cause, place, slot)
TTL slot + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS drop_unknown_mv TO drop_unknown AS
SELECT host, port, direction, cause, place, slot, slots
FROM drop_slot
WHERE state = 'unknown' AND suspect = 0 AND place = 'beside';
