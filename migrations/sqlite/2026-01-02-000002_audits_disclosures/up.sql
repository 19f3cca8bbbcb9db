-- Records of attested batches: how they were submitted, why a disclosure fails, the letter that
-- asks. SQLite changes a CHECK only with its table.
ALTER TABLE audits_audits ADD COLUMN modes TEXT NOT NULL DEFAULT 'sealed'
  CHECK (modes IN ('sealed', 'attested', 'sealed attested'));

CREATE TABLE audits_openings_new (
  audit_id BLOB NOT NULL REFERENCES audits_audits (id),
  ordinal INTEGER NOT NULL,
  place INTEGER NOT NULL,
  stream_id BLOB NOT NULL,
  number INTEGER NOT NULL,
  judged INTEGER NOT NULL,
  batch_id BLOB NOT NULL,
  line INTEGER NOT NULL,
  block INTEGER NOT NULL,
  intent_leaf BLOB NOT NULL,
  outcome TEXT CHECK (outcome IN ('pass', 'fail', 'undecided')),
  cause TEXT CHECK (cause IN ('record_failed', 'unopenable', 'commitment_mismatch',
    'not_disclosed', 'disclosed_late')),
  failures TEXT,
  severity TEXT CHECK (severity IN ('advice', 'minor', 'major', 'critical')),
  done_leaf BLOB,
  opened_at INTEGER,
  PRIMARY KEY (audit_id, ordinal)
) STRICT;
INSERT INTO audits_openings_new SELECT * FROM audits_openings;
CREATE TABLE audits_evidence_new (
  audit_id BLOB NOT NULL,
  ordinal INTEGER NOT NULL,
  wrapped_key BLOB NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (audit_id, ordinal),
  FOREIGN KEY (audit_id, ordinal) REFERENCES audits_openings_new (audit_id, ordinal)
) STRICT;
INSERT INTO audits_evidence_new SELECT * FROM audits_evidence;
DROP TABLE audits_evidence;
DROP TABLE audits_openings;
ALTER TABLE audits_openings_new RENAME TO audits_openings;
ALTER TABLE audits_evidence_new RENAME TO audits_evidence;

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
INSERT INTO cases_findings_new SELECT * FROM cases_findings;
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

CREATE TABLE notices_letters_new (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  kind TEXT NOT NULL CHECK (kind IN ('order', 'advice', 'digest', 'request')),
  number TEXT,
  case_id BLOB,
  department_id BLOB NOT NULL,
  holder_id BLOB,
  contact_place INTEGER,
  officer_id BLOB,
  lang TEXT NOT NULL CHECK (lang IN ('zh-CN', 'en')),
  code TEXT NOT NULL,
  subject TEXT NOT NULL,
  text TEXT NOT NULL,
  html TEXT NOT NULL,
  slot TEXT UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('queued', 'leased', 'sent', 'failed')),
  attempts INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  lease_token BLOB,
  lease_until INTEGER,
  queued_at INTEGER NOT NULL,
  sent_at INTEGER,
  last_reason TEXT
) STRICT;
INSERT INTO notices_letters_new SELECT * FROM notices_letters;
DROP TABLE notices_letters;
ALTER TABLE notices_letters_new RENAME TO notices_letters;
CREATE INDEX notices_letters_by_case ON notices_letters (case_id, queued_at);
CREATE INDEX notices_letters_due ON notices_letters (next_at) WHERE state IN ('queued', 'leased');
