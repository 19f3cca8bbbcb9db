-- What an audit, a check or a visit found. `key` says what it is about, so that finding it twice
-- changes nothing. Everything above `stage` is fixed: the leaf holds a salted hash of it.
CREATE TABLE cases_findings (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  key TEXT NOT NULL UNIQUE,
  department_id BLOB NOT NULL,
  holder_id BLOB NOT NULL,
  sector TEXT NOT NULL,
  district TEXT NOT NULL,
  period TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('gap', 'missing_day', 'late_day', 'close_mismatch',
    'equivocation', 'restart', 'record_failed', 'unopenable', 'commitment_mismatch',
    'non_compliant', 'sudden_drop')),
  rule TEXT,
  severity TEXT NOT NULL CHECK (severity IN ('advice', 'minor', 'major', 'critical')),
  stream_id BLOB,
  day TEXT,
  first_number INTEGER,
  last_number INTEGER,
  count INTEGER NOT NULL,
  audit_id BLOB,
  facts TEXT NOT NULL,
  found_at INTEGER NOT NULL,
  salt BLOB NOT NULL CHECK (length(salt) = 16),
  facts_hash BLOB NOT NULL CHECK (length(facts_hash) = 32),
  leaf_id BLOB NOT NULL,
  stage TEXT NOT NULL CHECK (stage IN ('proposed', 'confirmed', 'dismissed')),
  decided_at INTEGER,
  decided_by BLOB,
  decision_leaf_id BLOB,
  reason TEXT
) STRICT;

CREATE INDEX cases_findings_by_department ON cases_findings (department_id, stage, id);
CREATE INDEX cases_findings_by_holder ON cases_findings (holder_id, id);
CREATE INDEX cases_findings_by_stream ON cases_findings (stream_id, id) WHERE stream_id IS NOT NULL;
CREATE INDEX cases_findings_by_audit ON cases_findings (audit_id) WHERE audit_id IS NOT NULL;

-- What follows from a confirmed finding. `basis` is the law as it stood in the catalogue at that
-- moment.
CREATE TABLE cases_cases (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  number TEXT NOT NULL,
  department_id BLOB NOT NULL,
  holder_id BLOB NOT NULL,
  sector TEXT NOT NULL,
  district TEXT NOT NULL,
  notice TEXT NOT NULL CHECK (notice IN ('order', 'advice')),
  state TEXT NOT NULL CHECK (state IN ('opened', 'served', 'overdue', 'undeliverable')),
  opened_at INTEGER NOT NULL,
  grace_days INTEGER NOT NULL CHECK (grace_days > 0),
  deadline TEXT NOT NULL,
  served_at INTEGER,
  basis TEXT NOT NULL,
  code TEXT NOT NULL
) STRICT;

CREATE INDEX cases_cases_by_department ON cases_cases (department_id, id);
CREATE INDEX cases_cases_by_holder ON cases_cases (holder_id, id);
CREATE INDEX cases_cases_waiting ON cases_cases (state, opened_at)
WHERE state IN ('opened', 'served', 'undeliverable');

-- A finding belongs to one case at most.
CREATE TABLE cases_case_findings (
  case_id BLOB NOT NULL REFERENCES cases_cases (id),
  finding_id BLOB NOT NULL UNIQUE REFERENCES cases_findings (id),
  PRIMARY KEY (case_id, finding_id)
) STRICT;

-- The timeline of a case.
CREATE TABLE cases_events (
  case_id BLOB NOT NULL REFERENCES cases_cases (id),
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  event TEXT NOT NULL CHECK (event IN ('open', 'serve', 'lapse', 'miscarry')),
  officer_id BLOB,
  note TEXT,
  PRIMARY KEY (case_id, seq)
) STRICT;
