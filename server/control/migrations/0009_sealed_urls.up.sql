-- Addresses that are as good as secrets, sealed, by the name of their receiver: JSON. In the document stands a mark instead.
ALTER TABLE alerting ADD COLUMN sealed text NOT NULL DEFAULT '{}';
