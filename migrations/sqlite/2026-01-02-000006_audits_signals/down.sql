DROP TABLE audits_signals;
DROP INDEX audits_measures_unsignalled;
ALTER TABLE audits_measures DROP COLUMN signalled;
ALTER TABLE audits_measures DROP COLUMN outside_received;
ALTER TABLE audits_measures DROP COLUMN outside_declared;
ALTER TABLE audits_measures DROP COLUMN amended;

CREATE TABLE cases_findings_new (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  key TEXT NOT NULL UNIQUE,
  department_id BLOB NOT NULL,
  holder_id BLOB NOT NULL,
  sector TEXT NOT NULL,
  district TEXT NOT NULL,
  period TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('gap', 'missing_day', 'late_day', 'close_mismatch',
    'equivocation', 'restart', 'record_failed', 'unopenable', 'commitment_mismatch',
    'non_compliant', 'sudden_drop', 'not_disclosed', 'disclosed_late')),
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
INSERT INTO cases_findings_new (id, key, department_id, holder_id, sector, district, period, kind,
    rule, severity, stream_id, day, first_number, last_number, count, audit_id, facts, found_at,
    salt, facts_hash, leaf_id, stage, decided_at, decided_by, decision_leaf_id, reason)
  SELECT id, key, department_id, holder_id, sector, district, period, kind,
    rule, severity, stream_id, day, first_number, last_number, count, audit_id, facts, found_at,
    salt, facts_hash, leaf_id, stage, decided_at, decided_by, decision_leaf_id, reason
  FROM cases_findings;
CREATE TABLE cases_case_findings_new (
  case_id BLOB NOT NULL REFERENCES cases_cases (id),
  finding_id BLOB NOT NULL UNIQUE REFERENCES cases_findings_new (id),
  PRIMARY KEY (case_id, finding_id)
) STRICT;
INSERT INTO cases_case_findings_new SELECT * FROM cases_case_findings;
DROP TABLE cases_case_findings;
DROP TABLE cases_findings;
ALTER TABLE cases_findings_new RENAME TO cases_findings;
ALTER TABLE cases_case_findings_new RENAME TO cases_case_findings;
CREATE INDEX cases_findings_by_department ON cases_findings (department_id, stage, id);
CREATE INDEX cases_findings_by_holder ON cases_findings (holder_id, id);
CREATE INDEX cases_findings_by_stream ON cases_findings (stream_id, id) WHERE stream_id IS NOT NULL;
CREATE INDEX cases_findings_by_audit ON cases_findings (audit_id) WHERE audit_id IS NOT NULL;
