DROP TABLE IF EXISTS seal_row;
DROP TABLE IF EXISTS seal;
ALTER TABLE drop_unknown MODIFY TTL slot + INTERVAL 90 DAY SETTINGS materialize_ttl_after_modify = 0;
ALTER TABLE drop_bridge MODIFY TTL slot + INTERVAL 90 DAY SETTINGS materialize_ttl_after_modify = 0;
ALTER TABLE port_bridge MODIFY TTL slot + INTERVAL 90 DAY SETTINGS materialize_ttl_after_modify = 0;
DROP VIEW IF EXISTS drop_1h_mv;
DROP TABLE IF EXISTS drop_1h;
DROP VIEW IF EXISTS port_1h_mv;
DROP TABLE IF EXISTS port_1h;
