-- Who owns a thing until when, by this database's clock. The epoch grows with each change of owner and never shrinks.
CREATE TABLE lease (
  name text PRIMARY KEY,
  holder text NOT NULL,
  epoch bigint NOT NULL,
  expires_at timestamptz NOT NULL
);

-- The cut ledger: a block of records of one partition, recorded before any of it is inserted.
--   cut:  recorded; perhaps inserted, perhaps in part
--   done: all of it is in the store; it is never sent again
--   lost: the log forgot the records before they were read or could be read again
-- left_out: offsets that go into no table, by reason: {"duplicate": "4-9,12", "FN_WIRE_SCHEMA": "3"}.
-- tables: what goes where under which token: [{"table", "fingerprint", "rows", "token"}].
-- told: events of the block itself. refused: runs which the store refused for good, and which were halved.
CREATE TABLE ingest_block (
  topic text NOT NULL,
  partition integer NOT NULL,
  first_offset bigint NOT NULL,
  last_offset bigint NOT NULL,
  state text NOT NULL CHECK (state IN ('cut', 'done', 'lost')),
  epoch bigint NOT NULL,
  holder text NOT NULL,
  records integer NOT NULL,
  left_out jsonb NOT NULL DEFAULT '{}',
  tables jsonb NOT NULL DEFAULT '[]',
  told jsonb NOT NULL DEFAULT '[]',
  refused jsonb NOT NULL DEFAULT '[]',
  cut_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  done_at timestamptz,
  PRIMARY KEY (topic, partition, first_offset),
  CHECK (last_offset >= first_offset)
);
CREATE INDEX ingest_block_undone ON ingest_block (topic, partition, first_offset) WHERE state = 'cut';
CREATE INDEX ingest_block_done ON ingest_block (done_at) WHERE state <> 'cut';

-- Which messages of a stream are in a block. Stored: every seq up to highest that is in no gap. Below floor the gaps
-- were too many to keep: what comes from there cannot be told stored from missing.
CREATE TABLE ingest_stream (
  host text NOT NULL,
  stream text NOT NULL,
  highest bigint NOT NULL,
  floor bigint NOT NULL,
  gaps text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (host, stream)
);

-- The one stream that may speak for a host now, and the newest slot it told. released: the next stream may take over.
CREATE TABLE ingest_host (
  host text PRIMARY KEY,
  stream text NOT NULL,
  newest_slot bigint NOT NULL,
  released boolean NOT NULL DEFAULT false
);

-- Letters that were sent again.
CREATE TABLE letter_replay (
  topic text NOT NULL,
  partition integer NOT NULL,
  letter_offset bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (topic, partition, letter_offset)
);

-- Whose a port is, from when to when (ms since 1970; no end: still), and who says so. One answer a port and moment.
CREATE TABLE identity_mapping (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  port_key text NOT NULL,
  tenant text NOT NULL,
  owner text NOT NULL,
  valid_from_ms bigint NOT NULL,
  valid_to_ms bigint,
  witness text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK (valid_to_ms IS NULL OR valid_to_ms > valid_from_ms)
);
CREATE INDEX identity_mapping_port ON identity_mapping (port_key, valid_from_ms);

-- An exclusion constraint over text and a range needs an extension that not every server has.
CREATE FUNCTION identity_mapping_alone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(NEW.port_key, 4009));
  IF EXISTS (
    SELECT FROM identity_mapping m
    WHERE m.port_key = NEW.port_key AND m.id <> NEW.id
      AND int8range(m.valid_from_ms, m.valid_to_ms) && int8range(NEW.valid_from_ms, NEW.valid_to_ms)
  ) THEN
    RAISE EXCEPTION 'two mappings of port % at one time', NEW.port_key USING ERRCODE = 'exclusion_violation';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER identity_mapping_alone BEFORE INSERT OR UPDATE ON identity_mapping
  FOR EACH ROW EXECUTE FUNCTION identity_mapping_alone();

-- Rules by name; a change is a new version, so that a verdict can name the one it was made by.
CREATE TABLE rule (
  name text NOT NULL,
  version integer NOT NULL,
  body jsonb NOT NULL,
  witness text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (name, version)
);
