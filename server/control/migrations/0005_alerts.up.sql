-- Changes of breaches that nobody was told of yet: written in the same transaction as the change, taken in the same as what
-- came of it.
CREATE TABLE alert_pending (
  ordinal bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  breach_id text NOT NULL,
  entry integer NOT NULL,
  UNIQUE (breach_id, entry),
  FOREIGN KEY (breach_id, entry) REFERENCES breach_change (breach_id, entry) ON DELETE CASCADE
);

-- What is remembered of alerts and of who was told of them, in rows of JSON. serial, of the row `head`: counts the steps, so
-- that of two servers that step at once one finds that it was too late.
CREATE TABLE alert_state (
  kind text NOT NULL CHECK (kind IN ('head', 'alert', 'line')),
  key text NOT NULL,
  document text NOT NULL,
  serial bigint NOT NULL,
  PRIMARY KEY (kind, key)
);

-- What goes to receivers: written in the same transaction as what decided it, tried until it is delivered or dead. Times are
-- unix ms. document: the notification as JSON, the same at each attempt.
CREATE TABLE delivery (
  id text PRIMARY KEY,
  receiver text NOT NULL,
  -- Deliveries of one receiver go out in this order.
  ordinal bigint NOT NULL CHECK (ordinal >= 1),
  tenant text,
  reason text NOT NULL,
  document text NOT NULL,
  decided_ms bigint NOT NULL,
  state text NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead')),
  attempts integer NOT NULL CHECK (attempts >= 0),
  -- Before the first no attempt is made; what was not delivered by the second is dead.
  due_ms bigint NOT NULL,
  until_ms bigint NOT NULL,
  -- Of the last attempt, or why it is dead without one; empty: delivered, or not tried yet.
  code text NOT NULL,
  changed_ms bigint NOT NULL,
  UNIQUE (receiver, ordinal)
);
CREATE INDEX delivery_waiting ON delivery (receiver, ordinal) WHERE state = 'waiting';
CREATE INDEX delivery_listed ON delivery (decided_ms DESC, id);

-- What became of each attempt. status: of the answer, null: none came. detail: what the other side said, made harmless.
CREATE TABLE delivery_attempt (
  delivery_id text NOT NULL REFERENCES delivery (id),
  attempt integer NOT NULL CHECK (attempt >= 1),
  at_ms bigint NOT NULL,
  latency_ms integer NOT NULL CHECK (latency_ms >= 0),
  outcome text NOT NULL CHECK (outcome IN ('delivered', 'retry', 'giveUp', 'gone')),
  status integer,
  code text NOT NULL,
  detail text NOT NULL,
  PRIMARY KEY (delivery_id, attempt)
);

-- Of each receiver: the ordinal given last, and its circuit.
CREATE TABLE receiver_queue (
  receiver text PRIMARY KEY,
  newest bigint NOT NULL CHECK (newest >= 0),
  failures integer NOT NULL CHECK (failures >= 0),
  open_until_ms bigint NOT NULL,
  disabled text NOT NULL
);

-- Who is told of what and where they are: documents, of which the last one holds.
CREATE TABLE alerting (
  version integer PRIMARY KEY CHECK (version >= 1),
  document text NOT NULL,
  applied_by text NOT NULL,
  at_ms bigint NOT NULL
);

-- Keys that requests to a receiver are signed with, sealed by a key that is not in here. until_ms: it signs no more from then
-- on; null: nobody has said.
CREATE TABLE receiver_key (
  receiver text NOT NULL,
  id text NOT NULL,
  sealed text NOT NULL,
  made_by text NOT NULL,
  made_ms bigint NOT NULL,
  until_ms bigint,
  PRIMARY KEY (receiver, id)
);
