DROP TABLE audits_drops;
DROP TABLE audits_scores;
DROP TABLE audits_rates;
DROP INDEX audits_measures_by_plan;
ALTER TABLE audits_measures DROP COLUMN totals;
ALTER TABLE audits_measures DROP COLUMN delay_p95;
ALTER TABLE audits_measures DROP COLUMN delay_p50;
ALTER TABLE audits_measures DROP COLUMN nil_days;
ALTER TABLE audits_measures DROP COLUMN exempt_days;
