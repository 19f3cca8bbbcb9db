-- One row a block of drawn records that a business is asked to disclose until `due`. `leaf_id` is
-- the `open_intent` leaf that says so.
CREATE TABLE intake_requests (
  audit_id BLOB NOT NULL,
  block INTEGER NOT NULL,
  holder_id BLOB NOT NULL,
  department_id BLOB NOT NULL,
  period TEXT NOT NULL,
  due INTEGER NOT NULL,
  asked_at INTEGER NOT NULL,
  leaf_id BLOB NOT NULL,
  PRIMARY KEY (audit_id, block)
) STRICT;

CREATE INDEX intake_requests_by_holder ON intake_requests (holder_id, asked_at);

-- The records of a request, each with the commitment that its batch holds.
CREATE TABLE intake_asked (
  audit_id BLOB NOT NULL,
  block INTEGER NOT NULL,
  stream_id BLOB NOT NULL,
  seq INTEGER NOT NULL,
  commitment BLOB NOT NULL CHECK (length(commitment) = 32),
  PRIMARY KEY (audit_id, block, stream_id, seq),
  FOREIGN KEY (audit_id, block) REFERENCES intake_requests (audit_id, block)
) STRICT;

-- Records as they were disclosed, sealed; the first answer stands. Those that came in one request
-- share a leaf.
CREATE TABLE intake_disclosures (
  audit_id BLOB NOT NULL,
  stream_id BLOB NOT NULL,
  seq INTEGER NOT NULL,
  holder_id BLOB NOT NULL,
  client_id BLOB NOT NULL,
  jwe TEXT NOT NULL,
  late INTEGER NOT NULL CHECK (late IN (0, 1)),
  received_at INTEGER NOT NULL,
  leaf_id BLOB NOT NULL,
  PRIMARY KEY (audit_id, stream_id, seq)
) STRICT;

CREATE INDEX intake_disclosures_by_leaf ON intake_disclosures (leaf_id);

-- Hours that a business has to disclose the drawn records of attested batches.
ALTER TABLE registry_plans ADD COLUMN disclosure_hours INTEGER NOT NULL DEFAULT 72;
