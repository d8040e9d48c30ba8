-- When rows of a minute of a host were last stored: since then no sum over that minute has changed. Fed by the tables that
-- sums are made of, so that whatever goes in late leaves its instant, by whichever way it came. A gap or an interval of
-- causes counts in windows that hold it wholly, so its last second stands for it.
CREATE TABLE IF NOT EXISTS stored_1m (
  host LowCardinality(String),
  minute DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  stored_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1))
) ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMMDD(minute)
ORDER BY (minute, host)
TTL minute + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS stored_1m_tick_mv TO stored_1m AS
SELECT host, toStartOfMinute(slot) AS minute, now64(3, 'UTC') AS stored_at
FROM tick
GROUP BY host, minute;

CREATE MATERIALIZED VIEW IF NOT EXISTS stored_1m_port_mv TO stored_1m AS
SELECT host, minute, now64(3, 'UTC') AS stored_at
FROM port_1m
GROUP BY host, minute;

CREATE MATERIALIZED VIEW IF NOT EXISTS stored_1m_drop_mv TO stored_1m AS
SELECT host, minute, now64(3, 'UTC') AS stored_at
FROM drop_1m
GROUP BY host, minute;

CREATE MATERIALIZED VIEW IF NOT EXISTS stored_1m_port_bridge_mv TO stored_1m AS
SELECT host, toStartOfMinute(slot + slots - 1) AS minute, now64(3, 'UTC') AS stored_at
FROM port_bridge
GROUP BY host, minute;

CREATE MATERIALIZED VIEW IF NOT EXISTS stored_1m_drop_bridge_mv TO stored_1m AS
SELECT host, toStartOfMinute(slot + slots - 1) AS minute, now64(3, 'UTC') AS stored_at
FROM drop_bridge
GROUP BY host, minute;

CREATE MATERIALIZED VIEW IF NOT EXISTS stored_1m_drop_unknown_mv TO stored_1m AS
SELECT host, toStartOfMinute(slot + slots - 1) AS minute, now64(3, 'UTC') AS stored_at
FROM drop_unknown
GROUP BY host, minute;

CREATE MATERIALIZED VIEW IF NOT EXISTS stored_1m_datapath_mv TO stored_1m AS
SELECT host, toStartOfMinute(slot + slots - 1) AS minute, now64(3, 'UTC') AS stored_at
FROM datapath_slot
GROUP BY host, minute;

CREATE MATERIALIZED VIEW IF NOT EXISTS stored_1m_replica_mv TO stored_1m AS
SELECT host, toStartOfMinute(slot + slots - 1) AS minute, now64(3, 'UTC') AS stored_at
FROM replica_slot
GROUP BY host, minute;
