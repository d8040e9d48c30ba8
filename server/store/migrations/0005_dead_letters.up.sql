-- A letter says of which log it is, who sent it as far as that can be read, and which table refused it, if the store did.
ALTER TABLE dead_letter ADD COLUMN IF NOT EXISTS topic LowCardinality(String);
ALTER TABLE dead_letter ADD COLUMN IF NOT EXISTS host LowCardinality(String);
ALTER TABLE dead_letter ADD COLUMN IF NOT EXISTS stream LowCardinality(String);
ALTER TABLE dead_letter ADD COLUMN IF NOT EXISTS seq Nullable(UInt64);
ALTER TABLE dead_letter ADD COLUMN IF NOT EXISTS refused_by LowCardinality(String);
