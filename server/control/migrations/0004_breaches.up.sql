-- Breaches by what they are called (unix seconds), with where they stand: entry, state and sha256 are those of the last
-- change, kept here to be found by. What proves them is the chain of changes.
CREATE TABLE breach (
  id text PRIMARY KEY,
  slo text NOT NULL,
  slo_version integer NOT NULL,
  service text NOT NULL,
  tenant text,
  subject text NOT NULL CHECK (subject IN ('burn', 'budget', 'unproven', 'stale')),
  ordinal integer NOT NULL CHECK (ordinal >= 1),
  window_from bigint NOT NULL,
  window_to bigint NOT NULL CHECK (window_to > window_from),
  opened_at bigint NOT NULL,
  changed_at bigint NOT NULL,
  entry integer NOT NULL CHECK (entry >= 1),
  state text NOT NULL CHECK (state IN ('risk', 'open', 'resolved', 'retracted', 'finalised', 'amended')),
  sha256 text NOT NULL,
  UNIQUE (slo, slo_version, window_from, subject, ordinal)
);
CREATE INDEX breach_listed ON breach (opened_at DESC, id);
CREATE INDEX breach_ongoing ON breach (opened_at DESC, id) WHERE state IN ('risk', 'open');
CREATE INDEX breach_slo ON breach (slo, window_to);

-- Changes, each named by the next one's previous. document: the canonical JSON that sha256 is of.
CREATE TABLE breach_change (
  breach_id text NOT NULL REFERENCES breach (id),
  entry integer NOT NULL CHECK (entry >= 1),
  document text NOT NULL,
  sha256 text NOT NULL CHECK (sha256 = encode(sha256(convert_to(document, 'UTF8')), 'hex')),
  PRIMARY KEY (breach_id, entry)
);

-- Bundles of changes, gzip in base64, in parts: a backup reads many rows at once.
CREATE TABLE breach_bundle (
  breach_id text NOT NULL,
  entry integer NOT NULL,
  part integer NOT NULL CHECK (part >= 1),
  packed text NOT NULL,
  PRIMARY KEY (breach_id, entry, part),
  FOREIGN KEY (breach_id, entry) REFERENCES breach_change (breach_id, entry)
);

-- An owner of the database can take the triggers away; the hashes show what was done then.
CREATE FUNCTION breach_rows_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are only added', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER breach_change_stays BEFORE UPDATE OR DELETE ON breach_change
  FOR EACH ROW EXECUTE FUNCTION breach_rows_stay();
CREATE TRIGGER breach_bundle_stays BEFORE UPDATE OR DELETE ON breach_bundle
  FOR EACH ROW EXECUTE FUNCTION breach_rows_stay();
