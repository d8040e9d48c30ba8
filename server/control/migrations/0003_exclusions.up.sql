-- What was recorded once is never changed, whoever asks. (An owner of the database can still take the trigger away: the
-- hash chains in the rows show it.)
CREATE FUNCTION never_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are only added', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

-- Exclusions as a list of their changes; the newest revision of an id is its state. document is the text that sha256 is
-- of, and holds all of it with the hash of the revision before; the other columns are to find it by.
-- from_s and to_s: unix seconds, half open.
CREATE TABLE exclusion_event (
  exclusion_id text NOT NULL,
  revision integer NOT NULL CHECK (revision >= 1),
  service text NOT NULL,
  from_s bigint NOT NULL,
  to_s bigint NOT NULL,
  state text NOT NULL CHECK (state IN ('requested', 'approved', 'rejected', 'revoked')),
  document text NOT NULL,
  sha256 text NOT NULL,
  PRIMARY KEY (exclusion_id, revision),
  CHECK (to_s > from_s)
);
CREATE INDEX exclusion_event_service ON exclusion_event (service, from_s);
CREATE TRIGGER exclusion_event_stays BEFORE UPDATE OR DELETE ON exclusion_event
  FOR EACH ROW EXECUTE FUNCTION never_changed();

-- Credits as a ledger: lines of one agreement follow each other by entry and by hash. credit_id: the event that is paid
-- for, of which a later line corrects an earlier one.
CREATE TABLE credit_line (
  agreement text NOT NULL,
  entry integer NOT NULL CHECK (entry >= 1),
  credit_id text NOT NULL,
  tenant text NOT NULL,
  month text NOT NULL,
  document text NOT NULL,
  sha256 text NOT NULL,
  PRIMARY KEY (agreement, entry)
);
CREATE INDEX credit_line_credit ON credit_line (credit_id, entry);
CREATE INDEX credit_line_month ON credit_line (month, tenant);
CREATE TRIGGER credit_line_stays BEFORE UPDATE OR DELETE ON credit_line
  FOR EACH ROW EXECUTE FUNCTION never_changed();
