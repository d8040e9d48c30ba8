-- Times in which some alerts are told to nobody, unix seconds, half open. matchers: JSON. A row is never changed but by its end.
CREATE TABLE silence (
  id text PRIMARY KEY,
  -- null: the operator's.
  tenant text,
  matchers text NOT NULL,
  starts_at bigint NOT NULL,
  ends_at bigint NOT NULL CHECK (ends_at > starts_at),
  made_by text NOT NULL,
  made_ms bigint NOT NULL,
  made_comment text NOT NULL,
  -- Ended before its time; null: it was not.
  ended_by text,
  ended_ms bigint,
  ended_comment text,
  CHECK ((ended_by IS NULL) = (ended_ms IS NULL) AND (ended_by IS NULL) = (ended_comment IS NULL))
);
CREATE INDEX silence_listed ON silence (made_ms DESC, id);
CREATE INDEX silence_ends ON silence (ends_at);

-- Silences that were made or ended since somebody last decided who is told. ordinal: another one each time, so that what was
-- looked at takes nothing away that came since.
CREATE TABLE silence_pending (
  silence_id text PRIMARY KEY REFERENCES silence (id),
  ordinal bigint GENERATED ALWAYS AS IDENTITY
);

-- What people say about a breach.
CREATE TABLE breach_comment (
  ordinal bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  breach_id text NOT NULL REFERENCES breach (id),
  at_ms bigint NOT NULL,
  said_by text NOT NULL,
  via text NOT NULL,
  comment text NOT NULL
);
CREATE INDEX breach_comment_listed ON breach_comment (breach_id, ordinal);

-- What people did, one chain: each document names the hash of the one before. act, subject, link: to be found by, as the
-- document has them. link: names the link of a notification that it was done by, each good for one act; null: by none.
CREATE TABLE act (
  ordinal bigint PRIMARY KEY CHECK (ordinal >= 1),
  act text NOT NULL,
  subject text NOT NULL,
  link text UNIQUE,
  document text NOT NULL,
  sha256 text NOT NULL CHECK (sha256 = encode(sha256(convert_to(document, 'UTF8')), 'hex'))
);
CREATE INDEX act_of ON act (act, ordinal DESC);
CREATE INDEX act_about ON act (subject, ordinal DESC);

-- An owner of the database can take the triggers away; the hashes show what was done then.
CREATE FUNCTION act_rows_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are only added', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER act_stays BEFORE UPDATE OR DELETE ON act
  FOR EACH ROW EXECUTE FUNCTION act_rows_stay();
CREATE TRIGGER breach_comment_stays BEFORE UPDATE OR DELETE ON breach_comment
  FOR EACH ROW EXECUTE FUNCTION act_rows_stay();
