DROP TABLE audits_signals;
DROP INDEX audits_measures_unsignalled;
ALTER TABLE audits_measures DROP COLUMN signalled;
ALTER TABLE audits_measures DROP COLUMN outside_received;
ALTER TABLE audits_measures DROP COLUMN outside_declared;
ALTER TABLE audits_measures DROP COLUMN amended;

ALTER TABLE cases_findings DROP COLUMN repaired_at;
ALTER TABLE cases_findings DROP COLUMN repaired_number;
ALTER TABLE cases_findings DROP CONSTRAINT cases_findings_kind_check;
ALTER TABLE cases_findings ADD CONSTRAINT cases_findings_kind_check
  CHECK (kind IN ('gap', 'missing_day', 'late_day', 'close_mismatch', 'equivocation', 'restart',
    'record_failed', 'unopenable', 'commitment_mismatch', 'non_compliant', 'sudden_drop',
    'not_disclosed', 'disclosed_late'));
