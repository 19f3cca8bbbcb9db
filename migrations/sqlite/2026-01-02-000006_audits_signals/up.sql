-- Records that correct others; the figures of the day closes that count records, and the records of
-- those days; whether signals were looked for since the record set was final.
ALTER TABLE audits_measures ADD COLUMN amended INTEGER NOT NULL DEFAULT 0;
ALTER TABLE audits_measures ADD COLUMN outside_declared INTEGER;
ALTER TABLE audits_measures ADD COLUMN outside_received INTEGER;
ALTER TABLE audits_measures ADD COLUMN signalled INTEGER NOT NULL DEFAULT 0 CHECK (signalled IN (0, 1));
CREATE INDEX audits_measures_unsignalled ON audits_measures (last_day) WHERE signalled = 0;

-- Where to look: what the batches of a stream in a period show that chance does not explain. No
-- finding, no deduction, nothing of a person. `chance_ppb` is the chance of it, in parts per
-- billion, where there is a model.
CREATE TABLE audits_signals (
  stream_id BLOB NOT NULL,
  period TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('end_of_period', 'repeated_week', 'round_counts',
    'copied_outlet', 'clock', 'reused_salt')),
  plan_id BLOB NOT NULL,
  holder_id BLOB NOT NULL,
  department_id BLOB NOT NULL,
  sector TEXT NOT NULL,
  last_day TEXT NOT NULL,
  part INTEGER NOT NULL,
  whole INTEGER NOT NULL,
  chance_ppb INTEGER,
  other_stream_id BLOB,
  seen_at INTEGER NOT NULL,
  PRIMARY KEY (stream_id, period, kind)
) STRICT;
CREATE INDEX audits_signals_by_department ON audits_signals (department_id, last_day);
CREATE INDEX audits_signals_by_holder ON audits_signals (holder_id, last_day);

-- A record that was corrected after the cutoff: the number and the time of the newest correction,
-- which nobody has opened. SQLite changes a CHECK only with its table.
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
    'non_compliant', 'sudden_drop', 'not_disclosed', 'disclosed_late', 'outside_gap')),
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
  reason TEXT,
  repaired_number INTEGER,
  repaired_at INTEGER
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
