ALTER TABLE audits_audits DROP COLUMN modes;

ALTER TABLE audits_openings DROP CONSTRAINT audits_openings_cause_check;
ALTER TABLE audits_openings ADD CONSTRAINT audits_openings_cause_check
  CHECK (cause IN ('record_failed', 'unopenable', 'commitment_mismatch'));

ALTER TABLE cases_findings DROP CONSTRAINT cases_findings_kind_check;
ALTER TABLE cases_findings ADD CONSTRAINT cases_findings_kind_check
  CHECK (kind IN ('gap', 'missing_day', 'late_day', 'close_mismatch', 'equivocation', 'restart',
    'record_failed', 'unopenable', 'commitment_mismatch', 'non_compliant', 'sudden_drop'));

ALTER TABLE notices_letters DROP CONSTRAINT notices_letters_kind_check;
ALTER TABLE notices_letters ADD CONSTRAINT notices_letters_kind_check
  CHECK (kind IN ('order', 'advice', 'digest'));
