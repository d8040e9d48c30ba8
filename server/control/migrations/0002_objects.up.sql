-- Each time that objects were changed: who did it, and from when on it holds (unix seconds). A revision tells that something
-- has changed; they have no holes.
CREATE TABLE object_apply (
  revision bigint PRIMARY KEY CHECK (revision > 0),
  effective_at bigint NOT NULL,
  witness text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- What held from when to when (unix seconds, half open; no end: still). A version is never changed and never removed; a
-- successor or a retirement ends it, once. One that was withdrawn before it began has the length nought. begun and ended:
-- the revisions that did so. body: canonical JSON.
CREATE TABLE object_version (
  kind text NOT NULL CHECK (kind IN ('tenant', 'service', 'contract', 'agreement', 'objective')),
  name text NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  valid_from bigint NOT NULL CHECK (valid_from >= 0 AND valid_from % 900 = 0),
  valid_to bigint CHECK (valid_to >= valid_from AND valid_to % 900 = 0),
  body text NOT NULL,
  sha256 text NOT NULL CHECK (sha256 = encode(sha256(convert_to(body, 'UTF8')), 'hex')),
  begun bigint NOT NULL REFERENCES object_apply (revision),
  ended bigint REFERENCES object_apply (revision),
  PRIMARY KEY (kind, name, version),
  CHECK ((valid_to IS NULL) = (ended IS NULL))
);
CREATE UNIQUE INDEX object_version_open ON object_version (kind, name) WHERE valid_to IS NULL;
CREATE INDEX object_version_ended ON object_version (valid_to);

-- An exclusion constraint over text and a range needs an extension that not every server has.
CREATE FUNCTION object_version_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'a version of an object is never removed' USING ERRCODE = 'restrict_violation';
  END IF;
  IF TG_OP = 'UPDATE' THEN
    IF OLD.valid_to IS NULL AND NEW.valid_to IS NOT NULL
      AND (OLD.kind, OLD.name, OLD.version, OLD.valid_from, OLD.body, OLD.sha256, OLD.begun)
        = (NEW.kind, NEW.name, NEW.version, NEW.valid_from, NEW.body, NEW.sha256, NEW.begun)
    THEN
      RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a version of an object is never changed, only ended' USING ERRCODE = 'restrict_violation';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended(NEW.kind || ' ' || NEW.name, 4010));
  IF EXISTS (
    SELECT FROM object_version v
    WHERE v.kind = NEW.kind AND v.name = NEW.name
      AND int8range(v.valid_from, v.valid_to) && int8range(NEW.valid_from, NEW.valid_to)
  ) THEN
    RAISE EXCEPTION 'two versions of % % at one time', NEW.kind, NEW.name USING ERRCODE = 'exclusion_violation';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER object_version_kept BEFORE INSERT OR UPDATE OR DELETE ON object_version
  FOR EACH ROW EXECUTE FUNCTION object_version_kept();
