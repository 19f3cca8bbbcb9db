-- Records that correct others; the figures of the day closes that count records, and the records of
-- those days; whether signals were looked for since the record set was final.
ALTER TABLE audits_measures ADD COLUMN amended BIGINT NOT NULL DEFAULT 0;
ALTER TABLE audits_measures ADD COLUMN outside_declared BIGINT;
ALTER TABLE audits_measures ADD COLUMN outside_received BIGINT;
ALTER TABLE audits_measures ADD COLUMN signalled BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX audits_measures_unsignalled ON audits_measures (last_day) WHERE NOT signalled;

-- Where to look: what the batches of a stream in a period show that chance does not explain. No
-- finding, no deduction, nothing of a person. `chance_ppb` is the chance of it, in parts per
-- billion, where there is a model.
CREATE TABLE audits_signals (
  stream_id BYTEA NOT NULL,
  period TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('end_of_period', 'repeated_week', 'round_counts',
    'copied_outlet', 'clock', 'reused_salt')),
  plan_id BYTEA NOT NULL,
  holder_id BYTEA NOT NULL,
  department_id BYTEA NOT NULL,
  sector TEXT NOT NULL,
  last_day TEXT NOT NULL,
  part BIGINT NOT NULL,
  whole BIGINT NOT NULL,
  chance_ppb BIGINT,
  other_stream_id BYTEA,
  seen_at BIGINT NOT NULL,
  PRIMARY KEY (stream_id, period, kind)
);
CREATE INDEX audits_signals_by_department ON audits_signals (department_id, last_day);
CREATE INDEX audits_signals_by_holder ON audits_signals (holder_id, last_day);

-- A record that was corrected after the cutoff: the number and the time of the newest correction,
-- which nobody has opened.
ALTER TABLE cases_findings ADD COLUMN repaired_number BIGINT;
ALTER TABLE cases_findings ADD COLUMN repaired_at BIGINT;
ALTER TABLE cases_findings DROP CONSTRAINT cases_findings_kind_check;
ALTER TABLE cases_findings ADD CONSTRAINT cases_findings_kind_check
  CHECK (kind IN ('gap', 'missing_day', 'late_day', 'close_mismatch', 'equivocation', 'restart',
    'record_failed', 'unopenable', 'commitment_mismatch', 'non_compliant', 'sudden_drop',
    'not_disclosed', 'disclosed_late', 'outside_gap'));
