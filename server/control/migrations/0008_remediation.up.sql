-- What was advised of each datapath, and what came of it (unix seconds). Entries of a datapath are a chain, each named by the next
-- one's previous: document is the canonical JSON that sha256 is of. Old ones go, and the chain begins with the oldest that is kept.
CREATE TABLE remediation_entry (
  host text NOT NULL,
  datapath text NOT NULL,
  entry integer NOT NULL CHECK (entry >= 1),
  id text NOT NULL UNIQUE,
  kind text NOT NULL CHECK (kind IN ('advice', 'outcome')),
  advice text NOT NULL,
  moves integer NOT NULL CHECK (moves >= 0),
  at bigint NOT NULL,
  document text NOT NULL,
  sha256 text NOT NULL CHECK (sha256 = encode(sha256(convert_to(document, 'UTF8')), 'hex')),
  PRIMARY KEY (host, datapath, entry)
);
CREATE INDEX remediation_entry_listed ON remediation_entry (at DESC, id) WHERE kind = 'advice';
CREATE INDEX remediation_entry_advice ON remediation_entry (advice) WHERE kind = 'outcome';
CREATE INDEX remediation_entry_age ON remediation_entry (at);

-- An owner of the database can take the trigger away; the hashes show what was done then.
CREATE FUNCTION remediation_entry_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are not changed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER remediation_entry_stays BEFORE UPDATE ON remediation_entry
  FOR EACH ROW EXECUTE FUNCTION remediation_entry_stays();

-- How each datapath stood when it was looked at last: JSON.
CREATE TABLE remediation_state (
  host text NOT NULL,
  datapath text NOT NULL,
  looked_at bigint NOT NULL,
  state text NOT NULL,
  PRIMARY KEY (host, datapath)
);
CREATE INDEX remediation_state_age ON remediation_state (looked_at);
