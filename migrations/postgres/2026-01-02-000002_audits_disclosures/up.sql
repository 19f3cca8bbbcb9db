-- Records of attested batches: how they were submitted, why a disclosure fails, the letter that
-- asks.
ALTER TABLE audits_audits ADD COLUMN modes TEXT NOT NULL DEFAULT 'sealed'
  CHECK (modes IN ('sealed', 'attested', 'sealed attested'));

ALTER TABLE audits_openings DROP CONSTRAINT audits_openings_cause_check;
ALTER TABLE audits_openings ADD CONSTRAINT audits_openings_cause_check
  CHECK (cause IN ('record_failed', 'unopenable', 'commitment_mismatch', 'not_disclosed',
    'disclosed_late'));

ALTER TABLE cases_findings DROP CONSTRAINT cases_findings_kind_check;
ALTER TABLE cases_findings ADD CONSTRAINT cases_findings_kind_check
  CHECK (kind IN ('gap', 'missing_day', 'late_day', 'close_mismatch', 'equivocation', 'restart',
    'record_failed', 'unopenable', 'commitment_mismatch', 'non_compliant', 'sudden_drop',
    'not_disclosed', 'disclosed_late'));

ALTER TABLE notices_letters DROP CONSTRAINT notices_letters_kind_check;
ALTER TABLE notices_letters ADD CONSTRAINT notices_letters_kind_check
  CHECK (kind IN ('order', 'advice', 'digest', 'request'));
